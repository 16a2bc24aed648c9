"""The words of the guide: docs/data/site/terms.yml is kept in both languages."""

from __future__ import annotations

import re

import pytest
from helpers.docs.blocks import ROOT, pages
from helpers.site import data_texts
from helpers.site.terms import NOT_PROSE, TERMS, never, wrong_terms


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("page", pages())
def test_a_page_keeps_the_terms(page, language):
    text = (ROOT / "docs" / language / f"{page}.md").read_text(encoding="utf-8")
    if language == "es":  # a heading that is the same in English is a message
        english = (ROOT / "docs" / "en" / f"{page}.md").read_text(encoding="utf-8").split("\n")
        text = "\n".join(
            "" if line[:1] == "#" and line in english else line for line in text.split("\n")
        )
    assert wrong_terms(NOT_PROSE.sub(" ", text), language) == [], f"docs/{language}/{page}.md"


QUOTES = {
    "pypi_practice/data/index/labels.yml",
    "docs/data/site/terms.yml",
    "pypi_practice/data/commands/system_errors.yml",
}  # PyPI's own words and the system's, and the list itself
PATTERN = re.compile(r".*tables/glossary\.yml:.+/found")  # what finds a term is no text


def test_the_data_keeps_the_terms():
    """All that the program says, and the tables and menus of the pages.

    A message has no marks of code, so a word that it cites is known by standing in each language.
    """
    leaves = [
        leaf
        for leaf in data_texts.leaves()
        if leaf.file not in QUOTES and not PATTERN.fullmatch(f"{leaf.file}:{leaf.key}")
    ]
    assert [message for leaf in leaves for message in unwanted(leaf)] == []
    assert len({leaf.file for leaf in leaves}) > 15


def unwanted(leaf: data_texts.Leaf) -> list[str]:
    """Return ``file:line: key: word, write: term`` for each unwanted word of a text of the data."""
    wrong = []
    for language in data_texts.WHOLE:
        others = " ".join(leaf.text(code) for code in data_texts.WHOLE if code != language)
        cited = set(re.findall(r"[\w-]+", others.lower()))
        wrong += [
            f"{leaf.place(language)}: {match[0]!r}, write: {term}"
            for term, pattern in never(language)
            for match in pattern.finditer(NOT_PROSE.sub(" ", leaf.text(language)))
            if language == data_texts.FIRST or match[0].lower() not in cited
        ]
    return wrong


NOTES = dict.fromkeys(("README.md", "CONTRIBUTING.md", "TRANSLATING.md"), "## En español")


@pytest.mark.parametrize("name", NOTES)
def test_the_notes_keep_the_terms(name):
    text = re.sub(r"^```.*?^```$", "", (ROOT / name).read_text(encoding="utf-8"), flags=re.M | re.S)
    spanish = "\n".join(
        [*re.findall(r"^\*[^*].*\*$", text, re.M), *_section(text, NOTES[name]).split("\n")]
    )
    assert len(spanish) > 300
    assert wrong_terms(NOT_PROSE.sub(" ", spanish), "es") == []
    english = text.replace(_section(text, NOTES[name]), "")
    assert wrong_terms(NOT_PROSE.sub(" ", english), "en") == []


def _section(text: str, heading: str) -> str:
    return text.partition(f"{heading}\n")[2].partition("\n## ")[0]


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
    assert wrong_terms("Ejecuta la orden.\nSube el fichero.", "es") == [
        "1: 'la orden', write: comando",
        "2: 'fichero', write: archivo",
    ]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("Ejecute el comando.", "Ejecute"),
        ("Abre la página y compruébalo. Pulse **Add**.", ". Pulse"),
        ("Asegúrese de que existe.", "Asegúrese"),
        ("Si lo tenéis, subid el archivo.", "tenéis"),
        ("Como puede ver usted mismo.", "usted"),
    ],
)
def test_a_form_of_usted_is_found(text, word):
    assert any(repr(word) in message for message in wrong_terms(text, "es"))


def test_a_form_of_the_third_person_is_none():
    assert wrong_terms("Espera a que alguien use el token, o lo cree y suba.", "es") == []


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("a: {en: Run it, es: Ejecuta la orden}", ["data/x.yml:1: a: 'la orden', write: comando"]),
        ("a: {en: With deploy you, es: Con deploy tú}", []),
    ],
)
def test_an_unwanted_word_of_the_data_is_found(text, wrong, tmp_path):
    file = tmp_path / "data" / "x.yml"
    file.parent.mkdir()
    file.write_text(text, encoding="utf-8")
    assert [
        message for leaf in data_texts.of_file(file, tmp_path) for message in unwanted(leaf)
    ] == wrong
