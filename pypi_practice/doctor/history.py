"""Secrets in a repository: in every object that it holds, in names, and in its references.

Every object is read once: files and messages of all commits, whether a branch leads to them or only
a stash, a log of references, or nothing any more, because what was pushed once may be out. git
names an object once, even if several files have this content, so names are also looked for in the
folders themselves. What could not be read is told.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from pypi_practice.core import regular_files
from pypi_practice.core.data import load
from pypi_practice.doctor.leaks import Scanner, has_token
from pypi_practice.git.git_command import FAILED, GitError
from pypi_practice.git.repository_files import TABLE_LIMIT
from pypi_practice.git.safe_reader import Repository

OBJECT_LIMIT = 512 * 1024 * 1024  # bytes of one object
READ_LIMIT = 4 * 1024 * 1024 * 1024  # bytes of all objects
TIME_LIMIT = 300  # seconds for all of it
MOST_RESTARTS = 20  # git stops at a damaged object, and is started again after it
NAMED = 3  # secrets whose path and commit are looked up, as many as a report shows
LINE_LIMIT = 64 * 1024  # bytes
OBJECT_ID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")
# All starting points: references, heads of linked work trees, logs of references, the index.
EVERYTHING = ("--all", "--reflog", "--indexed-objects")


@dataclass(frozen=True)
class Secret:
    """A file of the history: its path, and the abbreviated id of the commit that added it."""

    path: str
    commit: str


@dataclass
class History:
    """The secrets in a history: ``tokens``, and ``files`` that never belong into a commit.

    ``unread`` has the reasons why a part could not be read: keys of ``unread`` in
    data/commands/doctor.yml, with their values.
    """

    tokens: list[Secret] = field(default_factory=list)
    files: list[Secret] = field(default_factory=list)
    unread: dict[str, dict[str, object]] = field(default_factory=dict)


class _Search:
    """One search through the history of a repository."""

    def __init__(self, reader: Repository) -> None:
        self.reader = reader
        self.deadline = time.monotonic() + TIME_LIMIT
        self.unread: dict[str, dict[str, object]] = {}
        never = load("commands/doctor")["never_committed"].encode()
        self.never = re.compile(b"(?:^|/)(?:" + never + b")$")
        # An entry of a tree object: the mode of a file or link, the name, and the object id.
        self.never_in_tree = re.compile(
            b"(?:100[0-7]{3}|120000) (" + never + b")\0(.{20}(?:.{12})?)", re.DOTALL
        )
        self.named: list[str] = []  # names that hold a token themselves
        self.logs: list[str] = []  # logs of references that hold a token
        self.files: dict[str, str] = {}  # by name: the object
        self.files_in_trees: dict[str, str] = {}
        self.objects: list[str] = []  # objects that hold a token

    def _late(self) -> bool:
        if time.monotonic() < self.deadline:
            return False
        self.unread["slow"] = {"seconds": TIME_LIMIT}
        return True

    def _names(self, requested: set[bytes] | None = None) -> dict[bytes, str]:
        """Search the paths of all reachable objects.

        With *requested*, return the names of these objects instead.
        """
        names: dict[bytes, str] = {}
        missing = 0
        command = ["rev-list", "--objects", "--missing=print", *EVERYTHING]
        with self.reader.stream(*command, deadline=self.deadline) as process:
            assert process.stdout is not None
            while line := process.stdout.readline(LINE_LIMIT):
                if line.startswith(b"?"):
                    missing += 1
                    continue
                identifier, _, name = line.rstrip(b"\n").partition(b" ")
                if not OBJECT_ID.fullmatch(identifier):  # the second part of a path with a newline
                    identifier, name = b"", line
                if requested is not None:
                    if identifier in requested:
                        names.setdefault(identifier, os.fsdecode(name))
                    continue
                if has_token(name):
                    self.named.append(os.fsdecode(name))
                if self.never.search(name):
                    self.files.setdefault(os.fsdecode(name), identifier.decode())
            failed = process.wait() != 0
        if requested is None:
            if missing:
                key = "partial" if self.reader.is_partial else "missing"
                self.unread[key] = {"count": missing}
            if failed and not self._late():
                self.unread["walk"] = {}
        return names

    def _list(self, into: IO[bytes]) -> tuple[int, int]:
        """Write the ids of all objects to a file; return their number, and the length of a line."""
        count = width = large = total = 0
        command = ["cat-file", "--batch-all-objects", "--batch-check", "--unordered", "--buffer"]
        with self.reader.stream(*command, deadline=self.deadline) as process:
            assert process.stdout is not None
            while line := process.stdout.readline(LINE_LIMIT):
                parts = line.split()
                if len(parts) != 3:
                    self._damaged(1)
                    continue
                size = int(parts[2])
                if size > OBJECT_LIMIT:
                    large += 1
                    continue
                total += size
                if total > READ_LIMIT:
                    self.unread["much"] = {"limit": READ_LIMIT // 1024**3}
                    break
                into.write(parts[0] + b"\n")
                count, width = count + 1, len(parts[0]) + 1
            else:
                if process.wait() and not self._late():
                    self._damaged(1)
        if large:
            self.unread["large"] = {"count": large, "limit": OBJECT_LIMIT // 1024**2}
        into.flush()
        return count, width

    def _damaged(self, count: int) -> None:
        problem = self.unread.setdefault("damaged", {"count": 0})
        problem["count"] = int(str(problem["count"])) + count

    def _contents(self) -> None:
        """Search the content of all objects: files, folders and commit messages."""
        with tempfile.TemporaryFile() as listed:
            count, width = self._list(listed)
            at = restarts = 0
            while at < count and not self._late():
                os.lseek(listed.fileno(), at * width, os.SEEK_SET)
                at += self._read(listed, count - at)
                if at < count and not self._late():
                    restarts += 1
                    self._damaged(1 if restarts < MOST_RESTARTS else count - at)
                    at = at + 1 if restarts < MOST_RESTARTS else count

    def _read(self, listed: IO[bytes], count: int) -> int:
        """Read the objects of a list until git ends; return how many were read."""
        count_read = 0
        command = ["cat-file", "--batch", "--buffer"]
        with self.reader.stream(*command, stdin=listed, deadline=self.deadline) as process:
            out = process.stdout
            assert out is not None
            while count_read < count:
                header = out.readline(LINE_LIMIT).split()
                if header[1:] == [b"missing"]:
                    self._damaged(1)
                elif len(header) == 3:
                    remaining = int(header[2])
                    scanner = Scanner()
                    while remaining and (data := out.read(min(remaining, regular_files.CHUNK))):
                        scanner.feed(data)
                        remaining -= len(data)
                        if header[1] == b"tree":
                            self._entries(data, len(header[0]) // 2)
                    if remaining or not out.read(1):  # the end of the line
                        return count_read
                    if scanner.has_token:
                        self.objects.append(header[0].decode())
                else:
                    return count_read
                count_read += 1
        return count_read

    def _entries(self, tree: bytes, length: int) -> None:
        """Search the names in a tree object; *length* is that of an object id in bytes."""
        for match in self.never_in_tree.finditer(tree):
            self.files_in_trees.setdefault(match[1].decode(), match[2][:length].hex())

    def _references(self) -> None:
        """Search the names of branches and tags, and the logs of the references."""
        command = ["for-each-ref", "--format=%(refname)"]
        with self.reader.stream(*command, deadline=self.deadline) as process:
            assert process.stdout is not None
            while line := process.stdout.readline(LINE_LIMIT):
                if has_token(line):
                    self.named.append(os.fsdecode(line).strip())
            if process.wait() and not self._late():
                self.unread["walk"] = {}
        logs = self.reader.own / "logs"
        for folder, _, names in os.walk(logs):
            for name in names:
                path = Path(folder, name)
                if token_in_file(path, TABLE_LIMIT):
                    self.logs.append(f"logs/{path.relative_to(logs).as_posix()}")

    def _commit(self, identifier: str) -> str:
        """Return the abbreviated id of the commit that added an object; ``?`` if unreachable."""
        command = ["log", "--all", "--reflog", "--format=%h", f"--find-object={identifier}"]
        with contextlib.suppress(GitError):
            return (self.reader.text(*command).splitlines() or ["?"])[-1]
        return "?"

    def _secrets(self, objects: Iterable[str]) -> list[Secret]:
        identifiers = list(dict.fromkeys(objects))
        looked_up = {identifier.encode() for identifier in identifiers[:NAMED]}
        names = self._names(looked_up) if looked_up else {}
        secrets = []
        for identifier in identifiers:
            path = names.get(identifier.encode(), "")
            is_looked_up = identifier.encode() in looked_up
            commit = self._commit(identifier) if path and is_looked_up else identifier[:7]
            secrets.append(Secret(path, commit))
        return secrets

    def run(self) -> History:
        """Search; errors of git become reasons in ``unread``."""
        if self.reader.is_shallow:
            self.unread["shallow"] = {}
        try:
            self.reader.copy_reflogs()
            self._names()
            self._references()
            self._contents()
            tokens = self._secrets(self.objects)
            tokens += [Secret(path, "?") for path in dict.fromkeys(self.named)]
            # The walk has whole paths; tree objects have only the last part.
            names_in_walk = {path.rpartition("/")[2] for path in self.files}
            for name, identifier in self.files_in_trees.items():
                if name not in names_in_walk:
                    self.files[name] = identifier
            files = sorted(self.files.items())
            return History(
                # A log of a reference repeats commit messages, so it counts only by itself.
                tokens or [Secret(path, "?") for path in self.logs],
                [
                    Secret(path, self._commit(name) if at < NAMED else "?")
                    for at, (path, name) in enumerate(files)
                ],
                self.unread,
            )
        except GitError as error:
            self.unread["git"] = {"reason": error.detail if error.kind == FAILED else str(error)}
            return History(unread=self.unread)


def secrets(reader: Repository) -> History:
    """Return the secrets in a repository: real tokens, and files that doctor.yml lists."""
    return _Search(reader).run()


def token_in_file(path: Path, limit: int) -> bool:
    """Tell whether a regular file of at most *limit* bytes has a token; raises OSError."""
    scanner = Scanner()
    for data in regular_files.chunks(path, limit):
        scanner.feed(data)
    return scanner.has_token
