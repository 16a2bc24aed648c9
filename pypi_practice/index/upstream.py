"""The real index, asked only for what the practice index does not hold; nothing is ever sent to it.

Only ``GET``, of the simple index and of the files: an upload cannot take this way.
"""

from __future__ import annotations

import base64
import functools
import http.client
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from email.message import Message
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from werkzeug.wsgi import FileWrapper

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import (
    FILES_HOST,
    INDEXES,
    UPSTREAM_HOST,
    is_loopback,
    is_protected,
    plain_host,
)
from pypi_practice.index.responses import CHUNK, Response, error, header_value

TIMEOUT = 10  # seconds
PAGE_LIMIT = 100_000_000  # bytes; the page of all projects has some tens of millions
PAGE = re.compile(r"text/html|application/(vnd\.pypi\.simple\.[a-z0-9]+\+)?(html|json)")
QUERY = "/?:@!$&'()*+,;=~%"
# Headers of a request that are passed on, by their names in WSGI; of a response, by their own.
PASSED_ON = {
    "HTTP_ACCEPT": "Accept",
    "HTTP_ACCEPT_ENCODING": "Accept-Encoding",
    "HTTP_IF_MODIFIED_SINCE": "If-Modified-Since",
    "HTTP_IF_NONE_MATCH": "If-None-Match",
    "HTTP_IF_RANGE": "If-Range",
    "HTTP_RANGE": "Range",
}
PASSED_BACK = (
    "Accept-Ranges",
    "Cache-Control",
    "Content-Encoding",
    "Content-Range",
    "ETag",
    "Last-Modified",
    "Vary",
)
NAME_PAUSE = 0.5  # seconds before a name is looked up again whose server gave no answer
SILENCE = 30  # seconds in which an index that could not be reached is not tried again


def find(environ: Mapping[str, str] = os.environ) -> str:
    """Return the simple index that this computer installs from: pip's setting, else PyPI's own."""
    for variable in ("PYPI_PRACTICE_UPSTREAM", "PIP_INDEX_URL", "UV_DEFAULT_INDEX"):
        if environ.get(variable):
            return environ[variable]
    result = subprocess.run(
        [sys.executable, "-P", "-m", "pip", "config", "get", "global.index-url"],
        capture_output=True,
        text=True,
        check=False,
    )
    return result.stdout.strip() or INDEXES["pypi"].simple


