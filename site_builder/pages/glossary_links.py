"""Links the first use of each term on a page to the glossary, while the page is rendered.

Nobody writes these links, so none is forgotten, and a word that is renamed takes them along. They
stand in running text and in cells of tables: not in headings, code, other links, labels of buttons
(which are bold), or titles of boxes.
"""

from __future__ import annotations

import posixpath
import re
import xml.etree.ElementTree as ET

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
    words = [re.escape(word) for word in name.split()]
    if language == "es":  # construcción, construcciones
        words = [re.sub("ón$", "(?:ón|ones)", word) for word in words]
    return r"[ \n]".join(f"{word}{END}" for word in words)


class Terms:
    """The terms of a language, to be found in texts, the longest first."""

    def __init__(self, language: str) -> None:
        items, words = data("tables/glossary"), names()
        forms = {
            key: (
                item["found"][language]
                if "found" in item
                else pattern(words[key][language], language)
            )
            for key, item in items.items()
        }
        self.keys = sorted(forms, key=lambda key: (-len(words[key][language]), key))
        groups = "|".join(f"(?P<t{n}>{forms[key]})" for n, key in enumerate(self.keys))
        self._any = re.compile(rf"(?<![\w/-])(?:{groups})(?![\w/-]|\.\w)", re.IGNORECASE)

    def find(self, text: str) -> list[tuple[str, int, int]]:
        """Return each term in *text* with the place where it begins and ends."""
        return [
            (self.keys[int(match.lastgroup[1:])], match.start(), match.end())
            for match in self._any.finditer(text)
            if match.lastgroup
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
        text, children = parent.text, list(parent)
        parent.text = None
        for child in children:
            parent.remove(child)
        self._add_text(parent, text)
        for child in children:
            text, child.tail = child.tail, None
            self._walk(child)
            parent.append(child)
            self._add_text(parent, text)

    def _add_text(self, parent: ET.Element, text: str | None) -> None:
        """Put a text at the end of *parent*, with a link where a term is used first."""
        if not text or isinstance(text, AtomicString):
            self._add(parent, text)
            return
        end = 0
        for key, start, stop in self.links.terms.find(text):
            if key in self.seen:
                continue
            self.seen.add(key)
            self._add(parent, text[end:start])
            link = ET.SubElement(
                parent, "a", {"class": "term", "href": f"{self.target}#{anchor(key)}"}
            )
            link.text = text[start:stop]
            end = stop
        self._add(parent, text[end:])

    @staticmethod
    def _add(parent: ET.Element, text: str | None) -> None:
        if len(parent):
            parent[-1].tail = text
        else:
            parent.text = text
