"""Stores users, tokens, projects, releases and files of the practice index.

The SQLite database has the records and small files; larger files are in one folder for each index.
A file is acknowledged when its bytes and its record are both on the disk, so that after a crash it
is either complete or absent.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import sqlite3
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from packaging.utils import canonicalize_name

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES, Index
from pypi_practice.index.storage import data_folder, moves
from pypi_practice.index.storage.batcher import Batcher
from pypi_practice.index.storage.database import Database
from pypi_practice.index.storage.records import (
    LEARNER,
    NewFile,
    Project,
    StoredFile,
    TokenRecord,
    UploadConflicts,
    User,
)
from pypi_practice.index.storage.schema import LOOK, SCHEMA, VERSION
from pypi_practice.tokens import macaroons

UNFINISHED = re.compile(r"[0-9a-f]{32}")  # names of files that are coming in
FILENAME_LIMIT = 1000  # characters of such a note; names of files are shorter


# One query instead of six: the overhead of a query exceeds the cost of its lookups.
CONFLICTS = """
SELECT
    releases.id, releases.created,
    EXISTS (SELECT 1 FROM files WHERE release_id = releases.id AND filetype = 'sdist'),
    EXISTS (SELECT 1 FROM used_filenames WHERE "index" = ? AND filename = ?),
    (SELECT sha256 FROM files WHERE "index" = ? AND filename = ?),
    (SELECT filename FROM files WHERE "index" = ? AND blake2 = ?)
