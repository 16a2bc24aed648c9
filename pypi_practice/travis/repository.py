"""The learner's git repository: which commit is built, and what its ``.travis.yml`` says."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pypi_practice.errors import PracticeError
from pypi_practice.travis import config
from pypi_practice.travis.plan import Event, Plan, Variable, make
from pypi_practice.travis.tree import Tree
from pypi_practice.travis.validate import Message
from pypi_practice.words import Words

NAME = ".travis.yml"
REMOTE = re.compile(r"^(?:\w+://[^/]+/|[\w.-]+@[\w.-]+:)([\w.-]+)/([\w.-]+?)(?:\.git)?/?$")


@dataclass
class Repository:
    """The learner's repository, the commit to build, and what is not committed."""

    path: Path
    commit: str
    uncommitted: list[str]
    missing_branch: str | None = None


@dataclass(frozen=True)
class Remark:
    """A finding of ``travis check`` in one line: no secret is in its message."""

    level: str
    code: str | None
    rule: str
    key: str
    line: int
    message: str

    def text(self, words: Words) -> str:
        """Return the line that a plan or a log shows."""
        level = words(f"level_{self.level}")
        return f"{NAME}:{self.line}: {level} [{self.rule}] {self.message}"


def git(path: Path, *arguments: str) -> str | None:
    """Return what a git command prints, or None if it fails."""
    done = subprocess.run(
        ["git", "-C", str(path), *arguments],
        capture_output=True,
        encoding="utf-8",
        errors="surrogateescape",
        check=False,
    )
    return done.stdout.rstrip("\n") if done.returncode == 0 else None


def _why_not(path: Path, words: Words) -> str:
    """Return the sentence about a folder that git cannot read."""
    if not path.is_dir():
        return words("no_folder", path=path)
    asked = ["git", "-C", str(path), "rev-parse", "--git-dir"]
    done = subprocess.run(
        asked, capture_output=True, env={**os.environ, "LC_ALL": "C"}, check=False
    )
    if b"dubious ownership" in done.stderr:
        return words("not_yours", path=path, full=path.resolve())
    return words("not_git", path=path)


def find(path: Path, branch: str | None, tag: str | None, words: Words) -> tuple[Repository, str]:
    """Return the repository at *path* and the branch to build; raises PracticeError."""
    if shutil.which("git") is None:
        raise PracticeError(words("no_git"))
    # A folder inside a repository is none: it has no .travis.yml of its own to Travis CI.
    top = path.is_dir() and git(path, "rev-parse", "--show-cdup") == ""
    head = git(path, "rev-parse", "--verify", "--quiet", "HEAD") if top else None
    if head is None:
        raise PracticeError(_why_not(path, words))
    branch = branch or git(path, "rev-parse", "--abbrev-ref", "HEAD") or "main"
    kind, name = ("tags", tag) if tag else ("heads", branch)
    commit = git(path, "rev-parse", "--verify", "--quiet", f"refs/{kind}/{name}^{{commit}}")
    if commit is None and tag:
        raise PracticeError(words("no_tag", name=name, path=path))
    missing = None if commit else branch
    status = (git(path, "status", "--porcelain", "--untracked-files=no") or "").splitlines()
    return Repository(path, commit or head, [line[3:] for line in status], missing), branch


def slug(path: Path) -> str:
    """Return owner and name of the repository, as its remote ``origin`` has them."""
    remote = git(path, "config", "--get", "remote.origin.url") or ""
    found = REMOTE.search(remote)
    return f"{found[1]}/{found[2]}" if found else f"your-name/{path.resolve().name}"


def read(found: Repository, words: Words) -> tuple[dict[str, Any], list[Message]]:
    """Return ``.travis.yml`` as the commit has it, and what Travis CI says of it.

    What is not committed is not in the build. Raises PracticeError.
    """
    return config.parse(_text(found, words), str(found.path / NAME), words)


def _text(found: Repository, words: Words) -> str:
    name = str(found.path / NAME)
    size = git(found.path, "cat-file", "-s", f"{found.commit}:{NAME}") or "0"
    if int(size) > config.SIZE_LIMIT:
        raise PracticeError(words("too_large", name=name))
    text = git(found.path, "show", f"{found.commit}:{NAME}")
    if text is None:
        raise PracticeError(words("not_committed", name=NAME, commit=found.commit[:7]))
    if any("\udc80" <= letter <= "\udcff" for letter in text):
        raise PracticeError(words("no_text", name=name))
    return text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}")


def plan(
    found: Repository, event: Event, variables: Sequence[Variable], words: Words
) -> tuple[Plan, list[Message]]:
    """Return what the build would do, and what Travis CI says of its deploys."""
    settings, said = read(found, words)
    return make(settings, event, variables, 1, words, tree(found)), config.of_deploys(said)


def tree(found: Repository) -> Tree:
    """Return the files of the commit, for the conditions that ask for them."""
    return Tree(functools.partial(git, found.path), found.commit)


def findings(found: Repository, variables: Sequence[Variable], words: Words) -> list[Remark]:
    """Return what ``travis check`` finds in the file of the commit, advice left out.

    Raises PracticeError.
    """
    from pypi_practice.travis import check, report  # noqa: PLC0415 - slow to load, and seldom said

    text = _text(found, words)
    result = check.check(text, NAME, words, found.path, variables)
    return [
        Remark(one.level, one.code, one.rule, one.key, one.line, report.hidden(one, words))
        for one in result.findings
        if one.level != "info"
    ]


def describe(event: Event, words: Words) -> str:
    """Return the event in words."""
    if event.tag:
        return words("push_tag", name=event.tag)
    if event.kind != "push" and not event.pull_request:
        return words(f"by_{event.kind}", name=event.branch)
    return words("pull_request" if event.pull_request else "push_branch", name=event.branch)
