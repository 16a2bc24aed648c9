"""Formats a plan as text or JSON, and the plans of all events as a table."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pypi_practice.core import terminal
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.git.git_command import GitError
from pypi_practice.travis.config import unsupported_keys
from pypi_practice.travis.config.deploy_entries import DeployEntry
from pypi_practice.travis.config.jobs import PHASES
from pypi_practice.travis.config.loader import as_list
from pypi_practice.travis.plan import destinations
from pypi_practice.travis.plan.deploy_decision import (
    Decision,
    command,
    decide,
    target,
)
from pypi_practice.travis.plan.plan_types import Event, Job, Plan, Variable
from pypi_practice.travis.plan.planner import make
from pypi_practice.travis.plan.secret_variables import emptied, visible_variables
from pypi_practice.travis.run import repository
from pypi_practice.travis.run.repository import Remark, Repository

WIDTH_LIMIT = 60  # characters of a column to which the next is aligned
# What git allows in the name of a branch (git check-ref-format).
NAME_LIMIT = 200
NO_BRANCH = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^[-/.]|/\.|[/.]$|\.lock(?:/|$)|^@$")
BRANCH = re.compile(r"(?<!head_)\bbranch\s*==?\s*[\"']?([\w./-]+)")


def _grid(rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Return rows of cells as aligned lines."""
    rows = [[terminal.one_line(cell) for cell in row] for row in rows]
    widths = [
        min(max(len(row[column]) for row in rows), WIDTH_LIMIT)
        for column in range(len(rows[0]) - 1)
    ]
    return [
        (
            indent + "  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1]])
        ).rstrip()
        for row in rows
    ]


def publishing(job: Job, deploy: DeployEntry, decision: Decision, words: Translator) -> str:
    """Return the target of a deploy, and the variables that it uses or lacks."""
    names = [name for name in deploy.variables if not name.startswith("TRAVIS")]
    destination = target(deploy)
    missing = _missing(job, names)
    if missing:
        destination = words(
            "without_secret", target=destination, names=", ".join(f"${n}" for n in missing)
        )
    elif names:
        destination = words(
            "with_secret", target=destination, names=", ".join(f"${n}" for n in names)
        )
    return words("perhaps", what=destination) if decision.runs is None else destination


def _missing(job: Job, names: Sequence[str]) -> list[str]:
    """Return those of *names* without a value in the job: limited to a branch, or emptied."""
    empty = emptied(job)
    available = ({variable.name for variable in job.variables} | _names(tuple(job.env))) - empty
    return [
        name for name in names if name in empty or (name not in available and name in job.hidden)
    ]


@functools.lru_cache(maxsize=64)
def _names(assignments: tuple[str, ...]) -> frozenset[str]:
    """Return the names of the variables that are assigned."""
    return frozenset(re.findall(r"(?:^|\s)(\w+)=", " ".join(assignments)))


def _jobs(plan: Plan) -> Iterator[tuple[str, Job]]:
    for stage in plan.stages:
        if stage.runs and plan.runs:
            for job in stage.jobs:
                yield stage.name, job


def remarks(findings: Sequence[Remark], words: Translator) -> list[str]:
    """Return the lines for the *findings* of ``travis check``."""
    if not findings:
        return []
    return ["", words("check_finds"), *(f"  {finding.text(words)}" for finding in findings)]


def text(
    repo: Repository, plan: Plan, event: Event, words: Translator, findings: Sequence[Remark] = ()
) -> str:
    """Return a table of the jobs, then their commands and the reasons of skipped deploys.

    The *findings* of ``travis check`` come last.
    """
    event_title = repository.describe(event, words)
    lines = [words("plans", what=event_title, commit=repo.commit[:7])]
    if repo.uncommitted:
        lines.append(terminal.one_line(words("uncommitted", names=", ".join(repo.uncommitted))))
    if repo.missing_branch:
        lines.append(words("head_for_branch", name=repo.missing_branch))
    if plan.unplayed:
        lines.append(words("not_played"))
        lines += [
            f"  {terminal.one_line(sentence)}"
            for sentence in unsupported_keys.sentences(plan.unplayed, words)
        ]
    if not plan.runs:
        lines.append(words("build_skipped", condition=terminal.one_line(plan.condition)))
        return "\n".join([*lines, *remarks(findings, words)])
    rows = [
        [words(f"head_{name}") for name in ("stage", "job", "image")]
        + ["Python", words("head_publishes")]
    ]
    notes: list[str] = []
    commands: dict[tuple[tuple[tuple[str, str], ...], tuple[str, ...]], list[Job]] = {}
    for stage in plan.stages:
        if not stage.runs:
            skipped = words("left_out", condition=stage.condition)
            rows.append([stage.name, "-", "-", "-", skipped])
            continue
        for job in stage.jobs:
            cells = []
            for deploy in job.deploys:
                decision = decide(job, deploy, words)
                if decision.runs is not False:
                    cells.append(publishing(job, deploy, decision, words))
                    notes += destinations.sentences(job, deploy, words)
                if decision.reason:
                    notes.append(
                        words(
                            "no_publishing",
                            job=job.number,
                            provider=deploy.provider,
                            reason=decision.reason,
                        )
                    )
            title = f"{job.number} {job.name}"
            cell = "; ".join(cells) or words("nothing")
            rows.append([stage.name, title, job.environ["TRAVIS_DIST"], job.python, cell])
            phases = tuple((phase, step) for phase in PHASES for step in job.phase(phase))
            commands.setdefault((phases, tuple(visible_variables(job))), []).append(job)
    lines += ["", *_grid(rows)]
    if notes:
        lines += ["", *map(terminal.one_line, notes)]
    for (phases, names), jobs in commands.items():
        lines += ["", ", ".join(job.number for job in jobs)]
        lines.append(f"  {words('sees', names=', '.join(names)) if names else words('sees_none')}")
        lines += [f"  {phase}: {terminal.indented(step, '    ')}" for phase, step in phases]
    return "\n".join([*lines, *remarks(findings, words)])


