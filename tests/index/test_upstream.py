"""The index to install from: when it counts as unreachable."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from pypi_practice.core.i18n import Translator
from pypi_practice.index import upstream
from pypi_practice.index.upstream import Upstream


class _Index(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"page")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def simple() -> Iterator[str]:
    """The address of an index by a name that only a fake resolver knows."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Index) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://index.example:{server.server_address[1]}/simple/"
        server.shutdown()


class Resolver:
    """Fails to resolve a name as often as *failures* says, with *code*, and then knows it."""

    def __init__(self, failures: int, code: int) -> None:
        self.failures, self.code, self.calls = failures, code, 0
        self.resolve = socket.getaddrinfo

    def __call__(self, host: str, *rest: object, **more: object) -> object:
        assert host == "index.example"
        self.calls += 1
        if self.calls <= self.failures:
            raise socket.gaierror(self.code, "the reason")
        return self.resolve("127.0.0.1", *rest, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("failures", "code", "calls", "status"),
    [
        (1, socket.EAI_AGAIN, 2, 200),
        (9, socket.EAI_AGAIN, 2, 504),
        (9, socket.EAI_NONAME, 1, 504),
    ],
    ids=["passes", "stays", "no such name"],
)
def test_a_name_that_cannot_be_resolved_now_is_tried_again_once(
    failures, code, calls, status, simple, monkeypatch
):
    resolver = Resolver(failures, code)
    monkeypatch.setattr(socket, "getaddrinfo", resolver)
    monkeypatch.setattr(upstream, "NAME_PAUSE", 0)
    asked = Upstream(simple, Translator("en"))
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/simple/a/"}
    answers = [asked.relay("index.example", environ).status_code for _ in range(2)]
    assert answers == [status, status]
    # Where it is unreachable, the second request does not try: it would wait as long again.
    assert resolver.calls == (calls if status == 504 else calls + 1)
