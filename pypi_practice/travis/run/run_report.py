"""The result of a rehearsal as plain data, for ``travis run --json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from pypi_practice.core.i18n import Translator
from pypi_practice.travis.plan.plan_types import Event, Job, Plan
from pypi_practice.travis.run import plan_report
from pypi_practice.travis.run.repository import Remark, Repository
from pypi_practice.travis.run.results import Outcome, Result
from pypi_practice.travis.run.summary import differences

# The keys that are those of a plan.
OF_PLAN = ("event", "runs", "condition", "not_played", "uncommitted", "findings")


def as_data(
    repo: Repository,
    plan: Plan,
    event: Event,
    result: Result,
    words: Translator,
    findings: Sequence[Remark] = (),
) -> dict[str, Any]:
    """Return the build and its jobs, without values of variables.

    ``jobs`` are those that ran or were left out, in this order; ``published`` are the new files in
    the practice index, of any job; ``wall`` is the sandbox of the jobs, ``"none"`` for none, and
    null without jobs.
    """
    planned = plan_report.as_data(repo, plan, event, words, findings)
    return {
        **{key: planned[key] for key in OF_PLAN},
        "passed": result.passed,
        "wall": result.wall,
        "jobs": [_job(job, outcome) for job, outcome in result.jobs],
        "published": _files(result.published),
        "differences": list(differences(plan, event, result, words)),
    }


def _files(files: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"index": index, "file": file} for index, file in files]


def _job(job: Job, outcome: Outcome) -> dict[str, Any]:
    played = "failed" if outcome.code else "passed"
    return {
        "number": job.number,
        "stage": job.stage,
        "name": job.name,
        "result": "left_out" if outcome.left_out else played,
        "may_fail": job.may_fail,
        "python": job.python,
        "played_by": outcome.python,
        "seconds": {phase: round(took, 1) for phase, took in outcome.times.items()},
        "deploys": [
            {
                "provider": job.deploys[number].provider,
                "by": deployed.method,
                "done": deployed.is_done,
            }
            for number, deployed in sorted(outcome.deploys.items())
        ],
        "published": _files(outcome.uploaded),
        "skipped": outcome.skipped,
        "pushed": None if outcome.pushes is None else [asdict(push) for push in outcome.pushes],
        "connections": [asdict(connection) for connection in dict.fromkeys(outcome.connections)],
    }
