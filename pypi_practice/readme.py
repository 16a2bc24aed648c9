"""READMEs as HTML for the pages: no script, no style, and nothing from another host."""

from __future__ import annotations

import functools
import html
import re

from markupsafe import Markup

from pypi_practice import descriptions
from pypi_practice.words import Words

CACHED = 32
MARKUP = ("text/markdown", "text/x-rst")  # anything else is shown as it is
# An image in sanitised HTML: every value is quoted, and quotes inside are escaped.
IMAGE = re.compile(r'<img(?:\s+[\w:-]+(?:="[^"]*")?)*\s*/?>')
ALT = re.compile(r'\salt="([^"]*)"')


@functools.lru_cache(maxsize=CACHED)
def render(text: str, content_type: str | None, language: str) -> tuple[Markup, bool]:
    """Return *text* as safe HTML, and whether images were replaced by their descriptions.

    What cannot be rendered is shown as it is. Images are replaced because pages of the practice
    index load nothing from other hosts.
    """
    marked_up = descriptions.kind(content_type) in MARKUP
    rendered = descriptions.render(text, content_type) if marked_up else None
    if rendered is None:
        return Markup("<pre>{}</pre>").format(text), False
    plain, replaced = IMAGE.subn(functools.partial(_describe, Words(language, "pages")), rendered)
    return Markup(plain), bool(replaced)


def _describe(words: Words, image: re.Match[str]) -> str:
    alt = ALT.search(image[0])
    text = html.unescape(alt[1]) if alt else ""
    return f'<span class="image">{html.escape(words("image", text=text or "-"))}</span>'
