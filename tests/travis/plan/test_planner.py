"""What is read in .travis.yml, what is said of it, and what a build of it would do."""

from __future__ import annotations

import os
import string
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.travis.config import loader
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event, Job, Plan, Variable

EN, ES = Translator("en", "travis/messages"), Translator("es", "travis/messages")
DEMO = Path(__file__).parents[3] / "demo-package"
TOKEN = Variable("TEST_PYPI_TOKEN", "pypi-secret", "staging")


def write(tmp_path: Path, text: str) -> Path:
    """Write *text* as the .travis.yml of a project; return the project's folder."""
    (tmp_path / ".travis.yml").write_text(text, encoding="utf-8")
    return tmp_path


def read(tmp_path: Path, text: str) -> dict[str, Any]:
    """Return *text* as Travis CI reads it."""
    return loader.read(write(tmp_path, text), EN)


def make(tmp_path: Path, text: str, event: Event | None = None, *variables: Variable) -> Plan:
    """Return the plan of a build of *text*: of a push to main, unless another event is given."""
    return planner.make(read(tmp_path, text), event or Event("main"), variables, 1, EN)


def jobs(plan: Plan) -> list[Job]:
    """Return all jobs of a plan, in order."""
    return [job for stage in plan.stages for job in stage.jobs]


def messages(tmp_path: Path, text: str) -> list[str]:
    """Return what Travis CI says of *text*."""
    file_messages = loader.messages(write(tmp_path, text), EN)
    return [str(message) for message in loader.of_deploys(file_messages)]


def deploy(*lines: str) -> str:
    """Return a .travis.yml that deploys with the pypi provider and these lines."""
    return "script: skip\ndeploy:\n  provider: pypi\n" + "".join(f"  {line}\n" for line in lines)


# Reading


def test_on_is_a_key_and_a_version_stays_text(tmp_path):
    config = read(tmp_path, "python: [3.10, '3.12', 3.9]\ndeploy: {on: {tags: true, branch: on}}\n")
    assert config["python"] == ["3.10", "3.12", "3.9"]
    assert config["deploy"] == {"on": {"tags": True, "branch": "on"}}


def test_a_folded_text_becomes_one_line(tmp_path):
    assert read(tmp_path, "script: >-\n  one\n  two\n") == {"script": "one two"}


def test_a_file_is_read_as_well_as_its_folder(tmp_path):
    write(tmp_path, "language: python\n")
    assert loader.read(tmp_path / ".travis.yml", EN) == loader.read(tmp_path, EN)


def test_the_old_names_of_keys_are_understood(tmp_path):
    config = read(
        tmp_path, "matrix: {include: [{python: 3.12}]}\ndeploy: {provider: pypi, user: __token__}\n"
    )
    assert config == {
        "jobs": {"include": [{"python": "3.12"}]},
        "deploy": {"provider": "pypi", "username": "__token__"},
    }


def test_an_anchor_is_filled_in_and_what_is_written_beside_it_wins(tmp_path):
    config = read(
        tmp_path,
        "a: &a {script: one, python: 3.12}\nb: {<<: *a, script: two}\n"
        "c: {script: three, <<: [*a, {name: x, python: 3.9}]}\n",
    )
    assert config["b"] == {"script": "two", "python": "3.12"}
    assert config["c"] == {"script": "three", "python": "3.12", "name": "x"}


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdef", "bcdefg", strict=True)
)


