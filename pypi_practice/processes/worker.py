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
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pypi_practice.processes.worker_process import GaveUp

__all__ = ["GaveUp", "Workers", "run", "workers"]

Result = TypeVar("Result")
ROOT = Path(__file__).resolve().parents[2]
COUNT = 2  # processes at most
# Seconds on the clock for each second of computing; only a computer with much else to do needs it.
CLOCK = 6
# Not "-m": that would put the present folder, which may be a stranger's, before the modules.
START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " from pypi_practice.processes.worker_process import serve; serve()"
)


class _Process:
    """One process, which does one piece of work at a time."""

    def __init__(self) -> None:
        # Without "site", which takes memory to find out what sys.path says: all but an editable
        # installation, whose folder ROOT is.
        path = json.dumps([*sys.path, str(ROOT)])
        command = [sys.executable, "-I", "-S", "-c", START, path]
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
            response: tuple[bool, bool, Any] = pickle.load(process.stdout)
        except (OSError, EOFError, pickle.UnpicklingError) as error:
            raise GaveUp from error
        finally:
            clock.cancel()
        return response

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
            usable, succeeded, value = process.run(work, seconds)
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
        if succeeded:
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
