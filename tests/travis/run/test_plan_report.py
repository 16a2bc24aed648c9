"""What ``travis plan`` shows: jobs, deploys and why not, all events side by side, and secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.travis.rehearsals import git, project
from hypothesis import given, settings
from hypothesis import strategies as st

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.plan import deploy_decision, planner
from pypi_practice.travis.plan.plan_types import Event, Variable
from pypi_practice.travis.run import plan_report, repository
from pypi_practice.travis.run.job import workspace

EN, ES = Translator("en", "travis/messages"), Translator("es", "travis/messages")
DEMO = Path(__file__).parents[3] / "demo-package"
TOKENS = [Variable("TEST_PYPI_TOKEN", "pypi-s3cr3t", "staging"), Variable("PYPI_TOKEN", "s3cr3t")]
HEAD = "version: ~> 1.0\nlanguage: python\npython: '3.12'\nscript: 'true'\n"


def command(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``pypi-practice travis plan`` as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "pypi_practice", "travis", "plan", ".", *arguments],
        cwd=folder,
        env={**os.environ, "LANGUAGE": "en"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def data(folder: Path, *arguments: str) -> dict[str, Any]:
    """Return what the command says as JSON."""
    result = command(folder, "--json", *arguments)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def deploys(folder: Path, event: Event, *variables: Variable) -> list[dict[str, Any]]:
    """Return every deploy of the plan of an event."""
    repo, _ = repository.find(folder, event.branch, None, EN)
    plan, _ = repository.plan(repo, event, variables, EN)
    jobs = plan_report.as_data(repo, plan, event, EN)["jobs"]
    return [deploy for job in jobs for deploy in job["deploy"]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo package in a repository of its own, with a branch and a tag."""
    folder = project(tmp_path_factory.mktemp("demo") / "random-names")
    git(folder, "branch", "staging")
    git(folder, "tag", "v0.1.0")
    return folder


# The demo package


@pytest.mark.parametrize(
    ("arguments", "published"),
    [
        (["--branch", "main"], []),
        (["--branch", "staging"], [("TestPyPI", ["TEST_PYPI_TOKEN"])]),
        (["--tag", "v0.1.0"], [("PyPI", ["PYPI_TOKEN"])]),
        (["--branch", "staging", "--pull-request"], []),
        (["--branch", "staging", "--event", "fork"], []),
    ],
    ids=["main", "staging", "tag", "pull request", "fork"],
)
def test_what_the_demo_package_publishes(arguments, published, demo):
    report = data(demo, *arguments)
    publishing = [
        (deploy["target"], deploy["secrets"])
        for job in report["jobs"]
        for deploy in job["deploy"]
        if deploy["runs"]
    ]
    assert publishing == published


def test_json_says_everything_of_a_job(demo):
    report = data(demo, "--tag", "v0.1.0", "--var", "PYPI_TOKEN=pypi-s3cr3t")
    job = report["jobs"][-1]
    assert {"stage", "name", "os", "dist", "python", "env", "phases", "deploy"} <= set(job)
    assert (job["stage"], job["dist"], job["python"]) == ("pypi", "noble", "3.12")
    (deploy,) = job["deploy"]
    assert deploy["condition"] == '[[ ("$TRAVIS_TAG" != "") ]]'
    assert deploy["command"] == (
        'dpl --provider="pypi" --username="__token__" --password="$PYPI_TOKEN"'
        ' --distributions="sdist bdist_wheel" --fold'
    )
    assert report["jobs"][0]["phases"]["install"] == ["python -m pip install ."]
    assert "s3cr3t" not in json.dumps(report)


def test_the_matrix_puts_all_events_side_by_side(demo):
    result = command(
        demo,
        "--matrix",
        "--var",
        "TEST_PYPI_TOKEN=pypi-s3cr3t@staging",
        "--var",
        "PYPI_TOKEN=pypi-s3cr3t",
    )
    rows = [line for line in result.stdout.splitlines() if line]
    assert [row.split("  ")[0] for row in rows] == [
        "Event",
        "a push to main",
        "a push to staging",
        "the tag v0.1.0",
        "a pull request to main",
        "a pull request from a fork to main",
    ]
    ends = [
        "nothing",
        "TestPyPI with $TEST_PYPI_TOKEN (1.2)",
        "PyPI with $PYPI_TOKEN (1.4)",
        "nothing",
        "nothing",
    ]
    assert [row.endswith(end) for row, end in zip(rows[1:], ends, strict=True)] == [True] * 5
    assert "s3cr3t" not in result.stdout


def test_the_matrix_is_json_too(demo):
    result = command(demo, "--json", "--matrix")
    assert result.returncode == 0, result.stderr
    assert [len(row["published"]) for row in json.loads(result.stdout)] == [0, 1, 1, 0, 0]


