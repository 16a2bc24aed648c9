"""Shows a plan: as a table for people, as JSON for tools; and all events side by side."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pypi_practice.errors import PracticeError
from pypi_practice.git import GitError
from pypi_practice.travis import keys, repository
from pypi_practice.travis.config import as_list
from pypi_practice.travis.decide import Answer, command, decide, secrets, target
from pypi_practice.travis.plan import Deploy, Event, Job, Plan, Variable
from pypi_practice.travis.repository import Remark, Repository
from pypi_practice.words import Words

PHASES = ("before_install", "install", "before_script", "script", "after_success", "after_failure",
          "before_deploy", "after_deploy", "after_script")  # fmt: skip
BRANCH = re.compile(r"(?<!head_)\bbranch\s*==?\s*[\"']?([\w./-]+)")


def _grid(rows: Sequence[Sequence[str]], indent: str = "") -> list[str]:
    """Return rows of cells as lines; the last column takes what room it needs."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]) - 1)]
    return [
        (indent + "  ".join([*(c.ljust(w) for c, w in zip(row, widths, strict=False)), row[-1]]))
        .rstrip()
        for row in rows
    ]  # fmt: skip


def publishing(job: Job, deploy: Deploy, answer: Answer, words: Words) -> str:
    """Return where a deploy publishes, and with which of the variables that the job sees."""
    own = set(re.findall(r"(?:^|\s)(\w+)=", " ".join(job.env)))
    seen = {one.name for one in job.variables} | own
    names = [one for one in secrets(deploy) if not one.startswith("TRAVIS")]
    where = target(deploy)
    missing = [one for one in names if one not in seen and one in job.hidden]
    if missing:
        where = words("without_secret", target=where, names=", ".join(f"${n}" for n in missing))
    elif names:
        where = words("with_secret", target=where, names=", ".join(f"${n}" for n in names))
    return words("perhaps", what=where) if answer.runs is None else where


def _jobs(plan: Plan) -> Iterator[tuple[str, Job]]:
    for stage in plan.stages:
        if stage.runs and plan.runs:
            for job in stage.jobs:
                yield stage.name, job


def remarks(found: Sequence[Remark], words: Words) -> list[str]:
    """Return the lines that show what ``travis check`` finds, if it finds anything."""
    if not found:
        return []
    return ["", words("check_finds"), *(f"  {one.text(words)}" for one in found)]


def text(
    found: Repository, plan: Plan, event: Event, words: Words, findings: Sequence[Remark] = ()
) -> str:
    """Return a table of the jobs, and below it what each runs and why a deploy does not.

    Last stand the *findings* of ``travis check``.
    """
    what = repository.describe(event, words)
    lines = [words("plans", what=what, commit=found.commit[:7])]
    if found.uncommitted:
        lines.append(words("uncommitted", names=", ".join(found.uncommitted)))
    if found.missing_branch:
        lines.append(words("head_for_branch", name=found.missing_branch))
    if plan.unplayed:
        lines.append(words("not_played"))
        lines += [f"  {one}" for one in keys.sentences(plan.unplayed, words)]
    if not plan.runs:
        lines.append(words("build_skipped", condition=plan.condition))
        return "\n".join([*lines, *remarks(findings, words)])
    rows = [[words(f"head_{name}") for name in ("stage", "job", "image")]
            + ["Python", words("head_publishes")]]  # fmt: skip
    notes, commands = [], {}
    for stage in plan.stages:
        if not stage.runs:
            skipped = words("left_out", condition=stage.condition)
            rows.append([stage.name, "-", "-", "-", skipped])
            continue
        for job in stage.jobs:
            cells = []
            for deploy in job.deploys:
                answer = decide(job, deploy, words)
                if answer.runs is not False:
                    cells.append(publishing(job, deploy, answer, words))
                if answer.reason:
                    notes.append(
                        words("no_publishing", job=job.number, provider=deploy.provider,
                              reason=answer.reason)
                    )  # fmt: skip
            title = f"{job.number} {job.name}"
            cell = "; ".join(cells) or words("nothing")
            rows.append([stage.name, title, job.environ["TRAVIS_DIST"], job.python, cell])
            shown = tuple((phase, one) for phase in PHASES for one in job.phase(phase))
            commands.setdefault((shown, tuple(one.name for one in job.variables)), []).append(job)
    lines += ["", *_grid(rows)]
    if notes:
        lines += ["", *notes]
    for (shown, names), jobs in commands.items():
        lines += ["", ", ".join(job.number for job in jobs)]
        lines.append(f"  {words('sees', names=', '.join(names)) if names else words('sees_none')}")
        lines += [f"  {phase}: {one}" for phase, one in shown]
    return "\n".join([*lines, *remarks(findings, words)])


def _deploy(job: Job, deploy: Deploy, words: Words) -> dict[str, Any]:
    answer = decide(job, deploy, words)
    names = secrets(deploy)
    return {
        "provider": deploy.provider,
        "runs": answer.runs,
        "reason": answer.reason,
        "condition": deploy.condition,
        "command": command(deploy),
        "target": target(deploy),
        "secrets": names,
        "missing": [one for one in names if one in job.hidden],
    }


