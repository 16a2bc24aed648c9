"""The checks of the build, of the metadata, and of the answer that PyPI would give to an upload."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.core.limits import PYPI
from pypi_practice.doctor.checks.check import Check, CheckResult, failed, passed, skipped, some
from pypi_practice.doctor.distributions import Built
from pypi_practice.doctor.project import Project
from pypi_practice.index.storage.store import Store
from pypi_practice.index.upload import validation
from pypi_practice.index.upload.rejection import AlreadyThere, TooMuch, UploadRejected
from pypi_practice.index.upload.spool import Incoming
from pypi_practice.index.upload.state import Upload
from pypi_practice.tokens import macaroons


class BuildSystem(Check):
    def find(self, project: Project) -> CheckResult:
        has_setup = os.path.isfile(project.root / "setup.py")
        if not os.path.lexists(project.root / "pyproject.toml"):
            return failed("no_file") if has_setup else failed("nothing")
        if project.pyproject is None:
            return failed("unreadable", reason=project.pyproject_problem)
        table = project.pyproject.get("build-system")
        if not isinstance(table, dict):
            return failed("no_table")
        backend = table.get("build-backend", "setuptools")
        return passed(backend=backend) if isinstance(backend, str) else failed("no_table")


class Builds(Check):
    def find(self, project: Project) -> CheckResult:
        if not any(os.path.isfile(project.root / name) for name in ("pyproject.toml", "setup.py")):
            return skipped("no_package")
        if not project.may_build:
            return skipped("no_build")
        if project.unbuilt or not (project.sdist and project.wheel):
            return failed("failed", reason=project.unbuilt or "-")
        return passed(names=f"{project.sdist.path.name}, {project.wheel.path.name}")


class Accepted(Check):
    def find(self, project: Project) -> CheckResult:
        platform_file = ""
        for built in (project.wheel, project.sdist):
            assert built is not None
            if built.unparsed:
                return failed("unparsed", file=built.path.name, names=some(list(built.unparsed)))
            try:
                rejection = _refusal(built)
            except TooMuch:
                return skipped("too_much", file=built.path.name)
            if rejection is not None and rejection.key == "platform":
                platform_file = built.path.name
                continue
            if rejection is None:
                continue
            facts = load("index/uploads")[rejection.key]
            values = dict(rejection.values) | {"help": INDEXES["pypi"].help}
            answer = f"{facts['status']} {facts['text'].format(**values)}"
            return failed(
                "refused", file=built.path.name, said=" ".join(answer.split()), fix=facts["fix"]
            )
        return skipped("platform", file=platform_file) if platform_file else passed()


def _refusal(built: Built) -> UploadRejected | None:
    """Return why PyPI would reject a file, None if it would not.

    The rules of the practice index are applied in a temporary, empty index. Raises TooMuch if the
    file exceeds what the practice index checks.
    """
    index = INDEXES["pypi"]
    with tempfile.TemporaryDirectory(prefix="doctor-index-") as folder:
        store = Store(Path(folder), Translator("en"))
        content = Incoming(store.unfinished_file, PYPI.file)
        try:
            identifier, token = store.new_token(store.user(index), "doctor", None)
            record = next(
                token_record
                for token_record in store.tokens(index)
                if token_record.id == identifier
            )
            macaroon = macaroons.read(token)
            assert macaroon is not None
            upload = Upload(store, index, built.form(content), macaroon, record)
            for rule in validation.RULES:
                rule(upload)
        except UploadRejected as rejection:
            return rejection
        except AlreadyThere:
            return None
        finally:
            content.discard()
            store.close()
    return None


class Licence(Check):
    def find(self, project: Project) -> CheckResult:
        wheel = project.wheel
        assert wheel is not None
        expression = (wheel.all("license_expression") or [""])[0]
        if not expression:
            return failed("no_expression")
        try:
            canonicalize_license_expression(expression)
        except InvalidLicenseExpression as error:
            return failed("invalid", expression=expression, reason=error)
        if not wheel.all("license_file"):
            return failed("no_file")
        return passed(expression=expression)


class RequiresPython(Check):
    def find(self, project: Project) -> CheckResult:
        assert project.wheel is not None
        requirements = project.wheel.all("requires_python")
        return passed(python=requirements[0]) if requirements else failed("missing")


class Contact(Check):
    def find(self, project: Project) -> CheckResult:
        assert project.wheel is not None
        filled = {key for key, value in project.wheel.fields if value.strip()}
        if not filled & {"author", "author_email", "maintainer", "maintainer_email"}:
            return failed("nobody")
        return passed() if filled & {"project_urls", "home_page"} else failed("no_address")
