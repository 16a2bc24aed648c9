"""A build that is played here: what runs, what the log says, what is published and what is not."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from helpers.index import upload_client
from helpers.travis.rehearsals import COMMAND, EN, MAIN, TAG, git, play, project
from pymacaroons import MACAROON_V2, Macaroon

from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import loader
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event, Variable
from pypi_practice.travis.run import repository, runner
from pypi_practice.travis.run.job import workspace
from pypi_practice.travis.run.log import Log

pytestmark = pytest.mark.long

DEMO = Path(__file__).parents[3] / "demo-package"
SECRET = Variable("TEST_PYPI_TOKEN", "pypi-s3cr3t")
SCRIPT = "script: skip\ninstall: skip\ndeploy:\n  provider: script\n"


def played(wanted: str) -> str:
    """Return what the summary adds to a job whose Python is not on this computer."""
    _, version = workspace.find_python(wanted)
    return "" if version == wanted else f" {EN('on_python', found=version)}"


# One job


def test_all_commands_of_a_script_run_and_one_that_fails_fails_the_job(tmp_path):
    code, log = play(
        tmp_path,
        "install: skip\nscript: ['false', echo still here]\n"
        "after_success: echo good\nafter_failure: echo bad\n"
        "after_script: echo last\n",
    )
    assert code == 1
    assert 'The command "false" exited with 1.' in log
    assert "\nstill here\n" in log
    assert "\nbad\n" in log
    assert "\nlast\n" in log
    assert "good" not in log
    assert log.endswith("Done. Your build exited with 1.")


def test_after_success_follows_a_script_that_passes(tmp_path):
    code, log = play(
        tmp_path,
        "install: skip\nscript: 'true'\nafter_success: echo good; false\nafter_failure: echo bad\n",
    )
    assert code == 0
    assert "\ngood\n" in log
    assert "bad" not in log


@pytest.mark.parametrize("phase", ["before_install", "install", "before_script"])
def test_what_fails_before_the_script_stops_the_job(phase, tmp_path):
    phases = {"install": "skip", "script": "echo tested", "after_failure": "echo bad"}
    phases[phase] = "(exit 3)"
    code, log = play(tmp_path, "".join(f"{key}: {text}\n" for key, text in phases.items()))
    assert code == 2
    assert f'The command "(exit 3)" failed and exited with 3 during {phase}.' in log
    assert "Your build has been stopped." in log
    assert "tested" not in log
    assert "bad" not in log


def test_phases_run_in_travis_cis_order(tmp_path):
    phases = (
        "after_script",
        "script",
        "after_deploy",
        "install",
        "before_script",
        "before_deploy",
        "after_success",
        "before_install",
    )
    text = "".join(f"{phase}: echo {phase} >> order\n" for phase in phases)
    code, _ = play(
        tmp_path, text + "deploy: {provider: script, script: echo deploy >> order, on: main}\n"
    )
    assert code == 0
    assert (tmp_path / "order").read_text().split() == [
        "before_install",
        "install",
        "before_script",
        "script",
        "after_success",
        "before_deploy",
        "deploy",
        "after_deploy",
        "after_script",
    ]


def test_without_a_script_the_job_fails(tmp_path):
    code, log = play(tmp_path, "install: skip\n")
    assert code == 1
    assert "Please override the script: key in your .travis.yml to run tests." in log


def test_secrets_are_masked_and_the_files_variables_are_shown(tmp_path):
    code, log = play(
        tmp_path,
        "install: skip\nenv: {global: [WHO=you]}\n"
        "script: echo $WHO has $TEST_PYPI_TOKEN $SHORT >&2\n",
        MAIN,
        SECRET,
        Variable("SHORT", "ab"),
    )
    assert code == 0
    assert "you has [secure] ab" in log
    assert "$ export TEST_PYPI_TOKEN=[secure]" in log
    assert "$ export WHO=you" in log
    assert SECRET.value not in log


def test_a_secret_that_holds_another_is_masked_whole(tmp_path):
    long, short = Variable("LONG", "abcdef"), Variable("SHORT", "abc")
    _, log = play(tmp_path, "install: skip\nscript: echo $LONG-$SHORT\n", MAIN, short, long)
    assert "[secure]-[secure]" in log
    assert "def" not in log


# Deploying by a script


def test_a_script_deploys_with_what_bash_fills_in(tmp_path):
    code, log = play(
        tmp_path,
        SCRIPT + "  script: echo to $TRAVIS_BRANCH; cd /; WHO=me\n"
        "  on: main\nafter_script: echo $PWD-$WHO-\n",
    )
    assert code == 0
    assert "\n$ echo to main; cd /; WHO=me\nto main\n" in log
    # The deploy tool is a process of its own: it changes nothing in the job.
    assert f"\n{tmp_path}--\n" in log


@pytest.mark.parametrize(
    ("more", "code", "deployed"),
    [("", 2, False), ("  allow_failure: true\n", 0, True)],
    ids=["it stops the job", "unless it may fail"],
)
def test_a_script_that_fails_to_deploy(more, code, deployed, tmp_path):
    text = f"{SCRIPT}  script: (exit 4)\n  on: main\n{more}after_deploy: echo after\n"
    exit_code, log = play(tmp_path, text)
    assert exit_code == code
    assert "Script failed with status #<struct Dpl::Provider::Status" in log
    assert ("failed to deploy" in log) is not deployed
    assert ("\nafter\n" in log) is deployed


def test_a_script_that_is_missing_is_named(tmp_path):
    code, log = play(tmp_path, SCRIPT + "  on: main\n")
    assert code == 2
    assert "Missing required option: script\nfailed to deploy" in log


@pytest.mark.parametrize(
    ("event", "on", "reason"),
    [
        (MAIN, "{}", "this branch is not permitted: main"),
        (MAIN, "{tags: true}", "this is not a tagged commit"),
        (TAG, "{branch: main}", "this branch is not permitted: v1.0.0"),
        (MAIN, "{branch: main, python: 3.9}", "this is not on the required runtime"),
        (MAIN, "{branch: main, condition: $A = b}", "a custom condition was not met"),
        (
            MAIN,
            "{branch: main, repo: o/r}",
            "this repo's name does not match one specified in .travis.yml's deploy.on.repo: o/r",
        ),
        (Event("main", pull_request=True), "main", "the current build is a pull request."),
        (
            Event("main", pull_request=True),
            "{all_branches: true}",
            "the current build is a pull request.",
        ),
    ],
)
def test_a_deploy_that_is_skipped_says_why(event, on, reason, tmp_path):
    code, log = play(tmp_path, f"{SCRIPT}  script: touch deployed-it\n  on: {on}\n", event)
    assert code == 0
    assert f"Skipping a deployment with the script provider because {reason}\n" in log
    assert not (tmp_path / "deployed-it").exists()


def test_on_all_branches_deploys_without_a_condition(tmp_path):
    code, log = play(tmp_path, SCRIPT + "  script: echo deployed\n  on: {all_branches: true}\n")
    assert code == 0
    assert "\n$ echo deployed\ndeployed\n" in log


def test_a_condition_that_bash_cannot_read_fails_the_job(tmp_path):
    code, log = play(tmp_path, SCRIPT + "  script: echo deployed\n  if: tag IS present\n", TAG)
    assert code == 2
    assert "$ echo deployed" not in log


def test_another_provider_is_named_as_not_played(tmp_path):
    code, log = play(tmp_path, "script: skip\ninstall: skip\ndeploy: {provider: npm, on: main}\n")
    assert code == 0
    assert "not played: provider npm" in log
    assert not (tmp_path / "deployed").exists()


@pytest.mark.parametrize(
    ("options", "missing"),
    [
        ("password: x$", "username"),
        ("username: a", "password"),
        ("username: a, password: {secure: abc}", "password"),
    ],
)
def test_what_the_pypi_provider_cannot_do_without(options, missing, tmp_path):
    code, log = play(
        tmp_path, f"script: skip\ninstall: skip\ndeploy: {{provider: pypi, {options}, on: main}}\n"
    )
    assert code == 2
    assert f"Missing required option: {missing}\nfailed to deploy" in log


# A whole build


def test_a_failing_job_cancels_the_later_stages(tmp_path, travis):
    folder = project(
        tmp_path / "demo",
        """
