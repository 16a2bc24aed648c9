"""The drawings: true to their data, whole in both languages, and no text leaves its place."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest
import yaml
from helpers.docs.blocks import ROOT
from helpers.site.built_site import LANGUAGES
from playwright.sync_api import Browser

from pypi_practice.core.indexes import INDEXES
from pypi_practice.tokens import macaroons
from site_builder.drawings import drawings
from site_builder.pages import tables
from site_builder.site_data import data

STYLES = ROOT / "overrides" / "assets" / "stylesheets"
CALL = re.compile(r'\{\{ drawing\("(\w+)"\) \}\}')
NAMES = drawings.NAMES


def drawn(name: str, language: str) -> ET.Element:
    """Return the element that is the picture of a drawing, parsed."""
    figure = ET.fromstring(drawings.figure(language, name).replace("data-search-exclude", ""))
    picture = figure.find("div")
    assert picture is not None
    return picture


def sentences(name: str, language: str) -> list[str]:
    """Return the words of a drawing, as a screen reader says them."""
    figure = ET.fromstring(drawings.figure(language, name).replace("data-search-exclude", ""))
    return ["".join(item.itertext()) for item in figure.iter("li")]


def texts(name: str, language: str) -> list[str]:
    """Return what is written in a drawing, element by element."""
    parents = (
        element
        for element in drawn(name, language).iter()
        if element.tag in ("div", "span") and any(map(str.strip, own_texts(element)))
    )
    return [" ".join("".join(element.itertext()).split()) for element in parents]


def own_texts(element: ET.Element) -> list[str]:
    """Return the texts that stand in an element itself, and not in one of its children."""
    return [element.text or "", *(child.tail or "" for child in element)]


def test_each_drawing_is_on_a_page_of_both_languages():
    for language in LANGUAGES:
        texts = (ROOT / "docs" / language).rglob("*.md")
        assert {name for file in texts for name in CALL.findall(file.read_text("utf-8"))} == set(
            NAMES
        )


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_drawing_is_whole(name, language):
    """Valid XML, named and described, with no script, style or address of its own."""
    html = drawings.figure(language, name)
    figure = ET.fromstring(html.replace("data-search-exclude", ""))
    ids = {
        element.get("id"): "".join(element.itertext())
        for element in figure.iter()
        if element.get("id")
    }
    picture = drawn(name, language)
    assert picture.get("role") == "img"
    assert ids[picture.get("aria-labelledby")]
    assert len(ids[picture.get("aria-describedby")]) > 100
    assert texts(name, language)
    assert not re.search(r"<script|<style|style=|href|url\(|\bon\w+=", html)
    assert "\n\n" not in html


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_say_the_same_amount(name):
    english, spanish = (texts(name, language) for language in LANGUAGES)
    assert len(english) == len(spanish)
    assert english != spanish


def test_what_a_drawing_says_is_in_its_words_too():
    """The holders and the road have no text that a listener does not hear."""
    for name in ("road", "holders"):
        for language in LANGUAGES:
            words = " ".join(sentences(name, language)).lower()
            head = data("site/drawings")["holders"]["steps"][language].lower()
            for shown in texts(name, language):
                text = shown.strip("()").lower()
                assert text.isdigit() or text == head or text in words, text


def test_the_token_of_the_drawing_is_the_one_of_the_script_and_its_parts_are_right():
    token = drawings.sample_token()
    script = (ROOT / "examples" / "anatomy" / "fields.py").read_text("utf-8")
    output = re.search(r"'''\n(.*)'''", script, re.S)
    assert output
    printed = output[1].splitlines()
    parts = drawings.fields(token)
    shown = [f"{part.key}: {part.value or '32 bytes'}" for part in parts[2:]]
    assert shown == printed
    assert "".join(token[part.start : part.end] for part in parts) == token
    # The last letters are those that a change of the signature changes, and no others.
    assert len(token) - parts[-1].start == 46
    assert set(data("tables/token_fields")) == {part.key for part in parts}


def test_fields_read_any_short_token_of_the_practice_index():
    raw = macaroons.make(
        INDEXES["pypi"], "00000000-0000-4000-8000-000000000001", b"k" * 32, [[3, "u"]]
    )
    pairs = [(part.key, part.value) for part in drawings.fields(raw)]
    assert pairs[2:] == [
        ("location", INDEXES["pypi"].practice_location),
        ("identifier", "00000000-0000-4000-8000-000000000001"),
        ("caveat", '[3,"u"]'),
        ("signature", ""),
    ]


def test_the_stages_are_those_of_the_ready_file():
    ready = yaml.safe_load((ROOT / "demo-package" / ".travis.yml").read_text("utf-8"))
    names = [stage if isinstance(stage, str) else stage["name"] for stage in ready["stages"]]
    description = "\n".join(sentences("stages", "en"))
    for name in names:
        assert f"Stage {name}, " in description
    assert "push to main: test (1 job)." in description
    assert "push to staging: test (1 job), then testpypi (1 job)." in description
    assert "pull request to staging: test (2 jobs)." in description
    assert "tag v1.0.0: test (3 jobs), then pypi (1 job)." in description


def test_every_place_and_lane_of_the_timeline_is_drawn():
    words, steps = data("site/drawings"), data("tables/timeline")
    assert {step["lane"] for step in steps} == set(words["timeline"]["lanes"])
    places = words["holders"]["places"]
    named = {place for step in steps for place in step["token"]}
    assert named == {key for key, place in places.items() if place.get("holds") == "token"}
    for place in named:  # a bar has no gaps
        held = [number for number, step in enumerate(steps) if place in step["token"]]
        assert held == list(range(held[0], held[-1] + 1)), place


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reach_of_each_token_is_drawn_and_said(language):
    facts = data("tables/scopes")
    rows = tables.write("scopes", language).splitlines()[2:]
    assert len(rows) == len(facts["rows"])
    for row, scope in zip(rows, facts["rows"].values(), strict=True):
        drawing = re.search(r"<svg.*</svg>", row)
        assert drawing
        svg = ET.fromstring(drawing[0])
        label = svg.get("aria-label", "")
        assert label.endswith(facts["words"][f"until_{scope['until']}"][language])
        front = [r for r in svg if r.tag.endswith("rect") and "back" not in r.get("class", "")]
        assert ["opened" in r.get("class", "") for r in front] == [
            kind in scope["opens"] for kind in ("project", "others", "new")
        ]


# In a browser

MEASURE = """() => {
  const wrong = [];
  for (const picture of document.querySelectorAll(".drawing .art")) {
    const room = picture.getBoundingClientRect(), seen = [];
    const texts = document.createTreeWalker(picture, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
      const text = texts.currentNode, words = text.data.trim(), range = document.createRange();
      range.selectNodeContents(text);
      for (const box of range.getClientRects()) {
        if (!words || !box.width) continue;
        if (box.left < room.left - 2 || box.right > room.right + 2 || box.top < room.top - 3
            || box.bottom > room.bottom + 3) wrong.push(`outside: ${words}`);
        for (const [other, last] of seen) {
          const x = Math.min(box.right, last.right) - Math.max(box.left, last.left);
          const y = Math.min(box.bottom, last.bottom) - Math.max(box.top, last.top);
          if (x > 1 && y > 5) wrong.push(`over each other: ${words} / ${other}`);
        }
        seen.push([words, box]);
        const size = parseFloat(getComputedStyle(text.parentElement).fontSize);
        if (size < 10.5) wrong.push(`too small, ${size}: ${words}`);
      }
    }
    if (!seen.length) wrong.push("empty");
  }
  return wrong;
}"""


def sheet(language: str) -> str:
    """Return a page with all drawings of a language and nothing else, with the site's styles."""
    css = "".join((STYLES / name).read_text("utf-8") for name in ("guide.css", "drawings.css"))
    fonts = (
        ":root{--md-text-font-family:'DejaVu Sans';--md-code-font-family:'DejaVu Sans Mono';"
        "--guide-serif:'DejaVu Serif'} html{font-size:20px} body{margin:16px}"
    )
    body = "".join(drawings.figure(language, name) for name in NAMES)
    return (
        f"<style>{css}{fonts}</style>"
        f'<body data-md-color-scheme="default"><div class="md-typeset">{body}</div>'
    )


