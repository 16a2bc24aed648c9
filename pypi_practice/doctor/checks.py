"""The checks of ``pypi-practice doctor``, in the shape that repo-review gives its checks.

Each class has a ``family``, the checks that it ``requires``, the ``url`` to read on, and a
docstring that says what is so when it passes. All four, and every sentence, stand in
data/commands/doctor.yml. ``find`` looks; ``check`` says the same to repo-review, in
English.
"""

from __future__ import annotations

import functools
import html.parser
import os
import posixpath
import re
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

from pypi_practice.core import guide, project_names
from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.core.limits import PYPI
from pypi_practice.core.terminal import one_line
from pypi_practice.doctor.history import History, Secret
from pypi_practice.doctor.leaks import hide
from pypi_practice.doctor.project import Built, Project, parse_version
from pypi_practice.git.safe_reader import GitError
from pypi_practice.index.storage.store import Store
from pypi_practice.index.upload import validation
from pypi_practice.index.upload.rejection import AlreadyThere, TooMuch, UploadRejected
from pypi_practice.index.upload.spool import Incoming
from pypi_practice.tokens import macaroons
from pypi_practice.travis.check import autofix
from pypi_practice.travis.run import plan_report

CI = (".github/workflows", ".gitlab-ci.yml", ".circleci", "azure-pipelines.yml", ".cirrus.yml")
# Folders that no wheel should put beside the packages of everybody.
NOT_IMPORTED = {"test", "tests", "doc", "docs", "example", "examples", "build", "dist", "src"}
SHOWN = 3  # names in one line
LONGEST = 400  # characters of a value in a sentence


@dataclass(frozen=True)
class Found:
    """What a check found: ``pass``, ``fail`` or ``skip``, the key of its sentence, its values.

    The values are texts, numbers, or sentences by language.
    """

    result: str
    key: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def filled(self, language: str) -> dict[str, object]:
        """The values, with sentences in *language*; none can steer a terminal or begin a line."""
        return {
            key: value if isinstance(value, int) else _shown(value, language)
            for key, value in self.values.items()
        }


def _shown(value: object, language: str) -> str:
    if isinstance(value, dict):
        return one_line(value[language])
    text = hide(str(value))
    return one_line(text[:LONGEST] + "…" if len(text) > LONGEST else text)


def good(**values: object) -> Found:
    """Return that all is well; *values* fill in the sentence."""
    return Found("pass", "says", values)


def bad(key: str, **values: object) -> Found:
    """Return the fault *key* of the check."""
    return Found("fail", key, values)


def skip(key: str, **values: object) -> Found:
    """Return why the check was left out: a key of ``skips`` in data/commands/doctor.yml."""
    return Found("skip", key, values)


CHECKS: dict[str, Check] = {}


class Check:
    """A check; a subclass is one line of the report, and its name in kebab-case is that line's."""

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
        # repo-review shows it as a link, which needs the address of a site.
        is_known = load("index/addresses")["guide"]
        cls.url = guide.address(cls.facts["page"], "en") if is_known else ""
        cls.__doc__ = cls.facts["title"]["en"]
        CHECKS[cls.name] = cls()

    def find(self, project: Project) -> Found:
        """Look at *project*."""
        raise NotImplementedError

    def look(self, project: Project) -> Found:
        """Look at *project*; what git cannot read is said, and never counts as good."""
        try:
            return self.find(project)
        except GitError as error:
            return skip("git_unreadable", reason=error.detail or error.kind)

    def say(self, found: Found, language: str) -> str:
        """Return what was found, as a sentence."""
        if found.result == "skip":
            template = load("commands/doctor")["skips"][found.key]
        elif found.key == "says":
            template = self.facts.get("says", self.facts["title"])
        else:
            template = self.facts["faults"][found.key]
        return str(template[language]).format(**found.filled(language))

    def advice(self, found: Found, language: str) -> str:
        """Return what to do about a fault."""
        advice = self.facts.get("do_for", {}).get(found.key, self.facts["do"])
        return str(advice[language]).format(**found.filled(language))

    def check(self, publishing: Project | None) -> bool | str | None:
        """Answer repo-review: True passes, None was left out, a text says what is wrong."""
        if publishing is None:
            return None
        found = self.look(publishing)
        if found.result == "fail":
            return f"{self.say(found, 'en')} {self.advice(found, 'en')}"
        return True if found.result == "pass" else None


def some(found: list[str]) -> str:
    """Return the first names of a list, and how many there are."""
    more = f" (+{len(found) - SHOWN})" if len(found) > SHOWN else ""
    return ", ".join(found[:SHOWN]) + more


