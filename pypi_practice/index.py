"""The practice index as a WSGI application: the address decides which of the two it is."""

from __future__ import annotations

import base64
import binascii
import logging
import re
from collections.abc import Iterable
from typing import Any

from packaging.utils import canonicalize_name

from pypi_practice import form, pages, rules, tokens
from pypi_practice.answers import Answer, StartResponse, error, upload_error
from pypi_practice.facts import HOSTS, Index, plain_host
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

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; an error of ours is logged and answered 500, never half a page."""
        try:
            answer = self._answer(environ)
        except Exception:
            log.exception("the practice index failed on %s", environ.get("PATH_INFO"))
            answer = error(500, self.words("server_error"), environ.get("HTTP_ACCEPT", ""))
        if environ["REQUEST_METHOD"] == "HEAD":
            list(answer.send(start_response))
            return []
        return answer.send(start_response)

    def _answer(self, environ: dict[str, Any]) -> Answer:
        accept = environ.get("HTTP_ACCEPT", "")
        host = plain_host(environ.get("HTTP_HOST", "").rsplit(":", 1)[0])
        index = HOSTS.get(host)
        if index is None:
            return error(421, self.words("unknown_host", host=host), accept)
        path = environ.get("PATH_INFO", "/").encode("iso-8859-1").decode("utf-8", "replace")
        if path in ("/legacy", "/legacy/"):
            return self._legacy(index, path, environ, accept)
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return error(405, "Method Not Allowed", accept)
        return self._get(index, path, accept)

    # Reading

    def _get(self, index: Index, path: str, accept: str) -> Answer:
        if path in ("/simple", "/simple/"):
            return pages.simple_root(index, self.store, accept)
        match = re.fullmatch(r"/simple/([^/]+)(/?)", path)
        if match:
            return self._simple(index, match[1], bool(match[2]), accept)
        match = re.fullmatch(r"/files/([^/]+)", path)
        if match:
            return self._file(index, match[1], accept)
        match = re.fullmatch(r"/pypi/([^/]+)(?:/([^/]+))?/json", path)
        if match and (project := self.store.project(index, match[1])):
            found = pages.project_json(index, project, self.store, match[2])
            if found:
                return found
        match = re.fullmatch(r"/project/([^/]+)(?:/([^/]+))?/?", path)
        if match and (project := self.store.project(index, match[1])):
            found = pages.project_page(index, project, self.store, match[2], self.words)
            if found:
                return found
        if path == "/_/oidc/audience":
            # twine asks for this before it looks for a token in other places.
            return Answer(200, f'{{"audience":"{index.key}"}}'.encode(), "application/json")
        return error(404, self.words("not_here", index=index.name, path=path), accept)

    def _simple(self, index: Index, name: str, slash: bool, accept: str) -> Answer:
        normalized = canonicalize_name(name)
        if name != normalized or not slash:
            return Answer(301, headers=[("Location", f"/simple/{normalized}/")])
        project = self.store.project(index, name)
        if project is not None:
            return pages.simple_project(project, self.store, accept)
        if index.key == "pypi" and self.upstream is not None and rules.NAME.match(name):
            return self.upstream.project(normalized, accept)
        return error(404, self.words("no_project", index=index.name, name=name), accept)

    def _file(self, index: Index, name: str, accept: str) -> Answer:
        stored = self.store.file(index, name)
        if stored is None:
            return error(404, self.words("no_project", index=index.name, name=name), accept)
        stream = self.store.path(index, stored.filename).open("rb")
        chunks = iter(lambda: stream.read(form.CHUNK), b"")
        headers = [("Content-Length", str(stored.size))]
        return Answer(200, _closing(chunks, stream), "application/octet-stream", headers=headers)

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
            pass
        except rules.Refused as refused:
            return upload_error(refused.key, index, accept, **refused.values)
        finally:
            incoming.discard()
        # Only now: on PyPI a refusal takes back all that the request wrote, "last used" included.
        self.store.used(token)
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


def _closing(chunks: Iterable[bytes], stream: Any) -> Iterable[bytes]:
    with stream:
        yield from chunks
