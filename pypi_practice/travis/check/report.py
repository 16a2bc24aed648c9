"""Formats the report of ``travis check`` as text, as JSON or as SARIF."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.core.terminal import as_json as as_json_text
from pypi_practice.core.terminal import one_line
from pypi_practice.tokens.patterns import TOKEN
from pypi_practice.travis.check.checker import Report
from pypi_practice.travis.check.findings import Edit, Finding

HIDDEN = "[secure]"
LINE_LIMIT = 500  # characters of a line that is shown
MESSAGE_LIMIT = 1_000  # characters of a message that is shown
SARIF_LEVELS = {"info": "note", "warn": "warning", "error": "error", "alert": "error"}
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def _hide(text: str, finding: Finding) -> str:
    """Return *text* with the secret of the finding and any token replaced."""
    if finding.secret:
        text = text.replace(finding.secret, HIDDEN)
    return TOKEN.sub(HIDDEN, text)


def hidden(finding: Finding, words: Translator) -> str:
    """Return the message of a finding in one line, without secrets, cut at MESSAGE_LIMIT."""
    text = one_line(_hide(finding.sentence("message", words), finding))
    return text if len(text) <= MESSAGE_LIMIT else f"{text[:MESSAGE_LIMIT]}…"


def lines(report: Report, words: Translator) -> Iterator[str]:
    """Yield the report of one file as text: position, message, line, suggestion, reason."""
    for finding in report.findings:
        level = words(f"level_{finding.level}")
        name = one_line(report.source.name)
        position = f"{name}:{finding.line}:{finding.column}"
        yield f"{position}: {level} [{finding.rule}] {hidden(finding, words)}"
        source_lines = report.source.lines
        line = source_lines[finding.line - 1] if finding.line <= len(source_lines) else ""
        # A long line can have many findings, and the output would grow quadratically.
        if finding.line <= len(source_lines) and len(line) <= LINE_LIMIT:
            number = str(finding.line)
            yield f"  {number} | {_hide(line, finding)}"
            if _hide(line, finding) == line:
                width = max(min(finding.end_column, len(line) + 1) - finding.column, 1)
                yield f"  {' ' * len(number)} | {' ' * (finding.column - 1)}{'^' * width}"
            if finding.edit:
                yield from _suggestion(finding.edit, line, number, words)
        yield f"  {words('why')}: {finding.sentence('why', words)}"
        yield f"  {words('mend')}: {finding.sentence('fix', words)}"
        yield ""
    for ignored in report.ignored:
        yield words(
            "ignored",
            name=report.source.name,
            line=ignored.finding.line,
            rule=ignored.finding.rule,
            reason=ignored.reason,
        )
    yield _summary(report, words)


def _suggestion(edit: Edit, line: str, number: str, words: Translator) -> Iterator[str]:
    if edit.line == edit.end_line:
        if edit.line != int(number) or edit.text.endswith("\n"):
            yield f"  {' ' * len(number)} + {edit.text.rstrip()}"
        else:
            new = line[: edit.column - 1] + edit.text + line[edit.end_column - 1 :]
            yield f"  {' ' * len(number)} + {new}"
    elif not edit.text:
        yield f"  {' ' * len(number)} - {line}"


def _summary(report: Report, words: Translator) -> str:
    name = report.source.name
    if not report.findings:
        return words("clean", name=name)
    counts = Counter(finding.level for finding in report.findings)
    parts = [
        words(f"count_{level}", number=counts[level])
        for level in ("alert", "error", "warn", "info")
        if counts[level]
    ]
    text = words("found", name=name, counts=", ".join(parts))
    safe = len(report.edits())
    return f"{text} {words('can_fix', number=safe)}" if safe else text


def _edit(edit: Edit | None) -> dict[str, Any] | None:
    if edit is None:
        return None
    return {
        "line": edit.line,
        "column": edit.column,
        "end_line": edit.end_line,
        "end_column": edit.end_column,
        "text": edit.text,
    }


def as_json(reports: Sequence[Report], words: Translator) -> str:
    """Return the findings of all files as one JSON list."""
    return as_json_text(
        [
            {
                "file": report.source.name,
                "level": finding.level,
                "code": finding.code,
                "rule": finding.rule,
                "key": finding.key,
                "message": _hide(finding.sentence("message", words), finding),
                "why": finding.sentence("why", words),
                "line": finding.line,
                "column": finding.column,
                "end_column": finding.end_column,
                "fix": {
                    "text": finding.sentence("fix", words),
                    "grade": finding.facts["fixes"],
                    "edit": _edit(finding.edit),
                },
            }
            for report in reports
            for finding in report.findings
        ]
    )


def as_sarif(reports: Sequence[Report], words: Translator) -> str:
    """Return the findings as SARIF 2.1.0, those that are ignored with their reasons."""
    rules = load("travis/rules")
    results = []
    for report in reports:
        pairs: list[tuple[Finding, str | None]] = [(finding, None) for finding in report.findings]
        pairs += [(ignored.finding, ignored.reason) for ignored in report.ignored]
        results += [_result(report, finding, reason, words) for finding, reason in pairs]
    used = sorted({result["ruleId"] for result in results})
    driver = {
        "name": "pypi-practice travis check",
        "informationUri": "https://docs.travis-ci.com/",
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": rules[rule]["why"][words.language]},
                "defaultConfiguration": {"level": SARIF_LEVELS[rules[rule]["level"]]},
            }
            for rule in used
        ],
    }
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return as_json_text(log)


def _region(line: int, column: int, end_line: int, end_column: int) -> dict[str, int]:
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _result(
    report: Report, finding: Finding, reason: str | None, words: Translator
) -> dict[str, Any]:
    artifact = {"uri": report.source.name.replace("\\", "/")}
    region = _region(finding.line, finding.column, finding.line, finding.end_column)
    message = (
        f"{_hide(finding.sentence('message', words), finding)}. {finding.sentence('fix', words)}"
    )
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": SARIF_LEVELS[finding.level],
        "message": {"text": message},
        "locations": [{"physicalLocation": {"artifactLocation": artifact, "region": region}}],
    }
    if finding.edit:
        edit = finding.edit
        deleted = _region(edit.line, edit.column, edit.end_line, edit.end_column)
        change = {"deletedRegion": deleted, "insertedContent": {"text": edit.text}}
        changes = [{"artifactLocation": artifact, "replacements": [change]}]
        text = {"text": finding.sentence("fix", words)}
        result["fixes"] = [{"description": text, "artifactChanges": changes}]
    if reason is not None:
        result["suppressions"] = [{"kind": "inSource", "justification": reason}]
    return result
