"""Links the first use of each term on a page to the glossary, while the page is rendered.

Nobody writes these links, so none is forgotten, and a word that is renamed takes them along. They
stand in running text and in cells of tables: not in headings, code, other links, labels of buttons
(which are bold), or titles of boxes.
"""

from __future__ import annotations

import posixpath
import re
import xml.etree.ElementTree as ET
from typing import Any

from markdown import Markdown
from markdown.extensions import Extension
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from site_builder.pages.tables import anchor, names
from site_builder.site_data import data

GLOSSARY = "reference/glossary.md"
WITHOUT = {GLOSSARY, "reference/labels.md"}  # the second is a table of PyPI's words, not of ours
CLOSED = {
    "a",
    "button",
    "code",
    "em",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "label",
    "pre",
    "strong",
    "summary",
    "svg",
    "th",
}
CLOSED_CLASSES = {"admonition-title", "filename"}
END = "(?:e?s)?"  # of a plural, in both languages


def pattern(name: str, language: str) -> str:
    """Return a regular expression for a name and its plural: ``wheel``, ``entornos virtuales``."""
    words = [re.escape(one) for one in name.split()]
    if language == "es":  # construcción, construcciones
        words = [re.sub("ón$", "(?:ón|ones)", one) for one in words]
    return r"[ \n]".join(f"{one}{END}" for one in words)


class Terms:
    """The terms of a language, to be found in texts, the longest first."""

    def __init__(self, language: str) -> None:
        items, words = data("tables/glossary"), names()
        forms = {
            key: (
                one["found"][language]
                if "found" in one
                else pattern(words[key][language], language)
            )
            for key, one in items.items()
        }
        self.keys = sorted(forms, key=lambda key: (-len(words[key][language]), key))
        groups = "|".join(f"(?P<t{n}>{forms[key]})" for n, key in enumerate(self.keys))
        self._any = re.compile(rf"(?<![\w/-])(?:{groups})(?![\w/-]|\.\w)", re.IGNORECASE)

    def find(self, text: str) -> list[tuple[str, int, int]]:
        """Return each term in *text* with the place where it begins and ends."""
        return [
            (self.keys[int(found.lastgroup[1:])], found.start(), found.end())
            for found in self._any.finditer(text)
            if found.lastgroup
        ]


class TermLinks(Extension):  # type: ignore[misc] # the library carries no types
    """The extension for Markdown; ``page`` is the path of the page that is being rendered."""

    def __init__(self, language: str) -> None:
        super().__init__()
        self.terms = Terms(language)
        self.page = ""

    def extendMarkdown(self, md: Markdown) -> None:
        """Take our place after the inline patterns, and before MkDocs resolves the links."""
        md.treeprocessors.register(_Linker(md, self), "terms", 5)


class _Linker(Treeprocessor):  # type: ignore[misc] # the library carries no types
    def __init__(self, md: Markdown, links: TermLinks) -> None:
        super().__init__(md)
        self.links = links

    def run(self, root: ET.Element) -> None:
        if self.links.page in WITHOUT:
            return
        folder = posixpath.dirname(self.links.page)
        self.target = posixpath.relpath(GLOSSARY, folder or ".")
        self.seen: set[str] = set()
        self._walk(root)

    def _walk(self, parent: ET.Element) -> None:
        if parent.tag in CLOSED or CLOSED_CLASSES & set(str(parent.get("class", "")).split()):
            return
        place = 0
        new = self._split(parent.text)
        if new:
            parent.text = new[0]
            for link in new[1]:
                parent.insert(place, link)
                place += 1
        while place < len(parent):
            child = parent[place]
            self._walk(child)
            place += 1
            new = self._split(child.tail)
            if new:
                child.tail = new[0]
                for link in new[1]:
                    parent.insert(place, link)
                    place += 1

    def _split(self, text: str | None) -> tuple[str, list[ET.Element]] | None:
        """Return the text before the first link, and the links with what follows each."""
        if not text or isinstance(text, AtomicString):
            return None
        parts: list[Any] = []
        end = 0
        for key, start, stop in self.links.terms.find(text):
            if key in self.seen:
                continue
            self.seen.add(key)
            link = ET.Element("a", {"class": "term", "href": f"{self.target}#{anchor(key)}"})
            link.text = text[start:stop]
            parts += [text[end:start], link]
            end = stop
        if not parts:
            return None
        tails = [*parts[2::2], text[end:]]
        for link, tail in zip(parts[1::2], tails, strict=True):
            link.tail = tail
        return parts[0], parts[1::2]
