"""Proves the files of other build servers: by their schema, an auditor, and by running them.

The commands of every job are run word for word, in the order of the file, in a copy of the demo
package inside the practice shell. What the build server itself would do is played here: secrets
become practice tokens, and all jobs share one folder in the place of what they hand on.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from helpers.docs.blocks import Block
from helpers.docs.tutorial_runner import GuideReaders

SECRET = re.compile(r"\$\{\{ secrets\.(\w+) \}\}")
# Each kind of file: its suffix, the schema that it keeps, and where it stands in a repository.
KINDS = {
    ".workflow.yml": ("vendor.github-workflows", ".github/workflows/release.yml"),
    ".gitlab.yml": ("vendor.gitlab-ci", ".gitlab-ci.yml"),
    ".circle.yml": ("vendor.circle-ci", ".circleci/config.yml"),
}
START = """set -eo pipefail
test -d "$1" || python3 -m venv "$1"
. "$1/bin/activate"
TEST_PYPI_TOKEN="$(pypi-practice token new --index testpypi)"
PYPI_TOKEN="$(pypi-practice token new --index pypi)"
export TEST_PYPI_TOKEN PYPI_TOKEN
export GITHUB_REF_TYPE=branch GITHUB_REF_NAME=staging GITHUB_RUN_NUMBER=7 CI_PIPELINE_IID=7
"""


@dataclass
class Job:
    """The commands of one job, each with the environment that the file gives it.

    ``shared`` says whether one shell runs them all; ``is_trusted`` that it publishes without a
    token of its own.
    """

    commands: list[tuple[str, dict[str, str]]]
    shared: bool = False
    is_trusted: bool = False


def kind(block: Block) -> str | None:
    """Return the suffix of KINDS that the file has, or None if it is a .travis.yml."""
    return next((suffix for suffix in KINDS if block.name.endswith(suffix)), None)


def judge(block: Block, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Give the file to what refuses bad ones: its schema, and zizmor for those of GitHub."""
    suffix = kind(block)
    assert suffix is not None
    schema, name = KINDS[suffix]
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(block.file, file)
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, name]
    result = _run(command, tmp_path)
    if result.returncode == 0 and suffix == ".workflow.yml":
        # Offline, so that the verdict does not change while the file does not.
        zizmor = str(Path(sys.executable).with_name("zizmor"))
        result = _run([zizmor, "--offline", "--quiet", name], tmp_path)
    return result


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def run(
    block: Block, readers: GuideReaders, project: Path
) -> tuple[subprocess.CompletedProcess[str], str]:
    """Run the jobs of the file in *project*; return what they did, and what is published now."""
    reader = readers.reader(block.path.replace("/", "-"))
    commands = START + "".join(script(job) for job in jobs(block.file))
    # One environment for all files, because filling it is most of the time.
    result = reader.practice("bash", "-c", commands, "job", str(readers.base / "jobs"), cwd=project)
    return result, reader.practice("pypi-practice", "list").stdout


def jobs(file: Path) -> list[Job]:
    """Return the jobs of a file, in its order."""
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    if file.name.endswith(".gitlab.yml"):
        return [
            Job([(line, {}) for line in job["script"]], shared=True, is_trusted="id_tokens" in job)
            for job in content.values()
            if isinstance(job, dict) and "script" in job
        ]
    return [
        Job(_steps(job["steps"]), is_trusted="id-token" in job.get("permissions", {}))
        for job in content["jobs"].values()
    ]


def _steps(steps: list[Any]) -> list[tuple[str, dict[str, str]]]:
    commands = []
    for step in steps:
        if isinstance(step, str) or "run" not in step:
            continue  # an action, or a step of the build server's own
        run_step = step["run"]
        command = run_step["command"] if isinstance(run_step, dict) else run_step
        environ = (
            run_step.get("environment", {}) if isinstance(run_step, dict) else step.get("env", {})
        )
        commands.append((command, environ))
    return commands


def script(job: Job) -> str:
    """Return the job as lines of bash."""
    lines = ["("]
    for command, environ in job.commands:
        assert "${{" not in command, f"a command that GitHub would write anew: {command}"
        variables = {key: SECRET.sub(r"$\1", value) for key, value in environ.items()}
        if job.is_trusted and "twine upload" in command:
            # The index would ask the build server who runs this, and nothing here can answer.
            token = "TEST_PYPI_TOKEN" if "testpypi" in command else "PYPI_TOKEN"
            variables |= {"TWINE_PASSWORD": f"${token}"}
        exports = "".join(f'export {key}="{value}"; ' for key, value in variables.items())
        line = f"{exports}eval {shlex.quote(command)}"
        lines.append(line if job.shared else f"({line})")
    return "\n".join([*lines, ")"]) + "\n"
