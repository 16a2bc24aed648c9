"""The numbers in the table of the page explanation/ready-file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from helpers.docs import proofs
from helpers.docs.blocks import ROOT

from pypi_practice.core.i18n import Translator
from pypi_practice.travis.plan.plan_types import Event, Variable
from pypi_practice.travis.run import repository
from site_builder.pages import tables

DATA = ROOT / "docs" / "data" / "tables" / "ready_file.yml"
HEAD = """# How many jobs of the ready file each event starts, and how many files are uploaded.
# Written by make refresh ARGS=tests/site/pages/test_ready_file.py: jobs as planned, uploads as
# rehearsed.
"""
READY = ROOT / "demo-package" / ".travis.yml"
ARTICLE = ROOT / "tests" / "fixtures" / "travis" / "article.yml"
# A change is pushed to a branch of its own, for which there is a pull request: two events.
EVENTS = {
    "change": (Event("change"), Event("main", pull_request=True)),
    "main": (Event("main"),),
    "staging": (Event("staging"),),
    "tag": (Event("main", tag="v0.1.1"),),
}
# What the readers' rehearsals of the ready file have uploaded: captured on other pages.
CAPTURED = {"staging": "release/rehearse.out", "tag": "pypi/rehearse.out"}
WORDS = Translator("en", "travis/messages")


def uploaded(log: str) -> list[str]:
    """Return the names of the files that a rehearsal says it has uploaded."""
    lines = re.findall(r"published (.+) to (?:TestPyPI|PyPI) \(practice\)", log)
    return [name for line in lines for name in line.split(", ")]


def planned(place: Path, events: tuple[Event, ...]) -> tuple[int, bool]:
    """Return how many jobs *events* start, and whether one of their deploys publishes."""
    from pypi_practice.travis.plan.deploy_decision import decide

    variables = [Variable("TEST_PYPI_TOKEN", "x", "staging"), Variable("PYPI_TOKEN", "x")]
    count, publishes = 0, False
    for event in events:
        repo, _ = repository.find(place, None, None, WORDS)
        plan, _ = repository.plan(repo, event, variables, WORDS)
        for stage in plan.stages if plan.runs else []:
            for job in stage.jobs if stage.runs else []:
                count += 1
                publishes |= any(decide(job, deploy, WORDS).runs for deploy in job.deploys)
    return count, publishes


def test_the_table_says_what_was_planned_and_rehearsed(tmp_path, request):
    """The uploads are those of the rehearsals on the pages of the tutorial."""
    place = proofs.project(tmp_path / "ready", READY)
    today: dict[str, dict[str, int]] = {}
    for event, played in EVENTS.items():
        jobs, publishes = planned(place, played)
        files: list[str] = []
        if publishes:
            captured = ROOT / "examples" / CAPTURED[event]
            files = uploaded(captured.read_text(encoding="utf-8"))
        assert bool(files) is publishes, event
        today[event] = {"jobs": jobs, "files": len(files)}
    if request.config.getoption("update_examples"):
        DATA.write_text(HEAD + yaml.safe_dump(today, sort_keys=False), encoding="utf-8")
    assert yaml.safe_load(DATA.read_text(encoding="utf-8")) == today


def test_the_file_of_the_article_publishes_nothing_today(guide_readers, tmp_path):
    """Its deploy runs in a job whose Python get-pip.py refuses."""
    place = proofs.project(tmp_path / "article", ARTICLE)
    assert planned(place, EVENTS["staging"]) == (2, True)
    token = 'export TEST_PYPI_TOKEN="$(pypi-practice token new --index testpypi)"'
    run = "pypi-practice travis run . --branch staging --var TEST_PYPI_TOKEN"
    reader = guide_readers.reader("ready-file")
    log = reader.practice("bash", "-c", f"{token}; {run}", cwd=place).stdout
    assert "This script does not work on Python 3.6" in log
    assert uploaded(log) == []


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_table_adds_up(language):
    rows = [
        line.strip("| ").split(" | ")
        for line in tables.write("ready_file", language).splitlines()[2:]
    ]
    assert len(rows) == len(EVENTS) + 1
    for column in (1, 2):
        numbers = [int(row[column].strip("*")) for row in rows]
        assert sum(numbers[:-1]) == numbers[-1]
