"""Runs the practice index, and commands in an environment and a sandbox that lead to it."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from pypi_practice.core.errors import PracticeError, Terminated
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import HOSTS
from pypi_practice.explain.last_failure import RefusalRecorder
from pypi_practice.index.app import Application
from pypi_practice.index.browser_app import WebServer
from pypi_practice.index.storage import data_folder
from pypi_practice.index.storage.data_folder import default_directory
from pypi_practice.index.storage.store import Store
from pypi_practice.index.upstream import Upstream, find
from pypi_practice.network.allowed_hosts import NO_OTHER_HOSTS, AllowedHosts
from pypi_practice.network.parent_proxy import OuterProxy
from pypi_practice.network.proxy import Proxy
from pypi_practice.network.server import (
    IndexServer,
    certificates_in,
    write_certificates,
)
from pypi_practice.sandbox import verify
from pypi_practice.sandbox.kinds import FOR_SHELL, Kind
from pypi_practice.sandbox.start import ROOT, SandboxError, Started, reasons, start
from pypi_practice.shell import client_settings, startup_files
from pypi_practice.shell.variables import (
    CERTIFICATES,
    DATA,
    DROPPED,
    DROPPED_STARTS,
    HATCH_TRUSTS,
    OWN,
    PRACTICE_VARIABLES,
    PROXY_ADDRESS,
    WEB,
    environment,
    ports,
)


def write_command(directory: Path, system: str = os.name) -> None:
    """Write a script ``pypi-practice`` to *directory*, which will be in PATH.

    So the shell finds no other program of our virtual environment. *system* is a value of
    ``os.name``. With -P, Python does not import modules from the working directory.
    """
    directory.mkdir()
    if system == "nt":
        script = directory / "pypi-practice.cmd"
        script.write_text(f'@"{sys.executable}" -P -m pypi_practice %*\n', encoding="utf-8")
    else:
        script = directory / "pypi-practice"
        line = f'exec "{sys.executable}" -P -m pypi_practice "$@"'
        script.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        script.chmod(0o755)


@contextlib.contextmanager
def lock_data(data: Path, words: Translator, in_use: str = "already_running") -> Iterator[None]:
    """Hold the lock of the data folder, so that only one process writes to it.

    Raises PracticeError, with the message *in_use* if another process holds the lock.
    """
    try:
        lock = FileLock(data / "lock", thread_local=False).acquire(blocking=False)
    except Timeout as error:
        raise PracticeError(words(in_use, path=data)) from error
    except OSError as error:
        raise PracticeError(words("no_data", path=data, reason=error)) from error
    with lock:
        yield


class _Interrupts:
    """Ignores signals while the servers stop; otherwise a thread could keep the process alive."""

    def __init__(self) -> None:
        self._handlers: dict[int, Any] = {}

    def ignore(self) -> None:
        """Ignore SIGINT, SIGTERM and SIGHUP until ``restore``."""
        if threading.current_thread() is threading.main_thread():
            for name in ("SIGINT", "SIGTERM", "SIGHUP"):
                if hasattr(signal, name):
                    number = getattr(signal, name)
                    self._handlers[number] = signal.signal(number, signal.SIG_IGN)

    def restore(self) -> None:
        """Restore the handlers of these signals."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def practice(
    data: Path | None = None,
    *,
    words: Translator,
    port: int = 0,
    web_port: int = 0,
    environ: Mapping[str, str] = os.environ,
    with_upstream: bool = True,
    allowed: AllowedHosts = NO_OTHER_HOSTS,
) -> Iterator[dict[str, str]]:
    """Run the practice index and yield the environment in which PyPI's addresses lead to it.

    The pages for a browser are on *web_port*; their address is in PYPI_PRACTICE_WEB. Files that the
    practice index does not have come from the real one, unless *with_upstream* is false. The proxy
    allows the other hosts in *allowed*. Inside a practice shell nothing is started, and its
    environment is yielded. Raises PracticeError if the data folder cannot be written or is in use,
    or the port is taken.
    """
    if environ.get(OWN):
        yield _present(environ, words)
        return
    data = (data or default_directory(environ)).absolute()
    outer = OuterProxy.from_environment(environ, words)
    data_folder.claim(data, words)
    with (
        lock_data(data, words),
        tempfile.TemporaryDirectory(prefix="pypi-practice-") as temporary,
        contextlib.ExitStack() as stack,
    ):
        interrupts = _Interrupts()
        stack.callback(interrupts.restore)  # called last at the end of the block
        store = Store(data, words)  # migrates the data of an earlier version
        store.sweep()
        folder = Path(temporary)
        certificates = write_certificates(folder)
        upstream = Upstream(functools.partial(find, environ), words) if with_upstream else None
        application = Application(store, upstream, words)
        server = IndexServer(
            RefusalRecorder(application, data), words, certificates.server, certificates.key
        )
        stack.callback(server.stop)
        web = WebServer(application, web_port)
        stack.callback(web.stop)
        proxy = Proxy(port, server.port, words, outer=outer, allowed=allowed)
        stack.callback(proxy.stop)
        write_command(folder / "bin")
        stack.callback(interrupts.ignore)  # called first at the end of the block
        yield environment(
            environ,
            port=proxy.port,
            web=web.url,
            certificates=certificates,
            data=data,
            commands=folder / "bin",
        )


