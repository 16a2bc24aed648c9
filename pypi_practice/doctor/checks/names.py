"""The checks of the project's name, and of the names that its packages take."""

from __future__ import annotations

import re
import sys
from typing import Any

from pypi_practice.core import project_names
from pypi_practice.core.indexes import INDEXES
from pypi_practice.doctor.checks.check import (
    Check,
    CheckResult,
    failed,
    not_asked,
    passed,
    skipped,
    some,
)
from pypi_practice.doctor.checks.files import importable_files
from pypi_practice.doctor.project import Project

# Top-level names that would clash with those of other projects in site-packages.
NOT_IMPORTED = {"test", "tests", "doc", "docs", "example", "examples", "build", "dist", "src"}


class Name(Check):
    def find(self, project: Project) -> CheckResult:
        if project.name is None:
            return failed("missing") if project.may_build else skipped("no_build")
        if not project_names.NAME.match(project.name):
            return failed("invalid", name=project.name)
        return passed(name=project.name)


class NameAllowed(Check):
    def find(self, project: Project) -> CheckResult:
        assert project.name is not None
        key = project_names.fault(project.name, ())
        return failed(key, name=project.name) if key else passed(name=project.name)


class NameYours(Check):
    def find(self, project: Project) -> CheckResult:
        if not project.online:
            return skipped("offline")
        existing = {key: status for key, status in project.index_statuses.items() if status.exists}
        is_same = {key: _same_project(project, status.info) for key, status in existing.items()}
        foreign, unknown = (
            ", ".join(INDEXES[key].name for key, same in is_same.items() if same is expected)
            for expected in (False, None)
        )
        if foreign:
            return failed("taken", name=project.name, indexes=foreign)
        if unknown:
            return skipped("owner_unknown", name=project.name, indexes=unknown)
        return not_asked(project) or passed(name=project.name)


def _same_project(project: Project, info: dict[str, Any] | None) -> bool | None:
    """Whether the metadata on an index and that of this project share an address or an e-mail.

    None if one of the two is not known: the index did not answer, or the build failed.
    """
    built = project.wheel or project.sdist
    if built is None or info is None:
        return None
    own_addresses = set()
    for key, value in built.fields:
        if key == "project_urls":
            own_addresses.add(_address(value.partition(",")[2]))
        elif key in ("home_page", "author_email", "maintainer_email"):
            own_addresses.add(_address(value))
    project_urls = info.get("project_urls")
    urls = [
        *(project_urls.values() if isinstance(project_urls, dict) else ()),
        info.get("home_page"),
    ]
    index_addresses = {
        _address(text) for text in [*urls, info.get("author_email")] if isinstance(text, str)
    }
    index_addresses.discard("")
    return bool(own_addresses & index_addresses)


def _address(text: str) -> str:
    address = re.search(r"<([^<>@]+@[^<>@]+)>", text)
    text = (address[1] if address else text).strip().lower()
    return re.sub(r"^https?://(?:www\.)?", "", text).rstrip("/").removesuffix(".git")


class TopLevel(Check):
    def find(self, project: Project) -> CheckResult:
        assert project.wheel is not None
        top_names = {name.partition("/")[0] for name in importable_files(project.wheel)}
        modules = {name.removesuffix(".py").partition(".")[0] for name in top_names}
        if unwanted := sorted(modules & NOT_IMPORTED):
            return failed("common", names=some(unwanted))
        if clash := sorted(modules & set(sys.stdlib_module_names)):
            return failed("stdlib", names=some(clash))
        return passed(names=some(sorted(modules)))
