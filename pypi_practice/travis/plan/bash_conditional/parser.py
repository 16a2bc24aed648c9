"""Parses conditional expressions of bash (``[[ ... ]]``)."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn

from pypi_practice.travis.plan.bash_conditional.lexer import Lexer
from pypi_practice.travis.plan.bash_conditional.words import NotBash, Undecided, Word

NESTING_LIMIT = 200  # parentheses inside each other
UNARY = frozenset("abcdefghknoprstuvwxzGLNORS")
FILE_TESTS = frozenset("abcdefhLprswxS")
NUMERIC: dict[str, Callable[[int, int], bool]] = {
    "-eq": int.__eq__,
    "-ne": int.__ne__,
    "-lt": int.__lt__,
    "-le": int.__le__,
    "-gt": int.__gt__,
    "-ge": int.__ge__,
}
BINARY = {"=", "==", "!=", "=~", "-ef", "-nt", "-ot", *NUMERIC}


@dataclass(frozen=True)
class Test:
    """``-operator word``; a single word is ``-n word``."""

    operator: str
    word: Word


@dataclass(frozen=True)
class Comparison:
    """A word, an operator and another word."""

    left: Word
    operator: str
    right: Word


@dataclass(frozen=True)
class Not:
    """The negation of an expression."""

    inner: Expression


@dataclass(frozen=True)
class All:
    """A conjunction (``&&``), or with *any_of* a disjunction (``||``)."""

    parts: tuple[Expression, ...]
    any_of: bool


Expression = Test | Comparison | Not | All


class _Parser:
    def __init__(self, source: str) -> None:
        self.lexer = Lexer(f"{source} ]]")
        self.current: str | Word | None = None
        self.depth = 0

    def advance(self, *, newlines: bool = False, kind: str = "") -> str | Word | None:
        self.current = self.lexer.token(kind)
        while newlines and self.current == "\n":
            self.current = self.lexer.token(kind)
        return self.current

    @property
    def ends(self) -> bool:
        """Whether the present token is ``]]``."""
        return isinstance(self.current, Word) and self.current.source == "]]"

    def fail(self) -> NoReturn:
        raise NotBash

    def parse(self) -> Expression:
        expression = self.series(any_of=True)
        if not self.ends:
            self.fail()
        self.lexer.skip()
        if self.lexer.position < len(self.lexer.source):
            raise Undecided("starts_command")  # another command follows "]]"
        return expression

    def series(self, *, any_of: bool) -> Expression:
        """Read parts separated by ``||`` or by ``&&``, up to the token after them."""
        parts = []
        while True:
            parts.append(self.series(any_of=False) if any_of else self.term())
            if self.current != ("||" if any_of else "&&"):
                return parts[0] if len(parts) == 1 else All(tuple(parts), any_of)

    def term(self) -> Expression:
        token = self.advance(newlines=True)
        if token == "(":
            self.depth += 1
            if self.depth > NESTING_LIMIT:
                raise Undecided("unknown_expression", "(((")
            inner = self.series(any_of=True)
            if self.current != ")":
                self.fail()
            self.depth -= 1
            self.advance(newlines=True)
            return All((inner,), any_of=False)
        if not isinstance(token, Word) or self.ends:
            self.fail()
        if token.source == "!":
            self.depth += 1
            if self.depth > NESTING_LIMIT:
                raise Undecided("unknown_expression", "! ! !")
            inner = self.term()
            self.depth -= 1
            if isinstance(inner, Not):
                raise Undecided("unknown_expression", "! !")  # old and new versions differ
            return Not(inner)
        if re.fullmatch("-[A-Za-z]", token.source) and token.source[1] in UNARY:
            word = self.argument()
            self.advance(newlines=True)
            return Test(token.source[1], word)
        operator = self.advance()
        if operator in ("&&", "||", ")") or self.ends:
            return Test("n", token)
        sign = operator.source if isinstance(operator, Word) else operator
        if sign is None or sign not in (BINARY if isinstance(operator, Word) else ("<", ">")):
            self.fail()
        kinds = {"=": "pattern", "==": "pattern", "!=": "pattern", "=~": "regex"}
        comparison = Comparison(token, sign, self.argument(kinds.get(sign, "")))
        self.advance(newlines=True)
        return comparison

    def argument(self, kind: str = "") -> Word:
        word = self.advance(kind=kind)
        if not isinstance(word, Word) or self.ends:
            self.fail()
        return word


@functools.lru_cache(maxsize=1024)
def _parsed(source: str) -> Expression | NotBash | Undecided:
    if "\0" in source:
        return Undecided("unknown_expression", source)
    try:
        return _Parser(source).parse()
    except (NotBash, Undecided) as error:
        return error


def parse(source: str) -> Expression:
    """Return the condition *source*. Raises NotBash, and Undecided for what is not covered."""
    parsed = _parsed(source)
    if isinstance(parsed, Exception):
        raise parsed
    return parsed
