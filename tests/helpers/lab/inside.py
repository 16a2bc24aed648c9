"""The process of one lab: ``python -I inside.py < SPECIFICATION``, both in JSON.

It enters namespaces of its own, starts the fakes, runs the commands one after the other as an
ordinary user, waits until all that they started has ended (and ends the rest), and prints what
arrived. Nothing is tried where the namespaces cannot be made. Specification::

    {"commands": [{"argv", "env", "cwd", "typed", "timeout"}], "folder", "certificate", "trusted",
     "bundles": [paths of certificate bundles], "wheels", "home", "shell"}

``typed`` is a list of pairs: when the first text has been seen at the command's own terminal, the
second is typed there; without it, the command has no terminal. ``folder`` is one for the sockets of
the helpers. The answer: ``arrivals``, and ``codes``, ``outputs`` and ``late``:
how many processes had to be ended after the last command.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from helpers.lab import namespace, services

LEFT_BEHIND = 20  # seconds for what was left in the background


def main() -> int:
    """Read a specification, make the lab, print what happened in it."""
    specification = json.load(sys.stdin)
    try:
        namespace.enter(services.NETWORKS)
    except namespace.Unavailable as unavailable:
        print(json.dumps({"unavailable": str(unavailable)}))
        return 3
    if "commands" not in specification:
        print(json.dumps({"arrivals": []}))
        return 0
    folder = Path(specification["folder"])
    _files(specification, folder)
    namespace.adopt_orphans()
    recorder = services.Recorder()
    wheels = Path(specification["wheels"]) if specification.get("wheels") else None
    fakes = services.Services(recorder, Path(specification["certificate"]), wheels)
    helpers = _helpers(fakes, folder)
    codes, outputs = [], []
    for command in specification["commands"]:
        environ = command["env"] | helpers
        code, output = _run(command, environ)
        codes.append(code)
        outputs.append(output)
    late = _wait_for_descendants()
    fakes.finish()
    print(services.dump(recorder, codes=codes, outputs=outputs, late=late))
    return 0


def _files(specification: dict[str, Any], folder: Path) -> None:
    """Show the lab's own names, name server, users and certificates in place of the system's."""
    home = specification["home"]
    user = f"lab:x:{namespace.USER}:{namespace.USER}::{home}:/bin/bash\n"
    contents = {
        "/etc/hosts": services.hosts_file(),
        "/etc/resolv.conf": f"nameserver {services.NAMESERVER}\noptions timeout:1 attempts:1\n",
        "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "/etc/passwd": user + Path("/etc/passwd").read_text(encoding="utf-8"),
    }
    # Where DNS is configured by a program in /run, nothing of it must be asked.
    (folder / "run").mkdir()
    namespace.mount("tmpfs", "/run", 0, "tmpfs")
    resolv = Path(os.path.realpath("/etc/resolv.conf"))
    if not resolv.exists() and resolv.is_relative_to("/run"):
        resolv.parent.mkdir(parents=True, exist_ok=True)
        resolv.touch()
    sources = {}
    for target, text in contents.items():
        source = folder / target.replace("/", "-").strip("-")
        source.write_text(text, encoding="utf-8")
        sources[target] = source
    for bundle in specification["bundles"]:
        sources[bundle] = Path(specification["trusted"])
    namespace.replace_files(sources)
    # Unprivileged pings (icmp(7)): many distributions allow them to everybody.
    with contextlib.suppress(OSError):
        Path("/proc/sys/net/ipv4/ping_group_range").write_text(
            f"{namespace.USER} {namespace.USER}", encoding="ascii"
        )
    with contextlib.suppress(OSError):  # 3: clients and servers (ip-sysctl, tcp_fastopen)
        Path("/proc/sys/net/ipv4/tcp_fastopen").write_text("3", encoding="ascii")


def _helpers(fakes: services.Services, folder: Path) -> dict[str, str]:
    """Start the programs of the user that run outside; return the variables that lead to them."""
    Path("/run/lab").mkdir()
    Path("/run/nscd").mkdir()
    fakes.listen_unix("/run/lab/helper.sock", "a program outside, by its unix socket in /run")
    fakes.listen_unix(
        "/run/nscd/socket",
        "the name service cache, by its unix socket",
        only="leak-name-service-cache",
    )
    fakes.listen_unix(str(folder / "helper.sock"), "a program outside, by its unix socket")
    fakes.listen_unix("\0lab-helper", "a program outside, by its abstract unix socket")
    fakes.read_fifo(str(folder / "helper.fifo"), "a program outside, by a named pipe")
    attempt = str(Path(__file__).with_name("attempt.py"))
    victim = subprocess.Popen(
        [sys.executable, "-I", attempt, "victim"], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert victim.stdout is not None
    described = victim.stdout.readline().decode().strip()
    _victims.append(victim)
    requests = folder / "requests"
    requests.mkdir()
    threading.Thread(target=_serve_requests, args=(fakes, requests), daemon=True).start()
    return {"LAB_VICTIM": described, "LAB_FOLDER": str(folder), "LAB_OUTSIDE": str(os.getpid())}


_victims: list[subprocess.Popen[bytes]] = []


def _serve_requests(fakes: services.Services, folder: Path) -> None:
    """Do what an accomplice outside would: listen at a port, or fetch from one.

    A request is a file ``listen-PORT``, ``fetch-PORT`` or ``unix-NAME``; when it is done there is
    ``done-PORT``.
    """
    while True:
        for request in list(folder.glob("[lfu]*-*")):
            kind, _, port = request.name.partition("-")
            if kind == "listen":
                fakes.listen(int(port), services.HOSTS["packages.other.test"][0])
            elif kind == "unix":
                path = str(folder.parent / port)
                fakes.listen_unix(path, "a program outside, by a unix socket made later")
            else:
                _fetch(fakes, int(port))
            request.unlink()
            (folder / f"done-{port}").touch()
        time.sleep(0.02)


def _fetch(fakes: services.Services, port: int) -> None:
    for address in ("127.0.0.1", services.HOSTS["packages.other.test"][0]):
        with (
            contextlib.suppress(OSError),
            socket.create_connection((address, port), 2) as connection,
        ):
            connection.settimeout(2)
            fakes.recorder.add("somebody who connects from outside", "", connection.recv(4096))
            return


def _run(command: dict[str, Any], environ: dict[str, str]) -> tuple[int, str]:
    """Run a command; return its exit code (-1: it did not end in time) and what it wrote.

    ``@LAB_VICTIM@`` and the like in its arguments stand for the variables of the helpers.
    """
    for name in ("LAB_VICTIM", "LAB_FOLDER", "LAB_OUTSIDE"):
        command["argv"] = [word.replace(f"@{name}@", environ[name]) for word in command["argv"]]
    timeout = command["timeout"]
    if command.get("typed") is not None:
        return _type(command, environ, timeout)
    passed = []
    opened = None
    if command.get("connection"):
        address = (services.HOSTS["packages.other.test"][0], 7777)
        opened = socket.create_connection(address)
        opened.sendall(services.VICTIM)
        passed.append(opened.fileno())
    process = subprocess.Popen(
        command["argv"],
        env=environ,
        cwd=command["cwd"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        pass_fds=passed,
    )
    chunks: list[bytes] = []
    assert process.stdout is not None
    output = process.stdout
    # What is left in the background may keep the pipe open: the end of the command counts.
    reader = threading.Thread(
        target=lambda: chunks.extend(iter(lambda: os.read(output.fileno(), 65536), b"")),
        daemon=True,
    )
    reader.start()
    try:
        code = process.wait(timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        code = -1
    if opened:
        opened.close()
    reader.join(1)
    return code, b"".join(chunks).decode(errors="replace")


def _type(command: dict[str, Any], environ: dict[str, str], timeout: float) -> tuple[int, str]:
    """Run a command at a terminal; type each text when the one that announces it has been seen."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(command["cwd"])
        os.execvpe(command["argv"][0], command["argv"], environ)
    output, searched = b"", 0
    steps = list(command["typed"])
    deadline = time.monotonic() + timeout
    code = -1
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError:  # the other side is gone
                chunk = b""
            if not chunk:
                _, status = os.waitpid(pid, 0)
                code = os.waitstatus_to_exitcode(status)
                break
            output += chunk
        if steps and (position := output.find(steps[0][0].encode(), searched)) >= 0:
            searched = position + len(steps[0][0])
            os.write(terminal, steps.pop(0)[1].encode())
    else:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    os.close(terminal)
    return code, output.decode(errors="replace")


def _descendants() -> list[int]:
    """Return our children that are not fakes; orphans are ours too."""
    fakes = {victim.pid for victim in _victims}
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if children.exists():
        listed = [int(pid) for pid in children.read_text(encoding="ascii").split()]
    else:  # a kernel without CONFIG_PROC_CHILDREN
        listed = []
        for status in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = status.read_text().rpartition(")")[2].split()
                if int(fields[1]) == os.getpid():
                    listed.append(int(status.parent.name))
    return [pid for pid in listed if pid not in fakes]


def _wait_for_descendants() -> int:
    """Wait until all that the commands left behind has ended; end the rest, and say how many."""
    deadline = time.monotonic() + LEFT_BEHIND
    ended = 0
    while _descendants():
        if time.monotonic() > deadline:
            for pid in _descendants():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
                    ended += 1
        for pid in _descendants():
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.02)
    for victim in _victims:
        victim.kill()
        victim.wait()
    return ended


if __name__ == "__main__":
    sys.exit(main())
