"""No word of pages, data and notes is misspelt, in any language."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from helpers.docs.blocks import ROOT
from helpers.site import spelling
from helpers.site.data_texts import LANGUAGES, WHOLE

from scripts import system_packages


@pytest.fixture(scope="module")
def occurrences() -> list[spelling.Occurrence]:
    """Every word that readers see."""
    return list(spelling.everything())


def test_every_word_is_spelt_right(occurrences):
    assert spelling.mistakes(occurrences) == [], (
        "correct it, or add it to tests/fixtures/spelling.yml"
    )
    assert len(occurrences) > 50_000


def test_the_list_is_needed(occurrences):
    """A word that the dictionaries have come to know, or that nobody writes, goes."""
    lists = spelling.listed()
    for key, language in (("names", "en"), *((code, code) for code in WHOLE)):
        unknown = spelling.unknown(
            lists[key], str(LANGUAGES[language]["dictionary"])
        ) | spelling.unknown(lists[key], str(LANGUAGES[WHOLE[-1]]["dictionary"]))
        written = {
            form
            for occurrence in occurrences
            if key == "names" or occurrence.language == language or occurrence.free
            for form in (
                *spelling.forms(occurrence.word, occurrence.language),
                occurrence.word.lower(),
            )
        }
        assert sorted(lists[key] - unknown) == [], f"known to hunspell: {key}"
        assert sorted(lists[key] - written) == [], f"not written anywhere: {key}"
        assert key == "names" or not lists[key] & lists["names"]


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("docs/en/tutorial/upload.md", "environment", "enviroment"),
        ("docs/es/tutorial/upload.md", "archivo", "archvo"),
        ("docs/es/practice.md", "description: ", "description: Aprnede. "),
        (
            "pypi_practice/data/commands/shell.yml",
            "Nothing has been uploaded yet.",
            "Nothing has been uploadad yet.",
        ),
        (
            "pypi_practice/data/commands/shell.yml",
            "Todavía no se ha subido nada.",
            "Todavia no se ha subido nada.",
        ),
        ("README.md", "Necesitas Python", "Nesecitas Python"),
    ],
)
def test_a_typo_is_named_with_file_and_line(file, right, wrong, tmp_path):
    text = (ROOT / file).read_text(encoding="utf-8")
    line = text[: text.index(right)].count("\n") + 1
    changed = text.replace(right, wrong, 1)
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text(changed, encoding="utf-8")
    (tmp_path / "docs").mkdir(exist_ok=True)
    mistakes = spelling.mistakes(spelling.everything(tmp_path))
    assert [message.rpartition(":")[0] for message in mistakes] == [f"{file}:{line}"], mistakes


def test_code_and_quotes_of_the_other_language_are_no_typos():
    text = 'Escribe `enviroment`, {{ macro("enviroment") }} o «environment» en *the log*.\n'
    assert spelling.mistakes(spelling.words(text, "es", "page")) == []
    assert spelling.mistakes(spelling.words("Escribe environment.", "es", "page")) != []
    assert spelling.mistakes(spelling.words("Súbelas y quítaselo.", "es", "page")) == []
    assert spelling.mistakes(spelling.words("Súbelsa.", "es", "page")) != []


def test_without_hunspell_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(AssertionError) as english:
        spelling.unknown(["word"], "en_GB")
    assert "apt-get install hunspell hunspell-en-gb hunspell-es" in str(english.value)
    assert not system_packages.has_hunspell()
    monkeypatch.setenv("LANGUAGE", "es")
    assert re.search(r"ortografía.*apt-get install hunspell", system_packages.no_hunspell())


def test_without_its_dictionary_too(monkeypatch, tmp_path: Path):
    with pytest.raises(AssertionError, match="hunspell"):
        spelling.unknown(["word"], "xx_XX")
