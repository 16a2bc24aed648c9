"""Between the languages: the switch, the cover above them, the page for missing addresses."""

from __future__ import annotations

from typing import Literal
from urllib.parse import urlsplit

import pytest
from bs4 import BeautifulSoup
from helpers.docs.blocks import pages
from helpers.markup import attribute, element
from helpers.site.built_site import LANGUAGES, BuiltSite
from helpers.site.chromium import until
from playwright.sync_api import Browser, Page

from site_builder.site_data import page_address, section_title, word

WIDTHS = (320, 390, 584, 1400, 1920)
# What a reader may set (WCAG 1.4.12).
SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important; } p { margin-bottom: 2em !important; }"""
CUT = """
() => [...document.querySelectorAll("main *")].filter(one => {
  const isBlock = getComputedStyle(one).display !== "inline";
  return one.getBoundingClientRect().right > innerWidth
    || isBlock && one.scrollWidth > one.clientWidth + 1;
}).map(one => one.outerHTML)
"""
SCHEME = "document.body.getAttribute('data-md-color-scheme')"


def other_than(language: str) -> str:
    """Return the other language."""
    return next(code for code in LANGUAGES if code != language)


def choose_dark(page: Page) -> None:
    """Choose the dark look with the switch in the header."""
    until(page, f"{SCHEME} === 'default'")
    page.locator("form[data-md-component=palette] [for^=__palette]:visible").first.click()
    until(page, f"{SCHEME} === 'slate'")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_switch_keeps_section_look_and_tab(
    browser: Browser, address: str, language: str
) -> None:
    page = browser.new_context(
        color_scheme="light", viewport={"width": 1400, "height": 900}
    ).new_page()
    page.goto(f"{address}/{language}/howto/script/")
    choose_dark(page)
    page.locator(".tabbed-labels label").nth(1).click()
    section = page.locator("article h2[id]").nth(1)
    name = section.get_attribute("id")
    section.evaluate("one => one.scrollIntoView()")
    page.locator(f".languages a[lang={other_than(language)}]").click()
    page.wait_for_url(f"{address}/{other_than(language)}/howto/script/#{name}")
    assert page.evaluate(SCHEME) == "slate"
    assert page.locator(".tabbed-set > input").nth(1).is_checked()
    top = page.locator(f"#{name}").evaluate("one => one.getBoundingClientRect().top")
    assert 0 <= top < 450
    page.context.close()


def test_the_switch_keeps_the_tab_where_its_name_is_another(browser: Browser, address: str) -> None:
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.goto(f"{address}/en/howto/from-2019/")
    labels = page.locator(".tabbed-labels label")
    number = labels.all_inner_texts().index("The demo")
    labels.nth(number).click()
    page.evaluate("scrollTo(0, 0)")
    page.locator(".languages a[lang=es]").click()
    page.wait_for_url(f"{address}/es/howto/from-2019/**")
    assert page.locator(".tabbed-set > input").nth(number).is_checked()
    # It was for this one step: a page that is opened anew shows its first tabs, or the reader's.
    assert page.evaluate("sessionStorage.getItem('publish-from-ci.tabs')") is None
    page.context.close()


# The cover


@pytest.mark.parametrize("path", ["", "there/is/no/such/page/", "es/no/such/page/"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_stands_above_the_languages_fits_every_screen(
    browser: Browser, address: str, path: str, scheme: Literal["light", "dark"]
) -> None:
    page = browser.new_context(color_scheme=scheme, bypass_csp=True).new_page()
    page.goto(f"{address}/{path}")
    for spacing in ("", SPACING):
        page.add_style_tag(content=spacing or "one {}")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            cut = page.evaluate(CUT)
            assert (cut, page.evaluate("document.documentElement.scrollWidth")) == ([], width)
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_cover_leads_to_each_language(browser: Browser, address: str, language: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/")
    page.get_by_role("link", name=word("read", language)).click()
    assert page.url == f"{address}/{language}/"
    page.context.close()


# Missing addresses


def test_the_404_page_is_whole_in_each_language(built_site: BuiltSite) -> None:
    assert [file.parent for file in built_site.site.rglob("404.html")] == [built_site.site]
    html = BeautifulSoup((built_site.site / "404.html").read_text("utf-8"), "html.parser")
    known = {f"/{code}/{page_address(page)}" for code in LANGUAGES for page in pages()}
    for language in LANGUAGES:
        section = element(html, f"section.not-found[lang={language}]")
        links = {attribute(link, "href") for link in section.select("a")}
        assert links <= {place for place in known if place.startswith(f"/{language}/")}
        names = [link.get_text() for link in element(section, "nav").select("a")]
        keys = ("learn", "howto", "reference", "background", "teach")
        assert names == [section_title(key, language) for key in keys]


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_reader_of_a_missing_page_finds_the_page_in_the_language_of_the_address(
    browser: Browser, address: str, language: str, script: bool
) -> None:
    page = browser.new_context(java_script_enabled=script).new_page()
    page.goto(f"{address}/{language}/howto/nothing-of-the-kind/")
    sections = page.locator("section.not-found")
    languages = [section.get_attribute("lang") for section in sections.all()]
    assert sorted(filter(None, languages)) == sorted(LANGUAGES)
    assert all(section.is_visible() for section in sections.all())
    if script:
        assert languages[0] == page.locator("html").get_attribute("lang") == language
        assert page.locator("h1").inner_text() == word("missing_title", language)
        assert page.title() == word("missing_title", language)
    for key in ("howto", "reference"):
        link = page.locator(f"section[lang={language}] nav").get_by_text(
            section_title(key, language), exact=True
        )
        assert urlsplit(str(link.get_attribute("href"))).path == f"/{language}/{key}/"
    page.context.close()


def test_a_reader_of_a_missing_page_keeps_the_look(browser: Browser, address: str) -> None:
    page = browser.new_context(color_scheme="light").new_page()
    page.goto(f"{address}/es/")
    choose_dark(page)
    page.goto(f"{address}/es/no/such/page/")
    assert page.evaluate(SCHEME) == "slate"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 25, 27)"
    page.context.close()
