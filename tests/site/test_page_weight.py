"""The pages are light, valid and closed: what they load, what they may run, what they work without.

Every page is opened under its security policy by ``test_browser.py``, which fails for whatever the
policy forbids.
"""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from helpers.docs.blocks import pages
from helpers.site import site_problems
from helpers.site.built_site import LANGUAGES, headers
from helpers.site.chromium import until
from playwright.sync_api import Browser, BrowserContext, Page

from site_builder.pages import csp, page_weight

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
    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    return page, asked, complaints


# Weight


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_typical_page_is_light(language, built_site):
    file = built_site.site / language / TYPICAL / "index.html"
    assert len(site_problems.tree(file).xpath('//link[@rel="stylesheet"]')) == 1
    sizes = site_problems.weight(file)
    assert sum(sizes.values()) <= 70_000, sizes
    assert site_problems.images(file) <= 60_000


def test_the_search_is_loaded_when_it_is_opened(browser, address):
    page, asked, complaints = opened(browser)
    page.goto(f"{address}/en/{TYPICAL}/")
    page.wait_for_load_state("networkidle")
    early = [url for url in asked if "search" in url]
    assert early == []
    page.keyboard.press("/")
    page.keyboard.type("token")
    page.locator(".md-search-result__link").first.wait_for()
    assert any(url.endswith("search_index.json") for url in asked)
    assert complaints == []


def test_a_theme_that_loads_its_search_otherwise_stops_the_build(tmp_path):
    script = tmp_path / "assets" / "javascripts" / "bundle.1.min.js"
    script.parent.mkdir(parents=True)
    script.write_text("load()", encoding="utf-8")
    with pytest.raises(page_weight.ThemeChanged, match=r"site_builder/weight\.py"):
        page_weight.slim(tmp_path, "en")


def test_only_rules_that_match_nothing_are_left_out():
    known = page_weight.Known(scripts='one.className = "made-by-" + name; "whole"')
    known.add('<p class="a b" dir="ltr" data-x="1">')
    css = """
      .a, .gone { color: red } .gone .a { color: blue } .a:not(.gone) { color: green }
      [dir=rtl] .a { left: 0 } [dir=ltr] .a { right: 0 } [data-x="2"] { top: 0 }
      .made-by-us { top: 1px } .whole { top: 2px } .whol { top: 3px }
      @media print { .gone { top: 4px } .b { --used: 1px; --unused: 2px; top: var(--used) } }
      @media print { .gone { top: 5px } } .b::-moz-x, .gone { top: 6px } p { /* note */ top: 7px }
    """
    assert page_weight.trim(css, known) == (
        ".a{color:red}.a:not(.gone){color:green}[dir=ltr] .a{right:0}.made-by-us{top:1px}"
        ".whole{top:2px}@media print{.b{--used:1px;top:var(--used)}}.b::-moz-x,.gone{top:6px}"
        "p{top:7px}"
    )


STYLES = """() => [...document.querySelectorAll("*")].map(one => {
    const style = getComputedStyle(one);
    const before = getComputedStyle(one, "::before"), after = getComputedStyle(one, "::after");
    return [one.tagName + "." + one.className, style.display, style.position, style.color,
      style.backgroundColor, style.font, style.margin, style.padding, style.border, style.width,
      style.height, style.transform, style.opacity, style.maskImage, style.visibility,
      before.content, before.maskImage, before.color, before.display, after.content,
      after.maskImage, after.display].join("|");
})"""


@pytest.mark.parametrize("medium", ["screen", "print"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_look_as_with_all_rules_of_the_theme(
    browser, address, built_site, medium, scheme, whole_styles
):
    """Each element is styled as it is with the theme's whole style sheets."""
    for path in ("en/", f"es/{TYPICAL}/", "en/howto/script/", "es/reference/deploy/"):
        seen = []
        for whole in (False, True):
            context = browser.new_context(
                bypass_csp=True, color_scheme=scheme, viewport={"width": 1400, "height": 900}
            )
            if whole:
                context.route(
                    "**/guide.*.min.css",
                    lambda route: route.fulfill(body=whole_styles, content_type="text/css"),
                )
            page = context.new_page()
            page.emulate_media(media=medium, color_scheme=scheme, reduced_motion="reduce")
            page.goto(f"{address}/{path}")
            page.wait_for_load_state("networkidle")
            if medium == "screen":
                page.keyboard.press("/")
                page.keyboard.type("token")
                page.locator(".md-search-result__link").first.wait_for()
                page.wait_for_timeout(400)  # the field slides in
            seen.append(page.evaluate(STYLES))
            context.close()
        assert len(seen[0]) == len(seen[1]) > 300
        other = [pair for pair in zip(*seen, strict=True) if pair[0] != pair[1]]
        assert other == [], f"{path}: {other[:3]}"


@pytest.fixture(scope="module")
def whole_styles(built_site) -> str:
    """The theme's style sheets and ours, in the order of a page, with all their rules."""
    import material

    theme = Path(material.__file__).parent / "templates" / "assets" / "stylesheets"
    files = [*theme.glob("main.*.min.css"), *theme.glob("palette.*.min.css")]
    files.append(page_weight.OURS)
    assert len(files) == 3
    return "\n".join(file.read_text("utf-8") for file in files)


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
        for one in page.locator(part).all():
            assert not one.is_visible(), part
    assert page.locator("article h1").is_visible()
    paper, ink = page.evaluate(
        """() => [getComputedStyle(document.body).backgroundColor,
                  getComputedStyle(document.querySelector("article p")).color]"""
    )
    light = [sum(map(int, re.findall(r"\d+", one)[:3])) for one in (paper, ink)]
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
        assert html.head.find(["script", "link", "style", "meta"], recursive=False).get("charset")
        for one in html.select("script:not([src]), style"):
            if one.get("type") in (None, "text/javascript"):
                digest = hashlib.sha256(one.string.encode()).digest()
                hashed = f"'sha256-{b64encode(digest).decode()}'"
                assert hashed in own, file
                assert hashed in sent, file
        assert not html.select("[style], [onclick], [onload]"), file


def test_a_policy_lets_nothing_in_that_is_not_named():
    made = csp.policy(["'sha256-a'"], [])
    assert "script-src 'self' 'sha256-a';" in made
    assert "style-src 'self';" in made


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
    assert any("Content Security Policy" in one for one in complaints)


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
    page.locator(".md-search-result__link").first.wait_for()
    assert [url for url in asked if not url.startswith(address)] == []
    assert complaints == []


# From a disk


@pytest.mark.parametrize(("language", "typed"), [("en", "publishing"), ("es", "construccion")])
def test_the_offline_set_works_from_a_disk(browser, offline_set, language, typed):
    page, asked, complaints = opened(browser)
    page.goto((offline_set / "index.html").as_uri())
    page.locator(f'a[hreflang="{language}"]').click()
    assert page.locator("html").get_attribute("lang") == language
    page.keyboard.press("/")
    page.keyboard.type(typed)
    result = page.locator(".md-search-result__link").first
    result.wait_for()
    result.click()
    page.wait_for_url("**/index.html*")
    assert page.locator("article h1").is_visible()
    page.goto((offline_set / language / TYPICAL / "index.html").as_uri())
    other = next(one for one in LANGUAGES if one != language)
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
        page.goto(
            (offline_set / language / ("" if name == "index" else name) / "index.html").as_uri()
        )
    assert [url for url in asked if not url.startswith(("file:", "data:", "about:"))] == []
    assert complaints == []
