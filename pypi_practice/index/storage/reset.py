"""Empties the data of the practice index: what the program made is removed, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.storage import data_folder
from pypi_practice.index.storage.store import Store


@dataclass(frozen=True)
class Contents:
    """How many tokens, projects and files both indexes hold together."""

    tokens: int
    projects: int
    files: int


def contents(store: Store) -> Contents:
    """Count what the user of the practice index has made in *store*."""
    projects = [project for index in INDEXES.values() for project in store.projects(index)]
    return Contents(
        tokens=sum(len(store.tokens(index)) for index in INDEXES.values()),
        projects=len(projects),
        files=sum(len(store.files(project)) for project in projects),
    )


def empty(store: Store) -> None:
    """Remove the database of *store*, the files that it lists, and what was left unfinished.

    Only for the one who holds the lock. The folder stays, with its mark. Raises PracticeError if
    something cannot be removed; nothing is then lost that was not meant to go, and a second call
    goes on.
    """
    try:
        store.sweep()
        for row in store.rows('SELECT "index", filename FROM files'):
            path = store.path(INDEXES[row["index"]], row["filename"])
            if path.is_file() and not path.is_symlink():
                path.unlink()
        store.close()
        for path in data_folder.database_files(store.directory):
            path.unlink(missing_ok=True)
    except OSError as error:
        raise PracticeError(store.words("no_data", path=store.directory, reason=error)) from error


def exists(directory: Path) -> bool:
    """Tell whether *directory* holds the data of a practice index; changes nothing."""
    return (directory / data_folder.DATABASE).is_file()