language: python
install: skip
stages: [test, publish]
jobs:
  include:
    - {stage: test, script: test $LEAK-$TEST_PYPI_TOKEN = - && false}
    - {stage: publish, script: touch "PLACE/published"}
""".replace("PLACE", str(tmp_path)),
    )
    # Neither what the terminal knows nor a variable of another branch reaches the job.
    result = travis(
        folder,
        "--var",
        "TEST_PYPI_TOKEN@staging",
        TMPDIR=str(tmp_path),
        LEAK="x",
        TEST_PYPI_TOKEN="pypi-s3cr3t",
    )
    assert result.returncode == 1, result.stdout
    assert 'The command "test $LEAK-$TEST_PYPI_TOKEN = - && false" exited with 1.' in result.stdout
    summary = result.stdout.partition("==> Summary\n")[2].splitlines()
    summary[2] = re.sub(r"\d+\.\d", "0.0", summary[2])
    assert summary == [
        "==> Stage test",
        f"==>   Job 1.1: Python: 3.10: failed{played('3.10')}",
        "==>     time: script 0.0 s",
        "==> Stage publish: canceled, because a stage before it failed",
        "==> Nothing was published.",
    ]
    assert "pypi-s3cr3t" not in result.stdout
    assert not (tmp_path / "published").exists()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("rehearsal-")] == []


def test_a_script_that_deploys_is_in_the_summary_and_its_secret_is_not(tmp_path, travis):
    folder = project(
        tmp_path / "demo",
        """
