"""The practice shell: PyPI's addresses lead to the practice index, and nothing else does."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import HOSTS, INDEXES, is_protected
from pypi_practice.index.upstream import Upstream
from pypi_practice.network import proxy as proxy_module
from pypi_practice.network.allowed_hosts import AllowedHosts
from pypi_practice.network.proxy import Proxy
from pypi_practice.processes import executables
from pypi_practice.shell import session
from pypi_practice.shell.session import practice

EN = Translator("en")
COMMAND = [sys.executable, "-m", "pypi_practice"]


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    """Return an environment in which the practice index has a data folder of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYPI_PRACTICE")}
    return {**kept, "PYPI_PRACTICE_DATA": str(tmp_path / "data"), "LANGUAGE": "en", **more}


def run(tmp_path: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run pypi-practice and return what it did."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environ(tmp_path, **more),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def ask(port: int, target: str) -> str:
    """Send CONNECT for *target* to the proxy; return the status line."""
    with socket.create_connection(("127.0.0.1", port), 5) as connection:
        connection.sendall(b"CONNECT %s HTTP/1.1\r\n\r\n" % target.encode())
        return connection.recv(4096).split(b"\r\n")[0].decode("iso-8859-1")


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Record every address that the proxy connects to, and let it reach this computer only."""
    seen: list[tuple[str, int]] = []
    real = socket.create_connection

    def create_connection(address, *rest):
        seen.append(address)
        if address[0] != "127.0.0.1":
            raise OSError("no way out in this test")
        return real(address, *rest)

    fake = SimpleNamespace(**{name: getattr(socket, name) for name in dir(socket)})
    fake.create_connection = create_connection
    monkeypatch.setattr(proxy_module, "socket", fake)
    return seen


@contextlib.contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """Stand for the index: a port that accepts, keeps what it hears and never answers."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    heard.append(connection.recv(4096))

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], heard


SPELLINGS = [
    "upload.pypi.org",
    "upload.pypi.org。。",
    "upload.pypi.org｡",
    "upload.pypi.org．",
    "UPLOAD.PyPI.org",
    "upload.pypi.org.",
    "test.pypi.org",
    "pypi.org",
    "ｐｙｐｉ.org",
    "pypi。org",
]
OTHER_NAMES = [
    "www.pypi.org",
    "legacy.pypi.org",
    "pypi.python.org",
    "testpypi.python.org",
    "upload.pypi.io",
]


@pytest.mark.parametrize("host", SPELLINGS)
def test_a_served_name_leads_to_the_index_however_it_is_spelled(host, dialled):
    with listening() as (port, _):
        proxy = Proxy(0, port, EN)
        assert ask(proxy.port, f"{host}:443").endswith("200 Connection established")
        assert dialled == [("127.0.0.1", port)]
        proxy.stop()


@pytest.mark.parametrize(
    "target", [f"{host}:443" for host in OTHER_NAMES] + ["upload.pypi.org:80", "pypi.org:8443"]
)
def test_other_names_and_ports_of_pypi_are_refused(target, dialled):
    proxy = Proxy(0, 1, EN)
    assert " 403 Blocked by the practice shell" in ask(proxy.port, target)
    assert dialled == []
    proxy.stop()


def test_plain_http_to_pypi_is_refused(dialled):
    proxy = Proxy(0, 1, EN)
    for request in (
        b"POST http://upload.pypi.org/legacy/ HTTP/1.1\r\nHost: upload.pypi.org\r\n\r\n",
        "POST http://upload.pypi.org。。/legacy/ HTTP/1.1\r\n\r\n".encode(),
        "POST http://upload.pypi.org｡/legacy/ HTTP/1.1\r\n\r\n".encode(),
        b"POST http://UPLOAD.pypi.org:80/legacy/ HTTP/1.1\r\n\r\n",
    ):
        with socket.create_connection(("127.0.0.1", proxy.port), 5) as connection:
            connection.sendall(request)
            assert connection.recv(4096).startswith(b"HTTP/1.1 403 Blocked")
    assert dialled == []
    proxy.stop()


