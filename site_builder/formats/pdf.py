"""The PDF of each language, printed from the page with the whole guide."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pikepdf
from playwright.sync_api import Browser, sync_playwright

from site_builder import browser
from site_builder.formats.contents import Guide
from site_builder.formats.fonts import font_file
from site_builder.formats.page_formats import TAKEN
from site_builder.formats.single_page import PAGE

DEFAULT_DATE = 1767225600  # 2026-01-01: a PDF without a date of its own is the same each time


def write(guides: Sequence[Guide]) -> None:
    """Print the page of each language, all at the same time. Raises browser.NoBrowser."""
    program = browser.find() if guides else ""
    if program is None:
        raise browser.NoBrowser(browser.no_browser())
    with ThreadPoolExecutor(len(guides) or 1) as threads:
        for guide, content in zip(
            guides, threads.map(partial(_print, program), guides), strict=True
        ):
            (guide.folder / TAKEN["pdf"]).write_bytes(content)


def _print(program: str, guide: Guide) -> bytes:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=[*browser.ARGUMENTS])
        try:
            return _pdf(chromium, guide)
        finally:
            chromium.close()


FONTS = {"Regular": (400, "normal"), "Semibold": (600, "normal"), "It": (400, "italic")}


def _fonts() -> str:
    return "".join(
        f"@font-face {{ font-family: Guide; font-weight: {weight}; font-style: {style}; "
        f'src: url("{font_file(name).as_uri()}"); }}'
        for name, (weight, style) in FONTS.items()
    )


def _pdf(chromium: Browser, guide: Guide) -> bytes:
    """Print twice: the contents learn the numbers of their pages from the first print."""
    page = chromium.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((guide.folder / PAGE).as_uri())
    page.add_style_tag(content=_fonts())
    page.evaluate("document.fonts.ready")
    paper: dict[str, Any] = {"prefer_css_page_size": True, "print_background": True}
    numbers = _numbers(page.pdf(**paper))
    missing = page.evaluate(
        """numbers => [...document.querySelectorAll("[data-of]")].filter(entry => {
            entry.textContent = numbers[entry.dataset.of] || "";
            return !entry.textContent;
        }).map(entry => entry.dataset.of)""",
        numbers,
    )
    if missing:
        raise LookupError(f"the PDF has no page for {', '.join(missing)}")
    done = page.pdf(**paper, outline=True, tagged=True)
    page.close()
    others = [url for url in asked if not url.startswith(("file:", "data:"))]
    if others:
        raise ValueError(f"the print page asks other hosts: {', '.join(others)}")
    return _dated(done, guide)


def _numbers(pdf: bytes) -> dict[str, int]:
    """Return on which page each place lies that something links to, by its id."""
    with pikepdf.open(io.BytesIO(pdf)) as draft:
        pages = {page.obj.objgen: at for at, page in enumerate(draft.pages, 1)}
        return {
            name.removeprefix("/"): pages[place[0].objgen]
            for name, place in draft.Root.Dests.items()
        }


def _dated(pdf: bytes, guide: Guide) -> bytes:
    """Give the PDF its title, and the date of the build instead of this moment."""
    moment = datetime.fromtimestamp(int(os.environ.get("SOURCE_DATE_EPOCH", DEFAULT_DATE)), UTC)
    stamp = moment.strftime("D:%Y%m%d%H%M%SZ")
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.trailer.Info = document.make_indirect(
            pikepdf.Dictionary(
                Title=guide.name, Subject=guide.description, CreationDate=stamp, ModDate=stamp
            )
        )
        document.save(
            out,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,  # less than half the size
            deterministic_id=True,
        )
    return out.getvalue()
