"""What the practice index keeps on disk: users, tokens, projects, releases and files.

One SQLite database, in which small files lie with their records, and one folder of larger files for
each index. A file is acknowledged only when its bytes and its record are both on disk; after a
crash it is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import os
import re
import secrets
import sqlite3
import threading
import time
import uuid
from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import platformdirs
from packaging.utils import canonicalize_name

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES, Index
from pypi_practice.index.storage import data_folder, moves
from pypi_practice.index.storage.batcher import Batcher
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

PRACTICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")
UNFINISHED = re.compile(r"[0-9a-f]{32}")  # names of files that are coming in
FILENAME_LIMIT = 1000  # characters of such a note; names of files are shorter


# One question instead of six: a question costs more than what it looks up.
STANDING = """
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


class Store:
    """The data in *directory*, made if it is missing; errors in the language of *words*."""

    def __init__(self, directory: Path, words: Translator) -> None:
        self.directory = directory
        self.words = words
        self.temporary = directory / data_folder.UNFINISHED
        self._readers: deque[sqlite3.Connection] = deque()  # those that no thread uses now
        self._write = threading.RLock()
        self._new_files = Batcher(self._add_files)
        data_folder.claim(directory, words)
        try:
            database = directory / data_folder.DATABASE
            database.touch(mode=0o600)
            if database.stat().st_mode & 0o077:  # copied or made otherwise: it holds the keys
                database.chmod(0o600)
            written = self.rows("PRAGMA user_version")[0][0]
            if written > VERSION:
                raise PracticeError(words("newer_data", path=directory))
            self._writer.executescript(SCHEMA)
            if written < VERSION:
                self._writer.execute(f"PRAGMA user_version = {VERSION}")
            with self.transaction() as connection:
                for key in INDEXES:
                    connection.execute(
                        'INSERT OR IGNORE INTO users (id, "index", name) VALUES (?, ?, ?)',
                        (str(uuid.uuid4()), key, LEARNER),
                    )
            # What is removed is not counted off: this is the most that any project can have.
            sizes = self.rows('SELECT "index", SUM(size) FROM files GROUP BY "index"')
            self._bytes = dict.fromkeys(INDEXES, 0) | {key: size for key, size in sizes}
        except (OSError, sqlite3.Error) as error:
            raise PracticeError(words("no_data", path=directory, reason=error)) from error

    @functools.cached_property
    def _writer(self) -> sqlite3.Connection:
        """The one connection that writes, for who holds the lock."""
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        path = self.directory / data_folder.DATABASE
        connection = sqlite3.connect(
            path, timeout=30, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def close(self) -> None:
        """Close the connections to the database that no thread uses now."""
        with self._write:
            if "_writer" in vars(self):
                self._writer.close()
                del self._writer
        while self._readers:
            self._readers.pop().close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Write all or nothing: what the block raises, or a full disk, undoes what it wrote.

        What a thread reads in the block, it reads through the same connection.
        """
        with self._write:
            connection = self._writer
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                # After some errors, such as a full disk, SQLite has rolled back already.
                if connection.in_transaction:
                    self._roll_back(connection)
                raise

    def _roll_back(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("ROLLBACK")
        except sqlite3.Error:
            # Closing undoes it as well; the next writer must find no transaction half open.
            with contextlib.suppress(sqlite3.Error):
                connection.close()
            del self._writer

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return what *query* finds; *values* stand for its question marks.

        The connection that writes knows what it has written, so it is asked unless it is busy:
        every other one has to read again from the disk what has changed.
        """
        if self._write.acquire(blocking=False):
            try:
                return self._writer.execute(query, values).fetchall()
            finally:
                self._write.release()
        try:
            reader = self._readers.pop()
        except IndexError:  # all are in use
            reader = self._connect()
        try:
            return reader.execute(query, values).fetchall()
        finally:
            self._readers.append(reader)

    def sweep(self) -> None:
        """Remove what an interrupted upload left; only for the one who runs the index.

        Those are the files that were coming in, and those that were moved without a record: nobody
        was told that they had been taken. Nothing else is touched, and no link is followed.
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
        # A note is written by us, but may be cut: what it says is checked like a stranger's.
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
        """Note that *token* was used now, for an upload of what is there already."""
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
        """Return the names of the projects that are not *name*, but have this look."""
        rows = self.rows(
            f'SELECT name FROM projects WHERE "index" = ? AND {LOOK} = ? AND normalized <> ?',
            index.key,
            look,
            canonicalize_name(name),
        )
        return [row["name"] for row in rows]

    def standing(
        self, project: Project, canonical_version: str, filename: str, blake2: str
    ) -> UploadConflicts:
        """Return what decides about an upload of *filename*, whose bytes have this digest."""
        index = project.index
        rows = self.rows(
            STANDING, index, filename, index, filename, index, blake2, project.id, canonical_version
        )
        return UploadConflicts(*rows[0])

    def bytes_held(self, project: Project, exact_from: int) -> int:
        """Return how many bytes the files of *project* have together.

        While all projects of its index together have fewer than *exact_from*, their sum may stand
        for it: that is known without asking, however many files there are.
        """
        together: int = self._bytes[project.index]
        if together < exact_from:
            return together
        held: int = self.rows(
            "SELECT COALESCE(SUM(size), 0) FROM releases JOIN files ON release_id = releases.id"
            " WHERE project_id = ?",
            project.id,
        )[0][0]
        return held

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
        """Return where a large file of *index* lies; *filename* is known to be a bare name."""
        return self.directory / data_folder.FILES / index.key / filename

    def content(self, index: Index, filename: str) -> BinaryIO:
        """Open a file of *index*; FileNotFoundError if it has been removed meanwhile."""
        rows = self.rows(
            'SELECT bytes FROM contents WHERE "index" = ? AND filename = ?', index.key, filename
        )
        return io.BytesIO(rows[0]["bytes"]) if rows else self.path(index, filename).open("rb")

    def unfinished_file(self) -> tuple[BinaryIO, Path]:
        """Open a new file for an upload that is coming in; it is never listed."""
        path = self.temporary / uuid.uuid4().hex
        return path.open("x+b"), path

    def add_file(self, new: NewFile) -> None:
        """Take a finished upload in, with its project and release if they are new.

        The bytes of a large one first, then the record: between the two a crash leaves a file that
        nothing lists, and the next start sweeps it. Raises what its check raises, and OSError or
        sqlite3.Error; then nothing is kept.
        """
        self._new_files.put(new)

    def _add_files(self, files: Sequence[NewFile]) -> dict[NewFile, Exception]:
        """Take uploads in, all with one commit; return those that were refused, and why.

        To make sure that something is on disk takes longer than all the rest, and as long for one
        file as for ten. What stops one of them undoes that one; what stops the commit undoes all,
        is raised, and leaves all as they were.
        """
        refused: dict[NewFile, Exception] = {}
        moved: list[moves.Move] = []
        try:
            with self.transaction() as connection:
                for new in files:
                    connection.execute("SAVEPOINT upload")
                    try:
                        project, standing = new.check()
                        self._add_records(connection, new, project, standing)
                        if isinstance(new.content, Path):
                            moved.append(self._move(new.content, new))
                    except Exception as error:
                        if not connection.in_transaction:
                            raise  # after some errors SQLite has undone all of it already
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
        """Move a finished file to where its record says; raises OSError, and then it stays."""
        move = moves.Move(content, self.path(new.index, new.file.filename))
        move.begin(f"{new.index.key}/{new.file.filename}")
        return move

    def _add_records(
        self,
        connection: sqlite3.Connection,
        new: NewFile,
        project: Project,
        standing: UploadConflicts,
    ) -> None:
        # PyPI shows the spelling of the last upload.
        connection.execute(
            "INSERT INTO projects VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE name <> excluded.name",
            (project.id, project.index, project.name, project.normalized, project.owner),
        )
        file, release = new.file, standing.release
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
    """Count one more change of *project*: PyPI's serial number, which mirrors ask for."""
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
    """Tell whether *path* is a file itself, and no link to one."""
    return path.is_file() and not path.is_symlink()
