"""Hostile repositories and folders start nothing, hang nothing, and steer no terminal."""

from __future__ import annotations

import gc
import itertools
import os
import re
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from helpers.hostile.repositories import MAKERS, Maker, git

from pypi_practice.cli.main import main
from pypi_practice.doctor.project import Project
from pypi_practice.git import git_command, safe_reader

COMMANDS = {
    "plan": ["travis", "plan", "DIR"],
    "matrix": ["travis", "plan", "DIR", "--matrix"],
    "dry-run": ["travis", "run", "DIR", "--dry-run"],
    "check": ["travis", "check", "DIR"],
    "doctor": ["doctor", "DIR", "--offline", "--no-build"],
    "doctor-json": ["doctor", "DIR", "--offline", "--no-build", "--json"],
    "fork": [
        "fork",
        "DIR",
        "--name",
        "tidy",
        "--author",
        "A",
        "--email",
        "a@example.com",
        "--user",
        "a",
        "--yes",
        "--offline",
    ],
}
STEERING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
SLOWER = 10  # times; what a hostile repository may need more than a good one
_audited: list[list[str]] = []
_auditing = False


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _auditing and event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
        _audited.append([str(arguments[0]), *map(str, arguments[1] if len(arguments) > 1 else ())])


sys.addaudithook(_audit)  # it cannot be removed again, so it is switched on and off


@contextmanager
def audit() -> Iterator[list[list[str]]]:
    """Collect the programs that are started."""
    global _auditing  # noqa: PLW0603
    _audited.clear()
    _auditing = True
    try:
        yield _audited
    finally:
        _auditing = False


def run(name: str, folder: Path, language: str = "en") -> tuple[int, float]:
    """Run a command in this process; return its exit code and the seconds of processor time.

    What other programs do on this machine meanwhile does not count.
    """
    arguments = [str(folder) if word == "DIR" else word for word in COMMANDS[name]]
    gc.collect()  # what other tests left is not collected at this command's expense
    start = processor_time()
    code = main([*arguments, "--lang", language])
    return code, processor_time() - start


