"""Every fault that doctor can find is provoked, and said in both languages with what to do."""

from __future__ import annotations

import dataclasses
import http.server
import json
import shutil
import string
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers.docs.blocks import ROOT

from pypi_practice.cli.main import main
from pypi_practice.core import guide
from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.doctor import history, lookup, report, review
from pypi_practice.doctor.checks import metadata
from pypi_practice.doctor.checks.check import CHECKS
from pypi_practice.doctor.checks.registry import in_order
from pypi_practice.doctor.distributions import BuildResult, Built
from pypi_practice.doctor.project import FILE_LIMIT, Project
from pypi_practice.fork import copy
from pypi_practice.git import git_command
from pypi_practice.git.safe_reader import Repository

FACTS = load("commands/doctor")
EN = Translator("en", "commands/doctor")
MINE = copy.Names(
    "tidy-shelf",
    "tidy_shelf",
    "tidy-shelf",
    "Ana Ruiz",
    "ana@example.com",
    "https://github.com/ana-ruiz/tidy-shelf",
)
GOOD_WHEEL = ["tidy_shelf/__init__.py", "tidy_shelf/py.typed", "tidy_shelf-0.1.0.dist-info/WHEEL"]
FIELDS = [
    ("name", "tidy-shelf"),
    ("version", "0.1.0"),
    ("license_expression", "MIT"),
    ("license_file", "LICENSE"),
    ("requires_python", ">=3.10"),
    ("author_email", "ana@example.com"),
    ("project_urls", "Homepage, https://github.com/ana-ruiz/tidy-shelf"),
    ("description", "# Hi"),
    ("description_content_type", "text/markdown"),
    ("classifiers", "Typing :: Typed"),
    ("summary", "Keeps a shelf tidy"),
]
PYPROJECT = (
    '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "tidy-shelf"\nversion = "0.1.0"\n'
)
# Put together here, so that no file of this repository holds what looks like a token.
TOKEN = "pypi-" + "AgEIcHlwaS5vcmc" + 90 * "x"


