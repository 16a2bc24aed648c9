"""The maintainers' pages: their generated parts are up to date, and their links lead on."""

from __future__ import annotations

import re

import pytest
from helpers.docs.blocks import ROOT, maintainers_pages

from scripts import contributing
from site_builder.site_data import languages

PAGES = [page for language in languages() for page in contributing.pages(language)]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#([\w-]+))?\)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_what_is_made_is_as_it_is_made_today(page):
    text = page.read_text(encoding="utf-8")
    assert contributing.filled(text, page.parent.name) == text, (
        "run: python -m scripts.contributing"
    )
    assert text.count("<!-- {{ ") == len(contributing.PART.findall(text)) > 0


@pytest.mark.parametrize("page", PAGES, ids=lambda page: f"{page.parent.name}-{page.stem}")
def test_each_link_leads_to_a_file_and_its_section(page):
    for path, anchor in LINK.findall(page.read_text(encoding="utf-8")):
        if path.startswith("https://"):
            continue
        target = (page.parent / path).resolve()
        assert target.is_file(), path
        assert not anchor or f"#{anchor} }}" in target.read_text(encoding="utf-8"), anchor


def test_contributing_leads_to_each_page_of_both_languages():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    linked = {path for path, _ in LINK.findall(text) if path.startswith("contributing/")}
    assert linked == {page.relative_to(ROOT).as_posix() for page in PAGES}
    assert len(linked) == len(maintainers_pages()) * len(languages())


def test_a_part_that_is_old_is_seen():
    text = '<!-- {{ listing("examples/site/fails-token.out") }} -->\n\nold\n\n<!-- end -->\n'
    new = contributing.filled(text, "en")
    assert "```text\n[alert] on deploy.token" in new
    assert "\nold\n" not in new
    with pytest.raises(KeyError, match="unknown"):
        contributing.filled(text.replace("listing", "unknown"), "en")
