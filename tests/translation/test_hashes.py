"""Neither language is behind: a section changed in one is named until the other was revisited."""

from __future__ import annotations

import shutil

import pytest
from helpers.docs.blocks import ROOT

from scripts import translation_hashes


def test_no_section_is_behind():
    assert translation_hashes.changed() == []


@pytest.mark.parametrize("language", translation_hashes.LANGUAGES)
def test_a_change_in_one_language_names_the_section_of_the_other(language, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    monkeypatch.setattr(translation_hashes, "ROOT", tmp_path)
    monkeypatch.setattr(
        translation_hashes,
        "FILE",
        tmp_path / "docs" / "data" / "generated" / "translation_hashes.yml",
    )
    page = tmp_path / "docs" / language / "tutorial" / "upload.md"
    text = page.read_text(encoding="utf-8")
    page.write_text(
        text.replace("`--extra-index-url`", "x").replace("{ #keep }\n", "{ #keep }\nx"),
        encoding="utf-8",
    )
    other = next(code for code in translation_hashes.LANGUAGES if code != language)
    assert [
        message
        for message in translation_hashes.changed()
        if "section keep" in message and f"docs/{other}/" in message
    ]
    translation_hashes.write()
    assert translation_hashes.changed() == []


def test_a_line_break_is_no_change(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    monkeypatch.setattr(translation_hashes, "ROOT", tmp_path)
    page = tmp_path / "docs" / "es" / "practice.md"
    page.write_text(page.read_text(encoding="utf-8") + "\n\n", encoding="utf-8")
    assert translation_hashes.changed() == []
