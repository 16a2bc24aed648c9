"""How quick a rehearsal is: ``travis check`` and ``travis plan``, start-up included, and a job.

Run it with: python benchmarks/travis.py
Each time is the middle one of several, in seconds, beside what it is a multiple of in the same run:
for the commands, starting Python to do nothing; for what a rehearsal does, how it is done without
its means. Ends with 1 if a command takes half a second or more.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pypi_practice import practice_index

ROOT = Path(__file__).resolve().parents[1]
RUNS = 7
FEW = 3
LIMIT = 0.5  # seconds
TRAVIS = [sys.executable, "-m", "pypi_practice", "travis"]
COMMANDS = (
    ["check", "."],
    ["plan", ".", "--branch", "staging"],
    ["plan", ".", "--tag", "v0.1.0", "--json"],
    ["plan", ".", "--matrix"],
)


def call(*command: str, cwd: Path, environ: Mapping[str, str] = os.environ) -> None:
    """Run a command and keep what it says to itself."""
    subprocess.run(command, cwd=cwd, env=dict(environ), check=True, capture_output=True)


def middle(action: Callable[[], None], runs: int) -> float:
    """Return the middle time of several runs."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return sorted(times)[runs // 2]


def line(name: str, took: float, base: float, unit: str) -> None:
    """Print one time and its ratio."""
    print(f"{took:7.2f} s  {took / base:6.2f} x {unit:<22}  {name}", flush=True)


def repository(folder: Path) -> Path:
    """Make the demo package a repository with one commit and a tag."""
    project = folder / "random-names"
    shutil.copytree(ROOT / "demo-package", project)
    name = ["-c", "user.name=Y", "-c", "user.email=y@example.com"]
    for git in (
        ["init", "-q", "-b", "staging"],
        ["add", "."],
        [*name, "commit", "-qm", "x"],
        ["tag", "v0.1.0"],
    ):
        call("git", *git, cwd=project)
    return project


def commands(project: Path) -> bool:
    """Measure check and plan; return whether all are quick enough."""
    bare = middle(lambda: call(sys.executable, "-c", "pass", cwd=project), RUNS)
    line("python -c pass", bare, bare, "python -c pass")
    good = True
    for command in COMMANDS:
        took = middle(functools.partial(call, *TRAVIS, *command, cwd=project), RUNS)
        line(f"travis {' '.join(command)}", took, bare, "python -c pass")
        good &= took < LIMIT
    return good


def environments(folder: Path) -> None:
    """Measure the clean environment of a job: as it was made, and as it is made."""
    place = folder / "environment"

    def creation(*command: str) -> Callable[[], None]:
        def make() -> None:
            shutil.rmtree(place, ignore_errors=True)
            call(sys.executable, "-m", *command, str(place), cwd=folder)

        return make

    data = str(folder / "virtualenv")
    quick = creation("virtualenv", "--quiet", "--no-periodic-update", "--app-data", data)
    quick()
    slow = middle(creation("venv"), FEW)
    line("python -m venv", slow, slow, "python -m venv")
    line("python -m virtualenv", middle(quick, FEW), slow, "python -m venv")


def rehearsals(project: Path, folder: Path) -> None:
    """Measure a whole rehearsal of the demo package: the first of a day, and the next."""
    with practice_index(folder / "index", upstream=True) as index:
        environ = {
            **index.environ,
            "TEST_PYPI_TOKEN": index.token("testpypi"),
            "PYPI_PRACTICE_CACHE": str(folder / "cache"),
        }
        variable = ["--var", "TEST_PYPI_TOKEN@staging"]

        def rehearse() -> None:
            call(
                *TRAVIS, "run", ".", "--branch", "staging", *variable, cwd=project, environ=environ
            )

        first = middle(rehearse, 1)
        line("travis run, first of a day", first, first, "the first of a day")
        line("travis run, again", middle(rehearse, FEW), first, "the first of a day")


def main() -> int:
    """Print all times; return the exit code."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project = repository(folder)
        good = commands(project)
        environments(folder)
        rehearsals(project, folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
