"""Evaluates the conditions of ``if:``, as Travis CI does before a machine starts.

Grammar and evaluation are those of travis-conditions, version 1 (lib/travis/conditions/v1).
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pypi_practice.travis.config import regular_expressions, ruby_patterns
from pypi_practice.travis.config.regular_expressions import Budget

VARIABLES = re.compile(
    r"type|repo|head_repo|os|dist|group|sudo|language|sender|fork|draft|branch|head_branch|tag"
    r"|commit_message"
)
SHELL_STRING = (
    "Strings cannot start with a dollar (shell code does not work)."
    " This can be bypassed by quoting the string."
)
MATCHES = {"=~": "match", "~=": "match", "!~": "not_match"}
COMPARES = {"=": "eq", "==": "eq", "!=": "not_eq"}
T = TypeVar("T")
Expression = Any  # a list that begins with its kind, as in the original: ["eq", left, right]


class UnknownCondition(Exception):
    """A condition with an unsupported regular expression, which is the text of the error."""


class ConditionError(ValueError):
    """A condition that Travis CI cannot parse; the text is its message."""


@functools.cache
def _compiled(pattern: str, any_case: bool) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII | (re.IGNORECASE if any_case else re.NOFLAG))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = re.sub(r"\\\s*[\n\r]", " ", text)
        self.position = 0

    def scan(self, pattern: str, any_case: bool = False) -> str | None:
        match = _compiled(pattern, any_case).match(self.text, self.position)
        if match is None:
            return None
        self.position = match.end()
        return match[0]

    def spaced(self, action: Callable[[], T]) -> T:
        self.scan(r"\s*")
        result = action()
        self.scan(r"\s*")
        return result

    def token(self, pattern: str) -> str | None:
        return self.spaced(lambda: self.scan(pattern, any_case=True))

    def expected(self, expectation: str) -> ConditionError:
        return ConditionError(
            f"expected {expectation} at position {self.position} in: {self.quoted_text}"
        )

    def unread(self) -> ConditionError:
        return ConditionError(f"Could not parse {self.quoted_text}")

    @property
    def quoted_text(self) -> str:
        return json.dumps(self.text, ensure_ascii=False)

    def parse(self) -> Expression:
        result = self.expression()
        if result is None or self.position < len(self.text):
            raise self.unread()
        return result

    def expression(self) -> Expression:
        left = self.conjunction()
        while self.token(r"or|\|\|"):
            left = ["or", left, self.conjunction()]
        return left

    def conjunction(self) -> Expression:
        left = self.operand()
        while self.token(r"and|&&"):
            left = ["and", left, self.operand()]
        return left

    def operand(self) -> Expression:
        return self.parens(self.expression) or self.negation() or self.term()

    def parens(self, inside: Callable[[], Any]) -> Any:
        if not self.spaced(lambda: self.scan(r"\(")):
            return None
        result = self.spaced(inside)
        if not self.scan(r"\)"):
            raise self.expected(")")
        return result

    def negation(self) -> Expression:
        start = self.position
        if not self.token(r"not|!"):
            return None
        inner = self.operand()
        if inner is None:
            self.position = start
            return None
        return ["not", inner]

    def term(self) -> Expression:
        left = self.value()
        if word := self.token(r"not in|in"):
            if (items := self.parens(self.values)) is None:
                raise self.unread()
            return [word.lower().replace(" ", "_"), left, items]
        if (word := self.token(r"is not|is")) and (
            predicate := self.token(r"present|blank|true|false")
        ):
            return [word.lower().replace(" ", "_"), left, predicate.lower()]
        if operator := self.token(r"=~|~=|!~"):
            return [MATCHES[operator], left, self.regex()]
        if operator := self.token(r"==|=|!="):
            return [COMPARES[operator], left, self.value()]
        return left

    def value(self) -> Expression:
        result = self.spaced(lambda: self.variable() or self.call() or self.plain())
        if result is None:
            raise self.expected("an operand")
        return result

    def values(self) -> list[Expression]:
        expressions = self.list()
        if not expressions:
            raise self.expected("a list of values")
        return expressions

    def list(self) -> list[Expression]:
        items = []
        while item := self.variable() or self.call() or self.plain():
            items.append(item)
            if not self.token(","):
                break
        return items

    def variable(self) -> Expression:
        start = self.position
        match = VARIABLES.match(self.text, self.position)
        if match:
            self.position = match.end()
            if self.position == len(self.text) or self.text[self.position] in " \t\n\r,=)|":
                return ["var", match[0]]
        self.position = start
        return None

    def call(self) -> Expression:
        # As in the original, "env" at the start of a word is consumed even if no call follows.
        name = self.token("env|concat")
        arguments = self.parens(self.list) if name else None
        return None if name is None or arguments is None else ["call", name.lower(), arguments]

    def plain(self) -> Expression:
        if quote := self.scan("[\"']"):
            text = self.scan(f"[^{quote}]*") or ""
            if not self.scan(quote):
                raise self.expected(quote)
            return ["val", text]
        word = self.spaced(lambda: self.scan(r"[^\s()\"',=!]+"))
        if word and word.startswith("$"):
            raise ConditionError(SHELL_STRING)
        return ["val", word] if word else None

    def regex(self) -> Expression:
        if call := self.call():
            return ["reg", call]
        self.scan(r"\s*")
        pattern = self.scan(r"/(?:[^/]|(?<=\\)/)*/?") or self.scan(r"\S*[^\s)]+")
        return ["reg", re.sub(r"^/|/$", "", pattern, flags=re.MULTILINE)] if pattern else None


def _cast(value: Any) -> Any:
    if isinstance(value, str) and len(value) in (4, 5):  # avoids copies of long texts
        return {"true": True, "false": False}.get(value.lower(), value)
    return value


def _true(value: Any) -> bool:
    """Tell whether *value* is true in Ruby, where an empty string is."""
    return value is not None and value is not False


def written(value: Any) -> str:
    """Return *value* as a string, as Ruby's ``to_s`` does."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def matches(pattern: str, text: str, budget: Budget) -> bool:
    """Tell whether Ruby's *pattern* is found in *text*, in time linear in the text.

    Raises ConditionError, UnknownCondition and BudgetExceeded.
    """
    try:
        return regular_expressions.search(ruby_patterns.ruby(pattern), text, budget)
    except regular_expressions.InvalidPattern as error:
        raise ConditionError(f"Invalid regular expression: /{pattern}/") from error
    except regular_expressions.UnsupportedPattern as error:
        raise UnknownCondition(pattern) from error


