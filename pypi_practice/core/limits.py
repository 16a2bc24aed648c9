"""How much PyPI takes: from one file, one project and one user; and how much we look at.

Source: MAX_FILESIZE and MAX_PROJECT_SIZE in warehouse/constants.py, PROJECT_CREATE_USER_RATELIMIT
in warehouse/config.py, at commit 6b62157. The limit per address, twice as high, can never be met
before the one per user on an index that has one user.
"""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from typing import NamedTuple

MIB, GIB = 1024**2, 1024**3
HOUR = 3600  # seconds

# Where the practice index is stricter than PyPI: a computer that somebody works at must not be
# filled or kept busy by one upload. Each is far above what the packages on PyPI need.
FIELD_COUNT = 3000  # fields of a form
FIELDS_SIZE = 2 * MIB  # bytes of all fields but the description
DESCRIPTION_SIZE = 256 * 1024  # bytes
DESCRIPTION_DEPTH = 100  # quotes, lists and elements of HTML inside one another
MEMBERS = 10_000  # files and folders in an archive
NAMES_SIZE = 2 * MIB  # bytes of all their names
UNPACKED_RATIO, UNPACKED_FROM = 50, 64 * MIB  # of a .tar.gz too; PyPI asks it of zip files only
UNPACKED_SIZE = GIB  # bytes of a .tar.gz, unpacked
CODE_SIZE = 256 * MIB  # bytes of Python code in an archive
RECORD_SIZE = 4 * MIB  # bytes
METADATA_SIZE = 2 * MIB  # bytes; those of METADATA, WHEEL and PKG-INFO
ENTRY_POINTS_SIZE = 256 * 1024  # bytes
HEADER_SIZE = 16 * 1024  # bytes of what precedes a member of a tar file: pax headers, long names


class Limits(NamedTuple):
    """Bytes of a file, bytes of all files of a project, new projects of a user in an hour."""

    file: int = 100 * MIB
    project: int = 10 * GIB
    new_projects: int = 20


PYPI = Limits()


class NewProjects:
    """Counts the projects that each user tried to create in the last hour.

    As on PyPI, one whose name was good counts even if its file is refused later. The files of one
    release that come at the same time are one attempt. Kept in memory: a new practice shell starts
    from nothing.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._times: dict[str, deque[float]] = {}
        self._begun: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def _may(self, user: str, project: str) -> bool:
        times = self._times.setdefault(user, deque())
        while times and times[0] <= time.monotonic() - HOUR:
            times.popleft()
        return len(times) < self.limit or self._begun[user, project] > 0

    def full(self, user: str, project: str) -> bool:
        """Tell whether the user with this id must wait before they create *project*."""
        with self._lock:
            return not self._may(user, project)

    def begin(self, user: str, project: str) -> bool:
        """Count *project*, unless the user must wait; tell whether they may go on to ``end``."""
        with self._lock:
            if not self._may(user, project):
                return False
            if not self._begun[user, project]:
                self._times[user].append(time.monotonic())
            self._begun[user, project] += 1
            return True

    def end(self, user: str, project: str) -> None:
        """Note that an upload which has begun *project* is over."""
        with self._lock:
            self._begun[user, project] -= 1
            if not self._begun[user, project]:
                del self._begun[user, project]
