"""The pictures of the practice index's pages, as the tests took them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from site_builder.code_blocks.listings import ListingError
from site_builder.site_data import ROOT, begun, data, first

SCHEMES = ("light", "dark")
SCALE = 1.5  # pixels of the picture for one of the page


def file(name: str, language: str, scheme: str) -> Path:
    """Return where a picture lies: ``examples/token/form.en.dark.png``.

    A language that is begun shows those of the first language.
    """
    language = first() if language in begun() else language
    return ROOT / "examples" / f"{name}.{language}.{scheme}.png"


def address(name: str, scheme: str) -> str:
    """Return where the site of a language has a picture."""
    return f"images/{name}.{scheme}.png"


def all_pictures(language: str) -> Iterator[tuple[str, Path]]:
    """Yield the address and the file of each picture of a language."""
    for name in data("site/screenshots"):
        for scheme in SCHEMES:
            yield address(name, scheme), file(name, language, scheme)


def size(picture: Path) -> tuple[int, int]:
    """Return width and height of a PNG file, in pixels; ListingError if it is none."""
    # Pillow, which makes cards, is not installed where pages are only shown.
    head = picture.read_bytes()[:24]
    if not head.startswith(b"\x89PNG") or len(head) < 24:
        raise ListingError(f"{picture} is no PNG picture")
    wide, high = struct.unpack(">II", head[16:])
    return wide, high


def figure(name: str, language: str, page: str) -> str:
    """Return the Markdown of a picture in light and dark, of which drawings.css shows one.

    *page* is the page that shows it: ``tutorial/token.md``. The hidden one is not fetched.
    """
    texts = data("site/screenshots")[name]
    up = "../" * (len(PurePosixPath(page).parts) - 1)
    lines = []
    for scheme in SCHEMES:
        picture = file(name, language, scheme)
        if not picture.is_file():
            raise ListingError(f"there is no picture {picture.relative_to(ROOT)}: make refresh")
        wide, high = (round(length / SCALE) for length in size(picture))
        lines.append(
            f"![{texts['alt'][language]}]({up}{address(name, scheme)})"
            f'{{ .on-{scheme} width="{wide}" height="{high}" loading="lazy" }}'
        )
    caption = f"<figcaption>{texts['caption'][language]}</figcaption>"
    return "\n".join(['<figure class="screenshot" markdown>', *lines, "", caption, "</figure>"])
