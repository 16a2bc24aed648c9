"""Expands the jobs of a file: the matrix, and ``jobs.include`` without ``jobs.exclude``.

``travis check`` and ``travis plan`` both use it. Sources: the pages on the build matrix and the job
lifecycle in Travis CI's documentation; expand_keys of travis-yml.
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.travis.config.build_conditions import written
from pypi_practice.travis.config.loader import as_list
from pypi_practice.travis.config.schema.validator import Validator
from pypi_practice.travis.config.yaml_positions import KeyValue, Node

DEFAULT_PYTHON = "3.10"
DEFAULT_DIST = "focal"
MOST_JOBS = 200  # of a matrix (user/build-matrix.md of the documentation)
# The phases of a job in the order of the documentation (user/job-lifecycle.md). A failure before
# "script" stops the job; "script" decides its result.
PHASES = (
    "before_install",
    "install",
    "before_script",
    "script",
    "after_success",
    "after_failure",
    "before_deploy",
    "after_deploy",
    "after_script",
)
DEPLOY_PHASES = ("before_deploy", "after_deploy")
DECISIVE_PHASES = PHASES[: PHASES.index("script") + 1]
WEIGHT_LIMIT = 2_000_000  # characters of all jobs, plus 10 for each of their values
MOST_DEPLOYS = 1_000  # of all jobs
# Several values of these make several jobs, in this order (travis-yml, expand_keys).
EXPANDED = ("os", "arch", "python", "env")


class TooManyJobs(ValueError):
    """The file has ``number`` jobs, more than MOST_JOBS."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


class TooMuchText(TooManyJobs):
    """The ``number`` jobs of the file exceed WEIGHT_LIMIT or MOST_DEPLOYS."""


@dataclass(frozen=True)
class JobConfig:
    """One job of a file: its settings as Travis CI reads them, and their positions.

    ``matrix`` has the index of its value for each key of EXPANDED, ``included`` the index of its
    entry in ``jobs.include``, None for a job of the matrix. ``locate`` sets ``entries``, the
    entries of that item, and ``nodes``, the nodes of its language, system, image and Python.
    """

    settings: dict[str, Any]
    matrix: dict[str, int]
    included: int | None = None
    entries: dict[str, KeyValue] = field(default_factory=dict)
    nodes: dict[str, Node] = field(default_factory=dict)

    @property
    def language(self) -> str:
        """The language, by default Ruby."""
        return first_text(self.settings.get("language"), "ruby")

    @property
    def os(self) -> str:
        """The operating system."""
        return first_text(self.settings.get("os"), "linux")

    @property
    def dist(self) -> str:
        """The Linux distribution of the image."""
        return first_text(self.settings.get("dist"), DEFAULT_DIST)

    @property
    def python(self) -> str:
        """The version of Python."""
        return first_text(self.settings.get("python"), DEFAULT_PYTHON)


