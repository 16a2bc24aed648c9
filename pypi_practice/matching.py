"""Finds the catalogue's messages in a log, the likeliest cause first.

overrides/assets/javascripts/messages.js does the same in the browser, with the same rules and the
same patterns; a test compares the two.
"""

from __future__ import annotations

import bisect
import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from pypi_practice.facts import load
from pypi_practice.messages import Entry, catalogue, squeezed

MOST = 20  # finds of one pattern; a line that repeats a thousand times says no more than that


@dataclass(frozen=True)
class Match:
    """An entry that is in a text, and the lines of its first find there, from 1."""

    entry: Entry
    line: int
    last_line: int


@dataclass(frozen=True)
class _Find:
    place: int
    start: int
    end: int
    letters: int

    def hides(self, other: _Find) -> bool:
        """Whether *other* is only a part of this find, and says less."""
        if self.place == other.place or not (self.start <= other.start and other.end <= self.end):
            return False
        return (self.letters, -self.place) > (other.letters, -other.place)


@functools.cache
def _rules(name: str) -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(expression, re.MULTILINE), replacement)
        for expression, replacement in load("matching")[name]
    ]


def clean(text: str) -> str:
    """Return *text* without colours, fold marks and timestamps, in the same number of lines."""
    for rule, replacement in _rules("clean"):
        text = rule.sub(replacement, text)
    return text


def redact(text: str) -> str:
    """Return *text* with whatever looks like a secret blanked out.

    >>> redact("TWINE_PASSWORD=hunter2hunter2 twine upload")
    'TWINE_PASSWORD=[token] twine upload'
    """
    for rule, replacement in _rules("secrets"):
        text = rule.sub(replacement, text)
    return text


@functools.cache
def _patterns() -> list[tuple[int, re.Pattern[str], int]]:
    return [
        (place, re.compile(expression), letters)
        for place, entry in enumerate(catalogue())
        for expression, letters in entry.patterns
    ]


def find(text: str) -> list[Match]:
    """Return the entries whose messages are in *text*, best first.

    First by level (a cause before what follows from it), then as they stand in the text. What is
    only a part of a longer message does not count.
    """
    lines = [squeezed(line) for line in clean(text).split("\n")]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    whole = "".join(lines)
    finds = []
    for place, expression, letters in _patterns():
        for count, found in enumerate(expression.finditer(whole)):
            if count == MOST:
                break
            finds.append(_Find(place, found.start(), found.end(), letters))
    first: dict[int, _Find] = {}
    for one in finds:
        if not any(other.hides(one) for other in finds):
            known = first.get(one.place)
            if known is None or one.start < known.start:
                first[one.place] = one
    levels = load("matching")["levels"]
    ordered = sorted(
        first.values(),
        key=lambda one: (-levels.index(catalogue()[one.place].level), one.start, one.place),
    )

    def line_of(offset: int) -> int:
        return bisect.bisect_right(starts, offset)

    return [
        Match(catalogue()[one.place], line_of(one.start), line_of(one.end - 1)) for one in ordered
    ]


def excerpt(lines: Sequence[str], match: Match, most: int = 3) -> list[str]:
    """Return the lines of a match, without colours; *lines* must be redacted already."""
    taken = [clean(line).strip()[:300] for line in lines[match.line - 1 : match.last_line][:most]]
    return ["".join(one if one.isprintable() else " " for one in line) for line in taken if line]
