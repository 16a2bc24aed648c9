"""The first use of a term on a page leads to the glossary, and nothing else does."""

from __future__ import annotations

import re

import pytest
from helpers.docs.blocks import pages
from helpers.site.built_site import LANGUAGES
from markdown import Markdown

from site_builder.pages import glossary_links
from site_builder.pages.tables import anchor, names
from site_builder.site_data import data


def rendered(text: str, language: str = "en", page: str = "howto/x.md") -> str:
    """Return *text* as HTML, with links to the glossary."""
    links = glossary_links.TermLinks(language)
    links.page = page
    return Markdown(extensions=["attr_list", "tables", "admonition", links]).convert(text)


def linked(html: str) -> list[tuple[str, str]]:
    """Return the term and the text of each link."""
    return re.findall(r'<a class="term" href="[^"#]*#([\w-]+)">([^<]*)</a>', html)


def test_the_first_use_is_linked_and_no_other():
    html = rendered("A token, two tokens.\n\nMore tokens.\n\n- A wheel and a *wheel*.")
    assert linked(html) == [("token", "token"), ("wheel", "wheel")]
    assert '<a class="term" href="../reference/glossary.md#token">token</a>, two tokens.' in html


def test_headings_code_links_labels_and_titles_stay_as_they_are():
    html = rendered(
        "# A token\n\n## Wheels { #w }\n\n`token` [a token](x.md) **Upload** *sdist*\n\n"
        '!!! note "A job"\n\n    Nothing.\n\n| keyring |\n| --- |\n| a scope |\n\n```\nbranch\n```'
    )
    assert linked(html) == [("scope", "scope")]


def test_the_longest_term_wins_and_a_part_of_a_word_is_none():
    html = rendered(
        "The practice index, an environment variable, a tokenizer, `x`-token, a/token/b."
    )
    assert linked(html) == [
        ("practice-index", "practice index"),
        ("environment-variable", "environment variable"),
    ]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("es", "Los entornos virtuales y los builds", ["virtual-environment", "build"]),
        ("es", "un flujo de trabajo", []),
        ("es", "Dos jobs. Las imágenes.", ["job", "image"]),
        ("en", "Log in and build the package with a build tool", []),
        ("en", "a build writes logs", ["build", "log"]),
        ("en", "an identity provider", []),
    ],
)
def test_forms_of_a_word_are_known_and_other_meanings_are_not(language, text, expected):
    assert [term for term, _ in linked(rendered(text, language))] == expected


def test_the_place_of_the_page_decides_the_address():
    assert 'href="reference/glossary.md#token"' in rendered("token", page="index.md")
    assert 'href="glossary.md#token"' in rendered("token", page="reference/deploy.md")
    assert linked(rendered("token", page="reference/glossary.md")) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pages_of_the_site_have_these_links(built_site, language):
    used = set()
    for page in pages():
        links = built_site.html(language, page).select("a.term")
        targets = [link["href"].partition("#")[2] for link in links]
        assert len(set(targets)) == len(targets), page
        for link in links:
            assert not link.find_parent(["h1", "h2", "h3", "code", "pre", "nav"]), page
        used |= set(targets)
        if f"{page}.md" not in glossary_links.WITHOUT and page.startswith(("tutorial/", "howto/")):
            assert targets, page
    assert used == {anchor(key) for key in data("tables/glossary")}, "a term that no page uses"


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_term_is_found_by_its_own_name(language):
    terms = glossary_links.Terms(language)
    for key, words in names().items():
        before = {"en": "the ", "es": "la "}[language]
        assert key in [term for term, _, _ in terms.find(before + words[language])], key
