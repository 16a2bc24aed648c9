"""Adds to a sentence about an unknown word the known one that is nearest to it."""

from __future__ import annotations

from collections.abc import Iterable

from pypi_practice.core.i18n import Translator


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the one of *known* that is most like *word*, whatever its case, or None.

    >>> [nearest(word, ["doctor", "pypi"]) for word in ("Docter", "pipy", "x")]
    ['doctor', 'pypi', None]
    """
    import difflib

    by_small_letters = {candidate.lower(): candidate for candidate in known}
    small = word.lower()
    matches = difflib.get_close_matches(small, by_small_letters, n=1) or [
        candidate for candidate in by_small_letters if sorted(candidate) == sorted(small)
    ]
    return by_small_letters[matches[0]] if matches else None


def suggest(sentence: str, word: str, known: Iterable[str], language: str) -> str:
    """Return *sentence*, and the question whether the nearest word was meant, if there is one."""
    suggestion = nearest(word, known)
    if suggestion is None:
        return sentence
    return f"{sentence} {Translator(language)('did_you_mean', word=suggestion)}"
