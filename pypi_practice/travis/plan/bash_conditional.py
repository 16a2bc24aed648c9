"""Parses and evaluates what stands between ``[[`` and ``]]`` of bash, without starting anything.

Covered is what the conditions of deploys commonly hold: words with quotes and parameters, ``=``,
``==``, ``!=`` with patterns, ``=~``, ``<``, ``>``, comparisons of whole numbers, tests of texts and
of files, ``&&``, ``||``, ``!`` and parentheses. The rest (commands, arithmetic, extended patterns,
what depends on the machine) is not guessed: its value is None, with the reason.

Source: parse.y (cond_or, cond_and, cond_term, read_token_word) and test.c of bash 5.2, and the
section "Bash Conditional Expressions" of its manual. The tests compare it with bash itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NoReturn, Protocol

from pypi_practice.travis.config import bash_patterns, regular_expressions
from pypi_practice.travis.config.regular_expressions import Budget

NESTING_LIMIT = 200  # parentheses inside each other
BLANK, META = " \t", " \t\n|&;()<>"
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
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Substitutions whose end is certain: nothing inside can hold an end of its own.
COMMAND = re.compile(r"\$\(\([^()'\"`\\#$]*\)\)|\$\([^()'\"`\\#]*\)|`[^`'\"\\$]*`")
PARAMETER = re.compile(r"\$\{[^{}'\"`\\$()\n]*\}")
KNOWN_PARAMETER = re.compile(
    r"\$\{(?P<length>#?)(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"(?:(?P<operator>:[-+]|[-+]|##?|%%?)(?P<word>[A-Za-z0-9_./-]*)"
    r"|:(?P<offset>[0-9]{1,9})(?::(?P<count>[0-9]{1,9}))?)?\}"
)
INTEGER = re.compile(r"[ \t\n]*+([-+]?(?:0|[1-9][0-9]{0,17}))?[ \t\n]*")
SHOWN = 60  # characters of a text that a reason shows


class NotBash(ValueError):
    """A condition that bash refuses as a syntax error."""


class Undecided(Exception):
    """What only the build can tell: ``code`` is a key of messages.yml, ``text`` fills it in."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class Files(Protocol):
    """Answers tests of files: ``test("f", "setup.py")``. Raises Undecided."""

    def test(self, operator: str, path: str) -> bool:
        """Whether ``-operator path`` holds."""


@dataclass(frozen=True)
class Scope:
    """What a condition is evaluated with.

    ``variable`` returns the value of a variable, or None if it is not set; raises Undecided.
    """

    variable: Callable[[str], str | None]
    files: Files
    budget: Budget


# Words


@dataclass(frozen=True)
class Text:
    """Characters as they are written; quoted ones have no meaning in a pattern."""

    text: str
    quoted: bool


@dataclass(frozen=True)
class Parameter:
    """``$NAME`` or a form of ``${NAME…}`` that KNOWN_PARAMETER matches."""

    source: str
    quoted: bool


@dataclass(frozen=True)
class Unknown:
    """A part whose value only the build can tell."""

    code: str
    text: str


Part = Text | Parameter | Unknown


@dataclass(frozen=True)
class Word:
    """A word of bash, before its parameters are filled in."""

    parts: tuple[Part, ...]
    source: str

    def letters(self, scope: Scope) -> list[tuple[str, bool]]:
        """Return each character and whether it is quoted. Raises Undecided."""
        letters: list[tuple[str, bool]] = []
        for part in self.parts:
            if isinstance(part, Unknown):
                raise Undecided(part.code, part.text)
            text = part.text if isinstance(part, Text) else _expanded(part.source, scope)
            scope.budget.spend(len(text) + 1)
            letters += [(letter, part.quoted) for letter in text]
        return letters

    def value(self, scope: Scope) -> str:
        """Return the text that it becomes. Raises Undecided."""
        return "".join(letter for letter, _ in self.letters(scope))


