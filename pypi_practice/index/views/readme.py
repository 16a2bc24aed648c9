"""READMEs as HTML for the pages: no script, no style, and nothing from another host."""

from __future__ import annotations

import contextlib
import functools
import html
import re

from markupsafe import Markup

from pypi_practice.core.i18n import Translator
from pypi_practice.index.upload import descriptions
from pypi_practice.index.upload.rejection import TooMuch

CACHED = 32
TYPE_LIMIT = 200  # characters of a content type; a longer one is none that anybody writes
MARKUP = ("text/markdown", "text/x-rst")  # anything else is shown as it is
# An image in sanitised HTML: every value is quoted, and quotes inside are escaped.
IMAGE = re.compile(r'<img(?:\s+[\w:-]+(?:="[^"]*")?)*\s*/?>')
ALT = re.compile(r'\salt="([^"]*)"')


@functools.lru_cache(maxsize=CACHED)
def render(text: str, content_type: str | None, language: str) -> tuple[Markup, bool]:
    """Return *text* as safe HTML, and whether images were replaced by their descriptions.

    What cannot be rendered, or only with too much effort, is shown as it is. Images are replaced
    because pages of the practice index load nothing from other hosts.
    """
    marked_up = len(content_type or "") <= TYPE_LIMIT and descriptions.kind(content_type) in MARKUP
    rendered = None
    if marked_up:
        with contextlib.suppress(TooMuch):
            rendered = descriptions.render(text, content_type)
    if rendered is None:
        return Markup("<pre>{}</pre>").format(text), False
    plain, replaced = IMAGE.subn(
        functools.partial(_describe, Translator(language, "index/web_pages")), rendered
    )
    return Markup(plain), bool(replaced)


def _describe(words: Translator, image: re.Match[str]) -> str:
    alt = ALT.search(image[0])
    text = html.unescape(alt[1]) if alt else ""
    return f'<span class="image">{html.escape(words("image", text=text or "-"))}</span>'
