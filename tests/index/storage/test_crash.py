"""Nothing lost: whatever stops the index, a file is there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import http.client
import io
import itertools
import json
import os
import random
import signal
import sqlite3
import ssl
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import pytest
from helpers.index import upload_client
from helpers.index.upload_client import on_disk

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.core.limits import NewProjects
from pypi_practice.index.app import Application
from pypi_practice.index.storage import moves, queries, schema
from pypi_practice.index.storage.store import Store
from pypi_practice.index.upload import spool
from pypi_practice.index.upload.spool import SMALL
from pypi_practice.shell.session import practice

pytestmark = pytest.mark.long

EN = Translator("en")
INDEX = INDEXES["testpypi"]
WHEEL = "demo-1.0-py3-none-any.whl"
ROUNDS = int(os.environ.get("KILLS", "10"))  # a hundred take some minutes
UPLOADERS = 100
PRINT_ENVIRONMENT = (
    "import json, os, time; print(json.dumps(dict(os.environ)), flush=True); time.sleep(600)"
)


def environ(data: Path) -> dict[str, str]:
    """Return an environment in which the practice index has a data folder of its own."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PYPI_PRACTICE")}
    return {**kept, "PYPI_PRACTICE_DATA": str(data), "LANGUAGE": "en"}


def account_token(store: Store) -> str:
    return store.new_token(store.user(INDEX), uuid.uuid4().hex, None)[1]


@dataclass(frozen=True)
class Sender:
    """Uploads through the proxy of a practice shell, as twine does."""

    proxy: str
    bundle: str
    token: str

    def upload(self, content: bytes, filename: str, **changes: str) -> tuple[int, str]:
        """Return the status and the reason; raises OSError or HTTPException if it is cut off."""
        way, target = urlsplit(self.proxy), urlsplit(INDEX.upload)
        connection = http.client.HTTPSConnection(
            way.hostname or "",
            way.port,
            timeout=60,
            context=ssl.create_default_context(cafile=self.bundle),
        )
        connection.set_tunnel(target.netloc, 443)
        body = upload_client.form(upload_client.fields(content, **changes), filename, content)
        headers = {
            "Content-Type": f"multipart/form-data; boundary={upload_client.BOUNDARY}",
            "Authorization": upload_client.basic("__token__", self.token),
        }
        with contextlib.closing(connection):
            connection.request("POST", target.path, body, headers)
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.reason


def sender(environment: dict[str, str], token: str) -> Sender:
    return Sender(environment["PYPI_PRACTICE"], environment["SSL_CERT_FILE"], token)


