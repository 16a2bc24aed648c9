"""Rules for the deploys of a file, for faults that Travis CI does not report."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pypi_practice.core.data import load
from pypi_practice.core.indexes import INDEXES, is_protected
from pypi_practice.network.allowed_hosts import option_value
from pypi_practice.travis.check.context import LocatedDeploy, Scope
from pypi_practice.travis.check.findings import Edit, Finding, replaced
from pypi_practice.travis.config import build_conditions
from pypi_practice.travis.config.jobs import minor
from pypi_practice.travis.plan import destinations
from pypi_practice.travis.plan.bash_conditional import parser
from pypi_practice.travis.plan.bash_conditional.words import NotBash, Undecided
from pypi_practice.travis.plan.dpl import OLDEST

SECRET = re.compile(r"\$\{?(\w*(?:TOKEN|PASSWORD|PASSWD|SECRET|API_?KEY)\w*)\}?", re.I)
# A variable limited to a branch of this form is meant for a tag, which the settings treat as a
# branch (lib/travis/build/env/settings.rb of travis-build).
VERSION_TAG = re.compile(r"v?\d+\.\d")
PINS = ("setuptools_version", "twine_version", "wheel_version")


def check(scope: Scope) -> Iterator[Finding]:
    """Yield the findings in every deploy."""
    for deploy in scope.deploys:
        yield from _trigger_findings(scope, deploy)
        yield from _condition_findings(scope, deploy)
        yield from _system_findings(scope, deploy)
        if deploy.entry.provider == "pypi":
            yield from _pypi_findings(scope, deploy)
            yield from _server_findings(scope, deploy)
        if deploy.entry.provider == "script":
            yield from _script_findings(scope, deploy)


def _trigger_findings(scope: Scope, deploy: LocatedDeploy) -> Iterator[Finding]:
    on, location = deploy.on_nodes, deploy.on_node or deploy.location
    branch, tags = deploy.branches, deploy.entry.on.get("tags")
    everywhere = deploy.entry.on.get("all_branches") is True or tags is True
    if deploy.is_on_known and not branch and not everywhere:
        yield scope.hit("no-branch", location, "deploy.on")
    if tags is True and branch:
        edit = scope.source.without(on["branch"])
        yield scope.hit(
            "tags-drop-branch", on["branch"], "deploy.on.branch", edit, name=", ".join(branch)
        )
    if tags is False and deploy.entry.on.get("all_branches") is not True:
        name = ", ".join(branch) or "master"
        yield scope.hit("tags-false", on["tags"], "deploy.on.tags", name=name)
    if deploy.entry.on.get("all_branches") is True and not deploy.is_guarded and not tags:
        yield scope.hit("all-branches", on["all_branches"], "deploy.on.all_branches")
    if "os" in on:
        yield scope.hit("on-os", on["os"], "deploy.on.os")
    tests = deploy.required_pythons()
    pythons = {job.python for job in deploy.jobs}
    for requested, item in tests:
        if pythons and requested not in pythons and not re.search(r"[*?\[]", requested):
            yield scope.hit("no-such-python", item, "deploy.on", name=requested)
    jobs = [
        job for job in deploy.jobs if not tests or job.python in {python for python, _ in tests}
    ]
    if deploy.at_top and deploy.entry.provider in ("pypi", "script") and len(jobs) > 1:
        about_python = {id(item) for _, item in tests}
        is_narrowed = any(id(item) not in about_python for item in deploy.conditions)
        is_narrowed |= any(runtime != "python" for runtime in deploy.entry.runtimes)
        if not is_narrowed and deploy.entry.options.get("skip_existing") is not True:
            yield scope.hit("every-job-deploys", deploy.location, "deploy", number=len(jobs))
    if tags is True and scope.blocks_tags():
        entry = scope.root["branches"]
        yield scope.hit("branches-block-tags", entry, "branches.only")
    if tags is True or (deploy.entry.on.get("all_branches") is True):
        for variable in scope.variables:
            is_used = variable.name in deploy.entry.variables
            if variable.branch and is_used and not VERSION_TAG.match(variable.branch):
                location = deploy.option_nodes.get("password") or deploy.location
                yield scope.hit(
                    "branch-secret-on-tag",
                    location,
                    "deploy.password",
                    name=variable.name,
                    branch=variable.branch,
                )


def _condition_findings(scope: Scope, deploy: LocatedDeploy) -> Iterator[Finding]:
    for item in deploy.conditions:
        text = build_conditions.written(item.data())
        if not _is_bash(text):
            yield scope.hit("condition-syntax", item, "deploy.on.condition", name=text)
        elif "$" not in text:
            yield scope.hit("condition-no-variable", item, "deploy.on.condition", name=text)
        elif match := re.search(r"""=~\s*(["'][^"']*["'])""", text):
            yield scope.hit("quoted-pattern", item, "deploy.on.condition", name=match[1])


def _host(server: str) -> str:
    """Return the host in an address, which may lack its scheme or the start of that."""
    return re.sub(r"^\w*+:?/*+", "", server).partition("/")[0].partition(":")[0]


def _is_bash(text: str) -> bool:
    """Whether the condition has valid syntax, as far as our parser can decide."""
    if "\0" in text:
        return False
    try:
        parser.parse(f"({text})")
    except NotBash:
        return False
    except Undecided:
        return True
    return True


def _system_findings(scope: Scope, deploy: LocatedDeploy) -> Iterator[Finding]:
    images = load("travis/images")
    reported: set[int] = set()
    for job in deploy.jobs:
        item, system = job.nodes.get("dist"), job.nodes.get("os")
        if job.os == "linux" and not images.get(job.dist, {"ruby": True})["ruby"]:
            location = item or deploy.location
            if id(location) not in reported:
                reported.add(id(location))
                yield scope.hit("ruby-too-old", location, "dist", name=job.dist)
        is_os_tested = any(
            "TRAVIS_OS_NAME" in str(condition.data()) for condition in deploy.conditions
        )
        if job.os == "windows" and not is_os_tested and id(system) not in reported:
            reported.add(id(system))
            yield scope.hit("windows-deploy", system or deploy.location, "os")
    if "edge" in deploy.option_nodes and deploy.entry.options.get("edge") is not False:
        entry = deploy.option_nodes["edge"]
        yield scope.hit("edge", entry, "deploy.edge", scope.source.without(entry))


def _pypi_findings(scope: Scope, deploy: LocatedDeploy) -> Iterator[Finding]:
    entries = deploy.option_nodes
    required = {python for python, _ in deploy.required_pythons()}
    reported: set[int] = set()
    for job in deploy.jobs:
        if job.language != "python" or (required and job.python not in required):
            continue
        number, item = minor(job.python), job.nodes.get("python")
        if number and number < OLDEST and id(item) not in reported:
            reported.add(id(item))
            yield scope.hit("python-too-old", item or deploy.location, "python", name=job.python)
    if deploy.entry.options.get("cleanup") is True:
        entry = entries["cleanup"]
        yield scope.hit(
            "cleanup-deletes-dist", entry, "deploy.cleanup", scope.source.without(entry)
        )
    if scope.has("pyproject.toml") and not scope.has("setup.py"):
        location = entries.get("provider") or deploy.location
        yield scope.hit("no-setup-py", location, "deploy.provider")
    for name in ("username", "password"):
        variable_name = f"PYPI_{name.upper()}"
        known = {name for name, _ in scope.assigned} | {
            variable.name for variable in scope.variables
        }
        if name not in entries and variable_name not in known:
            yield scope.hit("no-password", deploy.location, "deploy", name=name)
    user, server = deploy.entry.text("username"), deploy.entry.text("server")
    # An index of one's own has users of its own, and twine has no --skip-existing for it.
    is_pypi = server is None or is_protected(_host(server))
    if is_pypi and user is not None and user != "__token__" and not user.startswith("$"):
        item = entries["username"].item
        yield scope.hit(
            "user-not-token",
            entries["username"],
            "deploy.username",
            replaced(item, "__token__"),
            name=user,
        )
    if "distributions" not in entries:
        edit = _added(scope, deploy, 'distributions: "sdist bdist_wheel"')
        yield scope.hit("no-wheel", deploy.location, "deploy", edit)
    branches = deploy.branches
    again = deploy.entry.options.get("skip_existing") is not True
    if is_pypi and branches and again and deploy.entry.on.get("tags") is not True:
        edit = _added(scope, deploy, "skip_existing: true")
        yield scope.hit(
            "again-fails",
            deploy.on_nodes["branch"],
            "deploy.on.branch",
            edit,
            name=", ".join(branches),
        )
    for name in PINS:
        if name in entries:
            edit = scope.source.without(entries[name])
            yield scope.hit("pinned-tool", entries[name], f"deploy.{name}", edit, name=name)
    for name in ("upload_docs", "docs_dir"):
        if name in entries and deploy.entry.options.get(name) is not False:
            edit = scope.source.without(entries[name])
            yield scope.hit("upload-docs", entries[name], f"deploy.{name}", edit, name=name)


def _added(scope: Scope, deploy: LocatedDeploy, line: str) -> Edit | None:
    """Return the edit that adds an option below the provider, in the layout of the file."""
    entry = deploy.option_nodes.get("provider")
    if entry is None or entry.inherited or deploy.item.kind != "map":
        return None
    text = scope.source.lines[entry.line - 1]
    before = text[: entry.column - 1]
    if before.strip(" -"):
        return None
    return Edit(entry.line + 1, 1, entry.line + 1, 1, f"{' ' * len(before)}{line}\n")


def _server_findings(scope: Scope, deploy: LocatedDeploy) -> Iterator[Finding]:
    server, entry = deploy.entry.text("server"), deploy.option_nodes.get("server")
    uploads = {index.upload: index for index in INDEXES.values()}
    index = INDEXES["pypi"] if server is None else uploads.get(server)
    if server is not None and index is None and entry is not None:
        index = uploads.get(f"{server}/")
        if index:
            edit = replaced(entry.item, f"{server}/")
            yield scope.hit("server-slash", entry.item, "deploy.server", edit, name=server)
        elif is_protected(_host(server)):
            yield scope.hit("server-unknown", entry.item, "deploy.server", name=server)
        elif target := destinations.foreign_target(server):
            yield scope.hit(
                "foreign-index", entry.item, "deploy.server", host=option_value(*target)
            )
    name = re.fullmatch(r"\$\{?(\w+)\}?", deploy.entry.text("password") or "")
    if name and index:
        upper = name[1].upper()
        of_test = "TEST" in upper
        if index.key == "pypi" and of_test:
            other = INDEXES["testpypi"]
        elif index.key == "testpypi" and not of_test and "PYPI" in upper:
            other = INDEXES["pypi"]
        else:
            return
        yield scope.hit(
            "wrong-index",
            deploy.option_nodes["password"],
            "deploy.password",
            name=name[1],
            other=other.name,
            index=index.name,
        )


def _script_findings(scope: Scope, deploy: LocatedDeploy) -> Iterator[Finding]:
    text, entry = deploy.entry.text("script"), deploy.option_nodes.get("script")
    if text and entry and (match := SECRET.search(text)):
        yield scope.hit("secret-in-argument", entry, "deploy.script", name=f"${match[1]}")
