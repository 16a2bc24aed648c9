"""The sandboxes: what a command inside reaches, kind by kind."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from pypi_practice.cli.main import main
from pypi_practice.sandbox import sandbox_exec, seccomp, unix_sockets
from pypi_practice.sandbox.bubblewrap import Files, arguments
from pypi_practice.sandbox.forward import Forwarder
from pypi_practice.sandbox.kinds import FOR_JOB, Kind
from pypi_practice.sandbox.start import SandboxError, reasons, start

LINUX = [Kind.BUBBLEWRAP, Kind.NAMESPACE, Kind.LANDLOCK]
NO_FILES = Files(hidden=[], readable=[], writable=[])
PATIENCE = 30  # seconds until a test gives up
# Each attempt is Python that prints "out" if it gets what it wants; OSError is a refusal.
ATTEMPTS = {
    "tcp": "c('127.0.0.1', tcp).sendall(b'out'); print('out')",
    "tcp6": "socket.create_connection(('::1', tcp6), 2).sendall(b'out'); print('out')",
    "mptcp": "s = socket.socket(2, 1, 262); s.connect(('127.0.0.1', tcp)); print('out')",
    "fast open": "s = socket.socket(); s.sendto(b'out', 0x20000000, ('127.0.0.1', tcp));"
    " print('out')",
    "udp": "socket.socket(2, 2).sendto(b'out', ('127.0.0.1', udp))",  # what arrives is counted
    "raw": "socket.socket(2, 3, 255).sendto(b'out', ('127.0.0.1', 0))",
    "abstract": "s = socket.socket(1); s.connect('\\0' + name); print('out')",
    "unix": "s = socket.socket(1); s.connect(path); print('out')",
    "vsock": "socket.socket(40, 1); print('out')",
    "io_uring": "n = ctypes.CDLL(None).syscall(425, 8, ctypes.create_string_buffer(120));"
    " print('out' if n >= 0 else '')",
    "keys": "n = ctypes.CDLL(None).syscall(249 if os.uname().machine == 'x86_64' else 218,"
    " b'dns_resolver', b'practice', None, 0); print('out' if ctypes.get_errno() == 0 and n > 0"
    " else '')",
    "name": "socket.getaddrinfo('pypi.org', 443); print('out')",
    "netns": "fd = os.open(f'/proc/{outside}/ns/net', os.O_RDONLY);"
    " print('out' if ctypes.CDLL(None).setns(fd, 0) == 0 else '')",
    "memory": "open(f'/proc/{outside}/mem', 'rb'); print('out')",
    "terminal": "fcntl.ioctl(0, termios.TIOCSTI, b'x'); print('out')",
    "mount": "print('out' if ctypes.CDLL(None).umount2(path.encode(), 0) == 0 else '')",
}
# What a kind does not hold, as the page on the wall says: the socket of a service outside.
OPEN = {(Kind.LANDLOCK, "unix")}
PROGRAM = """
import ctypes, fcntl, json, os, socket, sys, termios
socket.setdefaulttimeout(3)
c = lambda host, port: socket.create_connection((host, port), 3)
globals().update(json.loads(sys.argv[1]))
try: exec(sys.argv[2])
except OSError as error: print('refused')
"""


def available(kind: Kind) -> None:
    """Skip the test where there is no sandbox of this *kind*; in CI on Linux there must be one."""
    try:
        started = start(["true"], ports=[], kinds=[kind], files=NO_FILES, env=os.environ)
    except SandboxError as error:
        if os.environ.get("CI") and sys.platform == "linux":
            raise
        pytest.skip(f"not run: {error}")
    assert started.process.wait() == 0
    started.close()


@contextlib.contextmanager
def outside(folder: Path) -> Iterator[tuple[dict[str, object], list[bytes]]]:
    """Run services outside: give where they listen, and what arrives at them."""
    arrived: list[bytes] = []
    name, path = f"practice-{uuid.uuid4().hex}", str(folder / "helper.sock")
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        tcp6 = stack.enter_context(socket.create_server(("::1", 0), family=socket.AF_INET6))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        listeners = [tcp, tcp6]
        for address in (path, f"\0{name}"):
            unix = stack.enter_context(socket.socket(socket.AF_UNIX))
            unix.bind(address)
            unix.listen()
            listeners.append(unix)

        def accept(listener: socket.socket) -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    arrived.append(b"connection")
                    connection.close()

        for listener in listeners:
            threading.Thread(target=accept, args=(listener,), daemon=True).start()
        udp.settimeout(0)
        places: dict[str, object] = {
            "tcp": tcp.getsockname()[1],
            "tcp6": tcp6.getsockname()[1],
            "udp": udp.getsockname()[1],
            "name": name,
            "path": path,
            "outside": os.getpid(),
        }
        yield places, arrived
        with contextlib.suppress(BlockingIOError):
            arrived.append(udp.recv(16))


def inside(kind: Kind, attempt: str, places: dict[str, object], ports: list[int]) -> str:
    """Make an attempt in a sandbox of *kind*; return what it prints."""
    command = [sys.executable, "-I", "-S", "-c", PROGRAM, json.dumps(places), ATTEMPTS[attempt]]
    started = start(
        command,
        ports=ports,
        kinds=[kind],
        files=NO_FILES,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
    )
    assert started.kind is kind
    printed, _ = started.process.communicate()
    started.close()
    return printed.decode().strip()


@pytest.mark.parametrize("attempt", ATTEMPTS)
@pytest.mark.parametrize("kind", LINUX)
def test_nothing_gets_out(kind, attempt, tmp_path):
    available(kind)
    with outside(tmp_path) as (places, arrived):
        printed = inside(kind, attempt, places, [])
    if (kind, attempt) in OPEN:
        assert (printed, arrived) == ("out", [b"connection"])
    else:
        assert (printed in ("refused", ""), arrived) == (True, []), printed


def test_without_a_sandbox_the_attempts_do_get_out(tmp_path):
    for attempt in ("tcp", "tcp6", "udp", "abstract", "unix"):
        folder = tmp_path / attempt
        folder.mkdir()
        with outside(folder) as (places, arrived):
            inside(Kind.NONE, attempt, places, [])
        assert arrived, attempt


@pytest.mark.parametrize("kind", LINUX)
def test_the_given_ports_are_reached(kind, tmp_path):
    available(kind)
    with outside(tmp_path) as (places, arrived):
        printed = inside(kind, "tcp", places, [int(str(places["tcp"]))])
        end = time.monotonic() + PATIENCE
        while not arrived and time.monotonic() < end:  # it is passed on by another process
            time.sleep(0.01)
    assert (printed, arrived) == ("out", [b"connection"])


@pytest.mark.parametrize("kind", LINUX)
def test_the_command_is_run_as_it_would_be(kind):
    """Its exit code, its input and its signals are those of a command without a sandbox."""
    available(kind)
    command = ["sh", "-c", "grep SigIgn /proc/self/status; cat; exit 7"]
    results = []
    for sandbox_kind in (Kind.NONE, kind):
        started = start(
            command,
            ports=[],
            kinds=[sandbox_kind],
            files=NO_FILES,
            env=os.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        printed, _ = started.process.communicate(b"typed")
        results.append((printed, started.process.returncode))
        started.close()
    assert results[0] == results[1]
    assert results[0][1] == 7


@pytest.mark.skipif(sys.platform == "win32", reason="shell scripts are Unix's")
def test_a_sandbox_that_does_not_hold_is_not_used(tmp_path, monkeypatch):
    """A program of that name that runs the command as it is: the canary hears it, so it is out."""
    fake = tmp_path / "sandbox-exec"
    fake.write_text('#!/bin/sh\nshift 2\nexec "$@"\n')
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    marker = tmp_path / "ran"
    with pytest.raises(SandboxError, match="does not hold"):
        start(["touch", str(marker)], ports=[], kinds=[Kind.SANDBOX_EXEC], env=os.environ)
    assert not marker.exists()


def test_the_next_kind_is_tried_and_the_reasons_are_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    kinds = [Kind.SANDBOX_EXEC, Kind.NONE]
    announced = []
    started = start(
        [sys.executable, "-c", ""],
        ports=[],
        kinds=kinds,
        env=os.environ,
        announce=lambda kind, failures: announced.append((kind, dict(failures))),
    )
    assert started.process.wait() == 0
    [(kind, failures)] = announced
    assert kind is Kind.NONE
    assert reasons(failures, "en") == "sandbox-exec: sandbox-exec is not installed"
    assert reasons(failures, "es") == "sandbox-exec: sandbox-exec no está instalado"


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "sandbox-exec: not available here (sandbox-exec is not installed)"),
        ("es", "sandbox-exec: no disponible aquí (sandbox-exec no está instalado)"),
    ],
)
def test_the_reasons_are_in_the_users_language(language, sentence, capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    main(["wall", "--lang", language])
    assert sentence in capsys.readouterr().out


def test_a_command_is_not_run_if_what_is_announced_fails(tmp_path):
    available(Kind.NAMESPACE)
    marker = tmp_path / "ran"

    def announce(*_: object) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        start(
            ["touch", str(marker)],
            ports=[],
            kinds=[Kind.NAMESPACE],
            env=os.environ,
            announce=announce,
        )
    assert not marker.exists()


def test_what_is_left_behind_reaches_nothing(tmp_path):
    """A process that outlives the command has no way to the practice index any more."""
    available(Kind.NAMESPACE)
    pipe, answer = tmp_path / "pipe", tmp_path / "answer"
    os.mkfifo(pipe)
    with outside(tmp_path) as (places, arrived):
        program = f'import socket; socket.create_connection(("127.0.0.1", {places["tcp"]}))'
        script = tmp_path / "late.sh"
        script.write_text(
            f"read line < {pipe}\n{sys.executable} -I -S -c '{program}' 2> /dev/null\n"
            f"echo $? > {answer}.new\nmv {answer}.new {answer}\n"
        )
        command = ["sh", "-c", f"setsid sh {script} & exit 0"]
        port = int(str(places["tcp"]))
        started = start(command, ports=[port], kinds=[Kind.NAMESPACE], env=os.environ)
        started.process.wait()
        started.close()
        pipe.write_text("now\n")
        while not answer.exists():
            threading.Event().wait(0.05)
    assert (answer.read_text().strip() != "0", arrived) == (True, [])


def test_bubblewrap_hides_files_but_those_that_are_named(tmp_path):
    available(Kind.BUBBLEWRAP)
    home = tmp_path / "home"
    (home / "python").mkdir(parents=True)
    (home / "secret").write_text("secret")
    (home / "python" / "file").write_text("shown")
    work = tmp_path / "work"
    work.mkdir()
    files = Files(hidden=[home], readable=[home / "python"], writable=[work])
    program = (
        f"cat {home}/secret; cat {home}/python/file; echo x > {home}/python/file;"
        f" echo new > {work}/made; touch /etc/practice; ls /run /tmp; ls /proc | grep -c '^[0-9]'"
    )
    started = start(
        ["sh", "-c", program],
        ports=[],
        kinds=[Kind.BUBBLEWRAP],
        files=files,
        env=os.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    printed = started.process.communicate()[0].decode()
    started.close()
    assert "secret" not in printed
    assert printed.startswith("shown")
    assert (home / "python" / "file").read_text() == "shown"
    assert (work / "made").read_text() == "new\n"
    assert not Path("/etc/practice").exists()


def test_a_parent_folder_is_bound_before_what_lies_in_it(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    files = Files(hidden=[tmp_path], readable=[inner], writable=[tmp_path / "a"])
    command = arguments(files)
    assert (
        command.index(str(tmp_path))
        < command.index(str(tmp_path / "a"))
        < command.index(str(inner))
    )


def test_the_filter_has_no_jump_beyond_its_end():
    """Each instruction jumps inside the program, which ends with a decision."""
    for machine in seccomp.MACHINES.values():
        for tcp_only in (True, False):
            packed = seccomp.program(machine, tcp_only=tcp_only)
            lines = [
                (int.from_bytes(packed[i : i + 2], sys.byteorder), packed[i + 2], packed[i + 3])
                for i in range(0, len(packed), 8)
            ]
            assert lines[-1][0] == seccomp.RETURN
            for place, (code, if_true, if_false) in enumerate(lines):
                if code not in (seccomp.LOAD, seccomp.AND, seccomp.RETURN):
                    assert place + 1 + max(if_true, if_false) < len(lines)


def test_the_paths_of_sockets_may_have_blanks(tmp_path):
    if not Path("/proc/net/unix").exists():
        pytest.skip("not run: no /proc/net/unix")
    path = tmp_path / "with a blank"
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind(str(path))
        assert str(path) in list(unix_sockets.bound_paths())


@pytest.mark.parametrize("how", ["renamed", "linked", "relative"])
def test_a_socket_under_another_name_is_hidden_too(how, tmp_path, monkeypatch):
    """The kernel lists the path that a socket was bound to, which need not be where it lies."""
    available(Kind.NAMESPACE)
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as unix:
        unix.bind("first" if how == "relative" else str(tmp_path / "first"))
        unix.listen()
        path = tmp_path / "first"
        if how == "renamed":
            path = path.rename(tmp_path / "second")
        elif how == "linked":
            os.link(path, tmp_path / "second")
            path.unlink()
            path = tmp_path / "second"
        printed = inside(Kind.NAMESPACE, "unix", {"path": str(path)}, [])
    assert printed == "refused"


def test_a_link_to_what_is_shown_is_shown(tmp_path):
    """A Python that is reached through a link in the home folder must be there under both names."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    command = arguments(Files(hidden=[tmp_path], readable=[tmp_path / "link"], writable=[]))
    assert {str(tmp_path / "link"), str(tmp_path / "real")} <= set(command)


