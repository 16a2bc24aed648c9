"""What can be wrong with the files of a built site: links, HTML, weight."""

from __future__ import annotations

import functools
import gzip
import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import justhtml
import lxml.html

LINKS = "//a/@href | //link/@href | //img/@src | //script/@src | //source/@src"
LOADED = '//script/@src | //link[@rel="stylesheet"]/@href'


@functools.cache
def tree(file: Path) -> lxml.html.HtmlElement:
    """Return a built page, parsed."""
    return lxml.html.document_fromstring(file.read_bytes())


def broken_links(folder: Path, root: str, *, from_disk: bool = False) -> tuple[list[str], int]:
    """Return the links of all pages below *folder* that lead nowhere, and how many were followed.

    *root* is the address of *folder*: what lies below it must be there, with its anchor. From a
    disk, a link must name its file, because there a folder does not open its ``index.html``.
    """
    broken, count = [], 0
    for file in sorted(folder.rglob("*.html")):
        name = file.relative_to(folder).as_posix()
        own = root + (name if from_disk else re.sub(r"(^|/)index\.html$", r"\1", name))
        for link in map(str, tree(file).xpath(LINKS)):
            target = urljoin(own, link)
            if not target.startswith(root):
                continue
            count += 1
            parts = urlsplit(target)
            path = folder / unquote(parts.path.removeprefix(urlsplit(root).path))
            if parts.path.endswith("/") and not from_disk:
                path /= "index.html"
            anchor = unquote(parts.fragment)
            if not path.is_file() or (anchor and not has(path, anchor)):
                broken.append(f"{name}: {link}")
    return broken, count


def has(file: Path, anchor: str) -> bool:
    """Tell whether a page has an element with this id."""
    return file.suffix == ".html" and anchor in ids(file)


@functools.cache
def ids(file: Path) -> frozenset[str]:
    """Return the ids of a page."""
    return frozenset(map(str, tree(file).xpath("//@id")))


def faults(file: Path) -> list[str]:
    """Return what is not valid in the HTML of a page."""
    text = file.read_text("utf-8")
    errors = justhtml.JustHTML(text, collect_errors=True, sanitize=False).errors
    twice = [
        element_id
        for element_id, n in Counter(re.findall(r'\sid="([^"]*)"', text)).items()
        if n > 1
    ]
    return [*map(str, errors), *(f"id {element_id} is there twice" for element_id in twice)]


def weight(file: Path) -> dict[str, int]:
    """Return the bytes of a page and of all that it loads at once, each with gzip."""
    files = {file, *((file.parent / link).resolve() for link in tree(file).xpath(LOADED))}
    return {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in sorted(files)}


def images(file: Path) -> int:
    """Return the bytes of the pictures of a page, in the colours in which they are more."""
    sizes: list[int] = []
    for hidden in ("on-dark", "on-light"):
        sources = tree(file).xpath(f'//img[not(contains(@class, "{hidden}"))]/@src')
        files = {(file.parent / link).resolve() for link in sources}
        sizes.append(sum(path.stat().st_size for path in files))
    return max(sizes)
