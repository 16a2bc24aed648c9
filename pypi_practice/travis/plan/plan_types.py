"""The data types of a plan: the event, its variables, and the stages and jobs of the build."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pypi_practice.travis.config.build_conditions import written
from pypi_practice.travis.config.deploy_entries import DeployEntry
from pypi_practice.travis.config.jobs import flat
from pypi_practice.travis.config.loader import as_list
from pypi_practice.travis.config.regular_expressions import Budget
from pypi_practice.travis.config.unsupported_keys import Unplayed
from pypi_practice.travis.plan.commit_tree import Tree


@dataclass(frozen=True)
class Event:
    """The trigger of a build: a push, a pull request, or ``kind`` api or cron."""

    branch: str
    tag: str = ""
    pull_request: bool = False
    from_fork: bool = False
    repository: str = "your-name/random-names"
    kind: str = "push"

    @property
    def type(self) -> str:
        """The event's type, as conditions name it."""
        return "pull_request" if self.pull_request else self.kind


@dataclass(frozen=True)
class Variable:
    """A repository variable: its value, and the branch that it is limited to, if any."""

    name: str
    value: str
    branch: str | None = None


@dataclass
class Job:
    """One job of a stage; Travis CI sets ``environ``, the user sets ``variables``."""

    number: str
    stage: str
    name: str
    python: str
    config: dict[str, Any]
    environ: dict[str, str]
    variables: list[Variable]
    env: list[str]
    hidden: list[str] = field(default_factory=list)  # variables that this build does not see
    may_fail: bool = False  # whether jobs.allow_failures names it
    deploys: list[DeployEntry] = field(default_factory=list)
    encrypted: bool = False  # whether the file has encrypted variables
    tree: Tree | None = None  # the files of the commit
    budget: Budget = field(default_factory=Budget)  # shared by all conditions of the plan
    # Caches of ``decide``: its decisions, and the variables of the job.
    decided: dict[Any, Any] = field(default_factory=dict, repr=False)
    condition_variables: Any = field(default=None, repr=False)

    def phase(self, name: str) -> list[str]:
        """Return the commands of a phase; empty if there are none or it is skipped.

        Other scalars are commands too, as Ruby writes them: ``true``, ``1``. Lists are flattened,
        and mappings dropped (travis-yml, lib/travis/yml/doc/change).
        """
        return [written(command) for command in flat(self.config.get(name)) if command != "skip"]

    def skips(self, name: str) -> bool:
        """Whether the phase says ``skip``."""
        return as_list(self.config.get(name)) in (["skip"], ["ignore"])


@dataclass
class Stage:
    """A stage; if it does not run, ``condition`` is the one that is false."""

    name: str
    jobs: list[Job]
    condition: str | None = None
    runs: bool = True


@dataclass
class Plan:
    """The stages of a build in order, and the keys that a rehearsal does not support."""

    stages: list[Stage]
    unplayed: list[Unplayed]
    pip_cached: bool = False  # whether the file enables pip's cache
    condition: str | None = None  # the one that is false, if nothing runs
    runs: bool = True
