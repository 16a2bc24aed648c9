"""What is no .travis.yml, or no repository: one sentence, in the user's language."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.travis.rehearsals import git

from pypi_practice.core import regular_files
from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.travis.config import loader, yaml_positions
from pypi_practice.travis.run import repository

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
KEYS = "".join(f"key{number:05}: 1\n" for number in range(6000))
MATRIX = "python: [{}]\nenv: [{}]\nscript: a\n".format(
    ", ".join(f"3.{number}" for number in range(900)),
    ", ".join(f"A={number}" for number in range(900)),
)
# What the file holds, and the sentence that it gets from check, plan and run.
FILES = [
    ("bracket", b"script: [a\n", "not_yaml"),
    ("tab", b"script:\n\t- a\n", "tab"),
    ("tab-below", b"script:\n  - a\n\t- b\n", "tab"),
    ("binary", b"\x89PNG\r\n\x1a\n\xff\xfe", "no_text"),
    ("zeros", b"\0" * 64, "not_yaml"),
    ("empty", b"", "no_mapping"),
    ("list", b"- a\n", "no_mapping"),
    ("nonsense", os.urandom(5_000_000).hex().encode(), "too_large"),
    ("itself", b"a: &a [*a]\n", "too_deep"),
    ("bomb", BOMB.encode(), "too_deep"),
    ("keys", KEYS.encode(), "too_deep"),
    ("deep", b"[" * 5000, "nested"),
]


def sentence(key: str, language: str) -> str:
    """Return the longest part of a sentence that does not depend on the file."""
    text = Translator(language, "travis/messages")(
        key,
        **{
            name: "|"
            for name in ("name", "line", "reason", "path", "full", "number", "most", "commit")
        },
    )
    return max(text.split("|"), key=len)


def command(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run ``pypi-practice travis`` as a person does."""
    return subprocess.run(
        [sys.executable, "-m", "pypi_practice", "travis", *arguments],
        cwd=cwd,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_said(result: subprocess.CompletedProcess[str], key: str, language: str) -> None:
    """Check that a command ended with 2 and this one sentence."""
    assert result.returncode == 2, result.stdout + result.stderr
    assert sentence(key, language) in result.stderr
    assert result.stderr.startswith("pypi-practice: ")
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == ""


@pytest.fixture(scope="module")
def repositories(tmp_path_factory) -> dict[str, Path]:
    """A repository for each file."""
    folders = {}
    for name, data, _ in FILES:
        folders[name] = tmp_path_factory.mktemp(name)
        (folders[name] / ".travis.yml").write_bytes(data)
        git(folders[name], "init", "--quiet")
        git(folders[name], "add", ".")
        git(folders[name], "commit", "--quiet", "--message", "Start")
    return folders


@pytest.mark.parametrize(
    ("kind", "language"), [("check", "es"), ("plan", "en"), ("run", "es"), ("--matrix", "en")]
)
@pytest.mark.parametrize(("name", "key"), [(file[0], file[2]) for file in FILES], ids=str)
def test_what_is_no_travis_yml_gets_one_sentence(name, key, kind, language, repositories):
    arguments = ("plan", ".", "--matrix") if kind == "--matrix" else (kind, ".")
    result = command(*arguments, cwd=repositories[name], LANGUAGE=language)
    if kind == "--matrix" and name != "nothing":  # every event is there, with what is wrong
        assert result.returncode in (0, 2)
        assert sentence(key, language) in result.stdout + result.stderr
        assert "Traceback" not in result.stderr
        return
    assert_said(result, key, language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_matrix_without_end_gets_one_sentence(language, tmp_path):
    (tmp_path / ".travis.yml").write_text(MATRIX)
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Start")
    result = command("plan", ".", cwd=tmp_path, LANGUAGE=language)
    words = Translator(language, "travis/messages")
    assert result.returncode == 2
    assert result.stderr == f"pypi-practice: {words('too_many_jobs', number=810000, most=200)}\n"
    result = command("check", ".", cwd=tmp_path, LANGUAGE=language)
    assert result.returncode == 1
    assert "[too-many-jobs]" in result.stdout


def test_a_condition_without_end_is_read_or_refused(tmp_path):
    (tmp_path / ".travis.yml").write_text(f"if: {'a = b and ' * 20_000}a = b\nscript: a\n")
    result = command("check", ".", cwd=tmp_path)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
    (tmp_path / ".travis.yml").write_text(f"if: {'(' * 5000}\nscript: a\n")
    result = command("check", ".", cwd=tmp_path)
    assert "[invalid-condition]" in result.stdout
    assert result.stderr == ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_opened_gets_one_sentence(language, tmp_path):
    assert_said(command("check", cwd=tmp_path, LANGUAGE=language), "no_such_file", language)
    (tmp_path / ".travis.yml").mkdir()
    assert_said(command("check", cwd=tmp_path, LANGUAGE=language), "no_file", language)
    if Path("/dev/zero").exists():
        result = command("check", "/dev/zero", cwd=tmp_path, LANGUAGE=language)
        assert_said(result, "no_regular", language)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pipe_is_not_waited_for(language, tmp_path):
    os.mkfifo(tmp_path / ".travis.yml")
    assert_said(command("check", cwd=tmp_path, LANGUAGE=language), "no_regular", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_file_that_may_not_be_read_gets_one_sentence(language, tmp_path, monkeypatch):
    def refuse(*_, **__):  # as for everybody but root, who reads all
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(regular_files, "read", refuse)
    words = Translator(language, "travis/messages")
    with pytest.raises(PracticeError) as error:
        loader.text_of(tmp_path / ".travis.yml", words)
    reason = {"en": "Permission denied", "es": "no tienes permiso"}[language]
    expected = words("no_file", name=tmp_path / ".travis.yml", reason=reason)
    assert str(error.value) == expected


@pytest.mark.parametrize(("kind", "language"), [("plan", "en"), ("run", "es")])
def test_a_folder_that_is_no_repository_gets_one_sentence(kind, language, tmp_path):
    result = command(kind, "missing", cwd=tmp_path, LANGUAGE=language)
    assert_said(result, "no_folder", language)
    assert_said(command(kind, ".", cwd=tmp_path, LANGUAGE=language), "not_git", language)
    git(tmp_path, "init", "--quiet")
    assert_said(command(kind, ".", cwd=tmp_path, LANGUAGE=language), "not_git", language)
    (tmp_path / "a").touch()
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Start")
    assert_said(command(kind, ".", cwd=tmp_path, LANGUAGE=language), "not_committed", language)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_repository_of_somebody_else_gets_one_sentence(language, tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "a").touch()
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "Start")
    words = Translator(language, "travis/messages")
    monkeypatch.setattr(os, "geteuid", lambda: 4242, raising=False)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")  # git's own tests use it
    with pytest.raises(PracticeError) as error:
        repository.find(tmp_path, None, None, words)
    assert str(error.value) == words("not_yours", path=tmp_path, full=tmp_path.resolve())
    # What the user trusts is read: git compares with the setting, and so the kit does.
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(tmp_path.resolve()))
    assert repository.find(tmp_path, None, None, words)[0].uncommitted == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_bash_a_plan_decides_and_a_run_does_not_begin(language, tmp_path):
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "git").symlink_to(shutil.which("git") or "")
    folder = tmp_path / "demo"
    folder.mkdir()
    (folder / ".travis.yml").write_text(
        "language: python\nscript: touch ran\ndeploy: {provider: script, script: a, on: main}\n"
    )
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Start")
    words = Translator(language, "travis/messages")
    more = {"PATH": str(tools), "LANGUAGE": language, "PYPI_PRACTICE_DATA": str(tmp_path / "data")}
    more |= {"PYPI_PRACTICE": "", "HTTPS_PROXY": "", "https_proxy": ""}
    result = command("plan", ".", cwd=folder, **more)
    assert result.returncode == 0, result.stderr
    assert "script: a" in result.stdout
    result = command("run", ".", cwd=folder, **more)
    assert result.returncode == 2
    assert result.stderr == f"pypi-practice: {words('no_bash_here')}\n"
    assert not (folder / "ran").exists()


@pytest.mark.parametrize("error", load("travis/yaml_errors"), ids=lambda error: error["en"])
def test_the_reason_of_bad_yaml_is_in_the_users_language(error, monkeypatch):
    def fail(text: str) -> None:
        raise yaml_positions.MarkError("not_yaml", 1, error["en"])

    monkeypatch.setattr(yaml_positions, "parse", fail)
    for language in LANGUAGES:
        with pytest.raises(PracticeError) as refused:
            loader.tree("", "x", Translator(language, "travis/messages"))
        assert f"({error[language]})" in str(refused.value)


@pytest.mark.parametrize(
    "text", ["a: [\n", "a: b: c\n", "a: 'b\n", "- a\nb: c\n", 'a: "\\z"\n', "a: @b\n"]
)
def test_what_libyaml_says_is_known(text):
    with pytest.raises(yaml_positions.MarkError) as refused:
        yaml_positions.parse(text)
    assert refused.value.reason in [error["en"] for error in load("travis/yaml_errors")]
