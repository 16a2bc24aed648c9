"""``make.py``: what it installs, when, and what it says if that fails."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.docs.blocks import ROOT

import make

PYPROJECT = """\
[build-system]
requires = ["setuptools"]

[project]
name = "example"

[tool.setuptools]
packages = []
"""


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is installed, in a project that has a lock file for each environment."""
    result: list[str] = []
    (tmp_path / "requirements").mkdir()
    for name in make.ENVIRONMENTS:
        (tmp_path / make.lock(name)).write_text(f"{name}==1.0\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    venv = tmp_path / ".venv"
    for name, value in {"ROOT": tmp_path, "VENV": venv, "STAMP": venv / "installed.json"}.items():
        monkeypatch.setattr(make, name, str(value))

    def make_environment() -> None:
        result.append("environment")
        Path(make.python()).parent.mkdir(parents=True, exist_ok=True)
        Path(make.python()).touch()

    monkeypatch.setattr(make, "make_environment", make_environment)
    monkeypatch.setattr(make, "install_packages", result.append)
    monkeypatch.setattr(make, "set_up", lambda failed, *arguments: result.append("project"))
    return result


def test_each_command_installs_what_it_needs_once(steps: list[str]) -> None:
    for _ in range(2):
        make.install("serve")
    assert steps == ["environment", "requirements/serve.txt"]
    for _ in range(2):
        make.install("test")
    assert steps[2:] == ["requirements/test.txt", "project"]
    make.install("site")
    assert len(steps) == 4


@pytest.mark.parametrize("file", ["pyproject.toml", "requirements/test.txt"])
def test_a_comment_installs_nothing(file: str, steps: list[str]) -> None:
    make.install("test")
    path = Path(make.ROOT, file)
    path.write_text(f"# a comment\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    before = len(steps)
    make.install("test")
    assert len(steps) == before


def test_only_what_changed_is_installed_again(steps: list[str]) -> None:
    make.install("test")
    path = Path(make.ROOT, "pyproject.toml")
    path.write_text(PYPROJECT.replace("example", "other"), encoding="utf-8")
    steps.clear()
    make.install("test")
    assert steps == ["project"]
    Path(make.ROOT, make.lock("test")).write_text("test==2.0\n", encoding="utf-8")
    steps.clear()
    make.install("test")
    assert steps == ["environment", "requirements/test.txt", "project"]


@pytest.mark.parametrize("environment", ["serve", "test"])
def test_nothing_stays_of_what_a_lock_file_has_ceased_to_list(
    environment: str, steps: list[str]
) -> None:
    make.install("serve")
    make.install("test")
    Path(make.ROOT, make.lock("test")).write_text("other==1.0\n", encoding="utf-8")
    steps.clear()
    # What serving needs is there; the rest goes when the environment that changed is asked for.
    make.install("serve")
    assert steps == []
    make.install("test")
    assert steps == ["environment", "requirements/test.txt", "project"]
    # The new .venv holds what "test" needs, and so what "serve" needs.
    make.install(environment)
    assert len(steps) == 3


def test_what_was_interrupted_begins_anew(steps: list[str]) -> None:
    make.install("serve")
    Path(make.STAMP).write_text("{", encoding="utf-8")
    steps.clear()
    make.install("serve")
    assert steps == ["environment", "requirements/serve.txt"]


def test_a_folder_that_cannot_be_made_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(make, "VENV", str(tmp_path / "file" / ".venv"))
    with pytest.raises(SystemExit, match="cannot be made: Not a directory"):
        make.make_environment()


def test_a_step_that_fails_shows_what_it_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        make.set_up("no_install", "-c", "print('no network'); raise SystemExit(3)")
    assert stop.value.code == make.say("no_install")
    assert "no network" in capsys.readouterr().out


def test_an_interrupted_step_ends_in_one_sentence() -> None:
    code = (
        "import make, os, signal; make.set_up('no_install', '-c',"
        " 'import os, signal; os.kill(os.getppid(), signal.SIGINT); print(1, flush=True)')"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "LANG": "es_ES.UTF-8", "LC_ALL": "", "LANGUAGE": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 130
    assert (
        result.stdout.strip()
        == json.loads((ROOT / "scripts" / "make.yml").read_text(encoding="utf-8"))["interrupted"][
            "es"
        ]
    )
    assert result.stderr == ""


# Writes what pip prints of two packages.
PIP = "print('Collecting one==1 (from -r x)'); print('Collecting two==2')"


def test_a_terminal_shows_progress_and_a_file_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("one==1\ntwo==2\n", encoding="utf-8")
    code = (
        "import make; real = make.set_up;"
        f"make.set_up = lambda failed, *rest, **options: real(failed, '-c', {PIP!r}, **options);"
        f"make.install_packages({str(lock)!r})"
    )
    command = [sys.executable, "-c", code]
    plain = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert plain.stdout == ""
    ours, theirs = pty.openpty()
    subprocess.run(command, cwd=ROOT, stdout=theirs, check=True)
    os.close(theirs)
    shown = os.read(ours, 4000).decode()
    os.close(ours)
    assert "[###############...............] 1/2 one" in shown
    assert "[##############################] 2/2 two" in shown


@pytest.mark.long
def test_what_serving_installs_is_enough_to_build_the_pages(
    tmp_path: Path, small_sources: Path
) -> None:
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    python = str(environment / "bin" / "python")
    lock = str(ROOT / make.lock("serve"))
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", lock],
        check=True,
    )
    code = "from pathlib import Path; from site_builder.build import build_pages as b; b(Path('x'))"
    subprocess.run([python, "-c", code], cwd=small_sources, check=True)
    assert (small_sources / "x" / "es" / "practice" / "index.html").is_file()