@pytest.mark.parametrize("width", [390, 760])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_fits_its_place(browser: Browser, width: int, language: str):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.set_content(sheet(language))
    assert page.evaluate(MEASURE) == []
    assert page.locator(".road .rails").is_visible() is (width > 600)
    page.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_text_that_does_not_fit_is_found(browser: Browser, name: str):
    page = browser.new_page(viewport={"width": 760, "height": 900})
    page.set_content(sheet("en"))
    page.locator(f".{name} :is(.small, .strong)").first.evaluate(
        "text => { text.textContent = 'long'.repeat(60); text.style.overflowWrap = 'normal'; }"
    )
    assert page.evaluate(MEASURE)
    page.close()


def test_a_drawing_follows_light_and_dark(browser: Browser):
    page = browser.new_page(viewport={"width": 760, "height": 900})
    page.set_content(sheet("en"))
    ink = "getComputedStyle(document.querySelector('.drawing .name')).color"
    light = page.evaluate(ink)
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    assert page.evaluate(ink) != light
    page.close()


def test_the_stylesheet_names_every_class_of_the_drawings():
    css = (STYLES / "drawings.css").read_text("utf-8")
    used = {
        name
        for picture in NAMES
        for element in drawn(picture, "en").iter()
        for name in element.get("class", "").split()
    }
    styled = set(re.findall(r"\.([\w-]+)", css))
    plain = {*NAMES, "laptop", "github", "none", "token"}  # they look as all of their kind
    assert used - styled <= plain
