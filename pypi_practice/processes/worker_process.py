"""The main loop of a worker process; ``worker`` starts it.

It imports little, because there are several of them; the modules of the work should do the same.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
from typing import Any, BinaryIO

MEMORY = 104 * 1024 * 1024  # bytes of a process, so that all stay below 300 MB
TIRED = 64 * 1024 * 1024  # bytes; a process with a higher peak is replaced, which frees its memory


class GaveUp(Exception):
    """The work exceeded its limit of time or memory, or crashed the process."""


def serve() -> None:
    """Do the work that is read from standard input until that is closed."""
    work, responses = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # output of a library is no response
    _limit_memory()
    at_start = peak()  # on Linux it includes the peak of the parent process
    while True:
        try:
            function, arguments, seconds = pickle.load(work)
        except EOFError:
            return
        _limit_time(seconds)
        try:
            succeeded, value = True, function(*arguments)
        except MemoryError:
            succeeded, value = False, GaveUp()
        except Exception as error:  # the caller handles it
            succeeded, value = False, error
        _limit_time(0)
        usable = peak() <= max(TIRED, at_start)
        _respond(responses, (usable, succeeded, value))
        if not usable:
            return


def _respond(stream: BinaryIO, response: tuple[bool, bool, Any]) -> None:
    pickle.dump(response, stream, pickle.HIGHEST_PROTOCOL)
    stream.flush()


def _limit_memory() -> None:
    if os.name == "nt":
        return
    import resource

    for limit in ("RLIMIT_DATA", "RLIMIT_AS"):
        # RLIMIT_AS counts reserved addresses, of which libraries alone need many.
        most = MEMORY if limit == "RLIMIT_DATA" else 4 * MEMORY
        with contextlib.suppress(OSError, ValueError):  # macOS does not support them
            resource.setrlimit(getattr(resource, limit), (most, most))


def _limit_time(seconds: float) -> None:
    """End this process after *seconds* of CPU time; 0 removes the limit."""
    if os.name != "nt":
        signal.setitimer(signal.ITIMER_PROF, seconds)  # SIGPROF ends the process


def peak() -> int:
    """Return the peak memory of this process in bytes."""
    if os.name == "nt":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
