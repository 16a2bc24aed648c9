"""The practice index as a WSGI application: the address decides which of the two it is."""

from __future__ import annotations

import base64
import logging
import re
import sqlite3
from collections.abc import Iterable
from typing import Any

from packaging.utils import canonicalize_name

from pypi_practice import form, pages, rules, tokens
from pypi_practice.answers import Answer, StartResponse, done, error, upload_error
from pypi_practice.facts import HOSTS, Index, plain_host
from pypi_practice.limits import PYPI, Limits, NewProjects
from pypi_practice.store import Store
from pypi_practice.upstream import Upstream
from pypi_practice.words import Words

log = logging.getLogger(__name__)


class Application:
    """Both indexes over one store; *upstream* is None when nothing else may be asked."""

    def __init__(
        self,
        store: Store,
        upstream: Upstream | None,
        words: Words,
        limits: Limits = PYPI,
    ) -> None:
        self.store = store
        self.upstream = upstream
        self.words = words
        self.limits = limits
        self.new_projects = NewProjects(limits.new_projects)

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
        body = environ["wsgi.input"]
        try:
            length = body_length(environ)
        except ValueError:
            return error(400, self.words("broken_form", reason="Content-Length"), accept)
        if environ["REQUEST_METHOD"] != "POST" or index.upload != f"{index_url(environ)}/legacy/":
            form.drain(body, length)
            return upload_error("method", index, accept)
        raw = credentials(environ.get("HTTP_AUTHORIZATION", ""))
        # A real token is turned away before anything of it is kept, logged or compared.
        if raw is not None and tokens.is_real(raw.password):
            form.drain(body, length)
            return error(403, self.words("real_token", index=index.name), accept)
        if path == "/legacy":
            form.drain(body, length)
            return upload_error("slash", index, accept)
        token = None
        if raw is not None and raw.user == "__token__":
            token = self._find(index, raw.password)
        # Whoever is nobody here has the form read, for its answer depends on it, but no file kept.
        limit = self.limits.file if token is not None else 0
        content_type = environ.get("CONTENT_TYPE", "")
        incoming = form.Form()
        try:
            incoming = form.read(body, content_type, length, self.store, limit)
            return self._answer_upload(index, incoming, raw, token, accept)
        except form.BrokenForm as broken:
            if token is None:
                return self._nobody(index, raw, accept)
            return error(400, self.words("broken_form", reason=broken), accept)
        except (OSError, sqlite3.Error) as failed:
            log.error("an upload could not be stored: %s", failed)
            folder = self.store.directory
            return error(507, self.words("no_storage", path=folder, reason=failed), accept)
        finally:
            incoming.discard()

    def _nobody(self, index: Index, raw: Credentials | None, accept: str) -> Answer:
        other_user = raw is not None and raw.user != "__token__"
        return upload_error("password" if other_user else "no_identity", index, accept)

    def _answer_upload(
        self,
        index: Index,
        incoming: form.Form,
        raw: Credentials | None,
        token: rules.TokenRecord | None,
        accept: str,
    ) -> Answer:
        action = incoming.get(":action")
        if action in ("submit", "submit_pkg_info", "doc_upload"):
            return upload_error(action.removesuffix("_pkg_info"), index, accept)
        if action != "file_upload":
            return upload_error("method", index, accept)
        if incoming.tuples:
            return upload_error("tuple", index, accept, field=min(incoming.tuples))
        if raw is None or token is None:
            return self._nobody(index, raw, accept)
        upload = rules.Upload(
            self.store, index, incoming, raw.password, token, self.limits, self.new_projects
        )
        try:
            rules.accept(upload)
        except rules.AlreadyThere:
            return done(accept)
        except rules.Refused as refused:
            return upload_error(refused.key, index, accept, **refused.values)
        return done(accept)

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
    except ValueError:  # not base64, not even ASCII, or not UTF-8 inside
        return None
    return Credentials(user, password.strip()) if colon else None


def index_url(environ: dict[str, Any]) -> str:
    """Return the address that the client called, without a path."""
    return f"https://{plain_host(environ.get('HTTP_HOST', '').rsplit(':', 1)[0])}"


def body_length(environ: dict[str, Any]) -> int | None:
    """Return how many bytes the client sends, None if it sends chunks until it is done.

    Raises ValueError for a length that is none.
    """
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return None
    text = environ.get("CONTENT_LENGTH") or "0"
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(text)
    return int(text)


def _closing(chunks: Iterable[bytes], stream: Any) -> Iterable[bytes]:
    with stream:
        yield from chunks
