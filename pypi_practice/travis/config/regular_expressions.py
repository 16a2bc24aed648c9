"""Matches the regular expressions and shell patterns of a file in time linear in the text.

A file may be written by anyone, so its patterns are not given to Python's ``re``, which backtracks
and can take exponential time, nor to bash or Ruby. Each is parsed in its own syntax (Ruby's, POSIX
extended as bash uses it, or a glob) and simulated as a nondeterministic finite automaton, whose
sets of states are cached (Ken Thompson, "Regular Expression Search Algorithm", 1968; Russ Cox,
"Regular Expression Matching Can Be Simple And Fast", 2007). Only whether a text matches is asked,
so that greedy and reluctant repeats are the same, and a look-around is a table that is made before
with a search of its own. What is not regular (back-references, atomic groups) is refused.

google-re2 was not taken: it has no wheels for musl, so that the program could not be installed
everywhere, refuses look-around, which files use, and the parsers would be needed all the same.
"""

from __future__ import annotations

import functools
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

NESTING_LIMIT = 100  # groups inside each other
SIZE_LIMIT = 2_000  # instructions of a program, after repeats are written out
BUDGET = 400_000  # steps for all conditions of one plan


class InvalidPattern(ValueError):
    """A pattern that its own language refuses; the text is the reason, in English."""


class UnsupportedPattern(ValueError):
    """A pattern that is not decided here; the text names the feature, in English."""


class BudgetExceeded(Exception):
    """The conditions of a file need more steps than a plan spends on them."""


@dataclass
class Budget:
    """The steps that are left. Raises BudgetExceeded when they are spent."""

    left: int = BUDGET

    def spend(self, steps: int) -> None:
        """Take *steps* from the budget."""
        self.left -= steps
        if self.left < 0:
            raise BudgetExceeded


# The parts of a pattern


@dataclass(frozen=True)
class Chars:
    """One character out of *ranges* (code points, both ends included), or out of none of them.

    With *strict*, what it means for a character beyond ASCII depends on the locale.
    """

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False
    any_case: bool = False
    strict: bool = False

    def accepts(self, character: str) -> bool:
        """Whether *character* is one of them; raises UnsupportedPattern."""
        code = ord(character)
        if code > 127 and (self.strict or self.any_case):
            raise UnsupportedPattern("letters beyond ASCII")
        codes = {code, ord(character.lower()), ord(character.upper())} if self.any_case else {code}
        return self.negated != any(low <= one <= high for one in codes for low, high in self.ranges)


