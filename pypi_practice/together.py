"""How threads share what each of them needs: the disk, and the one core that Python has."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, TypeVar

Item = TypeVar("Item")
PATIENCE = 0.05  # seconds


class Turn:
    """Lets threads that compute go one after the other; none waits long for another.

    Only one computes at a time anyway. Left alone they take turns at each question to the database,
    and the taking costs a tenth of the time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """Have the turn for the block, or run it without if somebody keeps it for too long."""
        mine = self._lock.acquire(timeout=PATIENCE)
        try:
            yield
        finally:
            if mine:
                self._lock.release()


class Together(Generic[Item]):
    """Work that costs as much for one as for many: who has to wait for it shares it.

    Gives *work* all that came while it was busy; *work* returns what failed, and why.

    Whoever waits longest does the work, for all the others too. If all items of several failed,
    each is worked on alone: the fault of one must not be that of the others.
    """

    def __init__(self, work: Callable[[Sequence[Item]], dict[Item, BaseException]]) -> None:
        self._work = work
        self._busy = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[Item] = []
        self._failed: dict[Item, BaseException] = {}

    def put(self, item: Item) -> None:
        """Return when *item* has been worked on; raise what made it fail."""
        with self._lock:
            self._waiting.append(item)
        with self._busy:
            with self._lock:
                # Empty, or without *item*, if somebody else has done it meanwhile.
                items, self._waiting = self._waiting, []
            if items:
                failed = self._work(items)
                if len(items) > 1 and len(failed) == len(items):
                    failed = {}
                    for one in items:
                        failed |= self._work([one])
                self._failed |= failed
            error = self._failed.pop(item, None)
        if error is not None:
            raise error
