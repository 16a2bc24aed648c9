"""Uploads that share a commit: the fault of one is not that of the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from pypi_practice.index.storage.batcher import Batcher, Interrupted


def run(work: Callable[[Sequence[int]], dict[int, Exception]]) -> dict[int, Future[None]]:
    """Put 0, and while it is worked on 1, 2, 3 and 4, which come together; return the results."""
    entered, go_on = threading.Event(), threading.Event()

    def waiting(items: Sequence[int]) -> dict[int, Exception]:
        if items == [0]:
            entered.set()
            assert go_on.wait(10)
        return work(items)

    shared = Batcher(waiting)
    with ThreadPoolExecutor(5) as pool:
        jobs = {0: pool.submit(shared.put, 0)}
        assert entered.wait(10)
        jobs |= {number: pool.submit(shared.put, number) for number in (1, 2, 3, 4)}
        while len(shared._waiting) < 4:
            pass
        go_on.set()
    return jobs


def test_what_came_meanwhile_is_done_together_and_each_hears_of_its_own_fault():
    batches: list[list[int]] = []

    def work(items: Sequence[int]) -> dict[int, Exception]:
        batches.append(list(items))
        return {item: OSError("three") for item in items if item == 3}

    jobs = run(work)
    assert batches[0] == [0]
    assert sorted(batches[1]) == [1, 2, 3, 4]
    assert len(batches) == 2
    for number in (0, 1, 2, 4):
        assert jobs[number].result() is None
    with pytest.raises(OSError, match="three"):
        jobs[3].result()


def test_of_those_that_fail_together_each_is_tried_alone():
    batches: list[list[int]] = []

    def work(items: Sequence[int]) -> dict[int, Exception]:
        batches.append(list(items))
        if 3 in items:  # as a disk that takes none of them
            raise OSError("three")
        return {}

    jobs = run(work)
    assert sorted(map(tuple, batches[2:])) == [(1,), (2,), (3,), (4,)]
    for number in (0, 1, 2, 4):
        assert jobs[number].result() is None
    with pytest.raises(OSError, match="three"):
        jobs[3].result()


def test_an_interrupt_is_for_its_own_thread_and_the_others_hear_that_nothing_was_done():
    def work(items: Sequence[int]) -> dict[int, Exception]:
        if len(items) > 1:
            raise KeyboardInterrupt
        return {}

    jobs = run(work)
    errors = [jobs[number].exception() for number in (1, 2, 3, 4)]
    assert sorted(type(error).__name__ for error in errors) == [
        "Interrupted",
        "Interrupted",
        "Interrupted",
        "KeyboardInterrupt",
    ]
    assert issubclass(Interrupted, OSError)  # which the index answers with "nothing was stored"