# Names


class Name(Check):
    def find(self, project: Project) -> Found:
        if project.name is None:
            return bad("missing") if project.may_build else skip("no_build")
        if not project_names.NAME.match(project.name):
            return bad("invalid", name=project.name)
        return good(name=project.name)


class NameAllowed(Check):
    def find(self, project: Project) -> Found:
        assert project.name is not None
        key = project_names.fault(project.name, ())
        return bad(key, name=project.name) if key else good(name=project.name)


class NameYours(Check):
    def find(self, project: Project) -> Found:
        if not project.online:
            return skip("offline")
        taken = {key: one for key, one in project.looks.items() if one.exists}
        others = [
            INDEXES[key].name for key, one in taken.items() if not _same_project(project, one.info)
        ]
        if others:
            return bad("taken", name=project.name, indexes=", ".join(others))
        return _not_asked(project) or good(name=project.name)


def _not_asked(project: Project) -> Found | None:
    """Return that an index did not answer, None if all did: one answer is not that of both."""
    silent = [INDEXES[key].name for key, look in project.looks.items() if look.exists is None]
    return skip("no_answer", indexes=", ".join(silent)) if silent else None


def _same_project(project: Project, info: dict[str, Any]) -> bool:
    """Whether what an index shows names an address or a person that this project names too."""
    built = project.wheel or project.sdist
    mine = set()
    for key, value in built.fields if built else ():
        if key == "project_urls":
            mine.add(_address(value.partition(",")[2]))
        elif key in ("home_page", "author_email", "maintainer_email"):
            mine.add(_address(value))
    named = info.get("project_urls")
    urls = [*(named.values() if isinstance(named, dict) else ()), info.get("home_page")]
    theirs = {_address(one) for one in [*urls, info.get("author_email")] if isinstance(one, str)}
    theirs.discard("")
    return bool(mine & theirs)


def _address(text: str) -> str:
    address = re.search(r"<([^<>@]+@[^<>@]+)>", text)
    text = (address[1] if address else text).strip().lower()
    return re.sub(r"^https?://(?:www\.)?", "", text).rstrip("/").removesuffix(".git")


class TopLevel(Check):
    def find(self, project: Project) -> Found:
        assert project.wheel is not None
        tops = {one.partition("/")[0] for one in _code(project.wheel)}
        modules = {one.removesuffix(".py").partition(".")[0] for one in tops}
        if unwanted := sorted(modules & NOT_IMPORTED):
            return bad("common", names=some(unwanted))
        if clash := sorted(modules & set(sys.stdlib_module_names)):
            return bad("stdlib", names=some(clash))
        return good(names=some(sorted(modules)))


def _code(wheel: Built) -> list[str]:
    """Return the files of a wheel that Python can import."""
    return [
        one
        for one in wheel.names
        if one.endswith((".py", ".so", ".pyd", ".pyi"))
        and not one.partition("/")[0].endswith((".dist-info", ".data"))
    ]


# Metadata


class BuildSystem(Check):
    def find(self, project: Project) -> Found:
        has_setup = os.path.isfile(project.root / "setup.py")
        if not os.path.lexists(project.root / "pyproject.toml"):
            return bad("no_file") if has_setup else bad("nothing")
        if project.pyproject is None:
            return bad("unreadable", reason=project.pyproject_problem)
        table = project.pyproject.get("build-system")
        if not isinstance(table, dict):
            return bad("no_table")
        backend = table.get("build-backend", "setuptools")
        return good(backend=backend) if isinstance(backend, str) else bad("no_table")


class Builds(Check):
    def find(self, project: Project) -> Found:
        if not any(os.path.isfile(project.root / one) for one in ("pyproject.toml", "setup.py")):
            return skip("no_package")
        if not project.may_build:
            return skip("no_build")
        if project.unbuilt or not (project.sdist and project.wheel):
            return bad("failed", reason=project.unbuilt or "-")
        return good(names=f"{project.sdist.path.name}, {project.wheel.path.name}")


class Accepted(Check):
    def find(self, project: Project) -> Found:
        only_here = ""
        for built in (project.wheel, project.sdist):
            assert built is not None
            if built.unparsed:
                return bad("unparsed", file=built.path.name, names=some(list(built.unparsed)))
            try:
                refused = _refusal(built)
            except TooMuch:
                return skip("too_much", file=built.path.name)
            if refused is not None and refused.key == "platform":
                only_here = built.path.name
                continue
            if refused is None:
                continue
            facts = load("index/uploads")[refused.key]
            values = dict(refused.values) | {"help": INDEXES["pypi"].help}
            said = f"{facts['status']} {facts['text'].format(**values)}"
            return bad(
                "refused", file=built.path.name, said=" ".join(said.split()), fix=facts["fix"]
            )
        return skip("platform", file=only_here) if only_here else good()


