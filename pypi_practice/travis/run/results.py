"""What the jobs of a rehearsal did: what was seen of them, and what they say themselves."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from pypi_practice.network.connections import Connection
from pypi_practice.sandbox.kinds import Kind
from pypi_practice.travis.plan.plan_types import Job
from pypi_practice.travis.run.origin import Push

HOWS = ("dpl", "steps")  # by the deploy tool itself, or by its steps taken here
RECORD_LIMIT = 64 * 1024  # bytes of what the deploys of a job write down


@dataclass
class Result:
    """What a rehearsal did: whether the build passed, and what came of its jobs.

    ``published`` are the index and the name of each file that the practice index holds since;
    ``reached`` the hosts that a job reached because the user allowed it; ``wall`` is the sandbox
    of its jobs, None if none was to run.
    """

    passed: bool = True
    wall: Kind | None = None
    jobs: list[tuple[Job, Outcome]] = field(default_factory=list)  # in the order of the log
    published: list[tuple[str, str]] = field(default_factory=list)
    reached: set[str] = field(default_factory=set)
    pushed: bool = False
    pythons: dict[str, str] = field(default_factory=dict)  # wanted, and what played its part
    deployed: set[str] = field(default_factory=set)  # by "dpl", by its "steps" or both


@dataclass(frozen=True)
class Deployed:
    """What a job has written down of one of its deploys: nothing that it did is proven by it."""

    how: str  # one of HOWS
    done: bool


@dataclass
class Outcome:
    """What one job did.

    ``connections`` is what its proxy saw, ``uploaded`` what the practice index holds since (index
    and file name), ``pushes`` how its copy of the repository has changed, None if that cannot be
    read any more. ``deploys``, ``skipped`` and ``named`` are what the job says itself.
    """

    code: int = 0
    python: str = ""
    left_out: bool = False
    times: dict[str, float] = field(default_factory=dict)
    deploys: dict[int, Deployed] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    named: set[str] = field(default_factory=set)  # archives that its log speaks of
    uploaded: list[tuple[str, str]] = field(default_factory=list)
    connections: list[Connection] = field(default_factory=list)
    pushes: list[Push] | None = field(default_factory=list)


def read_deploys(file: Path, count: int) -> dict[int, Deployed]:
    """Return what the deploys of a job wrote into *file*, by their numbers below *count*.

    Each line is the number of a deploy, ``dpl`` or ``steps``, and where it published if it is done.
    The job can write anything there: what is none of this is passed over.
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
        number, _, rest = line.partition("\t")
        how, _, target = rest.partition("\t")
        if not re.fullmatch(r"[0-9]{1,4}", number) or int(number) >= count:
            continue
        if how in HOWS:
            done = bool(target) or (int(number) in deploys and deploys[int(number)].done)
            deploys[int(number)] = Deployed(how, done)
    return deploys
