"""What has changed, from site/changes.yml: an Atom feed for each language, and CHANGELOG.md.

mkdocs-rss-plugin makes an entry of each page, dated by git, and not of each release's changes, and
writes the moment of the build into the feed.
"""

from __future__ import annotations

import html
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from typing import Any
from urllib.parse import urljoin, urlsplit

from site_builder.formats.contents import Guide
from site_builder.site_data import ROOT, data, word

ATOM = "http://www.w3.org/2005/Atom"
KINDS = ("added", "changed", "fixed", "removed")  # as in Keep a Changelog
FEED = "feed.xml"
CHANGELOG = ROOT / "CHANGELOG.md"
HEAD = """\
# Changelog

What readers, forkers and teachers notice, newest first.
*En español, en `docs/data/site/changes.yml` y en la página «Qué ha cambiado».*
The format follows [Keep a Changelog](https://keepachangelog.com/en/1.1.0/).
Written from docs/data/site/changes.yml by: make changes
"""
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")


def releases() -> list[dict[str, Any]]:
    """Return the groups of changes, newest first."""
    groups: list[dict[str, Any]] = data("site/changes")
    return groups


def title(release: dict[str, Any], language: str) -> str:
    """Return the heading of a group: its version and its day."""
    version = release["version"] or word("unreleased", language)
    return f"{version} ({release['day']})"


def sections(release: dict[str, Any], language: str) -> Iterator[tuple[str, list[str]]]:
    """Yield each kind of change with its sentences, which are Markdown."""
    for kind in KINDS:
        if kind in release:
            yield word(kind, language), [one[language] for one in release[kind]]


def markdown(language: str, level: int = 2, ids: bool = True) -> str:
    """Return all changes as Markdown; with *ids*, each heading has one."""
    parts = []
    for release in releases():
        mark = f" {{ #{anchor(release)} }}" if ids else ""
        parts.append(f"{'#' * level} {title(release, language)}{mark}")
        for kind, sentences in sections(release, language):
            parts.append(f"**{kind}**" if ids else f"{'#' * (level + 1)} {kind}")
            parts.append("\n".join(f"- {one}" for one in sentences))
    return "\n\n".join(parts)


def anchor(release: dict[str, Any]) -> str:
    """Return the id of a group on the page of changes: ``of-2026-11-24``."""
    return f"of-{release['day']}"


def changelog() -> str:
    """Return CHANGELOG.md as site/changes.yml has it."""
    return f"{HEAD}\n{markdown('en', ids=False)}\n"


def atom(guide: Guide) -> bytes:
    """Return the feed of one language: an entry for each group of changes."""
    language = guide.language
    page = f"{guide.url}changes/"
    feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": language})

    def add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        element = ET.SubElement(parent, name, attributes)
        element.text = text or None
        return element

    add(feed, "id", guide.url + FEED)
    add(feed, "title", f"{guide.name}: {word('changes', language)}")
    add(feed, "link", rel="self", type="application/atom+xml", href=guide.url + FEED)
    add(feed, "link", rel="alternate", type="text/html", hreflang=language, href=page)
    add(feed, "updated", _moment(releases()[0]))
    add(add(feed, "author"), "name", guide.name)
    host = urlsplit(guide.url).hostname
    for release in releases():
        entry = add(feed, "entry")
        add(entry, "id", f"tag:{host},{release['day']}:{language}/changes")
        add(entry, "title", title(release, language))
        add(entry, "link", rel="alternate", type="text/html", href=f"{page}#{anchor(release)}")
        add(entry, "updated", _moment(release))
        add(entry, "content", _html(release, language, page), type="html")
    ET.indent(feed)
    text: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _moment(release: dict[str, Any]) -> str:
    return f"{release['day']}T00:00:00Z"


def _html(release: dict[str, Any], language: str, page: str) -> str:
    parts = []
    for kind, sentences in sections(release, language):
        items = "".join(f"<li>{_inline(one, page)}</li>" for one in sentences)
        parts.append(f"<h2>{html.escape(kind)}</h2><ul>{items}</ul>")
    return "".join(parts)


def _inline(text: str, page: str) -> str:
    """Return the HTML of a sentence, which has code and links and nothing else."""
    text = html.escape(text, quote=False)
    text = re.sub(r"`([^`]+)`", r"<code>\1</code>", text)
    return LINK.sub(lambda found: f'<a href="{urljoin(page, found[2])}">{found[1]}</a>', text)


if __name__ == "__main__":
    CHANGELOG.write_text(changelog(), encoding="utf-8")
