"""The proxy reads which host a TLS client asks for, however its first message is cut in pieces."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator

import pytest

from pypi_practice.core.i18n import Translator
from pypi_practice.network import client_hello
from pypi_practice.network.allowed_hosts import AllowedHosts
from pypi_practice.network.proxy import Proxy


def hello_for(host: str | None) -> bytes:
    """Return the first bytes that a TLS client sends for *host*."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_hostname=host).do_handshake()
    return outgoing.read()


def in_records(hello: bytes, size: int) -> bytes:
    """Return the message of *hello* in records of *size* bytes each."""
    message = hello[client_hello.RECORD_HEADER :]
    pieces = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(hello[:3] + len(piece).to_bytes(2) + piece for piece in pieces)


def in_segments(data: bytes, size: int) -> Iterator[bytes]:
    """Yield *data* in pieces of *size* bytes."""
    for start in range(0, len(data), size):
        yield data[start : start + size]


@contextlib.contextmanager
def tunnel(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Proxy, socket.socket, socket.socket]]:
    """Open a tunnel to example.org: give the proxy, the end of the client and that of the host."""
    host, proxys_end = socket.socketpair()
    proxy = Proxy(0, 1, Translator("en"), allowed=AllowedHosts.parse(["example.org"], "en"))
    monkeypatch.setattr(proxy._server, "connect", lambda *_: proxys_end)
    with (
        host,
        proxys_end,
        contextlib.closing(socket.create_connection(("127.0.0.1", proxy.port), 60)) as client,
    ):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(b"CONNECT example.org:443 HTTP/1.1\r\n\r\n")
        assert b" 200 " in client.recv(4096)
        yield proxy, client, host
    proxy.stop()


def send(client: socket.socket, pieces: Iterable[bytes]) -> None:
    """Send *pieces* one by one, and end; the proxy may have enough before the last of them."""
    with contextlib.suppress(OSError):
        for piece in pieces:
            client.sendall(piece)
        client.shutdown(socket.SHUT_WR)


def received(connection: socket.socket) -> bytes:
    """Return what comes until the other side ends."""
    data = b""
    with contextlib.suppress(ConnectionError):
        while chunk := connection.recv(4096):
            data += chunk
    return data


SAME, OTHER = hello_for("example.org"), hello_for("upload.pypi.org")
# A message of 100 kB, which goes on and on.
ENDLESS = in_records(SAME[:5] + b"\x01\x01\x86\xa0" + b"\3\3" + b"\0" * 40_000, 16_000)


@pytest.mark.parametrize(
    ("pieces", "passes"),
    [
        ([SAME], True),
        ([hello_for("Example.ORG")], True),
        ([in_records(SAME, 100)], True),
        ([in_records(SAME, 1)], True),
        (in_segments(SAME, 7), True),
        (in_segments(in_records(SAME, 50), 3), True),
        ([SAME + b"and more"], True),
        ([hello_for("files.example.org")], False),
        ([OTHER], False),
        ([in_records(OTHER, 100)], False),
        (in_segments(OTHER, 7), False),
        ([in_records(OTHER, 100) + SAME], False),
        ([hello_for(None)], False),
        ([b"POST /legacy/ HTTP/1.1\r\nHost: upload.pypi.org\r\n\r\n"], False),
        ([SAME[:3]], False),
        ([SAME[:-1]], False),
        ([SAME[:3] + b"\0\0" + SAME], False),
        ([in_records(SAME, 100)[:105] + b"\x17" + in_records(SAME, 100)[106:]], False),
        ([b"\x16\3\1\0\4\2\0\0\0"], False),
        ([ENDLESS], False),
    ],
    ids=[
        "same",
        "spelled",
        "records",
        "records of a byte",
        "segments",
        "records and segments",
        "more",
        "other",
        "upload",
        "upload in records",
        "upload in segments",
        "upload before the same",
        "nameless",
        "plain",
        "broken",
        "no end",
        "empty record",
        "record of another type",
        "no ClientHello",
        "too long",
    ],
)
def test_a_tunnel_to_an_allowed_host_carries_nothing_else(pieces, passes, monkeypatch):
    sent = list(pieces)
    with tunnel(monkeypatch) as (proxy, client, host):
        thread = threading.Thread(target=send, args=(client, sent))
        thread.start()
        passed = received(host)
        thread.join()
        outcomes = [(asked.host, asked.port, asked.outcome) for asked in proxy.connections]
    assert passed == (b"".join(sent) if passes else b"")
    assert outcomes == [("example.org", 443, "allowed" if passes else "refused")]


def test_a_client_that_is_refused_is_told_why(monkeypatch):
    """By an alert of TLS, which every client has a sentence for."""
    context = ssl.create_default_context()
    with tunnel(monkeypatch) as (_, client, _), pytest.raises(ssl.SSLError) as caught:
        context.wrap_socket(client, server_hostname="upload.pypi.org")
    assert "unrecognized name" in str(caught.value)


def test_the_name_in_a_real_hello():
    assert client_hello.server_name(SAME) == "example.org"
    assert client_hello.server_name(hello_for(None)) is None
