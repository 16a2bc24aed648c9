"""The page "How this guide is tested" tells what the tests count, and the locked versions."""

from __future__ import annotations

import re

import yaml
from helpers.docs import tested_facts
from helpers.docs.blocks import ROOT

FACTS = yaml.safe_load(
    (ROOT / "docs" / "data" / "generated" / "tested.yml").read_text(encoding="utf-8")
)
REFRESH = "docs/data/generated/tested.yml is old: run make refresh"


def test_the_page_counts_what_the_tests_count():
    assert FACTS["counts"] == tested_facts.counts(), REFRESH
    assert FACTS["declared"] == tested_facts.declared(), REFRESH


def test_the_page_names_the_locked_versions():
    lock = (ROOT / "requirements" / "test.txt").read_text(encoding="utf-8")
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", lock, re.M))
    versions = {name: version for name, version in FACTS["versions"].items() if name != "Python"}
    assert versions == {name: locked[name] for name in tested_facts.PROGRAMS}, REFRESH
    assert versions.items() <= tested_facts.versions().items(), "run the tests with: make test"


def test_each_page_shows_the_numbers(built_site):
    def cells(language, page):
        return [cell.get_text() for cell in built_site.html(language, page).select("td")]

    for language in ("en", "es"):
        numbers = cells(language, "tested")
        for number in FACTS["counts"].values():
            assert str(number) in numbers
        programs = cells(language, "reference/versions")
        for name, version in FACTS["versions"].items():
            assert programs[programs.index(name) + 1] == version


def test_nothing_is_declared_without_need():
    """Only a click on a web page, another's machine or an interactive shell may be declared."""
    assert {block["listing"] for block in tested_facts.declared()} == {
        "examples/practice/fresh.sh",
        "examples/practice/reset.sh",
        "examples/practice/shell.sh",
        "examples/travis/encrypt.sh",
        "examples/wall/allow.sh",
        "examples/wall/require.sh",
    }
