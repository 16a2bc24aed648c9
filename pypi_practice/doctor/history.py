"""Secrets in the whole history of a repository: every object that a commit leads to, read once."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pypi_practice.facts import load
from pypi_practice.tokens import contains_real
from pypi_practice.travis.repository import git

LIMIT = 4 * 1024 * 1024  # bytes; nobody pastes a token into a file of this length


@dataclass(frozen=True)
class Secret:
    """A file of the history: its name, and the commit that brought it, in short."""

    path: str
    commit: str


def _objects(root: Path) -> dict[str, str]:
    """Return the objects of all branches and tags: id → name, empty for commits and tags."""
    listed = git(root, "rev-list", "--objects", "--all") or ""
    return dict((line.partition(" ")[0], line.partition(" ")[2]) for line in listed.splitlines())


def _contents(root: Path, objects: list[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the contents of *objects* that are not too large, through one git process."""
    shown = "--batch-check=%(objectname) %(objecttype) %(objectsize)"
    sizes = subprocess.run(
        ["git", "-C", str(root), "cat-file", shown],
        input="\n".join(objects).encode(), capture_output=True, check=False,
    ).stdout.decode()  # fmt: skip
    wanted = [
        parts[0]
        for parts in (line.split() for line in sizes.splitlines())
        if len(parts) == 3 and parts[1] != "tree" and int(parts[2]) <= LIMIT
    ]
    with tempfile.TemporaryFile() as names:
        names.write("".join(f"{one}\n" for one in wanted).encode())
        names.seek(0)
        command = ["git", "-C", str(root), "cat-file", "--batch", "--buffer"]
        with subprocess.Popen(command, stdin=names, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for name in wanted:
                size = int(process.stdout.readline().split()[2])
                yield name, process.stdout.read(size)
                process.stdout.read(1)  # the end of the line


def _commit(root: Path, path: str, found: str) -> str:
    if not path:
        return found[:7]
    commit = git(root, "log", "--all", "--format=%h", f"--find-object={found}")
    return (commit or "?").splitlines()[-1]


def secrets(root: Path) -> tuple[list[Secret], list[Secret]]:
    """Return the files and messages that hold a real token, and the files that never belong here.

    The second are named in data/doctor.yml.
    """
    objects = _objects(root)
    tokens = [
        Secret(objects[name], _commit(root, objects[name], name))
        for name, data in _contents(root, list(objects))
        if contains_real(data)
    ]
    never = re.compile(load("doctor")["never_committed"])
    files = {path: name for name, path in objects.items() if never.search(path)}
    return tokens, [Secret(path, _commit(root, path, name)) for path, name in sorted(files.items())]
