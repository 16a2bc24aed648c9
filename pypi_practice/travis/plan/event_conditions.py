"""Decides the conditions of ``.travis.yml`` for one event."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Sequence
from typing import Any

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import build_conditions
from pypi_practice.travis.config.build_conditions import written
from pypi_practice.travis.config.jobs import assigned, assignments, flat
from pypi_practice.travis.config.regular_expressions import Budget, BudgetExceeded
from pypi_practice.travis.plan.plan_types import Event, Variable


class EventConditions:
    """Decides the conditions of one event."""

    def __init__(self, event: Event, variables: Sequence[Variable], words: Translator) -> None:
        self.words, self.budget = words, Budget()
        self.name = event.tag or event.branch
        self.env = {variable.name: variable.value for variable in variables}
        self.data = {
            "type": event.type,
            "repo": event.repository,
            "branch": self.name,
            "tag": event.tag or None,
            "fork": event.from_fork,
            "head_branch": event.branch,
        }

    @contextlib.contextmanager
    def _errors(self, location: str) -> Iterator[None]:
        try:
            yield
        except build_conditions.ConditionError as error:
            text = self.words("bad_condition", where=location, reason=error)
            raise PracticeError(text) from error
        except (build_conditions.UnknownCondition, BudgetExceeded) as error:
            raise PracticeError(self.words("unknown_condition", where=location)) from error

    def hold(self, text: Any, location: str, values: dict[str, Any]) -> bool:
        """Whether *text* holds for a job or file with *values*; raises PracticeError."""
        env = self.env | assigned(assignments(values.get("env")))
        own: dict[str, Any] = {
            key: values[key] for key in ("os", "dist", "language") if key in values
        }
        with self._errors(location):
            return build_conditions.holds(
                written(text), {**self.data, **own, "env": env}, self.budget
            )

    def blocked(self, branches: Any) -> str | None:
        """Return the part of ``branches`` that prevents the build, None if it is allowed.

        A tag counts as a branch. Source: user/customizing-the-build.md of Travis CI's
        documentation. Raises PracticeError.
        """
        if not isinstance(branches, dict):
            branches = {"only": branches} if branches else {}
        only, without = (list(flat(branches.get(key))) for key in ("only", "except"))
        listed = [written(pattern) for pattern in only or [*without, "gh-pages"]]
        with self._errors("branches"):
            is_listed = any(self._names(pattern) for pattern in listed)
        if is_listed is not bool(only):
            return f"branches.{'only' if only else 'except'}: {', '.join(listed)}"
        return None

    def _names(self, pattern: str) -> bool:
        inner = re.fullmatch(r"/(.*)/", pattern)
        matches = inner and build_conditions.matches(inner[1], self.name, self.budget)
        return bool(matches) or pattern == self.name
