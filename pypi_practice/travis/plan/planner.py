"""What a build of ``.travis.yml`` would do for one event: stages, jobs, deploys and why not.

Sources: lib/travis/build/addons/deploy/script.rb, lib/travis/build/env and
lib/travis/build/script/python.rb of travis-build; the pages on stages and the matrix of its docs.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import build_conditions
from pypi_practice.travis.config.build_conditions import written
from pypi_practice.travis.config.jobs import (
    MOST_JOBS,
    JobConfig,
    TooManyJobs,
    TooMuchText,
    assigned,
    assignments,
    entries_of,
    expand,
    first_text,
    flat,
    included,
    is_among,
)
from pypi_practice.travis.config.loader import as_list, deploys
from pypi_practice.travis.config.regular_expressions import Budget, BudgetExceeded
from pypi_practice.travis.config.unsupported_keys import Unplayed, is_encrypted, unplayed
from pypi_practice.travis.plan.commit_tree import Tree

# The runtimes that a deploy may ask for, in the order in which travis-build tests them.
RUNTIMES = (
    "d",
    "dart",
    "elm",
    "elixir",
    "ghc",
    "go",
    "haxe",
    "jdk",
    "julia",
    "mono",
    "node",
    "otp_release",
    "perl",
    "php",
    "python",
    "r",
    "ruby",
    "rust",
    "scala",
    "smalltalk",
)
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
    encrypted: bool = False  # whether the file has variables that Travis CI alone can read
    tree: Tree | None = None  # the files of the commit
    budget: Budget = field(default_factory=Budget)  # of the plan, for its conditions
    # What ``decide`` keeps: its answers, and what it knows of the variables.
    decided: dict[Any, Any] = field(default_factory=dict, repr=False)
    known: Any = field(default=None, repr=False)

    def phase(self, name: str) -> list[str]:
        """Return the commands of a phase; empty if there are none or it is skipped.

        Values that are no text are commands too, as Ruby writes them: ``true``, ``1``. Lists are
        flattened, and mappings dropped (travis-yml, lib/travis/yml/doc/change).
        """
        return [written(one) for one in flat(self.config.get(name)) if one != "skip"]

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
    config: dict[str, Any],
    event: Event,
    variables: Sequence[Variable],
    build: int,
    words: Translator,
    tree: Tree | None = None,
) -> Plan:
    """Return the plan of build number *build* of the files in *tree*.

    Raises PracticeError for conditions that are bad, and for a file that makes too much.
    """
    seen = _seen(event, variables)
    hidden = [one.name for one in variables if one not in seen]
    tests = _Conditions(event, seen, words)
    listed = _listed(config, words)
    section = config.get("jobs")
    allowed = entries_of(section.get("allow_failures") if isinstance(section, dict) else None)
    encrypted = is_encrypted([one.get("env") for one in (config, *included(config))])
    stages, number = [], 0
    for name, condition, jobs in _grouped(config, listed):
        stage = Stage(name, [], condition)
        stage.runs = condition is None or tests.hold(condition, f"stages.{name}.if", config)
        for shown, job_config in jobs:
            settings = job_config.settings
            where = f"jobs.{first_text(settings.get('name'), name)}.if"
            if "if" in settings and not tests.hold(settings["if"], where, settings):
                continue
            if stage.runs:
                number += 1
            job = _job(job_config, f"{build}.{number}", name, shown, event, seen, build)
            job.hidden, job.encrypted, job.tree, job.budget = hidden, encrypted, tree, tests.budget
            job.may_fail = settings.get("allow_failure") is True or is_among(settings, allowed)
            job.environ["TRAVIS_ALLOW_FAILURE"] = str(job.may_fail).lower()
            stage.jobs.append(job)
        stages.append(stage)
    all_settings = [job_config.settings for job_config in listed]
    pip_cached = any(map(caches_pip, [config, *all_settings]))
    plan = Plan(stages, unplayed(config, all_settings), pip_cached)
    if "if" in config:
        plan.condition, plan.runs = written(config["if"]), tests.hold(config["if"], "if", config)
    if plan.runs and (blocked := tests.blocked(config.get("branches"))):
        plan.condition, plan.runs = blocked, False
    return plan


def _listed(config: dict[str, Any], words: Translator) -> list[JobConfig]:
    """Return every job; raises PracticeError if they are too many, or hold too much."""
    try:
        return expand(config)
    except TooMuchText as error:
        raise PracticeError(words("too_much_text", number=error.number)) from error
    except TooManyJobs as error:
        text = words("too_many_jobs", number=error.number, most=MOST_JOBS)
        raise PracticeError(text) from error


def _grouped(
    config: dict[str, Any], listed: list[JobConfig]
) -> list[tuple[str, Any, list[tuple[str, JobConfig]]]]:
    """Return the stages that have jobs: name, condition, and each job with the stage it shows."""
    stages = [
        one if isinstance(one, dict) else {"name": one} for one in as_list(config.get("stages"))
    ]
    names = [first_text(one.get("name"), "test") for one in stages]
    tests = {name.lower(): one.get("if") for name, one in zip(names, stages, strict=True)}
    uses_stages = bool(names) or any(job.settings.get("stage") for job in listed)
    spelled = {name.lower(): name for name in reversed(names)}
    groups: dict[str, list[tuple[str, JobConfig]]] = {name: [] for name in tests}
    stage = "test"
    for job in listed:
        # A job without a stage belongs to that of the job before it.
        own = first_text(job.settings.get("stage"), "")
        spelling = own or stage
        stage = spelling.lower()
        spelled.setdefault(stage, spelling)
        # As it is written, since March 2020 (travis-ci/travis-ci issue 10512).
        shown = (own or spelled[stage]) if uses_stages else ""
        groups.setdefault(stage, []).append((shown, job))
    return [(name, tests.get(name), jobs) for name, jobs in groups.items() if jobs]


class _Conditions:
    """Decides the conditions of one event."""

    def __init__(self, event: Event, seen: Sequence[Variable], words: Translator) -> None:
        self.words, self.budget = words, Budget()
        self.name = event.tag or event.branch
        self.env = {one.name: one.value for one in seen}
        self.data = {
            "type": event.type,
            "repo": event.repository,
            "branch": self.name,
            "tag": event.tag or None,
            "fork": event.from_fork,
            "head_branch": event.branch,
        }

    @contextlib.contextmanager
    def _errors(self, where: str) -> Iterator[None]:
        try:
            yield
        except build_conditions.ConditionError as error:
            text = self.words("bad_condition", where=where, reason=error)
            raise PracticeError(text) from error
        except (build_conditions.UnknownCondition, BudgetExceeded) as error:
            raise PracticeError(self.words("unknown_condition", where=where)) from error

    def hold(self, text: Any, where: str, values: dict[str, Any]) -> bool:
        """Whether *text* holds for a job or file with *values*; raises PracticeError."""
        env = self.env | assigned(assignments(values.get("env")))
        own: dict[str, Any] = {
            key: values[key] for key in ("os", "dist", "language") if key in values
        }
        with self._errors(where):
            return build_conditions.holds(
                written(text), {**self.data, **own, "env": env}, self.budget
            )

    def blocked(self, branches: Any) -> str | None:
        """Return the part of ``branches`` that keeps the build from being made, or None.

        A tag is a branch to it. Source: user/customizing-the-build.md of Travis CI's documentation.
        Raises PracticeError.
        """
        if not isinstance(branches, dict):
            branches = {"only": branches} if branches else {}
        only, without = (list(flat(branches.get(key))) for key in ("only", "except"))
        listed = [written(one) for one in only or [*without, "gh-pages"]]
        with self._errors("branches"):
            named = any(self._names(pattern) for pattern in listed)
        if named is not bool(only):
            return f"branches.{'only' if only else 'except'}: {', '.join(listed)}"
        return None

    def _names(self, pattern: str) -> bool:
        inner = re.fullmatch(r"/(.*)/", pattern)
        found = inner and build_conditions.matches(inner[1], self.name, self.budget)
        return bool(found) or pattern == self.name


def caches_pip(config: dict[str, Any]) -> bool:
    """Whether the file or the job keeps pip's cache."""
    cache = config.get("cache")
    return cache.get("pip") is True if isinstance(cache, dict) else "pip" in as_list(cache)


