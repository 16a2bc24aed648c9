"""Each claim that could age has a source, and each source a page."""

from __future__ import annotations

import datetime

import pytest
from helpers.docs.blocks import all_pages, is_section, pages

from scripts import sources


def test_no_source_is_missing_and_none_is_unused():
    listed = {key for page in all_pages() for key in sources.used(page)}
    assert listed == set(sources.known())


@pytest.mark.parametrize(
    "page",
    [page for page in pages() if ("/" in page or page == "practice") and not is_section(page)],
)
def test_a_page_that_states_facts_has_a_source(page):
    assert sources.used(page)


@pytest.mark.parametrize("key", sources.known())
def test_a_source_is_whole(key):
    source = sources.known()[key]
    assert source.keys() - {"version"} == {"title", "url", "read"}
    assert source["url"].startswith("https://")
    assert isinstance(source["read"], datetime.date)


def test_an_old_source_is_named():
    later = datetime.date.today() + datetime.timedelta(days=400)
    assert len(sources.old(later)) == len(sources.known())
    assert sources.old(min(source["read"] for source in sources.known().values())) == []
