"""Evaluates a parsed conditional expression of bash."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pypi_practice.travis.config import bash_patterns, regular_expressions
from pypi_practice.travis.plan.bash_conditional.parser import (
    FILE_TESTS,
    NUMERIC,
    All,
    Comparison,
    Expression,
    Not,
    Test,
)
from pypi_practice.travis.plan.bash_conditional.words import NAME, Scope, Undecided

INTEGER = re.compile(r"[ \t\n]*+([-+]?(?:0|[1-9][0-9]{0,17}))?[ \t\n]*")


@dataclass(frozen=True)
class Verdict:
    """Whether a condition holds; None if only the build can tell, then with the reasons."""

    holds: bool | None
    reasons: tuple[Undecided, ...] = ()


def evaluate(expression: Expression, scope: Scope) -> Verdict:
    """Return whether *expression* holds. Raises BudgetExceeded.

    An unknown part does not matter if the others decide the result.
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
    """Whether *left* sorts before *right*; raises Undecided if that depends on the locale."""
    for letter, other in zip(left, right, strict=False):
        if letter != other:
            pair = letter + other
            if pair.isascii() and (pair.isdigit() or (pair.isalpha() and pair.islower())):
                return letter < other
            raise Undecided("unknown_order", f"{left} {right}")
    return len(left) < len(right)
