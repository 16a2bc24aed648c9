"""Uploads that share a commit: the fault of one is not that of the others."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from pypi_practice import together
from pypi_practice.together import Together, Turn


def test_what_came_meanwhile_is_done_together_and_each_hears_of_its_own_fault():
    entered, go_on = threading.Event(), threading.Event()
    batches: list[list[int]] = []

    def work(items: Sequence[int]) -> dict[int, BaseException]:
        batches.append(list(items))
        if items == [0]:
            entered.set()
            go_on.wait(10)
        if 3 in items:  # as a disk that takes none of them
            return dict.fromkeys(items, OSError("three"))
        return {}

    shared = Together(work)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(shared.put, 0)
        assert entered.wait(10)
        rest = {number: pool.submit(shared.put, number) for number in (1, 2, 3, 4)}
        while len(shared._waiting) < 4:
            pass
        go_on.set()
        for job in (first, rest[1], rest[2], rest[4]):
            assert job.result(10) is None
        with pytest.raises(OSError, match="three"):
            rest[3].result(10)
    assert sorted(batches[1]) == [1, 2, 3, 4]
    assert sorted(map(tuple, batches[2:])) == [(1,), (2,), (3,), (4,)]


def test_a_turn_is_not_waited_for_for_ever(monkeypatch):
    monkeypatch.setattr(together, "PATIENCE", 0.05)
    turn, go_on = Turn(), threading.Event()

    def keep_it() -> None:
        with turn.take():
            go_on.wait(10)

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(keep_it)
        while not turn._lock.locked():
            pass
        with turn.take():  # without it
            assert not first.done()
        assert turn._lock.locked()  # and without giving back what is not ours
        go_on.set()
        first.result(10)
    assert not turn._lock.locked()
