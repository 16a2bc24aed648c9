"""The checks for remains of the demo package: its names, its author, its description."""

from __future__ import annotations

import os
import re

from packaging.utils import canonicalize_name

from pypi_practice.core.data import load
from pypi_practice.doctor.checks.check import Check, CheckResult, failed, passed, skipped, some
from pypi_practice.doctor.project import Project


class DemoNames(Check):
    def find(self, project: Project) -> CheckResult:
        old = load("commands/fork")["old"]
        if canonicalize_name(project.name or "") == old["project"]:
            return failed("demo", name=old["project"])
        own_name = (project.name or "").lower().encode()
        pattern = re.compile(
            b"|".join(re.escape(old[key].encode()) for key in ("project", "package"))
        )
        return _leftovers(project, pattern, project.files, own_name)


def _leftovers(
    project: Project, pattern: re.Pattern[bytes], names: list[str], own_name: bytes = b""
) -> CheckResult:
    """Return a failure with the files that have *pattern* in their content or their name.

    A match that is part of *own_name*, in lower case, is allowed.
    """
    files_with_match, unread_files = [], []
    for name, matches in project.search(pattern, names):
        if isinstance(matches, OSError):
            unread_files.append(name)
            continue
        matches |= {match[0] for match in pattern.finditer(os.fsencode(name))}
        if any(match.lower() not in own_name for match in matches):
            files_with_match.append(name)
    if files_with_match:
        return failed("left", names=some(files_with_match))
    return skipped("unread_files", names=some(unread_files)) if unread_files else passed()


class DemoPeople(Check):
    def find(self, project: Project) -> CheckResult:
        old = load("commands/fork")["old"]
        texts = [old[key].encode() for key in ("author", "email", "user")]
        names = [name for name in project.files if name in load("commands/doctor")["people_in"]]
        return _leftovers(project, re.compile(b"|".join(map(re.escape, texts))), names)


class DemoDescription(Check):
    def find(self, project: Project) -> CheckResult:
        description = project.written("description", "summary")
        if description is None:
            return skipped("no_description")
        return (
            failed("left", text=description)
            if description == load("commands/fork")["old"]["description"]
            else passed()
        )
