"""The proof of the files of other build servers: what it runs, and what it refuses."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
import yaml
from helpers.docs import pipelines
from helpers.docs.blocks import ROOT, Block

EXAMPLES = ROOT / "examples"


@pytest.mark.parametrize("suffix", pipelines.KINDS)
def test_every_job_and_every_upload_of_a_file_is_found(suffix):
    jobs = pipelines.jobs(EXAMPLES / "other-ci" / f"release{suffix}")
    assert len(jobs) == 3
    commands = [[command for command, _ in job.commands] for job in jobs]
    assert "python -m build --no-isolation" in commands[0]
    assert ["twine upload" in " ".join(job_commands) for job_commands in commands] == [
        False,
        True,
        True,
    ]
    assert not any(job.is_trusted for job in jobs)


def test_a_secret_of_github_becomes_a_variable_of_its_command_alone():
    job = pipelines.jobs(EXAMPLES / "other-ci" / "release.workflow.yml")[1]
    assert [environ for _, environ in job.commands] == [
        {},
        {"TWINE_PASSWORD": "${{ secrets.TEST_PYPI_TOKEN }}"},
    ]
    assert 'export TWINE_PASSWORD="$TEST_PYPI_TOKEN"' in pipelines.script(job)


@pytest.mark.parametrize("suffix", [".workflow.yml", ".gitlab.yml"])
def test_a_job_that_proves_who_it_is_is_known(suffix):
    jobs = pipelines.jobs(EXAMPLES / "trusted" / f"release{suffix}")
    assert [job.is_trusted for job in jobs] == [False, True, True]


@pytest.mark.parametrize(
    ("suffix", "good", "bad"),
    [
        (".workflow.yml", "runs-on: ubuntu-latest", "run-on: ubuntu-latest"),
        (".workflow.yml", "environment: pypi", "continue-on-error: perhaps"),
        (".workflow.yml", "@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7"),
        (".gitlab.yml", "    paths: [dist/]", "    path: [dist/]"),
        (".circle.yml", "requires: [build]", "requires: 3"),
    ],
)
def test_a_bad_file_is_refused(suffix, good, bad, tmp_path):
    text = (EXAMPLES / "other-ci" / f"release{suffix}").read_text(encoding="utf-8")
    assert good in text
    for name, content, code in (("good", text, True), ("bad", text.replace(good, bad), False)):
        file = tmp_path / f"{name}{suffix}"
        file.write_text(content, encoding="utf-8")
        result = pipelines.judge(Block("howto/other-ci", str(file), ()), tmp_path)
        assert (result.returncode == 0) is code, f"{name}: {result.stdout}"


@pytest.mark.parametrize("name", ["release.workflow.yml", "release.gitlab.yml"])
@pytest.mark.parametrize(("tag", "passes"), [("v0.1.0", True), ("v0.2.0", False)])
def test_a_tag_must_be_the_version_before_anything_is_built(name, tag, passes, tmp_path):
    """With Trusted Publishing too: the first command of the first job compares them."""
    first = pipelines.jobs(ROOT / "examples" / "trusted" / name)[0].commands[0][0]
    shutil.copy(ROOT / "demo-package" / "pyproject.toml", tmp_path)
    environ = {"PATH": os.environ["PATH"], "GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": tag}
    result = subprocess.run(
        ["bash", "-ec", first], cwd=tmp_path, env=environ | {"CI_COMMIT_TAG": tag}, check=False
    )
    assert (result.returncode == 0) is passes


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*/release.*.yml")), ids=str)
def test_only_the_upload_can_see_a_secret_and_every_tool_is_locked(file):
    """The first job, which builds and tests, names no secret; the others run twine alone."""
    jobs = pipelines.jobs(file)
    builds, *publishes = jobs
    assert not any("TOKEN" in f"{command}{environ}" for command, environ in builds.commands)
    locked = "python -m pip install --require-hashes -r publish.txt"
    for job in jobs:
        installs = [command for command, _ in job.commands if "pip install" in command]
        assert installs[0] == locked
        assert all(
            "--no-build-isolation ." in command or "dist/" in command for command in installs[1:]
        )
    assert any(command == "python -m build --no-isolation" for command, _ in builds.commands)
    for job in publishes:
        commands = [command for command, _ in job.commands]
        assert commands[0] == locked
        assert "twine upload" in commands[-1]
        assert not any(environ for _, environ in job.commands[:-1])
        assert not any(re.search(r"setup\.py|-m build|unittest", command) for command in commands)


@pytest.mark.parametrize("name", ["release.workflow.yml", "release.gitlab.yml"])
@pytest.mark.parametrize("folder", ["other-ci", "trusted"])
def test_each_publishing_job_has_an_environment_of_its_own(folder, name):
    """By its environment GitHub and GitLab decide which job gets a secret."""
    content = yaml.safe_load((EXAMPLES / folder / name).read_text(encoding="utf-8"))
    jobs = content.get("jobs", content)
    assert {key: jobs[key].get("environment") for key in ("build", "testpypi", "pypi")} == {
        "build": None,
        "testpypi": "testpypi",
        "pypi": "pypi",
    }