def git(folder: Path, *arguments: str) -> None:
    name = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *name, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, **files: str) -> None:
    """Commit files; ``a__b`` in a keyword is ``a/b``, and ``_`` at its start a dot."""
    if not (folder / ".git").exists():
        git(folder, "init", "-q", "-b", "main")
    write(folder, **files)
    git(folder, "add", "--force", ".")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project that has nothing wrong, without commits."""
    write(tmp_path, **{"pyproject.toml": PYPROJECT})
    return tmp_path


def project(
    folder: Path,
    names: list[str] = GOOD_WHEEL,
    sdist: list[str] | None = None,
    without: str = "",
    index_statuses: dict[str, lookup.ProjectStatus] | None = None,
    variables: Any = (),
    unbuilt: str = "",
    **fields: str,
) -> Project:
    """Return the project at *folder* as if this had been built of it."""
    left = [(key, value) for key, value in FIELDS if key not in fields and key != without]
    known = [*left, *((key, value) for key, value in fields.items() if value)]
    prepared = Project(folder, isolated=False, variables=variables)
    wheel = Built(folder / "tidy_shelf-0.1.0-py3-none-any.whl", names, known)
    files = Built(folder / "tidy_shelf-0.1.0.tar.gz", sdist or ["pyproject.toml", "LICENSE"], known)
    prepared.build_result = BuildResult([] if unbuilt else [files, wheel], unbuilt)
    prepared.index_statuses = index_statuses or {
        "pypi": lookup.ProjectStatus(False),
        "testpypi": lookup.ProjectStatus(False),
    }
    return prepared


Prepare = Callable[[Path], Project]


def pyproject(text: str) -> Prepare:
    def prepare(folder: Path) -> Project:
        write(folder, **{"pyproject.toml": text})
        return project(folder)

    return prepare


def named(name: str) -> Prepare:
    return pyproject(PYPROJECT.replace('"tidy-shelf"', f'"{name}"'))


def versioned(version: str) -> Prepare:
    return pyproject(PYPROJECT.replace('"0.1.0"', f'"{version}"'))


def built(**changes: Any) -> Prepare:
    return lambda folder: project(folder, **changes)


def committed(*tags: str, after: str = "", **files: str) -> Prepare:
    def prepare(folder: Path) -> Project:
        commit(folder, **files)
        for tag in tags:
            git(folder, "tag", tag)
        if after:
            commit(folder, after=after)
        return project(folder)

    return prepare


def travis(text: str, *variables: str) -> Prepare:
    def prepare(folder: Path) -> Project:
        from pypi_practice.travis.plan.plan_types import Variable

        commit(folder, **{".travis.yml": text, "setup.py": "import setuptools; setuptools.setup()"})
        return project(folder, variables=[Variable(name, "") for name in variables])

    return prepare


def uncommitted_travis(folder: Path) -> Project:
    commit(folder)
    write(folder, **{".travis.yml": "language: python\n"})
    return project(folder)


def changed(folder: Path) -> Project:
    commit(folder)
    write(folder, new="x")
    return project(folder)


def no_pyproject(*others: str) -> Prepare:
    def prepare(folder: Path) -> Project:
        (folder / "pyproject.toml").unlink()
        write(folder, **dict.fromkeys(others, ""))
        return project(folder)

    return prepare


def nameless(folder: Path) -> Project:
    write(folder, **{"pyproject.toml": "[build-system]\nrequires = []\n"})
    return project(folder, without="name")


def versionless(folder: Path) -> Project:
    write(folder, **{"pyproject.toml": "[build-system]\nrequires = []\n"})
    return project(folder, without="version")


def taken_back(folder: Path) -> Project:
    """A token and a file for secrets that later commits have taken out again."""
    commit(folder, **{"notes.txt": f"password = {TOKEN}\n", ".pypirc": "[pypi]\n"})
    (folder / "notes.txt").unlink()
    (folder / ".pypirc").unlink()
    commit(folder)
    return project(folder)


def refused(folder: Path) -> Project:
    """A wheel whose bytes are no archive: the first thing that PyPI cannot read."""
    prepared = project(folder, metadata_version="2.4")
    for file in prepared.build_result.distributions:
        file.path.write_bytes(b"no archive")
    return prepared


def malformed(folder: Path) -> Project:
    """A wheel with a field that stands twice in its metadata, where it may stand once."""
    prepared = project(folder)
    files = prepared.build_result.distributions
    files[1] = dataclasses.replace(files[1], unparsed=("requires-python",))
    return prepared


def shallow(folder: Path) -> Project:
    """A clone with a depth, whose second commit has taken out what the first one had."""
    taken_back(folder)
    copy = folder / "copy"
    git(folder, "clone", "-q", "--depth", "1", folder.as_uri(), str(copy))
    return project(copy)


def loose(folder: Path) -> Project:
    commit(folder)
    write(folder, **{"notes.txt": TOKEN})
    return project(folder)


def loose_unreadable(folder: Path) -> Project:
    commit(folder)
    with (folder / "data.bin").open("wb") as file:
        file.truncate(FILE_LIMIT + 1)  # it has holes, and takes no room
    return project(folder)


SHIP = """version: ~> 1.0
os: linux
dist: noble
language: python
python: "3.12"
install: pip install .
script: python -m unittest
deploy:
  - provider: pypi
    username: __token__
    password: {test}
    server: https://test.pypi.org/legacy/
    distributions: "sdist bdist_wheel"
    skip_existing: true
    on: {{branch: staging}}
  - provider: pypi
    username: __token__
    password: {real}
    distributions: "sdist bdist_wheel"
    on: {{tags: true}}