def _expanded(source: str, scope: Scope) -> str:
    match = KNOWN_PARAMETER.fullmatch(source)
    if match is None:
        raise Undecided("unknown_expression", source)
    value = scope.variable(match["name"])
    text, operator, word = value or "", match["operator"], match["word"] or ""
    if match["length"]:
        return str(len(text))
    if match["offset"]:
        start = int(match["offset"])
        return text[start : start + int(match["count"])] if match["count"] else text[start:]
    if operator in ("-", ":-"):
        missing = value is None or (operator == ":-" and not text)
        return word if missing else text
    if operator in ("+", ":+"):
        there = value is not None and (operator == "+" or bool(text))
        return word if there else ""
    if operator in ("#", "##"):
        return text.removeprefix(word)
    return text.removesuffix(word) if operator and word else text


class _Lexer:
    """Cuts a condition into operators and words."""

    def __init__(self, source: str) -> None:
        self.source, self.place = source, 0

    def skip(self) -> None:
        """Go over blanks, continued lines and comments."""
        while self.place < len(self.source):
            if self.source.startswith("\\\n", self.place):
                self.place += 2
            elif self.source[self.place] in BLANK:
                self.place += 1
            elif self.source[self.place] == "#":
                end = self.source.find("\n", self.place)
                self.place = len(self.source) if end < 0 else end
            else:
                return

    def token(self, kind: str = "") -> str | Word | None:
        """Return an operator or a word; None at the end.

        *kind* is ``pattern`` or ``regex`` behind the operators that take one. Raises NotBash and
        Undecided.
        """
        self.skip()
        if self.place >= len(self.source):
            return None
        sign = self.source[self.place]
        if sign in META and not (kind == "regex" and sign in "(|"):
            operator = self.source[self.place : self.place + 2]
            if operator in ("<(", ">("):
                raise Undecided("starts_command")
            if operator not in ("&&", "||", "<<", ">>", "<&", ">&", "<>", ">|", "&>", "|&", ";;"):
                operator = sign
            self.place += len(operator)
            return operator
        return self.word(kind)

    def word(self, kind: str = "") -> Word:
        """Return the word that begins here."""
        start, depth = self.place, 0
        parts: list[Part] = []
        while self.place < len(self.source):
            sign = self.source[self.place]
            if kind == "regex" and sign in "()|":
                if sign == ")" and not depth:
                    break
                depth += {"(": 1, ")": -1, "|": 0}[sign]
            elif sign in META and not depth:
                break
            following = self.source[self.place + 1 : self.place + 2]
            if kind == "pattern" and sign in "?*+@!" and following == "(":
                raise Undecided("unknown_expression", self.source[self.place :])
            if depth and sign in "\n#":
                raise Undecided("unknown_expression", self.source[start:])
            parts += self.part(sign)
        if depth:
            raise NotBash
        source = self.source[start : self.place]
        if source.isdigit() and self.source[self.place : self.place + 1] in ("<", ">"):
            raise NotBash  # a number before them belongs to a redirection
        if source.startswith("{") and self.source[self.place : self.place + 1] in ("<", ">"):
            raise Undecided("unknown_expression", source)
        return Word(tuple(parts), source)

    def part(self, sign: str) -> Iterator[Part]:
        """Yield what *sign*, the character here, begins outside of quotes."""
        if sign == "\\":
            letter = self.source[self.place + 1 : self.place + 2]
            self.place += 2
            if letter != "\n":
                yield Text(letter, True)
        elif sign == "'":
            end = self.source.find("'", self.place + 1)
            if end < 0:
                raise NotBash
            yield Text(self.source[self.place + 1 : end], True)
            self.place = end + 1
        elif sign == '"':
            self.place += 1
            yield from self.double_quoted()
        elif sign == "~":
            self.place += 1
            yield Unknown("unknown_expression", "~")
        elif sign in "$`":
            yield self.dollar(False)
        else:
            end = self.place + 1
            while end < len(self.source) and self.source[end] not in f"{META}\\'\"~$`?*+@!#":
                end += 1
            yield Text(self.source[self.place : end], False)
            self.place = end

    def double_quoted(self) -> Iterator[Part]:
        yield Text("", True)
        while self.place < len(self.source):
            sign = self.source[self.place]
            if sign == '"':
                self.place += 1
                return
            if sign == "\\":
                letter = self.source[self.place + 1 : self.place + 2]
                self.place += 2
                if letter != "\n":
                    yield Text(letter if letter and letter in '$`"\\' else sign + letter, True)
            elif sign in "$`":
                yield self.dollar(True)
            else:
                end = self.place + 1
                while end < len(self.source) and self.source[end] not in '"\\$`':
                    end += 1
                yield Text(self.source[self.place : end], True)
                self.place = end
        raise NotBash

    def dollar(self, quoted: bool) -> Part:
        """Return what ``$`` or a backtick begins."""
        rest = self.source[self.place + 1 : self.place + 2]
        sign = self.source[self.place]
        if match := COMMAND.match(self.source, self.place):
            self.place = match.end()
            if match[0].startswith("$(("):
                return Unknown("unknown_expression", match[0])
            return Unknown("starts_command", "")
        if sign == "$" and (match := NAME.match(self.source, self.place + 1)):
            self.place = match.end()
            return Parameter(f"${{{match[0]}}}", quoted)
        if match := PARAMETER.match(self.source, self.place):
            self.place = match.end()
            return Parameter(match[0], quoted)
        if sign == "`" or rest in ("(", "{", "["):
            code = "unknown_expression" if rest in ("{", "[") else "starts_command"
            raise Undecided(code, self.source[self.place :])
        if rest and (rest in "0123456789@*#?$!-" or (not quoted and rest in "'\"")):
            if not quoted and rest in "'\"":
                raise Undecided("unknown_expression", self.source[self.place :])
            self.place += 2
            return Unknown("unknown_expression", f"${rest}")
        self.place += 1
        return Text("$", quoted)


