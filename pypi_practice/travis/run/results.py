"""The results of a rehearsal and its jobs: observed ones, and those that jobs report."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from pypi_practice.network.connections import Connection
from pypi_practice.sandbox.kinds import Kind
from pypi_practice.travis.plan.plan_types import Job
from pypi_practice.travis.run.job.origin import Push

METHODS = ("dpl", "steps")  # by the deploy tool, or by a repetition of its steps
RECORD_LIMIT = 64 * 1024  # bytes of the file in which the deploys of a job report


@dataclass
class Result:
    """The result of a build.

    ``published`` are index and name of each new file in the practice index; ``reached`` are the
    allowed hosts that a job reached; ``wall`` is the sandbox of its jobs, None without jobs.
    """

    passed: bool = True
    wall: Kind | None = None
    jobs: list[tuple[Job, Outcome]] = field(default_factory=list)  # in the order of the log
    published: list[tuple[str, str]] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    pushed: bool = False
    pythons: dict[str, str] = field(default_factory=dict)  # by requested version: the one used
    deployed: set[str] = field(default_factory=set)  # by "dpl", by its "steps" or both


@dataclass(frozen=True)
class Deployed:
    """What a job reports of one of its deploys; it proves nothing."""

    method: str  # one of METHODS
    is_done: bool


@dataclass
class Outcome:
    """The result of one job.

    ``connections`` were recorded by its proxy, ``uploaded`` are its new files in the practice index
    (index and name), ``pushes`` the changes in its copy of the repository, None if that cannot be
    read. ``deploys``, ``skipped`` and ``named`` are reported by the job itself.
    """

    code: int = 0
    python: str = ""
    left_out: bool = False
    times: dict[str, float] = field(default_factory=dict)
    deploys: dict[int, Deployed] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)  # archives in its log
    uploaded: list[tuple[str, str]] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    pushes: list[Push] | None = field(default_factory=list)


def read_deploys(file: Path, count: int) -> dict[int, Deployed]:
    """Return the reports of a job's deploys in *file*, by their numbers below *count*.

    Each line is the number of a deploy, ``dpl`` or ``steps``, and the target after a success. The
    job can write anything to the file, so other lines are ignored.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        descriptor = os.open(file, flags)
        with open(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return {}
            text = stream.read(RECORD_LIMIT).decode("utf-8", "replace")
    except OSError:
        return {}
    deploys: dict[int, Deployed] = {}
    for line in text.split("\n"):
        number, _, fields = line.partition("\t")
        method, _, target = fields.partition("\t")
        if not re.fullmatch(r"[0-9]{1,4}", number) or int(number) >= count:
            continue
        if method in METHODS:
            is_done = bool(target) or (int(number) in deploys and deploys[int(number)].is_done)
            deploys[int(number)] = Deployed(method, is_done)
    return deploys
