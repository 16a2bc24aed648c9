"""Corrects misspelt words as Travis CI does (travis-yml, lib/travis/yml/doc/helper)."""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Collection, Iterable

FARTHEST = 4


def distance(left: str, right: str, most: int = 1000) -> int:
    """Return the Levenshtein distance, at most *most*.

    >>> distance("pipy", "pypi")
    2
    """
    before = list(range(len(right) + 1))
    for row, letter in enumerate(left, 1):
        now = [row]
        for column, other in enumerate(right, 1):
            change = before[column - 1] + (letter != other)
            now.append(min(before[column] + 1, now[column - 1] + 1, change))
        if min(now) >= most:
            return most
        before = now
    return before[-1]


def match(words: Iterable[str], word: str, never: Collection[str] = ()) -> str | None:
    """Return the one of *words* that Travis CI reads *word* as, or None."""
    if len(word) < 3 or word in never:
        return None
    return _nearest(tuple(words), word)


# Cached, because --fix and plans validate a file several times.
@functools.lru_cache(maxsize=8192)
def _nearest(words: tuple[str, ...], word: str) -> str | None:
    letters = frozenset(word)
    near = [
        (distance(other, word, FARTHEST), other)
        for other in words
        if abs(len(other) - len(word)) < FARTHEST and _near(_letters(other), letters)
    ]
    near = [
        (far, other) for far, other in near if far < min(FARTHEST, len(word) / 2, len(other) / 2)
    ]
    near.sort(key=lambda pair: pair[0])
    if not near and len(word) < 6:
        near = [(1, other) for other in words if sorted(other) == sorted(word)][:1]
    if _tied(near):
        near = [(len(set(word) & set(other)), other) for _, other in near]
        near.sort(key=lambda pair: -pair[0])
    if _tied(near):
        near.sort(key=lambda pair: -len(pair[1]))
    return near[0][1] if near else None


@functools.cache
def _letters(known: str) -> frozenset[str]:
    return frozenset(known)


def _near(left: frozenset[str], right: frozenset[str]) -> bool:
    """Whether the distance may be less than FARTHEST: an edit changes one letter at most."""
    return len(left - right) < FARTHEST and len(right - left) < FARTHEST


def _tied(pairs: list[tuple[int, str]]) -> bool:
    return any(
        first[0] == other[0] for first, other in itertools.islice(itertools.pairwise(pairs), 1)
    )


def underscored(key: str) -> str:
    """Return *key* as travis-yml writes keys.

    >>> underscored("beforeInstall"), underscored("before-install")
    ('before_install', 'before_install')
    """
    key = re.sub(r"(?<=[A-Z])(?=[A-Z][a-z])", "_", key)
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", key).replace("-", "_").lower()


def cleaned(key: str) -> str:
    """Return *key* without characters that no key has."""
    key = re.sub(r"[^\w.]", "", re.sub("[- ]", "_", key))
    return (key.lstrip("_") if key.startswith("__") else key).rstrip("_").replace("__", "_")
