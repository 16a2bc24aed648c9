"""A request as the pages see it: what was asked for, by whom, in which language."""

from __future__ import annotations

import functools
import http.cookies
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pypi_practice.core.i18n import LANGUAGES

FORM_LIMIT = 64 * 1024  # bytes; the forms of the pages are a few words
FIELD_LIMIT = 50
LANGUAGE_COOKIE = "language"


class Request:
    """One request; *base* is what stands before the index's own paths, ``/testpypi`` or empty."""

    def __init__(self, environ: dict[str, Any], path: str, base: str, default: str) -> None:
        self.environ = environ
        self.method: str = environ["REQUEST_METHOD"]
        self.path = path
        self.base = base
        self.default_language = default
        self._form: dict[str, str] | None = None

    @property
    def accept(self) -> str:
        """What the client says that it can read."""
        return str(self.environ.get("HTTP_ACCEPT", ""))

    @property
    def secure(self) -> bool:
        """Whether the request came through TLS, as under PyPI's own names."""
        return bool(self.environ.get("wsgi.url_scheme") == "https")

    @property
    def origin(self) -> str:
        """The address of this server as the client knows it: scheme, host and port."""
        scheme = "https" if self.secure else "http"
        return f"{scheme}://{self.environ.get('HTTP_HOST', '')}".lower()

    @functools.cached_property
    def query(self) -> dict[str, str]:
        """The words behind the question mark; of repeated ones the last."""
        try:
            found = parse_qsl(self.environ.get("QUERY_STRING", ""), max_num_fields=FIELD_LIMIT)
        except ValueError:
            return {}
        return dict(found)

    @functools.cached_property
    def cookies(self) -> dict[str, str]:
        """The cookies of the client; none if they cannot be read."""
        try:
            jar = http.cookies.SimpleCookie(self.environ.get("HTTP_COOKIE", ""))
        except http.cookies.CookieError:
            return {}
        return {name: morsel.value for name, morsel in jar.items()}

    @property
    def form(self) -> dict[str, str]:
        """The fields of a form that was sent; none if it is too long or not a form."""
        # No cached_property: up to Python 3.11 that has one lock for all, and a client may be slow.
        if self._form is None:
            self._form = self._read_form()
        return self._form

    def _read_form(self) -> dict[str, str]:
        kind = self.environ.get("CONTENT_TYPE", "").partition(";")[0].strip().lower()
        try:
            length = int(self.environ.get("CONTENT_LENGTH") or 0)
        except ValueError:
            return {}
        if kind != "application/x-www-form-urlencoded" or not 0 < length <= FORM_LIMIT:
            return {}
        body = self.environ["wsgi.input"].read(length).decode("utf-8", "replace")
        try:
            found = parse_qsl(body, keep_blank_values=True, max_num_fields=FIELD_LIMIT)
        except ValueError:
            return {}
        return {name: value.replace("\0", "") for name, value in found}

    @functools.cached_property
    def language(self) -> str:
        """The language of the pages: chosen before, else the browser's, else the program's."""
        chosen = self.cookies.get(LANGUAGE_COOKIE)
        if chosen in LANGUAGES:
            return chosen
        wanted = []
        for place, item in enumerate(self.environ.get("HTTP_ACCEPT_LANGUAGE", "").split(",")):
            name, _, quality = item.strip().partition(";q=")
            try:
                weight = float(quality or 1)
            except ValueError:
                weight = 0.0
            if name[:2].lower() in LANGUAGES and weight > 0:
                wanted.append((-weight, place, name[:2].lower()))
        return min(wanted)[2] if wanted else self.default_language

    def comes_from_here(self) -> bool:
        """Tell whether the browser says that a page of this very server sent the request."""
        if self.environ.get("HTTP_SEC_FETCH_SITE", "same-origin") not in ("same-origin", "none"):
            return False
        sent = self.environ.get("HTTP_ORIGIN")
        if sent is None:
            referer = urlsplit(self.environ.get("HTTP_REFERER", ""))
            sent = f"{referer.scheme}://{referer.netloc}"
        return sent.lower() == self.origin
