"""A request as the pages see it: what was asked for, by whom, in which language."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import werkzeug
from werkzeug.exceptions import ClientDisconnected, HTTPException

from pypi_practice.core.i18n import LANGUAGES

FORM_LIMIT = 64 * 1024  # bytes; the forms of the pages are a few words
LANGUAGE_COOKIE = "language"


class Request(werkzeug.Request):
    """One request; *base* is what stands before the index's own paths, ``/testpypi`` or empty."""

    max_content_length = max_form_memory_size = FORM_LIMIT

    def __init__(self, environ: dict[str, Any], path: str, base: str, default: str) -> None:
        super().__init__(environ, populate_request=False)
        self.path = path  # as it was sent: Werkzeug makes one of several slashes at its start
        self.base = base
        self.default_language = default

    @property
    def accept(self) -> str:
        """What the client says that it can read."""
        return str(self.environ.get("HTTP_ACCEPT", ""))

    @property
    def own_origin(self) -> str:
        """The address of this server as the client knows it: scheme, host and port."""
        return f"{self.scheme}://{self.headers.get('Host', '')}".lower()

    @property
    def fields(self) -> dict[str, str]:
        """The fields of a form that was sent; none if it is too long or not a form."""
        if self.mimetype != "application/x-www-form-urlencoded":
            return {}
        try:
            return {name: value.replace("\0", "") for name, value in self.form.items()}
        except ClientDisconnected as error:
            if isinstance(error.__context__, TimeoutError):
                raise error.__context__ from None  # the server answers it
            return {}
        except HTTPException:
            return {}

    @property
    def language(self) -> str:
        """The language of the pages: chosen before, else the browser's, else the program's."""
        chosen = self.cookies.get(LANGUAGE_COOKIE)
        if chosen in LANGUAGES:
            return chosen
        for tag, quality in self.accept_languages:  # the best one first
            if quality > 0 and tag[:2].lower() in LANGUAGES:
                return tag[:2].lower()
        return self.default_language

    def comes_from_here(self) -> bool:
        """Tell whether the browser says that a page of this very server sent the request."""
        if self.headers.get("Sec-Fetch-Site", "same-origin") not in ("same-origin", "none"):
            return False
        sender = self.headers.get("Origin")
        if sender is None:
            referer = urlsplit(self.headers.get("Referer", ""))
            sender = f"{referer.scheme}://{referer.netloc}"
        return sender.lower() == self.own_origin
