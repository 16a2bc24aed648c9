"""A WSGI server in which slow clients neither block other clients nor stay forever."""

from __future__ import annotations

import errno
import io
import socket
import ssl
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from cheroot.server import HeaderReader, HTTPConnection, HTTPRequest
from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server

from pypi_practice.core.i18n import Translator

# Seconds that a thread of the shared pool may wait for a client. While all of them wait, no other
# request is handled.
QUICK = 0.05
PATIENCE = 30  # seconds for which waiting for a client is always allowed
SLOWEST = 16 * 1024  # bytes a second: the minimum rate of a longer transfer
# The most slow clients, and the most from one address; each has a thread of its own. All programs
# in a practice shell have the address of its proxy.
SLOW, SLOW_OF_ONE = 240, 200
HEADERS = 64 * 1024  # bytes of the first line and the headers of a request
KEPT = 200  # idle connections that stay open; cheroot closes them after ten seconds
TOO_SLOW = "timed out"  # the text by which cheroot recognises a timeout
NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)
PAUSE = 0.1  # seconds before accepting is tried again
SAID_AGAIN = 60  # seconds between two messages that no file descriptor is free


class _Pace:
    """Measures how long the server waits for a client during a request."""

    def __init__(self, connection: PacedConnection, sock: socket.socket) -> None:
        self.connection, self.sock = connection, sock
        self.waited, self.moved, self.is_slow = 0.0, 0, False

    def begin(self) -> None:
        """Reset the measurement for a new request."""
        self.waited, self.moved = 0.0, 0
        self.sock.settimeout(QUICK)

    def end(self) -> None:
        """Note that the request is over, answered or not."""
        if self.is_slow:
            self.is_slow = False
            self.connection.server.request_ended(self.connection.remote_addr)

    def move(self, some: Callable[[Any], int], buffer: Any) -> int:
        """Receive into *buffer* or send from it with *some*; TimeoutError for a slow client."""
        start = time.monotonic()
        try:
            count = some(buffer)
        except TimeoutError:
            if self.is_slow:
                raise TimeoutError(TOO_SLOW) from None
            self._use_own_thread()
            try:
                count = some(buffer)
            except TimeoutError:
                raise TimeoutError(TOO_SLOW) from None
        self.moved += count
        self.waited += time.monotonic() - start
        if self.waited > QUICK and not self.is_slow:
            self._use_own_thread()
        if self.waited > PATIENCE + self.moved / SLOWEST:
            raise TimeoutError(TOO_SLOW)
        return count

    def _use_own_thread(self) -> None:
        self.connection.server.add_thread_for(self.connection.remote_addr)
        self.is_slow = True
        self.sock.settimeout(self.connection.server.timeout)


class _PacedIO(io.RawIOBase):
    """The raw input stream of a connection."""

    def __init__(self, pace: _Pace) -> None:
        self._pace = pace
        self.received = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        count = self._pace.move(self._pace.sock.recv_into, buffer)
        self.received += count
        return count


class _Reader(io.BufferedReader):
    """The input stream that cheroot requires; its own class is slower."""

    def __init__(self, pace: _Pace, size: int) -> None:
        self._io = _PacedIO(pace)
        super().__init__(self._io, size)
        self.bytes_read = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.bytes_read += len(data)
        return data

    def readline(self, size: int | None = -1) -> bytes:
        line = super().readline(size)
        self.bytes_read += len(line)
        return line

    def has_data(self) -> bool:
        """Tell whether received data has not been read yet."""
        return self._io.received > self.bytes_read


class _Writer:
    """The output stream that cheroot requires, without a buffer."""

    def __init__(self, pace: _Pace) -> None:
        self._pace = pace
        self.bytes_written = 0

    def write(self, data: bytes) -> int:
        unsent = memoryview(data)
        while unsent:
            unsent = unsent[self._pace.move(self._pace.sock.send, unsent) :]
        self.bytes_written += len(data)
        return len(data)


class _Headers(HeaderReader):
    """Reads headers; a continuation line without a header before it is a bad request."""

    def __call__(self, rfile: Any, hdict: Any = None) -> Any:
        try:
            return super().__call__(rfile, hdict)
        except UnboundLocalError as error:  # cheroot 11 does not check this case
            raise ValueError("Illegal continuation line.") from error


class _Request(HTTPRequest):
    header_reader = _Headers()


