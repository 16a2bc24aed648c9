"""The checks of the version: its form, its tag, and whether the indexes have it."""

from __future__ import annotations

from pypi_practice.core.indexes import INDEXES
from pypi_practice.doctor.checks.check import (
    Check,
    CheckResult,
    failed,
    not_asked,
    passed,
    skipped,
    some,
    without_git,
)
from pypi_practice.doctor.project import Project
from pypi_practice.doctor.versions import parse_version


class VersionForm(Check):
    def find(self, project: Project) -> CheckResult:
        if project.version is None:
            return failed("missing") if project.may_build else skipped("no_build")
        parsed = project.parsed_version
        if parsed is None:
            return failed("invalid", version=project.version)
        if parsed.local:
            return failed("local", version=project.version)
        if str(parsed) != project.version:
            return failed("normal", version=project.version, normal=parsed)
        return passed(version=project.version)


class VersionTag(Check):
    def find(self, project: Project) -> CheckResult:
        if not project.is_git:
            return without_git(project)
        version = project.parsed_version
        assert version is not None
        if project.reader.is_shallow:
            return skipped("shallow")
        tags_of_commit = {
            tag: tag_version
            for tag, (tag_version, is_on_commit) in project.tags.items()
            if is_on_commit
        }
        if tags_of_commit and version not in tags_of_commit.values():
            return failed("differs", tag=", ".join(tags_of_commit), version=version)
        if tags_of_commit:
            return passed(version=version)
        same_version = [
            tag for tag, (tag_version, _) in project.tags.items() if tag_version == version
        ]
        if same_version:
            return failed("used", tag=same_version[0], version=version)
        newest = max(
            ((tag_version, tag) for tag, (tag_version, _) in project.tags.items()), default=None
        )
        if newest and newest[0] > version and not newest[0].is_prerelease:
            return failed("older", tag=newest[1], version=version)
        return passed(version=version)


class VersionNew(Check):
    def find(self, project: Project) -> CheckResult:
        if not project.online:
            return skipped("offline")
        version = project.parsed_version
        indexes = [
            INDEXES[key].name
            for key, status in project.index_statuses.items()
            if version in map(parse_version, status.versions)
        ]
        if indexes:
            return failed("there", version=version, indexes=", ".join(indexes))
        return not_asked(project) or passed(version=version)


class Committed(Check):
    def find(self, project: Project) -> CheckResult:
        if not project.is_git:
            return without_git(project)
        changed = project.reader.uncommitted(untracked=True)
        return failed("changed", names=some(changed)) if changed else passed()
