"""How slow a client may be: one that sends a byte now and then must not hold a thread for ever."""

from __future__ import annotations

import socket
import time
from typing import Any

from cheroot.makefile import StreamReader, StreamWriter
from cheroot.server import HTTPConnection

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

    def communicate(self) -> bool:
        """Answer one request; tell whether another may follow."""
        self.rfile.raw.begin()
        return super().communicate()
