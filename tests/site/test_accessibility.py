"""What shuts readers out: axe-core on every page, and every function with the keyboard alone."""

from __future__ import annotations

import pytest
from helpers.docs.blocks import pages
from helpers.site import accessibility_audit
from helpers.site.accessibility_audit import NARROW, VIEWS, WIDE, Audit, View
from helpers.site.built_site import LANGUAGES

from site_builder.site_data import page_address

MUST_RUN = {
    "button-name",
    "color-contrast",
    "heading-order",
    "label",
    "landmark-unique",
    "link-in-text-block",
    "region",
    "scrollable-region-focusable",
    "target-size",
}


# Pages that hold what the others hold, for the views of a narrow screen.
ALL_KINDS = (
    "",
    "tutorial/upload/",
    "howto/",
    "howto/leak/",
    "reference/deploy/",
    "reference/messages/",
    "explanation/thief/",
    "practice/",
    "there-is-no-such-page/",
)
# The print page of the whole guide is the pages again, with the styles of the tutorial's.
WHOLE_PRINT = View("default", WIDE, ["wcag2a", "wcag2aa", "best-practice"])


@pytest.fixture(scope="module", params=LANGUAGES)
def audits(request, browser, address) -> list[Audit]:
    """What was found on every page of a language, those to print, the 404 page, the cover.

    The languages share their HTML and their styles. So all pages are seen on a wide screen in
    light, those of the first language in dark as well, and a page of each kind on a narrow screen.
    """
    language = request.param
    first = language == LANGUAGES[0]
    known: dict[str, set[str]] = {}

    def audit(paths, views, folder=f"{language}/"):
        paths = [folder + path for path in paths]
        return list(accessibility_audit.audit_pages(browser, address, paths, views, known))

    every_page = [page_address(page) for page in pages()]
    every_page += ["print/tutorial/", "there-is-no-such-page/"]
    if not first:
        return audit(every_page, [VIEWS[0]])
    wide = [view for view in VIEWS if view.size is WIDE]
    narrow = [view for view in VIEWS if view.size is NARROW]
    return [
        *audit(every_page, wide),
        *audit(ALL_KINDS, narrow),
        *audit(["print/"], [WHOLE_PRINT]),
        *audit([""], VIEWS, folder=""),
    ]


def test_no_element_fails(audits):
    assert [fault for audit in audits for fault in audit.failing] == []
    # The rules that a change of axe could switch off without a word.
    assert set().union(*(audit.ran for audit in audits)) >= MUST_RUN


def test_large_text_needs_no_sideways_scrolling(audits):
    assert [audit.path for audit in audits if audit.too_wide] == []


def test_no_element_fails_in_what_opens(browser, address):
    """The form of the names, with a fault in it; the search, with results; the drawer."""
    axe = accessibility_audit.script()
    for language in LANGUAGES:
        page = browser.new_context(bypass_csp=True, viewport=WIDE, color_scheme="light").new_page()
        page.goto(f"{address}/{language}/tutorial/upload/")
        page.locator(".own-names__open").click()
        page.fill("#own-names-project", "json")
        for view, result in accessibility_audit.audit_views(page, axe).items():
            assert result["failing"] == [], view
        page.keyboard.press("Escape")
        page.set_viewport_size(WIDE)
        page.keyboard.press("/")
        page.keyboard.type("token")
        page.locator(".search__results a").first.wait_for()
        for view, result in accessibility_audit.audit_views(page, axe).items():
            assert result["failing"] == [], view
        page.goto(f"{address}/{language}/tutorial/upload/")
        page.set_viewport_size(NARROW)
        page.locator("button.md-header__button[for=__drawer]").focus()
        page.keyboard.press("Enter")
        page.locator(".md-nav--primary .md-nav__link:visible").first.wait_for()
        page.evaluate(axe)
        page.wait_for_timeout(400)  # it slides in
        assert accessibility_audit.audit_view(page)["failing"] == []
        page.context.close()


