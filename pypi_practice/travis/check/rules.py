"""Rules for the file outside of the deploys, for faults that Travis CI does not report."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.tokens.patterns import TOKEN
from pypi_practice.travis.check.context import Scope
from pypi_practice.travis.check.findings import Edit, Finding, replaced
from pypi_practice.travis.config import build_conditions
from pypi_practice.travis.config.jobs import DEPLOY_PHASES, EXPANDED, MOST_JOBS, PHASES, minor
from pypi_practice.travis.config.yaml_positions import KeyValue, Node

UPLOADS = re.compile(
    r"twine\s+upload|(?:flit|poetry|hatch|uv|pdm)\s+publish|setup\.py\s+(?:\S+\s+)?upload\b"
)
PASSWORD = re.compile(r"(?:-p|--password)[ =](\S*)")
VARIABLE = re.compile(r"\$\{?\w+\}?")
NEWEST = (3, 16)
MOST_WORDS = 10  # of one condition that are reported
READ_LIMIT = 1_000_000  # characters of pyproject.toml
DYNAMIC = re.compile(r"setuptools[-_]scm|hatch-vcs|versioneer|dunamai|pbr\b")
OVERRIDES = re.compile(
    r"TWINE_(?:USERNAME|PASSWORD|REPOSITORY_URL|REPOSITORY)"
    r"|PYPI_(?:USERNAME|USER|PASSWORD|SERVER|DISTRIBUTIONS)"
)
WORDS = "type repo head_repo os dist sender fork draft branch head_branch tag commit_message env()"


def check(scope: Scope) -> Iterator[Finding]:
    """Yield the findings outside of the deploys."""
    yield from _version(scope)
    yield from _images(scope)
    yield from _pythons(scope)
    yield from _jobs(scope)
    yield from _ifs(scope)
    yield from _commands(scope)
    yield from _variables(scope)
    yield from _tokens(scope)


def _version(scope: Scope) -> Iterator[Finding]:
    if "version" not in scope.root:
        line = next(iter(scope.root.values())).line if scope.root else 1
        edit = Edit(line, 1, line, 1, "version: ~> 1.0\n")
        yield scope.hit("no-version", scope.item, "version", edit)


def _images(scope: Scope) -> Iterator[Finding]:
    images = load("travis/images")
    reported: set[int] = set()
    for job in scope.jobs:
        dist, system = job.nodes.get("dist"), job.nodes.get("os")
        if dist is not None and id(dist) not in reported:
            reported.add(id(dist))
            if not images.get(job.dist, {"kept": True})["kept"]:
                yield scope.hit("old-image", dist, "dist", name=job.dist)
        if job.os == "osx" and system is not None and id(system) not in reported:
            reported.add(id(system))
            yield scope.hit("macos", system, "os")


def _pythons(scope: Scope) -> Iterator[Finding]:
    images = load("travis/images")
    reported: set[int] = set()
    for job in scope.jobs:
        item = job.nodes.get("python")
        if job.language != "python" or job.os != "linux":
            continue
        if item is None:
            if 0 not in reported:
                reported.add(0)
                location = job.entries.get("language") or scope.root.get("language")
                yield scope.hit("default-python", location or scope.item, "python")
            continue
        if id(item) in reported:
            continue
        reported.add(id(item))
        yield from _unquoted(scope, item, "python")
        number = minor(job.python)
        if number is None:
            continue
        short = f"{number[0]}.{number[1]}"
        if number not in [(2, 6), (2, 7)] and not (3, 2) <= number <= NEWEST:
            yield scope.hit("unknown-python", item, "python", name=job.python)
        elif job.dist in images and short not in (installed := images[job.dist]["python"]):
            yield scope.hit(
                "python-fetched",
                item,
                "python",
                name=job.python,
                image=job.dist,
                there=", ".join(installed) or "-",
            )
    for deploy in scope.deploys:
        if "python" in deploy.on_nodes:
            for item in deploy.on_nodes["python"].item.items:
                yield from _unquoted(scope, item, "deploy.on.python")


def _unquoted(scope: Scope, item: Node, key: str) -> Iterator[Finding]:
    text = str(item.data())
    if item.plain and re.fullmatch(r"\d+(\.\d+)?", text):
        yield scope.hit("unquoted-version", item, key, replaced(item, f'"{text}"'), name=text)


def _jobs(scope: Scope) -> Iterator[Finding]:
    if scope.matrix > MOST_JOBS:
        key = max(EXPANDED, key=lambda name: len(scope.axis(name)))
        yield scope.hit("too-many-jobs", scope.root[key], key, number=scope.matrix, most=MOST_JOBS)
    included = [scope.checked.entries(job) for job in scope.included()]
    keys = [key for key in EXPANDED if scope.axis(key)]
    single = bool(scope.axis("python")) and all(len(scope.axis(key)) == 1 for key in keys)
    own = bool(included) and all("script" in entries for entries in included)
    if single and own and "script" in scope.root:
        yield scope.hit("single-python", scope.root["python"], "python")
    for job in scope.jobs:
        script = job.entries.get("script") or scope.root.get("script")
        if job.language == "python" and (script is None or script.item.kind == "none"):
            location = next(iter(job.entries.values()), None) or scope.root.get("language")
            yield scope.hit("no-script", location or scope.item, "script")
            break


def _conditions(scope: Scope) -> Iterator[tuple[KeyValue, str]]:
    if "if" in scope.root:
        yield scope.root["if"], "if"
    stages = scope.root.get("stages")
    for item in stages.item.items if stages else []:
        entries = scope.checked.entries(item)
        if "if" in entries:
            yield entries["if"], "stages.if"
    for item in scope.included():
        entries = scope.checked.entries(item)
        if "if" in entries:
            yield entries["if"], "jobs.include.if"


def _ifs(scope: Scope) -> Iterator[Finding]:
    for entry, key in _conditions(scope):
        try:
            parsed = build_conditions.parse(build_conditions.written(entry.item.data()))
        except (build_conditions.ConditionError, RecursionError):
            continue
        for word in itertools.islice(dict.fromkeys(_bare(parsed)), MOST_WORDS):
            yield scope.hit("if-unknown-word", entry.item, key, name=word, known=WORDS)


def _bare(expression: Any) -> Iterator[str]:
    """Yield the words that are in the place of an attribute but are not one."""
    pending = [expression]  # a chain of "and" can be longer than Python's stack
    while pending:
        term = pending.pop()
        if not isinstance(term, list):
            continue
        kind, *operands = term
        if kind in ("and", "or", "not"):
            pending += reversed(operands)
        elif kind in ("eq", "not_eq", "match", "not_match", "in", "not_in", "is", "is_not", "val"):
            operand = term if kind == "val" else operands[0]
            if (
                isinstance(operand, list)
                and operand[0] == "val"
                and operand[1] not in ("true", "false")
            ):
                yield operand[1]


def _commands(scope: Scope) -> Iterator[Finding]:
    owners = [scope.root, *(scope.checked.entries(job) for job in scope.included())]
    for owner in owners:
        for phase in PHASES:
            if phase not in owner or (owner is not scope.root and owner[phase].inherited):
                continue
            for item in owner[phase].item.items:
                text = build_conditions.written(item.data())
                asks = "TRAVIS_TAG" in text or "TRAVIS_BRANCH" in text
                asks |= phase in DEPLOY_PHASES  # they run only if a deploy does
                if UPLOADS.search(text) and not asks and not scope.is_guarded(owner):
                    yield scope.hit("upload-in-script", item, phase, name=phase)
                for argument in PASSWORD.findall(text):
                    if variables := VARIABLE.findall(argument):
                        yield scope.hit("secret-in-argument", item, phase, name=variables[-1])
                        break
    if text := scope.read("pyproject.toml"):
        git = scope.root.get("git")
        depth = git.item.get("depth") if git else None
        if DYNAMIC.search(text) and (depth is None or depth.data() is not False):
            yield scope.hit("shallow-clone", git or scope.item, "git.depth")


def _variables(scope: Scope) -> Iterator[Finding]:
    if not any(deploy.entry.provider == "pypi" for deploy in scope.deploys):
        return
    for name, item in scope.assigned:
        if OVERRIDES.fullmatch(name):
            yield scope.hit("twine-variables", item, "env", name=name)
    for variable in scope.variables:
        if OVERRIDES.fullmatch(variable.name):
            yield scope.hit("twine-variables", scope.item, "env", name=variable.name)


def _tokens(scope: Scope) -> Iterator[Finding]:
    for number, line in enumerate(scope.source.lines, 1):
        for match in TOKEN.finditer(line):
            yield Finding(
                "token-in-file", "", number, match.start() + 1, match.end() + 1, secret=match[0]
            )
