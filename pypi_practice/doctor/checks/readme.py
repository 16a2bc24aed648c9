"""The checks of the README, which is the page of the project on PyPI."""

from __future__ import annotations

import html.parser
import re

from pypi_practice.doctor.checks.check import Check, CheckResult, failed, passed, some
from pypi_practice.doctor.project import Project


class Readme(Check):
    def find(self, project: Project) -> CheckResult:
        built = project.wheel
        assert built is not None
        text = "".join(built.all("description")).strip()
        if not text or text == "UNKNOWN":
            return failed("empty")
        return passed() if built.all("description_content_type") else failed("no_type")


class ReadmeRenders(Check):
    def find(self, project: Project) -> CheckResult:
        from pypi_practice.index.upload import descriptions

        built = project.wheel
        assert built is not None
        kind = "".join(built.all("description_content_type")) or None
        text = "".join(built.all("description"))
        if descriptions.render(text, kind) is None:
            return failed("fails", kind=descriptions.kind(kind))
        return passed()


class ReadmeLinks(Check):
    def find(self, project: Project) -> CheckResult:
        from pypi_practice.index.upload import descriptions

        built = project.wheel
        assert built is not None
        kind = "".join(built.all("description_content_type")) or None
        rendered = descriptions.render("".join(built.all("description")), kind)
        assert rendered is not None
        links = _Links()
        links.feed(rendered)
        # A relative link works in the repository, but not on the page of the project.
        return failed("left", names=some(links.relative)) if links.relative else passed()


class _Links(html.parser.HTMLParser):
    """Collects the addresses of links and pictures that begin with no scheme, host or ``#``."""

    def __init__(self) -> None:
        super().__init__()
        self.relative: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            is_address = name in ("href", "src") and value
            if is_address and not re.match(r"(?i:[a-z][a-z0-9+.-]*:)|#|//", value or ""):
                self.relative.append(value or "")
