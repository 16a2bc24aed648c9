"""Parses YAML as Travis CI does, with the positions of keys and values.

Travis CI parses with Psych, which is libyaml, and then interprets plain scalars in its own way:
``on``, ``yes`` and 3.10 stay text, an alias without an anchor is null (travis-yml,
lib/travis/yml/support/yaml.rb). This module does the same with the events of
the same parser.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

DEPTH_LIMIT = 60  # levels of nesting, after anchors are filled in
NODE_LIMIT = 5_000  # values, after anchors and merge keys are filled in
TEXT_LIMIT = 256 * 1024  # characters of all keys and values, after anchors are filled in
DIGITS_LIMIT = 3_000  # a longer number stays text: Python refuses to convert it
TRUE = {"true", "True", "TRUE", "Yes", "YES", "On", "ON"}
FALSE = {"false", "False", "FALSE", "No", "NO", "Off", "OFF"}
NOTHING = {"", "~", "null", "Null", "NULL"}
# Plain scalars that Psych reads as numbers or dates (lib/psych/scalar_scanner.rb of psych 4),
# except those that travis-yml keeps as text: decimal fractions and times with a date.
INTEGER = re.compile(
    r"(?P<sign>[-+]?)(?:0b(?P<b2>[_,]*[01][01_,]*)|0(?P<b8>[_,]*[0-7][0-7_,]*)"
    r"|(?P<b10>0|[1-9](?:[0-9]|[,_][0-9])*)|0x(?P<b16>[_,]*[0-9a-fA-F][0-9a-fA-F_,]*))"
)
SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9]){1,2}(?P<fraction>\.[0-9_]*)?")
NOT_FINITE = {".inf": "Infinity", "-.inf": "-Infinity", "+.inf": "Infinity", ".nan": "NaN"}
DATE = re.compile(r"\d{4}-(?:1[012]|0\d|\d)-(?:[12]\d|3[01]|0\d|\d)", re.ASCII)
YAML_TAG = "tag:yaml.org,2002:"


class MarkError(ValueError):
    """A syntax error: ``code`` is a key of messages.yml, ``line`` counts from 1."""

    def __init__(self, code: str, line: int, reason: str = "") -> None:
        super().__init__(reason or code)
        self.code, self.line, self.reason = code, line, reason


@dataclass(eq=False)
class Node:
    """A value and its place. ``kind``: map, seq, str, num, bool or none; lines count from 1."""

    kind: str
    value: Any
    line: int
    column: int
    end_line: int = 0
    end_column: int = 0
    plain: bool = False
    anchor: bool = False
    doubles: list[KeyValue] = field(default_factory=list)

    @property
    def entries(self) -> dict[str, KeyValue]:
        """The entries of a mapping by key; empty for other kinds."""
        return self.value if self.kind == "map" else {}

    @property
    def items(self) -> list[Node]:
        """The items of a sequence; another value as a list of one; empty for null."""
        if self.kind == "seq":
            return list(self.value)
        return [] if self.kind == "none" else [self]

    @property
    def scalar(self) -> bool:
        """Whether it is a string, a number or a boolean."""
        return self.kind in ("str", "num", "bool")

    def get(self, *keys: str) -> Node | None:
        """Return the node at the path *keys*, None if it is missing or null."""
        item: Node | None = self
        for key in keys:
            entry = item.entries.get(key) if item is not None else None
            item = entry.item if entry else None
        return None if item is None or item.kind == "none" else item

    def data(self) -> Any:
        """Return it as plain data: strings, booleans, None, lists and mappings."""
        if self.kind == "map":
            return {key: entry.item.data() for key, entry in self.value.items()}
        return [item.data() for item in self.value] if self.kind == "seq" else self.value


@dataclass(eq=False)
class KeyValue:
    """A key of a mapping and its value; ``inherited`` if ``<<`` merged it in."""

    key: str
    line: int
    column: int
    item: Node
    inherited: bool = False


def _number(text: str) -> str | None:
    """Return the number that Psych reads in a plain scalar, as Ruby writes it, else None."""
    if len(text) > DIGITS_LIMIT:
        return None
    if match := INTEGER.fullmatch(text):
        base = int(str(match.lastgroup).removeprefix("b"))
        number = int(re.sub("[_,]", "", match[match.lastgroup or 0]), base)
        return str(-number if match["sign"] == "-" else number)
    if match := SEXAGESIMAL.fullmatch(text):
        parts = text.replace("_", "").split(":")
        if match["fraction"] is None:
            return str(sum(int(part) * 60 ** (2 - place) for place, part in enumerate(parts)))
        return str(sum(float(part) * 60 ** (2 - place) for place, part in enumerate(parts)))
    return NOT_FINITE.get(text.lower())


def _is_date(text: str) -> bool:
    if not DATE.fullmatch(text):
        return False
    year, month, day = map(int, text.split("-"))
    return 1 <= month <= 12 and 1 <= day <= calendar.monthrange(max(year, 1), month)[1]


def _scalar(event: Any) -> tuple[str, Any]:
    """Return the kind and the value of a scalar as travis-yml reads it.

    Raises MarkError for a date, which travis-yml refuses.
    """
    text = event.value
    tag = str(event.tag or "").replace("!!", YAML_TAG, 1)
    if tag in ("!", "!str", f"{YAML_TAG}str", "!binary", f"{YAML_TAG}binary"):
        return "str", text
    if event.style not in (None, "") and not event.tag:
        return "str", text
    if text in NOTHING:
        return "none", None
    if text in TRUE or text in FALSE:
        return "bool", text in TRUE
    if _is_date(text):
        raise MarkError("date", event.start_mark.line + 1, text)
    number = _number(text)
    return ("str", text) if number is None else ("num", number)


@dataclass(frozen=True)
class _Size:
    """The size of a value after expansion: values, characters, and levels of nesting."""

    nodes: int
    text: int
    depth: int


def _start(event: Any) -> tuple[int, int]:
    """Return the line and the column at which an event begins, from 1."""
    return event.start_mark.line + 1, event.start_mark.column + 1


def _end(event: Any) -> tuple[int, int]:
    """Return the line and the column at which an event ends, from 1."""
    return event.end_mark.line + 1, event.end_mark.column + 1


class _Builder:
    """Builds the nodes of one document; it stops when a limit is exceeded."""

    def __init__(self, text: str) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self.events: Iterator[Any] = yaml.parse(text, Loader=loader)
        self.anchors: dict[str, tuple[Node, _Size]] = {}
        self.open: set[str] = set()
        self.nodes = self.text = 0

    def document(self) -> Node | None:
        """Return the only document, None if the file is empty; raises MarkError."""
        root = None
        for event in self.events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                raise MarkError("two_documents", _start(event)[0])
            if isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent | yaml.AliasEvent):
                root, _ = self.item(event, 0)
        return root

    def spend(self, size: _Size, depth: int, line: int) -> None:
        """Add *size* at *depth* to the total; raises MarkError if a limit is exceeded."""
        self.nodes += size.nodes
        self.text += size.text
        if self.nodes > NODE_LIMIT or self.text > TEXT_LIMIT:
            raise MarkError("too_deep", line)
        if depth + size.depth > DEPTH_LIMIT:
            raise MarkError("nested", line)

    def item(self, event: Any, depth: int) -> tuple[Node, int]:
        """Return the value that begins with *event*, and its levels of nesting."""
        line, column = _start(event)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor in self.open:
                raise MarkError("too_deep", line)
            # The position of the alias, not of its anchor, is where a fault is corrected.
            if event.anchor not in self.anchors:
                raise MarkError("no_anchor", line, str(event.anchor))
            item, size = self.anchors[event.anchor]
            self.spend(size, depth, line)
            return Node(item.kind, item.value, line, column, *_end(event)), size.depth
        nodes, text, levels = self.nodes, self.text, 0
        length = len(event.value) if isinstance(event, yaml.ScalarEvent) else 0
        self.spend(_Size(1, length, 0), depth, line)
        node = Node("none", None, line, column, anchor=event.anchor is not None)
        if event.anchor:
            self.open.add(event.anchor)
        if isinstance(event, yaml.ScalarEvent):
            node.kind, node.value = _scalar(event)
            node.plain = not event.style
            end = _end(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node.kind = "seq"
            node.value, end, levels = self.sequence(depth)
        else:
            node.kind = "map"
            node.value, end, levels = self.mapping(depth, node)
        node.end_line, node.end_column = end
        if event.anchor:
            self.open.discard(event.anchor)
            size = _Size(self.nodes - nodes, self.text - text, levels)
            self.anchors[event.anchor] = node, size
        return node, levels

    def sequence(self, depth: int) -> tuple[list[Node], tuple[int, int], int]:
        """Return the items of a sequence, its end, and its levels of nesting."""
        items: list[Node] = []
        levels = 0
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                return items, _end(event), levels + 1
            item, inner = self.item(event, depth + 1)
            items.append(item)
            levels = max(levels, inner)
        raise AssertionError("libyaml closes what it opens")

    def mapping(self, depth: int, node: Node) -> tuple[dict[str, KeyValue], tuple[int, int], int]:
        """Return the entries of the mapping *node*, its end, and its levels of nesting."""
        own: dict[str, KeyValue] = {}
        merged: dict[str, KeyValue] = {}
        levels = 0
        for event in self.events:
            if isinstance(event, yaml.MappingEndEvent):
                inherited = {key: entry for key, entry in merged.items() if key not in own}
                return {**inherited, **own}, _end(event), levels + 1
            line, column = _start(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise MarkError("key_no_word", line)
            self.spend(_Size(0, len(event.value), 0), depth, line)
            key = event.value.removeprefix(":")
            item, inner = self.item(next(self.events), depth + 1)
            levels = max(levels, inner)
            if key == "<<":
                for mapping in item.items:
                    for name, entry in mapping.entries.items():
                        new = KeyValue(name, entry.line, entry.column, entry.item, inherited=True)
                        merged.setdefault(name, new)
                continue
            entry = KeyValue(key, line, column, item)
            if key in own:
                node.doubles.append(entry)
            own[key] = entry
        raise AssertionError("libyaml closes what it opens")


def parse(text: str) -> Node | None:
    """Return the root of *text*, None if it is empty. Raises MarkError.

    NODE_LIMIT, TEXT_LIMIT and DEPTH_LIMIT bound time and memory.
    """
    try:
        return _Builder(text).document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or getattr(error, "reason", None)
        is_tab = "tab character" in str(reason) or (
            mark and text[mark.index : mark.index + 1] == "\t"
        )
        raise MarkError(
            "tab" if is_tab else "not_yaml",
            mark.line + 1 if mark else 1,
            reason or type(error).__name__,
        ) from error