@contextlib.contextmanager
def running(data: Path, *before: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """Run a real index in a process group of its own; *before* is code that it runs first."""
    start = "\n".join(
        [*before, "import sys", "from pypi_practice.cli.main import main", "sys.exit(main())"]
    )
    process = subprocess.Popen(
        [sys.executable, "-c", start, "shell", "--", sys.executable, "-c", PRINT_ENVIRONMENT],
        env=environ(data),
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        yield process, json.loads(process.stdout.readline())
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def listed(store: Store) -> dict[str, str]:
    """Return the files of the index, with what their bytes should hash to."""
    return {
        file.filename: file.sha256
        for project in store.projects(INDEX)
        for file in store.files(project)
    }


def distribution(version: str = "1.0", size: int = 2 * SMALL) -> tuple[bytes, str]:
    """Return a wheel of some size, and its name."""
    more = {"data.bin": random.Random(version).randbytes(size).hex()}
    return upload_client.wheel(version=version, more=more), f"demo-{version}-py3-none-any.whl"


LARGE = distribution()[0]


@pytest.mark.skipif(os.name == "nt", reason="kill -9 is Unix's")
def test_kill_9_in_the_middle_of_uploads_loses_nothing(tmp_path):
    data = tmp_path / "data"
    store = Store(data, EN)
    token = account_token(store)
    taken: dict[str, str] = {}
    cut_off = 0
    pause = random.Random(1)
    for number in range(ROUNDS):
        with running(data) as (process, inner):
            assert list(store.temporary.iterdir()) == []  # swept
            assert on_disk(store) == listed(store)
            send = sender(inner, token)

            def upload(version: str, send: Sender = send) -> tuple[str, str] | None:
                # Some go into the database, and some become a file of their own.
                size = random.Random(version).choice((SMALL // 2, 2 * SMALL))
                content, filename = distribution(version, size)
                try:
                    status, reason = send.upload(content, filename, version=version)
                except (OSError, http.client.HTTPException):
                    return None
                assert status == 200, reason
                return filename, hashlib.sha256(content).hexdigest()

            with ThreadPoolExecutor(8) as pool:
                jobs = [pool.submit(upload, f"{number}.{micro}") for micro in range(16)]
                while not any(job.done() for job in jobs):
                    time.sleep(0.005)
                time.sleep(pause.uniform(0, 0.15))
                os.killpg(process.pid, signal.SIGKILL)
            result = [job.result() for job in jobs]
        taken.update(outcome for outcome in result if outcome is not None)
        cut_off += result.count(None)
        # What was acknowledged is there; what is there is whole, acknowledged or not.
        now = listed(store)
        assert taken.items() <= now.items()
        assert now.items() <= on_disk(store).items()
    assert taken
    assert cut_off, "no upload was cut off: the test is too slow or too late to say anything"
    with practice(words=EN, environ=environ(data)):
        assert list(store.temporary.iterdir()) == []
        assert on_disk(store) == listed(store)


CRASHES = {
    "while the file comes in": "spool.Incoming.finish = crash",
    "before the record": "store.Store._add_records = crash",
    "in the middle of the record": "store.note_change = crash",
    "between the record and the bytes": "moves.os.replace = crash",
    "between the bytes and the commit": "moves.sync_directory = crash",
}
CRASHING = """
import os, sys
sys.path[:0] = sys.argv[4:]
from helpers.index import upload_client
from pathlib import Path
from pypi_practice.index.storage import moves, queries, store
from pypi_practice.index.upload import spool
from pypi_practice.index.app import Application
from pypi_practice.core.i18n import Translator
def crash(*_, **__):
    os._exit(9)
where = store.Store(Path(sys.argv[1]), Translator("en"))
{point}
content = Path(sys.argv[3]).read_bytes()
upload_client.upload(Application(where, None, Translator("en")), sys.argv[2], content)
os._exit(0)
"""


@pytest.mark.parametrize("content", [upload_client.wheel(), LARGE], ids=["small", "large"])
@pytest.mark.parametrize("point", CRASHES.values(), ids=CRASHES)
def test_a_crash_at_any_point_leaves_the_whole_file_or_none(tmp_path, point, content):
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    (tmp_path / "wheel").write_bytes(content)
    result = subprocess.run(
        [
            sys.executable,
            "-c",
            CRASHING.format(point=point),
            str(store.directory),
            token,
            str(tmp_path / "wheel"),
            *sys.path,
        ],
        check=False,
    )
    if result.returncode == 0:  # the bytes of a small file need no way of their own
        assert len(content) < SMALL
        assert point.startswith(("moves.os", "moves.sync"))
        assert on_disk(store) == listed(store) != {}
        return
    assert result.returncode == 9
    assert listed(store) == {}
    store.sweep()
    assert on_disk(store) == {}
    assert list(store.temporary.iterdir()) == []
    application = Application(store, None, EN)
    assert upload_client.upload(application, token, content).code == 200
    assert on_disk(store) == listed(store) != {}


def test_a_hundred_uploaders_at_once(tmp_path):
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    start = threading.Barrier(UPLOADERS)
    with practice(words=EN, environ=environ(store.directory)) as inner:
        send = sender(inner, token)

        def upload(number: int) -> tuple[int, str]:
            version = f"1.{number}"
            content = upload_client.wheel(version=version)
            start.wait()
            return send.upload(content, f"demo-{version}-py3-none-any.whl", version=version)

        with ThreadPoolExecutor(UPLOADERS) as pool:
            answers = set(pool.map(upload, range(UPLOADERS)))
    assert answers == {(200, "OK")}
    assert len(listed(store)) == UPLOADERS
    assert on_disk(store) == listed(store)


def test_of_many_that_upload_one_name_at_once_one_wins(tmp_path):
    """The rest are told that it exists; one that sends the same bytes is told that all is well."""
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    application = Application(store, None, EN)
    start = threading.Barrier(10)
    contents = [upload_client.wheel(more={"x.txt": str(number // 2)}) for number in range(10)]

    def upload(content: bytes) -> int:
        start.wait()
        return upload_client.upload(application, token, content).code

    with ThreadPoolExecutor(10) as pool:
        codes = list(pool.map(upload, contents))
    assert sorted(codes) == [200, 200] + [400] * 8
    assert on_disk(store) == listed(store)
    assert codes[0::2] == codes[1::2]


def test_a_new_project_that_begins_with_many_files_at_once_counts_once(tmp_path, monkeypatch):
    """Of the projects that a user may create in an hour: no release is refused for its files."""
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    limits = NewProjects(3)
    application = Application(store, None, EN)
    application.new_projects = limits
    all_begin = threading.Barrier(10)
    begin = limits.begin

    def begin_together(user: str, project: str) -> bool:
        may = begin(user, project)
        all_begin.wait()
        return may

    def upload(number: int) -> int:
        content = upload_client.wheel(version=f"1.{number}")
        filename = f"demo-1.{number}-py3-none-any.whl"
        return upload_client.upload(
            application, token, content, filename, version=f"1.{number}"
        ).code

    monkeypatch.setattr(limits, "begin", begin_together)
    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(upload, range(10))) == [200] * 10
    user = store.user(INDEX).id
    assert [begin(user, name) for name in ("a", "b", "c")] == [True, True, False]
    assert (limits.full(user, "c"), limits.full(user, "a")) == (True, False)
    limits.end(user, "a")
    assert limits.full(user, "a")


def test_of_two_sdists_of_one_release_at_once_one_wins(tmp_path):
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    application = Application(store, None, EN)
    start = threading.Barrier(4)

    def upload(version: str) -> int:
        start.wait()
        return upload_client.upload(
            application,
            token,
            upload_client.sdist(version=version),
            f"demo-{version}.tar.gz",
            version=version,
            filetype="sdist",
            pyversion="source",
        ).code

    with ThreadPoolExecutor(4) as pool:
        codes = sorted(pool.map(upload, ["1", "1.0", "1.0.0", "1.0.0.0"]))
    assert codes == [200, 400, 400, 400]
    assert len(listed(store)) == 1


# A disk that does not take it


def full(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def read_only(*_: object, **__: object) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


def full_database(*_: object, **__: object) -> None:
    raise sqlite3.OperationalError("database or disk is full")


@pytest.mark.parametrize(
    ("place", "name", "trouble"),
    [
        (Store, "unfinished_file", full),
        (Store, "unfinished_file", read_only),
        (os, "fsync", full),
        (os, "replace", full),
        (moves, "sync_directory", full),
        (Store, "_add_records", full_database),
        (os, "replace", read_only),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_a_disk_that_is_full_or_read_only_is_said_and_damages_nothing(
    tmp_path, place, name, trouble
):
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    application = Application(store, None, EN)
    assert (
        upload_client.upload(
            application,
            token,
            upload_client.sdist(),
            "demo-1.0.tar.gz",
            filetype="sdist",
            pyversion="source",
        ).code
        == 200
    )
    before = listed(store)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(place, name, trouble)
        reply = upload_client.upload(application, token, LARGE)
    assert reply.code == 507
    assert str(store.directory) in reply.status
    assert "nothing was stored" in reply.status
    assert on_disk(store) == listed(store) == before
    assert list(store.temporary.iterdir()) == []
    assert upload_client.upload(application, token, LARGE).code == 200
    assert on_disk(store) == listed(store)


def test_a_large_file_is_closed_before_it_is_moved(tmp_path):
    """Windows moves no file that is open."""
    store = Store(tmp_path / "data", EN)
    content = spool.Incoming(store.unfinished_file, len(LARGE))
    content.write(LARGE)
    assert content.written() != b""
    path = content.finish()
    assert isinstance(path, Path)
    assert content._stream.closed
    assert path.read_bytes() == LARGE
    content.discard()
    assert list(store.temporary.iterdir()) == []


def test_a_file_that_goes_while_it_is_asked_for_is_not_found(tmp_path):
    store = Store(tmp_path / "data", EN)
    application = Application(store, None, EN)
    assert upload_client.upload(application, account_token(store), LARGE).code == 200
    address = f"https://test.pypi.org/files/{WHEEL}"
    assert upload_client.call(application, "GET", address).body == LARGE
    store.path(INDEX, WHEEL).unlink()
    for name in (address, f"{address}.metadata"):
        assert upload_client.call(application, "GET", name).code == 404


@pytest.mark.skipif(os.name == "nt", reason="limits of a process are Unix's")
def test_a_real_index_that_may_not_write_any_more_says_so_and_goes_on(tmp_path):
    """The limit of the size of a file stands for the end of the disk: the system enforces it."""
    limit = 300_000
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    before = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    with running(store.directory, before) as (_, inner):
        send = sender(inner, token)
        status, reason = send.upload(*distribution("1.0", limit))
        assert status == 507
        assert "cannot write to" in reason
        assert "nothing was stored" in reason
        assert list(store.temporary.iterdir()) == []
        assert send.upload(upload_client.wheel(), WHEEL) == (200, "OK")
    assert on_disk(store) == listed(store) != {}


def test_a_commit_that_fails_is_undone(tmp_path):
    """The next writer must not find a transaction half open, nor the bytes of the last one."""
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    application = Application(store, None, EN)

    class Failing:
        def __init__(self, real: sqlite3.Connection) -> None:
            self.real = real

        def execute(self, statement: str, *rest: object) -> sqlite3.Cursor:
            if statement == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return self.real.execute(statement, *rest)  # type: ignore[arg-type]

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

    real = store._writer
    vars(store)["_writer"] = Failing(real)
    assert upload_client.upload(application, token).code == 507
    store._writer = real
    assert on_disk(store) == listed(store) == {}
    assert upload_client.upload(application, token).code == 200
    assert on_disk(store) == listed(store) != {}


def test_a_lock_that_cannot_be_made_is_a_sentence(tmp_path):
    data = tmp_path / "data"
    Store(data, EN).close()
    (data / "lock").mkdir()
    with pytest.raises(PracticeError, match="cannot use the folder"):
        practice(words=EN, environ=environ(data)).__enter__()


def test_a_database_that_is_none_is_a_sentence_and_stays_as_it_is(tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "index.sqlite3").write_text("these are somebody's notes\n" * 100)
    with pytest.raises(PracticeError, match="cannot use the folder"):
        Store(data, EN)
    assert (data / "index.sqlite3").read_text() == "these are somebody's notes\n" * 100


# The tables of the first version, in which nothing could be yanked and no change was counted.
FIRST_VERSION = """
CREATE TABLE users (
    id TEXT PRIMARY KEY, "index" TEXT NOT NULL, name TEXT NOT NULL,
    email_verified INTEGER NOT NULL DEFAULT 1, two_factor INTEGER NOT NULL DEFAULT 1,
    UNIQUE ("index", name));
CREATE TABLE tokens (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users, description TEXT NOT NULL,
    key BLOB NOT NULL, caveats TEXT NOT NULL, project TEXT, created REAL NOT NULL, last_used REAL,
    UNIQUE (user_id, description));
CREATE TABLE projects (
    id TEXT PRIMARY KEY, "index" TEXT NOT NULL, name TEXT NOT NULL, normalized TEXT NOT NULL,
    owner TEXT NOT NULL REFERENCES users, UNIQUE ("index", normalized));
CREATE TABLE releases (
    id TEXT PRIMARY KEY, project_id TEXT NOT NULL REFERENCES projects, version TEXT NOT NULL,
    canonical TEXT NOT NULL, metadata TEXT NOT NULL, created REAL NOT NULL,
    UNIQUE (project_id, canonical));
CREATE TABLE files (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, release_id TEXT NOT NULL REFERENCES releases,
    filetype TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL, blake2 TEXT NOT NULL,
    requires_python TEXT, uploaded REAL NOT NULL, PRIMARY KEY ("index", filename));
CREATE INDEX files_by_release ON files (release_id);
CREATE INDEX files_by_bytes ON files ("index", blake2);
CREATE TABLE used_filenames (
    "index" TEXT NOT NULL, filename TEXT NOT NULL, PRIMARY KEY ("index", filename));
"""


def test_a_folder_of_the_first_version_goes_on(tmp_path):
    """All that it holds is there, its tokens are good, and it learns what came later."""
    now = Store(tmp_path / "now", EN)
    token = account_token(now)
    assert upload_client.upload(Application(now, None, EN), token).code == 200
    folder = tmp_path / "old"
    for name in listed(now):  # it kept small files in the folder, too
        path = folder / "files" / INDEX.key / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with now.content(INDEX, name) as stream:
            path.write_bytes(stream.read())
    with contextlib.closing(sqlite3.connect(folder / "index.sqlite3")) as old:
        old.executescript(FIRST_VERSION)
        for table in ("users", "tokens", "projects", "releases", "files", "used_filenames"):
            rows = [tuple(row) for row in now.rows(f"SELECT * FROM {table}")]
            places = ", ".join("?" * len(rows[0]))
            old.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
        old.commit()
    store = Store(folder, EN)
    store.sweep()
    assert on_disk(store) == listed(store) == listed(now) != {}
    application = Application(store, None, EN)
    assert upload_client.upload(application, token).code == 200  # the same bytes
    more = {"filename": "demo-2.0-py3-none-any.whl", "version": "2.0"}
    assert (
        upload_client.upload(application, token, upload_client.wheel(version="2.0"), **more).code
        == 200
    )
    project = store.project(INDEX, "demo")
    assert project is not None
    release = queries.release(store, project, "1.0")
    assert release is not None
    queries.yank(store, project, release, "old")
    page = upload_client.call(application, "GET", f"{INDEX.simple}demo/", headers={"Accept": "*/*"})
    assert b'data-yanked="old"' in page.body
    assert len(listed(Store(folder, EN))) == 2


def test_data_of_a_newer_version_are_left_alone(tmp_path):
    store = Store(tmp_path, EN)
    with store.transaction() as connection:
        connection.execute(f"PRAGMA user_version = {schema.VERSION + 1}")
    store.close()
    before = (tmp_path / "index.sqlite3").read_bytes()
    with pytest.raises(PracticeError, match="newer pypi-practice"):
        Store(tmp_path, EN)
    assert (tmp_path / "index.sqlite3").read_bytes() == before


def test_an_upload_in_chunks_is_taken_whole(tmp_path):
    """A client that does not know the length sends chunks: a whole one is taken, a cut one not."""
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    with practice(words=EN, environ=environ(store.directory)) as inner:
        way, target = urlsplit(inner["PYPI_PRACTICE"]), urlsplit(INDEX.upload)
        body = upload_client.form(
            upload_client.fields(upload_client.wheel()), WHEEL, upload_client.wheel()
        )
        for part, expected in ((body[:-9], 400), (body, 200)):
            connection = http.client.HTTPSConnection(
                way.hostname or "",
                way.port,
                timeout=60,
                context=ssl.create_default_context(cafile=inner["SSL_CERT_FILE"]),
            )
            connection.set_tunnel(target.netloc, 443)
            headers = {
                "Content-Type": f"multipart/form-data; boundary={upload_client.BOUNDARY}",
                "Authorization": upload_client.basic("__token__", token),
            }
            pieces = (part[place : place + 100] for place in range(0, len(part), 100))
            with contextlib.closing(connection):
                connection.request("POST", target.path, pieces, headers, encode_chunked=True)
                assert connection.getresponse().status == expected
    assert on_disk(store) == listed(store) != {}


# Uploads that share a commit


class Gate:
    """Holds the first commit until others wait behind it, which then share the next one."""

    def __init__(self, store: Store, waiting: int) -> None:
        self.store, self.waiting = store, waiting
        self.work = store._new_files._work
        self.first = True
        self.inside = threading.Event()

    def __call__(self, files):
        if self.first:
            self.first = False
            self.inside.set()
            end = time.monotonic() + 30
            while len(self.store._new_files._waiting) < self.waiting:
                assert time.monotonic() < end
                time.sleep(0.002)
        return self.work(files)


def once(function, error: type[BaseException] | Exception, skip: int = 0):
    """Return *function* as it fails once, after *skip* calls that succeed."""
    calls = iter(range(10**6))

    def failing(*arguments, **named):
        if next(calls) == skip:
            raise error
        return function(*arguments, **named)

    return failing


class FailingConnection:
    """The connection that writes; one statement that begins like this fails once."""

    def __init__(self, real: sqlite3.Connection, start: str, skip: int) -> None:
        self.real, self.start, self.left = real, start, skip

    def execute(self, statement: str, *rest: Any) -> sqlite3.Cursor:
        if statement.startswith(self.start):
            self.left -= 1
            if self.left == -1:
                raise sqlite3.OperationalError("disk I/O error")
        return self.real.execute(statement, *rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


STATEMENTS = (
    "BEGIN",
    "SAVEPOINT",
    "INSERT INTO projects",
    "INSERT INTO releases",
    "INSERT INTO files",
    "INSERT INTO contents",
    "INSERT INTO used",
    "INSERT OR REPLACE INTO core",
    "INSERT INTO changes",
    "UPDATE tokens",
    "RELEASE",
    "COMMIT",
)
# Whether the fault is of all that share the commit: then each is tried again, and none refused.
FAULTS = [
    (statement, statement in ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT"))
    for statement in STATEMENTS
]
FAULTS += [("os.replace", False), ("sync_directory", True), ("note", False), ("check", False)]
# Those of one file: while it comes in, before its upload waits for a commit, and after that.
EARLY = ("unfinished_file", "write", "os.fsync")
FAULTS += [*((name, False) for name in EARLY), ("Path.unlink", True)]
KB, MB = 0, 512 * 1024  # what is random in a wheel of 1 kB and in one of 1 MB


class FullFile(io.BufferedRandom):
    """A file on a disk that has no room for it."""

    def write(self, data: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def file_on_a_full_disk(store: Store) -> tuple[BinaryIO, Path]:
    path = store.temporary / uuid.uuid4().hex
    return FullFile(io.FileIO(path, "x+")), path


def break_once(
    patch: pytest.MonkeyPatch, store: Store, fault: str, skip: int, uploads: int
) -> None:
    """Let *fault* happen once, after *skip* times that it does not."""
    disk = OSError(errno.EIO, os.strerror(errno.EIO))
    if fault in ("os.replace", "os.fsync"):
        patch.setattr(fault, once(getattr(os, fault.removeprefix("os.")), disk, skip))
    elif fault == "sync_directory":
        patch.setattr(moves, fault, once(moves.sync_directory, disk, skip))
    elif fault == "note":
        patch.setattr(Path, "write_text", once(Path.write_text, disk, skip))
    elif fault == "Path.unlink":
        patch.setattr(Path, "unlink", once(Path.unlink, disk, skip))
    elif fault == "check":  # which each upload asks before it waits for a commit, too
        patch.setattr(Store, "conflicts", once(Store.conflicts, disk, uploads + skip))
    elif fault == "unfinished_file":
        patch.setattr(Store, fault, once(Store.unfinished_file, disk, skip))
    elif fault == "write":
        opened = itertools.count()
        real = Store.unfinished_file

        def unfinished_file(store: Store) -> tuple[BinaryIO, Path]:
            return file_on_a_full_disk(store) if next(opened) == skip else real(store)

        patch.setattr(Store, "unfinished_file", unfinished_file)
    else:
        vars(store)["_writer"] = FailingConnection(store._writer, fault, skip)


@pytest.mark.parametrize("skip", [0, 1, 5])
@pytest.mark.parametrize(("fault", "shared"), FAULTS, ids=[name for name, _ in FAULTS])
def test_a_fault_in_a_shared_commit_is_that_of_one_upload_at_most(
    tmp_path, monkeypatch, fault, shared, skip
):
    """Of files of 1 kB and of 1 MB together: the good are taken, and what is taken is there."""
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    application = Application(store, None, EN)
    sizes = [KB, MB] * 4
    failing_early = fault in EARLY and skip < sizes.count(MB)
    assert (
        upload_client.upload(
            application,
            token,
            upload_client.wheel("first"),
            "first-1.0-py3-none-any.whl",
            name="first",
        ).code
        == 200
    )
    gate = Gate(store, len(sizes) - failing_early)
    store._new_files._work = gate

    def upload(number: int) -> tuple[str, str, int]:
        content, filename = distribution(f"2.{number}", sizes[number % len(sizes)])
        reply = upload_client.upload(application, token, content, filename, version=f"2.{number}")
        return filename, hashlib.sha256(content).hexdigest(), reply.code

    with ThreadPoolExecutor(len(sizes) + 1) as pool:
        begun = pool.submit(upload, len(sizes))
        assert gate.inside.wait(30)
        break_once(monkeypatch, store, fault, skip, len(sizes))
        jobs = [pool.submit(upload, number) for number in range(len(sizes))]
        result = [begun.result(), *(job.result() for job in jobs)]
    codes = [code for _, _, code in result]
    assert set(codes) <= {200, 507}
    assert codes.count(507) <= 1
    assert not failing_early or codes.count(507) == 1
    assert not shared or 507 not in codes[1:]  # the first had a commit of its own
    taken = {filename: digest for filename, digest, code in result if code == 200}
    now = listed(store)
    assert {name: digest for name, digest in now.items() if name.startswith("demo")} == taken
    if fault == "Path.unlink":  # a note that a file was moved may stay until the next start
        store.sweep()
    assert on_disk(store) == now
    assert list(store.temporary.iterdir()) == []
    numbers = [len(sizes), *range(len(sizes))]
    failed = [number for number, code in zip(numbers, codes, strict=True) if code == 507]
    assert all(upload(number)[2] == 200 for number in failed)  # of the failure nothing stays


def test_an_interrupt_in_the_middle_of_a_commit_leaves_nothing_half_done(tmp_path, monkeypatch):
    """It is raised where it came; the others hear that nothing was stored."""
    store = Store(tmp_path / "data", EN)
    token = account_token(store)
    application = Application(store, None, EN)
    gate = Gate(store, 3)
    store._new_files._work = gate

    def upload(number: int) -> int:
        content, filename = distribution(f"2.{number}")
        return upload_client.upload(
            application, token, content, filename, version=f"2.{number}"
        ).code

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(upload, 9)
        assert gate.inside.wait(30)
        sync = once(moves.sync_directory, KeyboardInterrupt, 1)
        monkeypatch.setattr(moves, "sync_directory", sync)
        jobs = [pool.submit(upload, number) for number in range(3)]
        errors = [job.exception() for job in jobs]
    assert first.result() == 200
    assert sorted(type(error).__name__ for error in errors) == [
        "KeyboardInterrupt",
        "NoneType",
        "NoneType",
    ]
    assert [job.result() for job, error in zip(jobs, errors, strict=True) if error is None] == [
        507,
        507,
    ]
    assert on_disk(store) == listed(store)
    assert len(listed(store)) == 1
    assert list(store.temporary.iterdir()) == []
