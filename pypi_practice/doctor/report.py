"""Runs the checks of a project in their order, and writes the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pypi_practice.core import guide, terminal
from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.suggestions import suggest
from pypi_practice.core.terminal import one_line
from pypi_practice.doctor.checks.check import Check, CheckResult, skipped
from pypi_practice.doctor.checks.registry import in_order
from pypi_practice.doctor.project import Project

RESULTS = ("fail", "advice", "pass", "skip", "ignored")


@dataclass(frozen=True)
class Line:
    """One line of the report: a check, its result, and the reason if it is ignored."""

    check: Check
    check_result: CheckResult
    reason: str = ""

    @property
    def result(self) -> str:
        """One of RESULTS; a fault that does not prevent a release is ``advice``."""
        if self.reason:
            return "ignored"
        is_advice = self.check_result.result == "fail" and self.check.facts["level"] == "advice"
        return "advice" if is_advice else self.check_result.result


def ignored(project: Project, words: Translator) -> dict[str, str]:
    """Return the checks that pyproject.toml ignores, each with its reason.

    Raises PracticeError for a check that does not exist, or one without a reason.
    """
    tool = (project.pyproject or {}).get("tool")
    table = tool.get("pypi-practice") if isinstance(tool, dict) else None
    reasons = table.get("ignore", {}) if isinstance(table, dict) else {}
    if not isinstance(reasons, Mapping):
        raise PracticeError(words("ignore_form"))
    checks = in_order()
    for name, reason in reasons.items():
        if name not in checks:
            sentence = words("ignore_unknown", name=name, known=", ".join(checks))
            raise PracticeError(suggest(sentence, name, checks, words.language))
        if not isinstance(reason, str) or not reason.strip():
            raise PracticeError(words("ignore_reason", name=name))
    return {name: reason.strip() for name, reason in reasons.items()}


def run_checks(project: Project, words: Translator) -> list[Line]:
    """Run every check of *project*, each after those that it requires."""
    reasons = ignored(project, words)
    lines: dict[str, Line] = {}
    for name, check in _sorted().items():
        missing = [
            required
            for required in sorted(check.requires)
            if lines[required].check_result.result != "pass"
        ]
        check_result = (
            skipped("required", names=", ".join(missing)) if missing else check.run(project)
        )
        # A check that passes is shown as passed, even if its faults are to be ignored.
        reason = reasons.get(name, "") if check_result.result == "fail" else ""
        lines[name] = Line(check, check_result, reason)
    return [lines[name] for name in in_order()]


def _sorted() -> dict[str, Check]:
    waiting = in_order()
    sorted_checks: dict[str, Check] = {}
    while waiting:
        name = next(
            check_name
            for check_name, check in waiting.items()
            if check.requires <= sorted_checks.keys()
        )
        sorted_checks[name] = waiting.pop(name)
    return sorted_checks


def is_ready(lines: list[Line]) -> bool:
    """Whether no fault prevents a release."""
    return all(line.result != "fail" for line in lines)


def _is_unseen(line: Line) -> bool:
    """Whether the check was skipped although it concerns the project."""
    return (
        line.check_result.result == "skip"
        and line.check_result.key in load("commands/doctor")["unseen"]
    )


def is_complete(lines: list[Line]) -> bool:
    """Whether every check that concerns the project was made."""
    return not any(map(_is_unseen, lines))


def text(lines: list[Line], name: str, words: Translator) -> Iterator[str]:
    """Yield the report for people, family by family."""
    width = max(len(words(result)) for result in RESULTS)
    for family, title in load("commands/doctor")["families"].items():
        yield title[words.language]
        for line in lines:
            if line.check.family != family:
                continue
            sentence = line.check.say(line.check_result, words.language)
            if line.result == "skip":
                sentence = f"{line.check.facts['title'][words.language]} ({sentence})"
            sentence = one_line(sentence)
            yield f"  {words(line.result):<{width}}  {line.check.name}: {sentence}"
            indent = " " * (width + 4)
            if line.result == "ignored":
                yield f"{indent}{words('ignored')}: {one_line(line.reason)}"
            if line.result in ("fail", "advice"):
                advice = line.check.advice(line.check_result, words.language)
                yield f"{indent}{words('do')}: {advice}"
                page = guide.address(line.check.facts["page"], words.language)
                yield f"{indent}{words('read')}: {page}"
        yield ""
    counts = Counter(line.result for line in lines)
    parts = [
        words(f"count_{result}", number=counts[result]) for result in RESULTS if counts[result]
    ]
    key = "ready" if is_complete(lines) else "ready_so_far"
    key = key if is_ready(lines) else "not_ready"
    unseen = ", ".join(line.check.name for line in lines if _is_unseen(line))
    yield words(key, name=one_line(name), counts=", ".join(parts), unseen=unseen)
    has_pages = counts["fail"] or counts["advice"]
    if has_pages and (note := guide.note(words.language)):
        yield note


def as_json(lines: list[Line], project: Project, words: Translator) -> str:
    """Return the report as JSON: an object with ``name``, ``version``, ``ready``,
    ``complete`` and ``checks``."""
    language = words.language
    return terminal.as_json(
        {
            "name": project.name,
            "version": project.version,
            "ready": is_ready(lines),
            "complete": is_complete(lines),
            "checks": [
                {
                    "check": line.check.name,
                    "family": line.check.family,
                    "level": line.check.facts["level"],
                    "result": line.result,
                    "message": line.check.say(line.check_result, language),
                    "do": line.check.advice(line.check_result, language)
                    if line.check_result.result == "fail"
                    else None,
                    "read": guide.address(line.check.facts["page"], language),
                    "reason": line.reason or None,
                }
                for line in lines
            ],
        }
    )
