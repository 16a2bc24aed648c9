"""The checks of the files in the sdist and in the wheel."""

from __future__ import annotations

import os
import posixpath
import re

from pypi_practice.core.data import load
from pypi_practice.doctor.checks.check import Check, CheckResult, failed, passed, skipped, some
from pypi_practice.doctor.distributions import Built
from pypi_practice.doctor.project import Project


def importable_files(wheel: Built) -> list[str]:
    """Return the files of a wheel that Python can import."""
    return [
        name
        for name in wheel.names
        if name.endswith((".py", ".so", ".pyd", ".pyi"))
        and not name.partition("/")[0].endswith((".dist-info", ".data"))
    ]


class SdistFiles(Check):
    def find(self, project: Project) -> CheckResult:
        assert project.sdist is not None
        packed = set(project.sdist.names)
        expected = ["pyproject.toml"] if os.path.isfile(project.root / "pyproject.toml") else []
        readme = project.table.get("readme")
        readme = readme.get("file") if isinstance(readme, dict) else readme
        expected += [posixpath.normpath(readme)] if isinstance(readme, str) else []
        expected += project.sdist.all("license_file")
        missing = [name for name in expected if name not in packed]
        if missing:
            return failed("missing", names=some(missing))
        tests = [name for name in project.files if re.match(r"tests?/.*\.py$", name)]
        missing = [name for name in tests if name not in packed]
        if missing:
            return failed("no_tests", names=some(missing))
        return passed(count=len(packed))


class WheelFiles(Check):
    def find(self, project: Project) -> CheckResult:
        assert project.wheel is not None
        if not importable_files(project.wheel):
            return failed("empty")
        never_packed = re.compile(load("commands/doctor")["never_packed"])
        unwanted = [name for name in project.wheel.names if never_packed.search(name)]
        if unwanted:
            return failed("unwanted", names=some(unwanted))
        return passed(count=len(project.wheel.names))


class Typed(Check):
    def find(self, project: Project) -> CheckResult:
        assert project.wheel is not None
        is_classified = "Typing :: Typed" in project.wheel.all("classifiers")
        has_marker = any(name.endswith("/py.typed") for name in project.wheel.names)
        if is_classified and not has_marker:
            return failed("no_marker")
        if has_marker and not is_classified:
            return failed("no_classifier")
        return passed() if is_classified else skipped("untyped")
