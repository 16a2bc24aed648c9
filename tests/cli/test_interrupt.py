"""Ctrl-C ends a command cleanly, from its first line to its last.

Python reports what a program does as audit events: imports, files that are opened, folders that are
made. A command is run once to count them, and then interrupted at moments spread over them, so that
a moment is the same on a fast and on a slow computer.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.docs.blocks import ROOT
from helpers.processes import interrupt

from pypi_practice.core.i18n import Translator

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no signal to send")
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")

# Interrupts this process at the event whose number it is given, and says how many there were.
DRIVER = """
import os, signal, sys
moment, *arguments = sys.argv[1:]
seen = 0
def watch(event, details):
    global seen
    if os.getpid() != process:
        return
    seen += 1
    if seen == int(moment):
        os.kill(process, signal.SIGINT)
process = os.getpid()
from pypi_practice.cli import start
sys.addaudithook(watch)
sys.argv = ["pypi-practice", *arguments]
code = start.main()
if moment == "0":
    print(seen, file=sys.stderr)
sys.exit(code)
"""
MOMENTS = 20
COMMANDS = [
    ["list"],
    ["travis", "check"],
    ["travis", "plan", "."],
    ["doctor", "--offline", "--no-build"],
    ["explain", "build.log"],
]


def run(
    moment: int, arguments: list[str], place: Path, environ: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", DRIVER, str(moment), *arguments],
        cwd=place / "random-names",
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        # A test runner may have been started in the background, where Ctrl-C is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


@pytest.mark.long
@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_ctrl_c_is_clean_at_every_moment_of_a_command(arguments, tmp_path):
    project = tmp_path / "random-names"
    shutil.copytree(ROOT / "demo-package", project)
    (project / "build.log").write_text("HTTPError: 400 Bad Request\n")
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.org"]
    for command in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "x"]):
        subprocess.run(["git", "-C", str(project), *command], check=True)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environ = os.environ | {
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(temporary),
        "PYPI_PRACTICE_DATA": str(tmp_path / "data"),
        "LANGUAGE": "en",
    }
    environ.pop("PYPI_PRACTICE", None)
    result = run(0, arguments, tmp_path, environ)
    usual = result.returncode
    total = int(result.stderr.splitlines()[-1])
    assert total > 100
    for moment in range(1, total, max(1, total // MOMENTS)):
        result = run(moment, arguments, tmp_path, environ)
        # The last moments come after the work, when nothing is left to interrupt.
        allowed = (130,) if moment < total * 0.8 else (130, usual)
        assert result.returncode in allowed, (moment, total, result)
        assert "Traceback" not in result.stderr, (moment, total, result)
        assert "Exception ignored" not in result.stderr, (moment, total, result)
        assert list(temporary.iterdir()) == [], (moment, total)


def test_ctrl_c_stays_ignored_where_a_shell_ignores_it(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", DRIVER, "50", "list"],
        env=os.environ | {"PYTHONPATH": str(ROOT), "PYPI_PRACTICE_DATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
    )
    assert result.returncode == 0, result


BACKEND = """
import os, pathlib, subprocess
def build_sdist(*arguments):
    subprocess.Popen(["sleep", "601"], start_new_session=True)
    subprocess.run(["sleep", "600"])
"""
PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "demo"
version = "1.0"
"""


@LINUX
def test_ctrl_c_ends_a_build_of_doctor_and_leaves_nothing(tmp_path):
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    command = [sys.executable, "-m", "pypi_practice", "doctor", "--offline", "--no-isolation"]

    def begun(written: str, processes: list[str]) -> bool:
        return {"sleep 600 ", "sleep 601 "} <= set(processes)

    ended = interrupt(command, tmp_path, begun, cwd=folder)
    assert (ended.code, ended.processes, ended.files) == (130, [], [])
    assert "Traceback" not in ended.err


@LINUX
def test_ctrl_c_ends_the_pages_and_leaves_nothing(tmp_path):
    environ = {name: text for name, text in os.environ.items() if "PYPI_PRACTICE" not in name}
    command = [sys.executable, "-m", "pypi_practice", "web", "--data", str(tmp_path / "data")]

    def begun(written: str, processes: list[str]) -> bool:
        return "http://127.0.0.1:" in written

    ended = interrupt(command, tmp_path, begun, cwd=tmp_path, environ=environ)
    assert (ended.code, ended.processes, ended.files) == (130, [], [])
    assert ended.out.endswith(f"{Translator('en', 'index/web_pages')('stopped')}\n")
    assert ended.err == ""


@pytest.mark.parametrize("file", ["pyproject.toml", "pypi_practice/__main__.py"])
def test_the_program_starts_there(file):
    assert "pypi_practice.cli.start" in (ROOT / file).read_text(encoding="utf-8")