def _present(environ: Mapping[str, str], words: Translator) -> dict[str, str]:
    """Return the environment of the surrounding practice shell, with its original variables.

    Raises PracticeError if no practice index answers, although the variables are set.
    """
    address = PROXY_ADDRESS.fullmatch(environ[OWN])
    folder = Path(environ.get(CERTIFICATES, ""))
    if address is None or not (folder / "bin").is_dir() or WEB not in environ:
        raise PracticeError(words("not_inside", name=OWN))
    inner = environment(
        environ,
        port=int(address[1]),
        web=environ[WEB],
        certificates=certificates_in(folder),
        data=Path(environ.get(DATA) or default_directory(environ)),
        commands=folder / "bin",
    )
    if verify.problem(_expected(inner, canary=None), inner) is not None:
        raise PracticeError(words("not_inside", name=OWN))
    return inner


def _expected(environ: Mapping[str, str], canary: tuple[str, int] | None) -> dict[str, Any]:
    """Return the settings of ``verify`` for the practice environment *environ*."""
    names = sorted(name for name in PRACTICE_VARIABLES if name in environ)
    return {
        "variables": {name: environ[name] for name in names},
        "absent": [
            *(name for name in DROPPED if name not in environ),
            *(start for start in DROPPED_STARTS if start != "HATCH_INDEX_"),
        ],
        "proxy": environ[OWN],
        "host": next(iter(HOSTS)),
        "authority": environ[HATCH_TRUSTS],
        "canary": canary,
    }


def default_shell(environ: Mapping[str, str], system: str = os.name) -> list[str]:
    """Return the command of the user's shell; *system* is a value of ``os.name``."""
    if system == "nt":
        return [environ.get("COMSPEC", "cmd.exe")]
    return [environ.get("SHELL") or shutil.which("bash") or "/bin/sh"]


def run(
    command: Sequence[str],
    environ: Mapping[str, str],
    words: Translator,
    *,
    kinds: Sequence[Kind] | None = (*FOR_SHELL, Kind.NONE),
    local_ports: Sequence[int] = (),
) -> int:
    """Run *command*, or the user's shell if it is empty, in *environ*; return its exit code.

    It runs in a sandbox of the first of *kinds* that this computer offers. The sandbox reaches
    *local_ports* of this computer and those of the practice index. *kinds* is None inside a
    practice shell, which has a sandbox already. The command shares the terminal and handles Ctrl-C
    itself. Raises PracticeError if there is no such command, or no such sandbox.
    """
    with tempfile.TemporaryDirectory(prefix="pypi-practice-shell-") as folder:
        if kinds is None:
            program = _find_program(command[0], environ, words)
            started = start([program, *command[1:]], ports=(), kinds=[Kind.NONE], env=environ)
        else:
            started = _start(command, environ, words, kinds, local_ports, Path(folder))
        try:
            while True:
                try:
                    code = started.process.wait()
                    break
                except Terminated:
                    started.process.terminate()
                    raise
                except KeyboardInterrupt:
                    continue
        finally:
            started.close()
    return code if code >= 0 else 128 - code