language: python
install: skip
script: 'true'
deploy:
  provider: script
  script: echo upload $TOKEN
  on: main
""",
    )
    result = travis(folder, "--var", "TOKEN=pypi-s3cr3t@main", "--lang", "es")
    assert result.returncode == 0, result.stdout
    assert "\n$ echo upload [secure]\nupload [secure]\n" in result.stdout
    spanish = Translator("es", "travis/messages")
    assert f"==>     {spanish('ran', command='echo upload $TOKEN')}\n" in result.stdout
    # A script that only says so has published nothing.
    assert spanish("nothing_published") in result.stdout
    assert "pypi-s3cr3t" not in result.stdout


def test_what_was_there_already_is_in_the_summary_and_a_missing_python_too(tmp_path, travis, index):
    wheel = tmp_path / "already_there-1.0-py3-none-any.whl"
    wheel.write_bytes(upload_client.wheel("already_there", "1.0"))
    subprocess.run(
        [sys.executable, "-m", "twine", "upload", "--repository", "testpypi", str(wheel)],
        env={**index.environ, "TWINE_PASSWORD": index.token()},
        check=True,
        capture_output=True,
    )
    text = "dist: noble\nlanguage: python\npython: '3.99'\ninstall: skip\nscript: 'true'\n"
    echo = f"echo Skipping {wheel.name} because it appears to"
    folder = project(
        tmp_path / "demo", f"{text}deploy:\n  provider: script\n  script: {echo}\n  on: main\n"
    )
    result = travis(folder)
    assert result.returncode == 0, result.stdout
    summary = result.stdout.partition("==> Summary\n")[2]
    assert f"Job 1.1: Python: 3.99: passed{played('3.99')}\n" in summary
    assert EN("skipped_files", names=wheel.name) in summary
    differences = result.stdout.partition(EN("differs"))[2]
    assert EN("differ_image", names="noble") in differences
    assert EN("differ_python", wanted="3.99", found=workspace.find_python("3.99")[1]) in differences
    assert EN("differ_pip_cache") not in differences


def test_a_job_can_be_left_out_for_want_of_its_python(tmp_path, travis):
    text = f"language: python\npython: '3.99'\ninstall: skip\nscript: touch {tmp_path}/ran\n"
    result = travis(project(tmp_path / "demo", text), "--exact-python")
    assert result.returncode == 0, result.stdout
    assert EN("job_left_out", wanted="3.99") in result.stdout
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_python_that_cannot_make_environments_gets_a_sentence(language, tmp_path):
    words = Translator(language, "travis/messages")
    repo, _ = repository.find(project(tmp_path / "demo", "script: a\n"), None, None, words)
    plan = planner.make({"script": "a"}, MAIN, [], 1, words)
    folder = tmp_path / "place"
    folder.mkdir()
    job = plan.stages[0].jobs[0]
    with pytest.raises(PracticeError) as error:
        workspace.prepare(repo, job, folder, (str(tmp_path / "none"), "3.1"), {}, words, print)
    begin, _, end = words("no_venv", version="3.1", reason="REASON").partition("REASON")
    assert str(error.value).startswith(begin)
    assert str(error.value).endswith(end)


def _trimmed(skip: tuple[str, ...]) -> str:
    """Return the demo package's .travis.yml without these stages."""
    head, _, jobs = (DEMO / ".travis.yml").read_text(encoding="utf-8").partition("  include:\n")
    kept = [stage for stage in jobs.split("    - stage: ")[1:] if stage.split()[0] not in skip]
    return f"{head}  include:\n" + "".join(f"    - stage: {stage}" for stage in kept)


