"""Runs the process of a job and reads its log, within Travis CI's limits."""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pypi_practice.sandbox.bubblewrap import Files
from pypi_practice.sandbox.kinds import Kind
from pypi_practice.sandbox.start import start
from pypi_practice.travis.plan.plan_types import Variable
from pypi_practice.travis.run.log import clean

SUPERVISOR = Path(__file__).with_name("supervisor.py")
POLL = 0.1  # seconds between two checks of a process without output
GRACE = 15.0  # seconds for the supervisor to kill its command; longer than its own limits
CHUNK = 64 * 1024  # bytes
DRAIN_LIMIT = 1024 * 1024  # bytes: as much as the largest pipe holds
SECRET_MIN = 3  # characters of the shortest secret that Travis CI masks
STOPPED = 1  # the exit code of a job that exceeded a limit


@dataclass(frozen=True)
class Limits:
    """Travis CI's limits of a job: bytes of log, seconds without output, seconds in total.

    Sources: log_writer.go and step_run_script.go of travis-worker; user/customizing-the-build.md
    and user/common-build-problems.md of the documentation (a job of a public repository).
    """

    log: int = 4_000_000
    silence: float = 10 * 60
    duration: float = 50 * 60


LIMITS = Limits()


def _log_too_long(limits: Limits) -> str:
    return (
        f"\n\nThe log length has exceeded the limit of {limits.log // 1_000_000} MB (this usually"
        " means that the test suite is raising the same exception over and over).\n\n"
        "The job has been terminated"
    )


def _silent(limits: Limits) -> str:
    minutes, seconds = divmod(int(limits.silence), 60)
    return (
        f"\n\nNo output has been received in the last {minutes}m{seconds}s, this potentially"
        " indicates a stalled build or something wrong with the build itself.\n"
        "Check the details on how to adjust your build configuration on:"
        " https://docs.travis-ci.com/user/common-build-problems/"
        "#build-times-out-because-no-output-was-received\n\n"
        "The build has been terminated\n"
    )


def _too_slow(limits: Limits) -> str:
    return "\n\nThe job exceeded the maximum time limit for jobs, and has been terminated.\n"


@dataclass(frozen=True)
class JobSandbox:
    """The sandbox of a job: the loopback *ports* that it reaches, and the *files* that it sees."""

    kind: Kind = Kind.NONE
    ports: Sequence[int] = ()
    files: Files | None = None


NO_SANDBOX = JobSandbox()


class Process:
    """A running command; the processes that it starts are killed when it ends.

    It has a session of its own, so that it cannot read from the terminal.
    """

    def __init__(
        self,
        command: Sequence[str],
        cwd: Path,
        environ: Mapping[str, str],
        sandbox: JobSandbox,
    ) -> None:
        self._control: int | None = None
        self._lock = threading.Lock()  # for _control, which another thread may close
        supervised, passed = list(command), []
        if os.name != "nt":
            read_end, self._control = os.pipe()
            passed = [read_end]
            supervised = [sys.executable, "-I", "-S", str(SUPERVISOR), str(read_end), *command]
        try:
            self._started = start(
                supervised,
                ports=sandbox.ports,
                kinds=[sandbox.kind],
                files=sandbox.files,
                env=environ,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=os.name != "nt",
                pass_fds=passed,
            )
        except BaseException:
            self._close()
            raise
        finally:
            for descriptor in passed:
                os.close(descriptor)
        self.popen = self._started.process

    def terminate(self) -> None:
        """Send SIGTERM to the command; the supervisor kills it if it does not end."""
        if os.name == "nt":
            self.popen.terminate()
            return
        with self._lock, contextlib.suppress(OSError):
            if self._control is not None:
                os.write(self._control, b"t")

    def kill(self) -> None:
        """Kill the command and its descendants, and wait for their end."""
        self._close()
        if os.name == "nt":
            self.popen.kill()
        try:
            self.popen.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()

    def _close(self) -> None:
        with self._lock:
            if self._control is not None:
                os.close(self._control)
            self._control = None

    def close(self) -> None:
        """Kill remaining processes and close the pipes."""
        self.kill()
        self._started.close()
        assert self.popen.stdout is not None
        self.popen.stdout.close()


