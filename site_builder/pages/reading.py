"""What the pages' style needs to know: columns of tables, whole dates, the link of a message.

On a narrow screen a table of three columns or more becomes a list of cards, one for each row. Each
of its cells says then which column it is in, and each element which part of a table it is, because
a browser no longer says that of an element that is shown as another one.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

from markdown import Markdown
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor
from markdown.treeprocessors import Treeprocessor

DATE = r"(?<![\w/.-])(\d{4}-\d\d-\d\d)(?![\w-])"
COLUMNS = 3
BRIEF = 28  # letters
WORD = 20  # letters: longer code in a table may be broken anywhere
ROLES = {"table": "table", "thead": "rowgroup", "tbody": "rowgroup", "tr": "row", "td": "cell"}


class Reading(Extension):  # type: ignore[misc] # the library carries no types
    """The extension for Markdown."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Take our places after the other inline patterns, and after the links to the glossary."""
        md.inlinePatterns.register(_Dates(DATE, md), "dates", 15)
        md.treeprocessors.register(_Parts(md), "reading", 3)


class _Dates(InlineProcessor):  # type: ignore[misc] # the library carries no types
    """A date is an element, which is not broken at the end of a line."""

    def handleMatch(self, match: re.Match[str], data: str) -> tuple[ET.Element, int, int]:
        element = ET.Element("time")
        element.text = match[1]
        return element, match.start(0), match.end(0)


class _Parts(Treeprocessor):  # type: ignore[misc] # the library carries no types
    def run(self, root: ET.Element) -> None:
        for table in root.iter("table"):
            head = table.findall("thead/tr/th")
            if len(head) >= COLUMNS:
                _make_cards(table, head)
            for code in table.iterfind("tbody//code"):
                if len(_text(code)) > WORD:
                    code.set("class", "long")
        for details in root.iter("details"):
            if details.get("class") == "message":
                _move_link(details)


def _move_link(message: ET.Element) -> None:
    """Put the link of a message to itself below it: in what opens the message it would not do."""
    heading = message.find("summary/h3")
    link = None if heading is None else heading.find("a[@class='headerlink']")
    if heading is not None and link is not None:
        heading.remove(link)
        link.set("data-search-exclude", "")
        message.findall("p")[-1].append(link)


def _text(element: ET.Element) -> str:
    return " ".join("".join(element.itertext()).split())


def _make_cards(table: ET.Element, head: list[ET.Element]) -> None:
    for element in table.iter():
        if element.tag in ROLES:
            element.set("role", ROLES[element.tag])
    for cell in head:
        if _text(cell):
            cell.set("role", "columnheader")
        else:  # the empty corner of a table is no heading
            cell.tag = "td"
            cell.set("role", "cell")
    rows = [row.findall("td") for row in table.findall("tbody/tr")]
    for column, title in list(enumerate(map(_text, head)))[1:]:
        cells = [row[column] for row in rows]
        brief = all(len(_text(cell)) + len(title) <= BRIEF and len(cell) <= 1 for cell in cells)
        for cell in cells:
            cell.set("data-label", title)
            if brief:
                cell.set("class", "brief")
