"""The input of the rules: the file with positions, its jobs, its deploys, and the project."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pypi_practice.core import regular_files
from pypi_practice.travis.check.findings import Edit, Finding, Source
from pypi_practice.travis.config import build_conditions, deploy_entries, jobs
from pypi_practice.travis.config.build_conditions import ConditionError, UnknownCondition
from pypi_practice.travis.config.deploy_entries import DeployEntry
from pypi_practice.travis.config.jobs import JobConfig
from pypi_practice.travis.config.regular_expressions import Budget, BudgetExceeded
from pypi_practice.travis.config.schema.validator import Validator
from pypi_practice.travis.config.yaml_positions import KeyValue, Node
from pypi_practice.travis.plan.plan_types import Variable

Entries = dict[str, KeyValue]
PROJECT_FILE_LIMIT = 1024 * 1024  # bytes of a file beside .travis.yml
PYTHON_TEST = re.compile(
    r"""^\s*"?\$\{?TRAVIS_PYTHON_VERSION\}?"?\s*==?\s*["']?([\w.+-]+)["']?\s*$"""
)
SOME_TAGS = ("v1.0.0", "1.0.0", "v1.0", "1.0", "v1.2.3", "v10.20.30")


@dataclass
class LocatedDeploy:
    """A deploy entry, its positions in the file, and the jobs that would run it."""

    entry: DeployEntry
    item: Node
    location: KeyValue | Node
    option_nodes: Entries
    on_nodes: Entries
    on_node: KeyValue | None
    is_on_known: bool
    jobs: list[JobConfig]
    at_top: bool
    is_guarded: bool

    @property
    def branches(self) -> list[str]:
        """The branches that ``on`` names."""
        return self.entry.branches if "branch" in self.on_nodes else []

    @property
    def conditions(self) -> list[Node]:
        """The conditions under ``on``."""
        return list(self.on_nodes["condition"].item.items) if "condition" in self.on_nodes else []

    def required_pythons(self) -> list[tuple[str, Node]]:
        """Return the versions of Python that ``on`` requires, each with its node."""
        versions = []
        if "python" in self.on_nodes:
            items = self.on_nodes["python"].item.items
            versions += [(str(item.data()), item) for item in items]
        for item in self.conditions:
            if match := PYTHON_TEST.match(str(item.data())):
                versions.append((match[1], item))
        return versions


@dataclass
class Scope:
    """A file and its context; ``folder`` is that of the project, None if unknown."""

    source: Source
    item: Node
    checked: Validator
    folder: Path | None = None
    variables: Sequence[Variable] = ()
    deploys: list[LocatedDeploy] = field(default_factory=list)
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
        location: KeyValue | Node,
        key: str,
        edit: Edit | None = None,
        *,
        secret: str = "",
        **values: Any,
    ) -> Finding:
        """Return a finding at *location*; it ends in the first line of that."""
        item = location.item if isinstance(location, KeyValue) else location
        line = self.source.lines[location.line - 1] if self.source.lines else ""
        end = item.end_column if item.end_line == location.line else len(line) + 1
        return Finding(
            rule,
            key,
            location.line,
            location.column,
            max(end, location.column + 1),
            values,
            edit,
            secret,
        )

    def has(self, name: str) -> bool:
        """Whether the project has this file."""
        return self.folder is not None and os.path.isfile(self.folder / name)

    def read(self, name: str) -> str:
        """Return the text of a file of the project, empty if it cannot be read."""
        if self.folder is None:
            return ""
        try:
            data = regular_files.read(self.folder / name, PROJECT_FILE_LIMIT)
        except OSError:
            return ""
        return data.decode("utf-8", errors="replace")

    def texts(self, entry: KeyValue | None) -> list[str]:
        """Return the scalars of an entry, which may be one or a list, as text."""
        return [str(item.data()) for item in entry.item.items if item.scalar] if entry else []

    def included(self) -> list[Node]:
        """Return the nodes of ``jobs.include``."""
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
        """Return the jobs of the file; only examples if they are more than Travis CI allows."""
        config = self.checked.normal(self.item)
        self.matrix = jobs.count(config)
        try:
            expanded = jobs.expand(config)
        except jobs.TooManyJobs:
            expanded = jobs.examples(config)
        return jobs.locate(expanded, self.item, self.checked)

    def _deploys(
        self, owner: Entries, jobs: list[JobConfig], at_top: bool
    ) -> Iterator[LocatedDeploy]:
        entry = owner.get("deploy")
        if entry is None:
            return
        is_guarded = "if" in owner or "if" in self.root or self._stage_guarded(owner)
        for item in entry.item.items:
            settings = self.checked.normal(item)
            deploy = deploy_entries.read(
                settings if isinstance(settings, dict) else {"provider": settings}
            )
            option_nodes = self.checked.entries(item)
            on_node = option_nodes.get("if" if deploy.is_on_replaced else "on")
            on_nodes: Entries = {}
            is_on_known = not (deploy.is_on_replaced or deploy.option_branches)
            if on_node is not None and on_node.item.kind == "map":
                on_nodes = self.checked.entries(on_node.item)
            elif on_node is not None and on_node.item.kind != "none":
                is_on_known = False
                if on_node.item.kind == "str" and not deploy.is_on_replaced:
                    branch = KeyValue("branch", on_node.line, on_node.column, on_node.item)
                    on_nodes = {"branch": branch}
            yield LocatedDeploy(
                entry=deploy,
                item=item,
                location=entry if entry.item is item else item,
                option_nodes=option_nodes,
                on_nodes=on_nodes,
                on_node=on_node,
                is_on_known=is_on_known,
                jobs=jobs,
                at_top=at_top,
                is_guarded=is_guarded,
            )

    def _stage_guarded(self, owner: Entries) -> bool:
        names = self.texts(owner.get("stage"))
        stages = self.root.get("stages")
        for item in stages.item.items if stages else []:
            name_node = item.get("name")
            name = str(name_node.data()).lower() if name_node and item.get("if") else None
            if name and [name] == [text.lower() for text in names]:
                return True
        return False

    def is_guarded(self, owner: Entries) -> bool:
        """Whether a job runs only if a condition holds."""
        return "if" in owner or "if" in self.root or self._stage_guarded(owner)

    def blocks_tags(self) -> bool:
        """Whether ``branches.only`` matches none of SOME_TAGS."""
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
        owners = [self.root, *(self.checked.entries(job) for job in self.included())]
        for owner in owners:
            if "env" in owner:
                yield from self._names(owner["env"].item)

    def _names(self, item: Node) -> Iterator[tuple[str, Node]]:
        for value in item.items:
            if value.kind == "map":
                for key, entry in value.entries.items():
                    if key in ("global", "jobs", "matrix"):
                        yield from self._names(entry.item)
                    elif key != "secure":
                        yield key, value if value is not item else entry.item
            elif value.scalar:
                for name in re.findall(r"(?:^|\s)(\w+)=", str(value.data())):
                    yield name, value
