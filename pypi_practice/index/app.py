"""The practice index as a WSGI application: the address decides which of the two it is."""

from __future__ import annotations

import base64
import contextlib
import logging
import re
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name
from pymacaroons import Macaroon
from werkzeug.wsgi import FileWrapper

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import FILES_HOST, HOSTS, UPSTREAM_HOST, Index, plain_host
from pypi_practice.core.limits import PYPI, Limits, NewProjects
from pypi_practice.index.request import Request
from pypi_practice.index.responses import (
    CHUNK,
    JSON,
    Response,
    StartResponse,
    error,
    upload_accepted,
    upload_error,
)
from pypi_practice.index.routes import Routes, is_tricky
from pypi_practice.index.storage.records import TokenRecord
from pypi_practice.index.storage.store import Store
from pypi_practice.index.upload import archives, form, validation
from pypi_practice.index.upload.rejection import AlreadyThere, TooMuch, UploadRejected
from pypi_practice.index.upload.state import Upload
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
            response = self._respond(environ)
        except TimeoutError:
            raise  # the server says so, and closes the connection
        except Exception:
            log.exception("the practice index failed on %s", environ.get("PATH_INFO"))
            response = error(500, self.words("server_error"), environ.get("HTTP_ACCEPT", ""))
        return response(environ, start_response)

    def _respond(self, environ: dict[str, Any]) -> Response:
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
            return self.routes.respond(request, index)
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
            return Response(200, f'{{"audience":"{index.key}"}}'.encode(), JSON)
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
        base_name = name.removesuffix(".metadata")
        stored = self.store.file(index, base_name)
        # Bytes of a stranger: a browser keeps them as a file and never shows them as a page.
        headers = [
            ("Cache-Control", "no-store"),
            ("Content-Disposition", "attachment"),
            ("Content-Security-Policy", "sandbox"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        body: FileWrapper | bytes | None = None
        if stored is not None:
            with contextlib.suppress(FileNotFoundError):  # somebody has just deleted it
                stream = self.store.content(index, base_name)
                if name == base_name:
                    headers.append(("Content-Length", str(stored.size)))
                    body = FileWrapper(stream, CHUNK)
                else:
                    with stream:
                        body = archives.core_metadata(stream, base_name)
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
        response = upload_error("method", index, request.accept, method=request.method)
        response.headers["Allow"] = ", ".join(allowed)
        return response

    def _legacy(self, index: Index, path: str, request: Request) -> Response:
        """Answer at the upload address: authenticate, parse the form, accept it."""
        environ, accept = request.environ, request.accept
        body = environ["wsgi.input"]
        try:
            length = body_length(environ)
        except ValueError:
            return error(400, self.words("broken_form", reason="Content-Length"), accept)
        sent = credentials(environ.get("HTTP_AUTHORIZATION", ""))
        refusal = self._refusal(index, path, request, sent)
        if refusal is not None:
            form.drain(body, length)
            return refusal
        sender = self._authenticate(index, sent)
        # Whoever is nobody here has the form read, for its answer depends on it, but no file kept.
        limit = self.limits.file if sender.token is not None else 0
        fields = form.Form()
        try:
            fields = form.read(body, environ.get("CONTENT_TYPE", ""), length, self.store, limit)
            return self._accept(index, fields, sender, request)
        except (form.BrokenForm, TooMuch) as failure:
            return self._broken(index, failure, sender, accept)
        except (OSError, sqlite3.Error) as failure:
            log.error("an upload could not be stored: %s", failure)
            folder = self.store.directory
            return error(507, self.words("no_storage", path=folder, reason=failure), accept)
        finally:
            fields.discard()

    def _refusal(
        self, index: Index, path: str, request: Request, sent: Credentials | None
    ) -> Response | None:
        """Return the answer to a request that is no upload, or that its headers alone refuse."""
        if index.upload != f"{index_url(request.environ)}/legacy/":
            return self.routes.pages.missing(request, index)
        if request.method != "POST":
            if path == "/legacy" or request.args.get(":action") in ACTIONS:
                return self._refused_method(request, index, ["POST"])
            return self._endpoint(request, index)
        # A real token is turned away before anything of it is kept, logged or compared.
        if sent is not None and macaroons.is_real(sent.password):
            return error(403, self.words("real_token", index=index.name), request.accept)
        return upload_error("slash", index, request.accept) if path == "/legacy" else None

    def _authenticate(self, index: Index, sent: Credentials | None) -> Sender:
        """Return who sends these credentials."""
        if sent is None or sent.user != "__token__":
            return Sender(other_user=sent is not None)
        macaroon = macaroons.read(sent.password)
        return Sender(macaroon, self._find(index, macaroon))

    def _nobody(self, index: Index, sender: Sender, accept: str) -> Response:
        return upload_error("password" if sender.other_user else "no_identity", index, accept)

    def _broken(
        self, index: Index, failure: form.BrokenForm | TooMuch, sender: Sender, accept: str
    ) -> Response:
        """Return the answer to a form that could not be read to its end."""
        if sender.token is None:
            return self._nobody(index, sender, accept)
        if isinstance(failure, TooMuch):
            stricter = self.words("stricter")
            return error(400, self.words(failure.key, **failure.values, stricter=stricter), accept)
        return error(400, self.words("broken_form", reason=failure), accept)

    def _accept(
        self, index: Index, fields: form.Form, sender: Sender, request: Request
    ) -> Response:
        """Take the upload in, if PyPI would."""
        accept = request.accept
        action = request.args.get(":action", fields.get(":action"))
        if action not in ACTIONS:
            return self._refused_method(request, index, SAFE)
        if action != "file_upload":
            return upload_error(action.removesuffix("_pkg_info"), index, accept)
        if fields.tuples:
            return upload_error("tuple", index, accept, field=min(fields.tuples))
        if sender.macaroon is None or sender.token is None:
            return self._nobody(index, sender, accept)
        upload = Upload(
            self.store,
            index,
            fields,
            sender.macaroon,
            sender.token,
            self.limits,
            self.new_projects,
        )
        try:
            validation.accept(upload)
        except AlreadyThere:
            self.store.used(sender.token)
        except UploadRejected as refusal:
            return upload_error(refusal.key, index, accept, **refusal.values)
        return upload_accepted(accept)

    def _find(self, index: Index, macaroon: Macaroon | None) -> TokenRecord | None:
        identifier = macaroons.identifier(macaroon) if macaroon is not None else None
        token = self.store.token(identifier) if identifier else None
        # A token of the other index is unknown here, as it is between PyPI and TestPyPI.
        return token if token is not None and token.user.index == index.key else None


class Credentials(NamedTuple):
    """The user and the password of a request."""

    user: str
    password: str


class Sender(NamedTuple):
    """Who sends an upload: what the token says, and what the index knows of it, if it does.

    ``other_user`` is whether a user and a password came in place of a token.
    """

    macaroon: Macaroon | None = None
    token: TokenRecord | None = None
    other_user: bool = False


def credentials(header: str) -> Credentials | None:
    """Read an Authorization header as PyPI does; None where PyPI finds nothing in it.

    Werkzeug finds a user without a password where PyPI finds none, and PyPI answers by that.
    """
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
