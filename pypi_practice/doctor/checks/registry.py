"""All checks, in the order of the report."""

from __future__ import annotations

from pypi_practice.core.data import load

# Each of these modules adds its checks to CHECKS when it is imported.
from pypi_practice.doctor.checks import (  # noqa: F401
    demo_package,
    files,
    metadata,
    names,
    readme,
    secrets,
    travis,
    versions,
)
from pypi_practice.doctor.checks.check import CHECKS, Check


def in_order() -> dict[str, Check]:
    """Return the checks in the order of doctor.yml: each after those that it requires."""
    return {name: CHECKS[name] for name in load("commands/doctor")["checks"]}