def test_a_variable_that_the_tag_cannot_see_is_named(demo):
    result = command(demo, "--tag", "v0.1.0", "--var", "PYPI_TOKEN@main")
    assert "PyPI, but $PYPI_TOKEN is missing" in result.stdout


def test_a_plan_needs_the_name_of_a_variable_only(demo, monkeypatch):
    """Travis CI itself empties, in jobs that need no token, the variables that hold them."""
    monkeypatch.setenv("PYPI_TOKEN", "")
    result = command(demo, "--tag", "v0.1.0", "--var", "PYPI_TOKEN")
    assert result.returncode == 0, result.stderr
    assert "PyPI with $PYPI_TOKEN" in result.stdout
    result = command(demo, "--tag", "v0.1.0", "--var", "PYPI_TOKEN=@v0.1.0")
    assert result.returncode == 2
    assert "The variable PYPI_TOKEN is not set, or empty." in result.stderr


def test_the_table_speaks_spanish(demo):
    repo, branch = repository.find(demo, "staging", None, ES)
    plan, _ = repository.plan(repo, Event(branch), TOKENS, ES)
    shown = plan_report.text(repo, plan, Event(branch), ES)
    assert ES("with_secret", target="TestPyPI", names="$TEST_PYPI_TOKEN") in shown
    assert ES("head_publishes") in shown
    assert "s3cr3t" not in shown


# The commit, not the folder


def test_the_file_is_read_from_the_commit_that_is_built(tmp_path):
    folder = project(tmp_path / "demo", HEAD)
    git(folder, "tag", "v1")
    (folder / ".travis.yml").write_text(HEAD.replace("3.12", "3.13"), encoding="utf-8")
    git(folder, "commit", "--quiet", "--all", "--message", "Newer")
    (folder / ".travis.yml").write_text("not: [committed", encoding="utf-8")
    assert [job["python"] for job in data(folder)["jobs"]] == ["3.13"]
    assert [job["python"] for job in data(folder, "--tag", "v1")["jobs"]] == ["3.12"]
    assert data(folder)["uncommitted"] == [".travis.yml"]


def test_a_file_that_is_not_committed_gets_a_sentence(tmp_path):
    folder = project(tmp_path / "demo", HEAD)
    git(folder, "rm", "--quiet", "--cached", ".travis.yml")
    git(folder, "commit", "--quiet", "--message", "Without")
    result = command(folder)
    assert result.returncode == 2
    assert "There is no .travis.yml in the commit" in result.stderr


@pytest.mark.parametrize("words", [EN, ES])
def test_without_git_there_is_a_sentence(words, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PracticeError) as error:
        repository.find(tmp_path, None, None, words)
    assert str(error.value) == words("no_git")


# Why a deploy does not run


def on(text: str) -> str:
    """Return a file with one deploy and this ``on``."""
    return f"{HEAD}deploy:\n  provider: script\n  script: echo\n  on: {text}\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{}", "this branch is not permitted: main"),
        ("{tags: true}", "this is not a tagged commit"),
        ("{branch: main, python: 3.9}", "this is not on the required runtime"),
        ("{branch: main, go: 1.22}", "this is not on the required runtime"),
        ("{branch: main, rvm: 3.1}", "this is not on the required runtime"),
        ("{branch: main, condition: $A = b}", "a custom condition was not met"),
        ("{branch: main, condition: [$A = b, $C = d]}", "a custom condition was not met"),
        ("{branch: main, condition: [$CI = true, $C = d]}", EN("some_condition")),
        (
            "{condition: $A = b}",
            "this branch is not permitted: main; a custom condition was not met",
        ),
        ("{branch: main, condition: a = b = c}", EN("not_bash")),
        ("{branch: main, condition: $(touch ran) = b}", EN("starts_command")),
        ("{branch: main, condition: '`touch ran` = b'}", EN("starts_command")),
        ("main", None),
        ("{branch: main, condition: $MODE = fast}", None),
        ("{branch: main, condition: $SECRET = s3cr3t}", None),
    ],
)
def test_travis_cis_own_sentence_says_why_not(text, reason, tmp_path):
    file = on(text).replace("script: 'true'", "script: 'true'\nenv: {global: [MODE=fast]}")
    folder = project(tmp_path / "demo", file)
    (deploy,) = deploys(folder, Event("main"), Variable("SECRET", "s3cr3t"))
    assert deploy["reason"] == reason
    expected = None if reason == EN("starts_command") else reason is None
    assert deploy["runs"] is expected
    assert not (folder / "ran").exists()
    assert not Path("ran").exists()


def test_windows_does_not_deploy(tmp_path):
    folder = project(tmp_path / "demo", f"os: windows\n{on('main')}")
    (deploy,) = deploys(folder, Event("main"))
    assert (deploy["runs"], deploy["reason"]) == (False, EN("no_windows"))


