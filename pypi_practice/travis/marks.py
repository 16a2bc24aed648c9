"""Reads YAML as Travis CI does, and keeps where everything stands.

Travis CI parses with Psych, which is libyaml, and then reads the plain words in its own way: ``on``
and ``yes`` stay text, 3.10 stays text, an alias that names nothing is nothing (travis-yml,
lib/travis/yml/support/yaml.rb). This takes the same parser's events and does the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

DEPTH_LIMIT = 60  # levels of nesting
NODE_LIMIT = 5_000  # values, after anchors are filled in
TRUE = {"true", "True", "TRUE", "Yes", "YES", "On", "ON"}
FALSE = {"false", "False", "FALSE", "No", "NO", "Off", "OFF"}
NOTHING = {"", "~", "null", "Null", "NULL"}


class MarkError(ValueError):
    """What cannot be read: ``code`` is a key of data/travis.yml, ``line`` counts from 1."""

    def __init__(self, code: str, line: int, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code, self.line, self.reason = code, line, reason


@dataclass(eq=False)
class Item:
    """A value and its place. ``kind``: map, seq, str, num, bool or none; lines count from 1."""

    kind: str
    value: Any
    line: int
    column: int
    end_line: int = 0
    end_column: int = 0
    plain: bool = False
    anchor: bool = False
    doubles: list[Entry] = field(default_factory=list)

    @property
    def entries(self) -> dict[str, Entry]:
        """The entries of a mapping by key; none of anything else."""
        return self.value if self.kind == "map" else {}

    @property
    def items(self) -> list[Item]:
        """What a sequence holds; a single thing is its own list, and nothing holds nothing."""
        if self.kind == "seq":
            return list(self.value)
        return [] if self.kind == "none" else [self]

    @property
    def scalar(self) -> bool:
        """Whether it is a text, a number, or true or false."""
        return self.kind in ("str", "num", "bool")

    def get(self, *keys: str) -> Item | None:
        """Return what stands under *keys*, one inside the other, or None."""
        item: Item | None = self
        for key in keys:
            entry = item.entries.get(key) if item is not None else None
            item = entry.item if entry else None
        return None if item is None or item.kind == "none" else item

    def data(self) -> Any:
        """Return it as text, booleans, None, lists and mappings."""
        if self.kind == "map":
            return {key: entry.item.data() for key, entry in self.value.items()}
        return [item.data() for item in self.value] if self.kind == "seq" else self.value


@dataclass(eq=False)
class Entry:
    """A key of a mapping and its value; ``inherited`` if it came by ``<<``."""

    key: str
    line: int
    column: int
    item: Item
    inherited: bool = False


def _scalar(event: Any) -> tuple[str, Any]:
    text = event.value
    if event.style is None or event.style == "":
        if text in NOTHING:
            return "none", None
        if text in TRUE or text in FALSE:
            return "bool", text in TRUE
        if re.fullmatch(r"[-+]?(?:0|[1-9][0-9]*)", text):
            return "num", text
    return "str", text


class _Builder:
    def __init__(self, text: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self.anchors: dict[str, Item] = {}
        self.open: set[str] = set()

    def document(self) -> Item | None:
        """Return the file's one document, or None if it is empty."""
        root = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise MarkError("two_documents", event.start_mark.line + 1)
            if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent | yaml.AliasEvent):
                root = self.item(event, 0)
        return root

    def item(self, event: Any, depth: int) -> Item:
        line, column = event.start_mark.line + 1, event.start_mark.column + 1
        if depth > DEPTH_LIMIT:
            raise MarkError("nested", line)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self.open:
                raise MarkError("too_deep", line)
            # Where the alias stands, not what it stands for, is the place to mend.
            found = self.anchors.get(event.anchor)
            if found is None:
                raise MarkError("no_anchor", line, event.anchor)
            end = event.end_mark
            return Item(found.kind, found.value, line, column, end.line + 1, end.column + 1)
        made = Item("none", None, line, column, anchor=event.anchor is not None)
        if event.anchor:
            self.open.add(event.anchor)
        if isinstance(event, yaml.ScalarEvent):
            made.kind, made.value = _scalar(event)
            made.plain = not event.style
            end = event.end_mark
        elif isinstance(event, yaml.SequenceStartEvent):
            made.kind, made.value, end = "seq", *self.sequence(depth)
        else:
            made.kind, made.value, end = "map", *self.mapping(depth, made)
        made.end_line, made.end_column = end.line + 1, end.column + 1
        if event.anchor:
            self.open.discard(event.anchor)
            self.anchors[event.anchor] = made
        return made

    def sequence(self, depth: int) -> tuple[list[Item], Any]:
        found: list[Item] = []
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                return found, event.end_mark
            found.append(self.item(event, depth + 1))
        raise AssertionError("libyaml closes what it opens")

    def mapping(self, depth: int, made: Item) -> tuple[dict[str, Entry], Any]:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                return {**{k: v for k, v in merged.items() if k not in own}, **own}, event.end_mark
            line, column = event.start_mark.line + 1, event.start_mark.column + 1
            if not isinstance(event, yaml.ScalarEvent):
                raise MarkError("key_no_word", line)
            key = event.value.removeprefix(":")
            item = self.item(next(self.events), depth + 1)
            if key == "<<":
                for one in item.items:
                    for name, entry in one.entries.items():
                        new = Entry(name, entry.line, entry.column, entry.item, inherited=True)
                        merged.setdefault(name, new)
                continue
            entry = Entry(key, line, column, item)
            if key in own:
                made.doubles.append(entry)
            own[key] = entry
        raise AssertionError("libyaml closes what it opens")


def _count(item: Item, known: dict[int, int]) -> int:
    """Return how many values *item* unfolds to."""
    if id(item.value) in known:
        return known[id(item.value)]
    if item.kind == "map":
        count = 1 + sum(_count(entry.item, known) for entry in item.value.values())
    elif item.kind == "seq":
        count = 1 + sum(_count(one, known) for one in item.value)
    else:
        return 1
    known[id(item.value)] = count
    return count


def parse(text: str) -> Item | None:
    """Return what *text* holds, or None if it is empty. Raises MarkError."""
    try:
        item = _Builder(text).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None)
        raise MarkError(
            "not_yaml", mark.line + 1 if mark else 1, reason or type(error).__name__
        ) from error
    if item is not None and _count(item, {}) > NODE_LIMIT:
        raise MarkError("too_deep", 1)
    return item