class _Lines:
    """Splits bytes into lines at ``\\n``; ``\\r`` is part of Travis CI's marks."""

    def __init__(self, emit: Callable[[str], None], secrets: Sequence[Variable]) -> None:
        self._emit = emit
        values = {secret.value for secret in secrets if len(secret.value) >= SECRET_MIN}
        self._masked = sorted(values, key=len, reverse=True)
        self._parts: list[bytes] = []  # of the line that has not ended yet

    def feed(self, data: bytes) -> None:
        *ended, unfinished = data.split(b"\n")
        for line in ended:
            self._parts.append(line)
            self._end_line()
        if unfinished:
            self._parts.append(unfinished)

    def close(self) -> None:
        if self._parts:
            self._end_line()

    def _end_line(self) -> None:
        line = b"".join(self._parts).decode("utf-8", "replace")
        self._parts.clear()
        for secret in self._masked:
            line = line.replace(secret, "[secure]")
        self._emit(clean(line))


def stream(
    command: Sequence[str],
    cwd: Path,
    environ: Mapping[str, str],
    emit: Callable[[str], None],
    secrets: Sequence[Variable],
    processes: set[Process] | None = None,
    limits: Limits = LIMITS,
    sandbox: JobSandbox = NO_SANDBOX,
) -> int:
    """Run *command* and return its exit code; emit each line as it comes.

    *secrets* are masked as Travis CI does, and control sequences are removed, see ``log.clean``.
    The log ends with the command, even if another process still holds its output. A job that
    exceeds *limits* is killed, Travis CI's message is added to the log, and the code is 1. While
    the command runs, it is in *processes*. Raises SandboxError if *sandbox* is not available.
    """
    processes = set() if processes is None else processes
    process = Process(command, cwd, environ, sandbox)
    processes.add(process)
    lines = _Lines(emit, secrets)
    try:
        broken = _read(process, lines, limits)
        process.kill()
        lines.close()
        if broken is None:
            return process.popen.returncode
        for line in broken.split("\n"):
            emit(line)
        return STOPPED
    finally:
        processes.discard(process)
        process.close()


def _read(process: Process, lines: _Lines, limits: Limits) -> str | None:
    """Read until the process ends; return Travis CI's message if a limit is exceeded, else None."""
    if os.name == "nt":
        return _read_blocking(process, lines, limits)
    assert process.popen.stdout is not None
    output = process.popen.stdout.fileno()
    os.set_blocking(output, False)
    received, drain_left = 0, DRAIN_LIMIT
    start = last_output = time.monotonic()
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while True:
            ended = process.popen.poll() is not None
            ready = selector.select(0 if ended else POLL)
            now = time.monotonic()
            if ready:
                data = os.read(output, CHUNK)
                if not data:
                    process.popen.wait()
                    return None
                received += len(data)
                if received > limits.log:
                    lines.feed(data[: limits.log - received])
                    return _log_too_long(limits)
                lines.feed(data)
                last_output = now
                drain_left -= len(data) if ended else 0
            if ended and (not ready or drain_left <= 0):
                return None  # the pipe is held by a process outside of the job
            if not ended and now - last_output >= limits.silence:
                return _silent(limits)
            if not ended and now - start >= limits.duration:
                return _too_slow(limits)


def _read_blocking(process: Process, lines: _Lines, limits: Limits) -> str | None:
    """Read where pipes have no select (Windows); only the limit of the log is enforced."""
    assert process.popen.stdout is not None
    received = 0
    while data := process.popen.stdout.read1(CHUNK):  # type: ignore[attr-defined]
        received += len(data)
        if received > limits.log:
            return _log_too_long(limits)
        lines.feed(data)
    process.popen.wait()
    return None