def _chain(kind: str, left: Expression, right: Expression) -> list[Expression]:
    """Return the operands of a chain of one operator, without recursion, as it may be long."""
    parts = [right]
    while isinstance(left, list) and left[0] == kind:
        _, left, part = left
        parts.append(part)
    return [left, *reversed(parts)]


class _Evaluation:
    def __init__(self, data: Mapping[str, Any], budget: Budget) -> None:
        self.data, self.budget = data, budget

    def value(self, expression: Expression) -> Any:
        self.budget.spend(1)
        if not isinstance(expression, list):
            return _cast(expression)
        kind, *operands = expression
        return _cast(getattr(self, f"_{kind}")(*operands))

    def holds(self, expression: Expression) -> bool:
        return _true(self.value(expression))

    def _not(self, inner: Expression) -> bool:
        return not self.holds(inner)

    def _or(self, left: Expression, right: Expression) -> bool:
        return any(self.holds(part) for part in _chain("or", left, right))

    def _and(self, left: Expression, right: Expression) -> bool:
        return all(self.holds(part) for part in _chain("and", left, right))

    def _eq(self, left: Expression, right: Expression) -> bool:
        return bool(self.value(left) == self.value(right))

    def _not_eq(self, left: Expression, right: Expression) -> bool:
        return not self._eq(left, right)

    def _match(self, left: Expression, right: Expression) -> bool:
        text, pattern = self.value(left), self.value(right)
        if text is None or pattern is None:
            return False
        return matches(written(pattern), written(text), self.budget)

    def _not_match(self, left: Expression, right: Expression) -> bool:
        return not self._match(left, right)

    def _in(self, left: Expression, right: list[Expression]) -> bool:
        return self.value(left) in [self.value(item) for item in right]

    def _not_in(self, left: Expression, right: list[Expression]) -> bool:
        return not self._in(left, right)

    def _is(self, left: Expression, predicate: str) -> bool:
        value = self.value(left)
        if predicate in ("true", "false"):
            return _true(value) is (predicate == "true")
        return bool(value) is (predicate == "present")

    def _is_not(self, left: Expression, predicate: str) -> bool:
        return not self._is(left, predicate)

    def _val(self, text: str) -> str:
        return text

    def _reg(self, inner: Expression) -> Any:
        return self.value(inner)

    def _var(self, name: str) -> Any:
        return self.data.get(name)

    def _call(self, name: str, arguments: list[Expression]) -> Any:
        values = [self.value(argument) for argument in arguments]
        if name == "env":
            return self.data.get("env", {}).get(written(values[0])) if values else None
        self.budget.spend(sum(len(written(value)) for value in values))
        return "".join(written(value) for value in values)


@functools.lru_cache(maxsize=64)
def parse(text: str) -> Expression:
    """Return the condition as nested lists; raises ConditionError."""
    try:
        return _Parser(text).parse()
    except RecursionError as error:
        raise ConditionError("Could not parse: too long") from error


def holds(text: str, data: Mapping[str, Any], budget: Budget | None = None) -> bool:
    """Tell whether the condition holds; *data* maps ``branch``, ``tag``, ``type``, ``env`` ...

    Raises ConditionError with Travis CI's words if it cannot be read, UnknownCondition, and
    BudgetExceeded.
    """
    try:
        return _Evaluation(data, budget or Budget()).holds(parse(text))
    except RecursionError as error:
        raise ConditionError("Could not parse: too long") from error
