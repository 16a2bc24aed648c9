"""Logs that were made to be slow to read, or to do something on a terminal."""

from __future__ import annotations

from collections.abc import Callable

from helpers.explain.cases import log
from pypi_practice.explain.catalog import catalogue

PATTERNS = [pattern for entry in catalogue() for pattern in entry.patterns]
LITERALS = [
    piece
    for pattern in PATTERNS
    for segment in pattern.segments
    for piece in segment
    if isinstance(piece, str)
]
FIRST_LITERALS = [
    next(piece for piece in pattern.segments[0] if isinstance(piece, str)) for pattern in PATTERNS
]
ORDINARY = log("twine-verbose-scope.log")


def repeated(unit: str, size: int) -> str:
    """Return *unit* again and again, *size* characters in all."""
    return (unit * (size // len(unit) + 1))[:size]


# What is repeated from the first character of the log to the last.
UNITS = {
    "one-place": "both ",
    "two-places": "both and ",
    "three-places": "both x and y given. ",
    "all-places": "both x and y given. z overwrites ",
    "the-same-message": 'unknown key "a" (b)\n',
    "half-a-message": "Skipping a deployment with the ",
    "literals": " ".join(LITERALS),
    "literals-without-space": "".join(LITERALS),
    "literals-backwards": "\n".join(reversed(LITERALS)),
    "first-literals": " ".join(FIRST_LITERALS),
    "short-literals": "key value user your both owner missing skipping ",
    "quotes": "'",
    "both-quotes": "\"' ",
    "quoted-first": "'x' is invalid for 'y'.",
    "quotes-left-open": "'is invalid for '",
    "numbers": "0.1.dev1+ga",
    "digits": "1",
    "line-feeds": "\n",
    "carriage-returns": "\r",
    "windows-line-ends": "\r\n",
    "separators": "\u2028",
    "spaces": " ",
    "tabs-and-line-feeds": "\t\t\t\t\n",
    "colours": "\x1b[31;1m",
    "colours-left-open": "\x1b[0;",
    "escapes": "\x1b",
    "escapes-and-spaces": "\x1b ",
    "titles-left-open": "\x1b]0;a",
    "links": "\x1b]8;;https://a.example/\x07a\x1b]8;;\x07",
    "pasted-colours": "[1;1",
    "folds": "travis_fold:start:",
    "timers": "travis_time:start:0a\r\x1b[0K",
    "quoted-mail": "> ",
    "timestamps": "2026-11-24T08:00:00.1Z ",
    "wrapped-as-twine-does": "\x1b[31mERROR   \x1b[0m InvalidDistribution:\r\n         Cannot\r\n",
    "tokens": "pypi-AgEaaaaaaaaaaaa\n",
    "token-beginnings": "pypi-AgE",
    "headers": "Authorization: Basic ",
    "addresses": "://a:",
    "long-addresses": "://" + "a" * 190 + ":",
    "variables": "TWINE_PASSWORD=",
    "masks": "TWINE_PASSWORD=****",
    "other-letters": "\U0001f600 both ",
    "directions": "\u202eboth\u2066 and ",
    "half-a-letter": "\ufffd both and given ",
}
# What begins once and goes on to the end of the log.
LINES: dict[str, Callable[[int], str]] = {
    "a-colour-without-end": lambda size: "\x1b[" + "0" * size,
    "a-title-without-end": lambda size: "\x1b]0;" + "a" * size,
    "a-pasted-colour-without-end": lambda size: "[1" + repeated(";1", size),
    "a-number-without-end": lambda size: "0.1.dev" + "1" * size,
    "a-wrapped-token": lambda size: "pypi-AgE" + "a" * 20 + "\n" + "a" * size + ".",
    "a-header-without-value": lambda size: "Basic " + " " * size,
    "a-mask-without-end": lambda size: "TWINE_PASSWORD=" + "*" * size + "x",
    "a-quote-without-end": lambda size: "can't open file '" + "a" * size,
}
LOGS: dict[str, Callable[[int], str]] = {
    **{
        name: lambda size, unit=unit: repeated(unit, size)  # type: ignore[misc]
        for name, unit in UNITS.items()
    },
    **LINES,
}


def ordinary(size: int) -> str:
    """Return a log of that many characters in which nothing is hostile."""
    return repeated(ORDINARY, size)
