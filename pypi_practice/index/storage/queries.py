"""What the pages show of projects and releases, and what a learner may change of them.

Each question costs what the one project holds, never what the whole index does. The rules of
removing are PyPI's: what is deleted is gone, and its file name stays used for ever.
Source: ManageProjectRelease in warehouse/manage/views/__init__.py of pypi/warehouse at commit
6b62157.
"""

from __future__ import annotations

import contextlib
import functools
import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_version
from packaging.version import Version

from pypi_practice.core.indexes import Index
from pypi_practice.index.storage.records import Project, StoredFile
from pypi_practice.index.storage.store import Store, note_change


@dataclass(frozen=True)
class Release:
    """A release of a project; ``yanked`` is None, or the reason, which may be empty."""

    id: str
    version: str
    created: float
    yanked: str | None
    files: int


@dataclass(frozen=True)
class ListedFile(StoredFile):
    """A stored file as it is listed.

    ``yanked`` is None, or the reason of its release, which may be empty; ``metadata`` is the
    SHA-256 of its core metadata, or None.
    """

    yanked: str | None
    metadata: str | None

    @property
    def python_version(self) -> str:
        """The Python of a wheel's name, such as ``py3``; ``source`` for an sdist."""
        return "source" if self.filetype == "sdist" else self.filename.split("-")[-3]


FIELDS = tuple(ListedFile.__dataclass_fields__)
FILES = """
SELECT files.filename, releases.version, files.filetype, files.size, files.sha256, files.blake2,
    files.requires_python, files.uploaded, yanked.reason AS yanked,
    core_metadata.sha256 AS metadata
FROM releases JOIN files ON files.release_id = releases.id
LEFT JOIN yanked ON yanked.release_id = releases.id
LEFT JOIN core_metadata
    ON core_metadata."index" = files."index" AND core_metadata.filename = files.filename
WHERE releases.project_id = ?"""
RELEASES = """
SELECT releases.id, releases.version, releases.created, yanked.reason AS yanked,
    (SELECT COUNT(*) FROM files WHERE files.release_id = releases.id) AS files
FROM releases LEFT JOIN yanked ON yanked.release_id = releases.id WHERE releases.project_id = ?"""


@functools.lru_cache(maxsize=20_000)
def order(version: str) -> Version:
    """Return what *version* is sorted by."""
    return Version(version)


def files(store: Store, project: Project, version: str | None = None) -> list[ListedFile]:
    """Return the files of *project*, or of one *version*, in PyPI's order: version, then name."""
    query, values = FILES, [project.id]
    if version is not None:
        query, values = f"{FILES} AND releases.canonical = ?", [*values, _canonical(version)]
    files = [ListedFile(*row) for row in store.rows(query, *values)]
    return sorted(files, key=lambda file: (order(file.version), file.filename))


def releases(store: Store, project: Project) -> list[Release]:
    """Return the releases of *project*, highest first; a release may have lost its files."""
    releases = [Release(*row) for row in store.rows(RELEASES, project.id)]
    return sorted(releases, key=lambda release: order(release.version), reverse=True)


def latest(candidates: list[Release]) -> Release | None:
    """Return the release that a project's page shows: not yanked, then not a pre-release."""

    def rank(release: Release) -> tuple[bool, bool, Version]:
        version = order(release.version)
        return release.yanked is None, not version.is_prerelease, version

    return max(candidates, key=rank, default=None)


def release(store: Store, project: Project, version: str) -> Release | None:
    """Return the release that *version* names, in whatever spelling, or None."""
    query = f"{RELEASES} AND releases.canonical = ?"
    rows = store.rows(query, project.id, _canonical(version))
    return Release(*rows[0]) if rows else None


def metadata(store: Store, release: Release) -> dict[str, Any]:
    """Return the core metadata of a release."""
    rows = store.rows("SELECT metadata FROM releases WHERE id = ?", release.id)
    return json.loads(rows[0]["metadata"]) if rows else {}


def projects(store: Store, index: Index, limit: int, after: str = "") -> list[Project]:
    """Return up to *limit* projects of *index* by name, beginning behind the name *after*."""
    query = (
        'SELECT * FROM projects WHERE "index" = ? AND normalized > ? ORDER BY normalized LIMIT ?'
    )
    return [Project(**dict(row)) for row in store.rows(query, index.key, after, limit)]