@pytest.mark.parametrize(
    "arguments", [["--branch", "main"], ["--branch", "staging", "--from-fork"]]
)
def test_a_push_to_main_and_a_pull_request_publish_nothing(arguments, tmp_path, travis):
    shutil.copytree(DEMO, tmp_path / "demo", ignore=shutil.ignore_patterns("*.egg-info", "__pyc*"))
    folder = project(tmp_path / "demo", _trimmed(skip=("test", "pypi")))
    result = travis(folder, *arguments, "--var", "TEST_PYPI_TOKEN=pypi-s3cr3t")
    assert result.returncode == 0, result.stdout
    assert "Stage testpypi: left out, because this is false: type = push AND" in result.stdout
    assert result.stdout.endswith("==> Nothing was published.\n")


def test_a_dry_run_says_what_would_run_and_runs_nothing(tmp_path, travis):
    folder = project(
        tmp_path / "demo", f"script: touch {tmp_path}/ran\ndeploy: {{provider: pypi, on: main}}\n"
    )
    result = travis(folder, "--dry-run", "--var", "NOT_SET", "--branch", "feature")
    assert result.returncode == 0, result.stdout
    assert "Plan for a push to feature" in result.stdout
    assert "There is no branch feature yet" in result.stdout
    assert "variables: NOT_SET" in result.stdout
    assert (
        "[[ ($TRAVIS_BRANCH = main) ]] deploys: no, this branch is not permitted" in result.stdout
    )
    assert not (tmp_path / "ran").exists()


# What is refused


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"PYPI_PRACTICE": ""},
        {"PYPI_PRACTICE": "http://127.0.0.1:1"},
        {
            "PYPI_PRACTICE": "http://127.0.0.1:1",
            "HTTPS_PROXY": "http://elsewhere",
            "https_proxy": "",
        },
    ],
    ids=["no variable", "empty", "no proxy", "another proxy"],
)
@pytest.mark.parametrize("language", ["en", "es"])
def test_nothing_runs_outside_the_practice_environment(environ, language, tmp_path):
    folder = project(tmp_path / "demo", f"install: skip\nscript: touch {tmp_path}/ran\n")
    words = Translator(language, "travis/messages")
    repo, _ = repository.find(folder, None, None, words)
    plan = planner.make(loader.read(folder, words), MAIN, [], 1, words)
    with pytest.raises(PracticeError) as error:
        runner.rehearse(
            repo,
            plan,
            MAIN,
            [],
            {**os.environ, "PYPI_PRACTICE": "", "HTTPS_PROXY": "", **environ},
            Log(sys.stdout, {}),
            words,
        )
    assert str(error.value) == load("travis/messages")["outside"][language]
    assert not (tmp_path / "ran").exists()