def _refusal(built: Built) -> UploadRejected | None:
    """Take a file through PyPI's own rules for an upload, to an index of its own; keep nothing."""
    index = INDEXES["pypi"]
    with tempfile.TemporaryDirectory(prefix="doctor-index-") as place:
        store = Store(Path(place), Translator("en"))
        content = Incoming(store.unfinished_file, PYPI.file)
        try:
            identifier, token = store.new_token(store.user(index), "doctor", None)
            record = next(one for one in store.tokens(index) if one.id == identifier)
            macaroon = macaroons.read(token)
            assert macaroon is not None
            upload = validation.Upload(store, index, built.form(content), macaroon, record)
            for rule in validation.RULES:
                rule(upload)
        except UploadRejected as refused:
            return refused
        except AlreadyThere:
            return None
        finally:
            content.discard()
            store.close()
    return None


class Licence(Check):
    def find(self, project: Project) -> Found:
        wheel = project.wheel
        assert wheel is not None
        expression = (wheel.all("license_expression") or [""])[0]
        if not expression:
            return bad("no_expression")
        try:
            canonicalize_license_expression(expression)
        except InvalidLicenseExpression as error:
            return bad("invalid", expression=expression, reason=error)
        if not wheel.all("license_file"):
            return bad("no_file")
        return good(expression=expression)


class RequiresPython(Check):
    def find(self, project: Project) -> Found:
        assert project.wheel is not None
        said = project.wheel.all("requires_python")
        return good(python=said[0]) if said else bad("missing")


class Contact(Check):
    def find(self, project: Project) -> Found:
        assert project.wheel is not None
        known = {key for key, value in project.wheel.fields if value.strip()}
        if not known & {"author", "author_email", "maintainer", "maintainer_email"}:
            return bad("nobody")
        return good() if known & {"project_urls", "home_page"} else bad("no_address")


# Files


class SdistFiles(Check):
    def find(self, project: Project) -> Found:
        assert project.sdist is not None
        there = set(project.sdist.names)
        wanted = ["pyproject.toml"] if os.path.isfile(project.root / "pyproject.toml") else []
        readme = project.table.get("readme")
        readme = readme.get("file") if isinstance(readme, dict) else readme
        wanted += [posixpath.normpath(readme)] if isinstance(readme, str) else []
        wanted += project.sdist.all("license_file")
        missing = [one for one in wanted if one not in there]
        if missing:
            return bad("missing", names=some(missing))
        tests = [one for one in project.files if re.match(r"tests?/.*\.py$", one)]
        missing = [one for one in tests if one not in there]
        if missing:
            return bad("no_tests", names=some(missing))
        return good(count=len(there))


class WheelFiles(Check):
    def find(self, project: Project) -> Found:
        assert project.wheel is not None
        if not _code(project.wheel):
            return bad("empty")
        never = re.compile(load("commands/doctor")["never_packed"])
        unwanted = [one for one in project.wheel.names if never.search(one)]
        if unwanted:
            return bad("unwanted", names=some(unwanted))
        return good(count=len(project.wheel.names))


class Typed(Check):
    def find(self, project: Project) -> Found:
        assert project.wheel is not None
        says = "Typing :: Typed" in project.wheel.all("classifiers")
        marked = any(one.endswith("/py.typed") for one in project.wheel.names)
        if says and not marked:
            return bad("no_marker")
        if marked and not says:
            return bad("no_classifier")
        return good() if says else skip("untyped")


# README


class Readme(Check):
    def find(self, project: Project) -> Found:
        built = project.wheel
        assert built is not None
        text = "".join(built.all("description")).strip()
        if not text or text == "UNKNOWN":
            return bad("empty")
        return good() if built.all("description_content_type") else bad("no_type")


class ReadmeRenders(Check):
    def find(self, project: Project) -> Found:
        from pypi_practice.index.upload import descriptions

        built = project.wheel
        assert built is not None
        kind = "".join(built.all("description_content_type")) or None
        text = "".join(built.all("description"))
        if descriptions.render(text, kind) is None:
            return bad("fails", kind=descriptions.kind(kind))
        return good()