def count_projects(store: Store, index: Index) -> int:
    """Return how many projects *index* holds."""
    count: int = store.rows('SELECT COUNT(*) FROM projects WHERE "index" = ?', index.key)[0][0]
    return count


def serial(store: Store, index: Index, project: Project | None = None) -> int:
    """Return the number of the last change of *project*, or of the whole index; 0 if none."""
    query, values = 'SELECT MAX(serial) FROM changes WHERE "index" = ?', [index.key]
    if project is not None:
        query, values = f"{query} AND normalized = ?", [*values, project.normalized]
    return store.rows(query, *values)[0][0] or 0


def serials(store: Store, index: Index) -> dict[str, int]:
    """Return the number of the last change of each project, by normalised name."""
    query = 'SELECT normalized, MAX(serial) FROM changes WHERE "index" = ? GROUP BY normalized'
    return dict(map(tuple, store.rows(query, index.key)))


def _canonical(version: str) -> str:
    try:
        return canonicalize_version(version)
    except ValueError:  # a number of more digits than Python reads: no release has it
        return version


# What a learner may change


def yank(store: Store, project: Project, release: Release, reason: str) -> None:
    """Mark *release* so that installers pass it by unless it is named exactly (PEP 592)."""
    with store.transaction() as connection:
        connection.execute("INSERT OR REPLACE INTO yanked VALUES (?, ?)", (release.id, reason))
        note_change(connection, project, f"yank {release.version}")


def unyank(store: Store, project: Project, release: Release) -> None:
    """Take the mark off again."""
    with store.transaction() as connection:
        connection.execute("DELETE FROM yanked WHERE release_id = ?", (release.id,))
        note_change(connection, project, f"unyank {release.version}")


def delete_file(store: Store, index: Index, project: Project, filename: str) -> None:
    """Delete one file; its release stays, and its name stays used."""
    with store.transaction() as connection:
        _forget_files(connection, index, [filename])
        note_change(connection, project, f"remove {filename}")
    _remove(store, index, [filename])


def delete_release(store: Store, index: Index, project: Project, release: Release) -> None:
    """Delete a release with its files; their names stay used."""
    with store.transaction() as connection:
        names = _filenames(connection, "release_id = ?", release.id)
        _forget_release(connection, index, release.id, names)
        note_change(connection, project, f"remove release {release.version}")
    _remove(store, index, names)


def delete_project(store: Store, index: Index, project: Project) -> None:
    """Delete a project with its releases: anybody may take its name, not its files' names."""
    removed: list[str] = []
    with store.transaction() as connection:
        query = "SELECT id FROM releases WHERE project_id = ?"
        for row in connection.execute(query, (project.id,)).fetchall():
            names = _filenames(connection, "release_id = ?", row["id"])
            _forget_release(connection, index, row["id"], names)
            removed += names
        connection.execute("DELETE FROM projects WHERE id = ?", (project.id,))
        note_change(connection, project, "remove project")
    _remove(store, index, removed)


def _filenames(connection: sqlite3.Connection, condition: str, value: str) -> list[str]:
    rows = connection.execute(f"SELECT filename FROM files WHERE {condition}", (value,)).fetchall()
    return [row["filename"] for row in rows]


def _forget_files(connection: sqlite3.Connection, index: Index, names: list[str]) -> None:
    for table in ("core_metadata", "contents", "files"):
        connection.executemany(
            f'DELETE FROM {table} WHERE "index" = ? AND filename = ?',
            [(index.key, name) for name in names],
        )


def _forget_release(
    connection: sqlite3.Connection, index: Index, release_id: str, names: list[str]
) -> None:
    _forget_files(connection, index, names)
    connection.execute("DELETE FROM yanked WHERE release_id = ?", (release_id,))
    connection.execute("DELETE FROM releases WHERE id = ?", (release_id,))


def _remove(store: Store, index: Index, names: list[str]) -> None:
    """Remove the bytes of files that no record names any more."""
    for name in names:
        # Windows does not remove what somebody is downloading; nothing lists it all the same.
        with contextlib.suppress(OSError):
            store.path(index, name).unlink(missing_ok=True)  # a small one has no file of its own
