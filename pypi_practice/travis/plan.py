"""What a build of ``.travis.yml`` would do for one event: stages, jobs, deploys and why not.

Sources: lib/travis/build/addons/deploy/script.rb, lib/travis/build/env and
lib/travis/build/script/python.rb of travis-build; the pages on stages and the matrix of its docs.
"""

from __future__ import annotations

import itertools
import math
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pypi_practice.errors import PracticeError
from pypi_practice.facts import load
from pypi_practice.travis import conditions
from pypi_practice.travis.config import as_list, deploys
from pypi_practice.travis.keys import Unplayed, unplayed
from pypi_practice.words import Words

DEFAULT_PYTHON = "3.10"
DEFAULT_DIST = "focal"
MOST_JOBS = 200  # of a matrix (user/build-matrix.md of the documentation)
PHASES = ("before_install", "install", "before_script", "script")
# More than one value of these makes a job for each, in this order (travis-yml, expand_keys).
EXPANDED = ("os", "arch", "python", "env")
# The runtimes that a deploy may ask for, in the order in which travis-build tests them.
RUNTIMES = (
    "d", "dart", "elm", "elixir", "ghc", "go", "haxe", "jdk", "julia", "mono", "node",
    "otp_release", "perl", "php", "python", "r", "ruby", "rust", "scala", "smalltalk",
)  # fmt: skip
RUNTIME_KEYS = {"rvm": "ruby", "node_js": "node"}
OPTIONS_OF_TRAVIS = ("allow_failure", "dpl_version")


def minor(text: str) -> tuple[int, int] | None:
    """Return the first two numbers of a version, or None if it is not one."""
    found = re.match(r"(\d{1,9})\.(\d{1,9})", text)
    return (int(found[1]), int(found[2])) if found else None


@dataclass(frozen=True)
class Event:
    """What started the build: a push, a pull request, or ``kind`` api or cron."""

    branch: str
    tag: str = ""
    pull_request: bool = False
    from_fork: bool = False
    repository: str = "your-name/random-names"
    kind: str = "push"

    @property
    def type(self) -> str:
        """The event's type, as conditions name it."""
        return "pull_request" if self.pull_request else self.kind


@dataclass(frozen=True)
class Variable:
    """A repository variable: its value, and the branch that it is limited to, if any."""

    name: str
    value: str
    branch: str | None = None


@dataclass
class Deploy:
    """One deploy entry: the test that travis-build writes, and the options that dpl gets.

    Each of ``reasons`` is a test and what Travis CI prints when it fails. Several conditions have
    one sentence, printed only if all of them fail.
    """

    provider: str
    options: dict[str, Any]
    test: str
    reasons: list[tuple[str, str]]
    allow_failure: bool = False
    old_tool: bool = False  # whether it asks for version 1 of the deploy tool

    @property
    def condition(self) -> str:
        """The command of bash that decides whether to deploy."""
        return f"[[ {self.test} ]]" if self.test else "true"


@dataclass
class Job:
    """One job of a stage; ``environ`` is what Travis CI sets, ``variables`` what the user did."""

    number: str
    stage: str
    name: str
    python: str
    config: dict[str, Any]
    environ: dict[str, str]
    variables: list[Variable]
    env: list[str]
    hidden: list[str] = field(default_factory=list)  # variables that others see and it does not
    may_fail: bool = False  # whether jobs.allow_failures names it
    deploys: list[Deploy] = field(default_factory=list)

    def phase(self, name: str) -> list[str]:
        """Return the commands of a phase; empty if there are none or it is skipped."""
        return [str(one) for one in as_list(self.config.get(name)) if one not in ("skip", None)]

    def skips(self, name: str) -> bool:
        """Whether the phase says ``skip``."""
        return as_list(self.config.get(name)) in (["skip"], ["ignore"])


@dataclass
class Stage:
    """A stage, whether it runs, and if not, the condition that says so."""

    name: str
    jobs: list[Job]
    condition: str | None = None
    runs: bool = True


@dataclass
class Plan:
    """The stages of a build in order, and the keys that a rehearsal does not play."""

    stages: list[Stage]
    unplayed: list[Unplayed]
    pip_cached: bool = False  # whether the file asks for pip's cache
    condition: str | None = None  # the one that is false, if nothing runs
    runs: bool = True