class ReadmeLinks(Check):
    def find(self, project: Project) -> Found:
        from pypi_practice.index.upload import descriptions

        built = project.wheel
        assert built is not None
        kind = "".join(built.all("description_content_type")) or None
        shown = descriptions.render("".join(built.all("description")), kind)
        assert shown is not None
        links = _Links()
        links.feed(shown)
        # What points into the repository leads nowhere on the page of the project.
        return bad("left", names=some(links.relative)) if links.relative else good()


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


# Version


class VersionForm(Check):
    def find(self, project: Project) -> Found:
        if project.version is None:
            return bad("missing") if project.may_build else skip("no_build")
        parsed = project.parsed_version
        if parsed is None:
            return bad("invalid", version=project.version)
        if parsed.local:
            return bad("local", version=project.version)
        if str(parsed) != project.version:
            return bad("normal", version=project.version, normal=parsed)
        return good(version=project.version)


class VersionTag(Check):
    def find(self, project: Project) -> Found:
        if not project.is_git:
            return skip("no_git")
        mine = project.parsed_version
        assert mine is not None
        if project.reader.is_shallow:
            return skip("shallow")
        here = {tag: one for tag, (one, is_here) in project.tags.items() if is_here}
        if here and mine not in here.values():
            return bad("differs", tag=", ".join(here), version=mine)
        if here:
            return good(version=mine)
        there = [tag for tag, (one, _) in project.tags.items() if one == mine]
        if there:
            return bad("used", tag=there[0], version=mine)
        newest = max(((one, tag) for tag, (one, _) in project.tags.items()), default=None)
        if newest and newest[0] > mine and not newest[0].is_prerelease:
            return bad("older", tag=newest[1], version=mine)
        return good(version=mine)


class VersionNew(Check):
    def find(self, project: Project) -> Found:
        if not project.online:
            return skip("offline")
        version = project.parsed_version
        there = [
            INDEXES[key].name
            for key, look in project.looks.items()
            if version in map(parse_version, look.versions)
        ]
        if there:
            return bad("there", version=version, indexes=", ".join(there))
        return _not_asked(project) or good(version=version)


class Committed(Check):
    def find(self, project: Project) -> Found:
        if not project.is_git:
            return skip("no_git")
        changed = project.reader.uncommitted(untracked=True)
        return bad("changed", names=some(changed)) if changed else good()


# Travis CI


class TravisFile(Check):
    def find(self, project: Project) -> Found:
        if ".travis.yml" in project.files:
            return good()
        if os.path.isfile(project.root / ".travis.yml"):
            return bad("uncommitted")
        if any(os.path.exists(project.root / one) for one in CI):
            return skip("other_ci")
        return bad("missing")


class TravisCheck(Check):
    def find(self, project: Project) -> Found:
        if ".travis.yml" not in project.files:
            return skip("no_travis")
        try:
            report = autofix.file(
                project.root, Translator("en", "travis/messages"), project.variables
            )
        except PracticeError:
            return bad("unreadable", reason={one: _unreadable(project, one) for one in LANGUAGES})
        if report.fails:
            rules_broken = dict.fromkeys(one.rule for one in report.findings if one.level != "info")
            return bad("found", rules=some(list(rules_broken)))
        return good()


def _unreadable(project: Project, language: str) -> str:
    try:
        autofix.file(project.root, Translator(language, "travis/messages"))
    except PracticeError as error:
        return str(error)
    return ""


@functools.lru_cache(maxsize=8)
def _no_plan(project: Project) -> Found | None:
    """Return why nobody can tell what Travis CI would do, None if it can be told."""
    if not project.is_git:
        return skip("no_git")
    if ".travis.yml" not in project.files:
        return skip("no_travis")
    reasons = {}
    for language, plan in project.plans.items():
        if plan.problem:
            reasons[language] = plan.problem
            continue
        problems = [row.problem for row in plan.rows if row.problem]
        if problems and not any(row.published for row in plan.rows):
            reasons[language] = problems[0]
    return skip("no_plan", reason=reasons) if reasons else None


class TravisPublishes(Check):
    def find(self, project: Project) -> Found:
        if found := _no_plan(project):
            return found
        events = {
            language: "; ".join(row.title for row in plan.rows if row.published)
            for language, plan in project.plans.items()
        }
        return good(events=events) if events["en"] else bad("nothing")


