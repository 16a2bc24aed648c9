"""The whole guide on one page for each language, to read and to print.

mkdocs-print-site-plugin loses the ids in tables, so that links of its page lead nowhere, writes a
wrong link to the other language, and adds two style sheets and a script to every page.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urldefrag, urljoin

import lxml.html

from site_builder.formats.contents import Guide, Page
from site_builder.formats.markdown_export import article
from site_builder.site_data import ROOT
from site_builder.templates import render

PAGE = "print/index.html"
SHEET = ROOT / "overrides" / "assets" / "stylesheets" / "print.css"
HEADINGS = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6"}


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
    known = {page.url: page for page in guide.pages}
    text = render(
        "print.html",
        guide=guide,
        page_id=page_id,
        content=lambda page: _content(page, known, guide),
    )
    target.write_text(text, encoding="utf-8")


def _content(page: Page, known: dict[str, Page], guide: Guide) -> str:
    """Return what a page says, with ids and links as they are on the page of the whole guide."""
    body = article(page)
    own = page_id(page)
    for element in body.xpath(".//*[@id]"):
        element.set("id", f"{own}--{element.get('id')}")
    for element in body.xpath(".//*[@for or @aria-labelledby or @aria-describedby or @headers]"):
        for name in ("for", "aria-labelledby", "aria-describedby", "headers"):
            if element.get(name):
                element.set(name, " ".join(f"{own}--{word}" for word in element.get(name).split()))
    for element in body.xpath(".//*[@href]"):
        element.set("href", _target(element.get("href"), page, known))
        element.attrib.pop("download", None)
    for element in body.xpath(".//*[@src]"):
        below = urljoin(page.url, element.get("src")).removeprefix(guide.url)
        element.set("src", f"../{below}")
    for element in list(body.iter(*HEADINGS)):
        element.tag = HEADINGS[element.tag]
    inner = (body.text or "") + "".join(_text(child) for child in body)
    link = f'<p class="source"><a href="{page.url}">{page.url}</a></p>'
    return inner.replace("</h2>", f"</h2>\n{link}", 1)


def _text(element: Any) -> str:
    return str(lxml.html.tostring(element, encoding="unicode"))


def _target(href: str, page: Page, known: dict[str, Page]) -> str:
    """Return where a link leads from the page of the whole guide."""
    address, fragment = urldefrag(urljoin(page.url, href))
    if address not in known:
        return address + (f"#{fragment}" if fragment else "")
    name = page_id(known[address])
    return f"#{name}--{fragment}" if fragment else f"#{name}"