@dataclass(frozen=True)
class Series:
    """Parts that follow each other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """One of several parts."""

    options: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """A part several times; *most* is None if there is no limit."""

    part: Node
    least: int
    most: int | None


@dataclass(frozen=True)
class Place:
    """A condition on the place in the text: a name of PLACES."""

    kind: str


@dataclass(frozen=True)
class Look:
    """What must, or must not, stand before (*behind*) or after a place."""

    part: Node
    behind: bool
    negated: bool


Node = Chars | Series | Choice | Repeat | Place | Look
EMPTY = Series(())
ANY = Chars((), negated=True)
NOT_NEWLINE = Chars(((10, 10),), negated=True)


def _is_word(character: str) -> bool:
    if character > "\x7f":
        raise UnsupportedPattern("letters beyond ASCII")
    return character.isalnum() or character == "_"


def _is_boundary(text: str, place: int) -> bool:
    before = place > 0 and _is_word(text[place - 1])
    after = place < len(text) and _is_word(text[place])
    return before != after


PLACES: dict[str, Callable[[str, int], bool]] = {
    "start": lambda text, place: place == 0,
    "end": lambda text, place: place == len(text),
    "before last newline": lambda text, place: (
        place == len(text) or (place == len(text) - 1 and text[place] == "\n")
    ),
    # Ruby begins no line after a newline that ends the text.
    "line start": lambda text, place: place == 0 or (text[place - 1] == "\n" and place < len(text)),
    "line end": lambda text, place: place == len(text) or text[place] == "\n",
    "boundary": _is_boundary,
    "no boundary": lambda text, place: not _is_boundary(text, place),
}

# The automaton


@dataclass
class _Program:
    """The instructions char (Chars), split (two places), place (number of a condition), match.

    All but a split go on with the next instruction. Backwards, it reads the text from its end.
    """

    backwards: bool
    code: list[tuple[object, ...]] = field(default_factory=list)
    conditions: list[Place | Look] = field(default_factory=list)

    def emit(self, *instruction: object) -> int:
        if len(self.code) >= SIZE_LIMIT:
            raise UnsupportedPattern("a pattern that is too large")
        self.code.append(instruction)
        return len(self.code) - 1

    def add(self, node: Node) -> None:
        if isinstance(node, Chars):
            self.emit("char", node)
        elif isinstance(node, Series):
            for part in reversed(node.parts) if self.backwards else node.parts:
                self.add(part)
        elif isinstance(node, Choice):
            ends = []
            for option in node.options[:-1]:
                split = self.emit("split", 0, 0)
                self.add(option)
                ends.append(self.emit("split", 0, 0))
                self.code[split] = ("split", split + 1, len(self.code))
            self.add(node.options[-1])
            for end in ends:
                self.code[end] = ("split", len(self.code), len(self.code))
        elif isinstance(node, Repeat):
            self.repeat(node)
        else:
            if node not in self.conditions:
                self.conditions.append(node)
            self.emit("place", self.conditions.index(node))

    def repeat(self, node: Repeat) -> None:
        for _ in range(node.least):
            self.add(node.part)
        if node.most is None:
            split = self.emit("split", 0, 0)
            self.add(node.part)
            self.emit("split", split, split)
            self.code[split] = ("split", split + 1, len(self.code))
            return
        splits = []
        for _ in range(node.most - node.least):
            splits.append(self.emit("split", 0, 0))
            self.add(node.part)
        for split in splits:
            self.code[split] = ("split", split + 1, len(self.code))


@functools.lru_cache(maxsize=256)
def _program(node: Node, backwards: bool) -> _Program:
    program = _Program(backwards)
    program.add(node)
    program.emit("match")
    return program


def _ends(
    node: Node, text: str, budget: Budget, *, backwards: bool = False, first: bool = False
) -> list[bool]:
    """Return for each place of *text* whether a match of *node* ends there (backwards: begins).

    With *first*, stop at the first match that is seen.
    """
    program = _program(node, backwards)
    tables = [_table(one, text, budget) for one in program.conditions]
    result = [False] * (len(text) + 1)
    closures: dict[tuple[frozenset[int], int], tuple[frozenset[int], bool]] = {}
    steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}
    states: frozenset[int] = frozenset()
    places = range(len(text), -1, -1) if backwards else range(len(text) + 1)
    budget.spend(len(text) + 1)
    for place in places:
        held = sum(table[place] << number for number, table in enumerate(tables))
        key = states, held
        if key not in closures:
            closures[key] = _closure(program, states, held, budget)
        ready, result[place] = closures[key]
        if result[place] and first:
            break
        at = place - 1 if backwards else place
        if not 0 <= at < len(text):
            break
        step = ready, text[at]
        if step not in steps:
            steps[step] = frozenset(
                number + 1
                for number in ready
                if program.code[number][1].accepts(text[at])  # type: ignore[attr-defined]
            )
            budget.spend(len(ready))
        states = steps[step]
    return result


def _closure(
    program: _Program, states: Iterable[int], held: int, budget: Budget
) -> tuple[frozenset[int], bool]:
    """Return the characters that may come next, and whether there is a match here.

    A match may begin at any place, so that the first instruction is always among the states.
    """
    pending, seen, ready, matched = [0, *states], set(), [], False
    while pending:
        number = pending.pop()
        if number in seen:
            continue
        seen.add(number)
        kind, *rest = program.code[number]
        if kind == "char":
            ready.append(number)
        elif kind == "split":
            pending += rest  # type: ignore[arg-type]
        elif kind == "match":
            matched = True
        elif held >> rest[0] & 1:  # type: ignore[operator]
            pending.append(number + 1)
    budget.spend(len(seen))
    return frozenset(ready), matched


def _table(condition: Place | Look, text: str, budget: Budget) -> list[bool]:
    """Return for each place of *text* whether the condition holds there."""
    if isinstance(condition, Place):
        budget.spend(len(text) + 1)
        return [PLACES[condition.kind](text, place) for place in range(len(text) + 1)]
    there = _ends(condition.part, text, budget, backwards=not condition.behind)
    return [one != condition.negated for one in there]


def search(node: Node, text: str, budget: Budget) -> bool:
    """Tell whether *node* matches a part of *text*.

    Raises UnsupportedPattern and BudgetExceeded.
    """
    return any(_ends(node, text, budget, first=True))


def whole(node: Node) -> Node:
    """Return *node*, bound to the whole text."""
    return Series((Place("start"), node, Place("end")))


# Ruby

DIGIT, SPACE = ((48, 57),), ((9, 13), (32, 32))
WORD = ((48, 57), (65, 90), (95, 95), (97, 122))
HEX = ((48, 57), (65, 70), (97, 102))
CLASSES = {"d": DIGIT, "s": SPACE, "w": WORD, "h": HEX}
CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v", "a": "\a", "e": "\x1b"}
POSIX = {
    "alpha": ((65, 90), (97, 122)),
    "digit": DIGIT,
    "alnum": ((48, 57), (65, 90), (97, 122)),
    "upper": ((65, 90),),
    "lower": ((97, 122),),
    "space": SPACE,
    "blank": ((9, 9), (32, 32)),
    "punct": ((33, 47), (58, 64), (91, 96), (123, 126)),
    "print": ((32, 126),),
    "graph": ((33, 126),),
    "cntrl": ((0, 31), (127, 127)),
    "xdigit": HEX,
}


def _inverted(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the code points outside of *ranges*."""
    left, begin = [], 0
    for low, high in sorted(ranges):
        if low > begin:
            left.append((begin, low - 1))
        begin = max(begin, high + 1)
    return (*left, (begin, 0x10FFFF))


