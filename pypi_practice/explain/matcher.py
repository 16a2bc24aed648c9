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
    """An entry that occurs in a text, and the lines of its first occurrence, from 1."""

    entry: Entry
    line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class _Occurrence:
    entry_index: int
    start: int
    end: int
    letters: int

    @property
    def rank(self) -> tuple[int, int]:
        """A sort key: occurrences with more letters come first."""
        return -self.letters, self.entry_index

    def hides(self, other: _Occurrence) -> bool:
        """Whether *other* is inside this occurrence and ranks lower."""
        if self.entry_index == other.entry_index or not (
            self.start <= other.start and other.end <= self.end
        ):
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


def _segment_at(segment: Segment, text: str, position: int) -> tuple[int, int] | None:
    """Return start and end of *segment* if its first literal is at *position*, or None."""
    gap: int = load("messages/matching")["gap"]
    start, pieces = position, segment
    if segment[0] is None:
        quote = text[position - 1 : position]
        if not quote or quote not in QUOTES:
            return None
        start = text.rfind(quote, max(0, position - gap - 2), position - 1)
        if start < 0:
            return None
        pieces = segment[1:]
    end = position
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
    """Return the first literal of a segment."""
    return next(piece for piece in segment if isinstance(piece, str))


def _first_spans(segment: Segment, text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each occurrence of *segment* in *text*, ordered by its end."""
    literal = _literal(segment)
    position = text.find(literal)
    while position >= 0:
        if span := _segment_at(segment, text, position):
            yield span
        position = text.find(literal, position + 1)


def _following_spans(
    before: Iterator[tuple[int, int]], segment: Segment, text: str
) -> Iterator[tuple[int, int]]:
    """Yield the spans of *before* that *segment* follows, extended to its end.

    The nearest span before a segment is taken. *before* and *text* are each read once.
    """
    gap: int = load("messages/matching")["gap"]
    literal = _literal(segment)
    current = next(before, None)
    if current is None:
        return
    upcoming = next(before, None)
    position = text.find(literal, current[1])
    while position >= 0:
        while upcoming is not None and upcoming[1] <= position:
            current, upcoming = upcoming, next(before, None)
        if position - current[1] <= gap:
            if span := _segment_at(segment, text, position):
                yield current[0], span[1]
            position = text.find(literal, position + 1)
        elif upcoming is not None:
            position = text.find(literal, upcoming[1])
        else:
            return


def spans(pattern: Pattern, text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each occurrence of *pattern* in a squeezed text, from left to right.

    They do not overlap, and each is as short as possible. The time is linear in the text: it is
    searched once for the literal of each segment, and the pieces around a literal have a limited
    length.
    """
    ranges = _first_spans(pattern.segments[0], text)
    for segment in pattern.segments[1:]:
        ranges = _following_spans(ranges, segment, text)
    last_end = 0
    for start, end in ranges:
        if start >= last_end:
            yield start, end
            last_end = end


def _visible(occurrences: list[_Occurrence]) -> list[_Occurrence]:
    """Return the occurrences that no other hides, ordered by their start.

    Each is compared only with those that overlap its start. As the occurrences of one pattern do
    not overlap, these are never more than there are patterns.
    """
    visible: list[_Occurrence] = []
    overlapping: list[_Occurrence] = []
    for occurrence in sorted(
        occurrences, key=lambda occurrence: (occurrence.start, -occurrence.end, occurrence.rank)
    ):
        overlapping = [other for other in overlapping if other.end > occurrence.start]
        if not any(other.hides(occurrence) for other in overlapping):
            overlapping.append(occurrence)
            visible.append(occurrence)
    return visible


def _lines(squeezed_lines: str, offsets: Iterable[int]) -> dict[int, int]:
    """Return the line, from 1, of each offset; offsets do not count line ends."""
    lines: dict[int, int] = {}
    number, end = 1, squeezed_lines.find("\n")
    for offset in sorted(set(offsets)):
        # *end* counts the number - 1 line ends before it, *offset* does not.
        while 0 <= end <= offset + number - 1:
            number, end = number + 1, squeezed_lines.find("\n", end + 1)
        lines[offset] = number
    return lines


def find(text: str) -> list[Match]:
    """Return the entries whose messages are in *text*, best first, in time linear in *text*.

    They are ordered by level (causes before consequences), then by their position in the text. A
    message inside a longer one is left out.
    """
    return find_in_cleaned(clean(text))


def find_in_cleaned(text: str) -> list[Match]:
    """Return what ``find`` does, of a text that ``clean`` returned."""
    by_line = squeezed(text, keep="\n")
    without_line_ends = by_line.replace("\n", "")
    entries = catalogue()
    occurrences = [
        _Occurrence(entry_index, start, end, pattern.letters)
        for entry_index, entry in enumerate(entries)
        for pattern in entry.patterns
        for start, end in spans(pattern, without_line_ends)
    ]
    first_by_entry: dict[int, _Occurrence] = {}
    for occurrence in _visible(occurrences):
        first_by_entry.setdefault(occurrence.entry_index, occurrence)
    levels = load("messages/matching")["levels"]
    ordered = sorted(
        first_by_entry.values(),
        key=lambda occurrence: (
            -levels.index(entries[occurrence.entry_index].level),
            occurrence.start,
            occurrence.entry_index,
        ),
    )
    lines = _lines(
        by_line,
        (offset for occurrence in ordered for offset in (occurrence.start, occurrence.end - 1)),
    )
    return [
        Match(entries[occurrence.entry_index], lines[occurrence.start], lines[occurrence.end - 1])
        for occurrence in ordered
    ]


def excerpt(lines: Sequence[str], match: Match, most: int = 3) -> list[str]:
    """Return the lines of a match; *lines* must be cleaned and redacted already."""
    shown_lines = [line.strip()[:300] for line in lines[match.line - 1 : match.last_line][:most]]
    return [
        "".join(character if character.isprintable() else " " for character in line)
        for line in shown_lines
        if line
    ]
