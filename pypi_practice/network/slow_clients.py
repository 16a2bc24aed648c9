"""Slow clients: none of them may keep the others out, nor stay for ever."""

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

# Seconds that a client may be waited for in one of the threads that all share: while all of them
# wait, nobody else is answered.
QUICK = 0.05
PATIENCE = 30  # seconds in which any request may come in, and its answer go out
SLOWEST = 16 * 1024  # bytes a second, at least, of one that takes longer
# Slow clients at most, and of them from one address; each has a thread of its own. All that use
# the practice shell come from one: that of its proxy.
SLOW, SLOW_OF_ONE = 240, 200
HEADERS = 64 * 1024  # bytes of the first line and the headers of a request
KEPT = 200  # connections that may be open without a request; after ten seconds they end anyway
TOO_SLOW = "timed out"  # the words by which cheroot knows it
NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)
PAUSE = 0.1  # seconds before a connection is accepted that could not be
SAID_AGAIN = 60  # seconds between two messages that no file descriptor is free


class _Pace:
    """How a client keeps up with its present request; the time of our own work does not count."""

    def __init__(self, connection: PacedConnection, sock: socket.socket) -> None:
        self.connection, self.sock = connection, sock
        self.waited, self.moved, self.is_slow = 0.0, 0, False

    def begin(self) -> None:
        """A new request begins now."""
        self.waited, self.moved = 0.0, 0
        self.sock.settimeout(QUICK)

    def end(self) -> None:
        """The request has been answered, or will never be."""
        if self.is_slow:
            self.is_slow = False
            self.connection.server.request_ended(self.connection.remote_addr)

    def move(self, some: Callable[[Any], int], buffer: Any) -> int:
        """Receive or send *some* of *buffer*; TimeoutError if it goes too slowly."""
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
    """What comes in from a client."""

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
    """What cheroot asks of a stream that it reads; its own is written in Python, and slower."""

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
        """Tell whether something that has come in has not been read yet."""
        return self._io.received > self.bytes_read


class _Writer:
    """What cheroot asks of a stream that it writes: everything goes out at once."""

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
    """Reads headers as cheroot's does, but for a first line that continues none: a bad request."""

    def __call__(self, rfile: Any, hdict: Any = None) -> Any:
        try:
            return super().__call__(rfile, hdict)
        except UnboundLocalError as error:  # cheroot 11 looks for the header that is continued
            raise ValueError("Illegal continuation line.") from error


class _Request(HTTPRequest):
    header_reader = _Headers()


class PacedConnection(HTTPConnection):
    """A connection of cheroot's whose requests must come in, and be answered, with some speed.

    Which is what cheroot's own limit is not: that is the time without any byte at all.
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
        """Answer one request; tell whether another may follow."""
        if not self._greeted:
            return self._greet()
        self._pace.begin()
        try:
            return bool(super().communicate())  # type: ignore[no-untyped-call]
        finally:
            self._pace.end()

    def _greet(self) -> bool:
        """Take TLS a step further, without waiting for the client; tell whether it may go on."""
        self.socket.settimeout(0)
        try:
            self.socket.do_handshake()
        except ssl.SSLWantReadError:
            return True
        except OSError:  # it is no TLS, the client does not trust us, or it has gone
            return False
        self._greeted = True
        return True


class PatientAdapter(BuiltinSSLAdapter):
    """TLS that begins in the thread of the connection.

    Cheroot's begins it in the one thread that accepts connections, where a silent client keeps out
    all that come after it.
    """

    def wrap(self, sock: socket.socket) -> tuple[ssl.SSLSocket, dict[str, Any]]:
        """Return *sock* as one of TLS, and what of it goes into each request."""
        wrapped = self.context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        return wrapped, {"wsgi.url_scheme": "https", "HTTPS": "on"}


class _Listener(socket.socket):
    """The socket on which a server accepts connections.

    Cheroot's loop ends with each error of ``accept``, before it has looked at the connections that
    it holds: while no file descriptor is free, it would neither answer nor close any of them.
    """

    server: PatientServer

    def accept(self) -> tuple[socket.socket, Any]:
        """Accept a connection; BlockingIOError, which cheroot passes over, if none can be."""
        try:
            return super().accept()
        except OSError as error:
            if error.errno not in NO_DESCRIPTOR:
                raise
            self.server.error_log()
            time.sleep(PAUSE)  # the connection still waits: the loop would take all the time
            raise BlockingIOError(errno.EAGAIN, error.strerror) from error


class PatientServer(Server):
    """Cheroot's server, in which a connection gets a thread when its client has said something.

    For each client that has to be waited for, the pool has one thread more than *numthreads*; those
    stay, for the next one that is slow. All of them from the start would take 9 MB.
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
        self._no_descriptor = words("no_descriptor")  # later, no file could be opened to read it
        self._silent_until = 0.0  # about file descriptors
        self._slow: Counter[str] = Counter()
        self._added_threads = 0
        self._counting = threading.Lock()

    @property
    def slow_clients(self) -> int:
        """The number of clients that are waited for now."""
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
        """Say now and then that no file descriptor is free, and write all other errors."""
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
        """Hand a connection to a thread, or to those that are waited for."""
        if conn.has_data_arrived:
            super().process_conn(conn)
        else:
            conn.has_data_arrived = True
            self.put_conn(conn)

    def add_thread_for(self, address: str) -> None:
        """Put another thread in the place of one that waits for *address*.

        Raises TimeoutError if too many are slow already.
        """
        with self._counting:
            if self._slow.total() >= SLOW or self._slow[address] >= SLOW_OF_ONE:
                raise TimeoutError(TOO_SLOW)
            self._slow[address] += 1
            missing = self._slow.total() - self._added_threads
            self._added_threads += max(missing, 0)
        if missing > 0:
            self.requests.grow(missing)  # outside the lock: it waits until the thread runs

    def request_ended(self, address: str) -> None:
        """Note that the slow request of *address* is over."""
        with self._counting:
            self._slow[address] -= 1
            if not self._slow[address]:
                del self._slow[address]
