"""What the tests of the web pages share: real distributions, a browser without a screen."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from helpers.index import upload_client
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.app import Application
from pypi_practice.index.browser_app import Web
from pypi_practice.index.storage.store import Store

HOST = "127.0.0.1:8070"
BASE = f"http://{HOST}/testpypi"


def real_wheel(name: str = "demo", version: str = "1.0", requires: str = "") -> bytes:
    """Return a wheel that pip installs."""
    folder = f"{name}-{version}.dist-info"
    needs = f"Requires-Dist: {requires}\n" if requires else ""
    files = {
        f"{name}.py": f"VERSION = {version!r}\n",
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}",
        f"{folder}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={_digest(text)},{len(text.encode())}\n" for path, text in files.items()
    )
    files[f"{folder}/RECORD"] = f"{record}{folder}/RECORD,,\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return buffer.getvalue()


def _digest(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def publish(
    application: Application,
    version: str = "1.0",
    name: str = "demo",
    index: str = "testpypi",
    requires: str = "",
    **fields: str,
) -> None:
    """Upload a real wheel, with a token made for it."""
    index_of_key = INDEXES[index]
    store = application.store
    token = store.new_token(store.user(index_of_key), f"{name} {version} {index}", None)[1]
    filename = f"{name}-{version}-py3-none-any.whl"
    content = real_wheel(name, version, requires)
    reply = upload_client.upload(
        application, token, content, filename, index, name=name, version=version, **fields
    )
    assert reply.code == 200, reply.status


def new_application(tmp_path: Path) -> Application:
    """Return a practice index of its own, which asks nobody else."""
    words = Translator("en")
    return Application(Store(tmp_path / "data", words), None, words)


class Visitor:
    """A browser of few words: it keeps cookies and sends forms as a browser does."""

    def __init__(self, application: Application, base: str = BASE) -> None:
        self.web = Web(application)
        self.base = base
        self.origin = "/".join(base.split("/")[:3])
        self.cookies: dict[str, str] = {}

    def send(
        self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> upload_client.Reply:
        """Send one request; *path* is that of the index."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        sent = {"Cookie": cookie} if cookie else {}
        reply = upload_client.call(
            self.web, method, self.base + path, body, sent | dict(headers or {})
        )
        for line in reply.cookies:
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return reply

    def get(self, path: str, **headers: str) -> upload_client.Reply:
        """Open a page."""
        header_fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("GET", path, headers=header_fields)

    def submit(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> upload_client.Reply:
        """Open the page with the form at *path*, fill in *fields* and send it."""
        csrf_token = re.search(rb'name="csrf_token" value="([0-9a-f]+)"', self.get(path).body)
        assert csrf_token, path
        body = urlencode({"csrf_token": csrf_token[1].decode(), **fields}).encode()
        usual = {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.origin}
        return self.send("POST", path, body, usual | dict(headers or {}))
