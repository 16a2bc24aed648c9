"""What the pages weigh, whether they are valid, what they may load and run, and work without.

Every page is opened under its security policy by ``test_browser.py``, which fails for whatever the
policy forbids.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from pathlib import Path

import material
import pytest
from bs4 import BeautifulSoup
from helpers.docs.blocks import pages
from helpers.markup import element
from helpers.site import site_problems
from helpers.site.built_site import LANGUAGES, headers
from helpers.site.chromium import until
from playwright.sync_api import Browser, BrowserContext, Page

from site_builder import csp
from site_builder.site_data import page_address

TYPICAL = "tutorial/upload"
TABBED = "tutorial/upload"


def opened(browser: Browser, **options: object) -> tuple[Page, list[str], list[str]]:
    """Return a new page, what it asks for, and what it complains of."""
    context: BrowserContext = browser.new_context(**options)  # type: ignore[arg-type]
    asked: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    return page, asked, complaints


# Weight


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_typical_page_is_light(language, built_site):
    file = built_site.site / language / TYPICAL / "index.html"
    sizes = site_problems.weight(file)
    assert sum(sizes.values()) <= 85_000, sizes
    assert site_problems.images(file) <= 60_000


def test_the_search_is_loaded_when_it_is_opened(browser, address):
    page, asked, complaints = opened(browser)
    page.goto(f"{address}/en/{TYPICAL}/")
    page.wait_for_load_state("networkidle")
    early = [url for url in asked if "/search/" in url or "minisearch" in url]
    assert early == []
    page.keyboard.press("/")
    page.keyboard.type("token")
    page.locator(".search__results a").first.wait_for()
    assert any(url.endswith("/search/sections.js") for url in asked)
    assert complaints == []


def test_the_files_of_the_theme_are_as_it_ships_them(built_site):
    theme = Path(material.__file__).parent / "templates" / "assets"
    for language in LANGUAGES:
        built = built_site.site / language / "assets"
        shipped = [
            file
            for pattern in ("javascripts/bundle.*.js", "stylesheets/main.*.css", "**/search.*.js")
            for file in theme.glob(pattern)
        ]
        assert len(shipped) == 3
        for file in shipped:
            assert (built / file.relative_to(theme)).read_bytes() == file.read_bytes()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_prints_without_what_serves_the_screen(browser, address, language):
    page, _, _ = opened(browser, color_scheme="dark", viewport={"width": 800, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(f"{address}/{language}/{TYPICAL}/")
    for part in (
        ".md-header",
        ".md-sidebar",
        ".md-footer",
        ".md-top",
        "nav.languages",
        ".download",
        ".headerlink",
        ".md-code__nav",
    ):
        for locator in page.locator(part).all():
            assert not locator.is_visible(), part
    assert page.locator("article h1").is_visible()
    paper, ink = page.evaluate(
        """() => [getComputedStyle(document.body).backgroundColor,
                  getComputedStyle(document.querySelector("article p")).color]"""
    )
    light = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (paper, ink)]
    assert light[0] > 700 or paper == "rgba(0, 0, 0, 0)"
    assert light[1] < 300, ink


# HTML


def test_every_page_is_valid_html(built_site):
    files = sorted(built_site.site.rglob("*.html"))
    assert len(files) > len(pages()) * len(LANGUAGES)
    for file in files:
        assert site_problems.faults(file) == [], file


def test_wrong_html_is_seen(tmp_path):
    file = tmp_path / "x.html"
    for wrong in ("<p><b>x</p></b><ul></p></ul>", '<p id="x">x</p><p id="x">y</p>'):
        file.write_text(f"<!doctype html><title>x</title>{wrong}", encoding="utf-8")
        assert site_problems.faults(file)


# Security policy


def test_each_page_names_what_it_may_run(built_site):
    sent = headers(built_site.site)["Content-Security-Policy"]
    assert "'unsafe" not in sent
    assert "default-src 'none'" in sent
    assert "frame-ancestors 'none'" in sent
    for file in sorted(built_site.site.rglob("*.html")):
        html = BeautifulSoup(file.read_text("utf-8"), "html.parser")
        metas = html.select('meta[http-equiv="Content-Security-Policy"]')
        assert len(metas) == 1, file
        own = metas[0]["content"]
        assert "'unsafe" not in own
        assert element(html, "head > :is(script, link, style, meta)").get("charset")
        for tag in html.select("script:not([src]), style"):
            if tag.get("type") in (None, "text/javascript"):
                digest = hashlib.sha256(tag.get_text().encode()).digest()
                hashed = f"'sha256-{b64encode(digest).decode()}'"
                assert hashed in own, file
                assert hashed in sent, file
        assert not html.select("[style], [onclick], [onload]"), file


def test_a_policy_lets_nothing_in_that_is_not_named():
    policy = csp.policy(["'sha256-a'"], [])
    assert "script-src 'self' 'sha256-a';" in policy
    assert "style-src 'self';" in policy


def test_a_foreign_script_does_not_run(browser, address):
    """The policy is active: what somebody adds to a page is refused, and said."""
    page, _, complaints = opened(browser)

    def add(route):
        answer = route.fetch()
        body = answer.text().replace("</body>", "<script>window.evil = 1</script></body>")
        route.fulfill(response=answer, body=body)

    page.route("**/en/", add)
    page.goto(f"{address}/en/")
    assert page.evaluate("window.evil") is None
    assert any("Content Security Policy" in complaint for complaint in complaints)


def test_everything_works_under_the_policy(browser, address):
    page, asked, complaints = opened(
        browser,
        permissions=["clipboard-read", "clipboard-write"],
        color_scheme="light",
        viewport={"width": 1400, "height": 900},
    )
    page.goto(f"{address}/es/{TABBED}/")
    paper = "getComputedStyle(document.body).backgroundColor"
    until(page, "document.body.hasAttribute('data-md-color-scheme')")
    before = page.evaluate(paper)
    page.locator("form[data-md-component=palette] [for^=__palette]:visible").first.click()
    assert page.evaluate(paper) != before
    labels = page.locator(".tabbed-labels label")
    second = page.locator(".tabbed-block").nth(1)
    assert not second.is_visible()
    labels.nth(1).click()
    second.wait_for(state="visible")
    block = page.locator("div.highlight:not(.output)").first
    block.hover()
    block.locator("button").first.click()
    assert page.evaluate("navigator.clipboard.readText()").strip()
    page.keyboard.press("/")
    page.keyboard.type("llavero")
    page.locator(".search__results a").first.wait_for()
    assert [url for url in asked if not url.startswith(address)] == []
    assert complaints == []


# From a disk


@pytest.mark.parametrize(("language", "typed"), [("en", "publishing"), ("es", "construccion")])
def test_the_offline_set_works_from_a_disk(browser, offline_set, language, typed):
    page, asked, complaints = opened(browser)
    page.goto((offline_set / "index.html").as_uri())
    page.locator(f'a[hreflang="{language}"]').click()
    assert page.locator("html").get_attribute("lang") == language
    page.wait_for_load_state()
    page.keyboard.press("/")
    page.keyboard.type(typed)
    result = page.locator(".search__results a").first
    result.wait_for()
    result.click()
    page.wait_for_url("**/index.html*")
    assert page.locator("article h1").is_visible()
    page.goto((offline_set / language / TYPICAL / "index.html").as_uri())
    other = next(code for code in LANGUAGES if code != language)
    page.locator(f'nav.languages a[hreflang="{other}"]').first.click()
    page.wait_for_url((offline_set / other / TYPICAL / "index.html").as_uri())
    page.locator("article h1").wait_for()
    paper = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(paper)
    page.locator("form[data-md-component=palette] [for^=__palette]:visible").first.click()
    assert page.evaluate(paper) != before
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
    assert complaints == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_of_the_offline_set_asks_nobody(browser, offline_set, language):
    page, asked, complaints = opened(browser)
    for name in pages():
        page.goto((offline_set / language / page_address(name) / "index.html").as_uri())
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
    assert complaints == []
