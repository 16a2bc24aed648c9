"""What is printed: the pages to print and their PDFs, the whole guide and the tutorial alone."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from bs4 import BeautifulSoup
from helpers.docs.blocks import ROOT, blocks, pages, tutorial
from helpers.markup import element
from helpers.site.built_site import LANGUAGES, BuiltSite
from mkdocs.config import load_config
from playwright.sync_api import Browser, Page
from pypdf import PdfReader
from pypdf.generic import Destination, DictionaryObject

from site_builder import browser as browsers
from site_builder import build, commands, macros
from site_builder.code_blocks import proof_kind
from site_builder.formats import page_formats
from site_builder.formats import pdf as pdf_format
from site_builder.formats.contents import Guide
from site_builder.site_data import word

ADDRESS = str(load_config(str(ROOT / "mkdocs.yml")).site_url).rstrip("/") + "/"
LESSONS = tutorial()
# What they list is in the contents.
LEFT_OUT = {f"{section}/index" for section in ("tutorial", "howto", "reference", "explanation")}
WHOLE = tuple(page for page in pages() if page not in LEFT_OUT)
A4 = 210 - 2 * 22  # the width of the text, in mm
# What a reader may set (WCAG 1.4.12).
SPACING = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
  word-spacing: .16em !important; } p { margin-bottom: 2em !important; }"""
POINTS = 72 / 25.4  # in a mm


@dataclass(frozen=True)
class Edition:
    """What is printed together, as the tests look at it."""

    language: str
    print_key: str
    pdf_key: str
    pages: tuple[str, ...]
    most: int  # pages of paper

    @property
    def url(self) -> str:
        """The address of the page to print."""
        return f"{ADDRESS}{self.language}/{page_formats.TAKEN[self.print_key]}"


EDITIONS = [
    edition
    for language in LANGUAGES
    for edition in (
        Edition(language, "print", "pdf", WHOLE, 230),
        Edition(language, "tutorial_print", "tutorial_pdf", LESSONS, 40),
    )
]
TUTORIALS = [edition for edition in EDITIONS if edition.print_key == "tutorial_print"]


def named(edition: Edition) -> str:
    """Return how a test of an edition is called."""
    return f"{edition.language}-{edition.pdf_key}"


@pytest.fixture(params=EDITIONS, ids=named)
def edition(request: pytest.FixtureRequest) -> Edition:
    """Each edition in turn."""
    parameter: Edition = request.param
    return parameter


@functools.cache
def printed(tree: BuiltSite, edition: Edition) -> BeautifulSoup:
    """Return a page to print, parsed."""
    file = tree.site / edition.url.removeprefix(ADDRESS) / "index.html"
    return BeautifulSoup(file.read_text("utf-8"), "lxml")


@functools.cache
def pdf(tree: BuiltSite, edition: Edition) -> PdfReader:
    """Return the PDF of an edition."""
    return PdfReader(tree.site / edition.language / page_formats.TAKEN[edition.pdf_key])


def words(text: str) -> str:
    """Return a text with single spaces, and without the joined letters of a font."""
    return " ".join(unicodedata.normalize("NFKC", text).replace("¶", "").split())


@functools.cache
def text_of(tree: BuiltSite, edition: Edition, number: int) -> str:
    """Return what stands on a page of paper."""
    return words(pdf(tree, edition).pages[number - 1].extract_text())


@functools.cache
def places(tree: BuiltSite, edition: Edition) -> dict[str, int]:
    """Return on which page of paper each place lies that something links to."""
    reader = pdf(tree, edition)
    page_numbers = {}
    for name, place in reader.named_destinations.items():
        index = reader.get_destination_page_number(place)
        assert index is not None, name
        page_numbers[name.removeprefix("/")] = index + 1
    return page_numbers


def bookmarks(entries: Any) -> Iterator[Destination]:
    """Yield every bookmark below *entries*."""
    for entry in entries:
        if isinstance(entry, list):
            yield from bookmarks(entry)
        else:
            yield entry


# The pages to print


