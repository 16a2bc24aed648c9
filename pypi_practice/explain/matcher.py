"""Finds the catalogue's messages in a log, the likeliest cause first.

overrides/assets/javascripts/messages.js does the same in the browser, with the same rules and the
same patterns; a test compares the two.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from pypi_practice.core.data import load
from pypi_practice.explain.catalog import Entry, Pattern, Segment, catalogue, squeezed

QUOTES = "'\""


@dataclass(frozen=True)
class Match:
    """An entry that is in a text, and the lines of its first find there, from 1."""

    entry: Entry
    line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class _Find:
    place: int
    start: int
    end: int
    letters: int

    @property
    def rank(self) -> tuple[int, int]:
        """The smaller, the more it says."""
        return -self.letters, self.place

    def hides(self, other: _Find) -> bool:
        """Whether *other* is only a part of this find, and says less."""
        if self.place == other.place or not (self.start <= other.start and other.end <= self.end):
            return False
        return self.rank < other.rank


@functools.cache
def _rules() -> list[tuple[re.Pattern[str], str]]:
    return [
        (re.compile(expression, re.MULTILINE), replacement)
        for expression, replacement in load("messages/matching")["clean"]
    ]


def clean(text: str) -> str:
    """Return *text* without colours, fold marks and timestamps, in the same number of lines."""
    for rule, replacement in _rules():
        text = rule.sub(replacement, text)
    return text


def _segment_at(segment: Segment, text: str, at: int) -> tuple[int, int] | None:
    """Return start and end of *segment* if its first literal stands at *at*, or None."""
    gap: int = load("messages/matching")["gap"]
    start, pieces = at, segment
    if segment[0] is None:
        quote = text[at - 1 : at]
        if not quote or quote not in QUOTES:
            return None
        start = text.rfind(quote, max(0, at - gap - 2), at - 1)
        if start < 0:
            return None
        pieces = segment[1:]
    end = at
    for piece in pieces:
        if isinstance(piece, str):
            if not text.startswith(piece, end):
                return None
            end += len(piece)
        elif piece is None:
            quote = text[end : end + 1]
            if not quote or quote not in QUOTES:
                return None
            end = text.find(quote, end + 1, end + gap + 2) + 1
            if not end:
                return None
        else:
            letters, most = piece
            first, last = end, min(end + most, len(text))
            while end < last and text[end] in letters:
                end += 1
            if end == first:
                return None
    return start, end


def _literal(segment: Segment) -> str:
    """Return the literal by which a segment is looked for."""
    return next(piece for piece in segment if isinstance(piece, str))


def _first(segment: Segment, text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each *segment* in *text*, by its end."""
    literal = _literal(segment)
    at = text.find(literal)
    while at >= 0:
        if place := _segment_at(segment, text, at):
            yield place
        at = text.find(literal, at + 1)


def _followed(
    before: Iterator[tuple[int, int]], segment: Segment, text: str
) -> Iterator[tuple[int, int]]:
    """Yield where a *segment* follows what is *before*: the start of that, and its own end.

    Of several before it, the nearest counts. *before* and *text* are each walked through once.
    """
    gap: int = load("messages/matching")["gap"]
    literal = _literal(segment)
    current = next(before, None)
    if current is None:
        return
    upcoming = next(before, None)
    at = text.find(literal, current[1])
    while at >= 0:
        while upcoming is not None and upcoming[1] <= at:
            current, upcoming = upcoming, next(before, None)
        if at - current[1] <= gap:
            if place := _segment_at(segment, text, at):
                yield current[0], place[1]
            at = text.find(literal, at + 1)
        elif upcoming is not None:
            at = text.find(literal, upcoming[1])
        else:
            return


def spans(pattern: Pattern, text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each find of *pattern* in a squeezed text, from left to right.

    The finds do not overlap, and each is as short as it can be. The time is linear in the text:
    each segment's literal is looked for once from its beginning to its end, and what stands
    beside a literal is of limited length.
    """
    ranges = _first(pattern.segments[0], text)
    for segment in pattern.segments[1:]:
        ranges = _followed(ranges, segment, text)
    last = 0
    for start, end in ranges:
        if start >= last:
            yield start, end
            last = end


def _visible(finds: list[_Find]) -> list[_Find]:
    """Return the finds that no other hides, by their start.

    Only the finds that reach over the start of the next are compared with it. Those of one pattern
    do not overlap, so there are never more than patterns.
    """
    kept: list[_Find] = []
    reaching: list[_Find] = []
    for find_ in sorted(finds, key=lambda find_: (find_.start, -find_.end, find_.rank)):
        reaching = [other for other in reaching if other.end > find_.start]
        if not any(other.hides(find_) for other in reaching):
            reaching.append(find_)
            kept.append(find_)
    return kept


def _lines(squeezed_lines: str, offsets: Iterable[int]) -> dict[int, int]:
    """Return the line, from 1, of each of *offsets*, which do not count the line ends."""
    lines: dict[int, int] = {}
    number, end = 1, squeezed_lines.find("\n")
    for offset in sorted(set(offsets)):
        # The line ends before this one are number - 1 characters.
        while 0 <= end <= offset + number - 1:
            number, end = number + 1, squeezed_lines.find("\n", end + 1)
        lines[offset] = number
    return lines


def find(text: str) -> list[Match]:
    """Return the entries whose messages are in *text*, best first, in time linear in *text*.

    First by level (a cause before what follows from it), then as they stand in the text. What is
    only a part of a longer message does not count.
    """
    return find_in_cleaned(clean(text))


def find_in_cleaned(text: str) -> list[Match]:
    """Return what ``find`` does, of a text that ``clean`` returned."""
    by_line = squeezed(text, keep="\n")
    whole = by_line.replace("\n", "")
    entries = catalogue()
    finds = [
        _Find(place, start, end, pattern.letters)
        for place, entry in enumerate(entries)
        for pattern in entry.patterns
        for start, end in spans(pattern, whole)
    ]
    first: dict[int, _Find] = {}
    for find_ in _visible(finds):
        first.setdefault(find_.place, find_)
    levels = load("messages/matching")["levels"]
    ordered = sorted(
        first.values(),
        key=lambda find_: (-levels.index(entries[find_.place].level), find_.start, find_.place),
    )
    lines = _lines(
        by_line, (offset for find_ in ordered for offset in (find_.start, find_.end - 1))
    )
    return [
        Match(entries[find_.place], lines[find_.start], lines[find_.end - 1]) for find_ in ordered
    ]


def excerpt(lines: Sequence[str], match: Match, most: int = 3) -> list[str]:
    """Return the lines of a match; *lines* must be cleaned and redacted already."""
    taken = [line.strip()[:300] for line in lines[match.line - 1 : match.last_line][:most]]
    return [
        "".join(character if character.isprintable() else " " for character in line)
        for line in taken
        if line
    ]
