"""A sheet to draw on: text that is broken to fit, boxes, lines; written as SVG.

Colours and fonts are in drawings.css, by class, so that a drawing follows the light or dark of the
page, and needs neither a script nor a style of its own. Lengths are pixels of the drawing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape

LINE = 1.35  # distance of two lines, in sizes of the letters

# Widths of letters, in hundredths of their size: those of DejaVu Sans, the widest font that
# guide.css names. So a text that fits here fits with every reader's font.
_WIDTHS = {
    28: "'ijlí",
    29: "IJÍ",
    32: " ,.·",
    34: "/:;\\|",
    36: "-f",
    39: "()[]t",
    41: "!¡r",
    46: '"',
    50: "*_`–",
    53: "sz?¿",
    56: "cL",
    58: "Fk",
    60: "vxyP",
    62: "TYaoáó«»eé",
    64: "ESbdghnpquúüñÉ$",
    66: "K0123456789{}",
    70: "AVÁBRXZC",
    77: "UÚHNÑDG",
    80: "&OQÓw",
    86: "#+<=>^~→M",
    100: "%mW@—…",
}
_LETTERS = {letter: width for width, letters in _WIDTHS.items() for letter in letters}
_OTHER = 100
_MONO = 60.2
_BOLD = 1.16  # how much wider a bold letter is, and one of the serif font of the headings


@dataclass(frozen=True)
class Face:
    """How a text looks: its size, and the classes of drawings.css that it has."""

    size: float
    classes: str = ""

    def width(self, text: str, code: bool = False) -> float:
        """Return how wide *text* is at most."""
        if code or "mono" in self.classes:
            return len(text) * _MONO * self.size / 100
        wide = sum(_LETTERS.get(letter, _OTHER) for letter in text) * self.size / 100
        return wide * (_BOLD if "name" in self.classes or "strong" in self.classes else 1)


# A line is a list of pieces: a text, and whether it is code.
Piece = tuple[str, bool]


def pieces(text: str) -> list[Piece]:
    """Split a text with `code` in it.

    >>> pieces("a `b`.")
    [('a ', False), ('b', True), ('.', False)]
    """
    parts = text.split("`")
    return [(part, bool(number % 2)) for number, part in enumerate(parts) if part]


def _words(text: str) -> Iterator[list[Piece]]:
    word: list[Piece] = []
    for part, code in pieces(text):
        for number, bit in enumerate(part.split(" ")):
            if number:
                yield word
                word = []
            if bit:
                word.append((bit, code))
    yield word


def broken(text: str, face: Face, room: float) -> list[list[Piece]]:
    """Return *text* in lines that are no wider than *room*; a longer word has its own line."""
    lines: list[list[Piece]] = [[]]
    used = 0.0
    for word in filter(None, _words(text)):
        wide = sum(face.width(bit, code) for bit, code in word)
        space = face.width(" ")
        if lines[-1] and used + space + wide > room:
            lines.append([])
            used = 0.0
        if lines[-1]:
            lines[-1].append((" ", False))
            used += space
        lines[-1] += word
        used += wide
    return lines


@dataclass
class Sheet:
    """A drawing *width* pixels wide; it grows downwards with what is put on it."""

    width: float
    height: float = 0
    _parts: list[str] = field(default_factory=list)

    def text(
        self, x: float, y: float, text: str, face: Face, room: float, anchor: str = "start"
    ) -> float:
        """Write *text* below *y*, broken to *room*; return where the next one can begin."""
        lines = broken(text, face, room)
        step = face.size * LINE
        spans = "".join(
            f'<tspan x="{_n(x)}" y="{_n(y + face.size + number * step)}">{_inline(line)}</tspan>'
            for number, line in enumerate(lines)
        )
        end = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(
            f'<text class="{face.classes}" font-size="{_n(face.size)}"{end}'
            f' data-room="{_n(room)}">{spans}</text>'
        )
        bottom = y + step * len(lines)
        self._reach(bottom)
        return bottom

    def box(self, x: float, y: float, w: float, h: float, classes: str, round_: float = 3) -> None:
        """Draw a box."""
        self._parts.append(
            f'<rect class="{classes}" x="{_n(x)}" y="{_n(y)}" width="{_n(w)}" height="{_n(h)}"'
            f' rx="{_n(round_)}"/>'
        )
        self._reach(y + h)

    def path(self, d: str, classes: str) -> None:
        """Draw a line along an SVG path."""
        self._parts.append(f'<path class="{classes}" d="{d}"/>')

    def line(self, x: float, y: float, to_x: float, to_y: float, classes: str) -> None:
        """Draw a straight line."""
        self.path(f"M{_n(x)} {_n(y)}L{_n(to_x)} {_n(to_y)}", classes)

    def dot(self, x: float, y: float, r: float, classes: str) -> None:
        """Draw a dot."""
        self._parts.append(f'<circle class="{classes}" cx="{_n(x)}" cy="{_n(y)}" r="{_n(r)}"/>')
        self._reach(y + r)

    def arrow(self, x: float, y: float, classes: str = "tip", down: bool = False) -> None:
        """Draw the tip of an arrow that points to (x, y), to the right or down."""
        back = f"{_n(x - 4)} {_n(y - 6)}L{_n(x)} {_n(y)}L{_n(x + 4)} {_n(y - 6)}"
        side = f"{_n(x - 6)} {_n(y - 4)}L{_n(x)} {_n(y)}L{_n(x - 6)} {_n(y + 4)}"
        self.path(f"M{back if down else side}", classes)

    def key(self, x: float, y: float, classes: str = "key") -> None:
        """Draw a small key, the sign of a secret, 18 pixels wide; (x, y) is its left middle."""
        self.path(
            f"M{_n(x + 8)} {_n(y)}a4 4 0 1 0 -8 0a4 4 0 1 0 8 0"
            f"M{_n(x + 8)} {_n(y)}h10v4M{_n(x + 14)} {_n(y)}v3.2",
            classes,
        )

    def under(self, other: Sheet) -> None:
        """Put what stands on *other* below everything that stands here."""
        self._parts[:0] = other._parts
        self._reach(other.height)

    def _reach(self, y: float) -> None:
        self.height = max(self.height, y)

    def svg(self, labelled: str, described: str, classes: str) -> str:
        """Return the drawing; the two names are ids of its title and of its words in the page."""
        return (
            f'<svg class="{classes}" viewBox="0 0 {_n(self.width)} {_n(self.height + 2)}"'
            f' role="img" aria-labelledby="{labelled}" aria-describedby="{described}"'
            f' xmlns="http://www.w3.org/2000/svg">{"".join(self._parts)}</svg>'
        )

    def plain(self, label: str, classes: str) -> str:
        """Return a small drawing that stands in a line of text and says *label*."""
        wide, high = _n(self.width), _n(self.height + 4)
        return (
            f'<svg class="{classes}" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
            f' role="img" aria-label="{label}" xmlns="http://www.w3.org/2000/svg">'
            f"{''.join(self._parts)}</svg>"
        )


def _inline(line: list[Piece]) -> str:
    return "".join(
        f'<tspan class="code">{escape(bit)}</tspan>' if code else escape(bit) for bit, code in line
    )


def _n(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
