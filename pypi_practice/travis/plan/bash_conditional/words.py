"""The words of a conditional expression of bash, and the expansion of their parameters."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pypi_practice.travis.config.regular_expressions import Budget

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
KNOWN_PARAMETER = re.compile(
    r"\$\{(?P<length>#?)(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"(?:(?P<operator>:[-+]|[-+]|##?|%%?)(?P<word>[A-Za-z0-9_./-]*)"
    r"|:(?P<offset>[0-9]{1,9})(?::(?P<count>[0-9]{1,9}))?)?\}"
)
SHOWN = 60  # characters of a text in a reason


class NotBash(ValueError):
    """A condition that bash refuses as a syntax error."""


class Undecided(Exception):
    """The result is known only in the build; ``code`` is a key of messages.yml."""

    def __init__(self, code: str, text: str = "") -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


class Files(Protocol):
    """Evaluates tests of files, such as ``test("f", "setup.py")``. Raises Undecided."""

    def test(self, operator: str, path: str) -> bool:
        """Whether ``-operator path`` holds."""


@dataclass(frozen=True)
class Scope:
    """The context in which a condition is evaluated.

    ``variable`` returns the value of a variable, or None if it is not set; raises Undecided.
    """

    variable: Callable[[str], str | None]
    files: Files
    budget: Budget


@dataclass(frozen=True)
class Text:
    """Literal characters; quoted ones have no special meaning in a pattern."""

    text: str
    quoted: bool


@dataclass(frozen=True)
class Parameter:
    """``$NAME`` or a form of ``${NAME…}`` that KNOWN_PARAMETER matches."""

    source: str
    quoted: bool


@dataclass(frozen=True)
class Unknown:
    """A part whose value is known only in the build."""

    code: str
    text: str


Part = Text | Parameter | Unknown


@dataclass(frozen=True)
class Word:
    """A word of bash, before expansion."""

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
        """Return the text after expansion. Raises Undecided."""
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
        is_set = value is not None and (operator == "+" or bool(text))
        return word if is_set else ""
    if operator in ("#", "##"):
        return text.removeprefix(word)
    return text.removesuffix(word) if operator and word else text
