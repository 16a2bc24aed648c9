"""Each how-to page begins with its answer, and what needs the practice index comes after it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from helpers.docs.blocks import CALL, ROOT, pages, source
from helpers.site.built_site import LANGUAGES

from site_builder.site_data import data

HOWTO = [page for page in pages() if page.startswith("howto/") and page != "howto/index"]
WORDS = 170  # from the title to the end of the answer: what a phone shows without much scrolling
STEP = re.compile(r"\]\(#[\w-]+\)")
LISTING = re.compile(r'listing\("([^"]+\.sh)"')
# What makes sense in the practice index alone; other commands serve a project of one's own too.
DRILL = re.compile(r"pypi-practice (?:shell|reset|leak|list|account|token (?:new|list|revoke))\b")
SITUATION = data("site/choices")["situation"]["options"]


def body(page: str, language: str) -> str:
    """Return a page's Markdown below its title."""
    return source(page, language).read_text(encoding="utf-8").partition("\n# ")[2]


def blocks_in_tabs(text: str) -> Iterator[tuple[str, str]]:
    """Yield each shell block of a page, and the label of the tab that it is in, or nothing."""
    label = ""
    for line in text.split("\n"):
        if match := re.match(r'=== "(.*)"', line):
            label = match[1]
        elif line and not line.startswith("    "):
            label = ""
        if call := LISTING.search(line):
            yield call[1], label


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", HOWTO)
def test_a_howto_begins_with_steps_that_lead_to_its_sections(page: str, language: str) -> None:
    before = re.split(r"^## |\{\{ listing\(", body(page, language), maxsplit=1, flags=re.M)[0]
    steps = list(STEP.finditer(before))
    assert len(steps) >= 2, before
    answer = CALL.sub("", before[: steps[-1].end()])
    assert len(answer.split()) <= WORDS, len(answer.split())


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", HOWTO)
def test_a_drill_of_a_howto_is_in_a_tab_of_its_own(page: str, language: str) -> None:
    practice = SITUATION["practice"][language]
    outside = [
        path
        for path, label in blocks_in_tabs(body(page, language))
        if label != practice and DRILL.search((ROOT / path).read_text(encoding="utf-8"))
    ]
    assert outside == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_tabs_and_steps_begin_after_an_empty_line(language: str) -> None:
    """Otherwise they are part of the paragraph before them."""
    for page in pages():
        text = source(page, language).read_text(encoding="utf-8")
        assert re.findall(r"^.*\S.*\n(?:=== \"|1\. ).*$", text, re.M) == [], page


@pytest.mark.parametrize("language", LANGUAGES)
def test_minute_0_of_a_leak_needs_no_drill(language: str) -> None:
    minute = body("howto/leak", language).partition("{ #remove }")[2].partition("\n## ")[0]
    labels = [SITUATION[option][language] for option in ("account", "practice")]
    assert re.findall(r'^=== "(.*)"$', minute, re.M) == labels
    account = minute.partition(f'=== "{labels[0]}"')[2].partition("\n=== ")[0]
    assert "listing(" not in account
    assert "pypi-practice" not in account
    for index in ("pypi", "testpypi"):
        assert f"({{{{ index.{index}.web }}}}/manage/account/)" in account
    assert '{{ label("remove_token") }}' in account


@pytest.mark.parametrize("language", LANGUAGES)
def test_tabs_of_a_choice_stand_in_its_order(language: str) -> None:
    for choice in data("site/choices").values():
        order = [label[language] for label in choice["options"].values()]
        for page in pages():
            labels = re.findall(r'^=== "(.*)"$', source(page, language).read_text("utf-8"), re.M)
            own = [order.index(label) for label in labels if label in order]
            # Each set begins with the first option, which is what a new reader sees.
            assert own == list(range(len(order))) * (len(own) // len(order)), page