def test_a_variable_that_only_looks_like_the_practice_shell_is_refused(tmp_path):
    folder = project(tmp_path / "demo", f"install: skip\nscript: touch {tmp_path}/ran\n")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYPI_PRACTICE")}
    result = subprocess.run(
        [*COMMAND, "travis", "run", "."],
        cwd=folder,
        env={**kept, "PYPI_PRACTICE": "1", "LANGUAGE": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    sentence = load("commands/shell")["not_inside"]["en"].format(name="PYPI_PRACTICE")
    assert result.stderr == f"pypi-practice: {sentence}\n"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("text", "arguments", "sentence"),
    [
        ("script: a\n", ["--tag", "v9"], "There is no tag v9"),
        ("script: a\n", ["--var", "NOT_SET"], "The variable NOT_SET is not set, or empty."),
        ("script: a\n", ["--var", "EMPTY@main"], "The variable EMPTY is not set, or empty."),
        ("script: a\n", ["--var", "TOKEN="], "The variable TOKEN is not set, or empty."),
        ("script: a\n", ["--var", "TOKEN=@main"], 'a token with "pypi-practice token new"'),
        ("script: a\n", ["--dry-run", "--var", "TOKEN="], "The variable TOKEN is not set"),
        ("deploy: {provider: pypi, password: pypi-AgEI}\n", [], "a secret in plain text"),
        ("deploy: {provider: frobnicate}\n", [], "drops the part of the file that is named above"),
        ("if: $A = b\n", [], "cannot read this condition"),
        ("a: [\n", [], "this is not YAML"),
    ],
)
def test_what_cannot_be_rehearsed_ends_with_2_and_a_sentence(
    text, arguments, sentence, tmp_path, travis
):
    result = travis(project(tmp_path / "demo", text), *arguments, EMPTY="")
    assert result.returncode == 2
    assert sentence in result.stdout
    assert "Traceback" not in result.stdout


@pytest.mark.parametrize("inside", [True, False], ids=["inside another", "without a commit"])
def test_a_folder_that_is_no_repository_gets_a_sentence(inside, tmp_path, travis):
    folder = tmp_path / "outer" / "demo"
    folder.mkdir(parents=True)
    if inside:
        project(tmp_path / "outer", "script: a\n")
    else:
        git(folder, "init", "--quiet")
    (folder / ".travis.yml").write_text("script: a\n")
    result = travis(folder)
    assert result.returncode == 2
    assert "is not a git repository with a commit" in result.stdout


# The deploy tool itself, where it is installed


@pytest.fixture
def tool(tmp_path):
    """Stands in for dpl, a gem of Ruby: writes down how it was called, and ends as it is told."""
    place = tmp_path / "bin"
    place.mkdir()
    file = place / "dpl"
    file.write_text(
        '#!/bin/sh\nfor one in "$@"; do echo "$one"; done > "$0.arguments"\n'
        'echo "$HTTPS_PROXY $HOME" > "$0.environ"\necho the tool itself\nexit "$(cat "$0.code")"\n'
    )
    file.chmod(0o755)
    (place / "dpl.code").write_text("0")
    return file


PYPI = """
language: python
install: skip
script: skip
deploy:
  provider: pypi
  username: __token__
  password: $TOKEN
  server: https://test.pypi.org/legacy/
  distributions: "sdist bdist_wheel"
  skip_existing: true
  twine_check: false
  on: main
after_deploy: echo after it
"""


def test_the_deploy_tool_that_is_installed_runs_as_travis_build_calls_it(
    tool, index, tmp_path, travis
):
    path = f"{tool.parent}{os.pathsep}{index.environ['PATH']}"
    folder = project(tmp_path / "demo", PYPI)
    # bubblewrap would keep the tool from writing beside itself what it was given.
    result = travis(folder, "--wall", "none", "--var", "TOKEN=a-secret-token", PATH=path)
    assert result.returncode == 0, result.stdout
    assert tool.with_name("dpl.arguments").read_text().splitlines() == [
        "--provider=pypi",
        "--username=__token__",
        "--password=a-secret-token",
        "--server=https://test.pypi.org/legacy/",
        "--distributions=sdist bdist_wheel",
        "--skip_existing",
        "--no-twine_check",
        "--fold",
    ]
    proxy, home = tool.with_name("dpl.environ").read_text().split()
    assert proxy.startswith("http://127.0.0.1:")
    assert proxy != index.environ["PYPI_PRACTICE"]  # the job has one of its own
    assert home != index.environ.get("HOME")
    assert f"{EN('real_dpl')}: {tool}\n" in result.stdout
    assert "\nthe tool itself\n" in result.stdout
    assert "\nafter it\n" in result.stdout
    assert EN("differ_dpl") in result.stdout
    assert EN("differ_steps") not in result.stdout
    # The tool of this test says that it has published, and has not.
    assert EN("nothing_published") in result.stdout
    assert "a-secret-token" not in result.stdout


def test_a_deploy_tool_that_fails_fails_the_job(tool, index, tmp_path, travis):
    tool.with_name("dpl.code").write_text("1")
    path = f"{tool.parent}{os.pathsep}{index.environ['PATH']}"
    result = travis(project(tmp_path / "demo", PYPI), "--var", "TOKEN=a-secret-token", PATH=path)
    assert result.returncode == 1, result.stdout
    assert "the tool itself\nfailed to deploy\n" in result.stdout
    assert "after it" not in result.stdout
    assert EN("nothing_published") in result.stdout


def test_the_deploy_tool_is_not_called_for_another_provider(tool, index, tmp_path, travis):
    text = "language: python\ninstall: skip\nscript: skip\n"
    text += "deploy: {provider: npm, email: a@example.com, api_token: $TOKEN, on: main}\n"
    path = f"{tool.parent}{os.pathsep}{index.environ['PATH']}"
    result = travis(project(tmp_path / "demo", text), "--var", "TOKEN=a-secret-token", PATH=path)
    assert result.returncode == 0, result.stdout
    assert not tool.with_name("dpl.arguments").exists()
    assert EN("no_provider", provider="npm") in result.stdout


# Whatever the file does


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "env: {global: [NO_PROXY=*]}\nscript: test $NO_PROXY != '*'\n",
            EN("guarded", names="NO_PROXY"),
        ),
        ("script: export https_proxy=http://elsewhere.example\n", "readonly variable"),
        ("script: unset HTTPS_PROXY\n", "readonly variable"),
    ],
)
def test_the_jobs_shell_keeps_what_leads_to_the_index(text, sentence, tmp_path, travis):
    more = (
        "after_script: test $HTTPS_PROXY = $PYPI_PRACTICE && test $https_proxy = $HTTPS_PROXY"
        " && echo kept\n"
    )
    result = travis(project(tmp_path / "demo", f"language: python\ninstall: skip\n{text}{more}"))
    assert sentence in result.stdout
    assert "\nkept\n" in result.stdout


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("where", ["variable", "file"])
def test_a_real_token_is_refused_before_anything_runs(where, language, tmp_path, travis):
    real = (
        "pypi-"
        + Macaroon(
            location="pypi.org",
            identifier=str(uuid.uuid4()),
            key="not the key",
            version=MACAROON_V2,
        ).serialize()
    )
    text = f"install: skip\nscript: touch {tmp_path}/ran\n"
    options = ["--var", f"TOKEN={real}"] if where == "variable" else []
    if where == "file":
        text += f"env: {{global: [TOKEN={real}]}}\n"
    result = travis(project(tmp_path / "demo", text), *options, LANGUAGE=language)
    assert result.returncode == 2
    assert Translator(language, "travis/messages")("real_variable", name="TOKEN") in result.stdout
    assert real not in result.stdout
    assert not (tmp_path / "ran").exists()


def test_what_keeps_uploads_here_cannot_be_set(tmp_path, travis):
    result = travis(project(tmp_path / "demo", "script: a\n"), "--var", "HTTPS_PROXY=http://a")
    assert result.returncode == 2
    assert EN("guarded_variable", name="HTTPS_PROXY") in result.stdout
