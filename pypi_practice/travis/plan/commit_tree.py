"""Evaluates tests of files in the conditions of a deploy, with the tree of the commit."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass, field

from pypi_practice.travis.plan.bash_conditional.words import Undecided

LOOKUP_LIMIT = 50  # paths that one plan looks up
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

    Links, absolute paths and ``..``, which may lead out of the commit, are not followed.
    """

    git: Callable[..., str | None]
    commit: str
    lookups: int = LOOKUP_LIMIT
    entries: dict[str, tuple[str, int] | None] = field(default_factory=dict)

    def lookup(self, path: str) -> tuple[str, int] | None:
        """Return the kind (a value of MODES) and the size in bytes, None without such a file.

        *path* has no ``.`` and no ``..`` in it. Raises Undecided.
        """
        if path in self.entries:
            return self.entries[path]
        self.lookups -= 1
        if self.lookups < 0:
            raise Undecided("unknown_file", path)
        parts = path.split("/")
        above = ["/".join(parts[:number]) for number in range(1, len(parts) + 1)]
        listing = self.git(
            "--literal-pathspecs", "ls-tree", "-z", "--long", "--full-tree", self.commit, *above
        )
        if listing is None:
            raise Undecided("unknown_file", path)
        kind_and_size: tuple[str, int] | None = None
        for entry in filter(None, listing.split("\0")):
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
    """The files of a job when it deploys: those of the *tree*, and those that it created.

    ``changes`` tells whether the job runs commands, which may create or remove any file.
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
        kind_and_size = self.tree.lookup(posixpath.join(*parts)) if parts else ("folder", 1)
        if kind_and_size is None:
            # The job may create it.
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
        results = {
            **dict.fromkeys("aerw", True),
            **dict.fromkeys("bcpShL", False),
            "d": folder,
            "f": not folder,
            "x": folder or kind == "program",
            "s": folder or size > 0,
        }
        return results[operator]
