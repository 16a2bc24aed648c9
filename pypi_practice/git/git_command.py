"""Runs git with limits on its time, output and memory, and with a fixed configuration."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pypi_practice.processes import executables

TIMEOUT = 60  # seconds for one command
OUTPUT_LIMIT = 64 * 1024 * 1024  # bytes that a command may print
MEMORY_LIMIT = 2 * 1024 * 1024 * 1024  # bytes of data of a git process, on Linux


class GitError(Exception):
    """git failed: *kind* is one of the constants below, *detail* the message of git."""

    def __init__(self, kind: str, detail: str = "") -> None:
        super().__init__(f"{kind}: {detail}" if detail else kind)
        self.kind, self.detail = kind, detail


NOT_INSTALLED = "not_installed"
NOT_A_REPOSITORY = "not_a_repository"
OWNED_BY_ANOTHER = "owned_by_another"  # git calls it dubious ownership
UNREADABLE = "unreadable"
FAILED = "failed"
TIMED_OUT = "timed_out"
TOO_LARGE = "too_large"


def program() -> str | None:
    """Return the path of git, None if there is none.

    Only absolute folders of PATH are searched: the working directory may hold a hostile git.
    """
    return executables.find("git")


def command_line(arguments: Sequence[str]) -> list[str]:
    """Return the command that starts git with *arguments*; raises GitError."""
    git = program()
    if git is None:
        raise GitError(NOT_INSTALLED)
    return [git, *arguments]


def user_environment() -> dict[str, str]:
    """Return the environment without variables of git, except those of its configuration."""
    kept_prefixes = ("GIT_CONFIG", "GIT_TEST_")
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") or name.startswith(kept_prefixes)
    } | {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}


def isolated_environment(home: Path) -> dict[str, str]:
    """Return an environment in which git reads only the configuration of its git directory.

    *home* is a folder that holds no ``.gitconfig``.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | {
        "LC_ALL": "C",
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(home / "no-configuration"),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_LITERAL_PATHSPECS": "1",
        "GIT_PAGER": "cat",
    }


@dataclass(frozen=True)
class Result:
    """The exit code of a command, its standard output, and the first line of its standard error."""

    code: int
    out: bytes
    error: str


@contextlib.contextmanager
def started(
    arguments: Sequence[str],
    environ: dict[str, str],
    folder: Path,
    stdin: IO[bytes] | None = None,
    stderr: IO[bytes] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start git, and kill it at the end of the block; raises GitError."""
    try:
        process = subprocess.Popen(
            command_line(arguments),
            cwd=folder,
            env=environ,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL if stdin is None else stdin,
            stderr=subprocess.DEVNULL if stderr is None else stderr,
        )
    except (OSError, ValueError) as error:
        raise GitError(FAILED, str(error)) from error
    with process:
        if sys.platform == "linux":
            import resource

            with contextlib.suppress(OSError, ValueError):  # it has exited, or has less
                resource.prlimit(process.pid, resource.RLIMIT_DATA, (MEMORY_LIMIT, MEMORY_LIMIT))
        try:
            yield process
        finally:
            process.kill()


def run(
    arguments: Sequence[str],
    environ: dict[str, str],
    folder: Path,
    stdin: bytes = b"",
    limit: int = OUTPUT_LIMIT,
    timeout: float = TIMEOUT,
) -> Result:
    """Run git and return its result.

    *limit* is in bytes of output, *timeout* in seconds. Raises GitError of the kinds NOT_INSTALLED,
    FAILED (it cannot be started), TIMED_OUT and TOO_LARGE.
    """
    with (
        tempfile.TemporaryFile() as input_file,
        tempfile.TemporaryFile() as error_file,
    ):
        input_file.write(stdin)
        input_file.seek(0)
        with started(arguments, environ, folder, input_file, error_file) as process:
            assert process.stdout is not None
            timed_out = threading.Event()

            def stop() -> None:
                timed_out.set()
                process.kill()

            timer = threading.Timer(timeout, stop)
            timer.start()
            try:
                out = process.stdout.read(limit + 1)
                if len(out) > limit:
                    raise GitError(TOO_LARGE)
                code = process.wait()
            finally:
                timer.cancel()
            if timed_out.is_set():
                raise GitError(TIMED_OUT, f"{timeout:.0f} s")
        error_file.seek(0)
        lines = error_file.read(4096).decode(errors="replace").strip().splitlines()
    return Result(code, out, lines[0] if lines else "")


def user_setting(name: str) -> str:
    """Return a setting of the user or of the system, such as ``user.name``; empty without one.

    The configuration of a repository in the working directory is not read.
    """
    environ = user_environment() | {"GIT_DIR": os.devnull}
    try:
        result = run(["config", "--get", name], environ, Path(os.sep))
    except GitError:
        return ""
    return result.out.decode(errors="replace").strip() if result.code == 0 else ""


def create(path: Path, commands: Sequence[Sequence[str]]) -> None:
    """Run git commands in the folder *path*, without the user's and the system's configuration.

    Raises GitError.
    """
    with tempfile.TemporaryDirectory(prefix="pypi-practice-git-") as home:
        environ = isolated_environment(Path(home))
        for command in commands:
            result = run(command, environ, path)
            if result.code:
                raise GitError(FAILED, result.error)
