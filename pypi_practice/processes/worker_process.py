"""The other side of ``worker``: what runs in the process that does the work.

There is one for each worker, so it imports little; the module of the work should do the same.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
from typing import Any, BinaryIO

MEMORY = 104 * 1024 * 1024  # bytes that a process may hold: all together stay below 300 MB
TIRED = 64 * 1024 * 1024  # bytes; one that has held as many is replaced, which gives them back


class GaveUp(Exception):
    """The work took more time or memory than it may, or broke the process."""


def serve() -> None:
    """Do the work that comes in through standard input until it is closed."""
    work, responses = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    _limit_memory()
    at_start = peak()  # on Linux that of who started us, if it was higher
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
        # Reserved addresses are no memory: libraries alone take some of them.
        most = MEMORY if limit == "RLIMIT_DATA" else 4 * MEMORY
        with contextlib.suppress(OSError, ValueError):  # macOS knows the limits and has none
            resource.setrlimit(getattr(resource, limit), (most, most))


def _limit_time(seconds: float) -> None:
    """End this process after *seconds* of computing; 0 takes the limit away."""
    if os.name != "nt":
        signal.setitimer(signal.ITIMER_PROF, seconds)  # whose signal ends a process


def peak() -> int:
    """Return how many bytes this process has held at most."""
    if os.name == "nt":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