"""
BOTH = SHIP.format(test="$TEST_PYPI_TOKEN", real="$PYPI_TOKEN")
ELSEWHERE = {
    "pypi": lookup.ProjectStatus(True, ("0.1.0",), {"home_page": "https://example.org/other"})
}

CASES: dict[tuple[str, str], Prepare] = {
    ("build-system", "nothing"): no_pyproject(),
    ("build-system", "no_file"): no_pyproject("setup.py"),
    ("build-system", "unreadable"): pyproject("[build-system\n"),
    ("build-system", "no_table"): pyproject('[project]\nname = "tidy-shelf"\n'),
    ("builds", "failed"): built(unbuilt="error: no"),
    ("name", "missing"): nameless,
    ("name", "invalid"): named("-x"),
    ("name-allowed", "name_stdlib"): named("json"),
    ("name-allowed", "name_prohibited"): named("requirements.txt"),
    ("name-yours", "taken"): built(index_statuses=ELSEWHERE),
    ("top-level", "common"): built(names=[*GOOD_WHEEL, "tests/__init__.py"]),
    ("top-level", "stdlib"): built(names=["json/__init__.py"]),
    ("accepted", "refused"): refused,
    ("accepted", "unparsed"): malformed,
    ("licence", "no_expression"): built(without="license_expression"),
    ("licence", "invalid"): built(license_expression="My Own"),
    ("licence", "no_file"): built(without="license_file"),
    ("requires-python", "missing"): built(without="requires_python"),
    ("contact", "nobody"): built(without="author_email"),
    ("contact", "no_address"): built(without="project_urls"),
    ("sdist-files", "missing"): built(sdist=["LICENSE"]),
    ("sdist-files", "no_tests"): committed(**{"tests/test_x.py": ""}),
    ("wheel-files", "empty"): built(names=["tidy_shelf-0.1.0.dist-info/WHEEL"]),
    ("wheel-files", "unwanted"): built(names=[*GOOD_WHEEL, "tidy_shelf/.env"]),
    ("typed", "no_marker"): built(names=GOOD_WHEEL[:1]),
    ("typed", "no_classifier"): built(without="classifiers"),
    ("readme", "empty"): built(without="description"),
    ("readme", "no_type"): built(without="description_content_type"),
    ("readme-renders", "fails"): built(
        description=".. nothing::\n", description_content_type="text/x-rst"
    ),
    ("readme-links", "left"): built(description="See [the guide](docs/guide.md)."),
    ("version-form", "missing"): versionless,
    ("version-form", "invalid"): versioned("one"),
    ("version-form", "local"): versioned("1.0+here"),
    ("version-form", "normal"): versioned("1.0-beta"),
    ("version-tag", "differs"): committed("v0.2.0"),
    ("version-tag", "used"): committed("v0.1.0", after="x"),
    ("version-tag", "older"): committed("v0.2.0", after="x"),
    ("version-new", "there"): built(index_statuses=ELSEWHERE),
    ("committed", "changed"): changed,
    ("travis-file", "missing"): committed(),
    ("travis-file", "uncommitted"): uncommitted_travis,
    ("travis-check", "unreadable"): travis("- a list\n"),
    ("travis-check", "found"): travis("langauge: python\n"),
    ("travis-publishes", "nothing"): travis("language: python\nscript: 'true'\n"),
    ("token-variables", "none"): travis(SHIP.format(test="abc", real="def")),
    ("token-variables", "shared"): travis(SHIP.format(test="$TOKEN", real="$TOKEN")),
    ("token-variables", "missing"): travis(BOTH, "PYPI_TOKEN"),
    ("demo-names", "demo"): named("Random.Names"),
    ("demo-names", "left"): committed(**{"src/a.py": "from random_names import new_names\n"}),
    ("demo-people", "left"): committed(LICENSE="Copyright (c) 2026 Your Name\n"),
    ("demo-description", "left"): pyproject(
        f'{PYPROJECT}description = "{load("commands/fork")["old"]["description"]}"\n'
    ),
    ("secret-tokens", "found"): taken_back,
    ("secret-tokens", "loose"): loose,
    ("secret-tokens", "unread"): shallow,
    ("secret-tokens", "unread_files"): loose_unreadable,
    ("secret-files", "found"): taken_back,
    ("secret-files", "unread"): shallow,
}


@pytest.mark.parametrize(("name", "fault"), CASES)
def test_a_fault_is_found_and_said(name, fault, folder):
    prepared = CASES[name, fault](folder)
    check = in_order()[name]
    outcome = check.find(prepared)
    assert (outcome.result, outcome.key) == ("fail", fault)
    for language in LANGUAGES:
        sentence, advice = check.say(outcome, language), check.advice(outcome, language)
        assert sentence.rstrip().endswith((".", ")")) or ":" in sentence
        assert advice
        assert "{" not in sentence + advice
    answer = check.check(prepared)
    assert isinstance(answer, str)
    assert answer.startswith(check.say(outcome, "en"))


def test_every_fault_is_provoked():
    # The names of others cannot be read without asking PyPI, which names.fault is for.
    known = {(name, fault) for name, facts in FACTS["checks"].items() for fault in facts["faults"]}
    assert known - set(CASES) == {("name-allowed", "name_similar")}


@pytest.mark.parametrize("name", [name for name in FACTS["checks"] if name != "accepted"])
def test_a_good_project_passes(name, folder):
    """ "accepted" needs real files; the test of a whole fork has them."""
    commit(folder, **{".travis.yml": BOTH, "setup.py": "import setuptools; setuptools.setup()"})
    prepared = project(folder)
    outcome = in_order()[name].find(prepared)
    assert outcome.result == "pass", (outcome, in_order()[name].say(outcome, "en"))
    assert in_order()[name].check(prepared) is True


def test_every_sentence_is_in_both_languages_and_fills_in_the_same():
    def sentences(value: Any, where: str) -> None:
        if isinstance(value, dict) and set(value) & set(LANGUAGES):
            assert set(value) == set(LANGUAGES), where
            fields = [
                {field for _, field, _, _ in string.Formatter().parse(value[language]) if field}
                for language in LANGUAGES
            ]
            assert fields[0] == fields[1], where
        elif isinstance(value, dict):
            for key, item in value.items():
                sentences(item, f"{where} {key}")

    for name in ("commands/doctor", "commands/fork"):
        sentences(load(name), name)


def test_every_check_leads_to_a_place_in_the_guide():
    for name, facts in FACTS["checks"].items():
        path, _, anchor = facts["page"].partition("#")
        for language in LANGUAGES:
            page = ROOT / "docs" / language / f"{path}.md"
            assert page.is_file(), (name, page)
            text = page.read_text(encoding="utf-8")
            assert not anchor or f"{{ #{anchor} }}" in text, (name, page, anchor)


def test_every_check_belongs_to_a_family_and_requires_what_there_is():
    known = in_order()
    assert list(known) == list(FACTS["checks"])
    assert set(known) == set(CHECKS)
    for name, check in known.items():
        assert check.family in FACTS["families"], name
        assert check.requires <= set(known), name
        assert check.facts["level"] in ("error", "advice"), name


# The program


@pytest.fixture(scope="module")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fork of the demo package."""
    path = tmp_path_factory.mktemp("doctor") / "tidy-shelf"
    copy.write(path, MINE, "travis", Translator("en", "commands/fork"))
    return path


