"""Worker processes, limited in time and memory, for work on untrusted input.

A process does not hold Python's global lock while it computes, and the system can end it in any
state, such as an endless loop in C. The work is a function of a module with its arguments. Work and
result are sent with pickle; both sides run our own code.
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
COUNT = 2  # the most processes
# Seconds of real time for each second of CPU time, for a computer that is busy.
CLOCK = 6
# Not "-m", which would put the working directory, which may be hostile, first in sys.path.
START = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    " from pypi_practice.processes.worker_process import serve; serve()"
)


class _Process:
    """One process, which does one piece of work at a time."""

    def __init__(self) -> None:
        # Without "site", which needs memory; sys.path is passed on, and ROOT added for an editable
        # installation.
        path = json.dumps([*sys.path, str(ROOT)])
        command = [sys.executable, "-I", "-S", "-c", START, path]
        # In a process group of its own, it does not get the SIGINT of Ctrl-C in the terminal.
        group: dict[str, Any] = {} if os.name == "nt" else {"process_group": 0}
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            **group,
        )

    def run(self, work: bytes, seconds: float) -> tuple[bool, bool, Any]:
        """Return whether the process is usable again, whether the work succeeded, and its result.

        Raises GaveUp if there is no response.
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
        """Kill the process."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):  # unread data
                    pipe.close()


class Workers:
    """A pool of up to *count* processes, each started when it is needed."""

    def __init__(self, count: int = COUNT) -> None:
        self._free: queue.LifoQueue[_Process | None] = queue.LifoQueue()
        for _ in range(count):
            self._free.put(None)
        self._lock = threading.Lock()
        self._running: set[_Process] = set()

    def run(self, function: Callable[..., Result], *arguments: object, seconds: float) -> Result:
        """Call *function*, which must belong to a module, in a process; return or raise its result.

        Raises GaveUp if it needs more than *seconds* of CPU time or too much memory, or if no
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
        """Kill all processes; work in progress raises GaveUp."""
        with self._lock:
            running = list(self._running)
        for process in running:
            process.stop()


workers = Workers()
atexit.register(workers.stop)
run = workers.run
