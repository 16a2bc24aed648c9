"""The proxy of the practice shell: it connects PyPI's host names to the practice index.

Other hosts are refused unless they are allowed. The proxy fails closed: a request for a host of
PyPI reaches the practice index or is refused, whatever the spelling of the host, the port or the
state of the index.
"""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import threading
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import (
    FILES_HOST,
    HOSTS,
    UPSTREAM_HOST,
    is_loopback,
    is_protected,
    plain_host,
)
from pypi_practice.network import client_hello, parent_proxy
from pypi_practice.network.allowed_hosts import NO_OTHER_HOSTS, AllowedHosts
from pypi_practice.network.connections import Connection, Outcome, read_host
from pypi_practice.network.parent_proxy import OuterProxy
from pypi_practice.network.server import LOOPBACK
from pypi_practice.sandbox.forward import CONNECT_TIMEOUT, relay

HEAD_LIMIT = 64 * 1024
RECORDED = 10_000  # connections
# The practice index replaces these hosts, or passes on their files.
INDEX_HOSTS = frozenset((*HOSTS, FILES_HOST, UPSTREAM_HOST))
HOP_HEADERS = frozenset(
    ("proxy-connection", "proxy-authorization", "connection", "keep-alive", "upgrade")
)
MOST_CONNECTIONS = 150  # at the same time; further ones wait
# RFC 9112, sections 3 and 5: a name, directly followed by a colon, and a value without line ends.
REQUEST_LINE = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^\x00-\x20\x7f]+ HTTP/1\.[01]")
HEADER = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[^\x00-\x08\x0a-\x1f\x7f]*")


class ConnectionRefused(Exception):
    """The proxy refuses this connection; the text is the reason."""


class BadRequest(Exception):
    """The request is malformed; the text is its malformed part."""


class Target(NamedTuple):
    """The host, in lower case and ASCII, and the port that a client asks for."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def read_target(text: str, default_port: int | None = None) -> Target:
    """Return the host and the port of ``host:port``; raises BadRequest."""
    try:
        url = urlsplit(f"//{text}")
        port = default_port if url.port is None else url.port
        host = read_host(url.hostname or "")
    except ValueError as error:
        raise BadRequest(text) from error
    if not port or text != url.netloc or "@" in text:
        raise BadRequest(text)
    return Target(host, port)


class _Handler(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        client: socket.socket = self.request
        words = self.server.words
        client.settimeout(CONNECT_TIMEOUT)
        try:
            head, body_start = _read_head(client)
            line, *headers = head.decode("utf-8", "replace").split("\r\n")
            method, address, _ = line.split(" ", 2)
        except (OSError, ValueError):
            return
        if not REQUEST_LINE.fullmatch(line):
            _respond(client, 400, words("bad_target", target=ascii(address[:100])))
            return
        try:
            if method == "CONNECT":
                self._tunnel(client, read_target(address), body_start)
            else:
                self._forward(client, method, address, headers, body_start)
        except BadRequest as error:
            _respond(client, 400, words("bad_target", target=str(error)[:100]))
        except ConnectionRefused as refusal:
            _respond(client, 403, str(refusal))
        except OSError as error:
            _respond(client, 502, words("no_connection", target=address[:100], reason=error))

    def _tunnel(self, client: socket.socket, target: Target, first_bytes: bytes) -> None:
        is_index = self._check(target, "https")
        with self._connect(target, is_index=is_index) as remote:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            if not is_index:
                first_bytes = client_hello.receive(client, first_bytes)
                if not _may_pass(first_bytes, target.host):
                    self.server.record(target, "refused")
                    with contextlib.suppress(OSError):  # the client may have closed it
                        client.sendall(client_hello.UNRECOGNIZED_NAME)
                    return
            self.server.record(target, "index" if is_index else "allowed")
            relay(client, remote, first_bytes)

    def _forward(
        self,
        client: socket.socket,
        method: str,
        address: str,
        headers: list[str],
        body_start: bytes,
    ) -> None:
        scheme, separator, remainder = address.partition("://")
        authority, slash, path = remainder.partition("/")
        if scheme.lower() != "http" or not separator or "?" in authority or "#" in authority:
            raise BadRequest(address)
        target = read_target(authority, 80)
        self._check(target, "http")
        names = []
        for header in headers:
            match = HEADER.fullmatch(header)
            if match is None:
                raise BadRequest(header)
            names.append(match[1].lower())
            value = header[match.end(1) + 1 :].strip()
            if names[-1] == "host" and read_target(value, 80) != target:
                raise BadRequest(header)
        proxy = self.server.outer.for_host("http", target.host)
        forwarded_headers = [
            header for header, name in zip(headers, names, strict=True) if name not in HOP_HEADERS
        ]
        request_target = f"{slash or '/'}{path}"
        if proxy:
            request_target = f"http://{authority}{request_target}"
            forwarded_headers += parent_proxy.authorization(proxy)
        request = "\r\n".join(
            [f"{method} {request_target} HTTP/1.1", *forwarded_headers, "Connection: close", "", ""]
        )
        with self._connect(target, scheme="http") as remote:
            self.server.record(target, "allowed")
            remote.sendall(request.encode())
            relay(client, remote, body_start)

    def _check(self, target: Target, scheme: str) -> bool:
        """Tell whether *target* is the practice index; ConnectionRefused if it is not allowed."""
        words = self.server.words
        if scheme == "https" and target.host in INDEX_HOSTS and target.port == 443:
            return True
        if is_protected(target.host):
            self.server.record(target, "refused")
            raise ConnectionRefused(words("blocked", target=target))
        if not self.server.allowed.permit(*target):
            self.server.record(target, "refused")
            raise ConnectionRefused(words("not_allowed", host=target.host, target=target))
        return False

    def _connect(
        self, target: Target, *, is_index: bool = False, scheme: str = "https"
    ) -> socket.socket:
        try:
            if is_index and self.server.index_port is not None:
                return socket.create_connection((LOOPBACK, self.server.index_port), CONNECT_TIMEOUT)
            return self.server.connect(target, scheme)
        except OSError:
            self.server.record(target, "failed")
            raise


def _may_pass(hello: bytes, host: str) -> bool:
    """Tell whether the ClientHello of a connection to *host* names the same host."""
    if is_loopback(host):
        return True
    try:
        name = client_hello.server_name(hello)
    except ValueError:
        return False
    return name is not None and plain_host(name) == host


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        index_port: int | None,
        words: Translator,
        outer: OuterProxy,
        allowed: AllowedHosts,
    ) -> None:
        self.index_port = index_port
        self.words = words
        self.outer = outer
        self.allowed = allowed
        self.connections: list[Connection] = []
        self._free = threading.BoundedSemaphore(MOST_CONNECTIONS)
        super().__init__((LOOPBACK, port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Handle the connection in a thread, once fewer than MOST_CONNECTIONS are open."""
        self._free.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Handle one connection."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def record(self, target: Target, outcome: Outcome) -> None:
        """Record the outcome of a request; beyond RECORDED, only one that is not recorded yet."""
        connection = Connection(target.host, target.port, outcome)
        if len(self.connections) < RECORDED or connection not in self.connections:
            self.connections.append(connection)

    def connect(self, target: Target, scheme: str) -> socket.socket:
        """Connect to *target*, through the outer proxy if there is one for it; raises OSError."""
        proxy = self.outer.for_host(scheme, target.host)
        if proxy is None:
            return socket.create_connection(target, CONNECT_TIMEOUT)
        remote = parent_proxy.connect(proxy)
        if scheme == "http":
            return remote
        lines = [
            f"CONNECT {target} HTTP/1.1",
            f"Host: {target}",
            *parent_proxy.authorization(proxy),
        ]
        try:
            remote.sendall("\r\n".join([*lines, "", ""]).encode())
            status = _read_head(remote)[0].split(b"\r\n", 1)[0].decode("iso-8859-1")
        except (OSError, ValueError) as error:
            remote.close()
            raise OSError(str(error)) from error
        if " 200 " not in f"{status} ":
            remote.close()
            raise OSError(status)
        return remote


