"""What the rules look at: the file with its marks, its jobs, its deploys, and the project."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pypi_practice.core import regular_files
from pypi_practice.travis.check.findings import Edit, Finding, Source
from pypi_practice.travis.config import build_conditions, jobs
from pypi_practice.travis.config.build_conditions import ConditionError, UnknownCondition
from pypi_practice.travis.config.jobs import JobConfig
from pypi_practice.travis.config.regular_expressions import Budget, BudgetExceeded
from pypi_practice.travis.config.schema_validation import Validator
from pypi_practice.travis.config.yaml_positions import KeyValue, Node
from pypi_practice.travis.plan.planner import (
    RUNTIME_KEYS,
    RUNTIMES,
    Variable,
)

Entries = dict[str, KeyValue]
PROJECT_FILE_LIMIT = 1024 * 1024  # bytes of a file beside .travis.yml
PYTHON_TEST = re.compile(
    r"""^\s*"?\$\{?TRAVIS_PYTHON_VERSION\}?"?\s*==?\s*["']?([\w.+-]+)["']?\s*$"""
)
SOME_TAGS = ("v1.0.0", "1.0.0", "v1.0", "1.0", "v1.2.3", "v10.20.30")


@dataclass
class DeployEntry:
    """A deploy entry: its options by Travis CI's names, and the jobs that would run it."""

    item: Node
    place: KeyValue | Node
    entries: Entries
    on: Entries
    on_entry: KeyValue | None
    on_is_known: bool
    provider: str
    jobs: list[JobConfig]
    at_top: bool
    guarded: bool
    scope: Scope

    def text(self, key: str) -> str | None:
        """Return the text of an option, or None."""
        entry = self.entries.get(key)
        value = self.scope.checked.normal(entry.item) if entry else None
        return str(value) if isinstance(value, str) else None

    def option_flag(self, key: str) -> Any:
        """Return an option as true or false, or whatever it is."""
        entry = self.entries.get(key)
        return self.scope.checked.normal(entry.item) if entry else None

    def flag(self, key: str) -> Any:
        """Return a key of ``on`` as true or false, or whatever it is."""
        entry = self.on.get(key)
        return self.scope.checked.normal(entry.item) if entry else None

    @property
    def conditions(self) -> list[Node]:
        """The conditions under ``on``."""
        return [one for one in self.on["condition"].item.items] if "condition" in self.on else []

    @property
    def runtimes(self) -> list[str]:
        """The runtimes that ``on`` asks for."""
        return [key for key in self.on if RUNTIME_KEYS.get(key, key) in RUNTIMES]

    def pythons_asked(self) -> list[tuple[str, Node]]:
        """Return the versions of Python that ``on`` asks for, each with its place."""
        found = []
        if "python" in self.on:
            found += [(str(one.data()), one) for one in self.on["python"].item.items]
        for item in self.conditions:
            if match := PYTHON_TEST.match(str(item.data())):
                found.append((match[1], item))
        return found

    def variables(self) -> set[str]:
        """Return the names of the variables that the options mention."""
        text = " ".join(
            str(entry.item.data()) for key, entry in self.entries.items() if key != "on"
        )
        return set(re.findall(r"\$\{?(\w+)", text))