def _character(text: str) -> tuple[tuple[int, int], ...]:
    return ((ord(text), ord(text)),)


class _Ruby:
    """Parses the syntax of Ruby's regular expressions (doc/regexp.rdoc, Onigmo's doc/RE)."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.depth = text, 0, 0
        self.any_case = self.dot_all = False

    def peek(self, text: str) -> bool:
        return self.text.startswith(text, self.place)

    def take(self, text: str) -> bool:
        if not self.peek(text):
            return False
        self.place += len(text)
        return True

    def next(self) -> str:
        if self.place >= len(self.text):
            raise InvalidPattern("premature end of the pattern")
        self.place += 1
        return self.text[self.place - 1]

    def parse(self) -> Node:
        node = self.choice()
        if self.place < len(self.text):
            raise InvalidPattern("unmatched close parenthesis")
        return node

    def choice(self) -> Node:
        if self.depth > NESTING_LIMIT:
            raise UnsupportedPattern("deep nesting")
        options = [self.series()]
        while self.take("|"):
            options.append(self.series())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def series(self) -> Node:
        parts: list[Node] = []
        while self.place < len(self.text) and not self.peek("|") and not self.peek(")"):
            part = self.atom()
            if part is not None:
                parts.append(self.repeated(part))
        return parts[0] if len(parts) == 1 else Series(tuple(parts))

    def repeated(self, part: Node) -> Node:
        while self.place < len(self.text):
            start = self.place
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
            if isinstance(part, Place | Look):
                raise UnsupportedPattern("a repeated anchor")
            counted = self.text[start] == "{"
            if self.peek("+") and not counted:
                raise UnsupportedPattern("possessive repeats")
            if self.peek("?") and counted:
                raise UnsupportedPattern("{n,m}?")  # Ruby has a meaning, and a fault, of its own
            self.take("?")
            part = Repeat(part, least, most)
        return part

    def bounds(self) -> tuple[int, int | None] | None:
        """Return the numbers of ``{n,m}``; None if that is not what stands here."""
        if not self.peek("{"):
            return None
        end = self.text.find("}", self.place, self.place + 20)
        low, comma, high = self.text[self.place + 1 : max(end, self.place + 1)].partition(",")
        numbers = [one for one in (low, high) if one]
        if end < 0 or not numbers or not all(one.isascii() and one.isdigit() for one in numbers):
            return None
        self.place = end + 1
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
            return Place("line start" if character == "^" else "line end")
        if character in "*+?":
            raise InvalidPattern("target of repeat operator is not specified")
        return Chars(_character(character), any_case=self.any_case)

    def group(self) -> Node | None:
        look: tuple[bool, bool] | None = None
        before = self.any_case, self.dot_all  # an option such as (?i) holds until its group ends
        if self.take("?"):
            if self.take("#"):
                end = self.text.find(")", self.place)
                after = self.text[end + 1 : end + 2]
                if end < 0 or "\\" in self.text[self.place : end] or (after and after in "*+?{"):
                    raise UnsupportedPattern("a comment")
                self.place = end + 1
                return None
            looks = {
                "=": (False, False),
                "!": (False, True),
                "<=": (True, False),
                "<!": (True, True),
            }
            opening = next((one for one in looks if self.take(one)), None)
            if opening:
                look = looks[opening]
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
        if look is None:
            return node
        if look[0] and not _length(node):
            raise UnsupportedPattern("look-behind of several lengths")
        return Look(node, *look)

    def name(self) -> None:
        closing = ">" if self.next() == "<" else "'"
        end = self.text.find(closing, self.place)
        name = self.text[self.place : max(end, self.place)]
        if not name.isidentifier() or not name.isascii():
            raise UnsupportedPattern("this group")
        self.place = end + 1

    def options(self) -> str:
        """Read ``i)`` or ``i:`` behind ``(?``; return how it ends."""
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
        if letter == ")" and (self.text[self.place - 2] == "?" or "|" in self.text[self.place :]):
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
            return Place(kinds[letter])
        ranges = self.escaped(letter)
        return Chars(ranges, any_case=self.any_case and letter.lower() not in CLASSES)

    def escaped(self, letter: str) -> tuple[tuple[int, int], ...]:
        """Return the characters that a backslash and *letter* stand for."""
        if letter in CLASSES:
            return CLASSES[letter]
        if letter.lower() in CLASSES:
            return _inverted(CLASSES[letter.lower()])
        if letter in CONTROLS:
            return _character(CONTROLS[letter])
        digits = {"x": 2, "u": 4}.get(letter)
        if digits:
            number = self.text[self.place : self.place + digits]
            if len(number) == digits and all(one in string.hexdigits for one in number):
                self.place += digits
                if int(number, 16) < (128 if letter == "x" else 0xD800):
                    return ((int(number, 16), int(number, 16)),)
        if letter.isalnum() or letter > "\x7f":
            raise UnsupportedPattern(f"\\{letter}")
        return _character(letter)

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
                self.place += 1
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
        end = self.text.find(":]", self.place, self.place + 20)
        name = self.text[self.place + 2 : max(end, self.place)]
        if end < 0 or name.removeprefix("^") not in POSIX or "punct" in name:
            raise UnsupportedPattern("this set")
        self.place = end + 2
        return name, POSIX[name.removeprefix("^")]

    def member(self) -> tuple[tuple[tuple[int, int], ...], bool]:
        character = self.next()
        if character != "\\":
            return _character(character), False
        letter = self.next()
        if letter == "b":
            return _character("\b"), False
        return self.escaped(letter), letter.lower() in CLASSES


def _length(node: Node) -> int | None:
    """Return how many characters *node* matches; None if that differs, or depends on the place."""
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


# POSIX: characters come with whether the shell quoted them

Letters = Sequence[tuple[str, bool]]


class _Extended:
    """Parses extended regular expressions as glibc does (POSIX.1-2017, Base Definitions, 9.4)."""

    def __init__(self, letters: Letters) -> None:
        self.letters, self.place, self.depth = letters, 0, 0

    @property
    def special(self) -> str:
        """The next character, if it may have a meaning; else nothing."""
        if self.place >= len(self.letters) or self.letters[self.place][1]:
            return ""
        return self.letters[self.place][0]

    def parse(self) -> Node:
        node = self.choice()
        if self.place < len(self.letters):
            raise UnsupportedPattern("an unmatched parenthesis")
        return node

    def choice(self) -> Node:
        if self.depth > NESTING_LIMIT:
            raise UnsupportedPattern("deep nesting")
        options = [self.series()]
        while self.special == "|":
            self.place += 1
            options.append(self.series())
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def series(self) -> Node:
        parts: list[Node] = []
        while self.place < len(self.letters) and self.special not in ("|", ")"):
            parts.append(self.repeated(self.atom()))
        return parts[0] if len(parts) == 1 else Series(tuple(parts))

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
            if self.special != ")":
                raise UnsupportedPattern("an unmatched parenthesis")
            self.place += 1
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
        return Chars(_character(character))


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
        following = "".join(one for one, _ in letters[place + 1 : place + 2])
        if character == "[" and following and following in ".=:":
            text = "".join(one for one, _ in letters[place : place + 12])
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
            parts.append(Chars(_character(character)))
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
            parts.append(Chars(_character(character)))
    return whole(Series(tuple(parts)))
