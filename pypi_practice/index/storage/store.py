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
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import platformdirs
from packaging.utils import canonicalize_name

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES, Index
from pypi_practice.index.storage import data_folder
from pypi_practice.index.storage.batcher import Batcher
from pypi_practice.tokens import macaroons

LEARNER = "learner"

PRACTICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,49}")
UNFINISHED = re.compile(r"[0-9a-f]{32}")  # names of files that are coming in
MOVED = ".moved"  # the ending of the note about one that is being moved
FILENAME_LIMIT = 1000  # characters of such a note; names of files are shorter


# What an earlier version lacks is added to its data when they are opened; what a later one has
# changed is not guessed at. Raise the number with a change that earlier programs would spoil.
VERSION = 2  # 2: small files lie in the database

# What names.look makes of a name, as SQLite writes it, so that look-alikes are found in an index.
LOOK = "lower(name)"
for _letters, _one in {"o": "0", "il": "1", "._-": ""}.items():
    for _letter in _letters:
        LOOK = f"replace({LOOK}, '{_letter}', '{_one}')"

SCHEMA = f"""
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
DROP INDEX IF EXISTS files_by_release;
CREATE INDEX IF NOT EXISTS files_of_release ON files (release_id, filetype, size);
CREATE INDEX IF NOT EXISTS files_by_bytes ON files ("index", blake2);
CREATE TABLE IF NOT EXISTS contents (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, bytes BLOB NOT NULL,
    PRIMARY KEY ("index", filename));
CREATE TABLE IF NOT EXISTS used_filenames (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, PRIMARY KEY ("index", filename));
CREATE TABLE IF NOT EXISTS yanked (
    release_id TEXT PRIMARY KEY REFERENCES releases, reason TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS core_metadata (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, sha256 TEXT NOT NULL,
    PRIMARY KEY ("index", filename));
CREATE TABLE IF NOT EXISTS changes (
    serial INTEGER PRIMARY KEY AUTOINCREMENT, "index" TEXT NOT NULL, normalized TEXT NOT NULL,
    action TEXT NOT NULL, time REAL NOT NULL);
CREATE INDEX IF NOT EXISTS projects_by_look ON projects ("index", {LOOK});
CREATE INDEX IF NOT EXISTS changes_by_project ON changes ("index", normalized, serial);
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


@dataclass(frozen=True)
class UploadConflicts:
    """What an index holds that decides about one upload.

    ``release`` is the id of the release and ``created`` the time at which it was made, in seconds
    since 1970; None if it is new. ``digest`` is the SHA-256 of the file of the same name,
    ``namesake`` the name of one with the same bytes.
    """

    release: str | None
    created: float | None
    has_sdist: bool
    used: bool
    digest: str | None
    namesake: str | None


@dataclass(frozen=True, eq=False)
class NewFile:
    """A finished upload on its way into the store.

    ``content`` are its bytes, or where they lie on disk, safe already; they will be moved.

    ``core_metadata`` is the METADATA of a wheel. ``check`` is called when nobody else can write any
    more; it returns the project and what it holds now, or raises, and then nothing is kept.
    """

    index: Index
    file: StoredFile
    metadata: dict[str, Any]
    canonical_version: str
    content: bytes | Path
    token: TokenRecord
    core_metadata: bytes | None
    check: Callable[[], tuple[Project, UploadConflicts]]


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
            found = self.rows('SELECT "index", SUM(size) FROM files GROUP BY "index"')
            self._bytes = dict.fromkeys(INDEXES, 0) | {key: held for key, held in found}
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
            elif UNFINISHED.fullmatch(left_over.stem) and left_over.suffix == MOVED:
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
        found = self.rows(
            STANDING, index, filename, index, filename, index, blake2, project.id, canonical_version
        )
        return UploadConflicts(*found[0])

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
        moved: list[_Move] = []
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
                    _sync_directory(directory)
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

    def _move(self, content: Path, new: NewFile) -> _Move:
        """Move a finished file to where its record says; raises OSError, and then it stays."""
        move = _Move(content, self.path(new.index, new.file.filename))
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


@dataclass(frozen=True)
class _Move:
    """A file on its way from where uploads wait to where its record says.

    A note beside it says so until its record is written: after a crash, that file is swept whose
    record is missing, and no other.
    """

    content: Path
    target: Path

    @property
    def _note(self) -> Path:
        return self.content.with_suffix(MOVED)

    def begin(self, place: str) -> None:
        """Move the file; *place* is what the note says."""
        try:
            self._note.write_text(place, encoding="utf-8")
            os.replace(self.content, self.target)
        except OSError:
            self._remove_note()
            raise

    def undo(self) -> None:
        """Move it back; what cannot be moved is swept at the next start, by its note."""
        with contextlib.suppress(OSError):
            os.replace(self.target, self.content)
            self._remove_note()

    def finish(self) -> None:
        """Forget the move, now that the record is written."""
        self._remove_note()

    def _remove_note(self) -> None:
        with contextlib.suppress(OSError):  # it says nothing wrong; the next start sweeps it
            self._note.unlink(missing_ok=True)


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


def _sync_directory(directory: Path) -> None:
    """Make a rename last through a power cut, where the system can."""
    if os.name == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
