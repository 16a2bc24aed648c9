"""What a build of ``.travis.yml`` would do for one event: stages, jobs, deploys and why not.

Sources: lib/travis/build/addons/deploy/script.rb, lib/travis/build/env and
lib/travis/build/script/python.rb of travis-build; the pages on stages and the matrix of its docs.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import math
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import build_conditions
from pypi_practice.travis.config.build_conditions import written
from pypi_practice.travis.config.loader import as_list, deploys
from pypi_practice.travis.config.regular_expressions import Budget, BudgetExceeded
from pypi_practice.travis.config.unsupported_keys import Unplayed, is_encrypted, unplayed
from pypi_practice.travis.plan.commit_tree import Tree

DEFAULT_PYTHON = "3.10"
DEFAULT_DIST = "focal"
MOST_JOBS = 200  # of a matrix (user/build-matrix.md of the documentation)
# The phases of a job in the order in which a file is read and shown (user/job-lifecycle.md of the
# documentation); those before "script" stop the job when they fail, and it decides the result.
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
WEIGHT_LIMIT = 2_000_000  # characters that all jobs may hold, and 10 for each of their values
MOST_DEPLOYS = 1_000  # of all jobs
# More than one value of these makes a job for each, in this order (travis-yml, expand_keys).
EXPANDED = ("os", "arch", "python", "env")
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
        return [written(one) for one in _flat(self.config.get(name)) if one != "skip"]

    def skips(self, name: str) -> bool:
        """Whether the phase says ``skip``."""
        return as_list(self.config.get(name)) in (["skip"], ["ignore"])


def _flat(value: Any) -> Iterator[str | bool]:
    """Yield the texts of *value*, a text or lists of them."""
    for one in as_list(value):
        if isinstance(one, list):
            yield from _flat(one)
        elif one is not None and not isinstance(one, dict):
            yield one


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
    allowed = as_list(section.get("allow_failures")) if isinstance(section, dict) else []
    allowed = [_comparable(one) for one in allowed if isinstance(one, dict) and one]
    encrypted = is_encrypted([one.get("env") for one in (config, *included(config))])
    stages, number = [], 0
    for name, condition, jobs in _grouped(config, listed):
        made = Stage(name, [], condition)
        made.runs = condition is None or tests.hold(condition, f"stages.{name}.if", config)
        for shown, job in jobs:
            where = f"jobs.{_text(job.get('name'), name)}.if"
            if "if" in job and not tests.hold(job["if"], where, job):
                continue
            if made.runs:
                number += 1
            one = _job(job, f"{build}.{number}", name, shown, event, seen, build)
            one.hidden, one.encrypted, one.tree, one.budget = hidden, encrypted, tree, tests.budget
            one.may_fail = job.get("allow_failure") is True or _is_among(job, allowed)
            one.environ["TRAVIS_ALLOW_FAILURE"] = str(one.may_fail).lower()
            made.jobs.append(one)
        stages.append(made)
    plan = Plan(stages, unplayed(config, listed), any(map(caches_pip, [config, *listed])))
    if "if" in config:
        plan.condition, plan.runs = written(config["if"]), tests.hold(config["if"], "if", config)
    if plan.runs and (blocked := tests.blocked(config.get("branches"))):
        plan.condition, plan.runs = blocked, False
    return plan


def _listed(config: dict[str, Any], words: Translator) -> list[dict[str, Any]]:
    """Return every job; raises PracticeError if they are too many, or hold too much."""
    number = count(config)
    if number <= MOST_JOBS and len(included(config)) <= MOST_JOBS:
        made = _expanded(config)
        many = sum(len(as_list(job.get("deploy"))) for job in made) > MOST_DEPLOYS
        if many or _weight(made) > WEIGHT_LIMIT:
            raise PracticeError(words("too_much_text", number=len(made)))
        made = _unique(made)
        if len(made) <= MOST_JOBS:
            return made
        number = len(made)
    raise PracticeError(
        words("too_many_jobs", number=max(number, len(included(config))), most=MOST_JOBS)
    )


def _grouped(
    config: dict[str, Any], listed: list[dict[str, Any]]
) -> list[tuple[str, Any, list[tuple[str, dict[str, Any]]]]]:
    """Return the stages that have jobs: name, condition, and each job with the stage it shows."""
    stages = [
        one if isinstance(one, dict) else {"name": one} for one in as_list(config.get("stages"))
    ]
    names = [_text(one.get("name"), "test") for one in stages]
    tests = {name.lower(): one.get("if") for name, one in zip(names, stages, strict=True)}
    uses_stages = bool(names) or any(job.get("stage") for job in listed)
    spelled = {name.lower(): name for name in reversed(names)}
    groups: dict[str, list[tuple[str, dict[str, Any]]]] = {name: [] for name in tests}
    stage = "test"
    for job in listed:
        # A job without a stage belongs to that of the job before it.
        own = _text(job.get("stage"), "")
        spelling = own or stage
        stage = spelling.lower()
        spelled.setdefault(stage, spelling)
        # As it is written, since March 2020 (travis-ci/travis-ci issue 10512).
        shown = (own or spelled[stage]) if uses_stages else ""
        groups.setdefault(stage, []).append((shown, job))
    return [(name, tests.get(name), jobs) for name, jobs in groups.items() if jobs]


def _text(value: Any, default: str) -> str:
    """Return the first text in *value*, or *default* if there is none."""
    return next((written(one) for one in _flat(value) if one != ""), default)


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
        env = self.env | assigned(_assignments(values.get("env")))
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
        only, without = (list(_flat(branches.get(key))) for key in ("only", "except"))
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
    return _unique(_expanded(config))


def _unique(jobs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return *jobs*; of two that are the same in everything one is made."""
    return list({repr(sorted(job.items())): job for job in reversed(jobs)}.values())[::-1]


