"""Reads files of a folder that may be hostile: regular files only, and only up to a limit.

A pipe or a device under the name of an expected file would block the reader or never end, and a
sparse file of many gigabytes would fill the memory.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

CHUNK = 1024 * 1024  # bytes
# On Windows there are no pipes in folders, and neither flag.
FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


class NotRegularError(OSError):
    """A pipe, a socket or a device."""


class TooLargeError(OSError):
    """A file that is larger than the limit of its reader."""


def _check(status: os.stat_result, path: Path | str) -> None:
    """Raise OSError unless it is the status of a regular file."""
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise NotRegularError(errno.EINVAL, "not a regular file", str(path))


def _open(path: Path | str) -> int:
    """Return a file descriptor of a regular file; links are followed. Raises OSError."""
    try:
        # Opening some devices has an effect of its own, so look before, and again after.
        _check(os.stat(path), path)
        descriptor = os.open(path, FLAGS)
    except ValueError as error:  # a NUL in the name
        raise OSError(errno.EINVAL, str(error), str(path)) from error
    try:
        _check(os.fstat(descriptor), path)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def chunks(path: Path | str, limit: int) -> Iterator[bytes]:
    """Yield the content of a regular file, CHUNK bytes at a time.

    Raises OSError, and its subclasses NotRegularError and TooLargeError (more than *limit* bytes).
    """
    with open(_open(path), "rb", buffering=0) as file:
        remaining = limit
        if os.fstat(file.fileno()).st_size > limit:
            raise TooLargeError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        while data := file.read(min(CHUNK, remaining + 1)):
            remaining -= len(data)
            if remaining < 0:
                raise TooLargeError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
            yield data


def read(path: Path | str, limit: int) -> bytes:
    """Return the content of a regular file of at most *limit* bytes; raises OSError."""
    return b"".join(chunks(path, limit))
