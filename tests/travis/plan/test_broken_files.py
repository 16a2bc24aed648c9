"""The demo package's .travis.yml, and more than twenty ways to break it: caught and explained."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.docs.blocks import ROOT
from helpers.travis.broken_files import (
    MAIN,
    STAGING,
    TAG,
    TEXT,
    Ready,
    Variant,
    publishing,
    variants,
)
from helpers.travis.rehearsals import git, project, seen

from pypi_practice import practice_index
from pypi_practice.cli.travis import _variable
from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.travis.check import checker
from pypi_practice.travis.plan.plan_types import Event, Variable
from pypi_practice.travis.run import plan_report, repository

pytestmark = pytest.mark.long

EN = Translator("en", "travis/messages")
VARIANTS = list(variants())
READY = ("TEST_PYPI_TOKEN@staging", "PYPI_TOKEN")


def names(variables: tuple[str, ...]) -> list[Variable]:
    """Return the variables that ``--var`` says."""
    return [_variable(variable, EN, dry_run=True) for variable in variables]


def event(arguments: tuple[str, ...]) -> Event:
    """Return the event that these arguments stand for."""
    option, name = arguments
    return Event(name) if option == "--branch" else Event("main", tag=name)


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """The demo package in a repository of its own, with its branches and a tag."""
    folder = project(tmp_path_factory.mktemp("demo") / "random-names")
    git(folder, "branch", "staging")
    git(folder, "tag", "v0.1.0")
    return folder


@pytest.fixture
def written(demo):
    """Commit a .travis.yml to the demo package, on main, on staging and with the tag."""

    def write(text: str, version: str = "") -> Path:
        (demo / ".travis.yml").write_text(text, encoding="utf-8")
        if version:
            about = demo / "pyproject.toml"
            new = re.sub(
                r'(?m)^version = ".*"$', f'version = "{version}"', about.read_text("utf-8")
            )
            assert version in new
            about.write_text(new, encoding="utf-8")
        git(demo, "commit", "--quiet", "--all", "--allow-empty", "--message", "Change")
        git(demo, "branch", "--force", "staging")
        git(demo, "tag", "--force", "v0.1.0")
        return demo

    return write


def planned(
    folder: Path, arguments: tuple[str, ...], variables: tuple[str, ...], words: Translator
):
    """Return where a plan says that the event publishes to, and all that the plan says."""
    branch, tag = (arguments[1], None) if arguments[0] == "--branch" else ("main", arguments[1])
    repo, _ = repository.find(folder, branch, tag, words)
    known = names(variables)
    plan, _ = repository.plan(repo, event(arguments), known, words)
    findings = repository.findings(repo, known, words)
    data = plan_report.as_data(repo, plan, event(arguments), words, findings)
    deploys = [deploy for job in data["jobs"] for deploy in job["deploy"]]
    targets = tuple(deploy["target"] for deploy in deploys if deploy["runs"])
    return targets, plan_report.text(repo, plan, event(arguments), words, findings)


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """One practice index for all rehearsals of this file."""
    with practice_index(tmp_path_factory.mktemp("index"), upstream=True) as running:
        yield running


def rehearsed(folder: Path, index, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Rehearse the project in *folder*, with a token for each index under the guide's names."""
    result = subprocess.run(
        [sys.executable, "-m", "pypi_practice", "travis", "run", ".", *arguments],
        cwd=folder,
        env={
            **index.environ,
            "LANGUAGE": "en",
            "TEST_PYPI_TOKEN": index.token("testpypi"),
            "PYPI_TOKEN": index.token("pypi"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=180,
        check=False,
    )
    output = seen(result.stdout.decode("utf-8"))
    return subprocess.CompletedProcess(result.args, result.returncode, output)


# The ready file


def test_the_ready_file_has_nothing_to_mend():
    report = checker.check(TEXT, ".travis.yml", EN, ROOT / "demo-package", names(READY))
    assert report.findings == []


@pytest.mark.parametrize(
    ("arguments", "published"), [(STAGING, ("TestPyPI",)), (TAG, ("PyPI",)), (MAIN, ())]
)
def test_the_ready_file_is_planned_to_publish_once_or_not_at_all(arguments, published, written):
    targets, output = planned(written(TEXT), arguments, READY, EN)
    assert targets == published
    assert EN("check_finds") not in output


def test_the_ready_file_publishes_once_to_each_index_and_nothing_else(written, index):
    ready = Ready(publishing(TEXT, "testpypi"))
    folder = written(ready.text)
    result = rehearsed(folder, index, *STAGING, "--var", "TEST_PYPI_TOKEN@staging")
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("to TestPyPI (practice) with $TEST_PYPI_TOKEN") == 1
    assert len(index.files("testpypi")) == 2
    assert index.files("pypi") == []
    for more in (MAIN, (*STAGING, "--pull-request"), (*STAGING, "--event", "fork")):
        result = rehearsed(folder, index, *more, "--var", "TEST_PYPI_TOKEN@staging")
        assert result.returncode == 0, result.stdout
        assert EN("nothing_published") in result.stdout
    result = rehearsed(written(publishing(TEXT, "pypi")), index, *TAG, "--var", "PYPI_TOKEN")
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("to PyPI (practice) with $PYPI_TOKEN") == 1
    assert [len(index.files(name)) for name in ("testpypi", "pypi")] == [2, 2]


# The broken ones


def test_there_are_more_than_twenty_and_no_two_are_the_same():
    assert len({variant.rule for variant in VARIANTS}) == len(VARIANTS) > 20
    assert len({variant.make(Ready()) for variant in VARIANTS}) == len(VARIANTS)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.rule)
def test_a_check_names_the_rule_and_explains_it(variant: Variant):
    known = names(variant.variables)
    report = checker.check(variant.make(Ready()), ".travis.yml", EN, ROOT / "demo-package", known)
    findings = [finding for finding in report.findings if finding.rule == variant.rule]
    assert findings, {finding.rule for finding in report.findings}
    for code in LANGUAGES:
        words = Translator(code, "travis/messages")
        for part in ("message", "why", "fix"):
            assert findings[0].sentence(part, words)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.rule)
