"""A client that sends a byte now and then cannot keep the others out."""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from pypi_practice import pace, server, web
from pypi_practice.index import Application
from pypi_practice.store import Store
from pypi_practice.words import Words

EN = Words("en")
HEAD = b"POST /testpypi/manage/account/token/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BODY = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n"


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """The pages, where nobody may take longer than a second and a half for a request."""
    monkeypatch.setattr(pace, "PATIENCE", 1.5)
    pages = web.WebServer(Application(Store(tmp_path, EN), None, EN))
    parts = urlsplit(pages.url)
    yield str(parts.hostname), int(parts.port or 0)
    pages.stop()


@pytest.mark.parametrize(
    ("start", "piece"), [(HEAD, b"X"), (HEAD + BODY, b"a")], ids=["head", "body"]
)
def test_slow_clients_are_sent_away_and_others_are_answered(address, start, piece):
    """Each sends a byte every tenth of a second, which is never silence."""
    slow = [socket.create_connection(address) for _ in range(2 * web.THREADS)]
    for one in slow:
        one.sendall(start)
    begun, answers = time.monotonic(), {}
    while len(answers) < len(slow) and time.monotonic() - begun < 30:
        time.sleep(0.1)
        for one in slow:
            if one in answers:
                continue
            try:
                one.sendall(piece)
                one.settimeout(0.01)
                answers[one] = one.recv(100)
            except TimeoutError:
                continue
            except OSError:
                answers[one] = b""
    assert len(answers) == len(slow)
    assert any(b" 408 " in answer for answer in answers.values()), answers
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request("GET", "/")
    assert connection.getresponse().status == 200


def test_one_that_is_slow_but_not_too_slow_is_answered(address, monkeypatch):
    monkeypatch.setattr(pace, "SLOWEST", 100)
    with socket.create_connection(address) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        for _ in range(20):  # two seconds, with a thousand bytes in each
            time.sleep(0.1)
            client.sendall(b"X: " + b"a" * 95 + b"\r\n")
        client.sendall(b"\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"


def test_a_connection_that_is_kept_begins_anew_with_each_request(address):
    connection = http.client.HTTPConnection(*address, timeout=10)
    for _ in range(2):
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
        time.sleep(1.6)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[tuple[str, int], ssl.SSLContext]]:
    """The index with its TLS: its place, and what trusts it."""
    certificate, key, bundle = server.write_certificates(tmp_path)
    application = Application(Store(tmp_path / "data", EN), None, EN)
    running = server.IndexServer(application, certificate, key)
    yield (server.LOOPBACK, running.port), ssl.create_default_context(cafile=str(bundle))
    running.stop()


def test_who_never_begins_keeps_nobody_out(index, capfd):
    """Nor does one who speaks without TLS, or who does not trust the index."""
    where, trusting = index
    silent = [socket.create_connection(where) for _ in range(3 * server.THREADS)]
    plain = socket.create_connection(where, timeout=10)
    plain.sendall(b"GET / HTTP/1.1\r\nHost: pypi.org\r\n\r\n")
    begun = time.monotonic()
    for _ in range(2):
        with (
            socket.create_connection(where, timeout=20) as raw,
            trusting.wrap_socket(raw, server_hostname="pypi.org") as client,
        ):
            client.sendall(b"GET /simple/ HTTP/1.1\r\nHost: pypi.org\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"
        with socket.create_connection(where, timeout=20) as raw, pytest.raises(ssl.SSLError):
            ssl.create_default_context().wrap_socket(raw, server_hostname="pypi.org")
    assert time.monotonic() - begun < 8  # a silent one is waited for, for ten seconds
    assert b"200" not in plain.recv(100)
    assert "Traceback" not in capfd.readouterr().err
    for one in silent:
        one.close()


def test_the_index_reads_no_endless_body():
    assert server.BODY_LIMIT == 500 * 1024**2