# Expressions


@dataclass(frozen=True)
class Test:
    """``-operator word``, or a word alone, which is ``-n word``."""

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
    """What does not hold."""

    inner: Expression


@dataclass(frozen=True)
class All:
    """What holds if every part does (``&&``), or if one does (``||``)."""

    parts: tuple[Expression, ...]
    any_of: bool


Expression = Test | Comparison | Not | All


class _Parser:
    def __init__(self, source: str) -> None:
        self.lexer = _Lexer(f"{source} ]]")
        self.current: str | Word | None = None
        self.depth = 0

    def read(self, *, newlines: bool = False, kind: str = "") -> str | Word | None:
        self.current = self.lexer.token(kind)
        while newlines and self.current == "\n":
            self.current = self.lexer.token(kind)
        return self.current

    @property
    def ends(self) -> bool:
        """Whether the word ``]]`` stands here."""
        return isinstance(self.current, Word) and self.current.source == "]]"

    def fail(self) -> NoReturn:
        raise NotBash

    def parse(self) -> Expression:
        expression = self.series(any_of=True)
        if not self.ends:
            self.fail()
        self.lexer.skip()
        if self.lexer.place < len(self.lexer.source):
            raise Undecided("starts_command")  # what follows "]]" is a command of its own
        return expression

    def series(self, *, any_of: bool) -> Expression:
        """Read parts with ``||`` between them, or with ``&&``; then stand on what follows."""
        parts = []
        while True:
            parts.append(self.series(any_of=False) if any_of else self.term())
            if self.current != ("||" if any_of else "&&"):
                return parts[0] if len(parts) == 1 else All(tuple(parts), any_of)

    def term(self) -> Expression:
        token = self.read(newlines=True)
        if token == "(":
            self.depth += 1
            if self.depth > NESTING_LIMIT:
                raise Undecided("unknown_expression", "(((")
            inner = self.series(any_of=True)
            if self.current != ")":
                self.fail()
            self.depth -= 1
            self.read(newlines=True)
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
            self.read(newlines=True)
            return Test(token.source[1], word)
        operator = self.read()
        if operator in ("&&", "||", ")") or self.ends:
            return Test("n", token)
        sign = operator.source if isinstance(operator, Word) else operator
        if sign is None or sign not in (BINARY if isinstance(operator, Word) else ("<", ">")):
            self.fail()
        kinds = {"=": "pattern", "==": "pattern", "!=": "pattern", "=~": "regex"}
        comparison = Comparison(token, sign, self.argument(kinds.get(sign, "")))
        self.read(newlines=True)
        return comparison

    def argument(self, kind: str = "") -> Word:
        word = self.read(kind=kind)
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


