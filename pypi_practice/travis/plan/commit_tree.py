"""Answers what the conditions of a deploy ask of files, from the tree of the commit."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from pypi_practice.travis.plan.bash_conditional.words import Undecided

LOOKS = 50  # paths that are looked up for one plan
PATH_LIMIT = 1_000  # characters
MODES = {
    "100644": "file",
    "100755": "program",
    "120000": "link",
    "160000": "submodule",
    "040000": "folder",
}


@dataclass
class Tree:
    """The files of a commit. ``git`` runs a git command in the repository, None if it fails.

    Nothing outside of the commit is looked at: a link, an absolute path and ``..`` are not
    followed. With *changes*, the job's commands may make files, so that only what is there is
    known.
    """

    git: Callable[..., str | None]
    commit: str
    looks: int = LOOKS
    entries: dict[str, tuple[str, int] | None] = field(default_factory=dict)

    def look(self, path: str) -> tuple[str, int] | None:
        """Return the kind (a value of MODES) and the size in bytes, or None if nothing is there.

        *path* has no ``.`` and no ``..`` in it. Raises Undecided.
        """
        if path in self.entries:
            return self.entries[path]
        self.looks -= 1
        if self.looks < 0:
            raise Undecided("unknown_file", path)
        parts = path.split("/")
        above = ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]
        shown = self.git(
            "--literal-pathspecs", "ls-tree", "-z", "--long", "--full-tree", self.commit, *above
        )
        if shown is None:
            raise Undecided("unknown_file", path)
        kind_and_size: tuple[str, int] | None = None
        for entry in filter(None, shown.split("\0")):
            attributes, _, name = entry.partition("\t")
            mode, _, _, size = attributes.split()
            kind = MODES.get(mode, "link")
            if name == path:
                kind_and_size = kind, int(size) if size.isdigit() else 0
            elif kind in ("link", "submodule"):
                raise Undecided("unknown_file", path)
        self.entries[path] = kind_and_size
        return kind_and_size


@dataclass
class JobFiles:
    """The files that a job sees when it deploys: those of the *tree*, and what it makes.

    ``changes`` tells whether the job runs commands, which may make or remove any file.
    """

    tree: Tree | None
    changes: bool

    def test(self, operator: str, path: str) -> bool:
        """Whether ``[[ -operator path ]]`` holds. Raises Undecided."""
        if not path:
            return False
        unknown = Undecided("unknown_file", path)
        parts = [part for part in path.split("/") if part not in ("", ".")]
        if self.tree is None or path.startswith("/") or ".." in parts:
            raise unknown
        if len(path) > PATH_LIMIT or not path.isprintable():
            raise unknown
        is_folder = path.endswith(("/", "/.")) or not parts
        kind_and_size = self.tree.look(posixpath.join(*parts)) if parts else ("folder", 1)
        if kind_and_size is None:
            # A path through a file of the commit is none, whatever the job makes.
            if self.changes:
                raise unknown
            return False
        kind, size = kind_and_size
        if kind == "link" and operator in "hL" and not is_folder:
            return True
        if kind == "link":
            raise unknown
        if is_folder and kind in ("file", "program"):
            return False
        folder = kind in ("folder", "submodule")
        answers = {
            **dict.fromkeys("aerw", True),
            **dict.fromkeys("bcpShL", False),
            "d": folder,
            "f": not folder,
            "x": folder or kind == "program",
            "s": folder or size > 0,
        }
        return answers[operator]
