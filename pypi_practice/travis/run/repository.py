"""The user's git repository: the commit to build, and its ``.travis.yml``."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.git import git_command, safe_reader
from pypi_practice.travis.config import loader
from pypi_practice.travis.config.schema.messages import Message
from pypi_practice.travis.plan.commit_tree import Tree
from pypi_practice.travis.plan.plan_types import Event, Plan, Variable
from pypi_practice.travis.plan.planner import make

NAME = ".travis.yml"
REMOTE_LIMIT = 2000  # characters of an address
REMOTE = re.compile(r"^(?:\w+://[^/]+/|[\w.-]+@[\w.-]+:)([\w.-]+)/([\w.-]+?)(?:\.git)?/?$")


@dataclass
class Repository:
    """The user's repository, the commit to build, and uncommitted files.

    *reader* reads the repository at *path* without starting programs that it names.
    """

    path: Path
    reader: safe_reader.Repository
    commit: str
    uncommitted: list[str]
    missing_branch: str | None = None


@dataclass(frozen=True)
class Remark:
    """A finding of ``travis check`` in one line; its message has no secret."""

    level: str
    code: str | None
    rule: str
    key: str
    line: int
    message: str

    def text(self, words: Translator) -> str:
        """Return the line that a plan or a log shows."""
        level = words(f"level_{self.level}")
        return f"{NAME}:{self.line}: {level} [{self.rule}] {self.message}"


def _explanation(path: Path, error: git_command.GitError, words: Translator) -> str:
    """Return the message about a folder that git cannot read."""
    if error.kind == git_command.NOT_INSTALLED:
        return words("no_git")
    if not os.path.isdir(path):
        return words("no_folder", path=path)
    if error.kind == git_command.OWNED_BY_ANOTHER:
        return words("not_yours", path=path, full=os.path.realpath(path))
    if error.kind == git_command.NOT_A_REPOSITORY:
        return words("not_git", path=path)
    return words("git_unreadable", path=path, reason=error.detail or error.kind)


def find(
    path: Path, branch: str | None, tag: str | None, words: Translator
) -> tuple[Repository, str]:
    """Return the repository at *path* and the branch to build; raises PracticeError."""
    # A subfolder of a repository is refused, because Travis CI reads only the top .travis.yml.
    try:
        reader = safe_reader.Repository(path)
        head = reader.resolve("HEAD^{commit}")
        if head is None:
            raise PracticeError(words("not_git", path=path))
        branch = branch or reader.text("rev-parse", "--abbrev-ref", "HEAD") or "main"
        uncommitted = reader.uncommitted(untracked=False)
    except git_command.GitError as error:
        raise PracticeError(_explanation(path, error, words)) from error
    repository = Repository(path, reader, head, uncommitted)
    return at(repository, branch, tag, words), branch


def at(repository: Repository, branch: str, tag: str | None, words: Translator) -> Repository:
    """Return the repository with the commit of another branch, or of a tag.

    If there is no such branch, HEAD is used. Raises PracticeError.
    """
    kind, name = ("tags", tag) if tag else ("heads", branch)
    try:
        head = repository.reader.resolve("HEAD^{commit}")
        commit = repository.reader.resolve(f"refs/{kind}/{name}^{{commit}}")
    except git_command.GitError as error:
        raise PracticeError(_explanation(repository.path, error, words)) from error
    if commit is None and tag:
        raise PracticeError(words("no_tag", name=name, path=repository.path))
    missing = None if commit else branch
    return replace(repository, commit=commit or head or repository.commit, missing_branch=missing)


def slug(repository: Repository) -> str:
    """Return owner and name of the repository from its remote ``origin``."""
    match = REMOTE.search(repository.reader.origin[:REMOTE_LIMIT])
    return f"{match[1]}/{match[2]}" if match else f"your-name/{repository.path.resolve().name}"


def read(repository: Repository, words: Translator) -> tuple[dict[str, Any], list[Message]]:
    """Return ``.travis.yml`` of the commit, and the messages of Travis CI about it.

    Raises PracticeError.
    """
    return loader.parse(_text(repository, words), str(repository.path / NAME), words)


def _text(repository: Repository, words: Translator) -> str:
    name = str(repository.path / NAME)
    try:
        data = repository.reader.blob(repository.commit, NAME, loader.SIZE_LIMIT)
    except git_command.GitError as error:
        if error.kind == git_command.TOO_LARGE:
            raise PracticeError(words("too_large", name=name)) from error
        raise PracticeError(_explanation(repository.path, error, words)) from error
    if data is None:
        raise PracticeError(words("not_committed", name=NAME, commit=repository.commit[:7]))
    try:
        return data.decode("utf-8-sig").rstrip("\n")
    except UnicodeDecodeError as error:
        raise PracticeError(words("no_text", name=name)) from error


def plan(
    repository: Repository, event: Event, variables: Sequence[Variable], words: Translator
) -> tuple[Plan, list[Message]]:
    """Return the plan of the build, and the messages of Travis CI about its deploys."""
    settings, messages = read(repository, words)
    return make(settings, event, variables, 1, words, tree(repository)), loader.of_deploys(messages)


def tree(repository: Repository) -> Tree:
    """Return the files of the commit, for conditions that test them."""

    def run_git(*arguments: str) -> str | None:
        try:
            return repository.reader.text(*arguments)
        except git_command.GitError:
            return None

    return Tree(run_git, repository.commit)


def findings(
    repository: Repository, variables: Sequence[Variable], words: Translator
) -> list[Remark]:
    """Return the findings of ``travis check`` in the file of the commit, without advice.

    Raises PracticeError.
    """
    from pypi_practice.travis.check import checker, report

    text = _text(repository, words)
    result = checker.check(text, NAME, words, repository.path, variables)
    return [
        Remark(
            finding.level,
            finding.code,
            finding.rule,
            finding.key,
            finding.line,
            report.hidden(finding, words),
        )
        for finding in result.findings
        if finding.level != "info"
    ]


def describe(event: Event, words: Translator) -> str:
    """Return the event as text."""
    if event.tag:
        return words("push_tag", name=event.tag)
    if event.kind != "push" and not event.pull_request:
        return words(f"by_{event.kind}", name=event.branch)
    return words("pull_request" if event.pull_request else "push_branch", name=event.branch)
