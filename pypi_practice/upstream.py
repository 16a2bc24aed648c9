"""The real index, asked only for what the practice index does not hold; nothing is ever sent to it.

Only ``GET`` of the simple index: an upload cannot take this way.
"""

from __future__ import annotations

import functools
import http.client
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from pypi_practice.answers import Answer, error, header_value
from pypi_practice.facts import INDEXES, is_protected
from pypi_practice.words import Words

TIMEOUT = 10  # seconds
SILENCE = 30  # seconds in which an index that could not be reached is not tried again


def find(environ: Mapping[str, str] = os.environ) -> str:
    """Return the simple index that this computer installs from: pip's setting, else PyPI's own."""
    for variable in ("PYPI_PRACTICE_UPSTREAM", "PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        if environ.get(variable):
            return environ[variable]
    asked = subprocess.run(
        [sys.executable, "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout.strip() or INDEXES["pypi"].simple


class Upstream:
    """Answers for projects that the practice index does not hold."""

    def __init__(self, simple: str | Callable[[], str], words: Words) -> None:
        self._find = simple if callable(simple) else lambda: simple
        self.words = words
        self._silent_until = 0.0
        self._reason: object = ""

    @functools.cached_property
    def simple(self) -> str:
        """The address of the real index, looked up when it is first asked: that takes a while."""
        return self._find().rstrip("/") + "/"

    def project(self, name: str, accept: str) -> Answer:
        """Return the real index's page of a project, unchanged.

        An index elsewhere is named in a redirect, so that its relative links stay right.
        """
        url = f"{self.simple}{name}/"
        host = urlsplit(url).hostname or ""
        if not is_protected(host):
            return Answer(307, headers=[("Location", url), ("Cache-Control", "no-store")])
        if time.monotonic() < self._silent_until:
            return self._unreachable(name, host, accept)
        wanted = header_value(accept) or "*/*"
        request = urllib.request.Request(url, headers={"Accept": wanted})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
                kind = response.headers.get("Content-Type", "text/html")
                return Answer(200, response.read(), kind)
        except urllib.error.HTTPError as refused:
            return error(refused.code, refused.reason, accept)
        except (OSError, http.client.HTTPException) as unreachable:
            # A program asks for many packages; it must not wait for each of them.
            self._silent_until = time.monotonic() + SILENCE
            self._reason = getattr(unreachable, "reason", unreachable)
            return self._unreachable(name, host, accept)

    def _unreachable(self, name: str, host: str, accept: str) -> Answer:
        message = self.words("no_upstream", name=name, host=host, reason=self._reason)
        # 504: pip gives up at once; it would try a 502 or 503 again and again.
        return error(504, message, accept)