@pytest.mark.parametrize(
    ("text", "sentence", "values"),
    [
        ("language: python\nlanguage: ruby\n", "twice", {"line": 2, "key": "language"}),
        ("matrix: {}\njobs: {}\n", "twice", {"line": 2, "key": "jobs"}),
        ("a: 1\nscript: [a\nb: 2\n", "not_yaml", {"line": 3}),
        ("script:\n\t- a\n", "tab", {"line": 2}),
        ("a: 1\n---\nb: 2\n", "two_documents", {"line": 2}),
        ("a: &a [*b]\n", "no_anchor", {"line": 1, "reason": "b"}),
        ("[" * 600, "nested", {"line": 1}),
        ("a: &a [*a]\n", "too_deep", {"line": 1}),
        (BOMB, "too_deep", {"line": 4}),
        ("", "no_mapping", {}),
        ("- python\n", "no_mapping", {}),
        ("python\n", "no_mapping", {}),
        (f"# {'x' * 300_000}\n", "too_large", {}),
    ],
    ids=[
        "twice",
        "twice by another name",
        "bracket",
        "tab",
        "two documents",
        "no such anchor",
        "deep",
        "recursive",
        "bomb",
        "empty",
        "list",
        "word",
        "large",
    ],
)
def test_what_is_no_travis_yml_gets_a_sentence(text, sentence, values, tmp_path):
    folder = write(tmp_path, text)
    for words in (EN, ES):
        with pytest.raises(PracticeError) as error:
            loader.read(folder, words)
        begin, _, end = words(
            sentence, **{"name": folder / ".travis.yml", "reason": "REASON", **values}
        ).partition("REASON")
        assert str(error.value).startswith(begin)
        assert str(error.value).endswith(end)


def test_a_folder_without_the_file_gets_a_sentence(tmp_path):
    with pytest.raises(PracticeError, match=r"There is no .*\.travis\.yml\."):
        loader.read(tmp_path, EN)


def test_what_is_not_text_gets_a_sentence(tmp_path):
    (tmp_path / ".travis.yml").write_bytes(b"\xff\xfe")
    with pytest.raises(PracticeError, match="is not text in UTF-8"):
        loader.read(tmp_path, EN)


# Messages


def test_the_demo_package_draws_no_message():
    assert loader.messages(DEMO, EN) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (deploy("password: $TOKEN"), []),
        (deploy("password: {secure: YWJj}"), []),
        (
            deploy("password: pypi-AgEI"),
            ["[alert] on deploy.password: expected an encrypted string"],
        ),
        ("deploy: {script: a}", ["[error] on deploy: missing required key: provider"]),
        ("deploy: {provider: PyPI}", ["[error] on deploy.provider: dropping unknown value: PyPI"]),
        ("deploy: {provider: script, script: a}", []),
        (
            deploy("distributions: [sdist, bdist_wheel]"),
            ["[warn] on deploy.distributions: unexpected sequence, using the first value (sdist)"],
        ),
        (
            deploy("distribution: sdist"),
            [
                "[warn] on deploy: key distribution is not known, but distributions is,"
                " using distributions"
            ],
        ),
        (deploy("if: tag IS present"), ['[warn] on deploy: unknown key "if" (tag IS present)']),
        (deploy("on: {tag: true}"), ['[warn] on deploy.on: unknown key "tag" (true)']),
        (
            deploy("on: [main]"),
            [
                "[warn] on deploy.on: unexpected sequence, using the first value (main)",
                "[error] on deploy.on: dropping unexpected str, expected map (main)",
            ],
        ),
        (
            deploy("password:", "  on: {branch: main}"),
            [
                "[error] on deploy.password: dropping unexpected map, expected secure"
                ' ({:on=>{:branch=>"main"}})'
            ],
        ),
        (
            "jobs: {include: [{name: a}, {deploy: [{provider: no}, {provider: pypi}]}]}",
            ["[error] on jobs.include.deploy.provider: dropping unknown value: no"],
        ),
    ],
)
def test_what_travis_ci_says_of_a_deploy(text, expected, tmp_path):
    assert messages(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "fatal"),
    [(deploy("password: x"), [True]), ("deploy: {}", [True]), (deploy("frob: 1"), [False])],
)
def test_a_rehearsal_stops_where_a_part_is_dropped_or_a_secret_leaks(text, fatal, tmp_path):
    messages = loader.of_deploys(loader.messages(write(tmp_path, text), EN))
    assert [message.is_fatal for message in messages] == fatal


# Jobs and stages


