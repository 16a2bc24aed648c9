"""A client of the practice index for the tests: makes distributions, sends uploads."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import sqlite3
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store

BOUNDARY = "a-boundary-of-the-tests"


@dataclass(frozen=True)
class Reply:
    """What came back: ``status`` is the whole status line, ``200 OK``."""

    status: str
    headers: dict[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def code(self) -> int:
        """The status code."""
        return int(self.status[:3])


def wheel(
    name: str = "demo",
    version: str = "1.0",
    leave_out: Iterable[str] = (),
    more: Mapping[str, str] | None = None,
    metadata: str | None = None,
) -> bytes:
    """Return a wheel that PyPI would take, without the metadata files in *leave_out*.

    *more* are files to add: their paths, in which ``{info}`` is the metadata folder, and texts.
    """
    texts = {"METADATA": metadata or core_metadata(name, version), "WHEEL": "", "RECORD": ""}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for file, text in texts.items():
            if file not in leave_out:
                _add(archive, f"{name}-{version}.dist-info/{file}", text)
        _add(archive, f"{name}.py", "")
        for path, text in (more or {}).items():
            _add(archive, path.format(info=f"{name}-{version}.dist-info"), text)
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, path: str, text: str) -> None:
    """Add a file that is the same whenever it is added."""
    archive.writestr(zipfile.ZipInfo(path), text)


def core_metadata(name: str = "demo", version: str = "1.0", more: str = "") -> str:
    """Return the text of METADATA; *more* are other fields, and the description."""
    return f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{more}"


def sdist(
    name: str = "demo", version: str = "1.0", content: str = "", metadata: str | None = None
) -> bytes:
    """Return an sdist that PyPI would take."""
    texts = {
        "PKG-INFO": metadata or core_metadata(name, version),
        "setup.py": f"setup.py{content}\n",
    }
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for file, text in texts.items():
            data = text.encode()
            member = tarfile.TarInfo(f"{name}-{version}/{file}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


Value = str | list[str]


def fields(content: bytes, **changes: Value | None) -> dict[str, Value]:
    """Return the form fields of an upload of *content*; None in *changes* leaves a field out.

    A list repeats the field.
    """
    usual = {
        ":action": "file_upload",
        "protocol_version": "1",
        "metadata_version": "2.4",
        "name": "demo",
        "version": "1.0",
        "filetype": "bdist_wheel",
        "pyversion": "py3",
        "sha256_digest": hashlib.sha256(content).hexdigest(),
    }
    merged = usual | changes
    return {key: value for key, value in merged.items() if value is not None}


def form(
    parts: Mapping[str, Value],
    filename: str | None,
    content: bytes,
    content_type: str = "application/octet-stream",
) -> bytes:
    """Return a multipart body."""
    lines = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, values in parts.items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    if filename is not None:
        head = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="content"; '
            f'filename="{filename}"\r\nContent-Type: {content_type}\r\n\r\n'
        )
        lines += [head.encode(), content, b"\r\n"]
    return b"".join(lines) + f"--{BOUNDARY}--\r\n".encode()


def basic(user: str, password: str) -> str:
    """Return the Authorization header of a user and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def call(
    application: Callable[..., Any],
    method: str,
    url: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
) -> Reply:
    """Send one request to the application, as its server would."""
    parts = urlsplit(url)
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": unquote(parts.path, "iso-8859-1"),
        "QUERY_STRING": parts.query,
        "HTTP_HOST": parts.netloc,
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": parts.scheme,
    }
    for name, value in (headers or {}).items():
        key = name.upper().replace("-", "_")
        environ[key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"] = value
    started: list[tuple[str, list[tuple[str, str]]]] = []
    chunks = application(environ, lambda status, heads: started.append((status, heads)))
    content = b"".join(chunks)
    status, heads = started[0]
    cookies = tuple(value for name, value in heads if name == "Set-Cookie")
    return Reply(status, dict(heads), content, cookies)


def upload(
    application: Application,
    token: str | None,
    content: bytes | None = None,
    filename: str | None = "demo-1.0-py3-none-any.whl",
    index: str = "testpypi",
    user: str = "__token__",
    accept: str = "*/*",
    content_type: str = "application/octet-stream",
    **changes: Value | None,
) -> Reply:
    """Upload *content*, a good wheel unless something else is given, and return the answer."""
    content = wheel() if content is None else content
    body = form(fields(content, **changes), filename, content, content_type)
    return send(application, token, body, index, user, accept)


def send(
    application: Application,
    token: str | None,
    body: bytes,
    index: str = "testpypi",
    user: str = "__token__",
    accept: str = "*/*",
) -> Reply:
    """Send a form, and return the answer."""
    headers = {
        "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        "Accept": accept,
    }
    if token is not None:
        headers["Authorization"] = basic(user, token)
    return call(application, "POST", INDEXES[index].upload, body, headers)


def on_disk(store: Store, index: str = "testpypi") -> dict[str, str]:
    """Return the SHA-256 of each file that the store keeps, whether a record lists it or not."""
    database = sqlite3.connect(store.directory / "index.sqlite3")
    with contextlib.closing(database):
        query = 'SELECT filename, bytes FROM contents WHERE "index" = ?'
        held = dict(database.execute(query, (index,)))
    for path in (store.directory / "files" / index).iterdir():
        assert path.name not in held
        held[path.name] = path.read_bytes()
    return {name: hashlib.sha256(content).hexdigest() for name, content in held.items()}
