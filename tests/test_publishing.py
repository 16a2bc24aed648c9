"""This project's own .travis.yml keeps the rules of the guide, and publishes what is whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import system
import yaml
from blocks import ROOT

from pypi_practice.cli import main
from pypi_practice.travis import config, plan
from pypi_practice.travis.plan import Event, Variable
from pypi_practice.words import Words

FILE = ROOT / ".travis.yml"
EN = Words("en", "travis")
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
# The repository variables of CONTRIBUTING.md, each limited to the branch that needs it.
VARIABLES = ["PAGES_TOKEN@main", "TEST_PYPI_TOKEN@staging", "PYPI_TOKEN"]


def made(event: Event) -> list[plan.Job]:
    """Return the jobs that a build of *event* has here."""
    variables = []
    for text in VARIABLES:
        name, _, branch = text.partition("@")
        variables.append(Variable(name, "secret", branch or None))
    found = plan.make(config.read(ROOT, EN), event, variables, 1, EN)
    return [job for stage in found.stages if stage.runs for job in stage.jobs]


def test_the_check_finds_nothing_to_mend(capsys):
    variables = [part for name in VARIABLES for part in ("--var", name)]
    assert main(["--lang", "en", "travis", "check", str(FILE), *variables]) == 0
    assert capsys.readouterr().out.strip().endswith("nothing to mend.")


@pytest.mark.parametrize(
    ("file", "schema"), [(".travis.yml", "travis"), (".readthedocs.yaml", "readthedocs")]
)
def test_the_schema_accepts_it(file, schema):
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", file],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("event", "published", "secrets"),
    [
        (Event("main"), ["pages"], {"PAGES_TOKEN"}),
        (Event("staging"), ["script"], {"TEST_PYPI_TOKEN"}),
        (Event("main", tag=f"v{VERSION}"), ["script"], set()),
        (Event("another"), [], set()),
        (Event("main", tag="nightly"), [], set()),
        (Event("main", kind="cron"), [], {"PAGES_TOKEN"}),
        (Event("main", pull_request=True, from_fork=True), [], None),
        (Event("staging", pull_request=True, from_fork=True), [], None),
        (Event("main", pull_request=True), [], {"PAGES_TOKEN"}),
    ],
    ids=str,
)
def test_each_event_publishes_what_it_should(event, published, secrets):
    """The tests come first and use no secret, and a fork sees none at all."""
    jobs = made(event)
    assert jobs[0].stage == "test"
    assert [one.provider for job in jobs for one in job.deploys] == published
    assert len(jobs) == 1 + len(published)
    for job in jobs:
        seen = {variable.name for variable in job.variables}
        assert seen == (set() if secrets is None else secrets | {"PYPI_TOKEN"})
        assert job.stage != "test" or not re.search(r"TOKEN", str(job.config))


def test_the_site_is_published_as_its_page_says():
    page = yaml.safe_load((ROOT / "examples" / "site" / "pages.yml").read_text(encoding="utf-8"))
    here = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    job = next(one for one in here["jobs"]["include"] if one["stage"] == "site")
    theirs = next(one for one in page["jobs"]["include"] if one["stage"] == "site")
    assert {**job, "name": None} == {**theirs, "name": None}
    assert page["stages"][1] == here["stages"][1]


def test_the_test_job_has_what_the_tests_need():
    job = yaml.safe_load(FILE.read_text(encoding="utf-8"))["jobs"]["include"][0]
    assert job["addons"]["apt"]["packages"] == system.spelling()
    assert job["script"] == "make test"


@pytest.mark.parametrize(
    ("tag", "said"),
    [(f"v{VERSION}", ""), ("v99.0.0", f"The tag is v99.0.0, the version {VERSION}")],
)
def test_a_tag_that_is_not_the_version_publishes_nothing(tag, said):
    job = next(job for job in made(Event("main", tag=tag)) if job.stage == "pypi")
    compared, _, rest = job.phase("script")[0].partition(" && ")
    assert rest == "python -m build && python -m twine check --strict dist/*"
    done = subprocess.run(
        ["bash", "-c", compared], cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "TRAVIS_TAG": tag,
             "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
    )  # fmt: skip
    assert (done.returncode, done.stderr.strip()) == (int(bool(said)), said)


def test_read_the_docs_builds_the_site():
    (command,) = yaml.safe_load((ROOT / ".readthedocs.yaml").read_text(encoding="utf-8"))["build"][
        "commands"
    ]
    # These tests may be run by make itself, which tells another make that it is not the first.
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MAKE")}
    environ = {**kept, "READTHEDOCS_OUTPUT": "/out", "READTHEDOCS_CANONICAL_URL": "https://x"}
    command = command.replace("make site", "make --dry-run site")
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, env=environ, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().endswith("make.py site --site-dir /out/html")
