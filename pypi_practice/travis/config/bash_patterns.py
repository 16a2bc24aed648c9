"""Parses the patterns of bash: extended regular expressions and globs.

Each character has a flag that tells whether the shell quoted it.
"""

from __future__ import annotations

from collections.abc import Sequence

from pypi_practice.travis.config.pattern_parser import PatternParser
from pypi_practice.travis.config.regular_expressions import (
    ANY,
    POSIX,
    Anchor,
    Chars,
    Node,
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
        """The next character if it is unquoted, else an empty string."""
        if self.position >= len(self.letters) or self.letters[self.position][1]:
            return ""
        return self.letters[self.position][0]

    def peek(self, text: str) -> bool:
        return self.special == text

    def repeated(self, part: Node) -> Node:
        while self.special and self.special in "*+?{":
            if isinstance(part, Anchor):
                raise UnsupportedPattern("a repeated anchor")
            sign = self.special
            self.position += 1
            least, most = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or self.bounds()
            part = Repeat(part, least, most)
        return part

    def bounds(self) -> tuple[int, int | None]:
        text = ""
        while self.special and self.special in "0123456789,":
            text += self.special
            self.position += 1
        low, comma, high = text.partition(",")
        if self.special != "}" or not low or "," in high or max(len(low), len(high)) > 3:
            raise UnsupportedPattern("this interval")
        self.position += 1
        least, most = int(low), (int(high) if high else None) if comma else int(low)
        if most is not None and most < least:
            raise UnsupportedPattern("this interval")
        return least, most

    def atom(self) -> Node:
        sign = self.special
        character = self.letters[self.position][0]
        self.position += 1
        if sign == "(":
            self.depth += 1
            node = self.choice()
            if not self.take(")"):
                raise self.unmatched
            self.depth -= 1
            return node
        if sign == "[":
            chars, self.position = _bracket(self.letters, self.position, "^")
            return chars
        if sign == ".":
            return ANY
        if sign and sign in "^$":
            return Anchor("start" if sign == "^" else "end")
        if sign and sign in "*+?{\\":
            raise UnsupportedPattern(f"this {sign}")
        return Chars(one_character(character))


def _bracket(letters: Letters, position: int, negations: str) -> tuple[Chars, int]:
    """Read a bracket expression after its ``[``; return it and the position after it."""
    negated = False
    if position < len(letters) and letters[position][0] in negations:
        if letters[position][1]:
            raise UnsupportedPattern("quotes in a set")
        negated, position = True, position + 1
    ranges: list[tuple[int, int]] = []
    strict, first = False, position
    while position < len(letters):
        character, quoted = letters[position]
        if character in "]-[\\!^/" and quoted:
            raise UnsupportedPattern("quotes in a set")
        if character == "]" and position > first:
            return Chars(tuple(ranges), negated, strict=strict), position + 1
        if character in "\\/":
            raise UnsupportedPattern("this set")
        following = "".join(letter for letter, _ in letters[position + 1 : position + 2])
        if character == "[" and following and following in ".=:":
            text = "".join(letter for letter, _ in letters[position : position + 12])
            name = text[2:].partition(":]")[0]
            if following != ":" or ":]" not in text[2:] or name not in POSIX:
                raise UnsupportedPattern("this set")
            ranges += POSIX[name]
            strict, position = True, position + len(name) + 4
            if position < len(letters) and letters[position][0] == "-":
                raise UnsupportedPattern("this set")
            continue
        if following == "-" and position + 2 < len(letters) and letters[position + 2][0] != "]":
            high, high_quoted = letters[position + 2]
            if letters[position + 1][1] or high_quoted or high in "[\\-/" or character == "-":
                raise UnsupportedPattern("this set")
            if ord(high) < ord(character) or max(character, high) > "\x7f":
                raise UnsupportedPattern("this range")
            ranges.append((ord(character), ord(high)))
            strict, position = True, position + 3
            continue
        ranges.append((ord(character), ord(character)))
        position += 1
    raise UnsupportedPattern("an unmatched bracket")


def extended(letters: Letters) -> Node:
    """Return the extended regular expression *letters*; raises UnsupportedPattern.

    Each letter is a character, and whether it is quoted.
    """
    return _Extended(letters).parse()


def glob(letters: Letters) -> Node:
    """Return the shell pattern *letters*, anchored at both ends. Raises UnsupportedPattern."""
    parts: list[Node] = []
    position = 0
    while position < len(letters):
        character, quoted = letters[position]
        following = letters[position + 1] if position + 1 < len(letters) else ("", True)
        position += 1
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
            chars, position = _bracket(letters, position, "!^")
            parts.append(chars)
        else:
            parts.append(Chars(one_character(character)))
    return whole(Series(tuple(parts)))
