"""What the practice index keeps on disk: users, tokens, projects, releases and files.

One SQLite database and one folder of files for each index. A file is acknowledged only when its
bytes and its record are both on disk; after a crash it is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from packaging.utils import canonicalize_name

from pypi_practice import tokens
from pypi_practice.errors import PracticeError
from pypi_practice.facts import INDEXES, Index
from pypi_practice.words import Words

LEARNER = "learner"

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, "index" TEXT NOT NULL, name TEXT NOT NULL,
    email_verified INTEGER NOT NULL DEFAULT 1, two_factor INTEGER NOT NULL DEFAULT 1,
    UNIQUE ("index", name));
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, description TEXT NOT NULL,
    key BLOB NOT NULL, caveats TEXT NOT NULL, project TEXT, created REAL NOT NULL, last_used REAL,
    UNIQUE (user_id, description));
CREATE TABLE IF NOT EXISTS projects (
    id TEXT PRIMARY KEY, "index" TEXT NOT NULL, name TEXT NOT NULL, normalized TEXT NOT NULL,
    owner TEXT NOT NULL REFERENCES users, UNIQUE ("index", normalized));
CREATE TABLE IF NOT EXISTS releases (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects, version TEXT NOT NULL,
    canonical TEXT NOT NULL, metadata TEXT NOT NULL, created REAL NOT NULL,
    UNIQUE (project_id, canonical));
CREATE TABLE IF NOT EXISTS files (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, release_id TEXT NOT NULL REFERENCES releases,
    filetype TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, blake2 TEXT NOT NULL,
    requires_python TEXT, uploaded REAL NOT NULL, PRIMARY KEY ("index", filename));
CREATE INDEX IF NOT EXISTS files_by_release ON files (release_id);
CREATE INDEX IF NOT EXISTS files_by_bytes ON files ("index", blake2);
CREATE TABLE IF NOT EXISTS used_filenames (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, PRIMARY KEY ("index", filename));
"""


@dataclass(frozen=True)
class User:
    """A learner on one index, and the two states that PyPI asks about before an upload."""

    id: str
    index: str
    name: str
    email_verified: bool
    two_factor: bool


@dataclass(frozen=True)
class TokenRecord:
    """What the index knows of a token; times are seconds since 1970."""

    id: str
    user: User
    description: str
    key: bytes
    caveats: list[list[Any]]
    project: str | None
    created: float
    last_used: float | None


@dataclass(frozen=True)
class Project:
    """A project of one index and the id of the user who owns it."""

    id: str
    index: str
    name: str
    normalized: str
    owner: str


@dataclass(frozen=True)
class StoredFile:
    """A file of a release; size in bytes, digests in hexadecimal, time in seconds since 1970."""

    filename: str
    version: str
    filetype: str
    size: int
    sha256: str
    blake2: str
    requires_python: str | None
    uploaded: float


def default_directory(environ: Any = os.environ) -> Path:
    """Return where the practice index keeps its data on this system, for this user."""
    if chosen := environ.get("PYPI_PRACTICE_DATA"):
        return Path(chosen)
    if os.name == "nt":
        base = environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    else:
        base = environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "pypi-practice"


