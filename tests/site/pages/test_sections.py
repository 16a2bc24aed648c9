"""Finding one's way: the tabs, the pages of the sections, the lists of pages, the home page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import yaml
from bs4 import Tag
from helpers.docs.blocks import ROOT, is_section, pages
from helpers.markup import attribute, element
from helpers.site.built_site import LANGUAGES, BuiltSite
from mkdocs.config import load_config
from playwright.sync_api import Browser

from pypi_practice.core.i18n import Translator
from site_builder.code_blocks import listings
from site_builder.site_data import data, page_address

NAVIGATION = load_config(str(ROOT / "mkdocs.yml")).nav or []
SECTIONS: dict[str, list[Any]] = {
    name: items for item in NAVIGATION if isinstance(item, dict) for name, items in item.items()
}
NAMES = {page_address(page): page for page in pages()}
# A page of each kind: home, a section's own, of a group, of a section itself.
SOME = ("index", "howto/index", "howto/rotate", "changes", "tutorial/upload")


def of_section(name: str) -> list[str]:
    """Return the pages of a section in the order of the navigation, without its own."""
    paths = [
        path
        for item in SECTIONS[name]
        for path in (next(iter(item.values())) if isinstance(item, dict) else [item])
    ]
    return [path.removesuffix(".md") for path in paths[1:]]


def groups(name: str) -> list[str]:
    """Return the keys of the groups of a section."""
    return [next(iter(item)) for item in SECTIONS[name] if isinstance(item, dict)]


def linked(html: Tag, page: str) -> list[str]:
    """Return the pages that a part of *page* links to, in its order."""
    own = f"https://x/{page_address(page)}"
    places = [urlsplit(urljoin(own, attribute(link, "href"))).path for link in html.select("a")]
    return [NAMES[place.removeprefix("/")] for place in places]


def contents(site: BuiltSite, language: str, page: str) -> Tag:
    """Return the list of pages of the home page, or of a section's own."""
    return element(site.html(language, page), "article nav.contents")


def heads(part: Tag, level: str) -> list[str]:
    """Return the headings of a level."""
    return [head.get_text(strip=True) for head in part.select(level)]


def titles(language: str, keys: list[str]) -> list[str]:
    """Return the names of sections or groups."""
    return [data("site/sections")[key][language] for key in keys]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", SOME)
def test_the_tabs_are_the_sections(language: str, page: str, built_site: BuiltSite) -> None:
    tabs = element(built_site.html(language, page), ".md-tabs")
    assert [link.get_text(strip=True) for link in tabs.select("a")] == titles(
        language, list(SECTIONS)
    )
    own = [items[0].removesuffix(".md") for items in SECTIONS.values()]
    assert all(is_section(section) for section in own)
    assert linked(tabs, page) == own


def test_every_page_but_the_home_page_is_in_a_section() -> None:
    assert [item for item in NAVIGATION if isinstance(item, str)] == ["index.md"]
    assert len(pages()) == len(set(pages()))