def _deploy(job: Job, deploy: DeployEntry, words: Translator) -> dict[str, Any]:
    decision = decide(job, deploy, words)
    names = deploy.variables
    return {
        "provider": deploy.provider,
        "runs": decision.runs,
        "reason": decision.reason,
        "condition": deploy.condition,
        "command": command(deploy),
        "target": target(deploy),
        "secrets": names,
        "missing": _missing(job, names),
    }


def as_data(
    repo: Repository, plan: Plan, event: Event, words: Translator, findings: Sequence[Remark] = ()
) -> dict[str, Any]:
    """Return the plan as plain data, without values of variables."""
    return {
        "event": {
            "type": event.type,
            "branch": event.branch,
            "tag": event.tag or None,
            "from_fork": event.from_fork,
            "commit": repo.commit,
        },
        "runs": plan.runs,
        "condition": plan.condition,
        "stages": [
            {"name": stage.name, "runs": stage.runs and plan.runs, "condition": stage.condition}
            for stage in plan.stages
        ],
        "jobs": [
            {
                "number": job.number,
                "stage": name,
                "name": job.name,
                "os": job.environ["TRAVIS_OS_NAME"],
                "dist": job.environ["TRAVIS_DIST"],
                "python": job.python,
                "env": job.env,
                "variables": visible_variables(job),
                "phases": {phase: job.phase(phase) for phase in PHASES if job.phase(phase)},
                "deploy": [_deploy(job, deploy, words) for deploy in job.deploys],
            }
            for name, job in _jobs(plan)
        ],
        "not_played": [key.text for key in plan.unplayed],
        "uncommitted": repo.uncommitted,
        "findings": [asdict(finding) for finding in findings],
    }


def as_json(
    repo: Repository, plan: Plan, event: Event, words: Translator, findings: Sequence[Remark] = ()
) -> str:
    """Return the plan as JSON."""
    data = as_data(repo, plan, event, words, findings)
    return terminal.as_json(data)


@dataclass(frozen=True)
class Column:
    """An event of the matrix: its title, and the repository at the commit that it builds."""

    title: str
    event: Event
    repo: Repository


def _branches_in(settings: dict[str, Any]) -> Iterator[str]:
    """Yield the branches in the conditions of a file."""
    section = settings.get("jobs")
    jobs = as_list(section.get("include") if isinstance(section, dict) else section)
    for owner in [settings, *jobs, *as_list(settings.get("stages"))]:
        if not isinstance(owner, dict):
            continue
        yield from BRANCH.findall(str(owner.get("if") or ""))
        for deploy in as_list(owner.get("deploy")):
            on = deploy.get("on") if isinstance(deploy, dict) else None
            names = on.get("branch") if isinstance(on, dict) else on
            yield from (str(name) for name in as_list(names) if isinstance(name, str))


def _references(repo: Repository, words: Translator, kind: str, *options: str) -> list[str]:
    """Return the names of the branches (``heads``) or tags; raises PracticeError."""
    arguments = ["for-each-ref", "--format=%(refname:lstrip=2)", *options, f"refs/{kind}"]
    try:
        return repo.reader.text(*arguments).split()
    except GitError as error:
        reason = error.detail or error.kind
        raise PracticeError(words("git_unreadable", path=repo.path, reason=reason)) from error


