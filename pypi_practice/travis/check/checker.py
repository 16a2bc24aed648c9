"""Checks a ``.travis.yml``: the messages of Travis CI's validator, and rules for publishing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.suggestions import suggest
from pypi_practice.travis.check import deploy_rules, findings, rules, secret_rules
from pypi_practice.travis.check.context import Scope
from pypi_practice.travis.check.findings import Edit, Finding, Source
from pypi_practice.travis.config import loader
from pypi_practice.travis.config.schema.messages import Message
from pypi_practice.travis.config.schema.validator import Validator
from pypi_practice.travis.config.yaml_positions import KeyValue, Node
from pypi_practice.travis.plan.plan_types import Variable

# Searched in a line without trailing spaces.
IGNORE = re.compile(r"#\s*pypi-practice:\s*ignore\s+([\w-]+(?:\s*,\s*[\w-]+)*)\s*(?::(.*))?$")
# Messages of Travis CI with a rule of their own: code, the key or its end, the name.
OWN = {
    ("deprecated_key", "sudo"): "sudo",
    ("deprecated_key", "skip_cleanup"): "skip-cleanup",
    ("unknown_key", "dpl_version"): "dpl-version",
    ("unexpected_seq", "distributions"): "distributions-list",
}
RENAMING = ("alias_key", "underscore_key", "find_key", "clean_key")
REWRITING = ("alias_value", "downcase", "find_value", "clean_value")


@dataclass(frozen=True)
class Ignored:
    """A finding that a comment of the file ignores, and its reason."""

    finding: Finding
    reason: str


@dataclass(frozen=True)
class Report:
    """The findings in one file, in the order of its lines."""

    source: Source
    findings: list[Finding]
    ignored: list[Ignored]

    @property
    def fails(self) -> bool:
        """Whether there is a finding other than advice."""
        return any(finding.level != "info" for finding in self.findings)

    def edits(self, also: Collection[str] = ()) -> list[Edit]:
        """Return the safe edits, and those of the rules named in *also*."""
        return [
            finding.edit
            for finding in self.findings
            if finding.edit and (finding.facts["fixes"] == "safe" or finding.rule in also)
        ]


def _rule(message: Message) -> str:
    in_deploy = message.key.split(".")[-1] == "deploy"
    own_rule = OWN.get((message.code, message.name))
    if own_rule:
        return own_rule
    if message.code == "secure":
        return "plain-secret"
    if message.code == "unknown_key" and message.name == "if" and in_deploy:
        return "if-in-deploy"
    if message.code == "invalid_type" and message.key.endswith("deploy.password"):
        return "on-under-password" if ":on=>" in message.text else "invalid-type"
    if message.code == "unknown_value" and message.key.split(".")[-1] == "dist":
        return "unknown-image"
    return message.code.replace("_", "-")


def _edit(message: Message, rule: str, entry: KeyValue | None, source: Source) -> Edit | None:
    if entry is None:
        return None
    item = entry.item
    if message.code in RENAMING and message.instead:
        return findings.renamed(entry, message.instead)
    if message.code in REWRITING and message.instead:
        for element in item.items:
            if str(element.data()) == message.name:
                return findings.replaced(element, message.instead)
    if rule in ("sudo", "skip-cleanup", "dpl-version"):
        return source.without(entry)
    if rule == "distributions-list" and all(element.scalar for element in item.items):
        text = '"' + " ".join(str(element.data()) for element in item.items) + '"'
        if item.line == item.end_line:
            return findings.replaced(item, text)
        last = item.items[-1]
        if source.lines[entry.line - 1].rstrip().endswith(":") and last.line > entry.line:
            column = len(source.lines[entry.line - 1].rstrip()) + 1
            return Edit(entry.line, column, last.end_line, last.end_column, f" {text}")
    if rule == "invalid-format" and item.scalar:
        return findings.replaced(item, "~> 1.0")
    return None


def _entries(item: Node, visited: set[int] | None = None) -> Iterator[KeyValue]:
    visited = set() if visited is None else visited
    if id(item.value) in visited:
        return
    if item.kind in ("map", "seq"):
        visited.add(id(item.value))
    for entry in [*item.entries.values(), *item.doubles]:
        yield entry
        yield from _entries(entry.item, visited)
    for element in item.value if item.kind == "seq" else []:
        yield from _entries(element, visited)


def _validator_findings(checked: Validator, root: Node, source: Source) -> Iterator[Finding]:
    """Yield the messages of Travis CI as findings, each with the edit that corrects it, if any."""
    by_position = {(entry.line, entry.column): entry for entry in _entries(root)}
    for message in checked.messages():
        rule = _rule(message)
        entry = by_position.get((message.line, message.column))
        end = message.column + (len(entry.key) if entry else 1)
        secret = ""
        if rule == "plain-secret" and entry is not None and entry.item.scalar:
            secret = str(entry.item.data())
        values = {"said": message.text, "level": message.level}
        edit = _edit(message, rule, entry, source)
        yield Finding(rule, message.key, message.line, message.column, end, values, edit, secret)


def _ignores(lines: Sequence[str]) -> dict[int, list[tuple[int, int, set[str], str]]]:
    """Return the comments that ignore rules, by the line to which they apply.

    Each is its line, its column, the names of the rules and the reason.
    """
    by_line: dict[int, list[tuple[int, int, set[str], str]]] = {}
    for number, line in enumerate(lines, 1):
        match = IGNORE.search(line.rstrip())
        if match is None:
            continue
        target = number
        if not line[: match.start()].strip():
            target += 1
            while target <= len(lines) and lines[target - 1].lstrip().startswith("#"):
                target += 1
        names = {name.strip() for name in match[1].split(",")}
        entry = (number, match.start() + 1, names, (match[2] or "").strip())
        by_line.setdefault(target, []).append(entry)
    return by_line


def check(
    text: str,
    name: str,
    words: Translator,
    folder: Path | None = None,
    variables: Sequence[Variable] = (),
) -> Report:
    """Check *text*; *folder* is the project that it belongs to. Raises PracticeError."""
    root = loader.tree(text, name, words)
    source = Source(name, text)
    checked = Validator(root)
    scope = Scope(source, root, checked, folder, variables)
    hits = [
        *_validator_findings(checked, root, source),
        *deploy_rules.check(scope),
        *rules.check(scope),
        *secret_rules.check(scope),
    ]
    hidden = {finding.line for finding in hits if finding.rule == "plain-secret"}
    hits = [
        finding for finding in hits if finding.rule != "token-in-file" or finding.line not in hidden
    ]
    remaining, ignored = [], []
    ignores = _ignores(source.lines)
    unique = {
        (finding.rule, finding.line, finding.column, str(finding.values)): finding
        for finding in hits
    }.values()
    for finding in sorted(unique, key=lambda finding: (finding.line, finding.column, finding.rule)):
        reason = next(
            (
                comment_reason
                for _, _, names, comment_reason in ignores.get(finding.line, [])
                if finding.rule in names and comment_reason
            ),
            None,
        )
        if reason:
            ignored.append(Ignored(finding, reason))
        else:
            remaining.append(finding)
    rules_by_name = load("travis/rules")
    for comments in ignores.values():
        for line, column, names, reason in comments:
            end = len(source.lines[line - 1]) + 1
            for rule in sorted(names - set(rules_by_name)):
                sentence = words("no_rule", name=name, line=line, rule=rule)
                raise PracticeError(suggest(sentence, rule, rules_by_name, words.language))
            if not reason:
                remaining.append(Finding("ignore-without-reason", "", line, column, end))
    remaining.sort(key=lambda finding: (finding.line, finding.column))
    return Report(source, remaining, ignored)


def mend(report: Report, words: Translator, also: Collection[str] = (), **more: object) -> str:
    """Return the text after the safe edits and those of the rules in *also*.

    An edit can make another one possible, so this is repeated until nothing changes.
    """
    text = report.source.text
    for _ in range(10):
        new = findings.apply(text, report.edits(also))
        if new == text:
            break
        text = new
        report = check(text, report.source.name, words, **more)  # type: ignore[arg-type]
    return text
