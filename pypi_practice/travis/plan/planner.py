"""Makes the plan of a build of ``.travis.yml`` for one event: stages, jobs and deploys.

Sources: lib/travis/build/env and lib/travis/build/script/python.rb of travis-build; the pages on
stages and the matrix of its docs.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import deploy_entries
from pypi_practice.travis.config.build_conditions import written
from pypi_practice.travis.config.jobs import (
    MOST_JOBS,
    JobConfig,
    TooManyJobs,
    TooMuchText,
    entries_of,
    expand,
    first_text,
    included,
    is_among,
)
from pypi_practice.travis.config.loader import as_list
from pypi_practice.travis.config.unsupported_keys import is_encrypted, unplayed
from pypi_practice.travis.plan.commit_tree import Tree
from pypi_practice.travis.plan.event_conditions import EventConditions
from pypi_practice.travis.plan.plan_types import Event, Job, Plan, Stage, Variable


def make(
    config: dict[str, Any],
    event: Event,
    variables: Sequence[Variable],
    build: int,
    words: Translator,
    tree: Tree | None = None,
) -> Plan:
    """Return the plan of build number *build* of the files in *tree*.

    Raises PracticeError for invalid conditions, and for a file with too many jobs.
    """
    visible = _visible_variables(event, variables)
    hidden = [variable.name for variable in variables if variable not in visible]
    tests = EventConditions(event, visible, words)
    listed = _listed(config, words)
    section = config.get("jobs")
    allowed = entries_of(section.get("allow_failures") if isinstance(section, dict) else None)
    encrypted = is_encrypted([settings.get("env") for settings in (config, *included(config))])
    stages, number = [], 0
    for name, condition, jobs in _grouped(config, listed):
        stage = Stage(name, [], condition)
        stage.runs = condition is None or tests.hold(condition, f"stages.{name}.if", config)
        for stage_name, job_config in jobs:
            settings = job_config.settings
            location = f"jobs.{first_text(settings.get('name'), name)}.if"
            if "if" in settings and not tests.hold(settings["if"], location, settings):
                continue
            if stage.runs:
                number += 1
            job = _job(job_config, f"{build}.{number}", name, stage_name, event, visible, build)
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
    """Return every job; raises PracticeError if they are too many or too large."""
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
    """Return the stages that have jobs: name, condition, and each job with its stage name."""
    stages = [
        stage if isinstance(stage, dict) else {"name": stage}
        for stage in as_list(config.get("stages"))
    ]
    names = [first_text(stage.get("name"), "test") for stage in stages]
    tests = {name.lower(): stage.get("if") for name, stage in zip(names, stages, strict=True)}
    uses_stages = bool(names) or any(job.settings.get("stage") for job in listed)
    spelled = {name.lower(): name for name in reversed(names)}
    groups: dict[str, list[tuple[str, JobConfig]]] = {name: [] for name in tests}
    stage = "test"
    for job in listed:
        # A job without a stage belongs to that of the job before it.
        own_stage = first_text(job.settings.get("stage"), "")
        spelling = own_stage or stage
        stage = spelling.lower()
        spelled.setdefault(stage, spelling)
        # In the spelling of the file, since March 2020 (travis-ci/travis-ci issue 10512).
        stage_name = (own_stage or spelled[stage]) if uses_stages else ""
        groups.setdefault(stage, []).append((stage_name, job))
    return [(name, tests.get(name), jobs) for name, jobs in groups.items() if jobs]


def caches_pip(config: dict[str, Any]) -> bool:
    """Whether the file or the job enables pip's cache."""
    cache = config.get("cache")
    return cache.get("pip") is True if isinstance(cache, dict) else "pip" in as_list(cache)


def _visible_variables(event: Event, variables: Sequence[Variable]) -> list[Variable]:
    """Return the repository variables of the build.

    A pull request from a fork has none. A variable limited to a branch is missing on others and on
    all tags.
    """
    branch = event.tag or event.branch
    return [
        variable
        for variable in variables
        if not event.from_fork and variable.branch in (None, "", branch)
    ]


def _job(
    config: JobConfig,
    number: str,
    stage: str,
    stage_name: str,
    event: Event,
    visible: list[Variable],
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
        "TRAVIS_BUILD_STAGE_NAME": stage_name,
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
        variables=visible,
        env=config.settings["env"],
    )
    job.deploys = deploy_entries.of_job(config.settings)
    return job