# Evaluation


@dataclass(frozen=True)
class Verdict:
    """Whether a condition holds; None if only the build can tell, then with the reasons."""

    holds: bool | None
    reasons: tuple[Undecided, ...] = ()


def evaluate(expression: Expression, scope: Scope) -> Verdict:
    """Return whether *expression* holds. Raises BudgetExceeded.

    A part that only the build can tell does not count where the others decide.
    """
    scope.budget.spend(1)
    if isinstance(expression, Not):
        inner = evaluate(expression.inner, scope)
        return inner if inner.holds is None else Verdict(not inner.holds)
    if isinstance(expression, All):
        reasons: list[Undecided] = []
        for part in expression.parts:
            verdict = evaluate(part, scope)
            if verdict.holds is expression.any_of:
                return verdict
            reasons += verdict.reasons
        return Verdict(None, tuple(reasons)) if reasons else Verdict(not expression.any_of)
    try:
        if isinstance(expression, Test):
            return Verdict(_test(expression, scope))
        return Verdict(_compare(expression, scope))
    except Undecided as error:
        return Verdict(None, (error,))


def _test(test: Test, scope: Scope) -> bool:
    value = test.word.value(scope)
    if test.operator in "zn":
        return bool(value) is (test.operator == "n")
    if test.operator == "v" and NAME.fullmatch(value):
        return scope.variable(value) is not None
    if test.operator in FILE_TESTS:
        return scope.files.test(test.operator, value)
    raise Undecided("unknown_expression", f"-{test.operator} {value}")


def _compare(comparison: Comparison, scope: Scope) -> bool:
    operator = comparison.operator
    left = comparison.left.value(scope)
    letters = comparison.right.letters(scope)
    right = "".join(letter for letter, _ in letters)
    if operator in ("=", "==", "!=", "=~"):
        try:
            node = (
                bash_patterns.extended(letters) if operator == "=~" else bash_patterns.glob(letters)
            )
            return regular_expressions.search(node, left, scope.budget) is not (operator == "!=")
        except regular_expressions.UnsupportedPattern as error:
            raise Undecided("unknown_pattern", comparison.right.source) from error
    if operator in NUMERIC:
        return NUMERIC[operator](_number(left), _number(right))
    if operator in "<>":
        return _is_before(left, right) if operator == "<" else _is_before(right, left)
    raise Undecided("unknown_expression", f"{left} {operator} {right}")


def _number(text: str) -> int:
    match = INTEGER.fullmatch(text)
    if match is None:
        raise Undecided("unknown_number", text)
    return int(match[1] or 0)


def _is_before(left: str, right: str) -> bool:
    """Whether *left* sorts before *right*, where that is so in every locale."""
    for one, other in zip(left, right, strict=False):
        if one != other:
            both = one + other
            if both.isascii() and (both.isdigit() or (both.isalpha() and both.islower())):
                return one < other
            raise Undecided("unknown_order", f"{left} {right}")
    return len(left) < len(right)


# Assignments


def assignments(line: str) -> list[tuple[str, Word]]:
    """Return the names and words of ``NAME=value NAME=value``, as ``export`` of bash takes them.

    Raises Undecided for a line that is more than that, and NotBash.
    """
    lexer, found = _Lexer(line), []
    while (token := lexer.token()) is not None:
        if not isinstance(token, Word):
            raise Undecided("unknown_expression", line)
        name = NAME.match(token.source)
        first = token.parts[0] if token.parts else None
        if name is None or not isinstance(first, Text) or first.quoted:
            continue
        sign, _, rest = first.text[name.end() :].partition("=")
        if first.text[name.end() : name.end() + 1] == "=" and not sign:
            parts = (Text(rest, False), *token.parts[1:])
            found.append((name[0], Word(parts, token.source)))
        elif token.source[name.end() : name.end() + 2] in ("+=", "[") or "=" in token.source:
            raise Undecided("unknown_expression", line)
    return found