def test_a_plan_says_what_comes_of_it(variant: Variant, written):
    folder = written(variant.make(Ready()))
    for code in LANGUAGES:
        words = Translator(code, "travis/messages")
        try:
            targets, output = planned(folder, variant.event, variant.variables, words)
        except PracticeError as error:
            assert variant.published is None
            targets, output = None, str(error)
        if variant.published is not None:
            assert targets == variant.published
        if code == "en":
            assert variant.planned in output
        facts = load("travis/rules")[variant.rule]
        if targets is not None and facts["level"] != "info":
            assert f"[{variant.rule}]" in output


@pytest.mark.parametrize(
    "variant", [variant for variant in VARIANTS if variant.log], ids=lambda variant: variant.rule
)
def test_a_run_shows_it(variant: Variant, written, index):
    text = variant.make(Ready())
    ready = Ready(text)
    if variant.index == "test":
        stays = [ready.jobs()[0], ready.publisher("pypi")]
        text = ready.only(*stays)
    elif variant.index != "all":
        text = publishing(text, variant.index)
    options = [word for variable in variant.variables for word in ("--var", variable)]
    # Each has a version of its own: a file that is on the index would be skipped.
    version = f"0.{len(index.files('testpypi')) + 2}.{VARIANTS.index(variant)}"
    folder = written(text, "0.1.0" if variant.event == TAG else version)
    result = rehearsed(folder, index, *variant.event, *options)
    if variant.rule == "again-fails":
        with (folder / "README.md").open("a", encoding="utf-8") as file:
            file.write("The same bytes would be accepted again.\n")
        written(text)
        result = rehearsed(folder, index, *variant.event, *options)
    assert result.returncode == variant.code, result.stdout
    for sentence in variant.log:
        assert sentence in result.stdout
    if variant.code:
        assert "(practice)" not in result.stdout