def _find_program(name: str, environ: Mapping[str, str], words: Translator) -> str:
    """Return the path of a program; PracticeError if there is none of that name."""
    path = shutil.which(name, path=environ["PATH"])
    if path is None:
        raise PracticeError(words("no_command", command=name))
    return path


def _start(
    command: Sequence[str],
    environ: Mapping[str, str],
    words: Translator,
    kinds: Sequence[Kind],
    local_ports: Sequence[int],
    folder: Path,
) -> Started:
    shell = list(command) or default_shell(environ)
    shell_path = _find_program(shell[0], environ, words)
    settings = folder / "verify.json"
    program = f"import sys; sys.path.append({str(ROOT)!r}); "
    program += "from pypi_practice.sandbox.verify import main; sys.exit(main(sys.argv[1:]))"
    checked = [sys.executable, "-I", "-S", "-c", program, str(settings)]
    full, variables = [shell_path, *shell[1:]], dict(environ)
    with contextlib.ExitStack() as stack:
        canary = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        if not command:
            expected = _expected(environ, canary.getsockname())
            startup = startup_files.Startup(
                variables=expected["variables"],
                absent=[*expected["absent"], "HATCH_INDEX_", "all_proxy", "ftp_proxy"],
                commands=Path(environ[CERTIFICATES], "bin"),
                verify=checked,
                prompt=words("prompt"),
                environment=startup_files.active_environment(environ),
            )
            prepared = startup_files.prepare(shell_path, folder, startup, environ)
            # Without a terminal, only zsh and fish read startup files.
            if prepared and (sys.stdin.isatty() or Path(shell_path).name in ("zsh", "fish")):
                full += prepared[0]
                variables |= prepared[1]
            else:
                full = [*checked, *full]
                if prepared is None:
                    sandbox_words = Translator(words.language, "commands/sandbox")
                    print(sandbox_words("unknown_shell", shell=shell_path), file=sys.stderr)

        def announce(kind: Kind, failures: Mapping[Kind, SandboxError]) -> None:
            _warn_of_detours(environ, words, kind, failures, quiet=bool(command))
            if not command:
                texts = _texts(environ, words, kind)
                walled = None if kind is Kind.NONE else canary.getsockname()
                content = {**_expected(environ, walled), **texts}
                settings.write_text(json.dumps(content), encoding="utf-8")

        try:
            started = start(
                full,
                ports=[*ports(environ), *local_ports],
                kinds=kinds,
                env=variables,
                announce=announce,
            )
        except SandboxError as error:
            raise PracticeError(
                Translator(words.language, "commands/sandbox")(
                    "wall_required", reasons=error.says(words.language)
                )
            ) from error
        started.keep(stack.pop_all())
    return started


def _warn_of_detours(
    environ: Mapping[str, str],
    words: Translator,
    kind: Kind,
    failures: Mapping[Kind, SandboxError],
    *,
    quiet: bool,
) -> None:
    """Print before the command runs that there is no sandbox, or that a setting bypasses the proxy.

    With *quiet*, settings are not reported if there is a sandbox. Raises PracticeError for a
    setting that bypasses the proxy without a sandbox.
    """
    sandbox_words = Translator(words.language, "commands/sandbox")
    try:
        folder = Path.cwd()
    except FileNotFoundError:  # it has been deleted
        folder = Path(Path.home().anchor)
    for detour in client_settings.detours(environ, folder):
        values = {"program": detour.program, "path": detour.path, "setting": detour.setting}
        if kind is Kind.NONE:
            raise PracticeError(sandbox_words("leads_around", **values))
        if not quiet:
            print(sandbox_words("leads_nowhere", **values), file=sys.stderr)
    if kind is Kind.NONE:
        why_none = reasons(failures, words.language) or "--wall none"
        print(sandbox_words("no_wall", reasons=why_none), file=sys.stderr, flush=True)


def _texts(environ: Mapping[str, str], words: Translator, kind: Kind) -> dict[str, str]:
    sandbox_words = Translator(words.language, "commands/sandbox")
    hosts = ", ".join(sorted(HOSTS))
    return {
        "promise": sandbox_words(
            "promise", hosts=hosts, wall=sandbox_words(f"wall_{kind}"), url=environ[WEB]
        ),
        "failure": sandbox_words("failure"),
    }
