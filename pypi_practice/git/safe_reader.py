"""Reads a git repository that may be hostile, such as an archive that was unpacked.

git never starts a program that the configuration, the hooks or the attributes of the repository
name, because it does not read them. It works on a git directory of our own: a temporary folder with
our configuration, copies of the references and of the index, and the objects of the repository as
an alternate object store. The ``config`` of the repository is parsed as data, with
``git config --file -``, for RECOGNISED_SETTINGS. Command-line switches instead would have to
override every setting that starts a program, in every version of git.

git does not read the user's and the system's configuration either, because ``.gitattributes`` of
the repository could select a filter that is defined there, nor variables ``GIT_*`` of the
environment. Three settings of the user are passed on, because otherwise unchanged files would be
listed as changed: ``core.autocrlf``, ``core.eol`` and ``core.excludesFile``. Files with a filter
(Git LFS) may be listed as changed if their modification times differ.

Our git directory also has no grafts, replacement objects and commit graphs (each could hide a
commit), no promisor remotes (git would fetch missing objects) and no submodules (git would start
another git in each).
"""

from __future__ import annotations

import contextlib
import functools
import os
import secrets
import shutil
import subprocess
import tempfile
import threading
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pypi_practice.core import regular_files
from pypi_practice.git import git_command, repository_files
from pypi_practice.git.git_command import GitError

# Settings of the repository that affect how a work tree is read; none names a program.
RECOGNISED_SETTINGS = (
    "core.filemode",
    "core.symlinks",
    "core.ignorecase",
    "core.longpaths",
    "core.precomposeunicode",
    "core.trustctime",
    "core.checkstat",
    "core.autocrlf",
    "core.eol",
)
RECOGNISED_VALUES = frozenset(
    (
        "true",
        "false",
        "yes",
        "no",
        "on",
        "off",
        "1",
        "0",
        "",
        "input",
        "lf",
        "crlf",
        "native",
        "default",
        "minimal",
    )
)
# Files that git reads wherever they stand in a work tree.
READ_IN_WORK_TREE = frozenset((".gitattributes", ".gitignore", ".gitmodules", ".git"))
CONFIG = """[core]
\trepositoryformatversion = 1
\tbare = false
\tlogAllRefUpdates = false
\tcommitGraph = false
\tuntrackedCache = false
\tfsmonitor = false
\tbigFileThreshold = 1m
\tpreloadIndex = true
\thooksPath = {nowhere}
\tattributesFile = {nowhere}
\texcludesFile = {nowhere}
[gc]
\tauto = 0
[extensions]
\tobjectFormat = {object_format}
"""


