"""Which words the pages must not use: docs/data/site/terms.yml."""

from __future__ import annotations

import re

import yaml

from helpers.docs.blocks import ROOT

TERMS = yaml.safe_load((ROOT / "docs" / "data" / "site" / "terms.yml").read_text(encoding="utf-8"))


# Not prose: macros, code, quotes of others, labels, emphasis that glosses a term, NAMES.
NOT_PROSE = re.compile(
    r"\{\{.*?\}\}|`[^`\n]*`|«[^»\n]*»|\"[^\"\n]*\"|\*\*[^*\n]*\*\*|(?<!\*)\*[^*\n]+\*(?!\*)"
    r"|\]\([^)]*\)|\{[^}\n]*\}|^!!!|<[^>]*>|\b[A-Z_]{3,}\b|\bgit \w+(?: --?\w+)*(?: \w+\.\w+)?",
    re.M,
)


def never(language: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return what is never written in a language, each with the word to write."""
    return [
        (term[language], re.compile(pattern, re.IGNORECASE))
        for term in TERMS
        for pattern in term["never"].get(language, [])
    ]


def wrong_terms(text: str, language: str) -> list[str]:
    """Return ``line: word, write: term`` for each unwanted word."""
    return [
        f"{number}: {match[0]!r}, write: {term}"
        for number, line in enumerate(text.split("\n"), 1)
        for term, pattern in never(language)
        for match in pattern.finditer(line)
    ]
