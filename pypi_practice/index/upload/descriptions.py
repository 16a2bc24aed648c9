"""Whether a description can be shown: rendered with the library that PyPI uses.

Source: warehouse/utils/readme.py at commit 6b62157.
"""

from __future__ import annotations

import functools
import hashlib
import threading
from email.message import EmailMessage

from pypi_practice.core.limits import DESCRIPTION_SIZE
from pypi_practice.index.upload import rendering
from pypi_practice.index.upload.rejection import TooMuch
from pypi_practice.processes import worker

CACHE_SIZE = 256  # answers about descriptions
# Of computing, several times what the slowest renderer needs; a text that takes more is made to.
SECONDS, SECONDS_A_CHARACTER = 2.0, 100e-6
_lock = threading.Lock()
_renderable: dict[tuple[bytes, str | None], bool] = {}


@functools.lru_cache(maxsize=64)
def kind(content_type: str | None) -> str:
    """Return the kind of text that a content type names; reStructuredText without one."""
    if not content_type:
        return "text/x-rst"
    message = EmailMessage()
    message["content-type"] = " ".join(content_type.split())
    return message.get_content_type()


def can_be_shown(text: str, content_type: str | None) -> bool:
    """Tell whether PyPI would show *text*; of the same text, only the first question costs much.

    Raises TooMuch.
    """
    key = (hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest(), content_type)
    with _lock:
        is_renderable = _renderable.pop(key, None)
    if is_renderable is None:
        is_renderable = render(text, content_type) is not None
    with _lock:
        _renderable[key] = is_renderable
        while len(_renderable) > CACHE_SIZE:
            del _renderable[next(iter(_renderable))]
    return is_renderable


def render(text: str, content_type: str | None) -> str | None:
    """Return *text* as HTML, or None where PyPI says that it failed to render.

    Without a content type it is reStructuredText; one that is unknown makes it plain text. It is
    rendered in a process of its own: some texts make a renderer compute for minutes. Raises TooMuch
    for a text that is too long, too deeply nested, or takes too much time or memory all the same.
    """
    if len(text) > DESCRIPTION_SIZE or len(text.encode("utf-8", "replace")) > DESCRIPTION_SIZE:
        raise TooMuch("description_size", {"limit": DESCRIPTION_SIZE // 1024})
    seconds = SECONDS + SECONDS_A_CHARACTER * len(text)
    try:
        return worker.run(rendering.render, text, kind(content_type), seconds=seconds)
    except (worker.GaveUp, MemoryError) as error:
        raise TooMuch("description_effort", {}) from error
