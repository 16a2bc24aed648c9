"""A check of ``pypi-practice doctor``, in the shape that repo-review gives its checks.

Each class has a ``family``, the checks that it ``requires``, the ``url`` of a page about it, and a
docstring that says what holds when it passes. All four, and every sentence, are in
data/commands/doctor.yml. ``find`` returns the result; ``check`` returns it as repo-review expects
it, in English.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar

from pypi_practice.core import guide
from pypi_practice.core.data import load
from pypi_practice.core.indexes import INDEXES
from pypi_practice.core.terminal import one_line
from pypi_practice.doctor.leaks import hide
from pypi_practice.doctor.project import Project
from pypi_practice.git.git_command import GitError

SHOWN = 3  # names in one line
LONGEST = 400  # characters of a value in a sentence


@dataclass(frozen=True)
class CheckResult:
    """The result of a check: ``pass``, ``fail`` or ``skip``, the key of its sentence, its values.

    The values are texts, numbers, or sentences by language.
    """

    result: str
    key: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def filled(self, language: str) -> dict[str, object]:
        """The values in *language*, without control characters and line breaks."""
        return {
            key: value if isinstance(value, int) else _printable(value, language)
            for key, value in self.values.items()
        }


def _printable(value: object, language: str) -> str:
    if isinstance(value, dict):
        return one_line(value[language])
    text = hide(str(value))
    return one_line(text[:LONGEST] + "…" if len(text) > LONGEST else text)


def passed(**values: object) -> CheckResult:
    """Return a pass; *values* fill in the sentence."""
    return CheckResult("pass", "says", values)


def failed(key: str, **values: object) -> CheckResult:
    """Return a failure, with the sentence *key* of ``faults``."""
    return CheckResult("fail", key, values)


def skipped(key: str, **values: object) -> CheckResult:
    """Return that the check was skipped, with a key of ``skips`` in data/commands/doctor.yml."""
    return CheckResult("skip", key, values)


CHECKS: dict[str, Check] = {}


class Check:
    """A check; the name of a subclass, in kebab case, is the name of the check in the report."""

    name: ClassVar[str]
    facts: ClassVar[dict[str, Any]]
    family: ClassVar[str]
    requires: ClassVar[frozenset[str]]
    url: ClassVar[str]

    def __init_subclass__(cls) -> None:
        cls.name = re.sub(r"(?<=.)(?=[A-Z])", "-", cls.__name__).lower()
        cls.facts = load("commands/doctor")["checks"][cls.name]
        cls.family = cls.facts["family"]
        cls.requires = frozenset(cls.facts.get("requires", ()))
        # repo-review shows it as a link, so a page without the address of a site is left out.
        is_known = load("index/addresses")["guide"]
        cls.url = guide.address(cls.facts["page"], "en") if is_known else ""
        cls.__doc__ = cls.facts["title"]["en"]
        CHECKS[cls.name] = cls()

    def find(self, project: Project) -> CheckResult:
        """Return the result for *project*; raises GitError."""
        raise NotImplementedError

    def run(self, project: Project) -> CheckResult:
        """Return the result for *project*; a skip if git cannot read its repository."""
        try:
            return self.find(project)
        except GitError as error:
            return skipped("git_unreadable", reason=error.detail or error.kind)

    def say(self, result: CheckResult, language: str) -> str:
        """Return the result as a sentence."""
        if result.result == "skip":
            template = load("commands/doctor")["skips"][result.key]
        elif result.key == "says":
            template = self.facts.get("says", self.facts["title"])
        else:
            template = self.facts["faults"][result.key]
        return str(template[language]).format(**result.filled(language))

    def advice(self, result: CheckResult, language: str) -> str:
        """Return how to correct a fault."""
        advice = self.facts.get("do_for", {}).get(result.key, self.facts["do"])
        return str(advice[language]).format(**result.filled(language))

    def check(self, publishing: Project | None) -> bool | str | None:
        """Return what repo-review expects: True for a pass, None for a skip, else the fault."""
        if publishing is None:
            return None
        result = self.run(publishing)
        if result.result == "fail":
            return f"{self.say(result, 'en')} {self.advice(result, 'en')}"
        return True if result.result == "pass" else None


def without_git(project: Project) -> CheckResult:
    """Return a skip: there are no commits, or git is not installed to read them."""
    return skipped("git_missing" if project.is_git_missing else "no_git")


def some(names: list[str]) -> str:
    """Return the first SHOWN names of a list, and the number of the others."""
    more = f" (+{len(names) - SHOWN})" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more


def not_asked(project: Project) -> CheckResult | None:
    """Return a skip if an index did not answer, None if all did."""
    silent = [
        INDEXES[key].name for key, status in project.index_statuses.items() if status.exists is None
    ]
    return skipped("no_answer", indexes=", ".join(silent)) if silent else None
