"""How slow a client may be: one that sends a byte now and then must not hold a thread for ever."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any

from cheroot.makefile import StreamReader, StreamWriter
from cheroot.server import HTTPConnection
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server

PATIENCE = 30  # seconds in which any request may come in
SLOWEST = 16 * 1024  # bytes a second, at least, of one that takes longer


class _PacedIO(socket.SocketIO):
    """A socket that gives up on a request which comes in too slowly."""

    started = 0.0
    received = 0

    def begin(self) -> None:
        """A new request begins now."""
        self.started, self.received = time.monotonic(), 0

    def readinto(self, buffer: Any) -> int | None:
        count = super().readinto(buffer)
        self.received += count or 0
        if time.monotonic() - self.started > PATIENCE + self.received / SLOWEST:
            raise TimeoutError("timed out")  # the words by which cheroot knows it
        return count


class _PacedReader(StreamReader):
    def __init__(self, sock: Any, size: int) -> None:
        super(StreamReader, self).__init__(_PacedIO(sock, "r"), size)
        self.bytes_read = 0


def _makefile(sock: Any, mode: str, size: int) -> Any:
    return _PacedReader(sock, size) if "r" in mode else StreamWriter(sock, mode, size)


class PacedConnection(HTTPConnection):
    """A connection of cheroot's whose requests must come in with some speed.

    Which is what cheroot's own limit is not: that is the time without any byte at all.
    """

    def __init__(self, server: Any, sock: Any, makefile: Any = None) -> None:
        super().__init__(server, sock, _makefile)

        self.spoken = False  # whether the client has sent a byte
        self._greeted = False

    def communicate(self) -> bool:
        """Answer one request; tell whether another may follow."""
        if not self._greeted and isinstance(self.socket, ssl.SSLSocket):
            try:
                self.socket.do_handshake()
            except OSError:  # it is no TLS, the client does not trust us, or it has gone
                return False
        self._greeted = True
        self.rfile.raw.begin()
        return super().communicate()


class PatientAdapter(BuiltinSSLAdapter):
    """TLS that begins in the thread of the connection.

    Cheroot's begins it in the one thread that accepts connections, where a silent client keeps out
    all that come after it.
    """

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, Any]]:
        """Return *sock* as one of TLS, and what of it goes into each request."""
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class PatientServer(Server):
    """Cheroot's server, in which a connection gets a thread when its client has said something."""

    ConnectionClass = PacedConnection

    def process_conn(self, conn: PacedConnection) -> None:
        """Hand a connection to a thread, or to those that are waited for."""
        if conn.spoken:
            super().process_conn(conn)
        else:
            conn.spoken = True
            self._connections.put(conn)