def test_the_demo_package_tests_once_on_staging_and_publishes_once():
    plan = planner.make(loader.read(DEMO, EN), Event("staging"), [TOKEN], 1, EN)
    assert [(stage.name, stage.runs) for stage in plan.stages] == [
        ("test", True),
        ("testpypi", True),
        ("pypi", False),
    ]
    assert [job.python for job in plan.stages[0].jobs] == ["3.14"]
    assert [job.number for job in jobs(plan)][:2] == ["1.1", "1.2"]
    assert plan.unplayed == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("script: a", ["3.10"]),
        ("python: 3.12", ["3.12"]),
        ("python: [3.12, 3.13]", ["3.12", "3.13"]),
        ("python: [3.12, 3.13]\njobs: {include: [{python: 3.9}]}", ["3.12", "3.13", "3.9"]),
        ("python: 3.12\njobs: {include: [{name: a}, {python: 3.13}]}", ["3.12", "3.13"]),
        ("python: [3.12]\njobs: [{name: a}]", ["3.12"]),
        ("os: [linux, windows]\npython: [3.12, 3.13]", ["3.12", "3.13", "3.12", "3.13"]),
        ("python: [3.12, 3.13]\njobs: {exclude: [{python: 3.12}]}", ["3.13"]),
        ("dist: [focal, noble]\npython: [3.12, 3.13]", ["3.12", "3.13"]),
        ("python: 3.12\nenv: [A=1, A=2]", ["3.12", "3.12"]),
    ],
    ids=[
        "default",
        "one",
        "matrix",
        "matrix and include",
        "one and include",
        "list of jobs",
        "two axes",
        "excluded",
        "one image only",
        "variables",
    ],
)
def test_which_jobs_there_are(text, expected, tmp_path):
    assert [job.python for job in jobs(make(tmp_path, text))] == expected


def test_with_one_python_and_jobs_include_no_test_job_is_made(tmp_path):
    plan = make(
        tmp_path,
        "python: 3.12\nscript: test\njobs:\n  include:\n    - {stage: publish, script: skip}\n",
    )
    assert [stage.name for stage in plan.stages] == ["publish"]


def test_an_included_job_inherits_what_it_does_not_say(tmp_path):
    plan = make(
        tmp_path,
        "dist: noble\nscript: test\ninstall: skip\ndeploy: {provider: pypi}\n"
        "jobs: {include: [{name: a}, {name: b, script: other}]}\n",
    )
    first, second = jobs(plan)
    assert (first.phase("script"), second.phase("script")) == (["test"], ["other"])
    assert first.skips("install")
    assert second.environ["TRAVIS_DIST"] == "noble"
    assert [len(job.deploys) for job in (first, second)] == [1, 1]


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ("A=1", [["A=1"]]),
        ("[A=1 B=2, A=3]", [["A=1 B=2"], ["A=3"]]),
        ("{A: 1, B: two words}", [["A=1", 'B="two words"']]),
        ("{global: [G=1], jobs: [A=1, A=2]}", [["G=1", "A=1"], ["G=1", "A=2"]]),
        ("{global: {G: 1, ON: true}}", [["G=1", "ON=true"]]),
        ("{global: [G=1, {secure: xyz}]}", [["G=1"]]),
        ("[{secure: xyz}, A=1]", [[], ["A=1"]]),
    ],
)
def test_the_variables_of_the_file(env, expected, tmp_path):
    assert [job.env for job in jobs(make(tmp_path, f"env: {env}\n"))] == expected


def test_a_variable_for_all_jobs_reaches_an_included_job_too(tmp_path):
    plan = make(
        tmp_path, "env: {global: [G=1], jobs: [A=1]}\njobs: {include: [{env: B=2}, {name: x}]}\n"
    )
    assert [job.env for job in jobs(plan)] == [["G=1", "B=2"], ["G=1", "A=1"]]


