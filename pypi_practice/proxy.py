"""The way out of the practice shell: PyPI's names lead to the practice index, all else goes on.

It fails closed: a protected name is answered by the practice index or not at all, whatever the
spelling, the port or the state of the index.
"""

from __future__ import annotations

import contextlib
import ipaddress
import select
import socket
import socketserver
import threading
from collections.abc import Callable, Collection
from typing import Literal
from urllib.parse import urlsplit

from pypi_practice.connections import Connection
from pypi_practice.errors import PracticeError
from pypi_practice.facts import HOSTS, is_protected, plain_host
from pypi_practice.server import LOOPBACK
from pypi_practice.words import Words

HEAD_LIMIT = 64 * 1024
CONNECT_TIMEOUT = 20  # seconds
IDLE_TIMEOUT = 600  # seconds without a byte in either direction
HOP_HEADERS = ("proxy-connection:", "proxy-authorization:", "connection:")


class Refused(Exception):
    """The proxy will not make this connection; the text says why."""


def server_name(hello: bytes) -> str | None:
    """Return the host that a TLS ClientHello names, None if it names none.

    Raises ValueError if *hello* is not the start of a TLS connection. Source: RFC 8446 section
    4.1.2, RFC 6066 section 3.
    """
    if len(hello) < 6 or hello[0] != 0x16 or hello[5] != 0x01:
        raise ValueError("not a ClientHello")
    try:
        place = 9 + 2 + 32  # record and handshake headers, version, random
        place += 1 + hello[place]  # session id
        place += 2 + int.from_bytes(hello[place : place + 2])  # cipher suites
        place += 1 + hello[place]  # compression methods
        end = place + 2 + int.from_bytes(hello[place : place + 2])
        place += 2
        while place + 4 <= end:
            kind = int.from_bytes(hello[place : place + 2])
            length = int.from_bytes(hello[place + 2 : place + 4])
            if kind == 0:
                size = int.from_bytes(hello[place + 7 : place + 9])
                return hello[place + 9 : place + 9 + size].decode("ascii")
            place += 4 + length
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("not a whole ClientHello") from error
    return None


def is_local(host: str) -> bool:
    """Tell whether *host* is an address of this computer or of a private network."""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return address.is_private or address.is_loopback


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        client: socket.socket = self.request
        client.settimeout(CONNECT_TIMEOUT)
        try:
            head, rest = _read_head(client)
            line, *headers = head.decode("utf-8", "replace").split("\r\n")
            method, target, _ = line.split(" ", 2)
        except (OSError, ValueError):
            return
        try:
            if method == "CONNECT":
                self._tunnel(client, target, rest)
            else:
                self._forward(client, method, target, headers, rest)
        except Refused as refused:
            _answer(client, 403, str(refused))
        except OSError as error:
            _answer(client, 502, self.server.words("no_connection", target=target, reason=error))

    def _tunnel(self, client: socket.socket, target: str, rest: bytes) -> None:
        host, _, text = target.rpartition(":")
        if not (text.isascii() and text.isdigit() and int(text[:6]) <= 0xFFFF):
            raise Refused(self.server.words("blocked", target=target))
        port, name = int(text), plain_host(host.strip("[]"))
        if is_protected(name):
            if name not in HOSTS or port != 443:
                self.server.record(name, port, "refused")
                raise Refused(self.server.words("blocked", target=target))
            with self._connected(name, port, "index", self.server.connect_index) as remote:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _relay(client, remote, rest)
            return
        self._require_allowed(name, port)
        with self._connected(name, port, "allowed", self.server.connect) as remote:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            hello = rest or client.recv(16 * 1024)
            if not self._may_pass(hello, name):
                return
            _relay(client, remote, hello)

    def _require_allowed(self, host: str, port: int) -> None:
        if not self.server.allows(host):
            self.server.record(host, port, "refused")
            raise Refused(self.server.words("host_refused", host=host))

    def _connected(
        self,
        host: str,
        port: int,
        outcome: Literal["index", "allowed"],
        connect: Callable[[str, int], socket.socket],
    ) -> socket.socket:
        try:
            remote = connect(host, port)
        except OSError:
            self.server.record(host, port, "failed")
            raise
        self.server.record(host, port, outcome)
        return remote

    def _may_pass(self, hello: bytes, name: str) -> bool:
        """Look at the first bytes: an encrypted connection must name a host that is not PyPI's."""
        if is_local(name):
            return True
        try:
            wanted = server_name(hello)
        except ValueError:
            return False
        return wanted is not None and not is_protected(wanted)

    def _forward(
        self, client: socket.socket, method: str, target: str, headers: list[str], rest: bytes
    ) -> None:
        url = urlsplit(target)
        hosts = [url.hostname or ""] + [
            header[5:].strip().rsplit(":", 1)[0]
            for header in headers
            if header.lower().startswith("host:")
        ]
        if url.scheme != "http" or any(is_protected(host) for host in hosts):
            raise Refused(self.server.words("blocked", target=target))
        name, port = plain_host(url.hostname or ""), url.port or 80
        self._require_allowed(name, port)
        remote = self._connected(name, port, "allowed", self.server.connect)
        path = url.path or "/"
        if url.query:
            path += f"?{url.query}"
        kept = [header for header in headers if not header.lower().startswith(HOP_HEADERS)]
        request = "\r\n".join([f"{method} {path} HTTP/1.1", *kept, "Connection: close", "", ""])
        with remote:
            remote.sendall(request.encode())
            _relay(client, remote, rest)


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        index_port: int | None,
        outer: str | None,
        words: Words,
        allowed: Collection[str] | None,
    ) -> None:
        self.index_port = index_port
        self.outer = urlsplit(outer) if outer else None
        self.words = words
        self.allowed = None if allowed is None else frozenset(allowed)
        self.connections: list[Connection] = []
        super().__init__((LOOPBACK, port), _Handler)

    def allows(self, host: str) -> bool:
        """Whether a connection to *host*, which is none of PyPI's, is made."""
        return self.allowed is None or host in self.allowed

    def record(
        self, host: str, port: int, outcome: Literal["index", "allowed", "refused", "failed"]
    ) -> None:
        """Write down what became of a request to connect; list.append is atomic."""
        self.connections.append(Connection(host, port, outcome))

    def connect_index(self, host: str, port: int) -> socket.socket:
        """Connect to the practice index, by way of the outer proxy if that is who knows it."""
        if self.index_port is None:
            return self._connect_outer(host, port)
        return socket.create_connection((LOOPBACK, self.index_port), CONNECT_TIMEOUT)

    def connect(self, host: str, port: int) -> socket.socket:
        """Connect to another host, by way of the proxy that this computer uses, if it does."""
        if self.outer is None or is_local(plain_host(host)):
            return socket.create_connection((host, port), CONNECT_TIMEOUT)
        return self._connect_outer(host, port)

    def _connect_outer(self, host: str, port: int) -> socket.socket:
        assert self.outer is not None
        address = (self.outer.hostname or "", self.outer.port or 80)
        remote = socket.create_connection(address, CONNECT_TIMEOUT)
        remote.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode())
        head, _ = _read_head(remote)
        if b" 200 " not in head.split(b"\r\n", 1)[0] + b" ":
            remote.close()
            raise OSError(head.split(b"\r\n", 1)[0].decode("iso-8859-1"))
        return remote


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(8192)
        if not chunk or len(data) > HEAD_LIMIT:
            raise ValueError("no request")
        data += chunk
    head, _, rest = data.partition(b"\r\n\r\n")
    return head, rest


