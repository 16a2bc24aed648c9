"""Parses the patterns of bash: extended regular expressions and globs.

Characters come with whether the shell quoted them.
"""

from __future__ import annotations

from collections.abc import Sequence

from pypi_practice.travis.config.pattern_parser import PatternParser
from pypi_practice.travis.config.regular_expressions import (
    ANY,
    POSIX,
    Chars,
    Node,
    Place,
    Repeat,
    Series,
    UnsupportedPattern,
    one_character,
    whole,
)

Letters = Sequence[tuple[str, bool]]


class _Extended(PatternParser):
    """Parses extended regular expressions as glibc does (POSIX.1-2017, Base Definitions, 9.4)."""

    def __init__(self, letters: Letters) -> None:
        super().__init__(len(letters), UnsupportedPattern("an unmatched parenthesis"))
        self.letters = letters

    @property
    def special(self) -> str:
        """The next character, if it may have a meaning; else nothing."""
        if self.place >= len(self.letters) or self.letters[self.place][1]:
            return ""
        return self.letters[self.place][0]

    def peek(self, text: str) -> bool:
        return self.special == text

    def repeated(self, part: Node) -> Node:
        while self.special and self.special in "*+?{":
            if isinstance(part, Place):
                raise UnsupportedPattern("a repeated anchor")
            sign = self.special
            self.place += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or self.bounds()
            part = Repeat(part, least, most)
        return part

    def bounds(self) -> tuple[int, int | None]:
        text = ""
        while self.special and self.special in "0123456789,":
            text += self.special
            self.place += 1
        low, comma, high = text.partition(",")
        if self.special != "}" or not low or "," in high or max(len(low), len(high)) > 3:
            raise UnsupportedPattern("this interval")
        self.place += 1
        least, most = int(low), (int(high) if high else None) if comma else int(low)
        if most is not None and most < least:
            raise UnsupportedPattern("this interval")
        return least, most

    def atom(self) -> Node:
        sign = self.special
        character = self.letters[self.place][0]
        self.place += 1
        if sign == "(":
            self.depth += 1
            node = self.choice()
            if not self.take(")"):
                raise self.unmatched
            self.depth -= 1
            return node
        if sign == "[":
            chars, self.place = _bracket(self.letters, self.place, "^")
            return chars
        if sign == ".":
            return ANY
        if sign and sign in "^$":
            return Place("start" if sign == "^" else "end")
        if sign and sign in "*+?{\\":
            raise UnsupportedPattern(f"this {sign}")
        return Chars(one_character(character))


def _bracket(letters: Letters, place: int, negations: str) -> tuple[Chars, int]:
    """Read a set from behind its ``[``; return it and the place behind it."""
    negated = False
    if place < len(letters) and letters[place][0] in negations:
        if letters[place][1]:
            raise UnsupportedPattern("quotes in a set")
        negated, place = True, place + 1
    ranges: list[tuple[int, int]] = []
    strict, first = False, place
    while place < len(letters):
        character, quoted = letters[place]
        if character in "]-[\\!^/" and quoted:
            raise UnsupportedPattern("quotes in a set")
        if character == "]" and place > first:
            return Chars(tuple(ranges), negated, strict=strict), place + 1
        if character in "\\/":
            raise UnsupportedPattern("this set")
        following = "".join(letter for letter, _ in letters[place + 1 : place + 2])
        if character == "[" and following and following in ".=:":
            text = "".join(letter for letter, _ in letters[place : place + 12])
            name = text[2:].partition(":]")[0]
            if following != ":" or ":]" not in text[2:] or name not in POSIX:
                raise UnsupportedPattern("this set")
            ranges += POSIX[name]
            strict, place = True, place + len(name) + 4
            if place < len(letters) and letters[place][0] == "-":
                raise UnsupportedPattern("this set")
            continue
        if following == "-" and place + 2 < len(letters) and letters[place + 2][0] != "]":
            high, high_quoted = letters[place + 2]
            if letters[place + 1][1] or high_quoted or high in "[\\-/" or character == "-":
                raise UnsupportedPattern("this set")
            if ord(high) < ord(character) or max(character, high) > "\x7f":
                raise UnsupportedPattern("this range")
            ranges.append((ord(character), ord(high)))
            strict, place = True, place + 3
            continue
        ranges.append((ord(character), ord(character)))
        place += 1
    raise UnsupportedPattern("an unmatched bracket")


def extended(letters: Letters) -> Node:
    """Return the extended regular expression that bash makes of *letters*.

    Each is a character, and whether it is quoted. Raises UnsupportedPattern.
    """
    return _Extended(letters).parse()


def glob(letters: Letters) -> Node:
    """Return the shell pattern *letters*, bound to the whole text. Raises UnsupportedPattern."""
    parts: list[Node] = []
    place = 0
    while place < len(letters):
        character, quoted = letters[place]
        following = letters[place + 1] if place + 1 < len(letters) else ("", True)
        place += 1
        if quoted:
            parts.append(Chars(one_character(character)))
        elif character in "?*+@!" and following == ("(", False):
            raise UnsupportedPattern("extended patterns")
        elif character == "\\":
            raise UnsupportedPattern("a backslash in a value")
        elif character == "?":
            parts.append(ANY)
        elif character == "*":
            parts.append(Repeat(ANY, 0, None))
        elif character == "[":
            chars, place = _bracket(letters, place, "!^")
            parts.append(chars)
        else:
            parts.append(Chars(one_character(character)))
    return whole(Series(tuple(parts)))