def events(
    repo: Repository,
    branch: str,
    tag: str | None,
    slug: str | None,
    words: Translator,
    sample: str = "v1.0.0",
) -> list[Column]:
    """Return the usual events: a push of each branch, a tag, pull requests; with one of a fork.

    *sample* is the tag of a repository that has none.
    """
    slug = slug or repository.slug(repo)
    settings, _ = repository.read(repo, words)
    valid_names = (
        name
        for name in _branches_in(settings)
        if len(name) <= NAME_LIMIT and not NO_BRANCH.search(name)
    )
    names = list(dict.fromkeys([branch, *_references(repo, words, "heads"), *valid_names]))
    columns = []
    for name in names[:30]:
        at = repository.at(repo, name, None, words)
        columns.append(Column(words("push_branch", name=name), Event(name, repository=slug), at))
    tags = _references(repo, words, "tags", "--sort=-creatordate")
    if tag or tags:
        tag = tag or tags[0]
        at = repository.at(repo, branch, tag, words)
        title = words("push_tag", name=tag)
    else:
        tag, at, title = sample, repo, words("sample_tag", name=sample)
    columns.append(Column(title, Event(branch, tag=tag, repository=slug), at))
    for fork in (False, True):
        title = words("fork_request" if fork else "pull_request", name=branch)
        event = Event(branch, pull_request=True, from_fork=fork, repository=slug)
        columns.append(Column(title, event, repo))
    return columns


@dataclass(frozen=True)
class Row:
    """The plan of one event: its jobs and what they publish; or a *problem*."""

    title: str
    jobs: list[Job]
    published: list[str]
    data: Callable[[], dict[str, Any]]
    problem: str | None = None


def _data(
    column: Column,
    plan: Plan,
    variables: Sequence[Variable],
    words: Translator,
    findings_by_commit: dict[str, list[Remark]],
) -> dict[str, Any]:
    """Return the plan of an event as plain data; *findings_by_commit* is a cache."""
    commit = column.repo.commit
    if commit not in findings_by_commit:
        findings_by_commit[commit] = repository.findings(column.repo, variables, words)
    return as_data(column.repo, plan, column.event, words, findings_by_commit[commit])


def _no_data() -> dict[str, Any]:
    return {"jobs": [], "event": {}}


def matrix(
    repo: Repository, columns: Sequence[Column], variables: Sequence[Variable], words: Translator
) -> list[Row]:
    """Return the plan of each event."""
    rows = []
    findings_by_commit: dict[str, list[Remark]] = {}  # by commit
    settings_by_commit: dict[str, dict[str, Any]] = {}  # the file, by commit
    for column in columns:
        try:
            if column.repo.commit not in settings_by_commit:
                settings_by_commit[column.repo.commit], _ = repository.read(column.repo, words)
            plan = make(
                settings_by_commit[column.repo.commit],
                column.event,
                variables,
                1,
                words,
                repository.tree(column.repo),
            )
        except PracticeError as error:
            rows.append(Row(column.title, [], [], _no_data, str(error)))
            continue
        data = functools.partial(_data, column, plan, variables, words, findings_by_commit)
        published = []
        jobs = [job for _, job in _jobs(plan)]
        for job in jobs:
            for deploy in job.deploys:
                decision = decide(job, deploy, words)
                if decision.runs is not False:
                    publication = publishing(job, deploy, decision, words)
                    published.append(f"{publication} ({job.number})")
        rows.append(Row(column.title, jobs, published, data))
    return rows


def _visibility(jobs: Sequence[Job]) -> str:
    """Return the variables, each with the jobs that see it unless all do."""
    by_name: dict[str, list[str]] = {}
    for job in jobs:
        for name in visible_variables(job):
            by_name.setdefault(name, []).append(job.number)
    cells = [
        name if len(numbers) == len(jobs) else f"{name} ({', '.join(numbers)})"
        for name, numbers in by_name.items()
    ]
    return ", ".join(cells) or "-"


def matrix_text(rows: Sequence[Row], words: Translator, findings: Sequence[Remark] = ()) -> str:
    """Return the matrix as a table, one event to a line; below it the *findings*."""
    cells = [[words(f"head_{name}") for name in ("event", "jobs", "sees", "publishes")]]
    for row in rows:
        published = row.published or [row.problem or words("nothing")]
        cells.append([row.title, str(len(row.jobs)), _visibility(row.jobs), published[0]])
        cells += [["", "", "", publication] for publication in published[1:]]
    return "\n".join([*_grid(cells), *remarks(findings, words)])


def matrix_json(rows: Sequence[Row]) -> str:
    """Return the matrix as JSON: a plan for each event."""
    return terminal.as_json(
        [
            {"title": row.title, **row.data(), "published": row.published, "problem": row.problem}
            for row in rows
        ]
    )