@dataclass
class Scope:
    """A file, and what stands around it: ``folder`` is the project, None if it is not known."""

    source: Source
    item: Node
    checked: Validator
    folder: Path | None = None
    variables: Sequence[Variable] = ()
    deploys: list[DeployEntry] = field(default_factory=list)
    jobs: list[JobConfig] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.root = self.checked.entries(self.item)
        self.jobs = self._jobs()
        self.assigned = list(self._assigned())
        top = [job for job in self.jobs if "deploy" not in job.entries]
        self.deploys = list(self._deploys(self.root, top, at_top=True))
        for job in self.jobs:
            if "deploy" in job.entries:
                self.deploys += self._deploys(job.entries, [job], at_top=False)

    def hit(
        self,
        rule: str,
        place: KeyValue | Node,
        key: str,
        edit: Edit | None = None,
        *,
        secret: str = "",
        **values: Any,
    ) -> Finding:
        """Return a finding at *place*, the end of which is the end of its first line."""
        item = place.item if isinstance(place, KeyValue) else place
        line = self.source.lines[place.line - 1] if self.source.lines else ""
        end = item.end_column if item.end_line == place.line else len(line) + 1
        return Finding(
            rule, key, place.line, place.column, max(end, place.column + 1), values, edit, secret
        )

    def has(self, name: str) -> bool:
        """Whether the project has this file."""
        return self.folder is not None and os.path.isfile(self.folder / name)

    def read(self, name: str) -> str:
        """Return a file of the project; empty if there is none, or it cannot be read."""
        if self.folder is None:
            return ""
        try:
            data = regular_files.read(self.folder / name, PROJECT_FILE_LIMIT)
        except OSError:
            return ""
        return data.decode("utf-8", errors="replace")

    def texts(self, entry: KeyValue | None) -> list[str]:
        """Return the texts of an entry that may be one or several."""
        return [str(one.data()) for one in entry.item.items if one.scalar] if entry else []

    def included(self) -> list[Node]:
        """Return the jobs that the file lists."""
        return jobs.included_nodes(self.item, self.checked)

    def axis(self, key: str) -> list[Node]:
        """Return the values of a key of the matrix."""
        entry = self.root.get(key)
        if entry is None:
            return []
        if key == "env" and entry.item.kind == "map":
            jobs = self.checked.entries(entry.item).get("jobs")
            return jobs.item.items if jobs else []
        return entry.item.items

    def _jobs(self) -> list[JobConfig]:
        """Return the jobs that the file makes; fewer where Travis CI would make none."""
        config = self.checked.normal(self.item)
        self.matrix = jobs.count(config)
        try:
            found = jobs.expand(config)
        except jobs.TooManyJobs:
            found = jobs.examples(config)
        return jobs.locate(found, self.item, self.checked)

    def _deploys(
        self, owner: Entries, jobs: list[JobConfig], at_top: bool
    ) -> Iterator[DeployEntry]:
        entry = owner.get("deploy")
        if entry is None:
            return
        guarded = "if" in owner or "if" in self.root or self._stage_guarded(owner)
        for item in entry.item.items:
            entries = self.checked.entries(item)
            provider = "" if item.kind == "map" else str(item.data())
            if "provider" in entries:
                provider = str(self.checked.normal(entries["provider"].item))
            on_entry = entries.get("on")
            on: Entries = {}
            known = True
            if on_entry is not None and on_entry.item.kind == "map":
                on = self.checked.entries(on_entry.item)
            elif on_entry is not None and on_entry.item.kind != "none":
                known = False
                if on_entry.item.kind == "str":
                    on = {
                        "branch": KeyValue("branch", on_entry.line, on_entry.column, on_entry.item)
                    }
            # An "if:" here, or a mapping where a text belongs, is taken for branches.
            if any(
                one.item.kind == "map"
                for key, one in entries.items()
                if key not in ("on", "edge") and "secure" not in one.item.entries
            ):
                known = False
            if "if" in entries:
                known = False
            place: KeyValue | Node = entry if entry.item is item else item
            yield DeployEntry(
                item, place, entries, on, on_entry, known, provider, jobs, at_top, guarded, self
            )

    def _stage_guarded(self, owner: Entries) -> bool:
        names = self.texts(owner.get("stage"))
        stages = self.root.get("stages")
        for item in stages.item.items if stages else []:
            named = item.get("name")
            name = str(named.data()).lower() if named and item.get("if") else None
            if name and [name] == [one.lower() for one in names]:
                return True
        return False

    def guarded(self, owner: Entries) -> bool:
        """Whether a job runs only if a condition holds."""
        return "if" in owner or "if" in self.root or self._stage_guarded(owner)

    def blocks_tags(self) -> bool:
        """Whether ``branches.only`` lets no tag of a usual form through."""
        entry = self.root.get("branches")
        if entry is None:
            return False
        if entry.item.kind == "map":
            entry = self.checked.entries(entry.item).get("only")
        if entry is None or not self.texts(entry):
            return False
        for text in self.texts(entry):
            if len(text) > 1 and text.startswith("/"):
                pattern = text.removeprefix("/").removesuffix("/")
                try:
                    if any(build_conditions.matches(pattern, tag, Budget()) for tag in SOME_TAGS):
                        return False
                except (ConditionError, UnknownCondition, BudgetExceeded):
                    return False
        return True

    def _assigned(self) -> Iterator[tuple[str, Node]]:
        owners = [self.root, *(self.checked.entries(one) for one in self.included())]
        for owner in owners:
            if "env" in owner:
                yield from self._names(owner["env"].item)

    def _names(self, item: Node) -> Iterator[tuple[str, Node]]:
        for one in item.items:
            if one.kind == "map":
                for key, entry in one.entries.items():
                    if key in ("global", "jobs", "matrix"):
                        yield from self._names(entry.item)
                    elif key != "secure":
                        yield key, one if one is not item else entry.item
            elif one.scalar:
                for name in re.findall(r"(?:^|\s)(\w+)=", str(one.data())):
                    yield name, one
