"""The cards that are shown where a page is shared: one picture for each page."""

from __future__ import annotations

import functools
import importlib.util
import re
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from site_builder.contents import Guide
from site_builder.listings import ROOT

NAME = "card.png"
SIZE = (1200, 630)
STYLE = ROOT / "overrides" / "assets" / "stylesheets" / "guide.css"
COLOUR = re.compile(r"--md-([\w-]+): (#[0-9a-f]{6});")
LEFT, RIGHT = 100, 1120
COLOURS = 32  # enough for letters with soft edges, and small


def write(guide: Guide) -> None:
    """Draw the card of each page beside it."""
    for page in guide.pages:
        title = guide.name if page.name == "index" else page.title
        draw(title, guide.chapter(page), guide).save(page.file.parent / NAME)


def font_file(weight: str) -> Path:
    """Return the file of a font in the package that the lock names: ``Regular`` or ``Semibold``."""
    found = importlib.util.find_spec("font_source_serif_pro")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("font_source_serif_pro")
    return Path(found.submodule_search_locations[0], "files", f"SourceSerifPro-{weight}.ttf")


@functools.cache
def colours() -> dict[str, str]:
    """Return the colours of the light pages by the theme's names: ``default-bg-color`` …"""
    css = STYLE.read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for name, value in COLOUR.findall(css):
        found.setdefault(name, value)  # the light scheme stands first
    return found


@functools.cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    # The same letters on every machine, whichever layout library Pillow finds there.
    return ImageFont.truetype(font_file(weight), size, layout_engine=ImageFont.Layout.BASIC)


def draw(title: str, chapter: str, guide: Guide) -> Image.Image:
    """Return the card with a *title*."""
    paper, ink, quiet, accent, band = (
        colours()[name]
        for name in ("default-bg-color", "default-fg-color", "default-fg-color--light",
                     "accent-fg-color", "primary-fg-color")
    )  # fmt: skip
    card = Image.new("RGB", SIZE, paper)
    pen = ImageDraw.Draw(card)
    pen.rectangle((0, 0, 36, SIZE[1]), fill=band)
    if chapter:
        pen.text((LEFT, 84), chapter, font=_font("Semibold", 34), fill=accent)
    lines, size = _fitting(title)
    top = 150
    for line in lines:
        pen.text((LEFT, top), line, font=_font("Semibold", size), fill=ink)
        top += round(size * 1.18)
    pen.line((LEFT, 508, RIGHT, 508), fill=band, width=3)
    pen.text((LEFT, 532), guide.name, font=_font("Regular", 32), fill=quiet)
    return card.quantize(COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def _fitting(title: str) -> tuple[list[str], int]:
    """Return the lines of *title* and the size at which they fill the card without leaving it."""
    for size in range(84, 40, -4):
        lines = _wrapped(title, _font("Semibold", size))
        if len(lines) * size * 1.18 <= 340 and len(lines) <= 4:
            return lines, size
    raise ValueError(f"a title is too long for its card: {title}")


def _wrapped(text: str, font: ImageFont.FreeTypeFont) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= RIGHT - LEFT:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line for line in lines if line]
