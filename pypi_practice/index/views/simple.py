"""The simple index, for installers: PEP 503 and 691, 592 (yanked), 658 and 714 (core metadata),
700 (versions, sizes, times) and 792 (status).

Source: warehouse/packaging/utils.py and warehouse/templates/api/simple of pypi/warehouse at
commit 6b62157.
"""

from __future__ import annotations

import datetime
import hashlib
import html
import json
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

from pypi_practice.core.indexes import Index
from pypi_practice.index.request import Request
from pypi_practice.index.responses import Response, preferred
from pypi_practice.index.storage import queries
from pypi_practice.index.storage.records import Project
from pypi_practice.index.storage.store import Store

API_VERSION = "1.4"
JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"
OFFERS = ("text/html", HTML_TYPE, JSON_TYPE)


def simple_type(accept: str) -> str:
    """Return the content type for an installer that sends *accept*, as PyPI chooses it."""
    return preferred(accept, OFFERS) or "text/html"


def iso_time(seconds: float) -> str:
    """Return a time since 1970 as PyPI writes it, ``2026-11-23T18:31:00.000000Z``."""
    time = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return time.isoformat(timespec="microseconds").replace("+00:00", "Z")


def respond(request: Request, body: bytes, kind: str, serial: int) -> Response:
    """Return *body*, or 304 for who has it already.

    ``no-store``: what comes from the practice index must not stay in the cache that an installer
    keeps for the real address.
    """
    tag = f'"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = [
        ("ETag", tag),
        ("Vary", "Accept"),
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-PyPI-Last-Serial", str(serial)),
    ]
    if tag in request.environ.get("HTTP_IF_NONE_MATCH", ""):
        return Response(304, b"", kind, headers=headers)
    return Response(200, body, kind, headers=headers)


def root(request: Request, index: Index, store: Store) -> Response:
    """Return the list of all projects."""
    kind, projects = simple_type(request.accept), store.projects(index)
    serial = queries.serial(store, index)
    if kind == JSON_TYPE:
        serials = queries.serials(store, index)
        body: dict[str, Any] = {
            "meta": {"api-version": API_VERSION, "_last-serial": serial},
            "projects": [
                {"name": project.name, "_last-serial": serials.get(project.normalized, 0)}
                for project in projects
            ],
        }
        return respond(request, json.dumps(body).encode(), kind, serial)
    links = (
        f'<a href="{request.base}/simple/{project.normalized}/">{html.escape(project.name)}</a>'
        for project in projects
    )
    return respond(request, _page("Simple index", links, serial), _with_charset(kind), serial)


class Cache:
    """Pages of projects as they were last sent; a change of the project makes a page useless.

    Installers ask for the same few pages again and again, and a page of ten thousand files takes
    a third of a second to write. Keeps at most *limit* bytes.
    """

    def __init__(self, limit: int = 8 * 1024 * 1024) -> None:
        self._limit = limit
        self._pages: OrderedDict[tuple[str, ...], tuple[int, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: tuple[str, ...], serial: int) -> bytes | None:
        """Return the page *key* if it was kept after the change *serial*."""
        with self._lock:
            cached_serial, page = self._pages.get(key, (-1, b""))
            return page if cached_serial == serial else None

    def keep(self, key: tuple[str, ...], serial: int, page: bytes) -> None:
        """Keep *page*, and drop the oldest ones if there are too many."""
        with self._lock:
            self._pages.pop(key, None)
            self._pages[key] = (serial, page)
            while sum(len(page) for _, page in self._pages.values()) > self._limit:
                self._pages.popitem(last=False)


def project(
    request: Request, index: Index, listed: Project, store: Store, cache: Cache
) -> Response:
    """Return the files of one project."""
    kind = simple_type(request.accept)
    # Asked before the files: a change in between makes the kept page useless, never wrong.
    serial = queries.serial(store, index, listed)
    key = (listed.id, kind, request.base)
    body = cache.get(key, serial)
    if body is None:
        body = _project(request, listed, store, kind, serial)
        cache.keep(key, serial, body)
    return respond(request, body, kind if kind == JSON_TYPE else _with_charset(kind), serial)


def _project(request: Request, listed: Project, store: Store, kind: str, serial: int) -> bytes:
    files = queries.files(store, listed)
    if kind == JSON_TYPE:
        body = {
            "meta": {"api-version": API_VERSION, "_last-serial": serial},
            "name": listed.normalized,
            "project-status": {"status": "active"},
            "versions": list(dict.fromkeys(file.version for file in files)),
            "files": [_json(request, file) for file in files],
        }
        return json.dumps(body).encode()
    links = (_link(request, file) for file in files)
    return _page(f"Links for {listed.normalized}", links, serial, "active")


def _json(request: Request, file: queries.ListedFile) -> dict[str, Any]:
    described = {"sha256": file.metadata} if file.metadata else False
    return {
        "filename": file.filename,
        "url": f"{request.base}/files/{file.filename}",
        "hashes": {"sha256": file.sha256},
        "requires-python": file.requires_python or None,
        "size": file.size,
        "upload-time": iso_time(file.uploaded),
        "yanked": file.yanked is not None and (file.yanked or True),
        "data-dist-info-metadata": described,
        "core-metadata": described,
        "provenance": None,
    }


def _link(request: Request, file: queries.ListedFile) -> str:
    name = html.escape(file.filename)
    parts = [f'<a href="{request.base}/files/{name}#sha256={file.sha256}"']
    if file.requires_python:
        parts.append(f'data-requires-python="{html.escape(file.requires_python)}"')
    if file.yanked is not None:
        parts.append(f'data-yanked="{html.escape(file.yanked)}"')
    if file.metadata:
        parts.append(f'data-dist-info-metadata="sha256={file.metadata}"')
        parts.append(f'data-core-metadata="sha256={file.metadata}"')
    return f"{' '.join(parts)}>{name}</a><br />"


def _page(title: str, links: Iterable[str], serial: int, status: str = "") -> bytes:
    title = html.escape(title)
    state = f'\n    <meta name="pypi:project-status" content="{status}">' if status else ""
    listed = "\n    ".join(links)
    return (
        "<!DOCTYPE html>\n<html>\n  <head>\n"
        f'    <meta name="pypi:repository-version" content="{API_VERSION}">{state}\n'
        f"    <title>{title}</title>\n  </head>\n  <body>\n    <h1>{title}</h1>\n"
        f"    {listed}\n  </body>\n</html>\n<!--SERIAL {serial}-->"
    ).encode()


def _with_charset(kind: str) -> str:
    return f"{kind}; charset=UTF-8"