def test_a_page_to_print_holds_its_pages_and_its_links_lead_on(edition, built_site):
    html = printed(built_site, edition)
    ids = [tag["id"] for tag in html.select("[id]")]
    assert len(ids) == len(set(ids))
    shown = [page.replace("/", "-") for page in edition.pages]
    assert [section["id"] for section in html.select("section.page")] == shown
    known = set(ids)
    links = html.select("a[href], img[src], link[rel=stylesheet]")
    for target in {str(link.get("href") or link["src"]) for link in links}:
        if target.startswith("#"):
            assert target[1:] in known, target
            continue
        whole = urljoin(edition.url, target)
        assert urlsplit(whole).scheme in ("http", "https", "mailto"), target
        if whole.startswith(ADDRESS):
            path = unquote(urlsplit(whole).path).removeprefix(urlsplit(ADDRESS).path)
            file = built_site.site / path
            file = file / "index.html" if path.endswith("/") or not path else file
            assert file.is_file(), whole
    for page, name in zip(edition.pages, shown, strict=True):
        title = element(html, f"#{name} h2").get_text()
        assert words(title) == words(built_site.html(edition.language, page).h1.get_text()), page


def test_nothing_is_printed_that_serves_the_screen_alone(edition, built_site):
    html = printed(built_site, edition)
    for selector in ("script", "button", "form", "input", ".headerlink", ".download", ".on-dark"):
        assert html.select(selector) == [], selector
    assert html.select(".screenshot img.on-light")
    # How a block is proven is said of those alone that are not.
    wanted = sum(
        proof_kind.kind(block.path) == "declared"
        for page in edition.pages
        for block in blocks(page)
        if block.kind != "captured"
    )
    assert len(html.select(".proof")) == len(html.select(".proof.unproven")) == wanted > 0


def test_the_tutorial_has_its_eight_steps():
    assert len(LESSONS) == 8


def test_each_form_is_linked_from_the_pages_to_print_and_from_the_page_of_all_forms(
    edition, built_site
):
    keys = ("print", "pdf", "tutorial_print", "tutorial_pdf")
    wanted = {urljoin(f"{ADDRESS}{edition.language}/", page_formats.TAKEN[key]) for key in keys}
    links = printed(built_site, edition).select(".toolbar a")
    assert wanted - {urljoin(edition.url, str(link["href"])) for link in links} == {edition.url}
    take = built_site.html(edition.language, "take").select("article a[href]")
    own = f"{ADDRESS}{edition.language}/take/"
    assert wanted <= {urljoin(own, str(link["href"])) for link in take}


def test_a_page_to_print_fits_a_phone_with_wider_spacing(browser, edition, built_site):
    page = browser.new_page(viewport={"width": 320, "height": 800}, bypass_csp=True)
    page.goto((built_site.site / edition.url.removeprefix(ADDRESS) / "index.html").as_uri())
    page.add_style_tag(content=SPACING)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    page.close()


