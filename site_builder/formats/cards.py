"""The cards that are shown where a page is shared: one picture for each page.

Material's ``social`` plugin fetches its fonts from fonts.google.com, and fails where it cannot.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import zlib
from pathlib import Path

from PIL import Image, ImageColor, ImageDraw, ImageFont

from site_builder.formats.contents import Guide
from site_builder.site_data import ROOT

NAME = "card.png"
SIZE = (1200, 630)
STYLE = ROOT / "overrides" / "assets" / "stylesheets" / "guide.css"
COLOUR = re.compile(r"--md-([\w-]+): (#[0-9a-f]{6});")
LEFT, RIGHT = 100, 1120
# How many shades each colour has, from the paper on, for letters with soft edges: with the paper
# they are sixteen, so that a point takes half a byte.
SHADES = {
    "primary-fg-color": 1,
    "accent-fg-color": 4,
    "default-fg-color": 5,
    "default-fg-color--light": 5,
}


def write(guide: Guide) -> None:
    """Draw the card of each page beside it."""
    for page in guide.pages:
        title = guide.name if page.name == "index" else page.title
        card = draw(title, guide.chapter(page), guide)
        # Rows of one colour, for which looking for runs is as good as looking for repeats.
        card.save(page.file.parent / NAME, compress_type=zlib.Z_RLE)


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


@functools.cache
def _palette() -> tuple[dict[str, int], list[int]]:
    """Return where each colour's shades begin, and all shades from the paper to the colour."""
    paper = ImageColor.getrgb(colours()["default-bg-color"])
    starts, shades = {}, [*paper]
    for name, count in SHADES.items():
        starts[name] = len(shades) // 3
        full = ImageColor.getrgb(colours()[name])
        for step in range(1, count + 1):
            shades += [round(a + (b - a) * step / count) for a, b in zip(paper, full, strict=True)]
    return starts, shades


@functools.lru_cache(maxsize=64)  # every card has the name of the guide, and many that of a chapter
def _inked(text: str, font: ImageFont.FreeTypeFont, name: str) -> tuple[Image.Image, Image.Image]:
    """Return *text* with soft edges, which a picture with a palette does not have by itself.

    The second picture says where the first one has ink.
    """
    _, _, right, bottom = font.getbbox(text)
    letters = Image.new("L", (round(right) + 1, round(bottom) + 1))
    ImageDraw.Draw(letters).text((0, 0), text, font=font, fill=255)
    steps = [round(value * SHADES[name] / 255) for value in range(256)]
    inked = letters.point([_palette()[0][name] + step - 1 if step else 0 for step in steps])
    return inked, letters.point([255 if step else 0 for step in steps])


def draw(title: str, chapter: str, guide: Guide) -> Image.Image:
    """Return the card with a *title*."""
    starts, shades = _palette()
    card = Image.new("P", SIZE, 0)
    card.putpalette(shades)

    def write(place: tuple[int, int], text: str, font: ImageFont.FreeTypeFont, name: str) -> None:
        inked, mask = _inked(text, font, name)
        card.paste(inked, place, mask)

    pen = ImageDraw.Draw(card)
    band = starts["primary-fg-color"]
    pen.rectangle((0, 0, 36, SIZE[1]), fill=band)
    if chapter:
        write((LEFT, 84), chapter, _font("Semibold", 34), "accent-fg-color")
    lines, size = _fitting(title)
    top = 150
    for line in lines:
        write((LEFT, top), line, _font("Semibold", size), "default-fg-color")
        top += round(size * 1.18)
    pen.line((LEFT, 508, RIGHT, 508), fill=band, width=3)
    write((LEFT, 532), guide.name, _font("Regular", 32), "default-fg-color--light")
    return card


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