def test_when_the_index_is_gone_nothing_is_reached(dialled):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        free = taken.getsockname()[1]
    proxy = Proxy(0, free, EN)
    assert " 502 " in ask(proxy.port, "upload.pypi.org:443")
    assert {address[0] for address in dialled} == {"127.0.0.1"}
    proxy.stop()


def test_a_slow_index_is_waited_for_and_never_passed_by(dialled):
    with listening() as (port, heard):
        proxy = Proxy(0, port, EN)
        with socket.create_connection(("127.0.0.1", proxy.port), 5) as connection:
            connection.sendall(b"CONNECT upload.pypi.org:443 HTTP/1.1\r\n\r\n")
            connection.recv(4096)
            connection.sendall(b"hello")
            connection.settimeout(0.5)
            with pytest.raises(TimeoutError):
                connection.recv(1)
        assert heard == [b"hello"]
        assert dialled == [("127.0.0.1", port)]
        proxy.stop()


@pytest.mark.parametrize(
    "target",
    [
        "example.org:443",
        "127.0.0.1:8000",
        "[::1]:443",
        "localhost:443",
        "10.0.0.1:443",
        "pypi.org.example.org:443",
        "151.101.0.223:443",
    ],
)
def test_every_other_host_is_refused_unless_it_is_allowed(target, dialled):
    proxy = Proxy(0, 1, EN, allowed=AllowedHosts.parse(["index.example"], "en"))
    status = ask(proxy.port, target)
    assert " 403 The practice shell does not let anything reach " in status
    assert "--allow-host" in status
    assert dialled == []
    assert [connection.outcome for connection in proxy.connections] == ["refused"]
    proxy.stop()


@pytest.mark.parametrize(
    "target",
    [
        "upload.pypi.org",
        "upload.pypi.org:",
        "upload.pypi.org:99999",
        "upload.pypi.org:x",
        ":443",
        "upload.pypi.org:443/x",
        "[::1",
        "a b:443",
        "user@pypi.org:443",
        "pypi.org:0",
        "..:443",
        "up\x00load.pypi.org:443",
    ],
)
def test_a_target_that_cannot_be_read_is_a_bad_request(target, dialled, capfd):
    proxy = Proxy(0, 1, EN)
    assert ask(proxy.port, target).startswith(("HTTP/1.1 400 ", "HTTP/1.1 403 ")) or " " in target
    assert dialled == []
    proxy.stop()
    assert capfd.readouterr().err == ""


def test_credentials_and_ways_around_stay_outside(tmp_path):
    outer = environ(
        tmp_path,
        TWINE_PASSWORD="x",
        TWINE_REPOSITORY_URL="x",
        UV_PUBLISH_TOKEN="x",
        NO_PROXY="*",
        no_proxy=".pypi.org",
        ALL_PROXY="x",
        PIP_INDEX_URL="https://example.org/simple/",
    )
    with practice(words=EN, environ=outer) as inner:
        for name in ("TWINE_PASSWORD", "TWINE_REPOSITORY_URL", "UV_PUBLISH_TOKEN", "ALL_PROXY"):
            assert name not in inner
        assert "pypi" not in inner["NO_PROXY"] + inner["no_proxy"]
        assert inner["PIP_INDEX_URL"] == INDEXES["pypi"].simple
        assert inner["HTTPS_PROXY"] == inner["https_proxy"] == inner["PYPI_PRACTICE"]


def test_the_indexes_answer_at_their_own_addresses(tmp_path):
    program = (
        "import urllib.request as u, sys\n"
        "for url in sys.argv[1:]:\n"
        "    print(u.urlopen(url).read().decode().count('Simple index'))\n"
    )
    urls = [index.simple for index in INDEXES.values()]
    result = run(tmp_path, "shell", "--", sys.executable, "-c", program, *urls)
    assert result.stdout.split() == ["2", "2"], result.stderr