class PacedConnection(HTTPConnection):
    """A connection whose client must send requests and read responses at a minimum rate.

    The timeout of cheroot only limits the time without any byte.
    """

    RequestHandlerClass = _Request

    def __init__(self, server: PatientServer, sock: Any, makefile: Any = None) -> None:
        self._pace = _Pace(self, sock)
        super().__init__(server, sock, self._makefile)
        self.has_data_arrived = False  # whether the client has sent a byte
        self._greeted = not isinstance(sock, ssl.SSLSocket)

    def _makefile(self, sock: Any, mode: str, size: int) -> _Reader | _Writer:
        return _Reader(self._pace, size) if "r" in mode else _Writer(self._pace)

    def communicate(self) -> bool:
        """Handle one request; tell whether another may follow."""
        if not self._greeted:
            return self._greet()
        self._pace.begin()
        try:
            return bool(super().communicate())  # type: ignore[no-untyped-call]
        finally:
            self._pace.end()

    def _greet(self) -> bool:
        """Continue the TLS handshake without blocking; tell whether the connection stays open."""
        self.socket.settimeout(0)
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            return True
        except OSError:  # not TLS, an untrusted certificate, or a closed connection
            return False
        self._greeted = True
        return True


class PatientAdapter(BuiltinSSLAdapter):
    """TLS with the handshake in the thread of the connection.

    Cheroot does the handshake in the thread that accepts connections, where a silent client blocks
    all others.
    """

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, Any]]:
        """Return *sock* wrapped in TLS, and the variables that each request gets in its environ."""
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class _Listener(socket.socket):
    """The socket on which a server accepts connections.

    An error of ``accept`` ends a pass of cheroot's loop before it handles the open connections.
    While no file descriptor is free, it would neither handle nor close any of them.
    """

    server: PatientServer

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection; BlockingIOError, which cheroot ignores, without a descriptor."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in NO_DESCRIPTOR:
                raise
            self.server.error_log()
            time.sleep(PAUSE)  # the connection stays in the queue, so the loop would be busy
            raise BlockingIOError(errno.EAGAIN, error.strerror) from error


class PatientServer(Server):
    """Cheroot's server, in which a connection gets a thread when its client has sent data.

    For each slow client, a thread is added to the *numthreads* of the pool and kept for later ones.
    Starting all of them at once would take 9 MB.
    """

    ConnectionClass = PacedConnection
    keep_alive_conn_limit = KEPT
    max_request_header_size = HEADERS

    def __init__(
        self,
        address: tuple[str, int],
        application: Any,
        words: Translator,
        *,
        numthreads: int,
        **options: Any,
    ) -> None:
        super().__init__(
            address, application, numthreads=numthreads, max=numthreads + SLOW, **options
        )
        self._no_descriptor = words("no_descriptor")  # loading it later needs a descriptor
        self._silent_until = 0.0  # of the message that no file descriptor is free
        self._slow: Counter[str] = Counter()
        self._added_threads = 0
        self._counting = threading.Lock()

    @property
    def slow_clients(self) -> int:
        """The present number of slow clients."""
        with self._counting:
            return self._slow.total()

    def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:
        """Bind the socket on which connections are accepted."""
        bound: socket.socket = super().bind(family, type, proto)
        listener = _Listener(family, type, proto, bound.detach())
        listener.server = self
        self.socket = listener
        return listener

    def error_log(self, msg: str = "", level: int = 20, traceback: bool = False) -> None:
        """Report at intervals that no file descriptor is free, and log all other errors."""
        error = sys.exception()
        if not isinstance(error, OSError) or error.errno not in NO_DESCRIPTOR:
            super().error_log(msg, level, traceback)
            return
        with self._counting:
            now = time.monotonic()
            silent = now < self._silent_until
            if not silent:
                self._silent_until = now + SAID_AGAIN
        if not silent:
            print(self._no_descriptor, file=sys.stderr, flush=True)

    def process_conn(self, conn: PacedConnection) -> None:
        """Pass a connection to a thread if its client has sent data, else to the selector."""
        if conn.has_data_arrived:
            super().process_conn(conn)
        else:
            conn.has_data_arrived = True
            self.put_conn(conn)

    def add_thread_for(self, address: str) -> None:
        """Add a thread to the pool for a slow client with this *address*.

        Raises TimeoutError if there are too many slow clients.
        """
        with self._counting:
            if self._slow.total() >= SLOW or self._slow[address] >= SLOW_OF_ONE:
                raise TimeoutError(TOO_SLOW)
            self._slow[address] += 1
            missing = self._slow.total() - self._added_threads
            self._added_threads += max(missing, 0)
        if missing > 0:
            self.requests.grow(missing)  # not under the lock: it waits for the thread

    def request_ended(self, address: str) -> None:
        """Note that a slow request from *address* is over."""
        with self._counting:
            self._slow[address] -= 1
            if not self._slow[address]:
                del self._slow[address]
