"""The practice index as a WSGI application: the address decides which of the two it is."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import logging
import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from packaging.utils import canonicalize_name
from pymacaroons import Macaroon

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import FILES_HOST, HOSTS, UPSTREAM_HOST, Index, plain_host
from pypi_practice.core.limits import PYPI, Limits, NewProjects
from pypi_practice.index.request import Request
from pypi_practice.index.responses import (
    Chunks,
    Response,
    StartResponse,
    done,
    error,
    upload_error,
)
from pypi_practice.index.routes import Routes, is_tricky
from pypi_practice.index.storage.store import Store, TokenRecord
from pypi_practice.index.upload import archives, form, validation
from pypi_practice.index.upload.rejection import AlreadyThere, TooMuch, UploadRejected
from pypi_practice.index.upstream import Upstream
from pypi_practice.index.views import simple
from pypi_practice.index.views.pages import redirect
from pypi_practice.tokens import macaroons

log = logging.getLogger(__name__)
# What an upload address takes: warehouse/forklift/__init__.py, and warehouse/csrf.py for the rest.
ACTIONS = ("file_upload", "submit", "submit_pkg_info", "doc_upload")
SAFE = ("GET", "HEAD", "OPTIONS")


class Application:
    """Both indexes over one store; *upstream* is None when nothing else may be asked."""

    def __init__(
        self,
        store: Store,
        upstream: Upstream | None,
        words: Translator,
        limits: Limits = PYPI,
    ) -> None:
        self.store = store
        self.upstream = upstream
        self.words = words
        self.limits = limits
        self.new_projects = NewProjects(limits.new_projects)
        self.routes = Routes(store)
        self.cache = simple.Cache()

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; an error of ours is logged and answered 500, never half a page."""
        try:
            answer = self._answer(environ)
        except TimeoutError:
            raise  # the server says so, and closes the connection
        except Exception:
            log.exception("the practice index failed on %s", environ.get("PATH_INFO"))
            answer = error(500, self.words("server_error"), environ.get("HTTP_ACCEPT", ""))
        chunks = answer.send(start_response)
        if environ["REQUEST_METHOD"] == "HEAD":
            if hasattr(chunks, "close"):
                chunks.close()
            return []
        return chunks

    def _answer(self, environ: dict[str, Any]) -> Response:
        accept = environ.get("HTTP_ACCEPT", "")
        host = plain_host(environ.get("HTTP_HOST", "").rsplit(":", 1)[0])
        if self.upstream is not None and host in (FILES_HOST, UPSTREAM_HOST):
            return self.upstream.relay(host, environ)
        index = HOSTS.get(host)
        if index is None:
            return error(421, self.words("unknown_host", host=host), accept)
        path = decoded(environ)
        request = Request(environ, path, "", self.words.language)
        if path in ("/legacy", "/legacy/"):
            return self._legacy(index, path, request)
        if path == "/" and index_url(environ) != index.web:
            return self._endpoint(request, index)
        return self.read(request, index)

    # Reading

    def read(self, request: Request, index: Index) -> Response:
        """Return what *request* finds on *index*; a form may change something there."""
        path, accept = request.path, request.accept
        for_programs = path.startswith(("/simple", "/files/", "/_/"))
        if not for_programs or is_tricky(path):
            return self.routes.answer(request, index)
        if request.method not in ("GET", "HEAD"):
            with contextlib.suppress(ValueError):
                form.drain(request.environ["wsgi.input"], body_length(request.environ))
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
            return Response(200, f'{{"audience":"{index.key}"}}'.encode(), "application/json")
        return error(404, self.words("not_here", index=index.name, path=path), accept)

    def _simple(self, request: Request, index: Index, name: str, slash: bool) -> Response:
        accept = request.accept
        if not validation.NAME.match(name):
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

    def _file(self, request: Request, index: Index, name: str) -> Response:
        wanted = name.removesuffix(".metadata")
        stored = self.store.file(index, wanted)
        # Bytes of a stranger: a browser keeps them as a file and never shows them as a page.
        headers = [
            ("Cache-Control", "no-store"),
            ("Content-Disposition", "attachment"),
            ("Content-Security-Policy", "sandbox"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        body: Chunks | bytes | None = None
        if stored is not None:
            with contextlib.suppress(FileNotFoundError):  # somebody has just deleted it
                stream = self.store.content(index, wanted)
                if name == wanted:
                    headers.append(("Content-Length", str(stored.size)))
                    body = Chunks(stream)
                else:
                    with stream:
                        body = archives.core_metadata(stream, wanted)
        if body is not None:
            return Response(200, body, "application/octet-stream", headers=headers)
        message = self.words("no_project", index=index.name, name=name)
        return error(404, message, request.accept)

    # Uploading

    def _endpoint(self, request: Request, index: Index) -> Response:
        """Return the page that stands at an upload address, for whoever looks at it."""
        if request.method not in SAFE:
            return self._refused_method(request, index, SAFE)
        return self.routes.pages.render(request, index, "upload", address=index.upload)

    def _refused_method(self, request: Request, index: Index, allowed: Sequence[str]) -> Response:
        answer = upload_error("method", index, request.accept, method=request.method)
        return dataclasses.replace(answer, headers=[("Allow", ", ".join(allowed))])

    def _legacy(self, index: Index, path: str, request: Request) -> Response:
        environ, accept = request.environ, request.accept
        body = environ["wsgi.input"]
        try:
            length = body_length(environ)
        except ValueError:
            return error(400, self.words("broken_form", reason="Content-Length"), accept)
        if index.upload != f"{index_url(environ)}/legacy/":
            form.drain(body, length)
            return self.routes.pages.missing(request, index)
        if request.method != "POST":
            form.drain(body, length)
            if path == "/legacy" or request.query.get(":action") in ACTIONS:
                return self._refused_method(request, index, ["POST"])
            return self._endpoint(request, index)
        raw = credentials(environ.get("HTTP_AUTHORIZATION", ""))
        # A real token is turned away before anything of it is kept, logged or compared.
        if raw is not None and macaroons.is_real(raw.password):
            form.drain(body, length)
            return error(403, self.words("real_token", index=index.name), accept)
        if path == "/legacy":
            form.drain(body, length)
            return upload_error("slash", index, accept)
        macaroon, token = None, None
        if raw is not None and raw.user == "__token__":
            macaroon = macaroons.read(raw.password)
            token = self._find(index, macaroon)
        # Whoever is nobody here has the form read, for its answer depends on it, but no file kept.
        limit = self.limits.file if token is not None else 0
        content_type = environ.get("CONTENT_TYPE", "")
        incoming = form.Form()
        try:
            incoming = form.read(body, content_type, length, self.store, limit)
            return self._answer_upload(index, incoming, raw, macaroon, token, request)
        except (form.BrokenForm, TooMuch) as failed:
            if token is None:
                return self._nobody(index, raw, accept)
            if isinstance(failed, TooMuch):
                stricter = self.words("stricter")
                text = self.words(failed.key, **failed.values, stricter=stricter)
                return error(400, text, accept)
            return error(400, self.words("broken_form", reason=failed), accept)
        except (OSError, sqlite3.Error) as failed:
            log.error("an upload could not be stored: %s", failed)
            folder = self.store.directory
            return error(507, self.words("no_storage", path=folder, reason=failed), accept)
        finally:
            incoming.discard()

    def _nobody(self, index: Index, raw: Credentials | None, accept: str) -> Response:
        other_user = raw is not None and raw.user != "__token__"
        return upload_error("password" if other_user else "no_identity", index, accept)

    def _answer_upload(
        self,
        index: Index,
        incoming: form.Form,
        raw: Credentials | None,
        macaroon: Macaroon | None,
        token: TokenRecord | None,
        request: Request,
    ) -> Response:
        accept = request.accept
        action = request.query.get(":action", incoming.get(":action"))
        if action not in ACTIONS:
            return self._refused_method(request, index, SAFE)
        if action != "file_upload":
            return upload_error(action.removesuffix("_pkg_info"), index, accept)
        if incoming.tuples:
            return upload_error("tuple", index, accept, field=min(incoming.tuples))
        if macaroon is None or token is None:
            return self._nobody(index, raw, accept)
        upload = validation.Upload(
            self.store, index, incoming, macaroon, token, self.limits, self.new_projects
        )
        try:
            validation.accept(upload)
        except AlreadyThere:
            self.store.used(token)
            return done(accept)
        except UploadRejected as refused:
            return upload_error(refused.key, index, accept, **refused.values)
        return done(accept)

    def _find(self, index: Index, macaroon: Macaroon | None) -> TokenRecord | None:
        identifier = macaroons.identifier(macaroon) if macaroon is not None else None
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


def decoded(environ: dict[str, Any]) -> str:
    """Return the path that was asked for; bytes that are no UTF-8 become a replacement sign."""
    path: str = environ.get("PATH_INFO", "/")
    return path.encode("iso-8859-1").decode("utf-8", "replace")
