"""READMEs as HTML, with the library that PyPI uses; it lets no script and no style through.

Source: warehouse/utils/readme.py of pypi/warehouse at commit 6b62157.
"""

from __future__ import annotations

import functools
import html
import re
from email.message import EmailMessage

from markupsafe import Markup

from pypi_practice.words import Words

CACHED = 32
# An image in sanitised HTML: every value is quoted, and quotes inside are escaped.
IMAGE = re.compile(r'<img(?:\s+[\w:-]+(?:="[^"]*")?)*\s*/?>')
ALT = re.compile(r'\salt="([^"]*)"')


@functools.lru_cache(maxsize=CACHED)
def render(text: str, content_type: str | None, language: str) -> tuple[Markup, bool]:
    """Return *text* as safe HTML, and whether images were replaced by their descriptions.

    What cannot be rendered is shown as it is. Images are replaced because pages of the practice
    index load nothing from other hosts.
    """
    # Loaded here: docutils takes a fifth of a second, and most requests show no README.
    import readme_renderer.markdown  # noqa: PLC0415
    import readme_renderer.rst  # noqa: PLC0415
    import readme_renderer.txt  # noqa: PLC0415

    renderers = {
        "text/markdown": readme_renderer.markdown,
        "text/x-rst": readme_renderer.rst,
    }
    kind = "text/x-rst"
    if content_type:
        message = EmailMessage()
        message["content-type"] = " ".join(content_type.split())
        kind = message.get_content_type()
    rendered = renderers[kind].render(text) if kind in renderers else None
    if rendered is None:
        return Markup("<pre>{}</pre>").format(text), False
    plain, replaced = IMAGE.subn(functools.partial(_describe, Words(language, "pages")), rendered)
    return Markup(plain), bool(replaced)


def _describe(words: Words, image: re.Match[str]) -> str:
    alt = ALT.search(image[0])
    text = html.unescape(alt[1]) if alt else ""
    return f'<span class="image">{html.escape(words("image", text=text or "-"))}</span>'
