"""How much PyPI takes: from one file, one project and one user.

Source: MAX_FILESIZE and MAX_PROJECT_SIZE in warehouse/constants.py, PROJECT_CREATE_USER_RATELIMIT
in warehouse/config.py, at commit 6b62157. The limit per address, twice as high, can never be met
before the one per user on an index that has one user.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass

MIB, GIB = 1024**2, 1024**3
HOUR = 3600  # seconds


@dataclass(frozen=True)
class Limits:
    """Bytes of a file, bytes of all files of a project, new projects of a user in an hour."""

    file: int = 100 * MIB
    project: int = 10 * GIB
    new_projects: int = 20


PYPI = Limits()


class NewProjects:
    """Counts the projects that each user tried to create in the last hour.

    As on PyPI, one whose name was good counts even if its file is refused later. Kept in memory:
    a new practice shell starts from nothing.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._times: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def _recent(self, user: str) -> deque[float]:
        times = self._times.setdefault(user, deque())
        while times and times[0] <= time.monotonic() - HOUR:
            times.popleft()
        return times

    def full(self, user: str) -> bool:
        """Tell whether the user with this id must wait."""
        with self._lock:
            return len(self._recent(user)) >= self.limit

    def add(self, user: str) -> bool:
        """Count one more, unless the user must wait; tell whether it was counted."""
        with self._lock:
            times = self._recent(user)
            if len(times) >= self.limit:
                return False
            times.append(time.monotonic())
            return True
