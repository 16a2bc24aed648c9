"""How threads share what costs as much for many as for one: a commit to the disk."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Interrupted(OSError):
    """Whoever did the work for several was stopped in the middle of it; nothing was done."""


class Batcher(Generic[Item]):
    """Work that costs as much for one item as for many: whoever has to wait for it shares it.

    The thread that waits longest gives *work* all items that came while it was busy. *work* either
    does them, and returns what failed for single ones, and why; or raises, and then has done
    nothing. Of several, each is then tried alone: what stops all may be the fault of one.
    """

    def __init__(self, work: Callable[[Sequence[Item]], dict[Item, Exception]]) -> None:
        self._work = work
        self._busy = threading.Lock()
        self._lock = threading.Lock()
        self._waiting: list[tuple[Item, Future[None]]] = []

    def put(self, item: Item) -> None:
        """Return when *item* has been worked on; raise what made it fail."""
        mine: Future[None] = Future()
        with self._lock:
            self._waiting.append((item, mine))
        with self._busy:
            if not mine.done():
                with self._lock:
                    batch, self._waiting = self._waiting, []
                self._do(batch)
        mine.result()

    def _do(self, batch: list[tuple[Item, Future[None]]]) -> None:
        try:
            try:
                failed = self._work([item for item, _ in batch])
            except Exception as error:
                if len(batch) == 1:
                    batch[0][1].set_exception(error)
                    return
                for alone in batch:
                    self._do([alone])
                return
            for item, future in batch:
                if item in failed:
                    future.set_exception(failed[item])
                else:
                    future.set_result(None)
        finally:
            # KeyboardInterrupt and its like are for this thread; others wait all the same.
            for _, future in batch:
                if not future.done():
                    future.set_exception(Interrupted("interrupted"))
