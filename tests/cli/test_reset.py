"""A practice can be begun again: ``reset``, ``shell --fresh`` and ``--practice NAME``."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pypi_practice.cli.main import main
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.explain import last_failure
from pypi_practice.index.storage.data_folder import default_directory, named_directory
from pypi_practice.index.storage.store import Store
from pypi_practice.shell import session

EN = Translator("en")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the data folder that the commands use, with a token, a failure and a large file."""
    for name in [name for name in os.environ if name.startswith("PYPI_PRACTICE")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LANGUAGE", "en")
    directory = tmp_path / "data"
    monkeypatch.setenv("PYPI_PRACTICE_DATA", str(directory))
    store = Store(directory, EN)
    user = store.user(INDEXES["testpypi"])
    store.new_token(user, "laptop", None)
    with store.transaction() as connection:
        connection.execute(
            "INSERT INTO projects VALUES ('p', 'testpypi', 'demo', 'demo', ?)", (user.id,)
        )
        connection.execute("INSERT INTO releases VALUES ('r', 'p', '1.0', '1.0', '{}', 0)")
        file = ("testpypi", "demo-1.0.tar.gz", "r", "sdist", 5, "", "", "", 0)
        connection.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", file)
    store.path(INDEXES["testpypi"], "demo-1.0.tar.gz").write_bytes(b"large")
    (store.temporary / ("0" * 32)).write_bytes(b"coming in")
    store.close()
    last_failure.write(directory, ["HTTPError: 403 Forbidden"])
    return directory


class Terminal:
    """A standard input at which somebody sits, or nobody does."""

    def __init__(self, *, present: bool) -> None:
        self.present = present

    def isatty(self) -> bool:
        return self.present


def answer(monkeypatch: pytest.MonkeyPatch, text: str) -> list[str]:
    """Let somebody type *text*; return the questions that are asked."""
    questions: list[str] = []

    def read(question: str) -> str:
        questions.append(question)
        return text

    monkeypatch.setattr("sys.stdin", Terminal(present=True))
    monkeypatch.setattr("builtins.input", read)
    return questions


def tokens_in(directory: Path) -> list[str]:
    """Return the names of the tokens on the practice TestPyPI in *directory*."""
    return [token.description for token in Store(directory, EN).tokens(INDEXES["testpypi"])]


def left_in(directory: Path) -> set[str]:
    """Return what is in *directory*, but for the lock, which a system may keep or not."""
    files = {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}
    return files - {"lock"}


@pytest.mark.parametrize("arguments", [["--yes"], []])
def test_reset_says_what_goes_and_removes_it(arguments, data, monkeypatch, capsys):
    questions = answer(monkeypatch, "y")
    assert main(["reset", *arguments]) == 0
    printed = capsys.readouterr().out
    assert f"in {data} holds: tokens: 1, projects: 1, files: 1." in printed
    assert "The practice index is empty." in printed
    assert questions == ([] if arguments else ["Remove all of that? [y/N] "])
    assert left_in(data) == {"pypi-practice.txt"}
    assert tokens_in(data) == []
    store = Store(data, EN)
    assert store.projects(INDEXES["testpypi"]) == []
    store.new_token(store.user(INDEXES["testpypi"]), "laptop", None)


@pytest.mark.parametrize("typed", ["", "n", "no"])
def test_reset_keeps_everything_unless_the_answer_is_yes(typed, data, monkeypatch, capsys):
    answer(monkeypatch, typed)
    before = left_in(data)
    assert main(["reset"]) == 1
    assert "Nothing was removed." in capsys.readouterr().out
    assert left_in(data) >= before - {"index.sqlite3-wal", "index.sqlite3-shm"}
    assert tokens_in(data) == ["laptop"]


def test_reset_without_a_terminal_wants_yes(data, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin", Terminal(present=False))
    assert main(["reset"]) == 2
    assert "add --yes" in capsys.readouterr().err
    assert tokens_in(data) == ["laptop"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_empty_practice_has_nothing_to_remove(language, data, monkeypatch, capsys):
    assert main(["reset", "--yes"]) == 0
    store = Store(data, EN)  # as opening a practice shell makes it
    store.set_account(store.user(INDEXES["pypi"]), email_verified=False, two_factor=True)
    store.close()
    last_failure.write(data, ["HTTPError: 403 Forbidden"])
    capsys.readouterr()
    questions = answer(monkeypatch, "n")
    assert main(["reset", "--lang", language]) == 0
    assert capsys.readouterr().out == Translator(language)("reset_empty", path=data) + "\n"
    assert questions == []
    assert left_in(data) == {"pypi-practice.txt"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_reset_is_refused_while_a_practice_shell_uses_the_data(language, data, capsys):
    words = Translator(language)
    with session.lock_data(data, EN):
        assert main(["reset", "--yes", "--lang", language]) == 2
    assert words("reset_in_use", path=data) in capsys.readouterr().err
    assert tokens_in(data) == ["laptop"]


def test_reset_leaves_what_the_program_did_not_make(data, capsys):
    theirs = [data / "notes.txt", data / "files" / "testpypi" / "theirs.tar.gz"]
    theirs += [data / "unfinished" / "theirs"]
    for path in theirs:
        path.write_text("mine")
    assert main(["reset", "--yes"]) == 0
    assert all(path.read_text() == "mine" for path in theirs)


def test_reset_touches_no_folder_without_a_practice_index(data, tmp_path, capsys):
    assert main(["reset", "--yes", "--data", str(tmp_path / "none")]) == 0
    assert "nothing was removed" in capsys.readouterr().out
    assert not (tmp_path / "none").exists()
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "index.sqlite3").write_text("not ours")
    assert main(["reset", "--yes", "--data", str(foreign)]) == 2
    assert "it holds files of something else" in capsys.readouterr().err
    assert [path.read_text() for path in foreign.iterdir()] == ["not ours"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run pypi-practice in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "pypi_practice", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.long
def test_a_fresh_shell_is_empty_and_leaves_nothing(data):
    command = "echo $PYPI_PRACTICE_DATA; pypi-practice token list;"
    command += "pypi-practice token new --index testpypi --name laptop > /dev/null && echo made"
    result = run("shell", "--fresh", "--wall", "none", "--", "sh", "-c", command)
    assert result.returncode == 0, result.stderr
    folder, *printed = result.stdout.splitlines()
    assert printed == [Translator("en", "commands/tokens")("no_tokens"), "made"]
    assert Path(folder) != data
    assert not Path(folder).exists()
    assert tokens_in(data) == ["laptop"]


def test_a_fresh_shell_has_data_of_its_own_only(data, capsys, monkeypatch):
    for arguments in (["--data", str(data)], ["--practice", "course"]):
        assert main(["shell", "--fresh", *arguments, "--", "true"]) == 2
        assert EN("fresh_data") in capsys.readouterr().err
    monkeypatch.setenv("PYPI_PRACTICE", "http://127.0.0.1:1")
    assert main(["shell", "--fresh", "--", "true"]) == 2
    assert EN("inside_already") in capsys.readouterr().err


def test_a_practice_with_a_name_has_data_of_its_own(data, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "share"))
    monkeypatch.setenv("HOME", str(tmp_path))
    named = named_directory("course")
    assert main(["token", "new", "--index", "testpypi", "--name", "a", "--practice", "Course"]) == 0
    assert [token.description for token in Store(named, EN).tokens(INDEXES["testpypi"])] == ["a"]
    assert [token.description for token in Store(data, EN).tokens(INDEXES["testpypi"])] == [
        "laptop"
    ]
    command = ["sh", "-c", "pypi-practice token list && ! pypi-practice reset --yes"]
    result = run("shell", "--practice", "course", "--wall", "none", "--", *command)
    assert result.returncode == 0, result.stderr
    assert "laptop" not in result.stdout
    assert EN("reset_in_use", path=named) in result.stderr
    assert main(["reset", "--yes", "--practice", "course"]) == 0
    assert tokens_in(named) == []
    monkeypatch.delenv("PYPI_PRACTICE_DATA")
    assert named.parent == default_directory().parent != named
    capsys.readouterr()


@pytest.mark.parametrize("name", ["", "../up", "a/b", "-a", "ñ", "a" * 51, "a b", "a\n"])
def test_a_name_that_is_no_name_of_a_practice_is_refused(name, data, capsys):
    with pytest.raises(SystemExit) as left:
        main(["list", f"--practice={name}"])
    assert left.value.code == 2
    assert "the name of a practice has up to 50 letters" in capsys.readouterr().err


def test_a_name_and_a_folder_exclude_each_other(data, capsys):
    with pytest.raises(SystemExit) as left:
        main(["list", "--practice", "a", "--data", str(data)])
    assert left.value.code == 2


def test_a_file_that_cannot_be_removed_is_named(data, monkeypatch, capsys):
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    assert main(["reset", "--yes"]) == 2
    assert "Permission denied" in capsys.readouterr().err


def test_the_taken_name_of_a_token_says_how_to_begin_again(data):
    store = Store(data, EN)
    with pytest.raises(PracticeError, match="shell --fresh"):
        store.new_token(store.user(INDEXES["testpypi"]), "laptop", None)
