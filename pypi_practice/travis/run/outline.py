"""Prints the outline of a plan for ``travis run --dry-run``."""

from __future__ import annotations

from collections.abc import Callable

from pypi_practice.core.i18n import Translator
from pypi_practice.core.terminal import indented, one_line
from pypi_practice.network.allowed_hosts import NO_OTHER_HOSTS, AllowedHosts
from pypi_practice.travis.config.jobs import DECISIVE_PHASES
from pypi_practice.travis.plan import destinations
from pypi_practice.travis.plan.deploy_decision import decide
from pypi_practice.travis.plan.plan_types import Event, Plan
from pypi_practice.travis.plan.secret_variables import visible_variables
from pypi_practice.travis.run.repository import Repository, describe


def notes(repository: Repository, plan: Plan, words: Translator, say: Callable[..., None]) -> None:
    """Print which parts of the repository and its file are not used."""
    if repository.uncommitted:
        say(words("uncommitted", names=", ".join(repository.uncommitted)))
    if repository.missing_branch:
        say(words("head_for_branch", name=repository.missing_branch))
    if plan.unplayed:
        say(words("unknown", keys=", ".join(key.text for key in plan.unplayed)))


def outline(
    repository: Repository,
    plan: Plan,
    event: Event,
    emit: Callable[[str], None],
    words: Translator,
    allowed: AllowedHosts = NO_OTHER_HOSTS,
) -> None:
    """Print the commands and decisions of *plan*, without running it."""

    def say(text: object) -> None:
        emit(one_line(text))

    say(words("plans", what=describe(event, words), commit=repository.commit[:7]))
    notes(repository, plan, words, say)
    if not plan.runs:
        say(words("build_skipped", condition=plan.condition))
        return
    for stage in plan.stages:
        if not stage.runs:
            say(words("stage_skipped", name=stage.name, condition=stage.condition))
            continue
        say(words("stage", name=stage.name))
        for job in stage.jobs:
            say(
                f"  {words('job', number=job.number, name=job.name)} ({job.environ['TRAVIS_DIST']}"
                f", Python {job.python})"
            )
            names = ", ".join(visible_variables(job))
            say(f"    {words('sees', names=names) if names else words('sees_none')}")
            for phase in DECISIVE_PHASES:
                for command in job.phase(phase):
                    emit(f"    {phase}: {indented(command, '      ')}")
            for deploy in job.deploys:
                decision = decide(job, deploy, words)
                if decision.runs is None:
                    verdict = decision.reason
                elif decision.runs:
                    verdict = words("deploy_yes")
                else:
                    verdict = words("deploy_no", reason=decision.reasons[0])
                say(f"    {deploy.provider} {deploy.condition} {verdict}")
                if decision.runs is not False:
                    for line in destinations.sentences(job, deploy, words, allowed):
                        say(f"    {line}")
