"""Whether a description can be shown: rendered with the library that PyPI uses.

Source: warehouse/utils/readme.py at commit 6b62157.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import logging
import threading
from email.message import EmailMessage

RENDERERS = {"text/x-rst": "rst", "text/markdown": "markdown"}  # all else is plain text
KEPT = 256  # answers about descriptions
log = logging.getLogger(__name__)
_lock = threading.Lock()
_shown: dict[tuple[bytes, str | None], bool] = {}


@functools.lru_cache(maxsize=64)
def kind(content_type: str | None) -> str:
    """Return the kind of text that a content type names; reStructuredText without one."""
    if not content_type:
        return "text/x-rst"
    message = EmailMessage()
    message["content-type"] = " ".join(content_type.split())
    return message.get_content_type()


def can_be_shown(text: str, content_type: str | None) -> bool:
    """Tell whether PyPI would show *text*; of the same text, only the first question costs much."""
    key = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), content_type)
    with _lock:
        known = _shown.pop(key, None)
    if known is None:
        known = render(text, content_type) is not None
    with _lock:
        _shown[key] = known
        while len(_shown) > KEPT:
            del _shown[next(iter(_shown))]
    return known


def render(text: str, content_type: str | None) -> str | None:
    """Return *text* as HTML, or None where PyPI says that it failed to render.

    Without a content type it is reStructuredText; one that is unknown makes it plain text.
    """
    named = kind(content_type)
    # Slow to import and large, that for reStructuredText most of all.
    renderer = importlib.import_module(f"readme_renderer.{RENDERERS.get(named, 'txt')}")
    try:
        return renderer.render(text)
    except Exception:  # a renderer may meet anything; PyPI would answer 500, which helps nobody
        log.exception("a description of type %s broke its renderer", named)
        return None