def as_data(
    found: Repository, plan: Plan, event: Event, words: Words, findings: Sequence[Remark] = ()
) -> dict[str, Any]:
    """Return the plan as plain data; values of variables are not in it."""
    return {
        "event": {
            "type": event.type,
            "branch": event.branch,
            "tag": event.tag or None,
            "from_fork": event.from_fork,
            "commit": found.commit,
        },
        "runs": plan.runs,
        "condition": plan.condition,
        "stages": [
            {"name": one.name, "runs": one.runs and plan.runs, "condition": one.condition}
            for one in plan.stages
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
                "variables": [one.name for one in job.variables],
                "phases": {phase: job.phase(phase) for phase in PHASES if job.phase(phase)},
                "deploy": [_deploy(job, one, words) for one in job.deploys],
            }
            for name, job in _jobs(plan)
        ],
        "not_played": [one.shown for one in plan.unplayed],
        "uncommitted": found.uncommitted,
        "findings": [asdict(one) for one in findings],
    }


def as_json(
    found: Repository, plan: Plan, event: Event, words: Words, findings: Sequence[Remark] = ()
) -> str:
    """Return the plan as JSON."""
    data = as_data(found, plan, event, words, findings)
    return json.dumps(data, ensure_ascii=False, indent=2)


@dataclass(frozen=True)
class Column:
    """An event of the matrix: its words, and the repository at the commit that it builds."""

    title: str
    event: Event
    found: Repository


def _named(settings: dict[str, Any]) -> Iterator[str]:
    """Yield the branches that a file speaks of."""
    section = settings.get("jobs")
    jobs = as_list(section.get("include") if isinstance(section, dict) else section)
    for owner in [settings, *jobs, *as_list(settings.get("stages"))]:
        if not isinstance(owner, dict):
            continue
        yield from BRANCH.findall(str(owner.get("if") or ""))
        for deploy in as_list(owner.get("deploy")):
            on = deploy.get("on") if isinstance(deploy, dict) else None
            names = on.get("branch") if isinstance(on, dict) else on
            yield from (str(one) for one in as_list(names) if isinstance(one, str))


def _references(found: Repository, kind: str, *options: str) -> list[str]:
    """Return the names of the branches (``heads``) or tags; none if git cannot list them."""
    arguments = ["for-each-ref", "--format=%(refname:lstrip=2)", *options, f"refs/{kind}"]
    try:
        return found.reader.text(*arguments).split()
    except GitError:
        return []


def events(
    found: Repository, branch: str, tag: str | None, slug: str | None, words: Words
) -> list[Column]:
    """Return the events worth a look: each branch, a tag, pull requests from here and a fork."""
    slug = slug or repository.slug(found)
    settings, _ = repository.read(found, words)
    names = list(dict.fromkeys([branch, *_references(found, "heads"), *_named(settings)]))
    columns = []
    for name in names[:30]:
        at = repository.at(found, name, None, words)
        columns.append(Column(words("push_branch", name=name), Event(name, repository=slug), at))
    tags = _references(found, "tags", "--sort=-creatordate")
    if tag or tags:
        tag = tag or tags[0]
        at = repository.at(found, branch, tag, words)
        title = words("push_tag", name=tag)
    else:
        tag, at, title = "v1.0.0", found, words("sample_tag", name="v1.0.0")
    columns.append(Column(title, Event(branch, tag=tag, repository=slug), at))
    for fork in (False, True):
        title = words("fork_request" if fork else "pull_request", name=branch)
        event = Event(branch, pull_request=True, from_fork=fork, repository=slug)
        columns.append(Column(title, event, found))
    return columns


@dataclass(frozen=True)
class Row:
    """What one event does: how many jobs, what is published, what its jobs see."""

    title: str
    data: dict[str, Any]
    published: list[str]
    problem: str | None = None


def matrix(
    found: Repository, columns: Sequence[Column], variables: Sequence[Variable], words: Words
) -> list[Row]:
    """Return what each event would do."""
    rows = []
    known: dict[str, list[Remark]] = {}  # by commit
    for column in columns:
        try:
            plan, _ = repository.plan(column.found, column.event, variables, words)
        except PracticeError as error:
            rows.append(Row(column.title, {"jobs": [], "event": {}}, [], str(error)))
            continue
        commit = column.found.commit
        if commit not in known:
            known[commit] = repository.findings(column.found, variables, words)
        seen = known[commit]
        data = as_data(column.found, plan, column.event, words, seen)
        published = []
        for _, job in _jobs(plan):
            for deploy in job.deploys:
                answer = decide(job, deploy, words)
                if answer.runs is not False:
                    what = publishing(job, deploy, answer, words)
                    published.append(f"{what} ({job.number})")
        rows.append(Row(column.title, data, published))
    return rows


def matrix_text(rows: Sequence[Row], words: Words, findings: Sequence[Remark] = ()) -> str:
    """Return the matrix as a table, one event to a line; below it the *findings*."""
    cells = [[words(f"head_{name}") for name in ("event", "jobs", "sees", "publishes")]]
    for row in rows:
        jobs = row.data["jobs"]
        names = list(dict.fromkeys(name for job in jobs for name in job["variables"]))
        published = row.published or [row.problem or words("nothing")]
        count = str(len(jobs))
        cells.append([row.title, count, ", ".join(names) or "-", published[0]])
        cells += [["", "", "", one] for one in published[1:]]
    return "\n".join([*_grid(cells), *remarks(findings, words)])


def matrix_json(rows: Sequence[Row]) -> str:
    """Return the matrix as JSON: a plan for each event."""
    return json.dumps(
        [
            {"title": row.title, **row.data, "published": row.published, "problem": row.problem}
            for row in rows
        ],
        ensure_ascii=False,
        indent=2,
    )
