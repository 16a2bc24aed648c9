"""Pages to print, in each language: the whole guide, and the tutorial alone, to hand out.

mkdocs-print-site-plugin loses the ids in tables, so that links of its page lead nowhere, writes a
wrong link to the other language, and adds two style sheets and a script to every page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urldefrag, urljoin

import lxml.html

from site_builder.formats.contents import Guide, Page
from site_builder.formats.markdown_export import article
from site_builder.formats.page_formats import TAKEN, is_taken
from site_builder.site_data import word
from site_builder.templates import render

HEADINGS = {"h1": "h2", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6"}
POINTERS = ("aria-labelledby", "aria-describedby")
# What paper cannot show, or says once at its beginning: how the blocks are proven.
ON_SCREEN = " | ".join(
    f'.//{element}[contains(concat(" ", @class, " "), " {name} ")]'
    for element, name in (
        ("img", "on-dark"),
        ("a", "download"),
        ("a", "source"),
        ("span", "between"),
        ('*[not(contains(@class, "unproven"))]', "proof"),
    )
)


@dataclass(frozen=True)
class Edition:
    """Chapters that are printed together; ``name`` and ``pdf`` are keys of TAKEN."""

    guide: Guide
    name: str
    pdf: str
    title: str
    description: str
    chapters: tuple[tuple[str, tuple[Page, ...]], ...]

    @property
    def up(self) -> str:
        """The way from the page of the edition to the home page."""
        return "../" * TAKEN[self.name].count("/")


def editions(guide: Guide) -> tuple[Edition, Edition]:
    """Return the whole guide, and the tutorial alone."""
    # What a section's own page lists is in the contents.
    chapters = tuple(
        (title, tuple(page for page in pages if not page.only_lists))
        for title, pages in guide.chapters
    )
    lessons = tuple(
        page for page in guide.pages if page.name.startswith("tutorial/") and not page.only_lists
    )
    title, description = word("tutorial", guide.language), word("tutorial_alone", guide.language)
    return (
        Edition(guide, "print", "pdf", guide.name, guide.description, chapters),
        Edition(
            guide,
            "tutorial_print",
            "tutorial_pdf",
            f"{guide.name}: {title}",
            description,
            ((title, lessons),),
        ),
    )


def page_id(page: Page) -> str:
    """Return the id that a page has on a page to print: ``tutorial-upload``."""
    return page.name.replace("/", "-")


def write_pages(guide: Guide) -> None:
    """Write the pages to print."""
    for edition in editions(guide):
        known = {page.url: page_id(page) for _, pages in edition.chapters for page in pages}
        for number, (_, pages) in enumerate(edition.chapters, 1):
            known |= {
                page.url: f"chapter-{number}"
                for _, whole in guide.chapters
                for page in whole
                if page.only_lists and set(pages) <= set(whole)
            }
        text = render(
            "print.html",
            edition=edition,
            guide=guide,
            taken={key: TAKEN[key] for key in TAKEN if is_taken(key)},
            page_id=page_id,
            content=lambda page, edition=edition, known=known: _content(page, known, edition),
        )
        target = guide.folder / TAKEN[edition.name] / "index.html"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _content(page: Page, known: dict[str, str], edition: Edition) -> str:
    """Return what a page says, with ids and links as they are on the page to print."""
    body = article(page)
    own = page_id(page)
    for element in body.xpath(ON_SCREEN):
        element.drop_tree()
    for element in body.iter("*"):
        for name in POINTERS:
            if element.get(name):
                element.set(name, " ".join(f"{own}--{one}" for one in element.get(name).split()))
        if element.get("id"):
            element.set("id", f"{own}--{element.get('id')}")
        if element.get("src"):
            below = urljoin(page.url, element.get("src")).removeprefix(edition.guide.url)
            element.set("src", edition.up + below)
        if element.get("href"):
            _lead(element, page, known, edition.guide)
        element.tag = HEADINGS.get(element.tag, element.tag)
    inner = (body.text or "") + "".join(_text(child) for child in body)
    link = f'<p class="address"><a href="{page.url}">{page.url}</a></p>'
    return inner.replace("</h2>", f"</h2>\n{link}", 1)


def _text(element: Any) -> str:
    return str(lxml.html.tostring(element, encoding="unicode"))


def _lead(link: Any, page: Page, known: dict[str, str], guide: Guide) -> None:
    """Let a link lead to its place on the page to print, or say on paper where it leads."""
    target = urljoin(page.url, link.get("href"))
    address, fragment = urldefrag(target)
    link.attrib.pop("download", None)
    if address in known:
        name = known[address]
        target = f"#{name}--{fragment}" if fragment else f"#{name}"
    elif link.get("class") != "term" and link.text_content() not in target:
        # A page of the guide by its name, since the guide's address stands at the beginning.
        shown = address.removeprefix(guide.url).partition("://")
        link.set("data-address", (shown[2] or shown[0]).rstrip("/"))
    link.set("href", target)
