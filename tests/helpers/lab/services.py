"""Fakes of the real services, which write down every byte that arrives, and who sent it.

Only the standard library is used: the lab's process runs ``python -I``.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

# 100.64.0.0/10 is for the inside of carriers' networks (RFC 6598): no such address is anybody's on
# the internet, and none is "private" for Python's ipaddress, so programs take them for foreign.
NETWORKS = ("100.64.0.1/16", "10.64.0.1/24", "fec0::1/128", "fec0::2/128")
NAMESERVER = "100.64.0.53"
HOSTS = {
    "pypi.org": ("100.64.1.1", "fec0::1"),
    "www.pypi.org": ("100.64.1.1",),
    "upload.pypi.org": ("100.64.1.2", "fec0::1"),
    "test.pypi.org": ("100.64.1.3", "fec0::1"),
    "legacy.pypi.org": ("100.64.1.4",),
    "pypi.python.org": ("100.64.1.4",),
    "testpypi.python.org": ("100.64.1.4",),
    "upload.pypi.io": ("100.64.1.4",),
    "files.pythonhosted.org": ("100.64.1.5",),
    "packages.other.test": ("100.64.2.1",),  # an index that the practice index does not play
    "git.other.test": ("100.64.2.2",),
    "six.other.test": ("fec0::2",),
    "proxy.company.test": ("10.64.0.3",),
    "packages.company.test": ("10.64.0.2",),  # the index that this computer installs from
}
MIRROR = "packages.company.test"
TCP_PORTS = (22, 25, 53, 80, 443, 3128, 7777, 8080, 8443, 9418)
UDP_PORTS = (53, 443, 7777)
PROXY_PORT = 3128
IDLE = 3  # seconds without a byte after which a connection is over
KEPT = 2000  # bytes of an arrival that are shown
MARK = re.compile(r"leak-[a-z0-9-]+?(?=-end)")
VICTIM = b"a connection that was there before\n"


@dataclass
class Arrival:
    """What reached a service: how many bytes, from whom, and how they begin.

    ``marks`` are the names of the attempts that stand in it, for a TLS connection decrypted.
    """

    service: str
    peer: str
    size: int
    text: str
    marks: list[str]


class Recorder:
    """Keeps the arrivals of all services."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self._lock = threading.Lock()

    def add(self, service: str, peer: str, data: bytes, note: str = "") -> None:
        """Write down *data*, which came to *service* from *peer*."""
        text = note + data[:KEPT].decode("latin-1")
        whole = note + data.decode("latin-1") + _decoded(data)
        marks = sorted({mark.removeprefix("leak-") for mark in MARK.findall(whole.lower())})
        with self._lock:
            self.arrivals.append(Arrival(service, peer, len(data), text, marks))

    def as_json(self) -> list[dict[str, object]]:
        """Return the arrivals as JSON can hold them."""
        with self._lock:
            return [asdict(arrival) for arrival in self.arrivals]


def _decoded(data: bytes) -> str:
    """Return what is written in Base64 after ``Basic``: user and password."""
    texts = []
    for match in re.findall(rb"(?i)basic ([a-z0-9+/=]+)", data):
        with contextlib.suppress(ValueError):
            texts.append(base64.b64decode(match).decode("latin-1"))
    return " ".join(texts)


def name_of(address: str) -> str:
    """Return the host that has *address* here, or the address itself."""
    address = address.removeprefix("::ffff:")
    return next((host for host, addresses in HOSTS.items() if address in addresses), address)


