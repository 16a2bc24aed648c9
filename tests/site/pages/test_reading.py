"""What is in a page, at every width: code blocks and their marks, tables, dates, messages, type."""

from __future__ import annotations

import io
import json
import re

import pytest
from fontTools.ttLib import TTFont
from helpers.docs.blocks import pages
from helpers.site import accessibility_audit
from helpers.site.built_site import LANGUAGES
from helpers.site.chromium import until
from playwright.sync_api import Route

from pypi_practice.core.i18n import Translator
from pypi_practice.explain.catalog import catalogue
from site_builder import site_data
from site_builder.code_blocks import code_lines
from site_builder.formats import fonts

PHONE = {"width": 390, "height": 844}
# Code and tables that are wider than their place, letters below the button, broken dates.
FAULTS = """
() => {
  const faults = [], all = selector => [...document.querySelectorAll(selector)];
  const boxes = one => {
    const range = document.createRange();
    range.selectNodeContents(one);
    return [...range.getClientRects()];
  };
  for (const code of all("article pre > code")) {
    if (code.scrollWidth > code.clientWidth + 1) faults.push("wide: " + code.textContent);
    const button = code.parentNode.querySelector(".md-code__button");
    if (!button) continue;
    const place = button.getBoundingClientRect();
    for (const box of boxes(code)) {
      if (box.right > place.left && box.left < place.right && box.width > 0
          && box.bottom > place.top && box.top < place.bottom) {
        faults.push("covered: " + code.textContent);
      }
    }
  }
  for (const table of all("article table")) {
    const place = table.closest(".md-typeset__scrollwrap") || table.parentNode;
    if (place.scrollWidth > place.clientWidth + 1
        || table.getBoundingClientRect().right > innerWidth) {
      faults.push("wide: " + table.textContent);
    }
  }
  for (const time of all("article time")) {
    if (time.getClientRects().length > 1) faults.push("broken: " + time.textContent);
  }
  return faults.map(fault => fault.slice(0, 100));
}
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wider_than_its_column_and_nothing_is_covered(browser, address, language):
    page, faults = browser.new_context().new_page(), {}
    for name in pages():
        page.set_viewport_size({"width": 1400, "height": 900})
        page.goto(f"{address}/{language}/{'' if name == 'index' else f'{name}/'}")
        for width in (1400, 768, 390, 320):
            page.set_viewport_size({"width": width, "height": 900})
            if page_faults := page.evaluate(FAULTS):
                faults[f"{name}, {width} px"] = page_faults
    page.context.close()
    assert faults == {}


def test_what_is_too_wide_is_seen(browser, address):
    """Break it once."""
    page = browser.new_context(viewport=PHONE, bypass_csp=True).new_page()
    page.goto(f"{address}/en/tutorial/upload/")
    page.add_style_tag(content="article pre > code { white-space: pre !important }")
    assert any(fault.startswith("wide: ") for fault in page.evaluate(FAULTS))
    page.add_style_tag(content="article pre > code { padding-right: 0 !important }")
    page.add_style_tag(content="article .line { white-space: pre-wrap; word-break: break-all }")
    assert any(fault.startswith("covered: ") for fault in page.evaluate(FAULTS))
    page.context.close()


# Code


def highlighted(lines: str) -> str:
    return f"<pre><span></span><code>{lines}</code></pre>"


def test_the_indent_of_a_line_is_named():
    lines = (
        '<span id="__span-0-1"><span class="hll">a\n</span></span>'
        '<span id="__span-0-2"><span class="w">    </span>b\n</span>'
    )
    marked = (
        '<span class="line"><span class="hll">a</span></span>\n'
        '<span class="line in4"><span class="w">    </span>b</span>\n'
    )
    assert code_lines.mark(highlighted(lines)) == highlighted(marked)


def test_an_option_is_not_broken_after_its_hyphens():
    text = "pypi-practice travis run . <b>--var</b> X=1 --dry-run https://a.b/c-d x-"
    word = '<span class="word">{}</span>'
    marked = code_lines.mark(f"<p><code>{text}</code></p>{highlighted(text)}")
    expected = text.replace("pypi-practice", word.format("pypi-practice"))
    for option in ("--var", "--dry-run"):
        expected = expected.replace(option, word.format(option))
    assert marked == f"<p><code>{text}</code></p>{highlighted(expected)}"
    short = highlighted("pypi-practice reset")
    assert code_lines.mark(short) == short


# How much further in the rest of each wrapped line stands than its beginning.
WRAPPED = """
() => [...document.querySelectorAll("article .line")].map(line => {
  const range = document.createRange(), boxes = [];
  const walker = document.createTreeWalker(line, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.data;
    for (let at = 0; at < text.length; at++) {
      range.setStart(walker.currentNode, at);
      range.setEnd(walker.currentNode, at + 1);
      if (text[at].trim()) boxes.push(range.getBoundingClientRect());
    }
  }
  const first = boxes[0], place = line.getBoundingClientRect();
  const rest = boxes.filter(box => box.top > first.bottom - 2);
  // A word that has no room beside a wide indent stands below it, where the rest stands too.
  if (!rest.length || !place.height || first.top > place.top + first.height) return null;
  return {text: line.textContent, further: Math.min(...rest.map(box => box.left)) - first.left};
}).filter(line => line)
"""


@pytest.mark.parametrize("name", ["tutorial/config", "tutorial/upload"])
def test_the_rest_of_a_long_line_stands_further_in_than_the_line(browser, address, name):
    page = browser.new_context(viewport=PHONE).new_page()
    page.goto(f"{address}/en/{name}/")
    wrapped = page.evaluate(WRAPPED)
    assert wrapped
    assert [line for line in wrapped if line["further"] < 5] == []
    page.context.close()


@pytest.mark.parametrize("name", ["tutorial/upload", "tutorial/config", "howto/no-deploy"])
def test_what_is_copied_from_a_wrapped_block_is_what_the_file_says(
    browser, address, built_site, name
):
    codes = [block["code"] for block in built_site.blocks("en") if block["page"] == f"{name}.md"]
    context = browser.new_context(viewport=PHONE, permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/en/{name}/")
    page.locator("article .md-code__button:visible").first.wait_for()
    selected = page.locator("article pre > code").evaluate_all(
        "all => all.map(one => (getSelection().selectAllChildren(one), getSelection().toString()))"
    )
    written = page.locator("article pre > code").evaluate_all(
        "all => all.map(one => one.textContent)"
    )
    assert [text.strip("\n") for text in written] == codes
    shown = [text.strip("\n") for text in selected if text]  # the others are behind a tab
    assert shown == [code for code in codes if code in shown]
    assert len(shown) > len(codes) / 2
    for block in page.locator("article div.highlight:not(.no-copy)").all():
        if not block.is_visible():  # behind a tab
            continue
        block.locator(".md-code__button").click()
        text = json.dumps(block.locator("code").evaluate("one => one.textContent.trimEnd()"))
        until(page, f"navigator.clipboard.readText().then(text => text.trimEnd() === {text})")
    context.close()


LIGHT = """
one => {
  const pen = new OffscreenCanvas(1, 1).getContext("2d", {willReadFrequently: true});
  const light = colour => {
    pen.fillStyle = colour;
    pen.fillRect(0, 0, 1, 1);
    const [red, green, blue] = [...pen.getImageData(0, 0, 1, 1).data].slice(0, 3).map(part => {
      const share = part / 255;
      return share <= .04045 ? share / 12.92 : ((share + .055) / 1.055) ** 2.4;
    });
    return .2126 * red + .7152 * green + .0722 * blue;
  };
  const block = one.closest(".highlight");
  const pair = [light(getComputedStyle(one, "::after").backgroundColor),
                light(getComputedStyle(block).backgroundColor)];
  return (Math.max(...pair) + .05) / (Math.min(...pair) + .05);
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_button_that_copies_is_seen(browser, address, scheme):
    page = browser.new_context(color_scheme=scheme, viewport=PHONE).new_page()
    page.goto(f"{address}/en/tutorial/upload/")
    assert page.locator("article .md-code__button").first.evaluate(LIGHT) >= 3
    page.context.close()


# Marks


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mark_is_short_and_says_more_when_it_is_opened(browser, address, language):
    page = browser.new_context(java_script_enabled=False, viewport=PHONE).new_page()
    page.goto(f"{address}/{language}/tutorial/package/")
    words = site_data.data("site/proofs")
    marks = page.locator("article details.proof")
    assert marks.count() > 5
    names = marks.locator("summary").evaluate_all("all => all.map(one => one.textContent)")
    assert len(set(names)) > len(names) / 2  # a list of them tells them apart
    for mark, name in zip(marks.all(), names, strict=True):
        assert re.fullmatch(rf"{words['mark'][language]}: [\w.-]+", name)
        summary = mark.locator("summary")
        assert summary.bounding_box()["width"] < 150
        assert 24 <= summary.bounding_box()["height"] < 40
        assert not mark.locator("p").is_visible()
    first = marks.first
    first.locator("summary").focus()
    page.keyboard.press("Enter")
    assert site_data.data("generated/tested")["date"] in first.locator("p").inner_text()
    page.context.close()


def test_marks_are_text_where_nothing_opens(built_site):
    words = site_data.data("site/proofs")
    for language in LANGUAGES:
        folder = built_site.site / language
        markdown = (folder / "tutorial/package/index.html.md").read_text("utf-8")
        printed = (folder / "print/index.html").read_text("utf-8")
        assert words["how"]["run"][language] in markdown
        # On paper, only blocks that are not run have a mark.
        assert words["how"]["run"][language] not in printed
        assert words["declared"][language].partition("{")[0] in printed
        for text in (markdown, printed):
            assert "<summary>" not in text.partition("<figure")[0]
            assert f"{words['mark'][language]}:" not in text


# Tables


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wide_table_is_a_list_of_cards_on_a_phone(browser, address, language):
    page = browser.new_context(viewport=PHONE).new_page()
    page.goto(f"{address}/{language}/reference/deploy/")
    table = page.get_by_role("table").first
    titles = [title.strip() for title in table.get_by_role("columnheader").all_inner_texts()]
    assert len(titles) == 3
    rows = table.get_by_role("row")
    assert rows.count() > 3
    card = rows.nth(1).get_by_role("cell")
    assert card.count() == 3
    for number, title in enumerate(titles):
        cell = card.nth(number)
        label = cell.evaluate("one => getComputedStyle(one, '::before').content")
        assert (title in label) is (number > 0), label
        assert cell.bounding_box()["width"] > 300
    page.set_viewport_size({"width": 1400, "height": 900})
    assert card.nth(2).bounding_box()["width"] < 700
    page.context.close()


# The messages


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_messages_are_filtered_as_one_types(browser, address, language):
    say = Translator(language, "commands/explain")
    page = browser.new_context(viewport=PHONE).new_page()
    page.goto(f"{address}/{language}/reference/messages/")
    visible = page.locator("details.message:visible")
    assert visible.count() == len(catalogue())
    height = page.evaluate("document.documentElement.scrollHeight")
    assert height < 25 * PHONE["height"]
    field = page.get_by_label(say("box_filter"))
    field.press_sequentially("BRANCH permitted")
    assert 0 < visible.count() < 10
    assert page.locator("#skip-branch").is_visible()
    assert not page.locator("#pypi").is_visible()
    left = say("box_left", left=visible.count(), all=len(catalogue()))
    assert page.locator(".messages-filter [role=status]").inner_text() == left
    # A link to a message that is filtered out shows it, and opens it.
    page.evaluate("location.hash = '#no-identity'")
    until(page, "document.querySelector('#no-identity').closest('details').open")
    assert page.locator("#no-identity").is_visible()
    assert field.input_value() == ""
    field.fill("no such message zzz")
    assert visible.count() == 0
    page.context.close()


@pytest.mark.parametrize("script", [True, False])
def test_a_message_opens_on_a_tap_and_for_a_link(browser, address, script):
    context = browser.new_context(java_script_enabled=script, viewport=PHONE, has_touch=True)
    page = context.new_page()
    page.goto(f"{address}/en/reference/messages/#no-identity")
    entry = next(entry for entry in catalogue() if entry.id == "no-identity")
    message = page.locator("details.message", has=page.locator("#no-identity"))
    message.get_by_text(entry.fix["en"]).wait_for()
    assert page.locator(".messages-filter").is_visible() is script
    other = page.locator("details.message", has=page.locator("#skip-branch"))
    assert not other.locator("p").first.is_visible()
    other.locator("summary").tap()
    assert other.locator("p").first.is_visible()
    context.close()


@pytest.mark.parametrize("name", ["reference/messages", "tutorial/upload"])
def test_no_element_fails_in_what_a_page_opens(browser, address, name):
    page = browser.new_context(bypass_csp=True, viewport=PHONE, color_scheme="light").new_page()
    page.goto(f"{address}/en/{name}/")
    page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")
    page.evaluate(accessibility_audit.script())
    assert accessibility_audit.audit_view(page)["failing"] == []
    page.context.close()


def test_a_message_is_printed_once(built_site):
    html = built_site.html("en", "reference/messages")
    messages = html.select("details.message")
    assert len(messages) == len(catalogue())
    for entry, message in zip(
        sorted(catalogue(), key=lambda entry: entry.id),
        sorted(messages, key=lambda message: message.h3["id"]),
        strict=True,
    ):
        assert message.h3.code.get_text() == entry.text("en")
        others = [code.get_text() for code in message.select("p > code")]
        assert entry.text("en") not in others
        assert entry.title("en") not in others


# Type


def test_the_typeface_is_small_and_always_the_same(built_site):
    files = fonts.for_pages()
    for language in LANGUAGES:
        for name, content in files.items():
            assert (built_site.site / language / name).read_bytes() == content
    sizes = {name: len(content) for name, content in files.items() if name.endswith(".woff2")}
    assert max(sizes.values()) < 18_000, sizes
    assert b"SIL OPEN FONT LICENSE" in files[f"{fonts.FOLDER}/{fonts.LICENCE}"]
    again = fonts.subset.__wrapped__("Regular")
    assert again == fonts.subset("Regular")


def test_the_typeface_has_every_letter_of_the_running_text(built_site):
    known = {
        chr(code)
        for weight in fonts.OF_PAGES
        for code in TTFont(io.BytesIO(fonts.subset(weight))).getBestCmap()
    }
    missing = {}
    for language in LANGUAGES:
        for page in pages():
            texts = built_site.html(language, page).select("article :is(h1, h2, h3, p, li)")
            for text in texts:
                for part in text.select("code, pre, .headerlink, svg, table"):
                    part.extract()
                if other := set(text.get_text()) - known - set("\n\u200b"):
                    missing[f"{language}/{page}"] = sorted(other)
    assert missing == {}


SHIFTS = """
new Promise(resolve => new PerformanceObserver(list => {
  resolve(list.getEntries().reduce((sum, entry) => sum + entry.value, 0));
}).observe({type: "layout-shift", buffered: true}) || setTimeout(() => resolve(0), 500))
"""


def test_the_text_stays_where_it_is_when_the_typeface_arrives(browser, address):
    page = browser.new_context(viewport=PHONE).new_page()
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        waiting.append(route)

    page.route("**/*.woff2", hold)
    page.goto(f"{address}/en/tutorial/upload/", wait_until="commit")
    page.locator("article h2").first.wait_for()
    while not waiting:
        page.wait_for_timeout(50)
    page.wait_for_timeout(200)
    for route in waiting:
        route.continue_()
    page.evaluate("document.fonts.ready.then(() => true)")
    assert page.evaluate("document.fonts.check('16px \"Source Serif\"')")
    assert page.evaluate(SHIFTS) < 0.01
    page.context.close()
