"""A third language begins with one row, one configuration and one page: CONTRIBUTING.md."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from bs4 import BeautifulSoup
from helpers import markup
from helpers.markup import attribute, element
from helpers.site.built_site import LANGUAGES, copy_sources

from pypi_practice.core import data
from site_builder import build as building
from site_builder import multi_language, site_data

ROW = "fr: {name: Français, config: mkdocs.fr.yml, begun: true}\n"
CONFIG = """\
INHERIT: mkdocs.yml
site_name: Publier sur PyPI depuis Travis CI
site_description: Publier un paquet Python sur TestPyPI et PyPI avec des jetons d'API.
docs_dir: docs/fr
site_dir: site/fr
theme:
  language: fr
"""
PAGE = """\
---
description: Publier un paquet Python depuis Travis CI.
---

# Publier sur PyPI depuis Travis CI

La page suivante est [le paquet](tutorial/package.md).

## Le jeton { #token }

Sur PyPI, le bouton {{ label("add_token") }} crée un jeton.

{{ listing("examples/upload/upload.sh") }}
"""
# What a translator adds to the data while going on; all else is said in English until then.
WORDS = (
    ("untranslated_title: {", "untranslated_title: {fr: Pas encore traduite, "),
    ("untranslated_text:\n", "untranslated_text:\n  fr: Cette page est encore en anglais.\n"),
)


@pytest.fixture(scope="module")
def french(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources with a page in French, and the French site that they make."""
    place = tmp_path_factory.mktemp("third")
    copy_sources(place)
    with (place / "pypi_practice" / "data" / "languages.yml").open("a", encoding="utf-8") as file:
        file.write(ROW)
    (place / "mkdocs.fr.yml").write_text(CONFIG, encoding="utf-8")
    (place / "docs" / "fr").mkdir()
    (place / "docs" / "fr" / "index.md").write_text(PAGE, encoding="utf-8")
    words = place / "docs" / "data" / "site" / "words.yml"
    text = words.read_text(encoding="utf-8")
    for old, new in WORDS:
        assert old in text
        text = text.replace(old, new, 1)
    words.write_text(text, encoding="utf-8")
    sections = place / "docs" / "data" / "site" / "sections.yml"
    text = sections.read_text(encoding="utf-8")
    sections.write_text(text.replace("learn: {", "learn: {fr: Apprendre, ", 1), encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--config-file", "mkdocs.fr.yml"],
        cwd=place,
        env={**os.environ, **building.QUIET},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    return place


def page(place: Path, name: str) -> BeautifulSoup:
    """Return a built page."""
    file = place / "site" / "fr" / name / "index.html"
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


def test_the_page_is_in_its_language(french):
    html = page(french, "")
    assert attribute(element(html, "html"), "lang") == "fr"
    assert element(html, "h1").get_text(strip=True).startswith("Publier sur PyPI")
    assert html.select_one("article [lang]") is None
    assert attribute(element(html, "dialog.search"), "aria-label") == "Rechercher"
    assert "Apprendre" in markup.text(html, "nav.md-nav--primary")
    assert [link["hreflang"] for link in html.select("nav.languages a")] == list(LANGUAGES)


def test_a_missing_page_is_the_english_one_and_says_so(french):
    html = page(french, "tutorial/package")
    assert attribute(element(html, "html"), "lang") == "fr"
    notice, content = element(html, ".admonition.note"), element(html, "article div[lang]")
    assert "Pas encore traduite" in notice.get_text()
    assert "encore en anglais" in notice.get_text()
    assert notice.find_parent(lang="en") is None
    assert content["lang"] == "en"
    assert element(content, "h1").get_text(strip=True).startswith("Build a Python package")
    assert markup.text(content, "a.download") == "Download"
    canonical = attribute(element(html, 'link[rel="canonical"]'), "href")
    assert canonical.endswith("/en/tutorial/package/")


def test_tables_of_a_missing_page_are_those_of_the_first_language(french):
    text = element(page(french, "reference/labels"), "article").get_text(" ")
    assert "PyPI in Spanish" in text


def test_search_works(french):
    index = (french / "site" / "fr" / "search" / "sections.js").read_text(encoding="utf-8")
    assert "jeton" in index


def test_the_start_page_offers_it(french, monkeypatch):
    monkeypatch.setattr(site_data, "ROOT", french)
    configs = {**building.CONFIGS, "fr": "mkdocs.fr.yml"}
    for code in building.CONFIGS:
        shutil.copytree(french / "site" / "fr", french / "site" / code)
    site_data.data.cache_clear()  # what is read once a build is another build's now
    try:
        paths = {code: french / config for code, config in configs.items()}
        multi_language.write_root(french / "site", multi_language.read(french / "site", paths))
    finally:
        site_data.data.cache_clear()
    html = BeautifulSoup((french / "site" / "index.html").read_text("utf-8"), "html.parser")
    assert [link["href"] for link in html.select("main a")] == ["en/", "es/", "fr/"]


def test_the_program_does_not_offer_what_is_begun(french, monkeypatch):
    rows = yaml.safe_load(
        (french / "pypi_practice" / "data" / "languages.yml").read_text(encoding="utf-8")
    )
    monkeypatch.setattr(data, "load", lambda name: rows)
    fresh = importlib.util.find_spec("pypi_practice.core.i18n")
    assert fresh is not None
    assert fresh.loader is not None
    words = importlib.util.module_from_spec(fresh)
    fresh.loader.exec_module(words)
    assert "fr" in rows
    assert words.LANGUAGES == LANGUAGES
    assert words.language({"LANGUAGE": "fr:es"}) == "es"
