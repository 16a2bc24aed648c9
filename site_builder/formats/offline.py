"""The offline set: both languages in one zip that opens from a disk, with search.

Material's ``offline`` plugin turns off directory URLs, on which our redirects rest, so it would
need a second build of each language, and would still link the two on the web only.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
from collections.abc import Iterable, Iterator
from html import escape, unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from site_builder.formats.contents import Guide

NAME = "offline.zip"
FOLDER = "guide"
# Links that a reader follows, and what a page loads; what describes the page stays whole.
LINK = re.compile(
    r'(<(?:a|area|img|script|source|link rel="(?:stylesheet|icon|prev|next)")(?=\s)[^>]*?'
    r'\s(?:href|src)=")([^"]*)(")'
)
# A link that begins at the page itself: it means another file on each page.
BELOW = re.compile(r'\s(?:href|src)="(?!\.\./|#|[a-z]+:)')
BROKEN_TAG = re.compile(r"<[^>\n]*$", re.M)  # a tag that goes on in the next line
LEFT_OUT = {
    "404.html",
    "llms.txt",
    "llms-full.txt",
    "feed.xml",
    "sitemap.xml",
    "sitemap.xml.gz",
    "card.png",
    "index.html.md",
    "_headers",
    NAME,
}
DAY = (2026, 1, 1, 0, 0, 0)  # the same bytes for the same files


def write(guides: Iterable[Guide], place: Path) -> None:
    """Write the set of all languages into *place*, where the site stands."""
    guides = list(guides)
    kept = {file: file.relative_to(place).as_posix() for file in _files(guides, place)}
    with zipfile.ZipFile(place / NAME, "w") as target:
        for name, content in _contents(guides, kept):
            _add(target, name, content)


def _contents(guides: list[Guide], kept: dict[Path, str]) -> Iterator[tuple[str, bytes]]:
    """Yield each file of the set, by its name there, and its bytes."""
    names = set(kept.values())
    known: dict[tuple[str, str], str] = {}
    for file, name in kept.items():
        content = file.read_bytes()
        if file.suffix == ".html":
            content = _page(content.decode(), name, names, guides[0].root, known).encode()
        yield name, content


def _add(target: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(f"{FOLDER}/{name}", DAY)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED
    target.writestr(entry, content)


def _files(guides: list[Guide], place: Path) -> Iterator[Path]:
    yield place / "index.html"
    for guide in guides:
        for file in sorted(guide.folder.rglob("*")):
            printed = file.is_relative_to(guide.folder / "print")
            left_out = printed or file.name in LEFT_OUT or file.suffix in (".map", ".pdf")
            if file.is_file() and not left_out:
                yield file


def _page(
    html: str, name: str, names: set[str], root: str, known: dict[tuple[str, str], str]
) -> str:
    """Return a page whose links name files; what is not in the set is linked on the web.

    The pages of a folder have most of their lines in common: *known* keeps what became of those.
    """
    above = posixpath.dirname(posixpath.dirname(name))

    def link(match: re.Match[str]) -> str:
        return match[1] + escape(_link(unescape(match[2]), name, names, root)) + match[3]

    if BROKEN_TAG.search(html):
        return LINK.sub(link, html)
    lines = []
    for line in html.split("\n"):
        new = known.get((above, line))
        if new is None:
            new = LINK.sub(link, line)
            if not BELOW.search(line):
                known[above, line] = new
        lines.append(new)
    return "\n".join(lines)


def _link(href: str, name: str, names: set[str], root: str) -> str:
    if href.startswith(("#", "mailto:", "data:")):
        return href
    if href.startswith("https://") and not href.startswith(root):
        return href
    target = urljoin(root + name.removesuffix("index.html"), href)
    if not target.startswith(root):
        return href
    path = unquote(urlsplit(target).path.removeprefix(urlsplit(root).path))
    file = f"{path}index.html" if path == "" or path.endswith("/") else path
    if file not in names:
        return target
    fragment = urlsplit(target).fragment
    relative = posixpath.relpath(file, posixpath.dirname(name) or ".")
    return relative + (f"#{fragment}" if fragment else "")