def processor_time() -> float:
    """Return the seconds that this process and the ended ones that it started have computed."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, float]:
    """How long each command takes for the same project with nothing hostile in it."""
    maker = Maker(tmp_path_factory.mktemp("good"))
    demo = Path(__file__).parents[2] / "demo-package"
    for path in demo.iterdir():
        if path.is_file():
            shutil.copy(path, maker.folder)
    maker.commit()
    seconds = {}
    for name in COMMANDS:
        run(name, maker.folder)  # what is loaded once is loaded
        seconds[name] = max(run(name, maker.folder)[1] for _ in range(3))
    return seconds


@pytest.mark.long
@pytest.mark.parametrize("kind", MAKERS)
def test_nothing_starts_nothing_hangs_nothing_steers(kind, good, tmp_path, capsys, monkeypatch):
    maker = Maker(tmp_path)
    MAKERS[kind](maker)
    maker.marker.unlink(missing_ok=True)
    for name, value in maker.environ.items():
        monkeypatch.setenv(name, value)
    before = sorted(os.walk(maker.folder))
    if maker.environ:
        monkeypatch.chdir(maker.folder)
    git_path = git_command.program()
    capsys.readouterr()
    for name, language in itertools.product(COMMANDS, ("en", "es")):
        with audit() as started:
            code, seconds = run(name, maker.folder, language)
        captured = capsys.readouterr()
        assert code in (0, 1, 2), name
        assert {program for program, *_ in started} <= {git_path}, name
        assert not maker.marker.exists(), (name, maker.marker.read_text())
        assert STEERING.search(captured.out + captured.err) is None, (name, captured)
        assert "Traceback" not in captured.out + captured.err
        for _ in range(3):  # caches of the processor are shared with other programs
            if seconds > SLOWER * good[name]:
                seconds = run(name, maker.folder, language)[1]
                capsys.readouterr()
        assert seconds <= SLOWER * good[name], name
    assert sorted(os.walk(maker.folder)) == before


def test_the_traps_work(tmp_path):
    """What would be started by git itself: else the test above would prove nothing."""
    for kind in ("fsmonitor", "filters", "included", "a_submodule_with_a_monitor", "hooks"):
        (tmp_path / kind).mkdir()
        maker = Maker(tmp_path / kind)
        MAKERS[kind](maker)
        maker.marker.unlink(missing_ok=True)
        status = ["git", "status", "--porcelain"]
        subprocess.run(status, cwd=maker.folder, check=False, capture_output=True)
        assert maker.marker.exists(), kind


@pytest.mark.parametrize("kind", ["filters", "hooks", "process_filter", "included"])
def test_doctor_starts_only_git_until_it_builds(kind, tmp_path):
    maker = Maker(tmp_path)
    MAKERS[kind](maker)
    maker.marker.unlink(missing_ok=True)
    project = Project(maker.folder, online=False, isolated=False)
    try:
        with audit() as started:
            assert project.unbuilt == ""
    finally:
        project.close()
    build = next(at for at, command in enumerate(started) if "build" in command)
    assert {program for program, *_ in started[:build]} == {git_command.program()}
    assert not maker.marker.exists()


def test_a_bare_repository_and_a_linked_work_tree_are_read(tmp_path, capsys):
    maker = Maker(tmp_path)
    git(maker.folder, "worktree", "add", "--quiet", "-b", "other", str(tmp_path / "linked"))
    git(tmp_path, "clone", "--quiet", "--bare", str(maker.folder), str(tmp_path / "bare"))
    for name in ("linked", "bare"):
        assert run("plan", tmp_path / name)[0] == 0, capsys.readouterr().err
    (tmp_path / "linked" / "README.md").write_text("changed")
    capsys.readouterr()
    run("plan", tmp_path / "linked")
    assert "README.md" in capsys.readouterr().out


def test_a_repository_of_sha256_is_read(tmp_path, capsys):
    git(tmp_path, "init", "--quiet", "--object-format=sha256", "-b", "main", "new")
    shutil.copy(Maker(tmp_path).folder / ".travis.yml", tmp_path / "new")
    git(tmp_path / "new", "add", ".")
    git(tmp_path / "new", "commit", "--quiet", "--message", "Start")
    assert run("plan", tmp_path / "new")[0] == 0, capsys.readouterr().err
    assert run("doctor", tmp_path / "new")[0] in (1, 2)


def test_files_are_listed_as_git_lists_them(tmp_path, monkeypatch):
    """Ignored by the project, by its .git/info/exclude, and by the user; changed, or new."""
    maker = Maker(tmp_path)
    home = tmp_path / "home"
    (home / ".config" / "git").mkdir(parents=True)
    (home / ".config" / "git" / "ignore").write_text("users\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    maker.write(".gitignore", "projects\n")
    maker.commit()
    (maker.folder / ".git" / "info").mkdir(exist_ok=True)
    (maker.folder / ".git" / "info" / "exclude").write_text("own\n")
    for name in ("projects", "own", "users", "new", "README.md", "ñ"):
        maker.write(name, "x")
    git(maker.folder, "rm", "--quiet", "--cached", "src/tidy_shelf/__init__.py")
    listed = git(maker.folder, "status", "--porcelain", "-z").split("\0")
    # The helper strips the output, so the first entry has lost a space.
    expected = sorted(entry[2:].lstrip() for entry in [f" {listed[0]}", *listed[1:]] if entry)
    assert sorted(safe_reader.Repository(maker.folder).uncommitted(untracked=True)) == expected
    assert "users" not in expected


def test_a_change_that_only_the_time_of_the_index_tells_is_seen(tmp_path):
    """Of the same length, in the same moment: git then looks into files as old as the index."""
    maker = Maker(tmp_path)
    git(maker.folder, "config", "core.trustctime", "false")
    maker.write("README.md", "y")
    path, index = maker.folder / "README.md", maker.folder / ".git" / "index"
    os.utime(path, (1_700_000_000, 1_700_000_000))
    git(maker.folder, "add", "README.md")
    git(maker.folder, "commit", "--quiet", "--message", "y")
    maker.write("README.md", "z")
    os.utime(path, (1_700_000_000, 1_700_000_000))
    os.utime(index, (1_700_000_000, 1_700_000_000))
    assert safe_reader.Repository(maker.folder).uncommitted(untracked=False) == ["README.md"]


@pytest.mark.parametrize("first", [".", "", "bin"])
def test_a_git_in_the_present_folder_is_not_taken(first, tmp_path, capsys, monkeypatch):
    maker = Maker(tmp_path)
    for folder in (maker.folder, maker.folder / "bin"):
        folder.mkdir(exist_ok=True)
        (folder / "git").write_bytes(maker.trap.read_bytes())
        (folder / "git").chmod(0o755)
    expected = git_command.program()
    monkeypatch.chdir(maker.folder)
    monkeypatch.setenv("PATH", f"{first}{os.pathsep}{os.environ['PATH']}")
    assert git_command.program() == expected
    assert run("plan", Path())[0] == 0, capsys.readouterr().err
    monkeypatch.setenv("PATH", first)
    assert run("plan", Path())[0] == 2
    assert "git is not on this computer" in capsys.readouterr().err
    assert not maker.marker.exists()


def test_the_temporary_folder_goes(tmp_path):
    repository = safe_reader.Repository(Maker(tmp_path).folder)
    own = repository.own
    assert own.is_dir()
    del repository
    assert not own.exists()
