"""The PDFs of each language, printed from the pages to print."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pikepdf
from playwright.sync_api import Browser, sync_playwright

from site_builder import browser
from site_builder.formats.contents import Guide
from site_builder.formats.page_formats import TAKEN
from site_builder.formats.single_page import Edition, editions
from site_builder.site_data import word

DEFAULT_DATE = 1767225600  # 2026-01-01: a PDF without a date of its own is the same each time


def write(guides: Sequence[Guide]) -> None:
    """Print each language, all at the same time. Raises browser.NoBrowser."""
    program = browser.find() if guides else ""
    if program is None:
        raise browser.NoBrowser(browser.no_browser())
    with ThreadPoolExecutor(len(guides) or 1) as threads:
        list(threads.map(partial(_print, program), guides))


def _print(program: str, guide: Guide) -> None:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=[*browser.ARGUMENTS])
        try:
            for edition in editions(guide):
                (guide.folder / TAKEN[edition.pdf]).write_bytes(_pdf(chromium, edition))
        finally:
            chromium.close()


# Puts the number of its page behind each link to a place; returns the places without a number.
FILL = """([numbers, otherwise, label]) =>
  [...document.querySelectorAll('a[href^="#"]')].flatMap(link => {
    const number = numbers[decodeURIComponent(link.hash.slice(1))] || otherwise;
    link.dataset.page = link.closest("nav") ? number : label.replace("{number}", number);
    return number ? [] : [link.hash];
  })"""
NODE = re.compile(rb"\(node\d{8}\)")
FIGURE_SPACE = "\u2007"  # as wide as a digit


def _pdf(chromium: Browser, edition: Edition) -> bytes:
    """Print at least twice: the links learn the numbers of their pages from a draft."""
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((edition.guide.folder / TAKEN[edition.name] / "index.html").as_uri())
    page.evaluate("document.fonts.ready")
    label = word("page_number", edition.guide.language)
    paper: dict[str, Any] = {"prefer_css_page_size": True, "print_background": True}
    for digits in (3, 2, 1):
        page.evaluate(FILL, [{}, "0" * digits, label])
        numbers = _numbers(page.pdf(**paper))
        if max(map(len, numbers.values())) >= digits:
            break
    # All are as wide as in the draft, so that no line changes.
    numbers = {place: number.rjust(digits, FIGURE_SPACE) for place, number in numbers.items()}
    if missing := page.evaluate(FILL, [numbers, "", label]):
        raise LookupError(f"the PDF has no page for {', '.join(missing)}")
    done = page.pdf(**paper, outline=True, tagged=True)
    headings = page.evaluate(
        "() => [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].map(one => one.textContent)"
    )
    page.close()
    others = [url for url in asked if not url.startswith(("file:", "data:"))]
    if others:
        raise ValueError(f"the print page asks other hosts: {', '.join(others)}")
    return _finished(done, headings, edition)


def _numbers(pdf: bytes) -> dict[str, str]:
    """Return on which page each place lies that something links to, by its id."""
    with pikepdf.open(io.BytesIO(pdf)) as draft:
        pages = {page.obj.objgen: at for at, page in enumerate(draft.pages, 1)}
        return {
            name.removeprefix("/"): str(pages[place[0].objgen])
            for name, place in draft.Root.Dests.items()
        }


def _numbered_anew(pdf: bytes) -> bytes:
    """Return a PDF whose heads of tables are numbered from 0.

    Chromium names them by a count of all that it has painted, which is not the same each time.
    """
    counts = {name: at for at, name in enumerate(sorted(set(NODE.findall(pdf))))}
    # As long as before: the places of objects stay right.
    return NODE.sub(lambda match: b"(node%08d)" % counts[match[0]], pdf)


def _finished(pdf: bytes, headings: list[str], edition: Edition) -> bytes:
    """Give the PDF its title, and the date of the build instead of this moment; name its bookmarks.

    Chromium loses the space where a heading is broken, and doubles one that it moves to a new page.
    """
    moment = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", DEFAULT_DATE)), UTC)
    stamp = moment.strftime("D:%Y%m%d%H%M%SZ")
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(_numbered_anew(pdf))) as document:
        document.trailer.Info = document.make_indirect(
            pikepdf.Dictionary(
                Title=edition.title,
                Subject=edition.description,
                CreationDate=stamp,
                ModDate=stamp,
            )
        )
        with document.open_outline() as outline:
            for bookmark, heading in zip(_all(outline.root), headings, strict=True):
                bookmark.title = " ".join(heading.split())
        document.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,  # less than half the size
            deterministic_id=True,
        )
    return out.getvalue()


def _all(bookmarks: list[pikepdf.OutlineItem]) -> Iterator[pikepdf.OutlineItem]:
    """Yield bookmarks with all below them, in the order of the pages."""
    for bookmark in bookmarks:
        yield bookmark
        yield from _all(bookmark.children)
