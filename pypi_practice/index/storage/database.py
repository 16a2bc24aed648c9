"""The connections to the SQLite database of the practice index.

One connection writes, under a lock; others read at the same time. Every commit is on the disk when
it returns (``synchronous = FULL``).
"""

from __future__ import annotations

import contextlib
import functools
import sqlite3
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Database:
    """The database in the file *path*; it may be used by several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._readers: deque[sqlite3.Connection] = deque()  # those that no thread uses
        self._write = threading.RLock()

    @functools.cached_property
    def _writer(self) -> sqlite3.Connection:
        """The only connection that writes; its user must hold the lock."""
        return self._connect()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=30, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    def close(self) -> None:
        """Close the connections that no thread uses."""
        with self._write:
            if "_writer" in vars(self):
                self._writer.close()
                del self._writer
        while self._readers:
            self._readers.pop().close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Run the block in a transaction, which is rolled back after an exception.

        Queries of the same thread in the block use the same connection.
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
            # Closing the connection rolls back too, so that no open transaction is left.
            with contextlib.suppress(sqlite3.Error):
                connection.close()
            del self._writer

    def rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Return the rows of *query*, with *values* for its question marks.

        The writing connection is used unless it is busy, because its cache has what it wrote; other
        connections have to read that from the disk.
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

    def execute_script(self, script: str) -> None:
        """Execute SQL statements outside of a transaction; raises sqlite3.Error."""
        with self._write:
            self._writer.executescript(script)