class Store:
    """The data in *directory*, made if it is missing; errors in the language of *words*."""

    def __init__(self, directory: Path, words: Words) -> None:
        self.directory = directory
        self.words = words
        self.temporary = directory / "unfinished"
        self._local = threading.local()
        self._write = threading.Lock()
        try:
            self.temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
            for key in INDEXES:
                (directory / "files" / key).mkdir(mode=0o700, parents=True, exist_ok=True)
            database = directory / "index.sqlite3"
            database.touch(mode=0o600)
            if database.stat().st_mode & 0o077:  # copied or made otherwise: it holds the keys
                database.chmod(0o600)
            self._connection.executescript(SCHEMA)
            with self.transaction() as connection:
                for key in INDEXES:
                    connection.execute(
                        'INSERT OR IGNORE INTO users (id, "index", name) VALUES (?, ?, ?)',
                        (str(uuid.uuid4()), key, LEARNER),
                    )
        except (OSError, sqlite3.Error) as error:
            raise PracticeError(words("no_data", path=directory, reason=error)) from error

    @property
    def _connection(self) -> sqlite3.Connection:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            path = self.directory / "index.sqlite3"
            connection = sqlite3.connect(path, timeout=30, isolation_level=None)
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            self._local.connection = connection
        return connection

    def close(self) -> None:
        """Close this thread's connection to the database."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = None

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing: what the block raises undoes what it wrote."""
        connection = self._connection
        with self._write:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        return self._connection.execute(query, values).fetchall()

    def sweep(self) -> None:
        """Remove what an interrupted upload left; only for the one who runs the index."""
        for left_over in self.temporary.iterdir():
            left_over.unlink(missing_ok=True)

    # Users and tokens

    def user(self, index: Index, name: str = LEARNER) -> User:
        """Return the user *name* of *index*; KeyError if there is none."""
        rows = self._rows('SELECT * FROM users WHERE "index" = ? AND name = ?', index.key, name)
        if not rows:
            raise KeyError(name)
        return _user(rows[0])

    def set_account(self, user: User, *, email_verified: bool, two_factor: bool) -> User:
        """Put the account into the two states that PyPI asks about; return it as it is now."""
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
            caveats: list[list[Any]] = [[tokens.REQUEST_USER, user.id]]
        else:
            caveats = [
                [tokens.PROJECT_NAME, [project.normalized]],
                [tokens.PROJECT_ID, [project.id]],
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
        return identifier, tokens.make(INDEXES[user.index], identifier, key, caveats)

    def token(self, identifier: str) -> TokenRecord | None:
        """Return the token with this id, or None."""
        rows = self._rows(
            "SELECT tokens.*, users.id AS owner FROM tokens JOIN users ON users.id = user_id"
            " WHERE tokens.id = ?",
            identifier,
        )
        return self._token(rows[0]) if rows else None

    def tokens(self, index: Index) -> list[TokenRecord]:
        """Return the tokens of *index*, oldest first."""
        rows = self._rows(
            "SELECT tokens.* FROM tokens JOIN users ON users.id = user_id"
            ' WHERE users."index" = ? ORDER BY created',
            index.key,
        )
        return [self._token(row) for row in rows]

    def _token(self, row: sqlite3.Row) -> TokenRecord:
        user = self._rows("SELECT * FROM users WHERE id = ?", row["user_id"])[0]
        return TokenRecord(
            id=row["id"],
            user=_user(user),
            description=row["description"],
            key=row["key"],
            caveats=json.loads(row["caveats"]),
            project=row["project"],
            created=row["created"],
            last_used=row["last_used"],
        )

    def used(self, token: TokenRecord) -> None:
        """Note that *token* was used now."""
        with self.transaction() as connection:
            connection.execute(
                "UPDATE tokens SET last_used = ? WHERE id = ?", (time.time(), token.id)
            )

    def remove_token(self, identifier: str) -> bool:
        """Remove the token: from now on nothing that carries its id is accepted.

        Returns whether there was one.
        """
        with self.transaction() as connection:
            done = connection.execute("DELETE FROM tokens WHERE id = ?", (identifier,))
        return done.rowcount == 1

    # Projects, releases and files

    def project(self, index: Index, name: str) -> Project | None:
        """Return the project of *index* whose normalised name is that of *name*, or None."""
        rows = self._rows(
            'SELECT * FROM projects WHERE "index" = ? AND normalized = ?',
            index.key,
            canonicalize_name(name),
        )
        return Project(**dict(rows[0])) if rows else None

    def projects(self, index: Index) -> list[Project]:
        """Return the projects of *index* by name."""
        rows = self._rows('SELECT * FROM projects WHERE "index" = ? ORDER BY normalized', index.key)
        return [Project(**dict(row)) for row in rows]

    def files(self, project: Project) -> list[StoredFile]:
        """Return the files of *project*, oldest first."""
        rows = self._rows(
            "SELECT files.*, releases.version FROM files JOIN releases"
            " ON releases.id = release_id WHERE project_id = ? ORDER BY uploaded, filename",
            project.id,
        )
        return [_file(row) for row in rows]

    def file(self, index: Index, filename: str) -> StoredFile | None:
        """Return the file of this name on *index*, or None."""
        rows = self._rows(
            "SELECT files.*, releases.version FROM files JOIN releases"
            ' ON releases.id = release_id WHERE files."index" = ? AND filename = ?',
            index.key,
            filename,
        )
        return _file(rows[0]) if rows else None

    def file_with_bytes(self, index: Index, blake2: str) -> StoredFile | None:
        """Return a file of *index* that has these bytes, whatever its name, or None."""
        rows = self._rows(
            "SELECT files.*, releases.version FROM files JOIN releases"
            ' ON releases.id = release_id WHERE files."index" = ? AND blake2 = ?',
            index.key,
            blake2,
        )
        return _file(rows[0]) if rows else None

    def filename_used(self, index: Index, filename: str) -> bool:
        """Tell whether a file of this name was ever uploaded to *index*."""
        query = 'SELECT 1 FROM used_filenames WHERE "index" = ? AND filename = ?'
        return bool(self._rows(query, index.key, filename))

    def release_metadata(self, project: Project, version: str) -> dict[str, Any] | None:
        """Return the core metadata of a release as a mapping, or None."""
        rows = self._rows(
            "SELECT metadata FROM releases WHERE project_id = ? AND version = ?",
            project.id,
            version,
        )
        return json.loads(rows[0]["metadata"]) if rows else None

    def path(self, index: Index, filename: str) -> Path:
        """Return where a file of *index* lies; *filename* has been checked to be a bare name."""
        return self.directory / "files" / index.key / filename

    def unfinished_file(self) -> tuple[BinaryIO, Path]:
        """Open a new file for an upload that is coming in; it is never listed."""
        path = self.temporary / uuid.uuid4().hex
        return path.open("xb"), path

    def add_file(
        self,
        index: Index,
        owner: User,
        file: StoredFile,
        metadata: dict[str, Any],
        canonical_version: str,
        content: Path,
    ) -> None:
        """Take the finished upload *content* in, with its project and release if they are new.

        Bytes first, then the record: between the two a crash leaves a file that nothing lists.
        """
        target = self.path(index, file.filename)
        with self.transaction() as connection:
            project = self.project(index, metadata["name"])
            if project is None:
                project = Project(
                    id=str(uuid.uuid4()),
                    index=index.key,
                    name=metadata["name"],
                    normalized=canonicalize_name(metadata["name"]),
                    owner=owner.id,
                )
                connection.execute(
                    "INSERT INTO projects VALUES (?, ?, ?, ?, ?)",
                    (project.id, index.key, project.name, project.normalized, project.owner),
                )
            rows = self._rows(
                "SELECT id FROM releases WHERE project_id = ? AND canonical = ?",
                project.id,
                canonical_version,
            )
            release = rows[0]["id"] if rows else str(uuid.uuid4())
            if not rows:
                connection.execute(
                    "INSERT INTO releases VALUES (?, ?, ?, ?, ?, ?)",
                    (
                        release,
                        project.id,
                        file.version,
                        canonical_version,
                        json.dumps(metadata),
                        file.uploaded,
                    ),
                )
            connection.execute(
                "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    index.key,
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
            connection.execute(
                "INSERT INTO used_filenames VALUES (?, ?)", (index.key, file.filename)
            )
            os.replace(content, target)
            _sync_directory(target.parent)

    def release_created(self, project: Project, canonical_version: str) -> float | None:
        """Return when the release was made, in seconds since 1970, or None if it is new."""
        rows = self._rows(
            "SELECT created FROM releases WHERE project_id = ? AND canonical = ?",
            project.id,
            canonical_version,
        )
        return rows[0]["created"] if rows else None


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


def _sync_directory(directory: Path) -> None:
    """Make a rename last through a power cut, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
