"""--data: a folder of somebody else is not used, and nothing in it is touched."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from pypi_practice.cli.main import main
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.index.storage import data_folder
from pypi_practice.index.storage.moves import MOVED
from pypi_practice.index.storage.store import Store
from pypi_practice.shell.session import practice

EN = Translator("en")


def contents(folder: Path) -> dict[str, str]:
    """Return what is in a folder: its files with their texts, its links with their targets."""
    entries = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        entries[name] = os.readlink(path) if path.is_symlink() else "folder"
        if path.is_file() and not path.is_symlink():
            entries[name] = path.read_text(errors="replace")
    return entries


def foreign(folder: Path) -> dict[str, str]:
    """Fill a folder with somebody's files, where the index would have its own."""
    for name in (f"unfinished/{uuid.uuid4().hex}", "files/pypi/notes.txt", "files/testpypi/a.whl"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("somebody's\n")
    return contents(folder)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_folder_that_holds_somebodys_files_is_refused_and_stays_as_it_is(tmp_path, language):
    before = foreign(tmp_path)
    words = Translator(language)
    for begin in (
        lambda: Store(tmp_path, words),
        lambda: practice(tmp_path, words=words, environ={}).__enter__(),
    ):
        with pytest.raises(PracticeError) as refused:
            begin()
        assert str(refused.value) == words("foreign_data", path=tmp_path)
        assert contents(tmp_path) == before


@pytest.mark.parametrize(
    "statement",
    [None, "CREATE TABLE users (id, name)", "CREATE TABLE files (id)"],
    ids=["no database", "other tables", "one table"],
)
def test_another_programs_database_makes_no_folder_ours(tmp_path, statement):
    foreign(tmp_path)
    database = tmp_path / data_folder.DATABASE
    database.touch()
    if statement:
        with contextlib.closing(sqlite3.connect(database)) as other:
            other.execute(statement)
    before = contents(tmp_path)
    with pytest.raises(PracticeError, match="something else"):
        Store(tmp_path, EN)
    assert contents(tmp_path) == before


@pytest.mark.skipif(os.name == "nt", reason="making a link needs a right there")
@pytest.mark.parametrize(
    "name", ["unfinished", "files", "files/pypi", "files/testpypi", "index.sqlite3"]
)
def test_a_link_inside_is_refused_and_not_followed(tmp_path, name):
    data, elsewhere = tmp_path / "data", tmp_path / "elsewhere"
    Store(data, EN).close()
    (data / name).rename(tmp_path / "moved")
    elsewhere.mkdir()
    before = foreign(elsewhere)
    (data / name).symlink_to(elsewhere)
    with pytest.raises(PracticeError, match="is a link"):
        Store(data, EN)
    assert contents(elsewhere) == before


@pytest.mark.skipif(os.name == "nt", reason="making a link needs a right there")
def test_the_sweep_takes_only_what_the_index_made(tmp_path):
    data = tmp_path / "data"
    store = Store(data, EN)
    kept = {"notes.txt": "a", "A" * 32: "b", f"{'a' * 31}": "c", f"note{MOVED}": "pypi/kept.whl"}
    for name, text in kept.items():
        (store.temporary / name).write_text(text)
    (store.temporary / ("d" * 32)).symlink_to(tmp_path / "elsewhere")
    (store.temporary / ("e" * 32)).mkdir()
    (tmp_path / "elsewhere").write_text("somebody's")
    files = data / "files" / "pypi"
    for name in ("kept.whl", "also.txt", "gone.whl"):
        (files / name).write_text("x")
    (files / "link.whl").symlink_to(tmp_path / "elsewhere")
    texts = [
        "pypi/gone.whl",
        "pypi/link.whl",
        "pypi/../../../elsewhere",
        "x/kept.whl",
        "kept.whl",
        "",
    ]
    for text in texts:
        (store.temporary / f"{uuid.uuid4().hex}{MOVED}").write_text(text)
    (store.temporary / uuid.uuid4().hex).write_text("half an upload")
    store.sweep()
    left = {path.name for path in store.temporary.iterdir()}
    assert left == {*kept, "d" * 32, "e" * 32}
    assert {path.name for path in files.iterdir()} == {"kept.whl", "also.txt", "link.whl"}
    assert (tmp_path / "elsewhere").read_text() == "somebody's"


def test_a_new_an_empty_and_a_marked_folder_are_ours(tmp_path):
    for folder in (tmp_path / "new" / "deep", tmp_path / "empty"):
        folder.parent.mkdir(exist_ok=True)
        Store(folder, EN).close()
        Store(folder, EN).close()
        assert (folder / data_folder.MARK).read_text() == data_folder.MARKED
    cut = tmp_path / "cut"  # between the making and the writing of the mark
    cut.mkdir()
    (cut / data_folder.MARK).touch()
    Store(cut, EN).close()
    forged = tmp_path / "forged"
    forged.mkdir()
    (forged / data_folder.MARK).write_text("my notes about pypi-practice\n")
    with pytest.raises(PracticeError, match="something else"):
        Store(forged, EN)


def test_the_folder_of_an_earlier_version_is_known_by_its_tables(tmp_path):
    folder = tmp_path / "data"
    Store(folder, EN).close()
    (folder / data_folder.MARK).unlink()
    (folder / "my notes.txt").write_text("kept")
    assert data_folder.is_unmarked_index(folder)
    store = Store(folder, EN)
    store.sweep()
    assert (folder / data_folder.MARK).is_file()
    assert (folder / "my notes.txt").read_text() == "kept"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", [["shell"], ["list"], ["token", "list"], ["web"]])
def test_an_empty_name_is_no_folder(tmp_path, monkeypatch, capsys, command, language):
    """And not the present one."""
    monkeypatch.chdir(tmp_path)
    before = foreign(tmp_path)
    with pytest.raises(SystemExit) as left:
        main(["--lang", language, *command, "--data", ""])
    assert left.value.code == 2
    assert Translator(language)("empty_data") in " ".join(capsys.readouterr().err.split())
    assert contents(tmp_path) == before


def test_the_lock_is_taken_before_the_data_are_changed(tmp_path):
    """A second program must not change the tables under one that runs."""
    data = tmp_path / "data"
    start = "from pypi_practice.cli.main import main; import sys; sys.exit(main())"
    with practice(data, words=EN, environ={"PATH": os.environ["PATH"]}, with_upstream=False):
        with contextlib.closing(sqlite3.connect(data / data_folder.DATABASE)) as database:
            database.execute("PRAGMA user_version = 1")
        result = subprocess.run(
            [sys.executable, "-c", start, "shell", "--data", str(data), "--", "true"],
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "LANGUAGE": "en"},
        )
        assert "open already" in result.stderr
        with contextlib.closing(sqlite3.connect(data / data_folder.DATABASE)) as database:
            assert database.execute("PRAGMA user_version").fetchone() == (1,)