def make(
    config: dict[str, Any], event: Event, variables: Sequence[Variable], build: int, words: Words
) -> Plan:
    """Return the plan of build number *build*; raises PracticeError for conditions that are bad."""
    data = {
        "type": event.type,
        "repo": event.repository,
        "branch": event.tag or event.branch,
        "tag": event.tag or None,
        "fork": event.from_fork,
        "head_branch": event.branch,
    }
    seen = _seen(event, variables)

    def holds(text: Any, where: str, values: dict[str, Any]) -> bool:
        env = {one.name: one.value for one in seen} | assigned(_assignments(values.get("env")))
        own = {key: values[key] for key in ("os", "dist", "language") if key in values}
        try:
            return conditions.holds(str(text), {**data, **own, "env": env})
        except conditions.ConditionError as error:
            raise PracticeError(words("bad_condition", where=where, reason=error)) from error

    if (number := count(config)) > MOST_JOBS:
        raise PracticeError(words("too_many_jobs", number=number, most=MOST_JOBS))
    listed = expanded(config)
    section = config.get("jobs")
    allowed = as_list(section.get("allow_failures")) if isinstance(section, dict) else []
    stages_listed = [
        one if isinstance(one, dict) else {"name": one} for one in as_list(config.get("stages"))
    ]
    names = [str(one.get("name", "test")) for one in stages_listed]
    tests = {name.lower(): one.get("if") for name, one in zip(names, stages_listed, strict=True)}
    by_stage: dict[str, list[dict[str, Any]]] = {name: [] for name in tests}
    uses_stages = bool(names) or any(job.get("stage") for job in listed)
    spelled = {name.lower(): name for name in reversed(names)}
    stage = "test"
    for job in listed:
        # A job without a stage belongs to that of the job before it.
        written = str(job.get("stage") or stage)
        stage = written.lower()
        spelled.setdefault(stage, written)
        by_stage.setdefault(stage, []).append(job)
    stages, number = [], 0
    for name, jobs in by_stage.items():
        if not jobs:
            continue
        condition = tests.get(name)
        made = Stage(name, [], condition)
        made.runs = condition is None or holds(condition, f"stages.{name}.if", config)
        for job in jobs:
            if "if" in job and not holds(job["if"], f"jobs.{job.get('name', name)}.if", job):
                continue
            if made.runs:
                number += 1
            # As it is written, since March 2020 (travis-ci/travis-ci issue 10512).
            shown = str(job.get("stage") or spelled[name]) if uses_stages else ""
            one = _job(job, f"{build}.{number}", name, shown, event, seen, build)
            one.hidden = [two.name for two in variables if two not in seen]
            one.may_fail = job.get("allow_failure") is True or any(
                _matches(job, two) for two in allowed
            )
            one.environ["TRAVIS_ALLOW_FAILURE"] = str(one.may_fail).lower()
            made.jobs.append(one)
        stages.append(made)
    plan = Plan(stages, unplayed(config, listed), any(map(caches_pip, [config, *listed])))
    if "if" in config:
        plan.condition, plan.runs = str(config["if"]), holds(config["if"], "if", config)
    if plan.runs and (blocked := _blocked(config.get("branches"), event)):
        plan.condition, plan.runs = blocked, False
    return plan


def caches_pip(config: dict[str, Any]) -> bool:
    """Whether the file or the job keeps pip's cache."""
    cache = config.get("cache")
    return cache.get("pip") is True if isinstance(cache, dict) else "pip" in as_list(cache)


def _blocked(branches: Any, event: Event) -> str | None:
    """Return the part of ``branches`` that keeps the build from being made, or None.

    A tag is a branch to it. Source: user/customizing-the-build.md of Travis CI's documentation.
    """
    if not isinstance(branches, dict):
        branches = {"only": branches} if branches else {}
    name = event.tag or event.branch

    def named(patterns: list[Any]) -> bool:
        for pattern in map(str, patterns):
            inner = re.fullmatch(r"/(.*)/", pattern)
            if (inner and conditions.matches(inner[1], name)) or pattern == name:
                return True
        return False

    only, without = as_list(branches.get("only")), as_list(branches.get("except"))
    if only:
        return None if named(only) else f"branches.only: {', '.join(map(str, only))}"
    if named([*without, "gh-pages"]):
        return f"branches.except: {', '.join(map(str, [*without, 'gh-pages']))}"
    return None


