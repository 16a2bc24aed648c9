"""The file of an upload while it comes in: in memory while it is small, else on disk.

``tempfile.SpooledTemporaryFile`` would do that, but its file has no name, so it could not be moved
into its place in one step: the bytes would have to be copied.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Protocol

# Bytes that a file may have to be kept in the database, with its record: one wait for the disk
# instead of three. Source of the size: https://sqlite.org/intern-v-extern-blob.html.
SMALL = 100_000


class Digest(Protocol):
    """What the objects of hashlib have in common."""

    def update(self, data: bytes | bytearray, /) -> None: ...

    def hexdigest(self) -> str: ...


class Incoming:
    """The bytes of one file, and their digests, hashed on the way.

    *open_file* makes a file that nothing lists; *limit* is how many bytes are kept, at most. A disk
    that is full is reported when the bytes are asked for, after the whole body has been read: a
    client that is still sending would not see the answer.

    The file of a ``tempfile.SpooledTemporaryFile`` has no name, so it would have to be copied:
    another process opens it to look into the archive, and then it is moved to where it stays.
    """

    def __init__(self, open_file: Callable[[], tuple[BinaryIO, Path]], limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._open_file = open_file
        self._in_memory = io.BytesIO()
        self._stream: BinaryIO = self._in_memory
        self._path: Path | None = None
        self._error: OSError | None = None
        self._hashes: dict[str, Digest] = {
            "md5": hashlib.md5(usedforsecurity=False),
            "sha256": hashlib.sha256(),
            "blake2_256": hashlib.blake2b(digest_size=32),
        }

    def write(self, data: bytes | bytearray) -> None:
        """Take more bytes; those beyond the limit are only counted."""
        self.size += len(data)
        if self.size > self.limit or self._error is not None:
            return  # one byte too many is known to be too many; the rest need not be kept
        try:
            if self._path is None and self.size > SMALL:
                self._stream, self._path = self._open_file()
                self._stream.write(self._in_memory.getvalue())
            self._stream.write(data)
        except OSError as error:
            self._error = error
        for digest in self._hashes.values():
            digest.update(data)

    def _check(self) -> None:
        if self._error is not None:
            raise self._error

    @property
    def digests(self) -> dict[str, str]:
        """The digests in hexadecimal, by the names that they have in the form. Raises OSError."""
        self._check()
        return {name: digest.hexdigest() for name, digest in self._hashes.items()}

    def written(self) -> bytes | Path:
        """Return the bytes of a small file, or where a large one is, until this is discarded.

        Raises OSError.
        """
        self._check()
        if self._path is None:
            return self._in_memory.getvalue()
        self._stream.flush()
        return self._path

    def finish(self) -> bytes | Path:
        """Return the bytes of a small file; else make sure that it is on disk, and return where.

        Raises OSError.
        """
        content = self.written()
        if isinstance(content, Path):
            os.fsync(self._stream.fileno())
            self._stream.close()  # Windows moves no file that is open
        return content

    def discard(self) -> None:
        """Close the file, and remove it if it still lies where uploads wait."""
        with contextlib.suppress(OSError):  # a second report of the same full disk
            self._stream.close()
        if self._path is not None:
            with contextlib.suppress(OSError):  # what stays is swept at the next start
                self._path.unlink(missing_ok=True)