def minor(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of a version, None if it is no version."""
    numbers = re.match(r"(\d{1,9})\.(\d{1,9})", text)
    return (int(numbers[1]), int(numbers[2])) if numbers else None


def expand(config: dict[str, Any]) -> list[JobConfig]:
    """Return every job of the file, without duplicates.

    Raises TooManyJobs, before it expands too large a matrix, and TooMuchText.
    """
    number = max(count(config), len(included(config)))
    if number > MOST_JOBS:
        raise TooManyJobs(number)
    jobs = list(_expanded(config))
    many = sum(len(as_list(job.settings.get("deploy"))) for job in jobs) > MOST_DEPLOYS
    if many or _weight([job.settings for job in jobs]) > WEIGHT_LIMIT:
        raise TooMuchText(len(jobs))
    distinct = {repr(sorted(job.settings.items())): job for job in reversed(jobs)}
    if len(distinct) > MOST_JOBS:
        raise TooManyJobs(len(distinct))
    return list(distinct.values())[::-1]


def examples(config: dict[str, Any]) -> list[JobConfig]:
    """Return some jobs of a file that ``expand`` refuses; one if its matrix is too large."""
    return list(_expanded(config, 1 if count(config) > MOST_JOBS else MOST_JOBS))


def locate(jobs: Sequence[JobConfig], root: Node, checked: Validator) -> list[JobConfig]:
    """Return *jobs*, expanded from *root*, with their positions in the file."""
    top = checked.entries(root)
    listed = included_nodes(root, checked)

    def node(key: str, own: dict[str, KeyValue], matrix: dict[str, int]) -> Node | None:
        index = 0 if key in own else matrix.get(key, 0)
        entry = own.get(key) or top.get(key)
        nodes = entry.item.items if entry else []
        if entry and id(entry.item) in checked.replacements:  # such a list contains only scalars
            nodes = [item for item in nodes if item.kind != "map"]
        return nodes[index] if index < len(nodes) else None

    located = []
    for job in jobs:
        own = checked.entries(listed[job.included]) if job.included is not None else {}
        nodes = {key: node(key, own, job.matrix) for key in ("language", "os", "dist", "python")}
        positions = {key: item for key, item in nodes.items() if item is not None}
        located.append(replace(job, entries=own, nodes=positions))
    return located


def included_nodes(root: Node, checked: Validator) -> list[Node]:
    """Return the entries of ``jobs.include`` in the file, in the order of ``included``."""
    entry = checked.entries(root).get("jobs")
    if entry is not None and entry.item.kind == "map":
        entry = checked.entries(entry.item).get("include")
    return [item for item in entry.item.items if item.kind == "map"] if entry else []


def count(config: dict[str, Any]) -> int:
    """Return the number of jobs in the matrix, without expanding it."""
    return math.prod(max(len(values), 1) for values in axes(config).values())


def axes(config: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the values of each key of EXPANDED that has any."""
    values = {key: as_list(config.get(key)) for key in EXPANDED}
    env = config.get("env")
    if isinstance(env, dict):
        matrix_values = {key: value for key, value in env.items() if key != "global"}
        values["env"] = (
            as_list(env["jobs"]) if "jobs" in env else [matrix_values] if matrix_values else []
        )
    return {key: of_key for key, of_key in values.items() if of_key}


def _expanded(config: dict[str, Any], most: int = MOST_JOBS) -> Iterator[JobConfig]:
    """Yield the first *most* jobs of the matrix, and the first MOST_JOBS of ``jobs.include``."""
    section, listed = config.get("jobs") or {}, included(config)[:MOST_JOBS]
    env = config.get("env")
    everywhere = assignments(env.get("global")) if isinstance(env, dict) else []
    values = axes(config)
    alone = {*load("travis/schema")["only_root"], *EXPANDED, "if"}
    shared = {key: value for key, value in config.items() if key not in alone}
    indexes = itertools.product(*(range(len(of_key)) for of_key in values.values()))
    # A matrix of one job is dropped if there are included jobs.
    if count(config) == 1 and listed:
        most = 0
    jobs: list[tuple[dict[str, Any], dict[str, int], int | None]] = []
    for chosen in itertools.islice(indexes, most):
        matrix = dict(zip(values, chosen, strict=True))
        own = {key: values[key][index] for key, index in matrix.items()}
        jobs.append((own, matrix, None))
    first = {key: of_key[0] for key, of_key in values.items()}
    jobs += [({**first, **entry}, {}, index) for index, entry in enumerate(listed)]
    excluded = section.get("exclude") if isinstance(section, dict) else None
    without = entries_of(excluded)
    for own, matrix, index in jobs:
        settings = {**shared, **own}
        if not is_among(settings, without):
            settings["env"] = everywhere + assignments(settings.get("env"))
            yield JobConfig(settings, matrix, index)


def included(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs that the file lists under ``jobs.include``."""
    section = config.get("jobs") or {}
    listed = as_list(section.get("include") if isinstance(section, dict) else section)
    return [entry for entry in listed if isinstance(entry, dict)]


def _weight(value: Any, weights: dict[int, int] | None = None) -> int:
    """Return the size of *value* after expansion: its characters, plus 10 for each value."""
    weights = {} if weights is None else weights
    if not isinstance(value, dict | list):
        return 10 + len(str(value))
    if id(value) not in weights:
        parts = value.values() if isinstance(value, dict) else value
        weights[id(value)] = 10 + sum(_weight(part, weights) for part in parts)
    return weights[id(value)]


def entries_of(section: Any) -> list[dict[str, list[Any]]]:
    """Return ``jobs.exclude`` or ``jobs.allow_failures`` in the form that ``is_among`` takes."""
    return [_comparable(entry) for entry in as_list(section) if isinstance(entry, dict) and entry]


def _comparable(job: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the values of a job in the form in which they are compared."""
    return {
        key: assignments(value) if key == "env" else as_list(value) for key, value in job.items()
    }


def is_among(job: dict[str, Any], entries: list[dict[str, list[Any]]]) -> bool:
    """Whether one of the entries of ``jobs.exclude`` or ``jobs.allow_failures`` names the job."""
    own = _comparable(job) if entries else {}
    missing: list[Any] = []
    for entry in entries:
        for key, value in entry.items():
            if own.get(key, missing) != value and key != "if":
                break
        else:
            return True
    return False


def flat(value: Any) -> Iterator[str | bool]:
    """Yield the scalars of *value*, a scalar or nested lists; mappings are dropped."""
    for part in as_list(value):
        if isinstance(part, list):
            yield from flat(part)
        elif part is not None and not isinstance(part, dict):
            yield part


def first_text(value: Any, default: str) -> str:
    """Return the first text in *value*, or *default* if there is none."""
    return next((written(part) for part in flat(value) if part != ""), default)


def assignments(env: Any) -> list[str]:
    """Return ``NAME=value`` for each variable of the file, without encrypted ones."""
    lines = []
    for part in as_list(env):
        if isinstance(part, list):
            lines += assignments(part)
            continue
        if not isinstance(part, dict):
            lines.append(written(part))
            continue
        for name, value in part.items():
            if name in ("global", "jobs"):
                lines += assignments(value)
            elif name != "secure" and not isinstance(value, dict):
                text = written(value)
                lines.append(f'{name}="{text}"' if re.search(r"\s", text) else f"{name}={text}")
    return lines


def assigned(lines: Sequence[str]) -> dict[str, str]:
    """Return the values of assignments without expansion, as conditions use them."""
    values: dict[str, str] = {}
    for line in lines:
        values |= dict(_assigned(line))
    return values


@functools.lru_cache(maxsize=512)
def _assigned(line: str) -> list[tuple[str, str]]:
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    return [
        (name, value) for name, equals, value in (word.partition("=") for word in words) if equals
    ]
