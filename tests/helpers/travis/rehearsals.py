"""What the tests of ``travis`` share: repositories, and one job played in this environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import loader
from pypi_practice.travis.config.yaml_positions import Node, parse
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event, Variable
from pypi_practice.travis.run.job import process, script
from pypi_practice.travis.run.log import COLOUR, MARK

DEMO = Path(__file__).parents[3] / "demo-package"
EN = Translator("en", "travis/messages")


MAIN, STAGING, TAG = Event("main"), Event("staging"), Event("main", tag="v1.0.0")


COMMAND = [sys.executable, "-m", "pypi_practice"]


def seen(log: str) -> str:
    """Return a log without its marks and colours."""
    return COLOUR.sub("", MARK.sub("", log))


def play(tmp_path: Path, text: str, event: Event = MAIN, *variables: Variable) -> tuple[int, str]:
    """Run the one job of *text* as a rehearsal does, in the environment of the tests."""
    (tmp_path / ".travis.yml").write_text(text, encoding="utf-8")
    plan = planner.make(loader.read(tmp_path, EN), event, variables, 1, EN)
    (job,) = (job for stage in plan.stages for job in stage.jobs)
    file = tmp_path / "job.bash"
    file.write_text(script.write(job, str(Path(sys.prefix, "bin", "activate")), EN), "utf-8")
    inner = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), **job.environ}
    inner |= {variable.name: variable.value for variable in job.variables}
    inner["REHEARSAL_DEPLOYED"] = str(tmp_path / "deployed")
    lines: list[str] = []
    code = process.stream(["bash", str(file)], tmp_path, inner, lines.append, job.variables)
    return code, seen("\n".join(lines))


def node(text: str) -> Node:
    """Return what a .travis.yml that is not empty holds."""
    root = parse(text)
    assert root is not None
    return root


def git(folder: Path, *arguments: str) -> None:
    """Run git as a person with a name."""
    name = ("-c", "user.name=Y", "-c", "user.email=y@example.com")
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


def project(folder: Path, text: str | None = None) -> Path:
    """Make a git repository with one commit: of *folder* with this .travis.yml, or of the demo."""
    if text is None:
        shutil.copytree(DEMO, folder, ignore=shutil.ignore_patterns("*.egg-info", "__pyc*"))
    else:
        folder.mkdir(exist_ok=True)
        (folder / ".travis.yml").write_text(text, encoding="utf-8")
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Start")
    return folder