def _read_head(connection: socket.socket) -> tuple[bytes, bytes]:
    data = bytearray()
    while (end := data.find(b"\r\n\r\n", max(len(data) - 8192 - 3, 0))) < 0:
        chunk = connection.recv(8192)
        if not chunk or len(data) > HEAD_LIMIT:
            raise ValueError("no request")
        data += chunk
    return bytes(data[:end]), bytes(data[end + 4 :])


def _respond(client: socket.socket, status: int, message: str) -> None:
    """Send a response with *message* also in its reason phrase, which clients of a proxy show."""
    reason = " ".join(message.split()).encode("iso-8859-1", "replace")
    body = message.encode("utf-8", "replace") + b"\n"
    with contextlib.suppress(OSError):  # the client may have closed the connection
        client.sendall(
            b"HTTP/1.1 %d %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
            b"Content-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, reason, len(body), body)
        )


class Proxy:
    """The proxy on *port* of the loopback address; 0 takes a free one.

    PyPI's host names are connected to the index on *index_port*; without one, to *outer*, which
    must be the proxy of a practice shell. Other hosts are reached if *allowed* names them.
    """

    def __init__(
        self,
        port: int,
        index_port: int | None,
        words: Translator,
        *,
        outer: OuterProxy | None = None,
        allowed: AllowedHosts = NO_OTHER_HOSTS,
    ) -> None:
        try:
            self._server = _Server(port, index_port, words, outer or OuterProxy(), allowed)
        except OSError as error:
            raise PracticeError(words("port_in_use", port=port, reason=error)) from error
        self.port: int = self._server.server_address[1]
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="proxy", daemon=True
        ).start()

    @property
    def connections(self) -> list[Connection]:
        """The connections that programs have requested so far, in order."""
        return list(self._server.connections)

    def stop(self) -> None:
        """Stop accepting connections."""
        self._server.shutdown()
        self._server.server_close()
