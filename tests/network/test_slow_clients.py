"""A client that sends a byte now and then cannot keep the others out."""

from __future__ import annotations

import contextlib
import http.client
import random
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cheroot.workers.threadpool import WorkerThread
from helpers.index import upload_client

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index import browser_app
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store
from pypi_practice.network import server, slow_clients

EN = Translator("en")
INDEX = INDEXES["testpypi"]
GET = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HEAD = b"POST /testpypi/manage/account/token/ HTTP/1.1\r\nHost: 127.0.0.1\r\n"
BODY = b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n"


def place(pages: browser_app.WebServer) -> tuple[str, int]:
    """Return where the pages are."""
    parts = urlsplit(pages.url)
    return str(parts.hostname), int(parts.port or 0)


@pytest.fixture
def pages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[browser_app.WebServer]:
    """The pages, where nobody may take longer than a second and a half for a request."""
    monkeypatch.setattr(slow_clients, "PATIENCE", 1.5)
    pages = browser_app.WebServer(Application(Store(tmp_path, EN), None, EN))
    yield pages
    pages.stop()


@pytest.fixture
def address(pages: browser_app.WebServer) -> tuple[str, int]:
    """Where those pages are."""
    return place(pages)


@pytest.mark.parametrize(
    ("start", "piece"), [(HEAD, b"X"), (HEAD + BODY, b"a")], ids=["head", "body"]
)
def test_slow_clients_are_sent_away_and_others_are_answered(address, start, piece):
    """Each sends a byte every tenth of a second, which is never silence."""
    slow = [socket.create_connection(address) for _ in range(2 * browser_app.THREADS)]
    for client in slow:
        client.sendall(start)
    begun = time.monotonic()
    answers: dict[socket.socket, bytes] = {}
    while len(answers) < len(slow) and time.monotonic() - begun < 30:
        time.sleep(0.1)
        for client in slow:
            if client in answers:
                continue
            try:
                client.sendall(piece)
                client.settimeout(0.01)
                answers[client] = client.recv(100)
            except TimeoutError:
                continue
            except OSError:
                answers[client] = b""
    assert len(answers) == len(slow)
    assert any(b" 408 " in answer for answer in answers.values()), answers
    assert ask(address) == 200


