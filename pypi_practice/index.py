"""The practice index as a WSGI application: the address decides which of the two it is."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from packaging.utils import canonicalize_name

from pypi_practice import archives, form, rules, simple, tokens
from pypi_practice.answers import Answer, StartResponse, error, upload_error
from pypi_practice.facts import HOSTS, Index, plain_host
from pypi_practice.pages import redirect
from pypi_practice.request import Request
from pypi_practice.routes import Routes, is_tricky
from pypi_practice.store import Store
from pypi_practice.upstream import Upstream
from pypi_practice.words import Words

BODY_LIMIT = rules.FILE_LIMIT + 8 * 1024 * 1024
log = logging.getLogger(__name__)


class Application:
    """Both indexes over one store; *upstream* is None when nothing else may be asked."""

    def __init__(self, store: Store, upstream: Upstream | None, words: Words) -> None:
        self.store = store
        self.upstream = upstream
        self.words = words
        self.routes = Routes(store)
        self.cache = simple.Cache()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; an error of ours is logged and answered 500, never half a page."""
        try:
            answer = self._answer(environ)
        except Exception:
            log.exception("the practice index failed on %s", environ.get("PATH_INFO"))
            answer = error(500, self.words("server_error"), environ.get("HTTP_ACCEPT", ""))
        chunks = answer.send(start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            if hasattr(chunks, "close"):
                chunks.close()
            return []
        return chunks

    def _answer(self, environ: dict[str, Any]) -> Answer:
        accept = environ.get("HTTP_ACCEPT", "")
        host = plain_host(environ.get("HTTP_HOST", "").rsplit(":", 1)[0])
        index = HOSTS.get(host)
        if index is None:
            return error(421, self.words("unknown_host", host=host), accept)
        path = decoded(environ)
        if path in ("/legacy", "/legacy/"):
            return self._legacy(index, path, environ, accept)
        return self.read(Request(environ, path, "", self.words.language), index)

    # Reading

    def read(self, request: Request, index: Index) -> Answer:
        """Return what *request* finds on *index*; a form may change something there."""
        path, accept = request.path, request.accept
        for_programs = path.startswith(("/simple", "/files/", "/_/"))
        if not for_programs or is_tricky(path):
            return self.routes.answer(request, index)
        if request.method not in ("GET", "HEAD"):
            _drain(request.environ["wsgi.input"], int(request.environ.get("CONTENT_LENGTH") or 0))
            return error(405, "Method Not Allowed", accept, [("Allow", "GET, HEAD")])
        if path in ("/simple", "/simple/"):
            if path == "/simple":
                return redirect(request, "/simple/", 301)
            return simple.root(request, index, self.store)
        if match := re.fullmatch(r"/simple/([^/]+)(/?)", path):
            return self._simple(request, index, match[1], bool(match[2]))
        if match := re.fullmatch(r"/files/([^/]+)", path):
            return self._file(request, index, match[1])
        if path == "/_/oidc/audience":
            # twine asks for this before it looks for a token in other places.
            return Answer(200, f'{{"audience":"{index.key}"}}'.encode(), "application/json")
        return error(404, self.words("not_here", index=index.name, path=path), accept)

    def _simple(self, request: Request, index: Index, name: str, slash: bool) -> Answer:
        accept = request.accept
        if not rules.NAME.match(name):
            return error(404, self.words("no_project", index=index.name, name=name), accept)
        normalized = canonicalize_name(name)
        if name != normalized or not slash:
            return redirect(request, f"/simple/{normalized}/", 301)
        project = self.store.project(index, name)
        if project is not None:
            return simple.project(request, index, project, self.store, self.cache)
        if index.key == "pypi" and self.upstream is not None:
            return self.upstream.project(normalized, accept)
        return error(404, self.words("no_project", index=index.name, name=name), accept)

    def _file(self, request: Request, index: Index, name: str) -> Answer:
        wanted = name.removesuffix(".metadata")
        stored = self.store.file(index, wanted)
        # Bytes of a stranger: a browser keeps them as a file and never shows them as a page.
        headers = [
            ("Cache-Control", "no-store"),
            ("Content-Disposition", "attachment"),
            ("Content-Security-Policy", "sandbox"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if stored is not None and name != wanted:
            described = archives.core_metadata(self.store.path(index, wanted), wanted)
            if described is not None:
                return Answer(200, described, "application/octet-stream", headers=headers)
        if stored is None or name != wanted:
            message = self.words("no_project", index=index.name, name=name)
            return error(404, message, request.accept)
        stream = self.store.path(index, stored.filename).open("rb")
        chunks = iter(lambda: stream.read(form.CHUNK), b"")
        headers.append(("Content-Length", str(stored.size)))
        return Answer(200, Closing(chunks, stream), "application/octet-stream", headers=headers)

    # Uploading

    def _legacy(self, index: Index, path: str, environ: dict[str, Any], accept: str) -> Answer:
        stream, length = environ["wsgi.input"], int(environ.get("CONTENT_LENGTH") or 0)
        if environ["REQUEST_METHOD"] != "POST" or index.upload != f"{index_url(environ)}/legacy/":
            _drain(stream, length)
            return upload_error("method", index, accept)
        raw = credentials(environ.get("HTTP_AUTHORIZATION", ""))
        # A real token is turned away before anything of it is kept, logged or compared.
        if raw is not None and tokens.is_real(raw.password):
            _drain(stream, length)
            return error(403, self.words("real_token", index=index.name), accept)
        if path == "/legacy":
            _drain(stream, length)
            return upload_error("slash", index, accept)
        if length > BODY_LIMIT:
            return upload_error("too_large", index, accept, project="?")
        if raw is not None and raw.user != "__token__":
            _drain(stream, length)
            return upload_error("password", index, accept)
        token = self._find(index, raw.password) if raw is not None else None
        if raw is None or token is None:
            _drain(stream, length)
            return upload_error("no_identity", index, accept)
        return self._take(index, raw.password, token, environ, accept)

    def _take(
        self, index: Index, raw: str, token: rules.TokenRecord, environ: dict[str, Any], accept: str
    ) -> Answer:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        try:
            incoming = form.read(
                environ["wsgi.input"],
                environ.get("CONTENT_TYPE", ""),
                length,
                self.store,
                rules.FILE_LIMIT,
            )
        except form.BrokenForm as broken:
            return error(400, self.words("broken_form", reason=broken), accept)
        try:
            rules.accept(rules.Upload(self.store, index, incoming, raw, token))
        except rules.AlreadyThere:
            return Answer(200)
        except rules.Refused as refused:
            return upload_error(refused.key, index, accept, **refused.values)
        finally:
            incoming.discard()
        return Answer(200)

    def _find(self, index: Index, raw: str) -> rules.TokenRecord | None:
        macaroon = tokens.read(raw)
        identifier = tokens.identifier(macaroon) if macaroon is not None else None
        token = self.store.token(identifier) if identifier else None
        # A token of the other index is unknown here, as it is between PyPI and TestPyPI.
        return token if token is not None and token.user.index == index.key else None


class Credentials:
    """The user and the password of a request."""

    def __init__(self, user: str, password: str) -> None:
        self.user, self.password = user, password


def credentials(header: str) -> Credentials | None:
    """Read an Authorization header as PyPI does; None where PyPI finds nothing in it."""
    method, _, value = header.partition(" ")
    if method.lower() in ("token", "bearer"):
        return Credentials("__token__", value)
    if method.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(value).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return Credentials(user, password.strip()) if colon else None


def index_url(environ: dict[str, Any]) -> str:
    """Return the address that the client called, without a path."""
    return f"https://{plain_host(environ.get('HTTP_HOST', '').rsplit(':', 1)[0])}"


def _drain(stream: Any, length: int) -> None:
    """Read what the client still sends: one that is cut off would never see the answer."""
    left = min(length, BODY_LIMIT)
    while left > 0:
        chunk = stream.read(min(form.CHUNK, left))
        if not chunk:
            return
        left -= len(chunk)


class Closing:
    """Chunks of a file; the file is closed even if nobody asks for one."""

    def __init__(self, chunks: Iterator[bytes], stream: BinaryIO) -> None:
        self._chunks, self._stream = chunks, stream

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def close(self) -> None:
        """Close the file; the server calls this when the answer has been sent, or cut off."""
        self._stream.close()


def decoded(environ: dict[str, Any]) -> str:
    """Return the path that was asked for; bytes that are no UTF-8 become a replacement sign."""
    return environ.get("PATH_INFO", "/").encode("iso-8859-1").decode("utf-8", "replace")
