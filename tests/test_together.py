"""Uploads that share a commit: the fault of one is not that of the others."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from pypi_practice.together import Together


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

    together = Together(work)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(together.put, 0)
        assert entered.wait(10)
        rest = {number: pool.submit(together.put, number) for number in (1, 2, 3, 4)}
        while len(together._waiting) < 4:
            pass
        go_on.set()
        for job in (first, rest[1], rest[2], rest[4]):
            assert job.result(10) is None
        with pytest.raises(OSError, match="three"):
            rest[3].result(10)
    assert sorted(batches[1]) == [1, 2, 3, 4]
    assert sorted(map(tuple, batches[2:])) == [(1,), (2,), (3,), (4,)]