def ask(address: tuple[str, int]) -> int:
    """Return the status of the first page."""
    connection = http.client.HTTPConnection(*address, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().status


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when *condition* holds."""
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def worker_threads(pages: browser_app.WebServer) -> int:
    """Return how many threads answer requests for *pages*."""
    return sum(
        isinstance(thread, WorkerThread) and thread.server is pages._server
        for thread in threading.enumerate()
    )


def test_those_that_are_slow_and_may_be_do_not_hold_all_threads(pages, monkeypatch):
    """More than there are threads; each has a minute, and nobody else waits for any of them."""
    monkeypatch.setattr(slow_clients, "PATIENCE", 60)
    slow = [socket.create_connection(place(pages)) for _ in range(2 * browser_app.THREADS)]
    for client in slow:
        client.sendall(HEAD + BODY + b"a")
    assert ask(place(pages)) == 200
    wait_for(lambda: pages._server.slow_clients == len(slow))
    assert ask(place(pages)) == 200
    for client in slow:
        client.settimeout(0.01)
        with pytest.raises(TimeoutError):  # none has been sent away
            client.recv(1)
        client.settimeout(10)
        client.sendall(b"a" * 59_999)
        assert client.recv(12) == b"HTTP/1.1 403"  # as anybody who sends this form from elsewhere
        client.close()
    wait_for(lambda: not pages._server.slow_clients)
    # Their threads serve the next ones: the pool does not grow with each slow client.
    grown = worker_threads(pages)
    again = [socket.create_connection(place(pages)) for _ in range(2 * browser_app.THREADS)]
    for client in again:
        client.sendall(HEAD + BODY + b"a")
    wait_for(lambda: pages._server.slow_clients == len(again))
    assert worker_threads(pages) == grown == 3 * browser_app.THREADS
    for client in again:
        client.close()


def test_those_that_do_not_read_do_not_hold_all_threads(tmp_path, monkeypatch):
    """They ask for more than the system keeps for them, and then for nothing."""
    monkeypatch.setattr(slow_clients, "PATIENCE", 60)
    store = Store(tmp_path, EN)
    token = store.new_token(store.user(INDEX), "t", None)[1]
    more = {"data.bin": random.Random(1).randbytes(20 * 1024**2).hex()}
    reply = upload_client.upload(
        Application(store, None, EN), token, upload_client.wheel(more=more)
    )
    assert reply.code == 200
    pages = browser_app.WebServer(Application(store, None, EN))
    slow = [socket.create_connection(place(pages)) for _ in range(2 * browser_app.THREADS)]
    for client in slow:
        client.sendall(GET % b"/testpypi/files/demo-1.0-py3-none-any.whl")
    assert ask(place(pages)) == 200
    wait_for(lambda: pages._server.slow_clients == len(slow))
    for client in slow:
        client.close()
    wait_for(lambda: not pages._server.slow_clients)
    pages.stop()


def test_one_address_may_not_have_all_places_of_the_slow(pages, monkeypatch):
    monkeypatch.setattr(slow_clients, "PATIENCE", 60)
    monkeypatch.setattr(slow_clients, "SLOW_OF_ONE", 2)
    slow = [socket.create_connection(place(pages), timeout=10) for _ in range(4)]
    for client in slow:
        client.sendall(HEAD + BODY)
    wait_for(lambda: pages._server.slow_clients == 2)
    wait_for(lambda: len(select.select(slow, [], [], 0)[0]) == 2)
    assert {client.recv(12) for client in select.select(slow, [], [], 0)[0]} == {b"HTTP/1.1 408"}
    assert ask(place(pages)) == 200
    for client in slow:
        client.close()


def test_one_that_has_said_nothing_yet_is_no_slow_client(pages):
    silent = [socket.create_connection(place(pages)) for _ in range(2 * browser_app.THREADS)]
    time.sleep(2 * slow_clients.QUICK)  # in which each would have become one
    assert ask(place(pages)) == 200
    assert pages._server.slow_clients == 0
    for connection in silent:
        connection.close()


def test_one_that_is_slow_but_not_too_slow_is_answered(address, monkeypatch):
    monkeypatch.setattr(slow_clients, "SLOWEST", 100)
    with socket.create_connection(address) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        for _ in range(20):  # two seconds, with a thousand bytes in each
            time.sleep(0.1)
            connection.sendall(b"X: " + b"a" * 95 + b"\r\n")
        connection.sendall(b"\r\n")
        assert connection.recv(12) == b"HTTP/1.1 200"


def test_a_connection_that_is_kept_begins_anew_with_each_request(address):
    host, port = address
    connection = http.client.HTTPConnection(host, port, timeout=10)
    for _ in range(2):
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (200, True)
        time.sleep(1.6)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[tuple[tuple[str, int], ssl.SSLContext]]:
    """The index with its TLS: its place, and what trusts it."""
    certificates = server.write_certificates(tmp_path)
    application = Application(Store(tmp_path / "data", EN), None, EN)
    running = server.IndexServer(application, EN, certificates.server, certificates.key)
    yield (
        (server.LOOPBACK, running.port),
        ssl.create_default_context(cafile=str(certificates.bundle)),
    )
    running.stop()


def test_who_never_begins_keeps_nobody_out(index, capfd):
    """Nor does one who speaks without TLS, or who does not trust the index."""
    where, trusting = index
    silent = [socket.create_connection(where) for _ in range(3 * server.THREADS)]
    plain = socket.create_connection(where, timeout=10)
    plain.sendall(b"GET / HTTP/1.1\r\nHost: pypi.org\r\n\r\n")
    begun = time.monotonic()
    for _ in range(2 * server.THREADS):
        with (
            socket.create_connection(where, timeout=20) as raw,
            trusting.wrap_socket(raw, server_hostname="pypi.org") as inside,
        ):
            inside.sendall(b"GET /simple/ HTTP/1.1\r\nHost: pypi.org\r\n\r\n")
            assert inside.recv(12) == b"HTTP/1.1 200"
        with socket.create_connection(where, timeout=20) as raw, pytest.raises(ssl.SSLError):
            ssl.create_default_context().wrap_socket(raw, server_hostname="pypi.org")
        silent.append(halfway := socket.create_connection(where))
        halfway.sendall(b"\x16\x03\x01")  # the first bytes of TLS, and no more
        greeted = trusting.wrap_socket(socket.create_connection(where), server_hostname="pypi.org")
        silent.append(greeted)
    assert time.monotonic() - begun < 8  # a silent one is waited for, for ten seconds
    assert b"200" not in plain.recv(100)
    assert "Traceback" not in capfd.readouterr().err
    for client in silent:
        client.close()


SLOW, HONEST = 100, 30


def longest_wait(where: tuple[str, int], trusting: ssl.SSLContext) -> float:
    """Return how long the last of HONEST clients that come together waits for its page."""

    def ask_once(_: int) -> float:
        begun = time.monotonic()
        with (
            socket.create_connection(where, timeout=60) as raw,
            trusting.wrap_socket(raw, server_hostname="pypi.org") as connection,
        ):
            connection.sendall(b"GET /simple/ HTTP/1.1\r\nHost: pypi.org\r\n\r\n")
            assert connection.recv(12) == b"HTTP/1.1 200"
        return time.monotonic() - begun

    with ThreadPoolExecutor(HONEST) as pool:
        return max(pool.map(ask_once, range(HONEST)))


def test_beside_a_hundred_slow_clients_nobody_waits_two_seconds_longer(index):
    """The slow ones send half an upload each, all at once, right before the others come."""
    where, trusting = index
    alone = longest_wait(where, trusting)
    slow = [
        trusting.wrap_socket(socket.create_connection(where), server_hostname="pypi.org")
        for _ in range(SLOW)
    ]
    for connection in slow:
        connection.sendall(b"POST /legacy/ HTTP/1.1\r\nHost: upload.pypi.org\r\n" + BODY + b"a")
    beside = longest_wait(where, trusting)
    for connection in slow:
        connection.settimeout(0.01)
        with pytest.raises(TimeoutError):  # all are still there: none has been answered
            connection.recv(1)
        connection.close()
    assert beside < alone + 2


def test_the_index_reads_no_endless_body():
    assert server.BODY_LIMIT == 500 * 1024**2
