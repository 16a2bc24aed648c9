"""Parses the regular expressions of Ruby, in which Travis CI's conditions are written."""

from __future__ import annotations

import functools
import string
from collections.abc import Iterable

from pypi_practice.travis.config.pattern_parser import PatternParser
from pypi_practice.travis.config.regular_expressions import (
    ANY,
    DIGIT,
    HEX,
    NOT_NEWLINE,
    POSIX,
    SPACE,
    Anchor,
    Chars,
    Choice,
    InvalidPattern,
    LookAround,
    Node,
    Repeat,
    Series,
    UnsupportedPattern,
    one_character,
)

WORD = ((48, 57), (65, 90), (95, 95), (97, 122))
CLASSES = {"d": DIGIT, "s": SPACE, "w": WORD, "h": HEX}
CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}


def _inverted(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the code points outside of *ranges*."""
    gaps, begin = [], 0
    for low, high in sorted(ranges):
        if low > begin:
            gaps.append((begin, low - 1))
        begin = max(begin, high + 1)
    return (*gaps, (begin, 0x10FFFF))


class _Ruby(PatternParser):
    """Parses the syntax of Ruby's regular expressions (doc/regexp.rdoc, Onigmo's doc/RE)."""

    def __init__(self, text: str) -> None:
        super().__init__(len(text), InvalidPattern("unmatched close parenthesis"))
        self.text = text
        self.any_case = self.dot_all = False

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.position)

    def next(self) -> str:
        if self.position >= len(self.text):
            raise InvalidPattern("premature end of the pattern")
        self.position += 1
        return self.text[self.position - 1]

    def repeated(self, part: Node) -> Node:
        while self.position < len(self.text):
            start = self.position
            if self.take("*"):
                least, most = 0, None
            elif self.take("+"):
                least, most = 1, None
            elif self.take("?"):
                least, most = 0, 1
            else:
                bounds = self.bounds()
                if bounds is None:
                    return part
                least, most = bounds
            if isinstance(part, Anchor | LookAround):
                raise UnsupportedPattern("a repeated anchor")
            counted = self.text[start] == "{"
            if self.peek("+") and not counted:
                raise UnsupportedPattern("possessive repeats")
            if self.peek("?") and counted:
                raise UnsupportedPattern("{n,m}?")  # Ruby has a meaning of its own for it
            self.take("?")
            part = Repeat(part, least, most)
        return part

    def bounds(self) -> tuple[int, int | None] | None:
        """Return the numbers of ``{n,m}``, None if there is no such quantifier."""
        if not self.peek("{"):
            return None
        end = self.text.find("}", self.position, self.position + 20)
        low, comma, high = self.text[self.position + 1 : max(end, self.position + 1)].partition(",")
        numbers = [text for text in (low, high) if text]
        if end < 0 or not numbers or not all(text.isascii() and text.isdigit() for text in numbers):
            return None
        self.position = end + 1
        least = int(low or 0)
        most = (int(high) if high else None) if comma else least
        if max(map(int, numbers)) > 1000:
            raise UnsupportedPattern("more than 1000 repeats")
        if most is not None and most < least:
            raise UnsupportedPattern("{m,n} with m above n")
        return least, most

    def atom(self) -> Node | None:
        if self.bounds() is not None:
            raise UnsupportedPattern("a repeat of nothing")
        character = self.next()
        if character == "(":
            return self.group()
        if character == "[":
            return self.bracket()
        if character == "\\":
            return self.escape()
        if character == ".":
            return ANY if self.dot_all else NOT_NEWLINE
        if character in "^$":
            return Anchor("line start" if character == "^" else "line end")
        if character in "*+?":
            raise InvalidPattern("target of repeat operator is not specified")
        return Chars(one_character(character), any_case=self.any_case)

    def group(self) -> Node | None:
        look_around: tuple[bool, bool] | None = None
        before = self.any_case, self.dot_all  # an option such as (?i) holds until its group ends
        if self.take("?"):
            if self.take("#"):
                end = self.text.find(")", self.position)
                after = self.text[end + 1 : end + 2]
                if end < 0 or "\\" in self.text[self.position : end] or (after and after in "*+?{"):
                    raise UnsupportedPattern("a comment")
                self.position = end + 1
                return None
            look_arounds = {
                "=": (False, False),
                "!": (False, True),
                "<=": (True, False),
                "<!": (True, True),
            }
            opening = next((sign for sign in look_arounds if self.take(sign)), None)
            if opening:
                look_around = look_arounds[opening]
            elif self.peek("<") or self.peek("'"):
                self.name()
            elif self.options() == ")":
                return None
        self.depth += 1
        node = self.choice()
        if not self.take(")"):
            raise InvalidPattern("end pattern with unmatched parenthesis")
        self.depth -= 1
        self.any_case, self.dot_all = before
        if look_around is None:
            return node
        if look_around[0] and not _length(node):
            raise UnsupportedPattern("look-behind of several lengths")
        return LookAround(node, *look_around)

    def name(self) -> None:
        closing = ">" if self.next() == "<" else "'"
        end = self.text.find(closing, self.position)
        name = self.text[self.position : max(end, self.position)]
        if not name.isidentifier() or not name.isascii():
            raise UnsupportedPattern("this group")
        self.position = end + 1

    def options(self) -> str:
        """Read ``i)`` or ``i:`` after ``(?``; return its last character."""
        on = True
        while (letter := self.next()) not in "):":
            if letter == "-" and on:
                on = False
            elif letter == "i":
                self.any_case = on
            elif letter == "m":
                self.dot_all = on
            elif letter != "x" or on:
                raise UnsupportedPattern("this group")
        if letter == ")" and (
            self.text[self.position - 2] == "?" or "|" in self.text[self.position :]
        ):
            raise UnsupportedPattern("this option")
        return letter

    def escape(self) -> Node:
        letter = self.next()
        if letter in "AzZbB":
            kinds = {
                "A": "start",
                "z": "end",
                "Z": "before last newline",
                "b": "boundary",
                "B": "no boundary",
            }
            return Anchor(kinds[letter])
        ranges = self.escaped(letter)
        return Chars(ranges, any_case=self.any_case and letter.lower() not in CLASSES)

    def escaped(self, letter: str) -> tuple[tuple[int, int], ...]:
        """Return the characters that a backslash and *letter* stand for."""
        if letter in CLASSES:
            return CLASSES[letter]
        if letter.lower() in CLASSES:
            return _inverted(CLASSES[letter.lower()])
        if letter in CONTROLS:
            return one_character(CONTROLS[letter])
        digits = {"x": 2, "u": 4}.get(letter)
        if digits:
            number = self.text[self.position : self.position + digits]
            if len(number) == digits and all(digit in string.hexdigits for digit in number):
                self.position += digits
                if int(number, 16) < (128 if letter == "x" else 0xD800):
                    return ((int(number, 16), int(number, 16)),)
        if letter.isalnum() or letter > "\x7f":
            raise UnsupportedPattern(f"\\{letter}")
        return one_character(letter)

    def bracket(self) -> Node:
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        if self.peek("]"):
            raise UnsupportedPattern("an empty set")
        strict = False
        while not self.take("]"):
            if self.peek("&&") or (self.peek("[") and not self.peek("[:")):
                raise UnsupportedPattern("sets inside each other")
            if self.peek("[:"):
                name, ranges_of = self.posix()
                strict = True
                ranges += _inverted(ranges_of) if name.startswith("^") else ranges_of
                continue
            low, is_class = self.member()
            if self.peek("-") and not self.peek("-]"):
                self.position += 1
                if self.peek("[") or is_class:
                    raise UnsupportedPattern("a range of sets")
                high, is_class = self.member()
                if is_class:
                    raise UnsupportedPattern("a range of sets")
                if high[0][0] < low[0][0]:
                    raise InvalidPattern("empty range in char class")
                ranges.append((low[0][0], high[0][0]))
                if self.peek("-") and not self.peek("-]"):
                    raise UnsupportedPattern("a range of ranges")
            else:
                ranges += low
        return Chars(tuple(ranges), negated, self.any_case, strict)

    def posix(self) -> tuple[str, tuple[tuple[int, int], ...]]:
        end = self.text.find(":]", self.position, self.position + 20)
        name = self.text[self.position + 2 : max(end, self.position)]
        if end < 0 or name.removeprefix("^") not in POSIX or "punct" in name:
            raise UnsupportedPattern("this set")
        self.position = end + 2
        return name, POSIX[name.removeprefix("^")]

    def member(self) -> tuple[tuple[tuple[int, int], ...], bool]:
        character = self.next()
        if character != "\\":
            return one_character(character), False
        letter = self.next()
        if letter == "b":
            return one_character("\b"), False
        return self.escaped(letter), letter.lower() in CLASSES


def _length(node: Node) -> int | None:
    """Return the fixed length of the matches of *node*, None if there is none."""
    if isinstance(node, Chars):
        return 1
    if isinstance(node, Series | Choice):
        parts = node.parts if isinstance(node, Series) else node.options
        lengths = [length for part in parts if (length := _length(part)) is not None]
        if len(lengths) < len(parts) or (isinstance(node, Choice) and len(set(lengths)) > 1):
            return None
        return sum(lengths) if isinstance(node, Series) else lengths[0]
    if isinstance(node, Repeat):
        length = _length(node.part)
        return None if length is None or node.least != node.most else length * node.least
    return None


@functools.lru_cache(maxsize=256)
def ruby(pattern: str) -> Node:
    """Return Ruby's regular expression *pattern*.

    Raises InvalidPattern and UnsupportedPattern.
    """
    return _Ruby(pattern).parse()
