"""Finds the repository variables that the commands of a job can read.

Travis CI exports the repository variables first and the ``env`` of the file after them, both
before the first command of the job (lib/travis/build/env.rb and lib/travis/build/stages.rb of
travis-build). So the file can empty a variable for one job, or assign its value to another one.
"""

from __future__ import annotations

import functools
import re
import shlex

from pypi_practice.travis.plan.plan_types import Job

REFERENCE = re.compile(r"\$\{?(\w+)")
# Command substitution and indirect expansion may read any variable.
COMPUTED = ("$(", "`", "${!")


@functools.lru_cache(maxsize=64)
def _assignments(lines: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return name and value of each assignment that can be parsed; see ``Job.env``.

    Cached, because shlex is slow and many jobs have the same lines.
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

    A value that bash computes is assumed to contain every variable.
    """
    contained = {variable.name: {variable.name} for variable in job.variables}
    for name, value in _assignments(tuple(job.env)):
        if any(sign in value for sign in COMPUTED):
            sources = list(contained)
        else:
            sources = REFERENCE.findall(value)
        contained[name] = set().union(*(contained.get(source, set()) for source in sources))
    in_environment = set().union(*contained.values())
    return [variable.name for variable in job.variables if variable.name in in_environment]


def emptied(job: Job) -> set[str]:
    """Return the variables to which ``env`` of *job* assigns an empty value."""
    return {name for name, value in dict(_assignments(tuple(job.env))).items() if not value}
