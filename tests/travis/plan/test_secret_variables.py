"""Which jobs can read which repository variables: by their file, and when they are played."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pypi_practice.core.i18n import Translator
from pypi_practice.travis.check import checker
from pypi_practice.travis.config import loader
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event, Job, Variable
from pypi_practice.travis.plan.secret_variables import emptied, visible_variables
from pypi_practice.travis.run.job import script

EN = Translator("en", "travis/messages")
DEMO = Path(__file__).parents[3] / "demo-package"
PYPI, TESTPYPI = Variable("PYPI_TOKEN", "a-secret"), Variable("TEST_PYPI_TOKEN", "another-secret")
HEAD = "version: ~> 1.0\nos: linux\ndist: noble\nlanguage: python\n"
DEPLOY = """deploy:
  provider: script
  script: python -m twine upload dist/*
  on:
    branch: main
"""


def job(env: list[str], *variables: Variable) -> Job:
    """Return the one job of a file with this ``env``."""
    plan = planner.make({"script": "a", "env": {"global": env}}, Event("main"), variables, 1, EN)
    return plan.stages[0].jobs[0]


def rules(text: str) -> list[tuple[str, int]]:
    """Return the name and the line of what is found about passwords in a file."""
    findings = checker.check(text, ".travis.yml", EN).findings
    return [
        (str(finding.values["name"]), finding.line)
        for finding in findings
        if finding.rule == "password-in-build"
    ]


# What a plan says


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Event("main"), {"test": [set()]}),
        (Event("staging"), {"test": [set()], "testpypi": [{"TEST_PYPI_TOKEN"}]}),
        (Event("main", tag="v0.1.0"), {"test": [set()] * 3, "pypi": [{"PYPI_TOKEN"}]}),
        (Event("main", pull_request=True), {"test": [set()] * 2}),
        (Event("main", pull_request=True, from_fork=True), {"test": [set()] * 2}),
        (Event("main", kind="cron"), {"test": [set()]}),
    ],
    ids=str,
)
def test_each_job_of_the_demo_package_sees_the_secrets_it_needs(event, expected):
    """Even where the settings limit neither variable to a branch."""
    plan = planner.make(loader.read(DEMO, EN), event, [PYPI, TESTPYPI], 1, EN)
    seen = {
        stage.name: [set(visible_variables(stage_job)) for stage_job in stage.jobs]
        for stage in plan.stages
        if stage.runs
    }
    assert seen == expected


@pytest.mark.parametrize(
    ("env", "names", "empty"),
    [
        ([], ["PYPI_TOKEN", "TEST_PYPI_TOKEN"], set()),
        (["PYPI_TOKEN="], ["TEST_PYPI_TOKEN"], {"PYPI_TOKEN"}),
        (["PYPI_TOKEN='' TEST_PYPI_TOKEN=\"\""], [], {"PYPI_TOKEN", "TEST_PYPI_TOKEN"}),
        (["PYPI_TOKEN=none"], ["TEST_PYPI_TOKEN"], set()),
        (
            ["TWINE_PASSWORD=$PYPI_TOKEN PYPI_TOKEN="],
            ["PYPI_TOKEN", "TEST_PYPI_TOKEN"],
            {"PYPI_TOKEN"},
        ),
        (["PYPI_TOKEN= TWINE_PASSWORD=$PYPI_TOKEN"], ["TEST_PYPI_TOKEN"], {"PYPI_TOKEN"}),
        (
            ["PYPI_TOKEN=", "PYPI_TOKEN=${TEST_PYPI_TOKEN}", "TEST_PYPI_TOKEN="],
            ["TEST_PYPI_TOKEN"],
            {"TEST_PYPI_TOKEN"},
        ),
        (
            ["A=$(printenv PYPI_TOKEN)", "PYPI_TOKEN= TEST_PYPI_TOKEN="],
            ["PYPI_TOKEN", "TEST_PYPI_TOKEN"],
            {"PYPI_TOKEN", "TEST_PYPI_TOKEN"},
        ),
        (["A=`env`", "PYPI_TOKEN="], ["PYPI_TOKEN", "TEST_PYPI_TOKEN"], {"PYPI_TOKEN"}),
        (["B=PYPI_TOKEN A=${!B} PYPI_TOKEN="], ["PYPI_TOKEN", "TEST_PYPI_TOKEN"], {"PYPI_TOKEN"}),
        (["PYPI_TOKEN='"], ["PYPI_TOKEN", "TEST_PYPI_TOKEN"], set()),
    ],
)
def test_what_the_file_empties_or_hands_on(env, names, empty):
    planned_job = job(env, PYPI, TESTPYPI)
    assert visible_variables(planned_job) == names
    assert emptied(planned_job) == empty


ASSIGNMENTS = st.lists(
    st.builds(
        "{}={}".format,
        st.sampled_from(["A", "B", "C"]),
        st.sampled_from(["", "x", "$A", "${B}", "$C$A", "'x $B'", '"$C"']),
    ),
    max_size=4,
)


@settings(max_examples=50, deadline=None)
@given(ASSIGNMENTS)
def test_no_value_is_in_the_environment_of_a_job_that_does_not_see_it(env):
    """Bash itself is asked: what it exports must be named; a quoted name may be named too."""
    planned_job = job(env, Variable("A", "secret-a"), Variable("B", "secret-b"))
    lines = "\n".join(f"export {assignment}" for assignment in planned_job.env)
    result = subprocess.run(
        ["bash", "-c", f"{lines}\nenv"],
        env={"PATH": os.defpath, "A": "secret-a", "B": "secret-b"},
        capture_output=True,
        text=True,
        check=True,
    )
    visible = [
        variable.name for variable in planned_job.variables if variable.value in result.stdout
    ]
    assert set(visible) <= set(visible_variables(planned_job))


def test_a_plan_names_a_secret_that_its_own_job_has_emptied(tmp_path):
    text = (
        f"{HEAD}script: a\nenv: TEST_PYPI_TOKEN=\ndeploy:\n  provider: pypi\n"
        "  username: __token__\n  password: $TEST_PYPI_TOKEN\n  on: main\n"
    )
    (tmp_path / ".travis.yml").write_text(text, encoding="utf-8")
    who = ["-c", "user.name=Y", "-c", "user.email=y@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "."], [*who, "commit", "-qm", "a"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "pypi_practice",
            "travis",
            "plan",
            ".",
            "--matrix",
            "--var",
            "TEST_PYPI_TOKEN",
        ],
        cwd=tmp_path,
        env={**os.environ, "LANGUAGE": "en"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "PyPI, but $TEST_PYPI_TOKEN is missing (1.1)" in result.stdout
    row = next(line for line in result.stdout.splitlines() if line.startswith("a push to main"))
    assert row.split()[5] == "-"  # sees nothing


# What a job really sees, when it is played


@pytest.mark.parametrize("first", ["", "before_install: export -n PYPI_TOKEN\n"])
def test_a_password_that_is_not_exported_still_reaches_the_upload_alone(first, tmp_path):
    tell = "printenv PYPI_TOKEN TWINE_PASSWORD | wc --lines"
    text = (
        f"{HEAD}install: skip\n{first}script: {tell}\n"
        'before_deploy: export TWINE_PASSWORD="$PYPI_TOKEN"\n'
        f"deploy: {{provider: script, script: {tell}, on: main}}\n"
    )
    (tmp_path / ".travis.yml").write_text(text, encoding="utf-8")
    plan = planner.make(loader.read(tmp_path, EN), Event("main"), [PYPI], 1, EN)
    (planned_job,) = plan.stages[0].jobs
    file = tmp_path / "job.bash"
    file.write_text(
        script.write(planned_job, str(Path(sys.prefix, "bin", "activate")), EN), "utf-8"
    )
    result = subprocess.run(
        ["bash", str(file)],
        cwd=tmp_path,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            **planned_job.environ,
            "PYPI_TOKEN": PYPI.value,
            "REHEARSAL_DEPLOYED": str(tmp_path / "deployed"),
        },
        capture_output=True,
        text=True,
        check=True,
    )
    counts = [int(line) for line in result.stdout.splitlines() if line.isdigit()]
    assert counts == ([0, 1] if first else [1, 2])


# What travis check finds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("env: TWINE_PASSWORD=$PYPI_TOKEN\nscript: make\n", [("TWINE_PASSWORD", 5)]),
        (
            "env:\n  global:\n    - A=b\n    - UV_PUBLISH_TOKEN=$TOKEN\nscript: make\n",
            [("UV_PUBLISH_TOKEN", 8)],
        ),
        ("env: {TWINE_PASSWORD: $PYPI_TOKEN}\nscript: make\n", [("TWINE_PASSWORD", 5)]),
        ("env: {HATCH_INDEX_AUTH: {secure: abc}}\nscript: make\n", [("HATCH_INDEX_AUTH", 5)]),
        ("env: ANY=$MY_PYPI_TOKEN\nscript: make\n", [("ANY", 5)]),
        (
            "env: POETRY_PYPI_TOKEN_PYPI=$X\ninstall: pip install .\nscript: skip\n",
            [("POETRY_PYPI_TOKEN_PYPI", 5)],
        ),
        (
            "env: MY_SECRET=$X\nscript: make\ndeploy: {provider: pypi, password: $MY_SECRET}\n",
            [("MY_SECRET", 5)],
        ),
        (
            "script: make\njobs:\n  include:\n    - env: TWINE_PASSWORD=$X\n    - env: A=b\n",
            [("TWINE_PASSWORD", 8)],
        ),
        (
            "script: make\nenv: {global: [TWINE_PASSWORD=$X]}\njobs:\n  include:\n    - env: A=b\n",
            [("TWINE_PASSWORD", 6)],
        ),
        # Nothing to read: empty, taken away, of no upload, encrypted with its name, or no command.
        ("env: TWINE_PASSWORD=\nscript: make\n", []),
        ("env: TWINE_PASSWORD='' PYPI_TOKEN=\nscript: make\n", []),
        ("env: {TWINE_PASSWORD: }\nscript: make\n", []),
        ("env: TWINE_PASSWORD=$X\nbefore_install: export -n A TWINE_PASSWORD\nscript: make\n", []),
        ("env: TWINE_PASSWORD=$X\nbefore_install: unset TWINE_PASSWORD\nscript: make\n", []),
        ("env: TWINE_PASSWORD=$X\ninstall: skip\nscript: skip\n", []),
        ("env: TWINE_PASSWORD=$X\ninstall: skip\nscript: twine upload dist/*\n", []),
        ("env: GITHUB_TOKEN=$X\nscript: make\n", []),
        ("env: [{secure: abc}]\nscript: make\n", []),
        (
            "script: make\nenv: {global: [TWINE_PASSWORD=$X]}\njobs:\n  include:\n"
            "    - env: TWINE_PASSWORD=\n",
            [],
        ),
        # What is taken away later, or beside it, has been seen.
        (
            "env: TWINE_PASSWORD=$X\nbefore_install: [make, unset TWINE_PASSWORD]\nscript: make\n",
            [("TWINE_PASSWORD", 5)],
        ),
        (
            "env: TWINE_PASSWORD=$X\nbefore_install: export -n A\nscript: make\n",
            [("TWINE_PASSWORD", 5)],
        ),
        (
            "env: TWINE_PASSWORD=$X\ninstall: skip\nscript: make && twine upload dist/*\n",
            [("TWINE_PASSWORD", 5)],
        ),
    ],
)
def test_a_password_that_builds_and_tests_can_read_is_found(text, expected):
    assert rules(HEAD + text) == expected


@pytest.mark.parametrize(
    ("branch", "complains"), [("main", True), ("v0.1.0", False), ("1.0", False), ("v-next", True)]
)
def test_a_variable_that_is_limited_to_a_tag_is_not_missing_there(branch, complains):
    text = (DEMO / ".travis.yml").read_text(encoding="utf-8")
    report = checker.check(text, ".travis.yml", EN, None, [Variable("PYPI_TOKEN", "", branch)])
    assert [finding.rule for finding in report.findings] == ["branch-secret-on-tag"] * complains


def test_a_file_of_many_jobs_and_variables_is_read_once():
    """Twice the file takes at most about twice the steps."""
    counts = []
    for size in (50, 100):
        jobs = "".join(f"    - {{env: TWINE_PASSWORD=$X{number}}}\n" for number in range(size))
        text = f"{HEAD}script: make\njobs:\n  include:\n{jobs}"
        steps = 0

        def count(frame, event, argument):
            nonlocal steps
            steps += 1
            return count if "secret_rules" in frame.f_code.co_filename else None

        sys.settrace(count)
        try:
            found_rules = rules(text)
        finally:
            sys.settrace(None)
        assert len(found_rules) == size
        counts.append(steps)
    assert counts[1] <= counts[0] * 2.5
