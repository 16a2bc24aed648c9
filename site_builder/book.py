"""The whole guide on one page for each language, and the PDF that is printed from it."""

from __future__ import annotations

import html
import io
import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import urldefrag, urljoin

import lxml.html
import pikepdf
from playwright.sync_api import Browser, sync_playwright

from site_builder import browser
from site_builder.cards import font_file
from site_builder.contents import Guide, Page
from site_builder.listings import ROOT
from site_builder.plain import article
from site_builder.texts import data, word

PAGE = "print/index.html"
PDF = "guide.pdf"
SHEET = ROOT / "overrides" / "assets" / "stylesheets" / "print.css"
HEADINGS = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6"}
DEFAULT_DATE = 1767225600  # 2026-01-01: a PDF without a date of its own is the same each time


class NoBrowser(Exception):
    """There is no Chromium to print with; the text says what to do."""


def page_id(page: Page) -> str:
    """Return the id that a page has on the page of the whole guide: ``tutorial-upload``."""
    return page.name.replace("/", "-")


def write_page(guide: Guide) -> None:
    """Write the page with the whole guide, to read and to print."""
    target = guide.folder / PAGE
    target.parent.mkdir(parents=True, exist_ok=True)
    (guide.folder / "assets/stylesheets/print.css").write_text(
        SHEET.read_text(encoding="utf-8"), encoding="utf-8"
    )
    target.write_text(_whole(guide), encoding="utf-8")


def _whole(guide: Guide) -> str:
    known = {page.url: page for page in guide.pages}
    language = guide.language
    say = {
        key: html.escape(word(key, language))
        for key in ("contents", "print_now", "print_back", "licence", "of_version")
    }
    name, url = html.escape(guide.name), html.escape(f"{guide.url}print/")
    parts = [
        f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>{name}</title>
<meta name="description" content="{html.escape(guide.description)}">
<meta name="robots" content="noindex">
<link rel="canonical" href="{url}">
<link rel="icon" href="../assets/images/favicon.png">
<link rel="stylesheet" href="../assets/stylesheets/print.css">
</head>
<body>
<p class="toolbar"><a href="../">{say["print_back"]}</a> · {say["print_now"]}</p>
<header class="cover">
<h1>{name}</h1>
<p>{html.escape(guide.description)}</p>
<p>{say["of_version"].format(day=data("tested")["date"])}</p>
<p><a href="{html.escape(guide.url)}">{html.escape(guide.url)}</a></p>
<p>{say["licence"]}</p>
</header>
<nav class="contents" aria-labelledby="contents">
<h2 id="contents">{say["contents"]}</h2>
{_contents(guide)}
</nav>
<main>"""
    ]
    for at, (title, pages) in enumerate(guide.chapters):
        if title:
            parts.append(
                f'<section class="chapter"><h1 id="chapter-{at}">{html.escape(title)}</h1>'
            )
        parts += [_section(page, known, guide) for page in pages]
        if title:
            parts.append("</section>")
    parts.append("</main>\n</body>\n</html>\n")
    return "\n".join(parts)


def _entry(target: str, title: str) -> str:
    return (
        f'<a href="#{target}">{html.escape(title)}<span class="dots"></span>'
        f'<span class="number" data-of="{target}"></span></a>'
    )


def _contents(guide: Guide) -> str:
    rows = []
    for at, (title, pages) in enumerate(guide.chapters):
        inner = [f"<li>{_entry(page_id(page), page.title)}</li>" for page in pages]
        if title:
            head = _entry(f"chapter-{at}", title)
            rows.append(f"<li>{head}<ol>{''.join(inner)}</ol></li>")
        else:
            rows += inner
    return f"<ol>{''.join(rows)}</ol>"


def _section(page: Page, known: dict[str, Page], guide: Guide) -> str:
    body = article(page)
    own = page_id(page)
    for one in body.xpath(".//*[@id]"):
        one.set("id", f"{own}--{one.get('id')}")
    for one in body.xpath(".//*[@for or @aria-labelledby or @aria-describedby or @headers]"):
        for name in ("for", "aria-labelledby", "aria-describedby", "headers"):
            if one.get(name):
                one.set(name, " ".join(f"{own}--{word}" for word in one.get(name).split()))
    for one in body.xpath(".//*[@href]"):
        one.set("href", _target(one.get("href"), page, known))
        one.attrib.pop("download", None)
    for one in body.xpath(".//*[@src]"):
        below = urljoin(page.url, one.get("src")).removeprefix(guide.url)
        one.set("src", f"../{below}")
    for one in list(body.iter(*HEADINGS)):
        one.tag = HEADINGS[one.tag]
    inner = (body.text or "") + "".join(_text(child) for child in body)
    link = f'<p class="source"><a href="{page.url}">{page.url}</a></p>'
    inner = re.sub(r"</h2>", f"</h2>\n{link}", inner, count=1)
    return f'<section class="page" id="{own}">{inner}</section>'


def _text(element: Any) -> str:
    return str(lxml.html.tostring(element, encoding="unicode"))


def _target(href: str, page: Page, known: dict[str, Page]) -> str:
    """Return where a link leads from the page of the whole guide."""
    address, fragment = urldefrag(urljoin(page.url, href))
    if address not in known:
        return address + (f"#{fragment}" if fragment else "")
    name = page_id(known[address])
    return f"#{name}--{fragment}" if fragment else f"#{name}"


def write_pdfs(guides: Sequence[Guide]) -> None:
    """Print the page of each language, all at the same time. Raises NoBrowser."""
    program = browser.find() if guides else ""
    if program is None:
        raise NoBrowser(browser.no_browser())
    with ThreadPoolExecutor(len(guides) or 1) as threads:
        for guide, content in zip(
            guides, threads.map(partial(_print, program), guides), strict=True
        ):
            (guide.folder / PDF).write_bytes(content)


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
        """numbers => [...document.querySelectorAll("[data-of]")].filter(one => {
            one.textContent = numbers[one.dataset.of] || "";
            return !one.textContent;
        }).map(one => one.dataset.of)""",
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