def test_axe_sees_a_fault(browser, address):
    """Break it once: a picture without text, pale words, a small button beside another."""
    page = browser.new_context(bypass_csp=True, viewport=WIDE).new_page()
    page.goto(f"{address}/en/practice/")
    page.evaluate("""document.querySelector("article").insertAdjacentHTML("beforeend",
      '<img src="x.png"><p class="pale">pale</p><p><span>.</span> <span class="pale">all</span></p>'
      + '<button class="tiny">a</button><button class="tiny">b</button>')""")
    page.add_style_tag(content=".pale {color: #ccc} .tiny {width: 9px; height: 9px; padding: 0}")
    page.evaluate(accessibility_audit.script())
    failing = " ".join(accessibility_audit.audit_view(page)["failing"])
    for rule in ("image-alt", "color-contrast", "target-size"):
        assert f"{rule}: " in failing
    assert failing.count("color-contrast: ") == 2
    page.context.close()


def test_a_pale_word_is_seen_in_one_colour_scheme_of_one_page(browser, address):
    """Though another page has shown all other looks before, and the text beside it is alike."""
    page = browser.new_context(bypass_csp=True, viewport=WIDE, color_scheme="light").new_page()
    known: dict[str, set[str]] = {}
    seen = []
    for style in (".one {}", "[data-md-color-scheme=slate] .one {color: #333}"):
        page.goto(f"{address}/en/practice/")
        page.evaluate("""document.querySelector("article").insertAdjacentHTML("beforeend",
          '<p>many</p><p>words</p><p class="one">are</p><p>alike</p>')""")
        page.add_style_tag(content=style)
        result = accessibility_audit.audit_views(page, accessibility_audit.script(), known)
        seen.append({view: len(view_result["failing"]) for view, view_result in result.items()})
    page.context.close()
    assert seen == [dict.fromkeys(seen[0], 0), {**dict.fromkeys(seen[0], 0), "slate, 1400 px": 1}]


# The keyboard alone

HERE = "what => document.activeElement.matches(what)"
FUNCTIONS = (
    "md-skip",
    "md-header__button",
    "own-names__open",
    "md-code__button",
    "headerlink",
    "page-foot__report",
    "page-foot__edit",
    "md-footer__link--prev",
    "md-footer__link--next",
)
ACTIVE = """
() => {
  // The field of a tab is not seen: its label is, and shows the focus.
  const active = document.activeElement;
  const tab = active.matches(".tabbed-set > input");
  const one = tab ? document.querySelector(`label[for="${active.id}"]`) : active;
  const place = one.getBoundingClientRect(), style = getComputedStyle(one);
  const text = (one.getAttribute("aria-label") || one.textContent).trim();
  return {
    name: one.className + " " + text.slice(0, 40),
    tag: one.tagName,
    visible: one.checkVisibility({visibilityProperty: true, opacityProperty: true})
      && place.width > 0 && place.right > 0 && place.left < innerWidth
      && place.bottom > 0 && place.top < innerHeight,
    marked: style.outlineStyle !== "none" || style.boxShadow !== "none"
      || one.matches("body"),
  };
}
"""


def walk(page, most=400):
    """Press Tab until the page is through; return every stop."""
    stops = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(ACTIVE)
        if stop["tag"] == "BODY":
            break
        stops.append(stop)
    return stops


