"""The folder of the practice index's data: marked as its own, and no other is ever used.

The index removes files in it that an interrupted upload has left. In a folder that holds somebody's
files, such as the present one by mistake, it would be a guest that tidies up.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import platformdirs

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES

MARK = "pypi-practice.txt"
MARKED = """\
This folder holds the data of pypi-practice.
It removes files of its own from here; keep nothing else in it.
"""
PRACTICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")
DATABASE, UNFINISHED, FILES = "index.sqlite3", "unfinished", "files"
# Tables and columns that the database of every version has; the first ones marked no folder.
FIRST_TABLES = {
    "users": {"id", "index", "name", "email_verified", "two_factor"},
    "tokens": {
        "id",
        "user_id",
        "description",
        "key",
        "caveats",
        "project",
        "created",
        "last_used",
    },
    "projects": {"id", "index", "name", "normalized", "owner"},
    "releases": {"id", "project_id", "version", "canonical", "metadata", "created"},
    "files": {
        "index",
        "filename",
        "release_id",
        "filetype",
        "size",
        "sha256",
        "blake2",
        "requires_python",
        "uploaded",
    },
    "used_filenames": {"index", "filename"},
}


def default_directory(environ: Any = os.environ) -> Path:
    """Return where the practice index keeps its data on this system, for this user."""
    if chosen := environ.get("PYPI_PRACTICE_DATA"):
        return Path(chosen)
    return platformdirs.user_data_path("pypi-practice", appauthor=False)


def named_directory(name: str) -> Path:
    """Return where the practice *name* keeps its data: beside the default folder.

    Raises ValueError for a name that is not made of ASCII letters, digits, "-" and "_".
    """
    if not PRACTICE_NAME.fullmatch(name):
        raise ValueError(name)
    return platformdirs.user_data_path(f"pypi-practice-{name.lower()}", appauthor=False)


def claim(directory: Path, words: Translator) -> None:
    """Make *directory* if it is missing, and mark it as ours if it is empty, or was ours unmarked.

    Raises PracticeError for a folder that holds anything else, for a link where the index has a
    folder or its database, and if the folder cannot be used.
    """
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not _is_marked(directory):
            if not _is_empty(directory) and not is_unmarked_index(directory):
                raise PracticeError(words("foreign_data", path=directory))
            (directory / MARK).write_text(MARKED, encoding="utf-8")
        for path in _inside(directory):
            if path.is_symlink() or (hasattr(path, "is_junction") and path.is_junction()):
                raise PracticeError(words("linked_data", path=path))
        for path in _folders(directory):
            path.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise PracticeError(words("no_data", path=directory, reason=error)) from error


def _folders(directory: Path) -> Iterator[Path]:
    yield directory / UNFINISHED
    yield directory / FILES
    for key in INDEXES:
        yield directory / FILES / key


def _inside(directory: Path) -> Iterator[Path]:
    yield from _folders(directory)
    yield from database_files(directory)


def database_files(directory: Path) -> Iterator[Path]:
    """Yield the files of the database, of which only the first one is always there."""
    for ending in ("", "-wal", "-shm"):
        yield directory / f"{DATABASE}{ending}"


def _is_marked(directory: Path) -> bool:
    mark = directory / MARK
    if mark.is_symlink() or not mark.is_file():
        return False
    with mark.open("rb") as stream:
        return stream.read(len(MARKED)) == MARKED.encode()


def _is_empty(directory: Path) -> bool:
    """Tell whether nothing is in *directory* but a mark that was never written."""
    with os.scandir(directory) as entries:
        return all(
            entry.name == MARK and entry.is_file(follow_symlinks=False) and not entry.stat().st_size
            for entry in entries
        )


def is_unmarked_index(directory: Path) -> bool:
    """Tell whether the database of an earlier version lies in *directory*; changes nothing."""
    path = directory / DATABASE
    if path.is_symlink() or not path.is_file():
        return False
    try:
        with contextlib.closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            return all(
                columns == {row[1] for row in database.execute(f"PRAGMA table_info({table})")}
                for table, columns in FIRST_TABLES.items()
            )
    except sqlite3.Error:
        return False