def _expanded(config: dict[str, Any]) -> list[dict[str, Any]]:
    section = config.get("jobs") or {}
    listed = included(config)
    axes = {key: as_list(config.get(key)) for key in EXPANDED}
    env, everywhere = config.get("env"), []
    if isinstance(env, dict):
        everywhere = _assignments(env.get("global"))
        rest = {key: value for key, value in env.items() if key != "global"}
        axes["env"] = as_list(env["jobs"]) if "jobs" in env else [rest] if rest else []
    axes = {key: values for key, values in axes.items() if values}
    jobs = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    # One value makes no matrix: with jobs.include, only the included jobs are run.
    if len(jobs) == 1 and listed:
        jobs = []
    first = {key: values[0] for key, values in axes.items()}
    jobs += [{**first, **one} for one in listed]
    excluded = section.get("exclude") if isinstance(section, dict) else None
    alone = {*load("travis/schema")["only_root"], *EXPANDED, "if"}
    shared = {key: value for key, value in config.items() if key not in alone}
    made = [{**shared, **job} for job in jobs]
    without = [_comparable(one) for one in as_list(excluded) if isinstance(one, dict) and one]
    made = [job for job in made if not _is_among(job, without)]
    return [{**job, "env": everywhere + _assignments(job.get("env"))} for job in made]


def included(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the jobs that the file lists under ``jobs.include``."""
    section = config.get("jobs") or {}
    listed = as_list(section.get("include") if isinstance(section, dict) else section)
    return [one for one in listed if isinstance(one, dict)]


def _weight(value: Any, known: dict[int, int] | None = None) -> int:
    """Return how much *value* unfolds to: its characters, and 10 for each value in it."""
    known = {} if known is None else known
    if not isinstance(value, dict | list):
        return 10 + len(str(value))
    if id(value) not in known:
        parts = value.values() if isinstance(value, dict) else value
        known[id(value)] = 10 + sum(_weight(one, known) for one in parts)
    return known[id(value)]


def _comparable(job: dict[str, Any]) -> dict[str, list[Any]]:
    """Return the values of a job in the form in which they are compared."""
    return {
        key: _assignments(value) if key == "env" else as_list(value) for key, value in job.items()
    }


def _is_among(job: dict[str, Any], entries: list[dict[str, list[Any]]]) -> bool:
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


def _assignments(env: Any) -> list[str]:
    """Return ``NAME=value`` for each variable of the file; what is encrypted is left out."""
    found = []
    for one in as_list(env):
        if isinstance(one, list):
            found += _assignments(one)
            continue
        if not isinstance(one, dict):
            found.append(written(one))
            continue
        for name, value in one.items():
            if name in ("global", "jobs"):
                found += _assignments(value)
            elif name != "secure" and not isinstance(value, dict):
                text = written(value)
                found.append(f'{name}="{text}"' if re.search(r"\s", text) else f"{name}={text}")
    return found


def assigned(assignments: Sequence[str]) -> dict[str, str]:
    """Return what the assignments say, as conditions see it: without running them."""
    values: dict[str, str] = {}
    for line in assignments:
        values |= dict(_assigned(line))
    return values


@functools.lru_cache(maxsize=512)
def _assigned(line: str) -> list[tuple[str, str]]:
    try:
        words = shlex.split(line)
    except ValueError:
        return []
    return [
        (name, value) for name, equals, value in (one.partition("=") for one in words) if equals
    ]


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
    def text(key: str, default: str) -> str:
        return _text(config.get(key), default)

    python = text("python", DEFAULT_PYTHON)
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
        "TRAVIS_OS_NAME": text("os", "linux"),
        "TRAVIS_DIST": text("dist", DEFAULT_DIST),
        "TRAVIS_PYTHON_VERSION": python,
        "TRAVIS_SECURE_ENV_VARS": "false" if event.from_fork else "true",
        "TRAVIS_LANGUAGE": text("language", "ruby"),
        "TRAVIS_JOB_NAME": text("name", ""),
    }
    job = Job(
        number=number,
        stage=stage,
        name=text("name", f"Python: {python}"),
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
