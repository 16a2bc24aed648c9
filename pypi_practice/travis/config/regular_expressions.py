"""Matches the regular expressions and shell patterns of a file in time linear in the text.

A file may be written by anyone, so its patterns are not given to Python's ``re``, which backtracks
and can take exponential time, nor to bash or Ruby. Each is parsed in its own syntax
(``ruby_patterns`` or ``bash_patterns``) and simulated as a nondeterministic finite automaton, whose
sets of states are cached (Ken Thompson, "Regular Expression Search Algorithm", 1968; Russ Cox,
"Regular Expression Matching Can Be Simple And Fast", 2007). Only whether a text matches is asked,
so that greedy and reluctant repeats are the same, and a look-around is a table that is made before
with a search of its own. What is not regular (back-references, atomic groups) is refused.

google-re2 was not taken: it has no wheels for musl, so that the program could not be installed
everywhere, refuses look-around, which files use, and the parsers would be needed all the same.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
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
        return self.negated != any(
            low <= code <= high for code in codes for low, high in self.ranges
        )


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
    tables = [_table(condition, text, budget) for condition in program.conditions]
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
    return [matches != condition.negated for matches in there]


def search(node: Node, text: str, budget: Budget) -> bool:
    """Tell whether *node* matches a part of *text*.

    Raises UnsupportedPattern and BudgetExceeded.
    """
    return any(_ends(node, text, budget, first=True))


def whole(node: Node) -> Node:
    """Return *node*, bound to the whole text."""
    return Series((Place("start"), node, Place("end")))


# Sets of characters

DIGIT, SPACE = ((48, 57),), ((9, 13), (32, 32))
HEX = ((48, 57), (65, 70), (97, 102))
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


def one_character(text: str) -> tuple[tuple[int, int], ...]:
    """Return the range that holds one character."""
    return ((ord(text), ord(text)),)