def test_practising_and_troubleshooting_are_among_the_first() -> None:
    assert of_section("learn").index("practice") <= 1
    assert of_section("howto").index("troubleshooting") == 0


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["learn", "howto", "reference", "background", "teach"])
def test_a_section_lists_its_pages_by_situation(
    language: str, name: str, built_site: BuiltSite
) -> None:
    own = SECTIONS[name][0].removesuffix(".md")
    listed = contents(built_site, language, own)
    assert linked(listed, own) == of_section(name)
    assert heads(listed, "h2") == titles(language, groups(name))
    for page, entry in zip(of_section(name), listed.select("li"), strict=True):
        html = built_site.html(language, page)
        title = element(html, "h1").get_text().replace("¶", "").strip()
        about = attribute(element(html, 'meta[name="description"]'), "content")
        assert [" ".join(text.split()) for text in entry.stripped_strings] == [title, about]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_home_page_lists_every_page_by_situation(language: str, built_site: BuiltSite) -> None:
    listed = contents(built_site, language, "index")
    assert linked(listed, "index") == list(pages()[1:])
    assert heads(listed, "h3") == titles(language, list(SECTIONS))
    assert heads(listed, "h4") == titles(
        language, [key for name in SECTIONS for key in groups(name)]
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_navigation_has_no_page_for_maintainers(language: str, built_site: BuiltSite) -> None:
    links = element(built_site.html(language, "howto/rotate"), "nav.md-nav--primary")
    for source in links.select(".md-source"):
        source.decompose()
    assert set(linked(links, "howto/rotate")) <= set(pages())


def test_an_address_that_was_cut_is_a_page() -> None:
    folders = {page.partition("/")[0] for page in pages() if "/" in page}
    assert folders - {page.removesuffix("/index") for page in pages() if is_section(page)} == set()
    redirects = yaml.safe_load((ROOT / "docs/data/site/redirects.yml").read_text("utf-8"))
    assert folders & set(redirects) == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_home_page_shows_the_road_seven_lines_and_the_box(
    language: str, built_site: BuiltSite
) -> None:
    html = built_site.html(language, "index")
    road = data("site/drawings")["road"]["title"][language]
    assert road in element(html, "figure").get_text()
    code = element(html, ".result pre").get_text().rstrip().splitlines()
    ready = listings.read_listing("demo-package/.travis.yml").code.splitlines()
    assert len(code) == 7
    assert [line.strip() for line in ready[-7:]] == [line.strip() for line in code]
    for page in ("index", "troubleshooting"):
        assert built_site.html(language, page).select("article form.explain")


def test_a_part_of_a_file_can_begin_behind_another() -> None:
    first = ("- stage: pypi", "deploy:")
    shown = listings.read_listing("demo-package/.travis.yml", first=first, last="provider")
    assert shown.code == "deploy:\n  provider: pypi"
    with pytest.raises(listings.ListingError):
        listings.read_listing("demo-package/.travis.yml", first=("tags: true", "stages:"))


def test_the_first_entry_of_a_list_beside_the_text_is_not_faded(
    browser: Browser, address: str
) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(f"{address}/en/howto/rotate/")
    for title in page.locator(".md-sidebar :is(.md-nav__title, .md-nav__link):visible").all():
        assert title.evaluate("one => getComputedStyle(one).boxShadow") == "none"
    assert page.locator(".md-nav--primary .md-nav__link:visible").count() < 20
    page.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_tab_opens_its_section_without_script(
    browser: Browser, address: str, language: str
) -> None:
    page = browser.new_context(
        java_script_enabled=False, viewport={"width": 1400, "height": 900}
    ).new_page()
    page.goto(f"{address}/{language}/tutorial/upload/")
    for title, items in zip(titles(language, list(SECTIONS)), SECTIONS.values(), strict=True):
        page.locator(".md-tabs").get_by_role("link", name=title, exact=True).click()
        own = page_address(items[0].removesuffix(".md"))
        assert page.url == f"{address}/{language}/{own}"
        assert page.locator(".md-tabs__item--active").inner_text() == title
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_box_of_another_page_loads_the_messages_when_it_is_used(
    browser: Browser, address: str, language: str
) -> None:
    say = Translator(language, "commands/explain")
    page = browser.new_context().new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in ("index", "troubleshooting"):
        asked.clear()
        page.goto(f"{address}/{language}/{page_address(name)}", wait_until="networkidle")
        assert [url for url in asked if "messages-data" in url] == []
        page.get_by_label(say("box_label")).fill("No module named build")
        page.get_by_role("button", name=say("box_button")).click()
        page.get_by_text(say("box_found_one")).wait_for()
        page.locator(".explain-found a").first.click()
        assert page.url == f"{address}/{language}/reference/messages/#no-build"
        page.wait_for_load_state("networkidle")  # the catalogue itself loads them at once
    page.context.close()


def test_the_box_says_when_the_messages_do_not_arrive(browser: Browser, address: str) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{address}/en/")
    page.route("**/messages-data.js", lambda route: route.abort())
    say = Translator("en", "commands/explain")
    page.get_by_label(say("box_label")).fill("No module named build")
    page.get_by_role("button", name=say("box_button")).click()
    page.get_by_text(say("box_unloaded")).wait_for()
    page.unroute("**/messages-data.js")
    page.get_by_role("button", name=say("box_button")).click()
    page.get_by_text(say("box_found_one")).wait_for()
    page.context.close()
