"""The site in a real browser: without JavaScript, without other hosts, on a phone."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from helpers.docs.blocks import blocks, pages
from helpers.site.built_site import LANGUAGES
from helpers.site.chromium import until
from playwright.sync_api import Browser, BrowserContext, Page

from site_builder.code_blocks import listings
from site_builder.site_data import page_address

pytestmark = pytest.mark.long

PRINTED = ("print", "print/tutorial")
PATHS = {page: page_address(page) for page in (*pages(), *PRINTED)}


def fresh(browser: Browser, **options: object) -> BrowserContext:
    """Return a new visitor, who has been nowhere."""
    return browser.new_context(**options)  # type: ignore[arg-type]


def test_the_language_link_works_without_script(browser, address):
    page = fresh(browser, java_script_enabled=False).new_page()
    page.goto(f"{address}/")
    page.get_by_role("link", name="español").click()
    assert urlsplit(page.url).path == "/es/"
    page.goto(f"{address}/en/tutorial/upload/")
    page.get_by_role("link", name="Español").first.click()
    assert urlsplit(page.url).path == "/es/tutorial/upload/"
    assert page.locator("html").get_attribute("lang") == "es"
    page.get_by_role("link", name="English").first.click()
    assert urlsplit(page.url).path == "/en/tutorial/upload/"


def test_every_page_fits_and_asks_nobody_else(browser, address):
    context = fresh(browser)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    # What the security policy forbids is said here.
    page.on(
        "console", lambda message: errors.append(message.text) if message.type == "error" else None
    )
    for language in LANGUAGES:
        for name, path in PATHS.items():
            page.goto(f"{address}/{language}/{path}")
            for width in (1400, 390):
                page.set_viewport_size({"width": width, "height": 900})
                wide = page.evaluate("document.documentElement.scrollWidth")
                assert wide <= width, f"{language}/{name} is {wide} px wide at {width}"
    assert [url for url in asked if not url.startswith(address)] == []
    assert errors == []


@pytest.mark.parametrize(
    ("language", "typed", "expected"),
    [("en", "revoke", "narrow"), ("es", "filtracion", "narrow"), ("es", "llavero", "upload")],
)
def test_the_search_finds(browser, address, language, typed, expected):
    page = fresh(browser).new_page()
    page.goto(f"{address}/{language}/")
    page.keyboard.press("/")
    page.keyboard.type(typed)
    results = page.locator(".search__results a")
    results.first.wait_for()
    links = results.evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert any(f"tutorial/{expected}/" in link for link in links), links


def test_copying_gives_the_command_alone(browser, address):
    context = fresh(browser, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/en/tutorial/package/")
    block = next(
        candidate for candidate in blocks("tutorial/package") if candidate.path.endswith("venv.sh")
    )
    expected = listings.read_listing(block.path).code
    code = page.locator("div.highlight", has_text=expected.splitlines()[0]).first
    code.hover()
    code.locator("button").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == expected


def test_outputs_offer_no_copy(browser, address):
    page = fresh(browser).new_page()
    page.goto(f"{address}/en/tutorial/package/")
    page.locator("div.highlight button").first.wait_for(state="attached")
    assert page.locator("div.output button").count() == 0


def test_dark_and_light_follow_the_reader(browser, address):
    def paper(page: Page) -> str:
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    seen = []
    for scheme in ("light", "dark"):
        page = fresh(browser, color_scheme=scheme).new_page()
        page.goto(f"{address}/es/")
        until(page, "document.body.hasAttribute('data-md-color-scheme')")
        seen.append(paper(page))
    assert seen[0] != seen[1]