def test_forwarding_goes_on_when_a_connection_could_not_be_accepted():
    ours, theirs = socket.socketpair()
    closed = threading.Event()

    class Listener:
        """Fails once, as where no file descriptor is free, then has a connection."""

        results = iter([OSError(24, "Too many open files"), (theirs, "")])

        def settimeout(self, _: object) -> None: ...

        def shutdown(self, _: object) -> None:
            closed.set()

        def close(self) -> None: ...

        def accept(self) -> tuple[socket.socket, str]:
            result = next(self.results, None)
            if isinstance(result, tuple):
                return result
            if result is None:
                closed.wait()
            raise OSError

    with ours, socket.create_server(("127.0.0.1", 0)) as server:
        forwarder = Forwarder(Listener(), server.getsockname()[1])  # type: ignore[arg-type]
        server.settimeout(60)
        connection, _ = server.accept()
        with connection:
            ours.sendall(b"through")
            assert connection.recv(16) == b"through"
        forwarder.close()


def test_the_profile_of_macos_names_the_ports():
    profile = sandbox_exec.profile([8000, 8001])
    assert profile.index("deny network-outbound") < profile.index("localhost:8000")
    assert '(remote ip "localhost:8001")' in profile


def test_landlock_refuses_the_usual_ports():
    available(Kind.LANDLOCK)
    with pytest.raises(SandboxError, match="3128"):
        start(["true"], ports=[3128], kinds=[Kind.LANDLOCK], env=os.environ)


def test_every_kind_is_offered_to_jobs():
    assert set(FOR_JOB) == set(Kind) - {Kind.NONE}
