"""Programs that are interrupted, and what they leave behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 120  # seconds until a test gives up: only a program that hangs takes them


def running(mark: str) -> list[str]:
    """Return the command lines of the processes that have *mark* in their environment (Linux)."""
    commands = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (folder / "environ").read_bytes():
                commands.append((folder / "cmdline").read_bytes().decode().replace("\0", " "))
    return commands


@dataclass(frozen=True)
class Ended:
    """How a program ended: its exit code, what it wrote, and what is left of it."""

    code: int
    out: str
    err: str
    processes: list[str]
    files: list[str]


def interrupt(
    command: Sequence[str],
    folder: Path,
    begun: Callable[[str, list[str]], bool],
    *,
    cwd: Path,
    environ: Mapping[str, str] = os.environ,
) -> Ended:
    """Start *command*, send SIGINT to it alone when *begun* holds, and return how it ended.

    *begun* is asked with what it has written to standard output and with the command lines of its
    processes. Its temporary files are in a new folder in *folder*.
    """
    temporary, out, err = folder / "temporary", folder / "out.log", folder / "err.log"
    temporary.mkdir()
    mark = f"STARTED_BY_A_TEST={uuid.uuid4()}"
    name, value = mark.split("=")
    with out.open("wb") as standard_output, err.open("wb") as standard_error:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env={**environ, name: value, "TMPDIR": str(temporary), "LANGUAGE": "en"},
            stdin=subprocess.DEVNULL,
            stdout=standard_output,
            stderr=standard_error,
        )
        try:
            end = time.monotonic() + PATIENCE
            while not begun(out.read_text("utf-8"), running(mark)):
                assert process.poll() is None, err.read_text("utf-8")
                assert time.monotonic() < end, err.read_text("utf-8")
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            code = process.wait(PATIENCE)
        finally:
            process.kill()
            process.wait()
    files = [str(file.relative_to(temporary)) for file in temporary.rglob("*")]
    return Ended(code, out.read_text("utf-8"), err.read_text("utf-8"), running(mark), files)