def _remove(folder: Path) -> None:
    """Remove a folder; Ctrl-C during the removal does not interrupt it."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except KeyboardInterrupt:
        # This runs in a finalizer, where Python would print a traceback.
        shutil.rmtree(folder, ignore_errors=True)


def _settings(data: bytes) -> dict[str, list[str]]:
    """Return the values by name in the output of ``git config --list -z``; the last one counts."""
    settings: dict[str, list[str]] = {}
    for entry in os.fsdecode(data).split("\0"):
        name, _, value = entry.partition("\n")
        if name:
            settings.setdefault(name, []).append(value)
    return settings


class Repository:
    """A repository whose top folder is *path*, read through a git directory of our own.

    Raises GitError, of any kind but FAILED, if it cannot be read. The temporary folder is removed
    by ``close`` or with the object.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.abspath(path))
        git_command.command_line([])
        git_dir, common_dir, self.is_bare = repository_files.locate(self.path)
        self._git_dir, self._common_dir = git_dir, common_dir
        repository_files.check_owner(self.path, git_dir, common_dir)
        objects = common_dir / "objects"
        repository_files.check_objects(objects)
        try:
            # The finalizer is registered first, so that Ctrl-C after mkdir leaves no folder.
            name = f"pypi-practice-git-{secrets.token_hex(16)}"
            self.own = Path(tempfile.gettempdir(), name)
            self._finalizer = weakref.finalize(self, _remove, self.own)
            self.own.mkdir(mode=0o700)
        except OSError as error:
            raise GitError(git_command.UNREADABLE, str(error)) from error
        self.environ = git_command.isolated_environment(self.own) | {"GIT_DIR": str(self.own)}
        self.settings = self._read_settings()
        object_format = self._setting("extensions.objectformat") or "sha1"
        if object_format not in ("sha1", "sha256"):
            raise GitError(git_command.UNREADABLE, f"extensions.objectFormat = {object_format}")
        config = CONFIG.format(object_format=object_format, nowhere=os.devnull)
        if (self._setting("extensions.refstorage") or "files") == "reftable":
            config += "\trefStorage = reftable\n"
            repository_files.copy_tree(
                common_dir / "reftable", self.own / "reftable", repository_files.TABLE_LIMIT
            )
        try:
            (self.own / "objects" / "info").mkdir(parents=True)
            (self.own / "refs").mkdir()
            (self.own / "config").write_text(config, encoding="utf-8")
            alternate = os.fsencode(
                repository_files.alternates_line(Path(os.path.realpath(objects)))
            )
            (self.own / "objects" / "info" / "alternates").write_bytes(alternate + b"\n")
        except OSError as error:
            raise GitError(git_command.UNREADABLE, str(error)) from error
        repository_files.copy_file(
            git_dir / "HEAD", self.own / "HEAD", repository_files.REFERENCE_LIMIT
        )
        repository_files.copy_file(
            common_dir / "packed-refs", self.own / "packed-refs", repository_files.TABLE_LIMIT
        )
        repository_files.copy_file(
            common_dir / "shallow", self.own / "shallow", repository_files.TABLE_LIMIT
        )
        repository_files.copy_tree(
            common_dir / "refs", self.own / "refs", repository_files.REFERENCE_LIMIT
        )

    def close(self) -> None:
        """Remove the temporary folder."""
        self._finalizer()

    def _read_settings(self) -> dict[str, list[str]]:
        """Return the settings of the repository's ``config``, without following includes."""
        try:
            data = regular_files.read(self._common_dir / "config", repository_files.FILE_LIMIT)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise GitError(git_command.UNREADABLE, str(error)) from error
        listed = ["config", "--file", "-", "--no-includes", "--list", "-z"]
        environ = {name: text for name, text in self.environ.items() if name != "GIT_DIR"}
        environ["GIT_CEILING_DIRECTORIES"] = str(self.own.parent)
        result = git_command.run(listed, environ, self.own, data)
        if result.code:
            raise GitError(git_command.UNREADABLE, result.error)
        return _settings(result.out)

    def _setting(self, name: str) -> str:
        return self.settings.get(name, [""])[-1]

    @property
    def origin(self) -> str:
        """The address of the remote ``origin``, empty without one."""
        return self.settings.get("remote.origin.url", [""])[0]

    @property
    def is_shallow(self) -> bool:
        """Whether this is a shallow clone."""
        return (self.own / "shallow").is_file()

    @property
    def is_partial(self) -> bool:
        """Whether this is a partial clone, in which objects are missing on purpose."""
        return bool(self._setting("extensions.partialclone")) or any(
            name.startswith("remote.") and name.endswith(".promisor") for name in self.settings
        )

    def run(
        self,
        *arguments: str,
        limit: int = git_command.OUTPUT_LIMIT,
        timeout: float = git_command.TIMEOUT,
    ) -> bytes:
        """Return the output of a git command; raises GitError, of kind FAILED with git's message.

        *limit* is in bytes of output, *timeout* in seconds.
        """
        result = git_command.run(arguments, self.environ, self.own, limit=limit, timeout=timeout)
        if result.code:
            raise GitError(git_command.FAILED, result.error)
        return result.out

    def text(self, *arguments: str) -> str:
        """Return the output of a git command without final newlines; raises GitError."""
        return os.fsdecode(self.run(*arguments)).rstrip("\n")

    def resolve(self, revision: str) -> str | None:
        """Return the id of an object, None if there is none; raises GitError."""
        try:
            return self.text("rev-parse", "--verify", "--quiet", "--end-of-options", revision)
        except GitError as error:
            if error.kind == git_command.FAILED:
                return None
            raise

    @contextlib.contextmanager
    def stream(
        self, *arguments: str, stdin: IO[bytes] | None = None, deadline: float | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Start a git command whose output is read while it runs, and kill it at the *deadline*.

        The deadline is a time of ``time.monotonic()``, by default TIMEOUT seconds from now.
        """
        with git_command.started(arguments, self.environ, self.own, stdin) as process:
            seconds = (
                git_command.TIMEOUT if deadline is None else max(0.0, deadline - time.monotonic())
            )
            timer = threading.Timer(seconds, process.kill)
            timer.start()
            try:
                yield process
            finally:
                timer.cancel()

    def blob(self, commit: str, name: str, limit: int) -> bytes | None:
        """Return a file of a commit, None if there is none; raises GitError.

        The kind is TOO_LARGE for a file of more than *limit* bytes, which is not read.
        """
        with tempfile.TemporaryFile() as request:
            request.write(os.fsencode(f"{commit}:{name}\n"))
            request.seek(0)
            with self.stream("cat-file", "--batch", stdin=request) as process:
                assert process.stdout is not None
                header = process.stdout.readline().split()
                if not header:
                    raise GitError(git_command.UNREADABLE, name)
                if len(header) != 3 or header[1] != b"blob":
                    return None
                size = int(header[2])
                if size > limit:
                    raise GitError(git_command.TOO_LARGE, name)
                data = process.stdout.read(size)
        if len(data) != size:
            raise GitError(git_command.UNREADABLE, name)
        return data

    def uncommitted(self, *, untracked: bool) -> list[str]:
        """Return the names of the files that differ from the commit; raises GitError.

        With *untracked*, also untracked files that are not ignored. Changes inside a submodule are
        not reported.
        """
        if self.is_bare:
            return []
        mode = "normal" if untracked else "no"
        options = [f"--untracked-files={mode}", "--ignore-submodules=dirty", "--no-renames"]
        self._copy_index()
        if untracked:
            self._check_work_tree()
        else:
            self._check_tracked_folders()
        out = self._in_work_tree("status", "--porcelain=v1", "-z", *options)
        return [os.fsdecode(entry[3:]) for entry in out.split(b"\0") if len(entry) > 3]

    def files(self, *, untracked: bool) -> list[str]:
        """Return the names in the index; raises GitError.

        With *untracked*, also untracked files that are not ignored.
        """
        if self.is_bare:
            return []
        more = ["--others", "--exclude-standard"] if untracked else []
        self._copy_index()
        if untracked:
            self._check_work_tree()
        out = self._in_work_tree("ls-files", "-z", "--cached", *more)
        return sorted({os.fsdecode(name) for name in out.split(b"\0") if name})

    def _in_work_tree(self, *arguments: str) -> bytes:
        """Run a command that reads the work tree, with a copy of the index."""
        command = [*self._work_tree_settings, *arguments]
        environ = self.environ | {"GIT_WORK_TREE": str(self.path)}
        result = git_command.run(command, environ, self.path)
        if result.code:
            raise GitError(git_command.FAILED, result.error)
        return result.out

    def _check_tracked_folders(self) -> None:
        """Raise GitError if git would open a pipe or a device beside a file of the index."""
        names = os.fsdecode(self._in_work_tree("ls-files", "-z", "--cached")).split("\0")
        folders = {""}
        for name in names:
            while (name := name.rpartition("/")[0]) not in folders:
                folders.add(name)
        for folder in folders:
            self._check_folder(self.path / folder)
        for name in names:
            if os.path.isdir(self.path / name / ".git"):
                self._check_folder(self.path / name / ".git")

    def _check_work_tree(self) -> None:
        """Raise GitError if git would open a pipe or a device anywhere in the work tree."""
        pending = [self.path]
        while pending:
            folder = pending.pop()
            below = self._check_folder(folder)
            if folder.name != ".git":
                pending += [folder / name for name in below]

    def _check_folder(self, folder: Path) -> list[str]:
        """Return the names of the subfolders; raises GitError if git would open a pipe here.

        git opens the files of READ_IN_WORK_TREE, and those in the git directory of a submodule.
        """
        in_submodule = folder.name == ".git"
        below = []
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if folder != self.path or entry.name != ".git":
                        below.append(entry.name)
                elif (in_submodule or entry.name in READ_IN_WORK_TREE) and not (
                    entry.is_file() or entry.is_symlink()
                ):
                    raise GitError(git_command.UNREADABLE, f"{entry.name}: not a regular file")
        return below

    def _copy_index(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            (self.own / "index").unlink()
        repository_files.copy_file(
            self._git_dir / "index", self.own / "index", repository_files.TABLE_LIMIT
        )
        for shared in self._git_dir.glob("sharedindex.*"):
            repository_files.copy_file(shared, self.own / shared.name, repository_files.TABLE_LIMIT)
        (self.own / "info").mkdir(exist_ok=True)
        repository_files.copy_file(
            self._common_dir / "info" / "exclude",
            self.own / "info" / "exclude",
            repository_files.FILE_LIMIT,
        )

    @functools.cached_property
    def _work_tree_settings(self) -> list[str]:
        """The ``-c`` options of git for the settings that are passed on."""
        environ = git_command.user_environment() | {"GIT_DIR": os.devnull}
        listed = git_command.run(["config", "--list", "-z"], environ, Path(os.sep))
        users = _settings(listed.out) if listed.code == 0 else {}
        options = []
        for name in RECOGNISED_SETTINGS:
            values = [*users.get(name, []), *self.settings.get(name, [])]
            if values and values[-1].lower() in RECOGNISED_VALUES:
                options += ["-c", f"{name}={values[-1]}" if values[-1] else name]
        ignored = users.get("core.excludesfile", [""])[-1]
        if not ignored:
            base = os.environ.get("XDG_CONFIG_HOME") or os.path.join("~", ".config")
            ignored = os.path.join(base, "git", "ignore")
        ignored = os.path.expanduser(ignored)
        if os.path.isfile(ignored):
            options += ["-c", f"core.excludesFile={ignored}"]
        return options

    def copy_reflogs(self) -> None:
        """Copy the logs of the references, so that ``--reflog`` works; raises GitError."""
        repository_files.copy_tree(
            self._common_dir / "logs", self.own / "logs", repository_files.TABLE_LIMIT
        )
        if self._git_dir != self._common_dir:
            repository_files.copy_tree(
                self._git_dir / "logs", self.own / "logs", repository_files.TABLE_LIMIT
            )

    def clone(self, target: Path) -> None:
        """Make a clone with a work tree at *target*; raises GitError.

        It shares the objects of the repository. It is made without filters and hooks.
        """
        command = [
            "clone",
            "--quiet",
            "--shared",
            "--template=",
            "-c",
            "advice.detachedHead=false",
            str(self.own),
            str(target),
        ]
        environ = {name: text for name, text in self.environ.items() if name != "GIT_DIR"}
        result = git_command.run(command, environ, self.own, timeout=10 * git_command.TIMEOUT)
        if result.code:
            raise GitError(git_command.FAILED, result.error)
