"""What has changed, from site/changes.yml: an Atom feed for each language, and CHANGELOG.md.

mkdocs-rss-plugin makes an entry of each page, dated by git, and not of each release's changes, and
writes the moment of the build into the feed.
"""

from __future__ import annotations

from urllib.parse import urlsplit

import lxml.html
import markdown

from site_builder.formats.contents import Guide
from site_builder.site_data import ROOT
from site_builder.templates import render

FEED = "feed.xml"
CHANGELOG = ROOT / "CHANGELOG.md"


def changelog() -> str:
    """Return CHANGELOG.md as site/changes.yml has it."""
    return render("changelog.md").strip("\n") + "\n"


def atom(guide: Guide) -> str:
    """Return the feed of one language: an entry for each group of changes."""
    return render("feed.xml", guide=guide, host=urlsplit(guide.url).hostname, html=_html)


def _html(changes: str, page: str) -> str:
    """Return Markdown from *page* as HTML, with whole addresses."""
    tree = lxml.html.fragment_fromstring(markdown.markdown(changes), create_parent="div")
    tree.make_links_absolute(page)
    return "".join(lxml.html.tostring(child, encoding="unicode") for child in tree)


if __name__ == "__main__":
    CHANGELOG.write_text(changelog(), encoding="utf-8")