FROM (SELECT 1) LEFT JOIN releases ON project_id = ? AND canonical = ?
"""

TOKENS = """
SELECT users.*, tokens.id AS token_id, description, key, caveats, project, created, last_used
FROM tokens JOIN users ON users.id = user_id"""


class Store(Database):
    """The data in *directory*, which is created if missing; errors in the language of *words*."""

    def __init__(self, directory: Path, words: Translator) -> None:
        database = directory / data_folder.DATABASE
        super().__init__(database)
        self.directory = directory
        self.words = words
        self.temporary = directory / data_folder.UNFINISHED
        self._new_files = Batcher(self._add_files)
        data_folder.claim(directory, words)
        try:
            database.touch(mode=0o600)
            if database.stat().st_mode & 0o077:  # it holds the keys of tokens
                database.chmod(0o600)
            written = self.rows("PRAGMA user_version")[0][0]
            if written > VERSION:
                raise PracticeError(words("newer_data", path=directory))
            self.execute_script(SCHEMA)
            if written < VERSION:
                self.execute_script(f"PRAGMA user_version = {VERSION}")
            with self.transaction() as connection:
                for key in INDEXES:
                    connection.execute(
                        'INSERT OR IGNORE INTO users (id, "index", name) VALUES (?, ?, ?)',
                        (str(uuid.uuid4()), key, LEARNER),
                    )
            # An upper bound for each project: removed files are not subtracted.
            sizes = self.rows('SELECT "index", SUM(size) FROM files GROUP BY "index"')
            self._bytes = dict.fromkeys(INDEXES, 0) | {key: size for key, size in sizes}
        except (OSError, sqlite3.Error) as error:
            raise PracticeError(words("no_data", path=directory, reason=error)) from error

    def sweep(self) -> None:
        """Remove the files of interrupted uploads; only for the process that runs the index.

        These are unfinished files, and files that were moved but have no record, so they were not
        acknowledged. Other files are kept, and links are not followed.
        """
        for left_over in self.temporary.iterdir():
            if not _is_file(left_over):
                continue
            if UNFINISHED.fullmatch(left_over.name):
                left_over.unlink(missing_ok=True)
            elif UNFINISHED.fullmatch(left_over.stem) and left_over.suffix == moves.MOVED:
                self._sweep_moved(left_over)
                left_over.unlink(missing_ok=True)

    def _sweep_moved(self, note: Path) -> None:
        """Remove the file that *note* says was moved, unless a record lists it."""
        with note.open(encoding="utf-8", errors="replace") as stream:
            key, _, filename = stream.read(FILENAME_LIMIT).partition("/")
        # A note may be truncated by a crash, so its content is validated.
        if key not in INDEXES or not filename or "/" in filename or os.sep in filename:
            return
        listed = self.rows('SELECT 1 FROM files WHERE "index" = ? AND filename = ?', key, filename)
        target = self.path(INDEXES[key], filename)
        if not listed and _is_file(target):
            target.unlink(missing_ok=True)

    # Users and tokens

    def user(self, index: Index, name: str = LEARNER) -> User:
        """Return the user *name* of *index*; KeyError if there is none."""
        rows = self.rows('SELECT * FROM users WHERE "index" = ? AND name = ?', index.key, name)
        if not rows:
            raise KeyError(name)
        return _user(rows[0])

    def set_account(self, user: User, *, email_verified: bool, two_factor: bool) -> User:
        """Set the two states that PyPI checks before an upload; return the user."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE users SET email_verified = ?, two_factor = ? WHERE id = ?",
                (email_verified, two_factor, user.id),
            )
        return self.user(INDEXES[user.index], user.name)

    def new_token(self, user: User, description: str, project: Project | None) -> tuple[str, str]:
        """Make a token for the whole account or for one project; return its id and the token.

        Source of the caveats: warehouse/manage/views of pypi/warehouse (two for a project token).
        """
        identifier, key = str(uuid.uuid4()), secrets.token_bytes(32)
        if project is None:
            caveats: list[list[Any]] = [[macaroons.REQUEST_USER, user.id]]
        else:
            caveats = [
                [macaroons.PROJECT_NAME, [project.normalized]],
                [macaroons.PROJECT_ID, [project.id]],
            ]
        try:
            with self.transaction() as connection:
                connection.execute(
                    "INSERT INTO tokens (id, user_id, description, key, caveats, project, created)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (
                        identifier,
                        user.id,
                        description,
                        key,
                        json.dumps(caveats),
                        project and project.normalized,
                        time.time(),
                    ),
                )
        except sqlite3.IntegrityError as error:
            raise PracticeError(self.words("token_name_used", name=description)) from error
        return identifier, macaroons.make(INDEXES[user.index], identifier, key, caveats)

    def token(self, identifier: str) -> TokenRecord | None:
        """Return the token with this id, or None."""
        rows = self.rows(f"{TOKENS} WHERE tokens.id = ?", identifier)
        return _token(rows[0]) if rows else None

    def tokens(self, index: Index) -> list[TokenRecord]:
        """Return the tokens of *index*, oldest first."""
        rows = self.rows(f'{TOKENS} WHERE users."index" = ? ORDER BY created', index.key)
        return [_token(row) for row in rows]

    def used(self, token: TokenRecord) -> None:
        """Record a use of *token* for an upload of an existing file."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE tokens SET last_used = ? WHERE id = ?", (time.time(), token.id)
            )

    def remove_token(self, identifier: str) -> bool:
        """Remove the token, so that it is no longer accepted; return whether it existed."""
        with self.transaction() as connection:
            cursor = connection.execute("DELETE FROM tokens WHERE id = ?", (identifier,))
        return cursor.rowcount == 1

    # Projects, releases and files

    def project(self, index: Index, name: str) -> Project | None:
        """Return the project of *index* whose normalised name is that of *name*, or None."""
        rows = self.rows(
            'SELECT * FROM projects WHERE "index" = ? AND normalized = ?',
            index.key,
            canonicalize_name(name),
        )
        return Project(**dict(rows[0])) if rows else None

    def projects(self, index: Index) -> list[Project]:
        """Return the projects of *index* by name."""
        rows = self.rows('SELECT * FROM projects WHERE "index" = ? ORDER BY normalized', index.key)
        return [Project(**dict(row)) for row in rows]

    def look_alikes(self, index: Index, name: str, look: str) -> list[str]:
        """Return the names of projects other than *name* that have this look."""
        rows = self.rows(
            f'SELECT name FROM projects WHERE "index" = ? AND {LOOK} = ? AND normalized <> ?',
            index.key,
            look,
            canonicalize_name(name),
        )
        return [row["name"] for row in rows]

    def conflicts(
        self, project: Project, canonical_version: str, filename: str, blake2: str
    ) -> UploadConflicts:
        """Return the existing records that may conflict with an upload of *filename*."""
        index = project.index
        rows = self.rows(
            CONFLICTS,
            index,
            filename,
            index,
            filename,
            index,
            blake2,
            project.id,
            canonical_version,
        )
        return UploadConflicts(*rows[0])

    def bytes_held(self, project: Project, exact_from: int) -> int:
        """Return the total size of the files of *project* in bytes.

        If the total of its index is below *exact_from*, that is returned instead, because it is
        known without a query.
        """
        index_total: int = self._bytes[project.index]
        if index_total < exact_from:
            return index_total
        project_total: int = self.rows(
            "SELECT COALESCE(SUM(size), 0) FROM releases JOIN files ON release_id = releases.id"
            " WHERE project_id = ?",
            project.id,
        )[0][0]
        return project_total

    def files(self, project: Project) -> list[StoredFile]:
        """Return the files of *project*, oldest first."""
        rows = self.rows(
            "SELECT files.*, releases.version FROM files JOIN releases"
            " ON releases.id = release_id WHERE project_id = ? ORDER BY uploaded, filename",
            project.id,
        )
        return [_file(row) for row in rows]

    def file(self, index: Index, filename: str) -> StoredFile | None:
        """Return the file of this name on *index*, or None."""
        rows = self.rows(
            "SELECT files.*, releases.version FROM files JOIN releases"
            ' ON releases.id = release_id WHERE files."index" = ? AND filename = ?',
            index.key,
            filename,
        )
        return _file(rows[0]) if rows else None

    def release_metadata(self, project: Project, version: str) -> dict[str, Any] | None:
        """Return the core metadata of a release as a mapping, or None."""
        rows = self.rows(
            "SELECT metadata FROM releases WHERE project_id = ? AND version = ?",
            project.id,
            version,
        )
        return json.loads(rows[0]["metadata"]) if rows else None

    def path(self, index: Index, filename: str) -> Path:
        """Return the path of a large file of *index*; *filename* must have no separators."""
        return self.directory / data_folder.FILES / index.key / filename

    def content(self, index: Index, filename: str) -> BinaryIO:
        """Open a file of *index*; FileNotFoundError if it has been removed meanwhile."""
        rows = self.rows(
            'SELECT bytes FROM contents WHERE "index" = ? AND filename = ?', index.key, filename
        )
        return io.BytesIO(rows[0]["bytes"]) if rows else self.path(index, filename).open("rb")

    def unfinished_file(self) -> tuple[BinaryIO, Path]:
        """Open a new file for an upload in progress; it is never listed."""
        path = self.temporary / uuid.uuid4().hex
        return path.open("x+b"), path

    def add_file(self, new: NewFile) -> None:
        """Store a finished upload, with its project and release if they are new.

        The bytes of a large file are written before the record. A crash between the two leaves a
        file without a record, which ``sweep`` removes. Raises the exceptions of its check, OSError
        and sqlite3.Error; then nothing is stored.
        """
        self._new_files.put(new)

    def _add_files(self, files: Sequence[NewFile]) -> dict[NewFile, Exception]:
        """Store uploads with one commit; return the rejected ones with their exceptions.

        Flushing to the disk takes most of the time, and is as slow for one file as for ten. An
        error of one upload rolls back only that one; an error of the commit rolls back all of them
        and is raised.
        """
        refused: dict[NewFile, Exception] = {}
        moved: list[moves.Move] = []
        try:
            with self.transaction() as connection:
                for new in files:
                    connection.execute("SAVEPOINT upload")
                    try:
                        project, conflicts = new.check()
                        self._add_records(connection, new, project, conflicts)
                        if isinstance(new.content, Path):
                            moved.append(self._move(new.content, new))
                    except Exception as error:
                        if not connection.in_transaction:
                            raise  # after some errors SQLite has rolled back everything
                        connection.execute("ROLLBACK TO upload")
                        refused[new] = error
                    connection.execute("RELEASE upload")
                for directory in {move.target.parent for move in moved}:
                    moves.sync_directory(directory)
        except BaseException:
            for move in moved:
                move.undo()
            raise
        for move in moved:
            move.finish()
        for new in files:
            if new not in refused:
                self._bytes[new.index.key] += new.file.size
        return refused

    def _move(self, content: Path, new: NewFile) -> moves.Move:
        """Move a finished file to its final path; raises OSError, and then it is not moved."""
        move = moves.Move(content, self.path(new.index, new.file.filename))
        move.begin(f"{new.index.key}/{new.file.filename}")
        return move

    def _add_records(
        self,
        connection: sqlite3.Connection,
        new: NewFile,
        project: Project,
        conflicts: UploadConflicts,
    ) -> None:
        # PyPI uses the spelling of the last upload.
        connection.execute(
            "INSERT INTO projects VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE name <> excluded.name",
            (project.id, project.index, project.name, project.normalized, project.owner),
        )
        file, release = new.file, conflicts.release
        if release is None:
            release = str(uuid.uuid4())
            connection.execute(
                "INSERT INTO releases VALUES (?, ?, ?, ?, ?, ?)",
                (
                    release,
                    project.id,
                    file.version,
                    new.canonical_version,
                    json.dumps(new.metadata),
                    file.uploaded,
                ),
            )
        connection.execute(
            "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                project.index,
                file.filename,
                release,
                file.filetype,
                file.size,
                file.sha256,
                file.blake2,
                file.requires_python,
                file.uploaded,
            ),
        )
        if isinstance(new.content, bytes):
            connection.execute(
                "INSERT INTO contents VALUES (?, ?, ?)",
                (project.index, file.filename, new.content),
            )
        connection.execute(
            "INSERT INTO used_filenames VALUES (?, ?)", (project.index, file.filename)
        )
        if new.core_metadata is not None:
            connection.execute(
                "INSERT OR REPLACE INTO core_metadata VALUES (?, ?, ?)",
                (project.index, file.filename, hashlib.sha256(new.core_metadata).hexdigest()),
            )
        note_change(connection, project, f"add {file.filename}")
        connection.execute(
            "UPDATE tokens SET last_used = ? WHERE id = ?", (time.time(), new.token.id)
        )


def note_change(connection: sqlite3.Connection, project: Project, action: str) -> None:
    """Record a change of *project*; its row is PyPI's serial number, which mirrors use."""
    connection.execute(
        'INSERT INTO changes ("index", normalized, action, time) VALUES (?, ?, ?, ?)',
        (project.index, project.normalized, action, time.time()),
    )


def _token(row: sqlite3.Row) -> TokenRecord:
    return TokenRecord(
        id=row["token_id"],
        user=_user(row),
        description=row["description"],
        key=row["key"],
        caveats=json.loads(row["caveats"]),
        project=row["project"],
        created=row["created"],
        last_used=row["last_used"],
    )


def _user(row: sqlite3.Row) -> User:
    return User(
        id=row["id"],
        index=row["index"],
        name=row["name"],
        email_verified=bool(row["email_verified"]),
        two_factor=bool(row["two_factor"]),
    )


def _file(row: sqlite3.Row) -> StoredFile:
    return StoredFile(**{name: row[name] for name in StoredFile.__dataclass_fields__})


def _is_file(path: Path) -> bool:
    """Tell whether *path* is a file, and not a link to one."""
    return path.is_file() and not path.is_symlink()