def test_stages_come_in_their_order_and_the_unnamed_ones_last(tmp_path):
    plan = make(
        tmp_path,
        "stages: [test, {name: Publish}, empty]\njobs:\n  include:\n"
        "    - {stage: publish, name: a}\n    - {stage: later, name: b}\n"
        "    - {stage: test, name: c}\n    - {name: d}\n",
    )
    assert [(stage.name, [job.name for job in stage.jobs]) for stage in plan.stages] == [
        ("test", ["c", "d"]),
        ("publish", ["a"]),
        ("later", ["b"]),
    ]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Event("main"), ["test"]),
        (Event("staging"), ["test", "testpypi"]),
        (Event("staging", pull_request=True), ["test"]),
        (Event("main", tag="v1.2.3"), ["test", "pypi"]),
        (Event("main", tag="v1"), ["test"]),
    ],
    ids=["main", "staging", "pull request", "tag", "another tag"],
)
def test_which_stages_of_the_demo_package_run(event, expected):
    plan = planner.make(loader.read(DEMO, EN), event, [], 1, EN)
    assert [stage.name for stage in plan.stages if stage.runs] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if: branch = staging\nscript: a", []),
        ("if: branch = main\nscript: a", ["Python: 3.10"]),
        ("jobs: {include: [{name: a, if: tag IS present}, {name: b}]}", ["b"]),
        ("jobs: {include: [{name: a, os: windows, if: os = windows}]}", ["a"]),
        ("env: {global: [GO=yes]}\njobs: {include: [{name: a, if: env(GO) = yes}]}", ["a"]),
        ("if: env(TEST_PYPI_TOKEN) IS present", []),
        ("stages: [{name: test, if: env(GO) = yes}]\nscript: a", []),
    ],
)
def test_a_condition_leaves_out_the_build_a_stage_or_a_job(text, expected, tmp_path):
    plan = make(tmp_path, text, None, TOKEN)
    running = [stage for stage in plan.stages if stage.runs and plan.runs]
    assert [job.name for stage in running for job in stage.jobs] == expected


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("stages: [{name: test, if: $A = b}]", "stages.test.if"),
        ("jobs: {include: [{name: a, if: $A = b}]}", "jobs.a.if"),
        ("if: $A = b", "if"),
    ],
)
def test_a_bad_condition_is_named_with_its_place(text, where, tmp_path):
    with pytest.raises(PracticeError) as error:
        make(tmp_path, text)
    assert str(error.value).startswith(f"{where}: Travis CI cannot read this condition.")


def test_what_a_rehearsal_does_not_play_is_named(tmp_path):
    plan = make(
        tmp_path,
        "services: [docker]\nbranches: {only: [main]}\nenv: {secure: x}\n"
        "jobs: {frob: [a], include: [{name: a, git: {strategy: tarball}}]}\n",
    )
    assert [unplayed.text for unplayed in plan.unplayed] == [
        "jobs.frob",
        "services (docker)",
        "git.strategy",
        "secure",
    ]


# Deploying


def decides(job: Job) -> list[bool]:
    """Return what bash makes of the condition of each deploy of a job."""
    return [
        subprocess.run(
            ["bash", "-c", 'eval "$1"', "bash", planned_deploy.condition],
            env={"PATH": os.defpath, **job.environ},
            capture_output=True,
            check=False,
        ).returncode
        == 0
        for planned_deploy in job.deploys
    ]


@pytest.mark.parametrize(
    ("on", "test"),
    [
        ("", "($TRAVIS_BRANCH = master)"),
        ("staging", "($TRAVIS_BRANCH = staging)"),
        ("{branch: staging}", "($TRAVIS_BRANCH = staging)"),
        ("{branch: [main, staging]}", "($TRAVIS_BRANCH = main || $TRAVIS_BRANCH = staging)"),
        ("{all_branches: true}", ""),
        ("{tags: true, branch: main}", '("$TRAVIS_TAG" != "")'),
        ("{tags: false}", '($TRAVIS_BRANCH = master) && ("$TRAVIS_TAG" = "")'),
        ("{all_branches: true, python: 3.12}", "($TRAVIS_PYTHON_VERSION = 3.12)"),
        ("{all_branches: true, repo: o/r}", '($TRAVIS_REPO_SLUG = "o/r")'),
        (
            "{tags: true, condition: [$A = b, $C = d]}",
            '($A = b) && ($C = d) && ("$TRAVIS_TAG" != "")',
        ),
        ("{all_branches: true, os: windows}", ""),
    ],
)
def test_on_becomes_one_test_of_bash(on, test, tmp_path):
    plan = make(tmp_path, deploy(f"on: {on}"))
    assert jobs(plan)[0].deploys[0].test == test


MAIN, STAGING, MASTER = Event("main"), Event("staging"), Event("master")
TAG = Event("main", tag="v1.0.0")