def doctor(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["doctor", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_a_fork_is_ready_and_what_it_builds_passes_every_rule(forked, capsys):
    before = sorted(forked.rglob("*"))
    code, out, _ = doctor(capsys, forked, "--offline", "--no-isolation", "--json")
    data = json.loads(out)
    results = {row["check"]: row["result"] for row in data["checks"]}
    assert (code, data["ready"], data["name"], data["version"]) == (0, True, "tidy-shelf", "0.1.0")
    assert {name for name, result in results.items() if result == "skip"} == {
        "name-yours",
        "version-new",
    }
    assert {name for name, result in results.items() if result == "advice"} == {"demo-description"}
    assert sorted(forked.rglob("*")) == before, "doctor has left something behind"


def test_what_is_ignored_is_shown_with_its_reason(forked, tmp_path, capsys):
    copy = tmp_path / "copy"
    subprocess.run(["git", "clone", "-q", str(forked), str(copy)], check=True)
    settings = copy / "pyproject.toml"
    text = settings.read_text(encoding="utf-8").replace('"MIT"', '"Mine"')
    text += '\n[tool.pypi-practice.ignore]\nbuilds = "we know"\n'
    settings.write_text(text, encoding="utf-8")
    git(copy, "commit", "-qam", "x")
    code, out, _ = doctor(capsys, copy, "--offline", "--no-isolation", "--lang", "es")
    assert code == 0
    assert "ignorado  builds: El build falla" in out
    assert "ignorado: we know" in out
    assert "antes hace falta builds" in out
    for wrong, sentence in (
        ('nothing = "x"', "there is no such check"),
        ('builds = ""', "without a reason"),
    ):
        broken = text.replace('builds = "we know"', wrong)
        settings.write_text(broken, encoding="utf-8")
        code, _, error = doctor(capsys, copy, "--lang", "en")
        assert code == 2
        assert sentence in error
    settings.write_text(
        text.partition("\n[tool.pypi-practice")[0] + '\n[tool.pypi-practice]\nignore = ["builds"]\n'
    )
    code, _, error = doctor(capsys, copy, "--lang", "en")
    assert code == 2
    assert "must give each check a reason" in error


def test_bad_input_gets_a_sentence(tmp_path, capsys):
    write(tmp_path, **{"pyproject.toml": PYPROJECT})
    (tmp_path / "empty").mkdir()
    for arguments, english, spanish in (
        ([tmp_path / "nowhere"], "is not a folder", "no es una carpeta"),
        ([tmp_path / "empty"], "nothing to build", "no hay nada que construir"),
        ([tmp_path, "--var", "A B"], "is not the name of a variable", "no es el nombre de una"),
    ):
        for language, sentence in (("en", english), ("es", spanish)):
            code, _, error = doctor(capsys, *arguments, "--lang", language)
            assert code == 2
            assert sentence in error
    _, _, error = doctor(capsys, tmp_path, "--var", f"A-B={TOKEN}", "--lang", "en")
    assert TOKEN not in error


def test_a_token_in_the_history_is_not_repeated(folder, capsys):
    taken_back(folder)
    searched = history.secrets(Repository(folder))
    tokens = searched.tokens
    assert [secret.path for secret in tokens] == ["notes.txt"]
    assert [secret.path for secret in searched.files] == [".pypirc"]
    assert searched.unread == {}
    first = subprocess.run(
        ["git", "log", "--format=%h", "--reverse"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[0]
    assert tokens[0].commit == first
    code, out, _ = doctor(capsys, folder, "--offline", "--no-isolation", "--lang", "en")
    assert code == 1
    assert f"notes.txt ({first})" in out
    assert TOKEN not in out


def test_a_token_in_a_message_and_on_another_branch_is_found(folder):
    commit(folder)
    git(folder, "checkout", "-q", "-b", "other")
    git(folder, "commit", "-q", "--allow-empty", "-m", f"Use {TOKEN}")
    git(folder, "checkout", "-q", "main")
    tokens = history.secrets(Repository(folder)).tokens
    assert [secret.path for secret in tokens] == [""]


def test_examples_and_practice_tokens_are_no_secrets(folder):
    commit(folder, **{"README.md": "pypi-AgEIcHlwaS5vcmc... and pypi-AgEbdGVzdHB5cGk" + 90 * "x"})
    assert history.secrets(Repository(folder)) == history.History()


def test_names_that_an_index_knows_are_yours_by_an_address_or_an_e_mail(folder):
    for info in (
        {"project_urls": {"Source": "https://www.github.com/Ana-Ruiz/tidy-shelf.git"}},
        {"home_page": "https://github.com/ana-ruiz/tidy-shelf/"},
        {"author_email": "Ana Ruiz <ana@example.com>"},
    ):
        prepared = project(folder, index_statuses={"pypi": lookup.ProjectStatus(True, (), info)})
        assert in_order()["name-yours"].find(prepared).result == "pass"
    for answers in (
        {"pypi": lookup.ProjectStatus(None), "testpypi": lookup.ProjectStatus(None)},
        {
            "pypi": lookup.ProjectStatus(False),
            "testpypi": lookup.ProjectStatus(None),
        },  # one answer is not that of both
        {"pypi": lookup.ProjectStatus(None), "testpypi": lookup.ProjectStatus(False)},
    ):
        silent = project(folder, index_statuses=answers)
        for name in ("name-yours", "version-new"):
            outcome = in_order()[name].find(silent)
            assert (outcome.result, outcome.key) == ("skip", "no_answer")
            asked = in_order()[name].say(outcome, "en")
            assert ("TestPyPI" in asked) == (answers["testpypi"].exists is None)


class Answers(http.server.BaseHTTPRequestHandler):
    """An index that knows one project, and answers some questions with an error."""

    broken = ""

    def do_GET(self) -> None:
        page: dict[str, Any] = (
            {"versions": ["0.1.0"]} if self.path.startswith("/simple/") else {"info": {}}
        )
        body = json.dumps(page).encode()
        self.send_response(503 if self.broken and self.path.startswith(self.broken) else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *values: object) -> None:
        pass


@pytest.mark.parametrize(
    ("broken", "exists", "owner", "version"),
    [
        ("", True, ("fail", "taken"), ("fail", "there")),
        ("/pypi/", True, ("skip", "owner_unknown"), ("fail", "there")),
        ("/simple/", None, ("skip", "no_answer"), ("skip", "no_answer")),
    ],
)
def test_an_index_that_answers_one_of_two_questions(
    broken, exists, owner, version, folder, monkeypatch
):
    monkeypatch.setattr(Answers, "broken", broken)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}"
        index = dataclasses.replace(INDEXES["pypi"], web=address, simple=f"{address}/simple/")
        status = lookup.ask("tidy-shelf", index)
        server.shutdown()
    assert status.exists is exists
    prepared = project(
        folder, index_statuses={"pypi": status, "testpypi": lookup.ProjectStatus(False)}
    )
    for name, expected in (("name-yours", owner), ("version-new", version)):
        outcome = in_order()[name].find(prepared)
        assert (outcome.result, outcome.key) == expected
        assert "free" not in in_order()[name].say(outcome, "en")


def test_what_was_not_built_is_compared_with_nothing(folder):
    prepared = project(folder, index_statuses=ELSEWHERE, unbuilt="no compiler")
    outcome = in_order()["name-yours"].find(prepared)
    assert (outcome.result, outcome.key) == ("skip", "owner_unknown")


def test_without_git_nobody_knows_the_commits(folder, monkeypatch):
    commit(folder)
    monkeypatch.setattr(git_command, "program", lambda: None)
    checks = in_order()
    for name in ("version-tag", "committed", "secret-files", "travis-publishes"):
        outcome = checks[name].find(project(folder))
        assert (outcome.result, outcome.key) == ("skip", "git_missing")
        assert "not known" in checks[name].say(outcome, "en")
    shutil.rmtree(folder / ".git")
    assert checks["committed"].find(project(folder)).key == "no_git"


def test_a_wheel_for_this_computer_is_no_fault_of_the_project(folder, monkeypatch):
    from pypi_practice.index.upload.rejection import UploadRejected

    def refusal(file: Built) -> UploadRejected | None:
        return UploadRejected("platform") if file.path.suffix == ".whl" else None

    monkeypatch.setattr(metadata, "_refusal", refusal)
    outcome = in_order()["accepted"].find(project(folder))
    assert (outcome.result, outcome.key) == ("skip", "platform")


# Shapes of real projects: what their sdists said, and what doctor makes of it


SHAPES = yaml.safe_load(
    (ROOT / "tests" / "fixtures" / "doctor_shapes.yml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("name", SHAPES)
def test_the_shape_of_a_real_project(name, tmp_path, monkeypatch):
    monkeypatch.setattr(metadata, "_refusal", lambda built: None)  # the files are not here
    shape = SHAPES[name]
    write(tmp_path, **dict.fromkeys(shape["files"], "") | {"pyproject.toml": shape["pyproject"]})
    if not shape["pyproject"]:
        (tmp_path / "pyproject.toml").unlink()
    prepared = Project(tmp_path, online=False)
    fields = [tuple(field) for field in shape["fields"]]
    built_files = [
        Built(tmp_path / shape["sdist"], shape["sdist_names"], fields),
        Built(tmp_path / shape["wheel"], shape["wheel_names"], fields),
    ]
    prepared.build_result = BuildResult(built_files)
    lines = report.run_checks(prepared, EN)
    checks_by_result = {
        kind: [line.check.name for line in lines if line.result == kind]
        for kind in ("fail", "advice")
    }
    assert checks_by_result == {"fail": shape["fail"], "advice": shape["advice"]}


# repo-review


def test_repo_review_asks_the_same_checks(forked):
    command = [sys.executable, "-m", "repo_review", "--format", "json", str(forked)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    checks_by_name = json.loads(result.stdout)["checks"]
    assert set(in_order()) <= set(checks_by_name)
    assert {name for name, check in checks_by_name.items() if check["result"] is False} == {
        "demo-description"
    }
    description = checks_by_name["demo-description"]
    assert description["family"] == "leftovers"
    is_known = load("index/addresses")["guide"]
    assert description["url"] == (guide.address("howto/fork#after", "en") if is_known else "")
    assert "description of the demo package" in description["err_msg"]
    assert checks_by_name["builds"]["result"] is True


def test_repo_review_gets_nothing_of_a_project_elsewhere():
    assert review.publishing(object()) is None
    assert all(check.check(None) is None for check in review.checks().values())
    assert [family["order"] for family in review.families().values()] == list(range(8))