def test_a_password_in_the_file_is_not_shown(tmp_path):
    text = f"{HEAD}deploy:\n  provider: pypi\n  username: me\n  password: hunter2\n"
    folder = project(tmp_path / "demo", text)
    (deploy,) = deploys(folder, Event("master"))
    assert '--password="[secure]"' in deploy["command"]


@pytest.mark.parametrize("kind", ["api", "cron"])
def test_other_events_deploy_like_a_push(kind, tmp_path):
    folder = project(tmp_path / "demo", on("main"))
    report = data(folder, "--event", kind)
    assert report["event"]["type"] == kind
    assert report["jobs"][0]["deploy"][0]["runs"]


def test_stage_names_are_as_they_are_written(tmp_path):
    text = (
        f"{HEAD}stages: [test, {{name: Publish}}]\njobs:\n  include:\n"
        "    - {stage: publish, name: a}\n    - {stage: test, name: b}\n"
    )
    repo, _ = repository.find(project(tmp_path / "demo", text), None, None, EN)
    plan, _ = repository.plan(repo, Event("main"), [], EN)
    names = [job.environ["TRAVIS_BUILD_STAGE_NAME"] for stage in plan.stages for job in stage.jobs]
    assert names == ["test", "publish"]
    plan = planner.make({"script": "a"}, Event("main"), [], 1, EN)
    assert plan.stages[0].jobs[0].environ["TRAVIS_BUILD_STAGE_NAME"] == ""


# Bash itself is asked about conditions that nobody thought of

VALUES = {"A": "main", "B": "", "C": "v1.0", "D": "3.10"}
WORD = st.sampled_from(["main", "v1.0", "3.10", "v*", "?.10", "[mv]*", "x", "''"])
SIMPLE = st.builds(
    lambda name, operator, word: f"${name} {operator} {word}",
    st.sampled_from(sorted(VALUES)),
    st.sampled_from(["=", "==", "!="]),
    WORD,
)
UNARY = st.builds(
    lambda sign, name: f"{sign} ${name}",
    st.sampled_from(["-n", "-z"]),
    st.sampled_from(sorted(VALUES)),
)
PATTERN = st.builds(
    lambda name, word: f"${name} =~ {word}",
    st.sampled_from(sorted(VALUES)),
    st.sampled_from(["^v", "[0-9]+$", "^main$", "^$", "\\."]),
)
CONDITION = st.recursive(
    st.one_of(SIMPLE, UNARY, PATTERN),
    lambda inner: st.one_of(
        st.builds(lambda part: f"! ({part})", inner),
        st.builds(
            lambda left, sign, right: f"({left}) {sign} ({right})",
            inner,
            st.sampled_from(["&&", "||"]),
            inner,
        ),
    ),
    max_leaves=4,
)


def bash(test: str) -> bool:
    """Return what bash says of one condition alone."""
    result = subprocess.run(
        ["bash", "-c", f"[[ {test} ]]"], env={"PATH": os.defpath, **VALUES}, check=False
    )
    assert result.returncode < 2, test
    return result.returncode == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(CONDITION, max_size=3),
    st.sampled_from(["main", "other"]),
    st.sampled_from([None, True, False]),
    st.booleans(),
)
def test_a_deploy_runs_when_bash_says_yes_to_every_part(conditions, branch, tags, is_tag):
    asked: dict[str, Any] = {"branch": branch, "condition": conditions}
    if tags is not None:
        asked["tags"] = tags
    config = {
        "env": [" ".join(f"{name}='{value}'" for name, value in VALUES.items())],
        "deploy": {"provider": "script", "script": "a", "on": asked},
    }
    event = Event("main", tag="v1.0" if is_tag else "")
    plan = planner.make(config, event, [], 1, EN)
    (job,) = plan.stages[0].jobs
    answer = deploy_decision.decide(job, job.deploys[0], EN)
    holds = [bash(condition) for condition in conditions]
    branch_fits = tags is True or (branch == "main" and not is_tag)
    tag_fits = tags is None or tags is is_tag
    assert answer.runs is (all(holds) and branch_fits and tag_fits)
    has_reason = "a custom condition was not met" in answer.reasons
    assert has_reason is (not answer.runs and bool(holds) and not any(holds))


# Which Python plays


def test_the_nearest_python_plays(monkeypatch, tmp_path):
    monkeypatch.setattr(workspace, "_version", lambda path: Path(path).name.removeprefix("python"))
    for version in ("3.9", "3.14"):
        file = tmp_path / f"python{version}"
        file.write_text("")
        file.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path))
    own = f"3.{sys.version_info.minor}"
    versions = {
        wanted: workspace.find_python(wanted)[1]
        for wanted in ("3.8", "3.9", "3.15", "nightly", own)
    }
    assert versions == {"3.8": "3.9", "3.9": "3.9", "3.15": "3.14", "nightly": own, own: own}