@pytest.mark.parametrize(
    ("on", "yes", "no"),
    [
        ("", [MASTER], [MAIN, STAGING, TAG]),
        ("{branch: staging}", [STAGING], [MAIN, TAG]),
        ("{branch: [main, staging]}", [MAIN, STAGING], [MASTER, TAG]),
        ("{all_branches: true}", [MAIN, STAGING, TAG], []),
        ("{tags: true}", [TAG], [MAIN, MASTER]),
        ("{tags: true, branch: staging}", [TAG], [STAGING]),
        ("{tags: false, branch: main}", [MAIN], [TAG, STAGING]),
        ("{tags: false, all_branches: true}", [MAIN, STAGING], [TAG]),
        ("{all_branches: true, repo: your-name/random-names}", [MAIN], []),
        ("{all_branches: true, repo: somebody/else}", [], [MAIN]),
        ("{all_branches: true, python: 3.12}", [MAIN], []),
        ("{all_branches: true, python: 3.1}", [], [MAIN]),
        ("{all_branches: true, condition: $TRAVIS_BRANCH = sta*}", [STAGING], [MAIN]),
        ("{all_branches: true, condition: '$TRAVIS_TAG =~ ^v[0-9]'}", [TAG], [MAIN]),
        ("{tags: true, condition: [$TRAVIS_OS_NAME = linux, $NO = 1]}", [], [TAG]),
    ],
)
def test_bash_decides_whether_to_deploy(on, yes, no, tmp_path):
    text = "python: 3.12\n" + deploy(f"on: {on}")
    for events, expected in ((yes, True), (no, False)):
        for event in events:
            (job,) = jobs(make(tmp_path, text, event))
            assert decides(job) == [expected], (on, event)


def test_an_if_in_a_deploy_is_taken_for_the_name_of_a_branch(tmp_path):
    (job,) = jobs(make(tmp_path, deploy("if: tag IS present", "on: {tags: true}"), TAG))
    assert job.deploys[0].test == "($TRAVIS_BRANCH = tag IS present)"
    assert decides(job) == [False]


def test_several_deploys_decide_for_themselves(tmp_path):
    text = "deploy:\n  - {provider: pypi, on: {tags: true}}\n  - {provider: script, on: main}\n"
    for event, expected in ((MAIN, [False, True]), (TAG, [True, False])):
        (job,) = jobs(make(tmp_path, text, event))
        assert [planned_deploy.provider for planned_deploy in job.deploys] == ["pypi", "script"]
        assert decides(job) == expected


def test_what_is_for_travis_ci_is_no_option_of_the_deploy_tool(tmp_path):
    plan = make(tmp_path, deploy("username: __token__", "allow_failure: true", "on: main"))
    first_deploy = jobs(plan)[0].deploys[0]
    assert first_deploy.options == {"provider": "pypi", "username": "__token__"}
    assert first_deploy.allow_failure


# Variables


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (STAGING, ["TEST_PYPI_TOKEN", "EVERYWHERE"]),
        (MAIN, ["EVERYWHERE"]),
        (Event("staging", tag="v1"), ["EVERYWHERE"]),
        (Event("staging", pull_request=True), ["TEST_PYPI_TOKEN", "EVERYWHERE"]),
        (Event("staging", pull_request=True, from_fork=True), []),
    ],
    ids=["its branch", "another branch", "tag", "pull request", "fork"],
)
def test_who_sees_a_variable(event, expected, tmp_path):
    (job,) = jobs(make(tmp_path, "script: a\n", event, TOKEN, Variable("EVERYWHERE", "x")))
    assert [variable.name for variable in job.variables] == expected
    safe = "false" if event.from_fork else "true"
    assert job.environ["TRAVIS_SECURE_ENV_VARS"] == safe


def test_what_travis_ci_sets_for_a_tag(tmp_path):
    (job,) = jobs(make(tmp_path, "python: 3.12\n", TAG))
    assert job.environ["TRAVIS_BRANCH"] == job.environ["TRAVIS_TAG"] == "v1.0.0"
    assert job.environ["TRAVIS_PYTHON_VERSION"] == "3.12"
    assert job.environ["TRAVIS_PULL_REQUEST"] == "false"


# Words


@pytest.mark.parametrize("key", load("travis/messages"))
def test_each_sentence_is_in_both_languages_with_the_same_fields(key):
    message = load("travis/messages")[key]
    assert set(message) == set(LANGUAGES)
    fields = [
        {field for _, field, _, _ in string.Formatter().parse(message[code]) if field}
        for code in LANGUAGES
    ]
    assert fields[0] == fields[1]
    assert all(message.values())