def sender(port: int) -> str:
    """Return the command line of the process whose TCP connection has the local *port*, if seen."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text(encoding="ascii").splitlines()[1:]:
                fields = line.split()
                if int(fields[1].rpartition(":")[2], 16) == port and fields[9] != "0":
                    inodes.add(f"socket:[{fields[9]}]")
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for descriptor in (folder / "fd").iterdir():
                if os.readlink(descriptor) in inodes and int(folder.name) != os.getpid():
                    words = (folder / "cmdline").read_bytes().split(b"\0")
                    return b" ".join(words).decode(errors="replace")[:200]
    return "?"


def server_name(hello: bytes) -> str:
    """Return the host that a TLS ClientHello asks for, or nothing."""
    match = re.search(rb"\x00\x00(..)(..)\x00(..)", hello, re.DOTALL)
    while match:
        size = int.from_bytes(match[3])
        if int.from_bytes(match[2]) == size + 3 and int.from_bytes(match[1]) == size + 5:
            return hello[match.end() : match.end() + size].decode("latin-1")
        match = re.compile(rb"\x00\x00(..)(..)\x00(..)", re.DOTALL).search(hello, match.start() + 1)
    return ""


class Services:
    """All the fakes. They listen from the moment they are made; ``finish`` waits for the rest."""

    def __init__(self, recorder: Recorder, certificate: Path, wheels: Path | None) -> None:
        self.recorder = recorder
        self.wheels = wheels
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._running: set[threading.Thread] = set()
        for port in TCP_PORTS:
            self.listen(port)
        for port in UDP_PORTS:
            for family, any_address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                self._start(self._datagrams, _bound(family, socket.SOCK_DGRAM, (any_address, port)))
        with contextlib.suppress(OSError):  # needs the right to raw sockets in this namespace
            self._start(self._pings, socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))

    def listen(self, port: int, address: str = "") -> None:
        """Take TCP connections, and MPTCP where the system has it, at *port* of every address."""
        family, bound_address = (socket.AF_INET, address) if address else (socket.AF_INET6, "::")
        try:
            listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_MPTCP)
        except (AttributeError, OSError):
            listener = socket.socket(family, socket.SOCK_STREAM)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_FASTOPEN, 16)
        listener.bind((bound_address, port))
        listener.listen(64)
        self._start(self._accept, listener)

    def listen_unix(self, path: str, service: str, *, only: str = "") -> None:
        """Take connections at a unix socket, of a program outside: *path*, or ``\\0name``.

        With *only*, a question that does not have that text in it is not written down.
        """
        listener = _bound(socket.AF_UNIX, socket.SOCK_STREAM, path)
        listener.listen(8)

        def accept() -> None:
            while True:
                connection, _ = listener.accept()
                if only:
                    self._handle(self._look_up, connection, service, only)
                else:
                    self._handle(self._raw, connection, service, "unix socket")

        self._start(accept)

    def read_fifo(self, path: str, service: str) -> None:
        """Read what is written to a named pipe."""
        os.mkfifo(path)

        def read() -> None:
            while True:
                data = Path(path).read_bytes()
                if data:
                    self.recorder.add(service, "named pipe", data)

        self._start(read)

    def finish(self) -> None:
        """Wait until every connection that was accepted is over."""
        for thread in list(self._running):
            thread.join(4 * IDLE)

    @staticmethod
    def _start(target: Callable[..., None], *arguments: object) -> None:
        threading.Thread(target=target, args=arguments, daemon=True).start()

    def _handle(self, target: Callable[..., None], *arguments: object) -> None:
        def run() -> None:
            try:
                with contextlib.suppress(OSError):
                    target(*arguments)
            finally:
                self._running.discard(thread)

        thread = threading.Thread(target=run, daemon=True)
        self._running.add(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            connection, peer = listener.accept()
            address, port = connection.getsockname()[:2]
            service = f"{name_of(address)}:{port}"
            self._handle(self._connection, connection, service, port, peer)

    def _connection(
        self, connection: socket.socket, service: str, port: int, peer: tuple[str, int]
    ) -> None:
        client = f"{peer[0]} port {peer[1]}: {sender(peer[1])}"
        connection.settimeout(IDLE)
        with connection:
            if port == 22:
                connection.sendall(b"SSH-2.0-lab\r\n")
            try:
                first = connection.recv(1, socket.MSG_PEEK)
            except OSError:
                first = b""
            if not first:
                self.recorder.add(service, client, b"", "(a connection without a byte)")
            elif first == b"\x16":
                self._tls(connection, service, client)
            elif first in b"GPHCDO" and port != PROXY_PORT:
                self._http(connection, service, client, "")
            elif port == PROXY_PORT:
                self._proxy(connection, service, client)
            else:
                self._raw(connection, service, client)

    def _tls(self, connection: socket.socket, service: str, client: str) -> None:
        hello = connection.recv(16 * 1024, socket.MSG_PEEK)
        requested_name = server_name(hello)
        note = f"(TLS for {requested_name or 'nobody'}) "
        try:
            encrypted = self._context.wrap_socket(connection, server_side=True)
        except OSError:
            self.recorder.add(service, client, hello, note)
            return
        with encrypted:
            self._http(encrypted, service, client, note)

    def _http(self, connection: socket.socket, service: str, client: str, note: str) -> None:
        """Read one request and answer it; what has come until then is written down in any case."""
        data = b""
        try:
            while b"\r\n\r\n" not in data:
                chunk = connection.recv(64 * 1024)
                if not chunk:
                    break
                data += chunk
            head, _, body = data.partition(b"\r\n\r\n")
            length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
            if b"100-continue" in head.lower():
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            while length and len(body) < int(length[1]):
                chunk = connection.recv(64 * 1024)
                if not chunk:
                    break
                body += chunk
                data += chunk
        finally:
            # A reader of the index that this computer installs from takes nothing out.
            mark = MARK.search(data.decode("latin-1"))
            host = re.search(rb"(?i)\r\nhost: *([^\r:]+)", data)
            reads = data.startswith((b"GET ", b"HEAD ")) and not mark
            own = host is not None and host[1].decode("latin-1") == MIRROR
            is_mirror = not note or f"for {MIRROR})" in note
            if not (service.startswith(MIRROR) and reads and own and is_mirror):
                self.recorder.add(service, client, data, note)
        status, response = self._respond(data)
        connection.sendall(
            b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close"
            b"\r\n\r\n%s" % (status, len(response), response)
        )

    def _respond(self, data: bytes) -> tuple[bytes, bytes]:
        """Return what an index says: its own wheels, and a page for all else."""
        words = data.split(b" ", 2)
        path = words[1].decode("latin-1") if len(words) > 1 else ""
        wheels = list(self.wheels.iterdir()) if self.wheels else []
        if match := re.fullmatch(r"/simple/([a-z0-9-]+)/", path):
            listed = [
                f'<a href="/files/{wheel.name}">{wheel.name}</a>'
                for wheel in wheels
                if re.sub(r"[-_.]+", "-", wheel.name.split("-")[0]).lower() == match[1]
            ]
            return (b"200 OK" if listed else b"404 Not Found"), "<br>".join(listed).encode()
        for wheel in wheels:
            if path == f"/files/{wheel.name}":
                return b"200 OK", wheel.read_bytes()
        return b"200 OK", b"the real one\n"

    def _proxy(self, connection: socket.socket, service: str, client: str) -> None:
        """A company's proxy: pass a CONNECT on to the lab's own host of that name."""
        data = b""
        while b"\r\n\r\n" not in data:
            chunk = connection.recv(64 * 1024)
            if not chunk:
                break
            data += chunk
        self.recorder.add(service, client, data)
        match = re.match(rb"CONNECT ([^ :]+):(\d+) ", data)
        if not match:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        target = HOSTS.get(match[1].decode(), (match[1].decode(),))[0]
        with socket.create_connection((target, int(match[2])), IDLE) as remote:
            connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=_copy, args=(remote, connection), daemon=True)
            back.start()
            _copy(connection, remote)
            back.join(IDLE)

    def _look_up(self, connection: socket.socket, service: str, only: str) -> None:
        """Take one question of a program that looks up a name, and do not know the answer."""
        with connection:
            connection.settimeout(IDLE)
            data = connection.recv(64 * 1024)
            if only in data.decode("latin-1"):
                self.recorder.add(service, "unix socket", data)

    def _raw(self, connection: socket.socket, service: str, client: str) -> None:
        arrived = False
        with connection, contextlib.suppress(TimeoutError):
            connection.settimeout(IDLE)
            while chunk := connection.recv(64 * 1024):
                arrived = True
                if chunk == VICTIM:
                    connection.settimeout(None)  # until the other side is gone
                    continue
                self.recorder.add(service, client, chunk)
        if not arrived:
            self.recorder.add(service, client, b"", "(a connection without a byte)")

    def _datagrams(self, listener: socket.socket) -> None:
        port = listener.getsockname()[1]
        while True:
            data, peer = listener.recvfrom(64 * 1024)
            names = b".".join(_labels(data)) if port == 53 else b""
            self.recorder.add(
                f"UDP:{port}", f"{peer[0]} port {peer[1]}", data, names.decode("latin-1") + " "
            )
            if port == 53 and len(data) > 12:  # there is no such name (RFC 1035, section 4.1.1)
                response = data[:2] + struct.pack(">HHHHH", 0x8183, 1, 0, 0, 0) + _question(data)
                with contextlib.suppress(OSError):
                    listener.sendto(response, peer)

    def _pings(self, listener: socket.socket) -> None:
        while True:
            data, peer = listener.recvfrom(64 * 1024)
            if data[20:21] == b"\x08":  # a request, not its echo
                self.recorder.add("ICMP", str(peer[0]), data)


def _bound(family: int, kind: int, address: object) -> socket.socket:
    server_socket = socket.socket(family, kind)
    if family == socket.AF_INET6:
        server_socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    server_socket.bind(address)  # type: ignore[arg-type]
    return server_socket


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(64 * 1024):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)


def _labels(query: bytes) -> Iterator[bytes]:
    position = 12
    while position < len(query) and query[position]:
        yield query[position + 1 : position + 1 + query[position]]
        position += 1 + query[position]


def _question(query: bytes) -> bytes:
    end = query.find(b"\0", 12)
    return query[12 : end + 5]


def hosts_file() -> str:
    """Return an /etc/hosts in which the real names lead to the fakes."""
    lines = [f"{address} {host}" for host, addresses in HOSTS.items() for address in addresses]
    own = f"localhost {socket.gethostname()}"  # git asks for the name of this computer
    return "\n".join([f"127.0.0.1 {own}", f"::1 {own}", *lines, ""])


def dump(recorder: Recorder, **more: object) -> str:
    """Return the arrivals, and more, as one line of JSON."""
    return json.dumps({"arrivals": recorder.as_json(), **more})
