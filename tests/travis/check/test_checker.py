"""What ``travis check`` finds in a .travis.yml, how it says it, and what it mends."""

from __future__ import annotations

import difflib
import json
import os
import shutil
import string
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from helpers.travis.rehearsals import node

from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.travis.check import autofix, checker, report
from pypi_practice.travis.check.context import Scope
from pypi_practice.travis.check.findings import Source
from pypi_practice.travis.config import deploy_entries, jobs, loader
from pypi_practice.travis.config.schema.messages import LEVELS
from pypi_practice.travis.config.schema.validator import Validator
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event, Variable

EN, ES = Translator("en", "travis/messages"), Translator("es", "travis/messages")
ROOT = Path(__file__).parents[3]
RULES = load("travis/rules")
EXAMPLES = ROOT / "examples" / "travis_rules"
TRUTH = ROOT / "tests" / "fixtures" / "travis"
EXPECTED = yaml.load((TRUTH / "expected.yaml").read_text("utf-8"), Loader=yaml.CSafeLoader)
# What a rehearsal refuses before it plans anything, so that it never compiles it.
REFUSED = {
    "on-branch-map",
    "on-number",
    "on-bool",
    "deploy-false",
    "python-map",
    "pypi-user-and-username",
    "pypi-duplicate",
    "deploy-twice",
    "matrix-and-jobs",
    "duplicate-script",
}
DEMO = (ROOT / "demo-package" / ".travis.yml").read_text("utf-8")
PROJECTS = {"no-setup-py": "", "shallow-clone": 'requires = ["setuptools-scm"]\n'}


def check_text(text: str, *variables: Variable, folder: Path | None = None) -> checker.Report:
    """Check *text* as the file .travis.yml of *folder*."""
    return checker.check(text, ".travis.yml", EN, folder, variables)


def rules(text: str, *variables: Variable, folder: Path | None = None) -> set[str]:
    """Return the names of the rules that *text* breaks."""
    return {finding.rule for finding in check_text(text, *variables, folder=folder).findings}


def surroundings(rule: str, kind: str, tmp_path: Path) -> tuple[Path, list[Variable]]:
    """Return the project and the variables that an example of *rule* needs around it."""
    if rule in PROJECTS:
        (tmp_path / "pyproject.toml").write_text(PROJECTS[rule], encoding="utf-8")
    variables = []
    if rule == "branch-secret-on-tag":
        variables = [Variable("PYPI_TOKEN", "", "main" if kind == "bad" else None)]
    return tmp_path, variables


def command(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``pypi-practice travis`` as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "pypi_practice", "travis", *arguments],
        cwd=cwd,
        env={**os.environ, "LANGUAGE": "en", **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# What Travis CI says


def test_there_is_a_truth_for_every_file():
    assert {file.stem for file in TRUTH.glob("*.yml")} == set(EXPECTED)
    assert len(EXPECTED) >= 150


@pytest.mark.parametrize("name", EXPECTED)
def test_travis_ci_says_the_same(name):
    text = (TRUTH / f"{name}.yml").read_text("utf-8")
    messages = Validator(node(text)).messages()
    ours = {(message.level, message.code, message.key, message.text) for message in messages}
    assert ours == {tuple(row[:4]) for row in EXPECTED[name]["messages"]}


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - REFUSED))
def test_travis_ci_makes_the_same_jobs_and_conditions(name):
    settings, _ = loader.parse((TRUTH / f"{name}.yml").read_text("utf-8"), name, EN)
    job_settings = [job.settings for job in jobs.expand(settings)]
    ours = [[deploy.test for deploy in deploy_entries.of_job(job)] for job in job_settings]
    assert ours == EXPECTED[name]["conditions"]
    first = [(loader.as_list(job.get("python")) or [None])[0] for job in job_settings]
    assert first == EXPECTED[name]["jobs"]


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - REFUSED))
def test_check_and_plan_agree_on_the_jobs(name):
    root = node((TRUTH / f"{name}.yml").read_text("utf-8"))
    checked = Validator(root)
    scope = Scope(Source(name, ""), root, checked)
    config = {key: value for key, value in checked.normal(root).items() if key != "if"}
    for section in [*jobs.included(config), *loader.as_list(config.get("stages"))]:
        if isinstance(section, dict):
            section.pop("if", None)
    plan = planner.make(config, Event("main"), [], 1, EN)
    planned = [job.config for stage in plan.stages for job in stage.jobs]
    assert len(scope.jobs) == len(planned)
    for job in scope.jobs:
        settings = {key: value for key, value in job.settings.items() if key != "if"}
        assert settings in planned
        for key, value in job.nodes.items():
            # The position is that of the value which is taken, or mended with a message.
            mended = value.line in {message.line for message in checked.messages()}
            assert mended or str(value.data()) == getattr(job, key)


