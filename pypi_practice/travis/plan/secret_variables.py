"""Which repository variables the commands of a job can read from their environment.

Travis CI exports the repository variables first and the ``env`` of the file after them, both
before the first command of the job (lib/travis/build/env.rb and lib/travis/build/stages.rb of
travis-build). So the file can empty a variable for one job, or hand its value on as another one.
"""

from __future__ import annotations

import functools
import re
import shlex

from pypi_practice.travis.plan.plan_types import Job

REFERENCE = re.compile(r"\$\{?(\w+)")
# What bash runs or looks up by a name that it makes first: it may read every variable.
COMPUTED = ("$(", "`", "${!")


@functools.lru_cache(maxsize=64)
def _assignments(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return name and value of each assignment that can be read; see ``Job.env``.

    Kept, because shlex is slow and the jobs of all events are asked again and again.
    """
    assigned = []
    for line in lines:
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        for word in words:
            name, equals, value = word.partition("=")
            if equals:
                assigned.append((name, value))
    return tuple(assigned)


def visible_variables(job: Job) -> list[str]:
    """Return the repository variables of *job* whose value is in its environment, in their order.

    A value that bash computes is taken to hold every variable, because only the build can tell.
    """
    held = {variable.name: {variable.name} for variable in job.variables}
    for name, value in _assignments(tuple(job.env)):
        if any(sign in value for sign in COMPUTED):
            sources = list(held)
        else:
            sources = REFERENCE.findall(value)
        held[name] = set().union(*(held.get(source, set()) for source in sources))
    there = set().union(*held.values())
    return [variable.name for variable in job.variables if variable.name in there]


def emptied(job: Job) -> set[str]:
    """Return the names that ``env`` leaves empty in *job*."""
    return {name for name, value in dict(_assignments(tuple(job.env))).items() if not value}
