"""Matches the regular expressions and shell patterns of a file in time linear in the text.

A file may be written by anyone, so its patterns are not given to Python's ``re``, which backtracks
and can take exponential time, nor to bash or Ruby. Each is parsed in its own syntax
(``ruby_patterns`` or ``bash_patterns``) and simulated as a nondeterministic finite automaton, whose
sets of states are cached (Ken Thompson, "Regular Expression Search Algorithm", 1968; Russ Cox,
"Regular Expression Matching Can Be Simple And Fast", 2007). As only the existence
of a match matters, greedy and lazy repeats are the same, and the results of a look-around are
computed for all positions in advance. What is not regular (back-references, atomic groups) is
refused.

google-re2 is not used, because it has no wheels for musl and no look-around, and the parsers would
be needed anyway.
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
    """The conditions of a file exceed the budget of a plan."""


@dataclass
class Budget:
    """The number of remaining steps."""

    remaining: int = BUDGET

    def spend(self, steps: int) -> None:
        """Subtract *steps*; raises BudgetExceeded."""
        self.remaining -= steps
        if self.remaining < 0:
            raise BudgetExceeded


# The parts of a pattern


@dataclass(frozen=True)
class Chars:
    """One character in *ranges* (code points, inclusive), or with *negated* outside of them.

    With *strict*, the result for a character beyond ASCII depends on the locale.
    """

    ranges: tuple[tuple[int, int], ...]
    negated: bool = False
    any_case: bool = False
    strict: bool = False

    def accepts(self, character: str) -> bool:
        """Whether *character* matches; raises UnsupportedPattern."""
        code = ord(character)
        if code > 127 and (self.strict or self.any_case):
            raise UnsupportedPattern("letters beyond ASCII")
        codes = {code, ord(character.lower()), ord(character.upper())} if self.any_case else {code}
        return self.negated != any(
            low <= code <= high for code in codes for low, high in self.ranges
        )


@dataclass(frozen=True)
class Series:
    """A concatenation of parts."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Choice:
    """An alternative of several parts."""

    options: tuple[Node, ...]


@dataclass(frozen=True)
class Repeat:
    """A repeated part; *most* is None without a limit."""

    part: Node
    least: int
    most: int | None


@dataclass(frozen=True)
class Anchor:
    """A zero-width condition on the position: a key of ANCHORS."""

    kind: str


@dataclass(frozen=True)
class LookAround:
    """A look-ahead, or with *behind* a look-behind."""

    part: Node
    behind: bool
    negated: bool


Node = Chars | Series | Choice | Repeat | Anchor | LookAround
EMPTY = Series(())
ANY = Chars((), negated=True)
NOT_NEWLINE = Chars(((10, 10),), negated=True)


def _is_word(character: str) -> bool:
    if character > "\x7f":
        raise UnsupportedPattern("letters beyond ASCII")
    return character.isalnum() or character == "_"


def _is_boundary(text: str, position: int) -> bool:
    before = position > 0 and _is_word(text[position - 1])
    after = position < len(text) and _is_word(text[position])
    return before != after


ANCHORS: dict[str, Callable[[str, int], bool]] = {
    "start": lambda text, position: position == 0,
    "end": lambda text, position: position == len(text),
    "before last newline": lambda text, position: (
        position == len(text) or (position == len(text) - 1 and text[position] == "\n")
    ),
    # In Ruby, no line starts after a final newline.
    "line start": lambda text, position: (
        position == 0 or (text[position - 1] == "\n" and position < len(text))
    ),
    "line end": lambda text, position: position == len(text) or text[position] == "\n",
    "boundary": _is_boundary,
    "no boundary": lambda text, position: not _is_boundary(text, position),
}

# The automaton


@dataclass
class _Program:
    """The instructions char (Chars), split (two targets), place (index of a condition), match.

    After all but a split, the next instruction follows. With *backwards*, the text is read from its
    end.
    """

    backwards: bool
    code: list[tuple[object, ...]] = field(default_factory=list)
    conditions: list[Anchor | LookAround] = field(default_factory=list)

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
    """Return for each position whether a match of *node* ends there (with *backwards*: begins).

    With *first*, stop at the first match.
    """
    program = _program(node, backwards)
    # The conditions that hold at each position, as bits.
    held = [0] * (len(text) + 1)
    for number, condition in enumerate(program.conditions):
        for position, holds in enumerate(_table(condition, text, budget)):
            if holds:
                held[position] |= 1 << number
    result = [False] * (len(text) + 1)
    closures: dict[tuple[frozenset[int], int], tuple[frozenset[int], bool]] = {}
    steps: dict[tuple[frozenset[int], str], frozenset[int]] = {}
    states: frozenset[int] = frozenset()
    positions = range(len(text), -1, -1) if backwards else range(len(text) + 1)
    budget.spend(len(text) + 1)
    for position in positions:
        key = states, held[position]
        if key not in closures:
            closures[key] = _closure(program, states, held[position], budget)
        ready, result[position] = closures[key]
        if result[position] and first:
            break
        index = position - 1 if backwards else position
        if not 0 <= index < len(text):
            break
        step = ready, text[index]
        if step not in steps:
            steps[step] = frozenset(
                number + 1
                for number in ready
                if program.code[number][1].accepts(text[index])  # type: ignore[attr-defined]
            )
            budget.spend(len(ready))
        states = steps[step]
    return result


def _closure(
    program: _Program, states: Iterable[int], conditions_held: int, budget: Budget
) -> tuple[frozenset[int], bool]:
    """Return the char instructions that are reachable, and whether a match is.

    A match may begin at any position, so the first instruction is always among the states.
    """
    pending, visited, ready, matched = [0, *states], set(), [], False
    while pending:
        number = pending.pop()
        if number in visited:
            continue
        visited.add(number)
        kind, *operands = program.code[number]
        if kind == "char":
            ready.append(number)
        elif kind == "split":
            pending += operands  # type: ignore[arg-type]
        elif kind == "match":
            matched = True
        elif conditions_held >> operands[0] & 1:  # type: ignore[operator]
            pending.append(number + 1)
    budget.spend(len(visited))
    return frozenset(ready), matched


def _table(condition: Anchor | LookAround, text: str, budget: Budget) -> list[bool]:
    """Return for each position of *text* whether the condition holds there."""
    if isinstance(condition, Anchor):
        budget.spend(len(text) + 1)
        return [ANCHORS[condition.kind](text, position) for position in range(len(text) + 1)]
    matches_at = _ends(condition.part, text, budget, backwards=not condition.behind)
    return [matches != condition.negated for matches in matches_at]


def search(node: Node, text: str, budget: Budget) -> bool:
    """Tell whether *node* matches a part of *text*.

    Raises UnsupportedPattern and BudgetExceeded.
    """
    return any(_ends(node, text, budget, first=True))


def whole(node: Node) -> Node:
    """Return *node*, anchored at both ends."""
    return Series((Anchor("start"), node, Anchor("end")))


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
    """Return the range of a single character."""
    return ((ord(text), ord(text)),)