class TokenVariables(Check):
    def find(self, project: Project) -> Found:
        if found := _no_plan(project):
            return found
        deploys = [deploy for row in project.plans["en"].rows for deploy in _deploys(row)]
        if not deploys:
            return skip("no_deploy")
        by_name: dict[str, set[str]] = {}
        for target, variables in deploys:
            for name in variables:
                by_name.setdefault(name, set()).add(target)
        both = [name for name, targets in by_name.items() if {"PyPI", "TestPyPI"} <= targets]
        if both:
            return bad("shared", names=some(both))
        if not by_name:
            return bad("none")
        known = {variable.name for variable in project.variables}
        missing = [name for name in by_name if name not in known]
        if known and missing:
            return bad("missing", names=some(missing))
        return good(names=", ".join(sorted(by_name)))


def _deploys(row: plan_report.Row) -> Iterator[tuple[str, list[str]]]:
    """Yield where each deploy of an event publishes, and the variables that it is filled in with.

    A script is filled in by the ``env`` of its job, and says in its own words where it publishes.
    """
    for job in row.data()["jobs"]:
        for deploy in job["deploy"]:
            used = [one for one in deploy["secrets"] if not one.startswith("TRAVIS")]
            target = deploy["target"]
            if deploy["provider"] == "script":
                used += re.findall(r"(?:PASSWORD|TOKEN)=\"?\$\{?(\w+)", " ".join(job["env"]))
                target = "TestPyPI" if "testpypi" in target else "PyPI"
            yield target, used


# Leftovers of the demo package


class DemoNames(Check):
    def find(self, project: Project) -> Found:
        old = load("commands/fork")["old"]
        if canonicalize_name(project.name or "") == old["project"]:
            return bad("demo", name=old["project"])
        mine = (project.name or "").lower().encode()
        pattern = re.compile(
            b"|".join(re.escape(old[key].encode()) for key in ("project", "package"))
        )
        return _left(project, pattern, project.files, mine)


def _left(
    project: Project, pattern: re.Pattern[bytes], names: list[str], mine: bytes = b""
) -> Found:
    """Return which files hold *pattern*, but for what stands in *mine*, or have it as a name."""
    left, unread = [], []
    for name, matches in project.search(pattern, names):
        if isinstance(matches, OSError):
            unread.append(name)
            continue
        matches |= {match[0] for match in pattern.finditer(os.fsencode(name))}
        if any(match.lower() not in mine for match in matches):
            left.append(name)
    if left:
        return bad("left", names=some(left))
    return skip("unread_files", names=some(unread)) if unread else good()


class DemoPeople(Check):
    def find(self, project: Project) -> Found:
        old = load("commands/fork")["old"]
        wanted = [old[key].encode() for key in ("author", "email", "user")]
        names = [name for name in project.files if name in load("commands/doctor")["people_in"]]
        return _left(project, re.compile(b"|".join(map(re.escape, wanted))), names)


class DemoDescription(Check):
    def find(self, project: Project) -> Found:
        said = project.written("description", "summary")
        if said is None:
            return skip("no_description")
        return (
            bad("left", text=said)
            if said == load("commands/fork")["old"]["description"]
            else good()
        )


# Secrets


class SecretTokens(Check):
    def find(self, project: Project) -> Found:
        history = project.history if project.is_git else None
        if history and history.tokens:
            return bad("found", places=_places(history.tokens))
        loose, unread = project.loose_tokens
        if loose:
            return bad("loose", places=some(loose))
        if history and history.unread:
            return bad("unread", reasons=_reasons(history))
        if unread:
            return bad("unread_files", names=some(unread))
        return good() if history else skip("no_git")


class SecretFiles(Check):
    def find(self, project: Project) -> Found:
        if not project.is_git:
            return skip("no_git")
        history = project.history
        if history.files:
            return bad("found", places=_places(history.files))
        # The names are known even if a file is damaged or too large.
        if history.unread.keys() & NAMES_UNREAD:
            return bad("unread", reasons=_reasons(history))
        return good()


# Reasons of History.unread for which names of files are not known.
NAMES_UNREAD = {"shallow", "partial", "missing", "walk", "slow", "git"}


def _reasons(history: History) -> dict[str, str]:
    """Return what of the history could not be read, as a sentence by language."""
    sentences = load("commands/doctor")["unread"]
    return {
        language: "; ".join(
            sentences[key][language].format(**values) for key, values in history.unread.items()
        )
        for language in LANGUAGES
    }


def _places(found: list[Secret]) -> str:
    return some([f"{secret.path or '-'} ({secret.commit})" for secret in found])


def in_order() -> dict[str, Check]:
    """Return the checks in the order of doctor.yml: each after those that it requires."""
    return {name: CHECKS[name] for name in load("commands/doctor")["checks"]}
