"""The checks of ``.travis.yml``, and of the variables that its deploys need."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Iterator

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.doctor.checks.check import (
    Check,
    CheckResult,
    failed,
    passed,
    skipped,
    some,
    without_git,
)
from pypi_practice.doctor.project import Project
from pypi_practice.travis.check import autofix
from pypi_practice.travis.run import plan_report

CI = (".github/workflows", ".gitlab-ci.yml", ".circleci", "azure-pipelines.yml", ".cirrus.yml")


class TravisFile(Check):
    def find(self, project: Project) -> CheckResult:
        if ".travis.yml" in project.files:
            return passed()
        if os.path.isfile(project.root / ".travis.yml"):
            return failed("uncommitted")
        if any(os.path.exists(project.root / path) for path in CI):
            return skipped("other_ci")
        return failed("missing")


class TravisCheck(Check):
    def find(self, project: Project) -> CheckResult:
        if ".travis.yml" not in project.files:
            return skipped("no_travis")
        try:
            report = autofix.file(
                project.root, Translator("en", "travis/messages"), project.variables
            )
        except PracticeError:
            return failed(
                "unreadable",
                reason={language: _unreadable(project, language) for language in LANGUAGES},
            )
        if report.fails:
            rules_broken = dict.fromkeys(
                finding.rule for finding in report.findings if finding.level != "info"
            )
            return failed("found", rules=some(list(rules_broken)))
        return passed()


def _unreadable(project: Project, language: str) -> str:
    try:
        autofix.file(project.root, Translator(language, "travis/messages"))
    except PracticeError as error:
        return str(error)
    return ""


@functools.lru_cache(maxsize=8)
def _no_plan(project: Project) -> CheckResult | None:
    """Return why the builds of Travis CI cannot be planned, None if they can."""
    if not project.is_git:
        return without_git(project)
    if ".travis.yml" not in project.files:
        return skipped("no_travis")
    reasons = {}
    for language, plan in project.plans.items():
        if plan.problem:
            reasons[language] = plan.problem
            continue
        problems = [row.problem for row in plan.rows if row.problem]
        if problems and not any(row.published for row in plan.rows):
            reasons[language] = problems[0]
    return skipped("no_plan", reason=reasons) if reasons else None


class TravisPublishes(Check):
    def find(self, project: Project) -> CheckResult:
        if reason_skipped := _no_plan(project):
            return reason_skipped
        events = {
            language: "; ".join(row.title for row in plan.rows if row.published)
            for language, plan in project.plans.items()
        }
        return passed(events=events) if events["en"] else failed("nothing")


class TokenVariables(Check):
    def find(self, project: Project) -> CheckResult:
        if reason_skipped := _no_plan(project):
            return reason_skipped
        deploys = [deploy for row in project.plans["en"].rows for deploy in _deploys(row)]
        if not deploys:
            return skipped("no_deploy")
        by_name: dict[str, set[str]] = {}
        for target, variables in deploys:
            for name in variables:
                by_name.setdefault(name, set()).add(target)
        shared = [name for name, targets in by_name.items() if {"PyPI", "TestPyPI"} <= targets]
        if shared:
            return failed("shared", names=some(shared))
        if not by_name:
            return failed("none")
        stored = {variable.name for variable in project.variables}
        missing = [name for name in by_name if name not in stored]
        if stored and missing:
            return failed("missing", names=some(missing))
        return passed(names=", ".join(sorted(by_name)))


def _deploys(row: plan_report.Row) -> Iterator[tuple[str, list[str]]]:
    """Yield the target of each deploy of an event, and the variables that it uses.

    A ``script`` provider takes its variables from the ``env`` of its job, and its target is a
    command.
    """
    for job in row.data()["jobs"]:
        for deploy in job["deploy"]:
            variables = [name for name in deploy["secrets"] if not name.startswith("TRAVIS")]
            target = deploy["target"]
            if deploy["provider"] == "script":
                variables += re.findall(r"(?:PASSWORD|TOKEN)=\"?\$\{?(\w+)", " ".join(job["env"]))
                target = "TestPyPI" if "testpypi" in target else "PyPI"
            yield target, variables
