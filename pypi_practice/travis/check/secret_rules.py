"""Finds jobs whose builds and tests can read a password that only an upload needs.

Travis CI exports ``env`` before the first command of a job (lib/travis/build/stages.rb of
travis-build). A variable that only an upload needs can be set in before_deploy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pypi_practice.travis.check.context import Scope
from pypi_practice.travis.check.findings import Finding
from pypi_practice.travis.check.rules import UPLOADS
from pypi_practice.travis.config.jobs import MOST_JOBS, PHASES, JobConfig
from pypi_practice.travis.config.yaml_positions import KeyValue, Node

# The variables from which twine, uv, Flit, Hatch, PDM, Poetry and the deploy tool take the password
# of an upload.
PASSWORDS = re.compile(
    r"TWINE_PASSWORD|UV_PUBLISH_(?:TOKEN|PASSWORD)|FLIT_PASSWORD|HATCH_INDEX_AUTH"
    r"|PDM_PUBLISH_PASSWORD|POETRY_PYPI_TOKEN_\w+|POETRY_HTTP_BASIC_\w+_PASSWORD|PYPI_PASSWORD"
)
SECRETS = ("TOKEN", "PASSWORD", "PASSWD", "SECRET", "APIKEY", "API_KEY")
SECTIONS = ("global", "jobs", "matrix")
REFERENCE = re.compile(r"\$\{?(\w+)")
ASSIGNMENT = re.compile(r"(?:^|\s)(\w+)=(\"[^\"]*\"|'[^']*'|\S*)")
SEPARATOR = re.compile(r"&&|\|\||[;|\n]")
ENCRYPTED = "[secure]"

Variables = dict[str, tuple[str, Node]]  # by name: the value and its node


def check(scope: Scope) -> Iterator[Finding]:
    """Yield a finding for each password in ``env`` of a job that runs more than uploads."""
    published = {
        name for deploy in scope.deploys for name in deploy.entry.variables if _is_secret(name)
    }
    commands = _Commands(scope)
    reported: set[tuple[int, str]] = set()
    for job in scope.jobs[:MOST_JOBS]:
        if not commands.does_more_than_upload(job):
            continue
        hidden = commands.hidden(job)
        for name, (value, item) in _environment(scope, job).items():
            is_password = PASSWORDS.fullmatch(name) or name in published or _is_token(value)
            if value and is_password and name not in hidden and (id(item), name) not in reported:
                reported.add((id(item), name))
                yield scope.hit("password-in-build", item, "env", name=name)


def _is_secret(name: str) -> bool:
    return any(word in name.upper() for word in SECRETS)


def _is_token(value: str) -> bool:
    """Whether a value refers to a variable whose name is that of a token of PyPI."""
    return any("PYPI" in name.upper() and _is_secret(name) for name in REFERENCE.findall(value))


class _Commands:
    """The commands of jobs before they deploy; a phase that jobs share is evaluated once."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.uploads: dict[int, bool] = {}  # by the id of a phase's entry: whether it only uploads

    def _phases(self, job: JobConfig) -> Iterator[tuple[str, KeyValue | None]]:
        for phase in PHASES:
            yield phase, job.entries.get(phase) or self.scope.root.get(phase)

    def does_more_than_upload(self, job: JobConfig) -> bool:
        """Whether the job runs a command other than an upload before its deploy."""
        for phase, entry in self._phases(job):
            if entry is None:
                if phase == "install":  # by default Travis CI installs the requirements
                    return True
                continue
            if id(entry) not in self.uploads:
                texts = self.scope.texts(entry)
                self.uploads[id(entry)] = texts in (["skip"], ["ignore"]) or all(
                    UPLOADS.search(part) for text in texts for part in SEPARATOR.split(text)
                )
            if not self.uploads[id(entry)]:
                return True
        return False

    def hidden(self, job: JobConfig) -> set[str]:
        """Return the variables that the first command of the job unsets or stops exporting."""
        first = next((entry for _, entry in self._phases(job) if entry is not None), None)
        words = SEPARATOR.split(next(iter(self.scope.texts(first)), ""))[0].split()
        if words[:2] == ["export", "-n"]:
            return set(words[2:])
        return set(words[1:]) if words[:1] == ["unset"] else set()


def _environment(scope: Scope, job: JobConfig) -> Variables:
    """Return the variables of the job in the file, merged as Travis CI does."""
    variables: Variables = {}
    root, own = scope.root.get("env"), job.entries.get("env")
    if root is not None:
        parts = _sections(root.item)
        if "global" in parts:
            variables |= _assigned(parts["global"].item.items)
        if own is None and parts:
            for name in ("jobs", "matrix"):
                variables |= _assigned(parts[name].item.items if name in parts else ())
        elif own is None:
            variables |= _assigned(root.item.items)
    if own is not None:
        variables |= _assigned(own.item.items)
    return variables


def _sections(item: Node) -> dict[str, KeyValue]:
    return {key: entry for key, entry in item.entries.items() if key in SECTIONS}


def _assigned(items: Sequence[Node]) -> Variables:
    variables: Variables = {}
    for item in items:
        for key, entry in item.entries.items():
            data = entry.item.data()
            if key != "secure":  # name and value are encrypted
                value = ENCRYPTED if entry.item.kind == "map" else "" if data is None else str(data)
                variables[key] = value, entry.item
        if item.scalar:
            for name, value in ASSIGNMENT.findall(str(item.data())):
                variables[name] = value.strip("\"'"), item
    return variables