def _kept_headers(headers: Message) -> list[tuple[str, str]]:
    return [(name, header_value(headers[name])) for name in PASSED_BACK if headers[name]]


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows an index to other hosts, but not to a service of this computer."""

    def __init__(self, host: str) -> None:
        self.host = host

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """Return the request for *newurl*, None if it is not followed."""
        url = urlsplit(newurl)
        host = plain_host(url.hostname or "")
        if url.scheme not in ("http", "https") or (host != self.host and is_loopback(host)):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _is_name_failure(error: urllib.error.URLError) -> bool:
    """Tell whether a host name was not resolved for a reason that may pass soon."""
    reason = error.reason
    return isinstance(reason, socket.gaierror) and reason.errno == socket.EAI_AGAIN


def _open(opener: urllib.request.OpenerDirector, request: urllib.request.Request) -> Any:
    """Send *request*, and once more if a name server did not answer in time."""
    try:
        return opener.open(request, timeout=TIMEOUT)
    except urllib.error.URLError as error:
        if not _is_name_failure(error):
            raise
    time.sleep(NAME_PAUSE)
    return opener.open(request, timeout=TIMEOUT)


class Upstream:
    """Answers for projects that the practice index does not hold."""

    def __init__(self, simple: str | Callable[[], str], words: Translator) -> None:
        self._find = simple if callable(simple) else lambda: simple
        self.words = words
        # By host that could not be reached: until when it is not asked again, and the reason.
        self._silent: dict[str, tuple[float, object]] = {}

    @functools.cached_property
    def simple(self) -> str:
        """The address of the real index, looked up when it is first asked: that takes a while."""
        return self._find().rstrip("/") + "/"

    def project(self, name: str, accept: str) -> Response:
        """Return the real index's page of a project, unchanged.

        Of another index than PyPI, the page is at a name of its own, so that its relative links
        stay right: a redirect leads there.
        """
        url = f"{self.simple}{name}/"
        parts = urlsplit(url)
        if not is_protected(parts.hostname or ""):
            moved = f"https://{UPSTREAM_HOST}{parts.path}"
            return Response(307, headers=[("Location", moved), ("Cache-Control", "no-store")])
        return self._fetch("GET", url, {"Accept": header_value(accept) or "*/*"}, accept)

    def relay(self, host: str, environ: Mapping[str, Any]) -> Response:
        """Return what *host*, from which this computer installs, has at the path of a request.

        Only GET and HEAD: nothing can be uploaded this way.
        """
        accept, method = environ.get("HTTP_ACCEPT", ""), environ["REQUEST_METHOD"]
        if method not in ("GET", "HEAD"):
            message = self.words("read_only", host=host)
            return error(405, message, accept, [("Allow", "GET, HEAD")])
        path = quote(environ.get("PATH_INFO", "/").encode("iso-8859-1"), safe="/+:@!$&'()*,;=~")
        if environ.get("QUERY_STRING"):
            path += f"?{quote(environ['QUERY_STRING'], safe=QUERY)}"
        parts = urlsplit(self.simple)
        headers = {name: header_value(environ.get(key, "")) for key, name in PASSED_ON.items()}
        headers = {name: value for name, value in headers.items() if value}
        if host == FILES_HOST:
            return self._fetch(method, f"https://{host}{path}", headers, accept)
        secret = ""
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
            secret = f"Basic {base64.b64encode(pair).decode()}"
        origin = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        response = self._fetch(method, origin + path, headers, accept, secret)
        # Absolute links to the other index must lead here as well.
        if response.is_sequence:
            ours = f"https://{UPSTREAM_HOST}".encode()
            response.data = response.data.replace(origin.encode(), ours)
        return response

    def _fetch(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        accept: str,
        secret: str = "",
    ) -> Response:
        """Return the response of *url*: a page as bytes, everything else as chunks.

        *secret* is the value of Authorization, for this host only and for none that it names.
        """
        parts = urlsplit(url)
        name, host = parts.path.rstrip("/").rpartition("/")[2], parts.hostname or ""
        if host in self._silent and time.monotonic() < self._silent[host][0]:
            return self._unreachable(name, host, accept)
        request = urllib.request.Request(
            url, headers={"User-Agent": "pypi-practice", **headers}, method=method
        )
        if secret:
            request.add_unredirected_header("Authorization", secret)
        opener = urllib.request.build_opener(_Redirects(host))
        try:
            response = _open(opener, request)
        except urllib.error.HTTPError as refused:
            with refused:
                if refused.code == 304:
                    return Response(304, headers=_kept_headers(refused.headers))
                return error(refused.code, refused.reason, accept)
        except (OSError, http.client.HTTPException) as unreachable:
            # A program asks for many packages; it must not wait for each of them.
            reason = getattr(unreachable, "reason", unreachable)
            self._silent[host] = time.monotonic() + SILENCE, reason
            return self._unreachable(name, host, accept)
        kind = header_value(response.headers.get("Content-Type", "application/octet-stream"))
        kept_headers = _kept_headers(response.headers)
        if method == "GET" and PAGE.match(kind) and not response.headers.get("Content-Encoding"):
            with response:
                return Response(response.status, response.read(PAGE_LIMIT), kind, kept_headers)
        if length := response.headers.get("Content-Length"):
            kept_headers.append(("Content-Length", length))
        return Response(response.status, FileWrapper(response, CHUNK), kind, kept_headers)

    def _unreachable(self, name: str, host: str, accept: str) -> Response:
        message = self.words("no_upstream", name=name, host=host, reason=self._silent[host][1])
        # 504: pip gives up at once; it would try a 502 or 503 again and again.
        return error(504, message, accept)