def on_paper(browser: Browser, tree: BuiltSite, edition: Edition) -> Page:
    """Open a page to print as it is printed, for a reader whose screen is dark."""
    wide = round(A4 / 25.4 * 96)
    page = browser.new_page(viewport={"width": wide, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    page.goto((tree.site / edition.url.removeprefix(ADDRESS) / "index.html").as_uri())
    return page


def test_nothing_is_wider_than_the_paper(browser, edition, built_site):
    page = on_paper(browser, built_site, edition)
    # The frame of a row of columns is as wide as the text, and a space at its end may hang out.
    cut = page.evaluate("""() => {
      const width = document.body.clientWidth;
      return [...document.querySelectorAll("main *")].filter(one => {
        const place = one.getBoundingClientRect();
        return place.right > width + 1 && !one.closest("svg, .w");
      }).map(one => one.outerHTML.slice(0, 200));
    }""")
    page.close()
    assert cut == []


@pytest.mark.parametrize("edition", TUTORIALS, ids=named)
def test_drawings_and_pictures_are_printed_as_on_the_site(browser, edition, built_site):
    page = on_paper(browser, built_site, edition)
    rail = page.locator(".drawing .rail").first
    assert rail.evaluate("line => getComputedStyle(line).fill") == "none"
    assert rail.evaluate("line => getComputedStyle(line).stroke") == "rgb(42, 90, 97)"
    started, not_started = (
        page.locator(f".drawing .jobs .square{kind}").first.evaluate(
            "one => getComputedStyle(one).backgroundColor"
        )
        for kind in (":not(.open)", ".open")
    )
    assert (started, not_started) == ("rgb(42, 90, 97)", "rgb(255, 255, 255)")
    for drawing in page.locator(".drawing").all():
        assert drawing.locator(".art").is_visible()
        assert not drawing.locator("details").is_visible()
    page.close()


@pytest.mark.parametrize("edition", [EDITIONS[0]], ids=named)
def test_what_a_colour_says_in_a_drawing_is_seen_without_it(browser, edition, built_site):
    page = on_paper(browser, built_site, edition)
    wide = "line => parseFloat(getComputedStyle(line).strokeWidth)"
    cold = page.locator(".timeline .rail:not(.hot)").first.evaluate(wide)
    assert page.locator(".timeline .rail.hot").first.evaluate(wide) >= 1.5 * cold
    stroke = "line => getComputedStyle(line).stroke"
    filled = page.locator(".timeline .hot + .inner").first.evaluate(stroke)
    assert filled != page.locator(".timeline .stop:not(.hot) + .inner").first.evaluate(stroke)
    page.close()


# The PDFs


def test_a_pdf_is_short_light_and_tagged(edition, built_site):
    reader = pdf(built_site, edition)
    assert len(reader.pages) <= edition.most
    assert reader.metadata
    name = load_config(str(ROOT / build.CONFIGS[edition.language])).site_name
    tutorial = word("tutorial", edition.language)
    assert reader.metadata.title == (name if edition.pdf_key == "pdf" else f"{name}: {tutorial}")
    assert reader.root_object["/Lang"] == edition.language
    marks = reader.root_object["/MarkInfo"]
    assert isinstance(marks, DictionaryObject)
    assert marks["/Marked"]  # tagged, for screen readers
    file = built_site.site / edition.language / page_formats.TAKEN[edition.pdf_key]
    assert file.stat().st_size < 6_000_000
    contents = reader.pages[4].get_contents()
    assert contents is not None
    # No page is painted dark: the paper stays white.
    assert b"0.0784" not in contents.get_data()[:400]


def test_the_contents_have_right_numbers_and_each_page_its_chapter(edition, built_site):
    contents = printed(built_site, edition).select("nav.contents a")
    assert len(contents) > len(edition.pages)
    front = " ".join(text_of(built_site, edition, number) for number in (1, 2))
    entries = [
        (words(entry.get_text()), places(built_site, edition)[str(entry["href"])[1:]])
        for entry in contents
    ]
    for title, number in entries:
        assert re.search(rf"{re.escape(title)}\s*{number}\b", front), f"{title}: {number}"
    for title, number in entries[:: len(entries) // 12 + 1]:  # reading a page takes its time
        assert title in text_of(built_site, edition, number), f"{title} is not on page {number}"
    name = load_config(str(ROOT / build.CONFIGS[edition.language])).site_name
    for chapter in printed(built_site, edition).select("section.chapter"):
        number = places(built_site, edition)[str(chapter["id"])] + 1
        head = f"{name} {words(element(chapter, 'h1').get_text())} {number} "
        assert text_of(built_site, edition, number).startswith(head)


def test_the_bookmarks_are_the_headings_and_none_of_them_stands_alone(edition, built_site):
    reader = pdf(built_site, edition)
    html = printed(built_site, edition)
    headings = {words(element.get_text()) for element in html.select("h1, h2, h3, h4, h5")}
    marks = list(bookmarks(reader.outline))
    assert len(marks) > len(edition.pages)
    assert {words(str(mark.title)) for mark in marks} == headings
    titles = {words(element.get_text()) for element in html.select('[id$="--sources"]')}
    assert titles
    for mark in marks:
        top = float(mark.top or 0) / POINTS
        assert top > 18 + 7, f"{mark.title} is the last on its page"
        if words(str(mark.title)) in titles:
            assert top < 297 - 20 - 4, f"{mark.title} begins a page"


def test_the_links_of_a_pdf_lead_to_a_place_or_to_the_web(edition, built_site):
    reader = pdf(built_site, edition)
    known = set(reader.named_destinations)
    inside = outside = 0
    for page in reader.pages:
        for annotation in page.get("/Annots") or []:
            link = annotation.get_object()
            action = link.get("/A", {})
            if "/URI" in action:
                outside += 1
                assert str(action["/URI"]).startswith(("http://", "https://", "mailto:")), action
            else:
                inside += 1
                target = str(link.get("/Dest") or action.get("/D"))
                assert target in known or f"/{target}" in known, target
    assert inside > 2 * len(edition.pages)
    assert outside > 2 * len(edition.pages)


def test_the_count_of_what_chromium_has_painted_leaves_a_pdf_alone():
    """It is in the names of heads of tables, and another one each time."""
    first = b"/ID (node00000571) /ID (node00000572) /Headers [ (node00000571) ]"
    second = b"/ID (node00000579) /ID (node00000580) /Headers [ (node00000579) ]"
    assert pdf_format._numbered_anew(first) == pdf_format._numbered_anew(second)
    assert len(set(re.findall(rb"\(\w+\)", pdf_format._numbered_anew(first)))) == 2


@pytest.mark.parametrize("edition", TUTORIALS, ids=named)
def test_paper_says_where_each_link_leads(edition, built_site):
    count = len(pdf(built_site, edition).pages)
    # A line may end anywhere in an address.
    text = "".join(text_of(built_site, edition, number) for number in range(1, count + 1))
    text = re.sub(r"\s", "", text)
    label = word("page_number", edition.language)
    inside = outside = 0
    for link in printed(built_site, edition).select("main a[href]:not(.term)"):
        name, target = link.get_text(), str(link["href"])
        if name in target:
            continue
        if target.startswith("#"):
            inside += 1
            link_text = label.format(number=places(built_site, edition)[target[1:]])
        else:
            outside += 1
            link_text = str(link["data-address"])
            assert (
                urljoin(f"{ADDRESS}{edition.language}/", link_text) in target or link_text in target
            )
        # The end of the last word: a page may end before it.
        shown = re.sub(r"\s", "", words(f"{name.split()[-1][-8:]}({link_text})"))
        assert shown in text, shown
    assert inside > 8
    assert outside > 30


# Without a browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_browser_the_site_is_built_without_its_pdfs(
    language, monkeypatch, tmp_path, capsys
):
    built = []
    monkeypatch.setattr(browsers, "find", lambda: None)
    monkeypatch.setattr(commands, "build", lambda place, *, pdf: built.append(pdf))
    arguments = ["site_builder", "build", "--lang", language, "--site-dir", str(tmp_path)]
    monkeypatch.setattr("sys.argv", arguments)
    monkeypatch.setenv("LANGUAGE", language)  # main() sets it for the builds
    assert commands.main() == 0
    assert built == [False]
    assert capsys.readouterr().err.strip() == word("no_pdf", language)


def test_a_pdf_needs_a_browser(monkeypatch, tmp_path):
    monkeypatch.setattr(browsers, "find", lambda: None)
    with pytest.raises(browsers.NoBrowser, match="CHROMIUM"):
        pdf_format.write([Guide("en", "", "", "", tmp_path, ())])


def test_a_site_without_pdfs_does_not_offer_them(monkeypatch):
    monkeypatch.setenv(page_formats.WITHOUT_PDF, "1")
    for key in ("pdf", "tutorial_pdf"):
        assert macros.take({}, "take.md", "en", key) == word("take_no_pdf", "en")
    assert 'href="../print/"' in macros.take({}, "take.md", "en", "print")
    assert 'href="../print/tutorial/"' in macros.take({}, "take.md", "en", "tutorial_print")
