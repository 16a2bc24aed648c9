"""The words of the guide: data/terms.yml is kept in both languages."""

from __future__ import annotations

import re

import pytest
import yaml
from blocks import ROOT, pages

TERMS = yaml.safe_load((ROOT / "data" / "terms.yml").read_text(encoding="utf-8"))
# Not prose: macros, code, quotes of others, labels, emphasis that glosses a term, NAMES.
NOT_PROSE = re.compile(
    r"\{\{.*?\}\}|`[^`\n]*`|«[^»\n]*»|\"[^\"\n]*\"|\*\*[^*\n]*\*\*|(?<!\*)\*[^*\n]+\*(?!\*)"
    r"|\]\([^)]*\)|\{[^}\n]*\}|^!!!|<[^>]*>|\b[A-Z_]{3,}\b|\bgit \w+",
    re.M,
)
WORD_FILES = ("words", "practice", "travis", "explain")


def never(language: str) -> list[tuple[str, re.Pattern[str]]]:
    """Return what is never written in a language, each with the word to write."""
    return [
        (term[language], re.compile(pattern, re.IGNORECASE))
        for term in TERMS
        for pattern in term["never"].get(language, [])
    ]


def found(text: str, language: str) -> list[str]:
    """Return ``line: word, write: term`` for each unwanted word."""
    return [
        f"{number}: {match[0]!r}, write: {term}"
        for number, line in enumerate(text.split("\n"), 1)
        for term, pattern in never(language)
        for match in pattern.finditer(line)
    ]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("page", pages())
def test_a_page_keeps_the_terms(page, language):
    text = (ROOT / "docs" / language / f"{page}.md").read_text(encoding="utf-8")
    if language == "es":  # a heading that is the same in English is a message
        english = (ROOT / "docs" / "en" / f"{page}.md").read_text(encoding="utf-8").split("\n")
        text = "\n".join("" if line[:1] == "#" and line in english else line
                         for line in text.split("\n"))  # fmt: skip
    assert found(NOT_PROSE.sub(" ", text), language) == [], f"docs/{language}/{page}.md"


@pytest.mark.parametrize("name", WORD_FILES)
def test_the_program_keeps_the_terms(name):
    words = yaml.safe_load((ROOT / "data" / f"{name}.yml").read_text(encoding="utf-8"))
    wrong = [
        f"{key}: {one}"
        for key, texts in words.items()
        for language, text in texts.items()
        for one in found(NOT_PROSE.sub(" ", str(text)), language)
    ]
    assert wrong == [], f"data/{name}.yml"


def test_each_term_is_in_use():
    prose = {
        language: " ".join(
            (ROOT / "docs" / language / f"{page}.md").read_text(encoding="utf-8").lower()
            for page in pages()
        )
        for language in ("en", "es")
    }
    for term in TERMS:
        for language in ("en", "es"):
            stem = term[language].split()[0][:5].lower()
            assert stem in prose[language] or term["en"] == "plain words", term


def test_an_unwanted_word_is_found():
    assert found("Ejecuta el comando.\nSube el fichero.", "es") == [
        "1: 'comando', write: orden",
        "2: 'fichero', write: archivo",
    ]