def test_check_leaves_out_the_jobs_that_plan_leaves_out():
    text = 'version: ~> 1.0\nlanguage: python\nscript: "true"\n'
    text += 'python: ["3.12", "3.1"]\njobs:\n  exclude:\n    - python: "3.1"\n'
    assert "unknown-python" not in rules(text)
    assert "unknown-python" in rules(text.replace("exclude", "allow_failures"))


@pytest.mark.parametrize("name", [name for name, truth in EXPECTED.items() if truth["messages"]])
def test_each_message_points_at_the_line_that_travis_ci_names(name):
    text = (TRUTH / f"{name}.yml").read_text("utf-8")
    ours = {(message.code, message.line) for message in Validator(node(text)).messages()}
    for row in EXPECTED[name]["messages"]:
        # Travis CI gives the line of the mapping for these; ours is that of the key itself.
        if len(row) == 5 and row[1] not in ("overwrite", "duplicate_key", "required"):
            assert (row[1], row[4]) in ours


# The rules


def test_each_rule_has_its_examples():
    assert {folder.name for folder in EXAMPLES.iterdir()} == set(RULES)
    assert set(load("travis/validator")) == {
        rule["code"] for rule in RULES.values() if "code" in rule
    }


@pytest.mark.parametrize("rule", RULES)
def test_a_bad_example_breaks_its_rule_and_a_good_one_none(rule, tmp_path):
    for kind in ("bad", "good"):
        text = (EXAMPLES / rule / f"{kind}.yml").read_text("utf-8")
        folder, variables = surroundings(rule, kind, tmp_path)
        broken = rules(text, *variables, folder=folder)
        assert (rule in broken) is (kind == "bad"), broken
        if kind == "good":
            assert broken == set()


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_speaks_both_languages_with_the_same_fields(rule):
    facts = RULES[rule]
    assert facts["level"] in LEVELS
    assert facts["fixes"] in ("safe", "asked", "no")
    assert facts["source"]
    for part in ("message", "why", "fix"):
        assert set(facts[part]) == set(LANGUAGES)
        fields = [
            {name for _, name, _, _ in string.Formatter().parse(facts[part][code]) if name}
            for code in LANGUAGES
        ]
        assert fields[0] == fields[1]
        if facts[part]["en"] != "{said}":
            assert facts[part]["en"] != facts[part]["es"]


@pytest.mark.parametrize("rule", RULES)
def test_a_finding_is_shown_in_both_languages_at_its_place(rule, tmp_path):
    text = (EXAMPLES / rule / "bad.yml").read_text("utf-8")
    folder, variables = surroundings(rule, "bad", tmp_path)
    result = check_text(text, *variables, folder=folder)
    finding = next(finding for finding in result.findings if finding.rule == rule)
    assert text.splitlines()[finding.line - 1][finding.column - 1 : finding.end_column - 1].strip()
    for words in (EN, ES):
        shown = "\n".join(report.lines(result, words))
        assert f".travis.yml:{finding.line}:{finding.column}:" in shown
        assert finding.sentence("why", words) in shown
        assert finding.sentence("fix", words) in shown


@pytest.mark.parametrize("rule", [name for name, facts in RULES.items() if facts["fixes"] != "no"])
def test_an_edit_mends_its_rule_and_keeps_the_rest(rule, tmp_path):
    text = "# first\n\n" + (EXAMPLES / rule / "bad.yml").read_text("utf-8") + "# last\n"
    folder, variables = surroundings(rule, "bad", tmp_path)
    before = check_text(text, *variables, folder=folder)
    mended = checker.mend(before, EN, [rule], folder=folder, variables=variables)
    after = rules(mended, *variables, folder=folder)
    assert rule not in after
    assert after < {finding.rule for finding in before.findings} or not after
    assert mended.startswith("# first\n\n")
    assert mended.endswith("# last\n")
    changed = [
        line for line in difflib.ndiff(text.splitlines(), mended.splitlines()) if line[:1] in "+-"
    ]
    assert len(changed) <= 2


def test_only_safe_edits_are_made_unasked():
    text = (EXAMPLES / "user-not-token" / "bad.yml").read_text("utf-8")
    assert checker.mend(check_text(text), EN) == text


def test_an_index_of_ones_own_has_users_and_no_skip_existing():
    text = (EXAMPLES / "user-not-token" / "bad.yml").read_text("utf-8")
    text = text.replace("  skip_existing: true\n", "")
    assert {"user-not-token", "again-fails"} <= rules(text)
    own = text.replace("https://test.pypi.org/legacy/", "https://index.example/")
    assert not {"user-not-token", "again-fails"} & rules(own)