def count(config: dict[str, Any]) -> int:
    """Return how many jobs the matrix of the file makes, without making them."""
    env = config.get("env")
    if isinstance(env, dict):
        env = env.get("jobs")
    return math.prod(
        max(len(as_list(env if key == "env" else config.get(key))), 1) for key in EXPANDED
    )


def expanded(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every job: the matrix of Pythons and variables, then those of ``jobs.include``."""
    section = config.get("jobs") or {}
    listed = as_list(section.get("include") if isinstance(section, dict) else section)
    included = [one for one in listed if isinstance(one, dict)]
    axes = {key: as_list(config.get(key)) for key in EXPANDED}
    env, everywhere = config.get("env"), []
    if isinstance(env, dict):
        everywhere = _assignments(env.get("global"))
        rest = {key: value for key, value in env.items() if key != "global"}
        axes["env"] = as_list(env["jobs"]) if "jobs" in env else [rest] if rest else []
    axes = {key: values for key, values in axes.items() if values}
    jobs = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    # One value makes no matrix: with jobs.include, only the included jobs are run.
    if len(jobs) == 1 and included:
        jobs = []
    first = {key: values[0] for key, values in axes.items()}
    jobs += [{**first, **one} for one in included]
    excluded = section.get("exclude") if isinstance(section, dict) else None
    alone = {*load("travis_schema")["only_root"], *EXPANDED, "if"}
    shared = {key: value for key, value in config.items() if key not in alone}
    made = [{**shared, **job} for job in jobs]
    made = [job for job in made if not any(_matches(job, one) for one in as_list(excluded))]
    made = [{**job, "env": everywhere + _assignments(job.get("env"))} for job in made]
    # Of two jobs that are the same in everything one is made.
    return [job for place, job in enumerate(made) if job not in made[:place]]


def _matches(job: dict[str, Any], excluded: Any) -> bool:
    """Whether an entry of ``jobs.exclude`` names the job."""
    if not isinstance(excluded, dict) or not excluded:
        return False
    return all(
        _assignments(job.get("env")) == _assignments(value)
        if key == "env"
        else as_list(job.get(key)) == as_list(value)
        for key, value in excluded.items()
        if key != "if"
    )


def _assignments(env: Any) -> list[str]:
    """Return ``NAME=value`` for each variable of the file; what is encrypted is left out."""
    found = []
    for one in as_list(env):
        if not isinstance(one, dict):
            found.append(str(one))
            continue
        for name, value in one.items():
            if name in ("global", "jobs"):
                found += _assignments(value)
            elif name != "secure" and not isinstance(value, dict):
                text = conditions.written(value)
                found.append(f'{name}="{text}"' if re.search(r"\s", text) else f"{name}={text}")
    return found


def assigned(assignments: Sequence[str]) -> dict[str, str]:
    """Return what the assignments say, as conditions see it: without running them."""
    values = {}
    for line in assignments:
        try:
            words = shlex.split(line)
        except ValueError:
            continue
        values |= dict(word.split("=", 1) for word in words if "=" in word)
    return values


def _seen(event: Event, variables: Sequence[Variable]) -> list[Variable]:
    """Return the variables that the build sees: a pull request from a fork gets none, and one
    that is limited to a branch is missing elsewhere, on every tag too."""
    branch = event.tag or event.branch
    return [one for one in variables if not event.from_fork and one.branch in (None, "", branch)]


def _job(
    config: dict[str, Any],
    number: str,
    stage: str,
    shown: str,
    event: Event,
    seen: list[Variable],
    build: int,
) -> Job:
    python = str(as_list(config.get("python"))[0] if config.get("python") else DEFAULT_PYTHON)
    branch = event.tag or event.branch
    environ = {
        "CI": "true",
        "TRAVIS": "true",
        "CONTINUOUS_INTEGRATION": "true",
        "TRAVIS_BRANCH": branch,
        "TRAVIS_TAG": event.tag,
        "TRAVIS_PULL_REQUEST": "1" if event.pull_request else "false",
        "TRAVIS_EVENT_TYPE": event.type,
        "TRAVIS_REPO_SLUG": event.repository,
        "TRAVIS_BUILD_NUMBER": str(build),
        "TRAVIS_JOB_NUMBER": number,
        "TRAVIS_BUILD_STAGE_NAME": shown,
        "TRAVIS_OS_NAME": str(config.get("os") or "linux"),
        "TRAVIS_DIST": str(config.get("dist") or DEFAULT_DIST),
        "TRAVIS_PYTHON_VERSION": python,
        "TRAVIS_SECURE_ENV_VARS": "false" if event.from_fork else "true",
        "TRAVIS_LANGUAGE": str(config.get("language") or "ruby"),
        "TRAVIS_JOB_NAME": str(config.get("name") or ""),
    }
    job = Job(
        number=number,
        stage=stage,
        name=str(config.get("name") or f"Python: {python}"),
        python=python,
        config=config,
        environ=environ,
        variables=seen,
        env=config["env"],
    )
    job.deploys = compiled(config, event)
    return job


def compiled(job: dict[str, Any], event: Event) -> list[Deploy]:
    """Return the deploys of a job, each with the test that travis-build writes for it."""
    return [_deploy(one, event) for one in deploys(job)]


def _deploy(config: dict[str, Any], event: Event) -> Deploy:
    # An "if:" of a deploy is taken for an "on:", and so for the name of a branch.
    instead, on = config.pop("if", None), config.pop("on", None)
    on = instead or on or {}
    if not isinstance(on, dict):
        on = {"branch": on}
    runtimes = _runtimes(on)
    conditions_ = [str(one) for one in as_list(on.get("condition"))]
    # A mapping where a text belongs is taken for options by branch, and its keys for branches.
    maps = [value for key, value in config.items() if key != "edge" and isinstance(value, dict)]
    default = list(dict.fromkeys(key for one in maps if list(one) != ["secure"] for key in one))
    repository, branch, tags = _repository(on), _branch(on, default or ["master"]), _tags(on)
    tests = [one for one in (repository, branch, *runtimes, *conditions_, tags) if one]
    groups = [
        ([repository], "this repo's name does not match one specified in .travis.yml's"
                       f" deploy.on.repo: {on.get('repo')}"),
        ([branch], f"this branch is not permitted: {event.tag or event.branch}"),
        (runtimes, "this is not on the required runtime"),
        (conditions_, "a custom condition was not met"),
        ([tags], "this is not a tagged commit"),
    ]  # fmt: skip
    reasons = [
        (any_of[0] if len(any_of) == 1 else " || ".join(f"({one})" for one in any_of), reason)
        for any_of, reason in groups
        if any(any_of)
    ]
    provider = re.sub(r"[^a-z0-9]", "", str(config.get("provider", "")).lower())
    return Deploy(
        provider=provider,
        options={key: value for key, value in config.items() if key not in OPTIONS_OF_TRAVIS},
        test=" && ".join(f"({test})" for test in tests),
        reasons=reasons,
        allow_failure=config.get("allow_failure") is True,
        old_tool=str(config.get("dpl_version") or "2").startswith(("0", "1")),
    )


def _repository(on: dict[str, Any]) -> str:
    return f'$TRAVIS_REPO_SLUG = "{on["repo"]}"' if on.get("repo") else ""


def _branch(on: dict[str, Any], default: list[str]) -> str:
    if on.get("all_branches") is True or on.get("tags") is True:
        return ""
    branch = on.get("branch")
    branches = list(branch) if isinstance(branch, dict) else as_list(branch) or default
    return " || ".join(f"$TRAVIS_BRANCH = {branch}" for branch in branches)


def _runtimes(on: dict[str, Any]) -> list[str]:
    values = {RUNTIME_KEYS.get(key, key): value for key, value in on.items()}
    return [
        f"$TRAVIS_{name.upper()}_VERSION = {shlex.quote(str(conditions.written(values[name])))}"
        for name in RUNTIMES
        if values.get(name) is not None
    ]


def _tags(on: dict[str, Any]) -> str:
    return {True: '"$TRAVIS_TAG" != ""', False: '"$TRAVIS_TAG" = ""'}.get(on.get("tags"), "")
