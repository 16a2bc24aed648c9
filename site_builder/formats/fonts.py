"""The typeface of the guide: whole for the PDF and the cards, small files of it for the pages.

The files for the pages are made at each build from the package that the lock file names, with
nothing in them that the pages do not use: letters of other scripts, hints, small capitals.
"""

from __future__ import annotations

import functools
import importlib.util
import io
from pathlib import Path

PACKAGE = "font_source_serif_pro"
FOLDER = "assets/fonts"
# The weights that the pages have, as the package names them, and the names of their files.
OF_PAGES = {"Regular": "regular", "It": "italic", "Semibold": "semibold"}
# The letters of Spanish and its neighbours, the marks of running text, and the space that is as
# wide as a digit, for numbers of pages.
RANGES = ((0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x2026), (0x2190, 0x2193))
LETTERS = "\u2007ıŒœŠšŽžŸ€‰‹›⁄™−≠≤≥✓"
LICENCE = "LICENSE.txt"


def font_file(weight: str) -> Path:
    """Return the file of a font in the package that the lock names: ``Regular`` or ``Semibold``."""
    return _folder() / f"SourceSerifPro-{weight}.ttf"


def _folder() -> Path:
    package = importlib.util.find_spec(PACKAGE)
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError(PACKAGE)
    return Path(package.submodule_search_locations[0], "files")


def for_pages() -> dict[str, bytes]:
    """Return the files that the pages load, by their address, with the licence beside them."""
    files = {f"{FOLDER}/{name}.woff2": subset(weight) for weight, name in OF_PAGES.items()}
    return {**files, f"{FOLDER}/{LICENCE}": (_folder() / LICENCE).read_bytes()}


@functools.cache
def subset(weight: str) -> bytes:
    """Return a font as WOFF2 with the letters of the pages; always the same bytes."""
    from fontTools import subset as fonttools  # takes time to import; a rebuild does without

    options = fonttools.Options(
        flavor="woff2", hinting=False, layout_features=["ccmp", "kern", "liga", "mark"]
    )
    font = fonttools.load_font(font_file(weight), options)
    subsetter = fonttools.Subsetter(options)
    wanted = {code for first, last in RANGES for code in range(first, last + 1)}
    subsetter.populate(unicodes=wanted | {ord(letter) for letter in LETTERS})
    subsetter.subset(font)
    target = io.BytesIO()
    fonttools.save_font(font, target, options)
    return target.getvalue()