# The demo package: test_travis_broken.py breaks it


def test_the_demo_package_is_clean():
    variables = (Variable("TEST_PYPI_TOKEN", "", "staging"), Variable("PYPI_TOKEN", ""))
    assert rules(DEMO, *variables, folder=ROOT / "demo-package") == set()


def test_a_token_for_tags_that_is_limited_to_a_branch_is_caught():
    assert rules(DEMO, Variable("PYPI_TOKEN", "", "main")) == {"branch-secret-on-tag"}


# Ignoring


IGNORED = "language: python\npython: 3.12{}\nscript: a\nos: linux\ndist: noble\nversion: ~> 1.0\n"


@pytest.mark.parametrize(
    ("comment", "broken"),
    [
        ("", {"unquoted-version"}),
        (" # pypi-practice: ignore unquoted-version: our tool needs it", set()),
        (" # pypi-practice: ignore sudo, unquoted-version: our tool", set()),
        (" # pypi-practice: ignore sudo: our tool", {"unquoted-version"}),
        (
            " # pypi-practice: ignore unquoted-version",
            {"unquoted-version", "ignore-without-reason"},
        ),
        (
            " # pypi-practice: ignore unquoted-version:",
            {"unquoted-version", "ignore-without-reason"},
        ),
    ],
)
def test_a_comment_with_a_reason_ignores_a_rule(comment, broken):
    assert rules(IGNORED.format(comment)) == broken


def test_a_comment_on_the_line_before_counts_too():
    text = IGNORED.format("").replace(
        "python: 3.12", "# pypi-practice: ignore unquoted-version: why\n# more\npython: 3.12"
    )
    result = check_text(text)
    assert result.findings == []
    assert [finding.reason for finding in result.ignored] == ["why"]
    assert "why" in "\n".join(report.lines(result, EN))


def test_a_rule_that_does_not_exist_cannot_be_ignored():
    with pytest.raises(PracticeError, match="no rule called no-such"):
        check_text(IGNORED.format(" # pypi-practice: ignore no-such: why"))


# The command


def write(tmp_path: Path, text: str) -> Path:
    """Write *text* as .travis.yml; return its path."""
    file = tmp_path / ".travis.yml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (DEMO, 0),
        (DEMO.replace("os: linux\n", ""), 0),
        (DEMO.replace("noble", "xenial"), 1),
        ("a: [", 2),
        ("- a\n", 2),
        ("x" * 10_000_000, 2),
        ("a: &a [*a]\n", 2),
        ("[" * 5000, 2),
        ("- " * 5000, 2),
        ("\0", 2),
    ],
    ids=[
        "clean",
        "infos",
        "findings",
        "bracket",
        "list",
        "10 MB",
        "recursion",
        "deep",
        "deep list",
        "zero",
    ],
)
def test_the_exit_code(text, code, tmp_path):
    write(tmp_path, text)
    result = command("check", ".travis.yml", cwd=tmp_path)
    assert result.returncode == code, result.stdout + result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) == (1 if code == 2 else 0)


def test_a_folder_without_the_file_gets_a_sentence(tmp_path):
    result = command("check", ".", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr.startswith("pypi-practice: There is no .travis.yml. ")


def test_json_has_every_key(tmp_path):
    write(tmp_path, DEMO.replace("noble", "xenial"))
    result = command("check", "--json", cwd=tmp_path)
    assert result.returncode == 1
    (finding, *_) = [row for row in json.loads(result.stdout) if row["rule"] == "ruby-too-old"]
    assert {"level", "code", "rule", "key", "message", "line", "column", "fix"} <= set(finding)
    assert (finding["level"], finding["line"], finding["code"]) == ("error", 3, None)


def test_sarif_names_the_rule_the_place_and_the_edit(tmp_path):
    text = DEMO.replace("legacy/", "legacy") + "# pypi-practice: ignore sudo: x\n"
    write(tmp_path, text)
    completed = command("check", "--sarif", cwd=tmp_path)
    (run,) = json.loads(completed.stdout)["runs"]
    (result,) = [row for row in run["results"] if row["ruleId"] == "server-slash"]
    place = result["locations"][0]["physicalLocation"]
    assert place["region"]["startLine"] == 1 + text[: text.index("/legacy\n")].count("\n")
    (change,) = result["fixes"][0]["artifactChanges"]
    assert change["replacements"][0]["insertedContent"]["text"].endswith("/legacy/")
    assert {row["id"] for row in run["tool"]["driver"]["rules"]} >= {"server-slash"}


# The parts of SARIF 2.1.0 that a report has, as the schema of OASIS has them (sarif-2.1/schema of
# oasis-tcs/sarif-spec; all reports of the examples were also checked against the whole of it).
def _object(required: str, **properties: object) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": required.split(),
        "properties": properties,
    }


