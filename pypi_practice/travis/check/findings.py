"""Findings of a check, and the edits that correct them."""

from __future__ import annotations

import bisect
import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config.schema.messages import LEVELS
from pypi_practice.travis.config.yaml_positions import KeyValue, Node


@dataclass(frozen=True)
class Edit:
    """Replace the text between two positions by ``text``; lines and columns count from 1."""

    line: int
    column: int
    end_line: int
    end_column: int
    text: str


@dataclass(frozen=True)
class Finding:
    """One fault: the rule, its position, the values of its sentences, and the edit if any."""

    rule: str
    key: str
    line: int
    column: int
    end_column: int
    values: dict[str, Any] = field(default_factory=dict, hash=False, compare=False)
    edit: Edit | None = field(default=None, hash=False, compare=False)
    secret: str = field(default="", hash=False, compare=False)  # never shown

    @property
    def facts(self) -> dict[str, Any]:
        """The rule's entry in data/travis/rules.yml."""
        facts: dict[str, Any] = load("travis/rules")[self.rule]
        return facts

    @property
    def level(self) -> str:
        """``info``, ``warn``, ``error`` or ``alert``."""
        return str(self.values.get("level") or self.facts["level"])

    @property
    def code(self) -> str | None:
        """The code of the message in Travis CI's validator, None for a rule of ours."""
        return self.facts.get("code")

    def sentence(self, part: str, words: Translator) -> str:
        """Return the rule's ``message``, ``why`` or ``fix`` in the language of *words*."""
        sentence: str = self.facts[part][words.language]
        return sentence.format(**self.values)


@dataclass(frozen=True)
class Source:
    """The source of a file: its name and its text."""

    name: str
    text: str

    @functools.cached_property
    def lines(self) -> list[str]:
        """The lines, without their ends."""
        return self.text.splitlines()

    def is_on_own_lines(self, entry: KeyValue) -> bool:
        """Whether no other entry shares the lines of this one, so that they can be removed."""
        line = self.lines[entry.line - 1]
        before = line[: entry.column - 1]
        return not before.strip() and not entry.inherited and entry.item.scalar

    def without(self, entry: KeyValue) -> Edit | None:
        """Return the edit that removes the entry's line, or None if others share it."""
        if not self.is_on_own_lines(entry) or entry.item.end_line != entry.line:
            return None
        return Edit(entry.line, 1, entry.line + 1, 1, "")


def replaced(item: Node, text: str) -> Edit | None:
    """Return the edit that replaces a value by *text*; None if it has several lines."""
    if item.end_line != item.line:
        return None
    return Edit(item.line, item.column, item.end_line, item.end_column, text)


def renamed(entry: KeyValue, text: str) -> Edit | None:
    """Return the edit that gives an entry another key."""
    if entry.inherited:
        return None
    return Edit(entry.line, entry.column, entry.line, entry.column + len(entry.key), text)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return *text* after all edits; of two that overlap, only the first is applied."""
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def offset(line: int, column: int) -> int:
        return min(starts[min(line - 1, len(starts) - 1)] + column - 1, len(text))

    spans: list[tuple[int, int, str]] = []  # sorted, without overlaps
    for edit in dict.fromkeys(edits):
        span = offset(edit.line, edit.column), offset(edit.end_line, edit.end_column), edit.text
        after = bisect.bisect(spans, span)
        if (after == 0 or spans[after - 1][1] <= span[0]) and (
            after == len(spans) or span[1] <= spans[after][0]
        ):
            spans.insert(after, span)
    parts, position = [], 0
    for begin, end, new in spans:
        parts += [text[position:begin], new]
        position = end
    return "".join([*parts, text[position:]])


def worst(findings: Sequence[Finding]) -> str | None:
    """Return the most severe level among *findings*, None without findings."""
    return max((finding.level for finding in findings), key=LEVELS.index, default=None)