@pytest.fixture(params=LANGUAGES)
def reader(request, browser, address):
    """A reader without a mouse, on a page of the tutorial."""
    context = browser.new_context(
        bypass_csp=True, viewport=WIDE, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    page.emulate_media(reduced_motion="reduce")
    page.language = request.param
    page.base = f"{address}/{request.param}/"
    page.goto(f"{page.base}tutorial/upload/")
    yield page
    context.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_focus_is_always_seen(reader, size):
    reader.set_viewport_size(size)
    stops = walk(reader)
    assert len(stops) > 30
    assert [stop for stop in stops if not stop["visible"]] == []
    assert [stop for stop in stops if not stop["marked"]] == []
    names = " ".join(stop["name"] for stop in stops)
    for function in FUNCTIONS:
        assert function in names, function


def test_the_first_stop_jumps_to_the_text(reader):
    reader.keyboard.press("Tab")
    reader.keyboard.press("Enter")
    assert "#" in reader.url
    reader.keyboard.press("Tab")
    inside = reader.evaluate("Boolean(document.activeElement.closest('article'))")
    assert inside


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_search_needs_no_mouse(reader, size):
    reader.set_viewport_size(size)
    if size is NARROW:
        reader.locator(".search-open").focus()
        reader.keyboard.press(" ")
    else:
        reader.keyboard.press("/")
    reader.wait_for_function("document.activeElement.matches('.search__field')")
    reader.keyboard.type("macaroon")
    reader.locator(".search__results a").first.wait_for()
    reader.keyboard.press("Escape")
    reader.wait_for_function("!document.querySelector('dialog.search').open")
    reader.keyboard.press("s")
    reader.wait_for_function("document.activeElement.matches('.search__field')")
    reader.keyboard.press("ArrowDown")
    reader.wait_for_function("document.activeElement.matches('.search__results a')")
    with reader.expect_navigation():
        reader.keyboard.press("Enter")
    assert "/tutorial/upload/" not in reader.url


@pytest.mark.parametrize("first", ["light", "dark"])
def test_the_colours_need_no_mouse(reader, first):
    def scheme():
        return reader.evaluate("document.body.getAttribute('data-md-color-scheme')")

    reader.emulate_media(color_scheme=first)
    reader.reload()
    before = scheme()
    while not reader.evaluate("document.activeElement.matches('[for^=__palette]')"):
        reader.keyboard.press("Tab")
        assert reader.evaluate("document.activeElement !== document.body")
    reader.keyboard.press(" ")
    reader.wait_for_function("old => document.body.dataset.mdColorScheme !== old", arg=before)
    reader.wait_for_function("document.activeElement.matches('[for^=__palette]:not([hidden])')")
    reader.reload()
    assert scheme() != before


def test_the_drawer_needs_no_mouse(reader):
    reader.set_viewport_size(NARROW)
    button = reader.locator("button.md-header__button[for=__drawer]")
    assert button.get_attribute("aria-label")
    button.focus()
    reader.keyboard.press(" ")
    reader.wait_for_function("document.activeElement.closest('.md-nav--primary')")
    reader.keyboard.press("Escape")
    assert reader.evaluate("document.activeElement.getAttribute('for')") == "__drawer"
    assert not reader.evaluate("document.querySelector('#__drawer').checked")
    # Through the parts of the guide to a page of another one.
    reader.keyboard.press("Enter")
    reader.wait_for_function("document.activeElement.closest('.md-nav--primary')")

    def find(selector):
        for _ in range(80):
            stop = reader.evaluate(ACTIVE)
            assert stop["visible"], stop
            if reader.evaluate(HERE, selector):
                return
            reader.keyboard.press("Tab")
        pytest.fail(f"no {selector} was reached")

    find(".md-nav__title[for^=__nav_]")
    reader.keyboard.press("Enter")
    reader.wait_for_function("document.activeElement.matches('.md-nav__link[for^=__nav_]')")
    find("[href$='teach/']")
    with reader.expect_navigation():
        reader.keyboard.press("Enter")
    assert reader.url.endswith("/teach/")


def test_language_neighbours_and_sections_need_no_mouse(reader):
    other = next(code for code in LANGUAGES if code != reader.language)
    reader.locator(f".languages a[lang={other}]").first.focus()
    with reader.expect_navigation():
        reader.keyboard.press("Enter")
    assert f"/{other}/tutorial/upload/" in reader.url
    with reader.expect_navigation():
        reader.keyboard.press("n")
    assert "/tutorial/travis/" in reader.url
    with reader.expect_navigation():
        reader.keyboard.press("p")
    assert "/tutorial/upload/" in reader.url
    link = reader.locator("article h2 .headerlink").first
    link.focus()
    assert float(link.evaluate("one => getComputedStyle(one).opacity")) > 0
    reader.keyboard.press("Enter")
    assert reader.url.endswith(link.get_attribute("href"))


def test_a_block_is_copied_without_a_mouse(reader):
    button = reader.locator("article .md-code__button").first
    button.focus()
    reader.keyboard.press("Enter")
    reader.wait_for_function(
        "navigator.clipboard.readText().then(text => text.includes('activate'))"
    )


def test_a_mark_is_opened_without_a_mouse(reader):
    mark = reader.locator("article details.proof").first
    link = mark.locator("a.source")
    assert not link.is_visible()
    mark.locator("summary").focus()
    reader.keyboard.press("Enter")
    assert link.is_visible()
    reader.keyboard.press("Tab")
    assert reader.evaluate(HERE, "a.source")
    reader.keyboard.press("Tab")
    assert reader.evaluate(HERE, "a.download")
