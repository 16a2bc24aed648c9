"""The pages of the guide that the program names: an address of a known site, or no address."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from helpers.docs.blocks import ROOT

from pypi_practice.cli.main import main
from pypi_practice.core import guide
from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES

LOG = ROOT / "tests" / "fixtures" / "logs" / "travis-empty-token.log"
SITE = "https://guide.example.org/publish/"


PAGE = re.compile(r'[^\s"]*(?:tutorial|howto|reference|explanation)/[a-z0-9-]+/[^\s"]*')


def pages_named(language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return what commands print that name pages of the guide, as a whole and in JSON."""
    fork = tmp_path / language
    names = ["--name", "tidy-shelf", "--user", "ana-ruiz", "--author", "Ana Ruiz"]
    pages = []
    for command in (
        ["fork", str(fork), *names, "--email", "ana@example.org", "--offline", "--yes"],
        ["doctor", str(fork), "--offline", "--no-build"],
        ["doctor", str(fork), "--offline", "--no-build", "--json"],
        ["explain", str(LOG)],
        ["explain", str(LOG), "--json"],
    ):
        assert main([*command[:1], "--lang", language, *command[1:]]) == 0
        printed = capsys.readouterr().out
        note = guide.note(language)
        assert ("--json" not in command and note is not None) == printed.endswith(f"{note}\n")
        assert PAGE.search(printed), command
        pages += PAGE.findall(printed)
        if "--json" not in command:  # there, the name of the key says it
            for line in filter(PAGE.search, printed.splitlines()):
                assert IN_THE_GUIDE[language] in line, line
    return pages


IN_THE_GUIDE = {"en": "in the guide: ", "es": "en la guía: "}


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_known_site_the_end_of_the_address_is_named(
    language, tmp_path, capsys, monkeypatch
):
    monkeypatch.setitem(load("index/addresses"), "guide", "")
    for page in pages_named(language, tmp_path, capsys):
        path, _, anchor = page.partition("#")
        file = ROOT / "docs" / language / f"{path.rstrip('/')}.md"
        assert file.is_file(), page
        is_written = "reference/messages" in path or f"{{ #{anchor} }}" in file.read_text("utf-8")
        assert not anchor or is_written, page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_address_of_a_known_site_is_whole(language, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(load("index/addresses"), "guide", SITE)
    pages = pages_named(language, tmp_path, capsys)
    assert all(page.startswith(f"{SITE}{language}/") for page in pages), pages


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_known_site_the_program_says_where_to_read(language, monkeypatch):
    monkeypatch.setitem(load("index/addresses"), "guide", "")
    assert "make serve" in (guide.note(language) or "")
    assert f"http://127.0.0.1:8000/{language}/" in (guide.note(language) or "")
    readme = (ROOT / "README.md").read_text("utf-8")
    assert f"serves them at {load('index/addresses')['guide_served']}\n" in readme


def test_the_site_is_that_of_a_release():
    """It is empty, or where .travis.yml publishes the site."""
    known_site = load("index/addresses")["guide"]
    jobs = yaml.safe_load((ROOT / ".travis.yml").read_text("utf-8"))["jobs"]["include"]
    [published] = re.findall(r"SITE_URL=(\S+)", " ".join(job["env"] for job in jobs))
    assert known_site in ("", published)
    assert not known_site or (known_site.endswith("/") and "your-name" not in known_site)
