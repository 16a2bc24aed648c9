"""The practice shell: an environment in which PyPI's own addresses mean the practice index."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pypi_practice import data_folder
from pypi_practice.errors import PracticeError
from pypi_practice.facts import INDEXES
from pypi_practice.index import Application
from pypi_practice.last import Listener
from pypi_practice.proxy import Proxy
from pypi_practice.server import IndexServer, write_certificates
from pypi_practice.store import Store, default_directory
from pypi_practice.upstream import Upstream, find
from pypi_practice.web import NO_PROXY_PATH, WebServer
from pypi_practice.words import Words

# Variables by which clients find a certificate bundle, a proxy, or the index to install from.
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "SSL_CERT_FILE", "GIT_SSL_CAINFO")
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "PIP_PROXY")
INSTALL_FROM = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX")
# Hatch takes no notice of a proxy. Its uploads go to a page of ours that says so. Where the command
# names the real index, hatch does not trust that, and sends it nothing.
HATCH_REPO, HATCH_TRUSTS = "HATCH_INDEX_REPO", "HATCH_INDEX_CA_CERT"
HATCH = {"HATCH_INDEX_USER": "__token__", "HATCH_INDEX_AUTH": "not-a-token"}
PRACTICE_VARIABLES = frozenset(
    (
        *BUNDLES,
        *PROXIES,
        *INSTALL_FROM,
        "NO_PROXY",
        "no_proxy",
        HATCH_REPO,
        HATCH_TRUSTS,
        "PYPI_PRACTICE",
        "PYPI_PRACTICE_DATA",
        "PYPI_PRACTICE_WEB",
    )
)
DIRECT = "localhost,127.0.0.1,::1"
# Variables that would carry a real credential, or another address, into the shell.
DROPPED = ("ALL_PROXY", "all_proxy", "PIP_EXTRA_INDEX_URL", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL")
DROPPED_STARTS = (
    "TWINE_", "UV_PUBLISH_", "HATCH_INDEX_", "POETRY_PYPI_TOKEN_", "POETRY_HTTP_BASIC_",
    "FLIT_", "PDM_PUBLISH_",
)  # fmt: skip


def environment(
    outer: Mapping[str, str], port: int, bundle: Path, data: Path, commands: Path
) -> dict[str, str]:
    """Return the environment of the practice shell, made from *outer*, the one it is started in."""
    environ = {
        name: value
        for name, value in outer.items()
        if name.upper() not in DROPPED and not name.upper().startswith(DROPPED_STARTS)
    }
    proxy = f"http://127.0.0.1:{port}"
    environ |= dict.fromkeys(PROXIES, proxy)
    environ |= dict.fromkeys(BUNDLES, str(bundle))
    environ |= dict.fromkeys(INSTALL_FROM, INDEXES["pypi"].simple)
    environ |= {"NO_PROXY": DIRECT, "no_proxy": DIRECT, **HATCH}
    environ["PATH"] = os.pathsep.join([str(commands), outer.get("PATH", os.defpath)])
    environ["PYPI_PRACTICE_DATA"] = str(data)
    environ["PYPI_PRACTICE"] = proxy
    return environ


def _write_command(directory: Path) -> None:
    """Put ``pypi-practice`` where the shell finds it, and nothing else of our own environment."""
    directory.mkdir()
    if os.name == "nt":
        script = directory / "pypi-practice.cmd"
        script.write_text(f'@"{sys.executable}" -m pypi_practice %*\n', encoding="utf-8")
    else:
        script = directory / "pypi-practice"
        line = f'exec "{sys.executable}" -m pypi_practice "$@"'
        script.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
        script.chmod(0o755)


@contextlib.contextmanager
def _only_one(data: Path, words: Words) -> Iterator[None]:
    """Hold the lock of the data folder: one index at a time writes to it."""
    path = data / "lock"
    with contextlib.ExitStack() as stack:
        try:
            lock = stack.enter_context(path.open("a+", encoding="utf-8"))
        except OSError as error:
            raise PracticeError(words("no_data", path=data, reason=error)) from error
        try:
            if os.name == "nt":
                import msvcrt  # noqa: PLC0415 - only there

                msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
            else:
                import fcntl  # noqa: PLC0415 - only there

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise PracticeError(words("already_running", path=data)) from error
        yield


@contextlib.contextmanager
def practice(
    data: Path | None = None,
    *,
    words: Words,
    port: int = 0,
    web_port: int = 0,
    environ: Mapping[str, str] = os.environ,
    with_upstream: bool = True,
) -> Iterator[dict[str, str]]:
    """Run the practice index; give the environment in which PyPI's addresses lead to it.

    The pages for a browser are on *web_port*, at the address in PYPI_PRACTICE_WEB. What the
    practice index does not hold comes from the real one, unless *with_upstream* is false. Inside a
    practice shell that environment is the present one, and nothing is started. Raises
    PracticeError if the data folder cannot be written or is in use, or the port is taken.
    """
    if environ.get("PYPI_PRACTICE"):
        yield dict(environ)
        return
    data = (data or default_directory(environ)).absolute()
    data_folder.claim(data, words)
    with (
        _only_one(data, words),
        tempfile.TemporaryDirectory(prefix="pypi-practice-") as temporary,
        contextlib.ExitStack() as stack,
    ):
        store = Store(data, words)  # which changes what an earlier version wrote
        store.sweep()
        folder = Path(temporary)
        certificates = write_certificates(folder)
        upstream = Upstream(functools.partial(find, environ), words) if with_upstream else None
        application = Application(store, upstream, words)
        server = IndexServer(Listener(application, data), certificates.server, certificates.key)
        stack.callback(server.stop)
        web = WebServer(application, web_port)
        stack.callback(web.stop)
        outer_proxy = environ.get("HTTPS_PROXY") or environ.get("https_proxy")
        proxy = Proxy(port, server.port, outer_proxy, words)
        stack.callback(proxy.stop)
        _write_command(folder / "bin")
        inner = environment(environ, proxy.port, certificates.bundle, data, folder / "bin")
        inner |= {HATCH_REPO: web.url + NO_PROXY_PATH, HATCH_TRUSTS: str(certificates.authority)}
        yield inner | {"PYPI_PRACTICE_WEB": web.url}


def default_shell(environ: Mapping[str, str]) -> list[str]:
    """Return the command of the user's own shell."""
    if os.name == "nt":
        return [environ.get("COMSPEC", "cmd.exe")]
    return [environ.get("SHELL") or shutil.which("bash") or "/bin/sh"]


def run(command: Sequence[str], environ: Mapping[str, str], words: Words) -> int:
    """Run *command*, or the user's shell if it is empty, in *environ*; return its exit code.

    Ctrl-C goes to the command, which shares the terminal; we wait for what it makes of it.
    """
    command = list(command) or default_shell(environ)
    found = shutil.which(command[0], path=environ["PATH"])
    if found is None:
        raise PracticeError(words("no_command", command=command[0]))
    with subprocess.Popen([found, *command[1:]], env=dict(environ)) as process:
        while True:
            try:
                code = process.wait()
                break
            except KeyboardInterrupt:
                continue
    return code if code >= 0 else 128 - code