TEXT = {"type": "string"}
LEVEL = {"enum": ["none", "note", "warning", "error"]}
NUMBER = {"type": "integer", "minimum": 1}
MESSAGE = _object("text", text=TEXT)
REGION = _object(
    "startLine", startLine=NUMBER, startColumn=NUMBER, endLine=NUMBER, endColumn=NUMBER
)
FILE = _object("uri", uri={"type": "string", "pattern": r"^[^\\\s]+$"})
PLACE = _object("artifactLocation region", artifactLocation=FILE, region=REGION)
LOCATION = _object("physicalLocation", physicalLocation=PLACE)
CHANGE = _object("deletedRegion", deletedRegion=REGION, insertedContent=_object("text", text=TEXT))
SARIF = _object(
    "version runs",
    version={"const": "2.1.0"},
    **{"$schema": {"type": "string", "format": "uri"}},
    runs={
        "type": "array",
        "minItems": 1,
        "items": _object(
            "tool results",
            columnKind={"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
            tool=_object(
                "driver",
                driver=_object(
                    "name",
                    name=TEXT,
                    informationUri=TEXT,
                    rules={
                        "type": "array",
                        "uniqueItems": True,
                        "items": _object(
                            "id",
                            id=TEXT,
                            shortDescription=MESSAGE,
                            defaultConfiguration=_object("level", level=LEVEL),
                        ),
                    },
                ),
            ),
            results={
                "type": "array",
                "items": _object(
                    "ruleId level message locations",
                    ruleId=TEXT,
                    level=LEVEL,
                    message=MESSAGE,
                    locations={"type": "array", "items": LOCATION},
                    fixes={
                        "type": "array",
                        "uniqueItems": True,
                        "items": _object(
                            "artifactChanges",
                            description=MESSAGE,
                            artifactChanges={
                                "type": "array",
                                "minItems": 1,
                                "items": _object(
                                    "artifactLocation replacements",
                                    artifactLocation=FILE,
                                    replacements={"type": "array", "minItems": 1, "items": CHANGE},
                                ),
                            },
                        ),
                    },
                    suppressions={
                        "type": "array",
                        "items": _object(
                            "kind", kind={"enum": ["inSource", "external"]}, justification=TEXT
                        ),
                    },
                ),
            },
        ),
    },
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_report_of_every_rule_is_sarif(language, tmp_path):
    words = Translator(language, "travis/messages")
    reports = []
    for rule in RULES:
        text = (EXAMPLES / rule / "bad.yml").read_text("utf-8")
        folder, variables = surroundings(rule, "bad", tmp_path)
        reports.append(checker.check(text, ".travis.yml", words, folder, variables))
    reports.append(check_text(IGNORED.format(" # pypi-practice: ignore unquoted-version: why")))
    sarif = json.loads(report.as_sarif(reports, words))
    jsonschema.validate(sarif, SARIF)
    (run,) = sarif["runs"]
    assert {result["ruleId"] for result in run["results"]} == set(RULES)
    assert {rule["id"] for rule in run["tool"]["driver"]["rules"]} == set(RULES)
    assert [result["suppressions"] for result in run["results"] if "suppressions" in result] == [
        [{"kind": "inSource", "justification": "why"}]
    ]


def test_a_secret_is_never_shown(tmp_path):
    text = DEMO.replace("$PYPI_TOKEN", "hunter2-and-more").replace(
        "os: linux", "env: A=pypi-AgThisIsNoTokenAtAll\nos: linux"
    )
    write(tmp_path, text)
    for form in ([], ["--json"], ["--sarif"]):
        result = command("check", *form, cwd=tmp_path)
        assert "hunter2" not in result.stdout
        assert "pypi-Ag" not in result.stdout


def test_fix_mends_what_is_safe_and_keeps_the_ends_of_lines(tmp_path):
    text = DEMO.replace("legacy/", "legacy").replace("os: linux", "sudo: true # old\nos: linux")
    file = write(tmp_path, "")
    file.write_bytes(text.replace("\n", "\r\n").encode())
    file.chmod(0o640)
    result = command("check", "--fix", cwd=tmp_path)
    assert result.returncode == 0, result.stdout
    assert file.read_bytes() == DEMO.replace("\n", "\r\n").encode()
    assert file.stat().st_mode & 0o777 == 0o640
    assert "-sudo: true # old" in result.stdout
    assert [path.name for path in tmp_path.iterdir()] == [".travis.yml"]


@pytest.mark.parametrize("step", ["fdopen", "chmod", "replace"])
def test_a_fix_that_cannot_be_written_leaves_the_file_and_nothing_beside_it(
    step, tmp_path, monkeypatch
):
    file = tmp_path / ".travis.yml"
    file.write_text("language: python\nscript: make\n", encoding="utf-8")
    before = file.read_bytes()

    def fail(*arguments: object, **more: object) -> None:
        raise OSError(28, "No space left on device")

    report = autofix.file(file, EN)
    monkeypatch.setattr(os, step, fail)
    with pytest.raises(PracticeError, match="No space left"):
        autofix.fix(file, report, EN, [], show=False)
    monkeypatch.undo()
    assert [left.name for left in tmp_path.iterdir()] == [file.name]
    assert file.read_bytes() == before


def test_fix_also_does_what_it_is_asked_for(tmp_path):
    file = write(tmp_path, DEMO.replace("username: __token__", "username: me"))
    assert command("check", "--fix", cwd=tmp_path).returncode == 1
    result = command("check", "--fix", "--fix-also", "user-not-token", cwd=tmp_path)
    assert result.returncode == 0
    assert file.read_text() == DEMO


def test_fix_also_knows_its_rules(tmp_path):
    write(tmp_path, DEMO)
    result = command("check", "--fix", "--fix-also", "no-branch", cwd=tmp_path)
    assert result.returncode == 2
    assert "no rule called no-branch with an edit" in result.stderr


def test_several_files_are_checked_as_a_hook_does(tmp_path):
    for name, text in (("a.yml", DEMO), ("b.yml", DEMO.replace("noble", "xenial"))):
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = command("check", "a.yml", "b.yml", cwd=tmp_path)
    assert result.returncode == 1
    assert EN("clean", name="a.yml") in result.stdout
    assert "b.yml:3:" in result.stdout


@pytest.mark.long
def test_pre_commit_runs_the_hook(tmp_path):
    """In a repository of its own, with the hook installed from here by pre-commit itself."""
    project = tmp_path / "project"
    project.mkdir()
    (project / ".travis.yml").write_text(DEMO.replace("noble", "xenial"), encoding="utf-8")
    name = ["-c", "user.name=Y", "-c", "user.email=y@example.com"]
    for git in (["init", "--quiet"], ["add", "."], [*name, "commit", "--quiet", "-m", "Start"]):
        subprocess.run(["git", *git], cwd=project, check=True)
    # What the hook needs is here already: only the package itself is built and installed.
    site = Path(yaml.__file__).parents[1]
    environ = {
        **os.environ,
        "LANGUAGE": "en",
        "PRE_COMMIT_HOME": str(tmp_path / "pre-commit"),
        "PIP_NO_DEPS": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_NO_INDEX": "1",
        "PYTHONPATH": str(site),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    source = tmp_path / "source"
    kept = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    for listed in kept:
        if (ROOT / listed).is_file() and not listed.startswith(("docs/", "tests/")):
            (source / listed).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / listed, source / listed)
    for git in (["init", "--quiet"], ["add", "."], [*name, "commit", "--quiet", "-m", "Start"]):
        subprocess.run(["git", *git], cwd=source, check=True)
    result = subprocess.run(
        [
            sys.executable,
            "-m",
            "pre_commit",
            "try-repo",
            str(source),
            "travis-check",
            "--files",
            ".travis.yml",
        ],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert "check .travis.yml" in result.stdout
    assert "[ruby-too-old]" in result.stdout


def test_the_hook_runs_this_command():
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    assert hook["entry"] == "pypi-practice travis check"
    assert hook["files"] == r"(^|/)\.travis\.yml$"
    assert hook["language"] == "python"


@pytest.mark.parametrize("fault", ["chmod", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_edit_that_fails_leaves_the_file_and_nothing_beside_it(
    fault, error, tmp_path, monkeypatch
):
    path = tmp_path / ".travis.yml"
    path.write_text("langauge: python\n")

    def fail(*_, **__):
        raise error

    words = Translator("en", "travis/messages")
    report = autofix.file(path, words)
    monkeypatch.setattr(os, fault, fail)
    expected = PracticeError if isinstance(error, OSError) else KeyboardInterrupt
    with pytest.raises(expected):
        autofix.fix(path, report, words, ["unknown-key"], show=False)
    assert path.read_text() == "langauge: python\n"
    assert list(tmp_path.iterdir()) == [path]
