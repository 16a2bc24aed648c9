"""The servers that the benchmark compares: ours in three ways, and two others.

Each is started on an empty folder of its own, and stopped afterwards.
"""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin

import load
from helpers.index import environments, upload_client
from load import Job, Result, Target

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.storage.store import Store

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
RIVALS = ROOT / "build" / "bench"
INDEX = INDEXES["testpypi"]
HOST = "test.pypi.org"
USER, PASSWORD = "bench", "a-password-of-the-benchmark"
PATIENCE = 60  # seconds for a server to start
# Starts the server and sees the first answer; the rest of its time it is idle.
SHOW_BUNDLE = "import os, time; print(os.environ['SSL_CERT_FILE'], flush=True); time.sleep(3600)"
HASH_PASSWORD = (
    "import bcrypt, sys; print(f'{sys.argv[1]}:'"
    " + bcrypt.hashpw(sys.argv[2].encode(), bcrypt.gensalt(5)).decode())"
)


def program(name: str) -> Path:
    """Return the path of a program of the rivals' environment."""
    suffix = ".exe" if os.name == "nt" else ""
    return environments.programs(RIVALS) / f"{name}{suffix}"


class ServerError(Exception):
    """A server, or the load, failed; the text is what it said."""


@dataclass
class Running:
    """A server that answers: ``started`` is how long that took, in seconds."""

    target: Target
    process: subprocess.Popen[str]
    folder: Path
    started: float
    alone: bool = False  # whether its children are no part of it

    def ask(self, job: Job) -> Result:
        """Have *job* done by a process of its own; ServerError if that fails."""
        result = subprocess.run(
            [sys.executable, str(HERE / "load.py")],
            input=json.dumps(_plain(job)),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode:
            raise ServerError(result.stderr)
        return Result(**json.loads(result.stdout))

    def memory(self) -> float:
        """Return the memory that it holds now, with its children, in MB.

        What several processes share, such as libraries, counts once: the proportional set size.
        """
        family = [self.process.pid] if self.alone else _family(self.process.pid)
        return sum(map(_proportional_size, family)) / 1000


def _plain(job: Job) -> dict[str, object]:
    return {**vars(job), "target": vars(job.target)}


def _family(pid: int) -> list[int]:
    pids = [pid]
    for parent in pids:
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            pids += map(int, task.read_text().split())
    return pids


def _proportional_size(pid: int) -> int:
    """Return the proportional set size of one process, in kB. Source: proc_pid_smaps(5)."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8")
    match = re.search(r"Pss:\s+(\d+) kB", rollup)
    return int(match[1]) if match else 0


def free_port() -> int:
    """Return a port that nobody listens on now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def first_answer(target: Target, path: str, process: subprocess.Popen[str]) -> None:
    """Return when the server answers *path*; ServerError if it never does."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if _status(target, path) == 200:
                return
        time.sleep(0.005)
    raise ServerError(f"no answer from {process.args!r}: {process.poll()}")


def _status(target: Target, path: str) -> int:
    if target.through or target.authority:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(
            "127.0.0.1", target.port, timeout=5, context=context
        )
        if target.through:
            connection.set_tunnel(target.host, 443)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=5)
    with contextlib.closing(connection):
        connection.request("GET", path, headers={"Host": target.host})
        return connection.getresponse().status


@contextlib.contextmanager
def _process(command: Sequence[str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run *command* in a process group of its own; what it says goes to files."""
    with (folder / "said").open("w") as output, (folder / "log").open("w") as log:
        process = subprocess.Popen(
            command, stdout=output, stderr=log, text=True, start_new_session=True
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextlib.contextmanager
def _started(command: Sequence[str], folder: Path, target: Target, path: str) -> Iterator[Running]:
    start = time.perf_counter()
    with _process(command, folder) as process:
        first_answer(target, path, process)
        yield Running(target, process, folder, time.perf_counter() - start)


def _first_line(folder: Path, process: subprocess.Popen[str]) -> str:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        line, newline, _ = (folder / "said").read_text().partition("\n")
        if newline:
            return line
        time.sleep(0.005)
    raise ServerError((folder / "log").read_text())


OURS = Target(
    port=0,
    host=HOST,
    upload="/legacy/",
    page="/simple/{name}/",
    download="/files/{filename}",
    user="__token__",
)


@contextlib.contextmanager
def alone(folder: Path, way: str) -> Iterator[Running]:
    """Run our index without its shell: *way* is ``plain`` or ``tls``."""
    command = [sys.executable, str(HERE / "serve.py"), str(folder), way]
    start = time.perf_counter()
    with _process(command, folder) as process:
        target = replace(OURS, **json.loads(_first_line(folder, process)))
        first_answer(target, "/simple/", process)
        yield Running(target, process, folder, time.perf_counter() - start)


@contextlib.contextmanager
def shell(folder: Path) -> Iterator[Running]:
    """Run what a learner runs: the practice shell, with its proxy and TLS."""
    data = folder / "data"
    store = Store(data, Translator("en"))
    token = store.new_token(store.user(INDEX), uuid.uuid4().hex, None)[1]
    store.close()
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "pypi_practice",
        "shell",
        "--data",
        str(data),
        "--port",
        str(port),
        "--",
        sys.executable,
        "-c",
        SHOW_BUNDLE,
    ]
    target = replace(OURS, port=port, password=token, through=True)
    with _started(command, folder, target, "/simple/") as running:
        bundle = _first_line(folder, running.process)
        running.target, running.alone = replace(target, authority=bundle), True
        yield running


@contextlib.contextmanager
def pypiserver(folder: Path, server: str, backend: str = "simple-dir") -> Iterator[Running]:
    """Run pypiserver with one of its servers and the password file that ``htpasswd -B`` makes."""
    hashed = subprocess.run(
        [str(program("python")), "-c", HASH_PASSWORD, USER, PASSWORD],
        capture_output=True,
        text=True,
        check=True,
    )
    passwords, packages = folder / "htpasswd", folder / "packages"
    passwords.write_text(hashed.stdout)
    packages.mkdir()
    target = Target(
        port=free_port(),
        host="localhost",
        upload="/",
        page="/simple/{name}/",
        download="/packages/{filename}",
        user=USER,
        password=PASSWORD,
    )
    command = [
        str(program("pypi-server")),
        "run",
        "--port",
        str(target.port),
        "--interface",
        "127.0.0.1",
        "--disable-fallback",
        "--backend",
        backend,
        "--server",
        "auto" if server == "waitress" else server,  # which it takes, as waitress is installed
        "--passwords",
        str(passwords),
        str(packages),
    ]
    with _started(command, folder, target, "/simple/") as running:
        yield running


@contextlib.contextmanager
def devpi(folder: Path) -> Iterator[Running]:
    """Run devpi-server; uploads carry the token that a login gives."""
    place = str(folder / "server")
    subprocess.run(
        [str(program("devpi-init")), "--serverdir", place, "--no-root-pypi"],
        check=True,
        capture_output=True,
    )
    target = Target(
        port=free_port(),
        host="localhost",
        upload=f"/{USER}/dev/",
        page=f"/{USER}/dev/+simple/{{name}}/",
        download="",
        user=USER,
        password=PASSWORD,
    )
    command = [
        str(program("devpi-server")),
        "--serverdir",
        place,
        "--port",
        str(target.port),
        "--host",
        "127.0.0.1",
        "--offline-mode",
    ]
    with _started(command, folder, target, "/+api") as running:
        login = {"user": USER, "password": PASSWORD}
        _devpi(target.port, "PUT", f"/{USER}", {"password": PASSWORD, "email": "a@example.com"})
        token = _devpi(target.port, "POST", "/+login", login)["result"]["password"]
        secret = base64.b64encode(f"{USER}:{token}".encode()).decode()
        options = {"bases": [], "volatile": False}
        _devpi(target.port, "PUT", f"/{USER}/dev", options, {"X-Devpi-Auth": secret})
        running.target = replace(target, password=token)
        yield running


def _devpi(
    port: int, method: str, path: str, body: object, headers: dict[str, str] | None = None
) -> dict[str, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    with contextlib.closing(connection):
        usual = {"Content-Type": "application/json", "Accept": "application/json"}
        connection.request(method, path, json.dumps(body), {**usual, **(headers or {})})
        answer = connection.getresponse()
        text = answer.read().decode()
        if answer.status not in (200, 201):
            raise ServerError(f"devpi: {answer.status} {text}")
        content: dict[str, dict[str, str]] = json.loads(text)
        return content


# Their names are those of benchmarks/bench_rows.yml.
SERVERS = {
    "plain": lambda folder: alone(folder, "plain"),
    "tls": lambda folder: alone(folder, "tls"),
    "shell": shell,
    "gunicorn": lambda folder: pypiserver(folder, "gunicorn"),
    "waitress": lambda folder: pypiserver(folder, "waitress"),
    "cached": lambda folder: pypiserver(folder, "waitress", "cached-dir"),
    "devpi": devpi,
}


@contextlib.contextmanager
def start(name: str, within: Path) -> Iterator[Running]:
    """Start one of SERVERS on an empty folder of its own in *within*, and leave that there.

    Where many files have just been removed, ext4 takes several times as long for each new one:
    what is measured next would pay for it.
    """
    with SERVERS[name](Path(tempfile.mkdtemp(prefix=f"{name}-", dir=within))) as running:
        yield running


def fill(running: Running, held: int, target_count: int, of_each: int) -> None:
    """Bring a server that has *held* files to *target_count*, *of_each* project."""
    packages = running.folder / "packages"
    if packages.is_dir():  # pypiserver has no record of what it holds but the files themselves
        for number in range(held, target_count):
            name, version, filename = load.named(number // of_each, number % of_each)
            (packages / filename).write_bytes(upload_client.wheel(name, version))
        return
    job = Job(running.target, 10, target_count - held, first=held, of_each=of_each)
    result = running.ask(job)
    if result.statuses.keys() != {"200 OK"}:
        raise ServerError(f"the server took not all files: {result.statuses}")


def download_path(running: Running) -> str:
    """Return the path of a file, as its page links to it."""
    name, _, filename = load.named(0, 0)
    if running.target.download:
        return running.target.download.format(filename=filename)
    page = running.target.page.format(name=name)
    connection = http.client.HTTPConnection("127.0.0.1", running.target.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", page, headers={"Accept": "text/html"})
        text = connection.getresponse().read().decode()
    match = re.search(rf'href="([^"#]*{re.escape(filename)})', text)
    if match is None:
        raise ServerError(f"{page} has no link to {filename}: {text[:500]}")
    return urljoin(page, str(match[1]))
