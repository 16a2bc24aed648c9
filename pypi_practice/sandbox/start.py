"""Starts a command in the first sandbox that works on this computer, after testing it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pypi_practice
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.processes import executables
from pypi_practice.sandbox import bubblewrap, sandbox_exec
from pypi_practice.sandbox.bubblewrap import Files
from pypi_practice.sandbox.forward import Forwarder
from pypi_practice.sandbox.kinds import Kind

LOOPBACK = "127.0.0.1"
PATIENCE = 20  # seconds for a message of the launcher
ROOT = Path(pypi_practice.__file__).resolve().parents[1]
# The root is appended, so that it does not hide modules of the standard library.
PROGRAM = (
    "import sys; sys.path.append({root!r}); "
    "from pypi_practice.sandbox.launcher import main; main(sys.argv[1:])"
)


class SandboxError(OSError):
    """A kind of sandbox is not available: *key* of sandbox.yml, filled with *values*, says why.

    If none of several kinds is, ``failures`` says why of each.
    """

    def __init__(
        self, key: str, failures: Mapping[Kind, SandboxError] | None = None, **values: object
    ) -> None:
        self.key, self.failures, self.values = key, failures, values
        super().__init__(self.says(LANGUAGES[0]))

    def says(self, language: str) -> str:
        """Return the reason in *language*."""
        if self.failures is not None:
            return reasons(self.failures, language)
        return Translator(language, "commands/sandbox")(self.key, **self.values)


def reasons(failures: Mapping[Kind, SandboxError], language: str) -> str:
    """Return in *language* why each kind failed, as one text."""
    return "; ".join(f"{kind}: {failure.says(language)}" for kind, failure in failures.items())


@dataclass
class Started:
    """A running command, the *kind* of its sandbox, and the reasons why earlier kinds failed."""

    process: subprocess.Popen[bytes]
    kind: Kind
    failures: dict[Kind, SandboxError] = field(default_factory=dict)
    _resources: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def keep(self, resources: contextlib.ExitStack) -> None:
        """Close *resources* with this sandbox."""
        self._resources.push(resources)

    def close(self) -> None:
        """Kill the command and stop forwarding, so that remaining processes reach nothing."""
        self._resources.close()


def start(
    command: Sequence[str],
    *,
    ports: Sequence[int],
    kinds: Sequence[Kind],
    files: Files | None = None,
    env: Mapping[str, str],
    announce: Callable[[Kind, Mapping[Kind, SandboxError]], None] = lambda kind, failures: None,
    **options: Any,
) -> Started:
    """Run *command* in a sandbox of the first of *kinds* that works on this computer.

    Inside, *ports* of the loopback address lead to the same ports outside, and no other address is
    reachable. *files* are the files that bubblewrap shows. *env* and *options* are
    those of ``subprocess.Popen``. With ``Kind.NONE`` the command runs without a sandbox. *announce*
    is called before the command runs, with the kind and the failures of earlier kinds. Raises
    SandboxError with all reasons if none of *kinds* is available.
    """
    failures: dict[Kind, SandboxError] = {}
    for kind in kinds:
        if kind is Kind.NONE:
            announce(kind, failures)
            return Started(subprocess.Popen(command, env=dict(env), **options), kind, failures)
        with contextlib.ExitStack() as stack:
            try:
                process, control = _launch(stack, command, kind, ports, files, env, options)
                announce(kind, failures)
                _send(control, b"run")
            except SandboxError as error:
                failures[kind] = error
                continue
            control.close()
            # The resources of the sandbox are closed with it.
            return Started(process, kind, failures, stack.pop_all())
    raise SandboxError("why_none", failures)


def choose(kinds: Sequence[Kind], files: Files) -> tuple[Kind, dict[Kind, SandboxError]]:
    """Return the first of *kinds* that is available, and the failures of earlier kinds.

    Raises SandboxError if none is.
    """
    command = [sys.executable, "-I", "-S", "-c", ""]
    started = start(command, ports=(), kinds=kinds, files=files, env=os.environ)
    started.process.wait()
    started.close()
    return started.kind, started.failures


def _launch(
    stack: contextlib.ExitStack,
    command: Sequence[str],
    kind: Kind,
    ports: Sequence[int],
    files: Files | None,
    env: Mapping[str, str],
    options: Mapping[str, Any],
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start the launcher of *command* and check that it cannot leave the sandbox.

    Return its process and the socket on which it waits for ``run``. The resources to close are
    added to *stack*. Raises SandboxError if this *kind* is not available.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise SandboxError("why_platform", platform=sys.platform)
    prefix = _prefix(kind, ports, files)
    control, launchers_end = socket.socketpair()
    stack.enter_context(control)
    with launchers_end, _tcp_canary() as tcp, _udp_canary() as udp:
        settings = {
            "kind": kind,
            "ports": list(ports),
            "control": launchers_end.fileno(),
            "canaries": [LOOPBACK, tcp.getsockname()[1], udp.getsockname()[1]],
        }
        program = PROGRAM.format(root=str(ROOT))
        launcher = [sys.executable, "-I", "-S", "-c", program, json.dumps(settings), *command]
        process = _popen([*prefix, *launcher], launchers_end, env, options)
        stack.callback(_end, process)
        launchers_end.close()
        control.settimeout(PATIENCE)
        message, sockets = _receive(control, len(ports))
        for listener, port in zip(sockets, ports, strict=False):
            stack.callback(Forwarder(listener, port).close)
        if message != "ready":
            reason = message.removeprefix("failed: ")
            raise _from_system(OSError(reason)) if reason else SandboxError("why_silent")
        _send(control, b"go")
        if _receive(control, 0)[0] != "tried":
            raise SandboxError("why_silent")
        if _has_arrived(tcp) or _has_arrived(udp):
            raise SandboxError("why_open")
    return process, control


def _prefix(kind: Kind, ports: Sequence[int], files: Files | None) -> list[str]:
    """Return the command that creates the sandbox; empty if the launcher creates it."""
    if kind is Kind.BUBBLEWRAP:
        if files is None:
            raise SandboxError("why_no_files")
        # Python or this package may be in a hidden folder, such as a checkout in /tmp.
        launchers = [Path(sys.prefix), Path(sys.base_prefix), Path(pypi_practice.__file__).parent]
        all_files = replace(files, readable=[*files.readable, *launchers])
        prefix = [_program("bwrap"), *bubblewrap.arguments(all_files)]
        # Without this attempt, an error message of bwrap would be mixed with output of the command.
        attempt = subprocess.run([*prefix, "true"], capture_output=True, text=True, check=False)
        if attempt.returncode:
            raise _from_system(OSError(attempt.stderr.strip()[-200:] or str(attempt.returncode)))
        return prefix
    if kind is Kind.SANDBOX_EXEC:
        return [_program("sandbox-exec"), "-p", sandbox_exec.profile(ports)]
    if not sys.platform.startswith("linux"):
        raise SandboxError("why_platform", platform=sys.platform)
    return []


def _from_system(error: OSError) -> SandboxError:
    """Return the failure of which the system says *error*."""
    return SandboxError("why_system", reason=error)


def _program(name: str) -> str:
    path = executables.find(name)
    if path is None:
        raise SandboxError("why_missing", program=name)
    return path


def _popen(
    command: Sequence[str],
    control: socket.socket,
    env: Mapping[str, str],
    options: Mapping[str, Any],
) -> subprocess.Popen[bytes]:
    try:
        passed = [control.fileno(), *options.get("pass_fds", ())]
        return subprocess.Popen(command, env=dict(env), **{**options, "pass_fds": passed})
    except OSError as error:
        raise _from_system(error) from error


def _receive(control: socket.socket, count: int) -> tuple[str, list[socket.socket]]:
    """Return a message of the launcher, and the sockets sent with it."""
    try:
        message, descriptors, _, _ = socket.recv_fds(control, 1024, max(count, 1))
    except OSError as error:
        raise _from_system(error) from error
    return message.decode(errors="replace"), [
        socket.socket(fileno=descriptor) for descriptor in descriptors
    ]


def _send(control: socket.socket, message: bytes) -> None:
    try:
        control.sendall(message)
    except OSError as error:
        raise _from_system(error) from error


def _tcp_canary() -> socket.socket:
    return socket.create_server((LOOPBACK, 0))


def _udp_canary() -> socket.socket:
    try:
        canary = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    except OSError as error:
        raise SandboxError("why_inside") from error
    canary.bind((LOOPBACK, 0))
    return canary


def _has_arrived(canary: socket.socket) -> bool:
    """Tell whether a connection or a datagram was received."""
    canary.settimeout(0)
    try:
        if canary.type == socket.SOCK_DGRAM:
            canary.recv(16)
        else:
            canary.accept()[0].close()
    except BlockingIOError:
        return False
    return True


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
