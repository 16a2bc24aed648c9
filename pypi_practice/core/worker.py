"""A process for work on what strangers have sent: limited in time and memory, beside our threads.

A thread that computes for a second makes every other thread of Python wait; another process does
not, and the system can end it whatever it does: an endless loop in C, or a crash. The work is a
function of a module and its arguments, sent and answered with pickle between us and our own code.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

Result = TypeVar("Result")
COUNT = 2  # processes at most
MEMORY = 104 * 1024 * 1024  # bytes that a process may hold: all together stay below 300 MB
TIRED = 64 * 1024 * 1024  # bytes; one that has held as many is replaced, which gives them back
# Seconds on the clock for each second of computing; only a computer with much else to do needs it.
CLOCK = 6
# Not "-m": that would put the present folder, which may be a stranger's, before the modules.
START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " from pypi_practice.core.worker import serve; serve()"
)


class GaveUp(Exception):
    """The work took more time or memory than it may, or broke the process."""


class _Process:
    """One process, which does one piece of work at a time."""

    def __init__(self) -> None:
        command = [sys.executable, "-I", "-c", START, json.dumps(sys.path)]
        # A group of its own: Ctrl-C in the terminal is for the command in the practice shell.
        group: dict[str, Any] = {} if os.name == "nt" else {"process_group": 0}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **group,
        )

    def run(self, work: bytes, seconds: float) -> tuple[bool, bool, Any]:
        """Return whether the process can go on, whether the work succeeded, and what came of it.

        Raises GaveUp if there is no answer.
        """
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        clock = threading.Timer(CLOCK * seconds, process.kill)
        clock.daemon = True
        clock.start()
        try:
            process.stdin.write(work)
            process.stdin.flush()
            answer: tuple[bool, bool, Any] = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise GaveUp from error
        finally:
            clock.cancel()
        return answer

    def stop(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # what it never read
                    pipe.close()


class Workers:
    """Up to *count* processes, each started when there is work and none is free."""

    def __init__(self, count: int = COUNT) -> None:
        self._free: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        for _ in range(count):
            self._free.put(None)
        self._lock = threading.Lock()
        self._running: set[_Process] = set()

    def run(self, function: Callable[..., Result], *arguments: object, seconds: float) -> Result:
        """Return what *function* returns, which must be one of a module, or raise what it raises.

        Raises GaveUp if it computes for more than *seconds* or takes too much memory, or if no
        process can be started.
        """
        work = pickle.dumps((function, arguments, seconds), pickle.HIGHEST_PROTOCOL)
        process = self._free.get()
        try:
            if process is None:
                process = self._start()
            usable, good, value = process.run(work, seconds)
            if not usable:
                self._end(process)
                process = None
        except BaseException:
            if process is not None:
                self._end(process)
                process = None
            raise
        finally:
            self._free.put(process)
        if good:
            return value  # type: ignore[no-any-return]
        raise value

    def _start(self) -> _Process:
        try:
            process = _Process()
        except OSError as error:
            raise GaveUp from error
        with self._lock:
            self._running.add(process)
        return process

    def _end(self, process: _Process) -> None:
        process.stop()
        with self._lock:
            self._running.discard(process)

    def stop(self) -> None:
        """End all processes; work that is under way gives up."""
        with self._lock:
            running = list(self._running)
        for process in running:
            process.stop()


workers = Workers()
atexit.register(workers.stop)
run = workers.run


def serve() -> None:
    """Do the work that comes in through standard input until it is closed."""
    work, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is no answer
    _limit_memory()
    at_start = _peak()  # on Linux that of who started us, if it was higher
    while True:
        try:
            function, arguments, seconds = pickle.load(work)
        except EOFError:
            return
        _limit_time(seconds)
        try:
            good, value = True, function(*arguments)
        except MemoryError:
            good, value = False, GaveUp()
        except Exception as error:  # it is the asker's
            good, value = False, error
        _limit_time(0)
        usable = _peak() <= max(TIRED, at_start)
        _answer(answers, (usable, good, value))
        if not usable:
            return


def _answer(stream: BinaryIO, answer: tuple[bool, bool, Any]) -> None:
    pickle.dump(answer, stream, pickle.HIGHEST_PROTOCOL)
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


def _peak() -> int:
    """Return how many bytes this process has held at most."""
    if os.name == "nt":
        return 0
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