def _answer(client: socket.socket, status: int, message: str) -> None:
    """Answer with *message* in the reason phrase, where clients of a proxy look for it."""
    reason = " ".join(message.split()).encode("iso-8859-1", "replace")
    body = message.encode() + b"\n"
    with contextlib.suppress(OSError):  # the client may have gone; then there is nobody to tell
        client.sendall(
            b"HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, reason, len(body), body)
        )


def _relay(one: socket.socket, other: socket.socket, first: bytes) -> None:
    """Pass bytes both ways until both sides have said all; *first* goes to *other*."""
    for end in (one, other):
        end.settimeout(None)
        # Or each small answer waits 40 ms for the other side to confirm the one before it.
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if first:
        other.sendall(first)
    partner = {one: other, other: one}
    reading = [one, other]
    while reading:
        ready, _, _ = select.select(reading, [], [], IDLE_TIMEOUT)
        if not ready:
            return
        for source in ready:
            try:
                data = source.recv(64 * 1024)
                if data:
                    partner[source].sendall(data)
            except OSError:
                return
            if not data:
                reading.remove(source)
                try:
                    partner[source].shutdown(socket.SHUT_WR)
                except OSError:
                    return


class Proxy:
    """The proxy on *port* of the loopback address; 0 takes a free one.

    PyPI's names lead to *index_port*, or to the proxy at the address *outer* if it is None. With
    *allowed*, no other host is reached but these. ``connections`` is what it was asked for so far.
    """

    def __init__(
        self,
        port: int,
        index_port: int | None,
        outer: str | None,
        words: Words,
        allowed: Collection[str] | None = None,
    ) -> None:
        try:
            self._server = _Server(port, index_port, outer, words, allowed)
        except OSError as error:
            raise PracticeError(words("port_in_use", port=port, reason=error.strerror)) from error
        self.port: int = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="proxy", daemon=True
        ).start()

    @property
    def connections(self) -> list[Connection]:
        """What it was asked for so far, in order."""
        return list(self._server.connections)

    def stop(self) -> None:
        """Stop taking connections."""
        self._server.shutdown()
        self._server.server_close()
