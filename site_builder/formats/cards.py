"""The cards that are shown where a page is shared: one picture for each page.

Material's ``social`` plugin fetches its fonts from fonts.google.com, and fails where it cannot.
"""

from __future__ import annotations

import functools
import re

from PIL import Image, ImageDraw, ImageFont

from site_builder.formats.contents import Guide
from site_builder.formats.fonts import font_file
from site_builder.site_data import ROOT

NAME = "card.png"
SIZE = (1200, 630)
STYLE = ROOT / "overrides" / "assets" / "stylesheets" / "guide.css"
COLOUR = re.compile(r"--md-([\w-]+): (#[0-9a-f]{6});")
LEFT, RIGHT = 100, 1120


def write(guide: Guide) -> None:
    """Draw the card of each page beside it."""
    for page in guide.pages:
        title = guide.name if page.name == "index" else page.title
        card = draw(title, guide.chapter(page), guide)
        # A point takes one byte in a picture that lists its colours, and three in another.
        card.quantize(64, dither=Image.Dither.NONE).save(page.file.parent / NAME)


@functools.cache
def colours() -> dict[str, str]:
    """Return the colours of the light pages by the theme's names: ``default-bg-color`` …"""
    # The light scheme stands first in the file, so its values replace those of the dark one.
    return dict(reversed(COLOUR.findall(STYLE.read_text(encoding="utf-8"))))


@functools.cache
def _font(weight: str, size: int) -> ImageFont.FreeTypeFont:
    # The same letters on every machine, whichever layout library Pillow finds there.
    return ImageFont.truetype(font_file(weight), size, layout_engine=ImageFont.Layout.BASIC)


def draw(title: str, chapter: str, guide: Guide) -> Image.Image:
    """Return the card with a *title*."""
    card = Image.new("RGB", SIZE, colours()["default-bg-color"])
    pen = ImageDraw.Draw(card)

    def write(top: int, text: str, font: ImageFont.FreeTypeFont, colour: str) -> None:
        pen.text((LEFT, top), text, font=font, fill=colours()[colour])

    pen.rectangle((0, 0, 36, SIZE[1]), fill=colours()["primary-fg-color"])
    write(84, chapter, _font("Semibold", 34), "accent-fg-color")
    lines, size = _fitting(title)
    for number, line in enumerate(lines):
        top = 150 + number * round(size * 1.18)
        write(top, line, _font("Semibold", size), "default-fg-color")
    pen.line((LEFT, 508, RIGHT, 508), fill=colours()["primary-fg-color"], width=3)
    write(532, guide.name, _font("Regular", 32), "default-fg-color--light")
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
