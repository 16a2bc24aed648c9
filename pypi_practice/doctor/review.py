"""The checks for repo-review, which finds these functions by their entry points.

They make no request to an index, and build without an isolated environment, because repo-review
should need no network.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.doctor.checks.check import Check
from pypi_practice.doctor.checks.registry import in_order
from pypi_practice.doctor.project import Project


def publishing(package: Any) -> Project | None:
    """Return the project in the folder *package*; None if it is not on this computer."""
    return Project(package, online=False, isolated=False) if isinstance(package, Path) else None


def checks() -> dict[str, Check]:
    """Return all checks by name."""
    return in_order()


def families() -> dict[str, dict[str, Any]]:
    """Return the families with their English names, in order."""
    listed = load("commands/doctor")["families"].items()
    return {name: {"name": title["en"], "order": at} for at, (name, title) in enumerate(listed)}
