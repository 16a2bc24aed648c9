"""What the search of a language looks through: the sections of its pages, as a script.

Material's search plugin cuts the pages into sections. The search itself is
``overrides/assets/javascripts/search-results.js``, which reads a script and no JSON, because a
browser fetches no JSON for a page that was opened from a disk.
"""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

from site_builder.site_data import data

NAME = "sections.js"
# What stands on the pages around the text: its words are not what a page is about.
WIDGET = re.compile(
    r'(<(?:p|div|span|nav|form|section|details) class="(?:[^"]*\s)?'
    r'(?:proof|filename|own-names|choices|install-first|contents|page-foot|reproduced)(?:\s[^"]*)?")'
)
BLOCK = re.compile(r"</?(?:p|pre|li|ol|ul)>")
TAG = re.compile(r"<[^>]+>")
# Lists of links, on nearly every page.
LEFT_OUT = ("#sources", "#next")


def exclude_widgets(html: str) -> str:
    """Return a page's content with a mark, which the plugin takes away, on what it shall skip."""
    return WIDGET.sub(r'\1 data-search-exclude="true"', html)


def write(folder: Path, language: str) -> None:
    """Write the script into *folder*, in the place of the index that the plugin has written."""
    index = folder / "search_index.json"
    documents = json.loads(index.read_text(encoding="utf-8"))["docs"]
    index.unlink()
    text = json.dumps(_content(documents, language), ensure_ascii=False, separators=(",", ":"))
    # In a script these two end a line; in JSON they do not.
    text = text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
    (folder / NAME).write_text(f"window.guideSearch = {text};\n", encoding="utf-8")


def leave(folder: Path) -> None:
    """Leave the script as it is: the plugin knows only the sections of the pages made anew."""
    (folder / "search_index.json").unlink()


def _content(documents: list[dict[str, Any]], language: str) -> dict[str, Any]:
    words = data("site/search_words")
    asked = {place: texts.get(language, []) for place, texts in words["pages"].items()}
    titles: dict[str, str] = {}
    sections = []
    for document in documents:
        address, _, fragment = document["location"].partition("#")
        title = _plain(document["title"])
        titles.setdefault(address, title)
        if document["location"].endswith(LEFT_OUT):
            continue
        page = address.strip("/") or "index"
        place = f"{page}#{fragment}" if fragment else page
        section: dict[str, Any] = {
            "place": document["location"],
            "title": title,
            "text": _plain(document["text"]),
        }
        if fragment:
            section["page"] = titles[address]
        if asked.get(place):
            # Each word once: that "token" is in many of the phrases says nothing.
            section["asked"] = " ".join(dict.fromkeys(" ".join(asked[place]).split()))
        if page in words["weights"]:
            section["weight"] = words["weights"][page]
        sections.append(section)
    says = data("site/search_says")
    return {
        "sections": sections,
        "stopWords": words["stop_words"].get(language, ""),
        "endings": words["endings"].get(language, ""),
        "same": words["same"].get(language, []),
        "says": {key: text[language] for key, text in says.items()},
    }


def _plain(html: str) -> str:
    """Return the text of a piece of HTML: a line for each block, and none that is empty."""
    lines = TAG.sub("", BLOCK.sub("\n", html)).splitlines()
    return unescape("\n".join(" ".join(line.split()) for line in lines if line.strip()))
