"""Finds, checks and copies the files of a repository that may be hostile.

git is not started on the repository before its owner and the kinds of its files are checked.
"""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

from pypi_practice.core import regular_files
from pypi_practice.git import git_command
from pypi_practice.git.git_command import GitError

FILE_LIMIT = 1024 * 1024  # bytes of a configuration, or of a file that names another
REFERENCE_LIMIT = 4096  # bytes of a loose reference
TABLE_LIMIT = 512 * 1024 * 1024  # bytes of an index, of packed references, of a log of references
ALTERNATES_DEPTH = 5  # as git follows them


def _named_in(path: Path, prefix: str = "") -> Path:
    """Return the folder that a file names, such as ``.git`` of a work tree; raises OSError."""
    text = os.fsdecode(regular_files.read(path, FILE_LIMIT)).rstrip("\r\n")
    if not text.startswith(prefix):
        raise OSError(f"{path.name}: {prefix!r} is missing")
    return path.parent / text.removeprefix(prefix)


def locate(path: Path) -> tuple[Path, Path, bool]:
    """Return the git directory, the common directory of linked work trees, and whether it is bare.

    Raises GitError.
    """
    dot = path / ".git"
    try:
        if os.path.isdir(dot):
            git_dir = dot
        elif os.path.lexists(dot):
            git_dir = _named_in(dot, "gitdir: ")
        elif os.path.isfile(path / "HEAD") and os.path.isdir(path / "objects"):
            git_dir = path
        else:
            raise GitError(git_command.NOT_A_REPOSITORY)
        common_dir = git_dir
        if os.path.lexists(git_dir / "commondir"):
            common_dir = _named_in(git_dir / "commondir")
        if not os.path.lexists(git_dir / "HEAD") or not os.path.isdir(common_dir / "objects"):
            raise GitError(git_command.NOT_A_REPOSITORY)
    except (OSError, ValueError) as error:
        raise GitError(git_command.UNREADABLE, str(error)) from error
    return git_dir, common_dir, git_dir == path


def check_owner(path: Path, *folders: Path) -> None:
    """Raise GitError if git would refuse the folder because another user owns it.

    git reads folders that belong to the user or are named in ``safe.directory``. For a folder of
    another user git itself decides; it does so before it reads the repository.
    Source: ensure_valid_ownership in git's setup.c.
    """
    if hasattr(os, "geteuid"):
        own = {os.geteuid()}
        sudo = os.environ.get("SUDO_UID", "")
        if 0 in own and sudo.isdecimal() and len(sudo) < 11:
            own.add(int(sudo))
        with contextlib.suppress(OSError):
            if all(os.lstat(folder).st_uid in own for folder in (path, *folders)):
                return
    result = git_command.run(
        ["-C", str(path), "rev-parse", "--git-dir"], git_command.user_environment(), path
    )
    if result.code and "dubious ownership" in result.error:
        raise GitError(git_command.OWNED_BY_ANOTHER)


def check_objects(folder: Path, depth: int = ALTERNATES_DEPTH) -> None:
    """Raise GitError if the object store, or an alternate, holds anything but files and folders.

    git would wait forever when it opens a pipe.
    """
    try:
        with os.scandir(folder) as entries:
            subfolders: list[str] = [entry.path for entry in entries if entry.is_dir()]
        for directory in (str(folder), *subfolders):
            with os.scandir(directory) as entries:
                for entry in entries:
                    if not entry.is_file() and not entry.is_dir():
                        raise GitError(git_command.UNREADABLE, f"{entry.name}: not a regular file")
        alternates = folder / "info" / "alternates"
        if depth and os.path.isfile(alternates):
            for line in os.fsdecode(regular_files.read(alternates, FILE_LIMIT)).splitlines():
                if line and line[0] not in '#"' and os.path.isdir(folder / line):
                    check_objects(folder / line, depth - 1)
    except (OSError, ValueError) as error:
        raise GitError(git_command.UNREADABLE, str(error)) from error


def alternates_line(path: Path) -> str:
    r"""Return a path as a line of ``info/alternates``, quoted if necessary."""
    text = str(path)
    if re.search(r'[\n"\\]|^#', text) is None:
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text).replace("\n", "\\n") + '"'


def copy_file(source: Path, target: Path, limit: int) -> None:
    """Copy a file of at most *limit* bytes with its times, if it exists. Raises GitError."""
    try:
        if not os.path.lexists(source):
            return
        with target.open("wb") as file:
            for data in regular_files.chunks(source, limit):
                file.write(data)
        # git compares the time of the index with those of the files to find changes.
        status = os.stat(source)
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    except (OSError, ValueError) as error:
        raise GitError(git_command.UNREADABLE, str(error)) from error


def copy_tree(source: Path, target: Path, limit: int) -> None:
    """Copy the files below a folder, such as ``refs``, each of at most *limit* bytes.

    Raises GitError.
    """

    def fail(error: OSError) -> None:
        raise GitError(git_command.UNREADABLE, str(error)) from error

    if not os.path.isdir(source):
        return
    for folder, _, names in os.walk(source, onerror=fail):
        target_folder = target / os.path.relpath(folder, source)
        target_folder.mkdir(parents=True, exist_ok=True)
        for name in names:
            copy_file(Path(folder, name), target_folder / name, limit)