def _seen(event: Event, variables: Sequence[Variable]) -> list[Variable]:
    """Return the variables that the build sees: a pull request from a fork gets none, and one
    that is limited to a branch is missing elsewhere, on every tag too."""
    branch = event.tag or event.branch
    return [one for one in variables if not event.from_fork and one.branch in (None, "", branch)]


def _job(
    config: JobConfig,
    number: str,
    stage: str,
    shown: str,
    event: Event,
    seen: list[Variable],
    build: int,
) -> Job:
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
        "TRAVIS_OS_NAME": config.os,
        "TRAVIS_DIST": config.dist,
        "TRAVIS_PYTHON_VERSION": config.python,
        "TRAVIS_SECURE_ENV_VARS": "false" if event.from_fork else "true",
        "TRAVIS_LANGUAGE": config.language,
        "TRAVIS_JOB_NAME": first_text(config.settings.get("name"), ""),
    }
    job = Job(
        number=number,
        stage=stage,
        name=first_text(config.settings.get("name"), f"Python: {config.python}"),
        python=config.python,
        config=config.settings,
        environ=environ,
        variables=seen,
        env=config.settings["env"],
    )
    job.deploys = compiled(config.settings, event)
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
    conditions_ = [written(one) for one in as_list(on.get("condition"))]
    # A mapping where a text belongs is taken for options by branch, and its keys for branches.
    maps = [value for key, value in config.items() if key != "edge" and isinstance(value, dict)]
    default = list(dict.fromkeys(key for one in maps if list(one) != ["secure"] for key in one))
    repository, branch, tags = _repository(on), _branch(on, default or ["master"]), _tags(on)
    tests = [one for one in (repository, branch, *runtimes, *conditions_, tags) if one]
    groups = [
        (
            [repository],
            "this repo's name does not match one specified in .travis.yml's"
            f" deploy.on.repo: {written(on.get('repo'))}",
        ),
        ([branch], f"this branch is not permitted: {event.tag or event.branch}"),
        (runtimes, "this is not on the required runtime"),
        (conditions_, "a custom condition was not met"),
        ([tags], "this is not a tagged commit"),
    ]
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
    return f'$TRAVIS_REPO_SLUG = "{written(on["repo"])}"' if on.get("repo") else ""


def _branch(on: dict[str, Any], default: list[str]) -> str:
    if on.get("all_branches") is True or on.get("tags") is True:
        return ""
    branch = on.get("branch")
    branches = list(branch) if isinstance(branch, dict) else as_list(branch) or default
    return " || ".join(f"$TRAVIS_BRANCH = {written(one)}" for one in branches)


def _runtimes(on: dict[str, Any]) -> list[str]:
    values = {RUNTIME_KEYS.get(key, key): value for key, value in on.items()}
    return [
        f"$TRAVIS_{name.upper()}_VERSION = {shlex.quote(written(values[name]))}"
        for name in RUNTIMES
        if values.get(name) is not None
    ]


def _tags(on: dict[str, Any]) -> str:
    if on.get("tags") is True:
        return '"$TRAVIS_TAG" != ""'
    return '"$TRAVIS_TAG" = ""' if on.get("tags") is False else ""