def test_nothing_is_left_when_the_shell_ends(tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    program = "import os; print(os.environ['SSL_CERT_FILE'])"
    result = run(tmp_path, "shell", "--", sys.executable, "-c", program, TMPDIR=str(temporary))
    assert Path(result.stdout.strip()).is_relative_to(temporary)
    assert list(temporary.iterdir()) == []


def test_the_exit_code_is_that_of_the_command(tmp_path):
    assert run(tmp_path, "shell", "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_a_command_that_does_not_exist(tmp_path):
    result = run(tmp_path, "shell", "--", "no-such-command")
    assert result.returncode == 2
    assert "There is no command no-such-command" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_second_shell_on_the_same_data(tmp_path):
    with practice(words=EN, environ=environ(tmp_path)):
        result = run(tmp_path, "shell", "--", "true")
        assert (result.returncode, "open already" in result.stderr) == (2, True)
        with pytest.raises(PracticeError, match="open already"):
            practice(words=EN, environ=environ(tmp_path)).__enter__()


def test_a_second_shell_opens_no_database_which_it_would_change(tmp_path, monkeypatch):
    """It would move the tables of an earlier version while another shell writes to them."""
    with practice(words=EN, environ=environ(tmp_path)):
        monkeypatch.setattr(session, "Store", lambda *arguments: pytest.fail("it was opened"))
        with pytest.raises(PracticeError, match="open already"):
            practice(words=EN, environ=environ(tmp_path)).__enter__()


def test_a_port_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run(tmp_path, "shell", "--port", port, "--", "true")
    assert result.returncode == 2
    assert f"Port {port} cannot be used" in result.stderr
    assert "Traceback" not in result.stderr
    assert "must be a number" in run(tmp_path, "shell", "--port", "x", "--", "true").stderr


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for words, sentence in (("en", "cannot use the folder"), ("es", "no puede usar la carpeta")):
        result = run(
            tmp_path,
            "token",
            "new",
            "--index",
            "testpypi",
            "--data",
            str(tmp_path / "file" / "data"),
            "--lang",
            words,
        )
        assert result.returncode == 2
        assert sentence in result.stderr
        assert "Traceback" not in result.stderr
    assert (tmp_path / "file").read_text() == "in the way"


@pytest.mark.skipif(os.name == "nt", reason="signals of a terminal are Unix's")
def test_ctrl_c_leaves_nothing_behind(tmp_path):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    process = subprocess.Popen(
        [
            *COMMAND,
            "shell",
            "--",
            sys.executable,
            "-c",
            "import time; print(1, flush=True);time.sleep(600)",
        ],
        env=environ(tmp_path, TMPDIR=str(temporary)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) != 0
    assert list(temporary.iterdir()) == []
    assert run(tmp_path, "shell", "--", "true").returncode == 0


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is Unix's")
def test_a_killed_index_lists_no_half_file_and_starts_again(tmp_path):
    process = subprocess.Popen(
        [
            *COMMAND,
            "shell",
            "--",
            sys.executable,
            "-c",
            "import os, time;print(os.environ['PYPI_PRACTICE'], flush=True); time.sleep(60)",
        ],
        env=environ(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    (tmp_path / "data" / "unfinished" / ("0" * 32)).write_bytes(b"half an upload")
    os.killpg(process.pid, signal.SIGKILL)
    process.wait(10)
    result = run(tmp_path, "shell", "--", "pypi-practice", "list")
    assert result.stdout.strip() == "Nothing has been uploaded yet."
    assert list((tmp_path / "data" / "unfinished").iterdir()) == []


def test_the_index_asks_upstream_only_for_what_it_lacks(tmp_path):
    place = tempfile.mkdtemp(dir=tmp_path)
    program = (
        "import urllib.request as u\n"
        "class Stay(u.HTTPRedirectHandler):\n"
        "    def redirect_request(self, *rest): return None\n"
        "try: u.build_opener(Stay).open('https://pypi.org/simple/Other.Name/')\n"
        "except Exception as e: print(e.headers['Location'])\n"
        "try: u.build_opener(Stay).open('https://pypi.org/simple/other-name/')\n"
        "except Exception as e: print(e.code, e.headers['Location'])\n"
        "try: u.build_opener(Stay).open('https://test.pypi.org/simple/other-name/')\n"
        "except Exception as e: print(e.code)\n"
    )
    result = run(
        Path(place),
        "shell",
        "--",
        sys.executable,
        "-c",
        program,
        PYPI_PRACTICE_UPSTREAM="https://mirror.example/simple/",
    )
    assert result.stdout.split() == [
        "/simple/other-name/",
        "307",
        "https://upstream.practice.invalid/simple/other-name/",
        "404",
    ]


def test_no_internet_is_said_at_once(monkeypatch):
    def no_route(*_, **__):
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", no_route)
    answer = Upstream(INDEXES["pypi"].simple, EN).project("other-name", "")
    # pip asks again and again after a 502 or 503, and not after a 504.
    assert answer.status == (
        "504 The practice index does not hold other-name, "
        "and pypi.org cannot be reached (no route)."
    )


def test_hosts_come_from_the_data():
    assert set(HOSTS) == {"test.pypi.org", "pypi.org", "upload.pypi.org"}
    assert all(is_protected(host) for host in HOSTS)


def test_a_shell_in_a_shell_runs_a_command_and_says_nothing(tmp_path):
    result = run(tmp_path, "shell", "--", "pypi-practice", "shell", "--", "pypi-practice", "list")
    assert (result.stdout, result.stderr) == ("Nothing has been uploaded yet.\n", "")


@pytest.mark.parametrize(
    "value",
    ["1", "http://index.example:80", "http://127.0.0.1:1", "http://127.0.0.1:99999", "\x1b["],
)
def test_a_variable_alone_makes_no_practice_shell(value, tmp_path):
    for command in (["shell", "--", "true"], ["travis", "run", "."]):
        result = run(tmp_path, *command, PYPI_PRACTICE=value)
        assert result.returncode == 2
        assert "Traceback" not in result.stderr
    result = run(tmp_path, "shell", "--", "true", PYPI_PRACTICE=value, LANGUAGE="es")
    assert "no responde ningún índice de práctica" in result.stderr


def test_what_lies_in_the_present_folder_is_not_imported(tmp_path):
    """Neither by the command in the shell nor by what it asks pip for."""
    for name in ("pypi_practice", "yaml", "pip", "virtualenv", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    result = subprocess.run(
        [sys.executable, "-P", "-m", "pypi_practice", "shell", "--", "pypi-practice", "list"],
        env=environ(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == "Nothing has been uploaded yet.\n", result.stderr
    (tmp_path / "config").mkdir()
    asked = subprocess.run(
        [
            sys.executable,
            "-P",
            "-c",
            "from pypi_practice.index.upstream import find; print(find({}))",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PIP_CONFIG_FILE": os.devnull},
    )
    assert asked.stdout.startswith("https://"), asked.stderr


def test_a_wall_that_is_asked_for_inside_is_made(tmp_path):
    command = [
        "pypi-practice",
        "shell",
        "--wall",
        "namespace",
        "--",
        "readlink",
        "/proc/self/ns/net",
    ]
    result = run(tmp_path, "shell", "--wall", "none", "--", *command)
    if "namespace" in result.stderr and result.returncode == 2 and not os.environ.get("CI"):
        pytest.skip(f"not run: {result.stderr}")
    assert result.returncode == 0, result.stderr
    assert result.stdout.strip() != os.readlink("/proc/self/ns/net")


def test_a_kill_ends_the_command_and_the_shell(tmp_path):
    """SIGTERM comes to the program alone, so it must end the command itself."""
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    process = subprocess.Popen(
        [*COMMAND, "shell", "--", sys.executable, "-c", code],
        env=environ(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    number = int(process.stdout.readline())
    process.terminate()
    assert process.wait(60) == 130
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_signals_are_handled_as_before_when_the_index_has_ended(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    with practice(words=EN, environ=environ(tmp_path)):
        assert signal.getsignal(signal.SIGINT) is before
    assert signal.getsignal(signal.SIGINT) is before


def test_the_present_folder_may_be_gone(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone}; rmdir {gone}; exec {sys.executable} -P -m pypi_practice shell -- echo ran"
    result = subprocess.run(
        ["sh", "-c", script], env=environ(tmp_path), capture_output=True, text=True, check=False
    )
    assert result.stdout == "ran\n", result.stderr


def test_a_program_of_the_present_folder_is_not_found(tmp_path, monkeypatch):
    (tmp_path / "git").write_text("#!/bin/sh\n")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert executables.find("git", f".{os.pathsep}{os.pathsep}relative") is None
    assert executables.find("git", str(tmp_path)) == str(tmp_path / "git")
