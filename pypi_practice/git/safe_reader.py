"""Reads a git repository that may be hostile, such as an archive that was unpacked.

What a repository's own configuration, hooks and attributes name is never started, because git
never sees them. It works on a git directory of our own: a temporary folder with our configuration,
copies of the references and of the index, and the objects of the repository as an alternate object
store. The repository's ``config`` is read as data only, with ``git config --file -``, for
RECOGNISED_SETTINGS. A list of switches would have to name every setting that starts a program, in
every version of git; here a setting that nobody knows yet is absent too.

Nor does git see the user's and the system's configuration, in which ``.gitattributes`` of the
repository could choose a filter, or variables ``GIT_*`` of the environment. Three settings of the
user are passed on, because without them files would be listed as changed that are not:
``core.autocrlf``, ``core.eol`` and ``core.excludesFile``. Files that a filter changes on their way
(Git LFS) may be listed as changed if their times say so.

Not in a repository of our own are also: grafts, replacement objects, commit graphs (each could hide
a commit), promisor remotes (git would fetch a missing object) and submodules (git would start
another git in each).
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
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
from pypi_practice.git import git_command
from pypi_practice.git.git_command import GitError

FILE_LIMIT = 1024 * 1024  # bytes of a configuration, or of a file that names another
REFERENCE_LIMIT = 4096  # bytes of a loose reference
TABLE_LIMIT = 512 * 1024 * 1024  # bytes of an index, of packed references, of a log of references
ALTERNATES_DEPTH = 5  # as git follows them

# What the reading of work trees needs of the repository's configuration: none names a program.
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
    """Remove a folder, to the end even if Ctrl-C comes meanwhile."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except KeyboardInterrupt:
        # A reader goes when the work with it is done, and Python would show a traceback here.
        shutil.rmtree(folder, ignore_errors=True)


def _settings(data: bytes) -> dict[str, list[str]]:
    """Return the output of ``git config --list -z``: values by name, the last one counts."""
    settings: dict[str, list[str]] = {}
    for entry in os.fsdecode(data).split("\0"):
        name, _, value = entry.partition("\n")
        if name:
            settings.setdefault(name, []).append(value)
    return settings


def _named_in(path: Path, prefix: str = "") -> Path:
    """Return the folder that a file names, as ``.git`` of a linked work tree; raises OSError."""
    text = os.fsdecode(regular_files.read(path, FILE_LIMIT)).rstrip("\r\n")
    if not text.startswith(prefix):
        raise OSError(f"{path.name}: {prefix!r} is missing")
    return path.parent / text.removeprefix(prefix)


def _locate(path: Path) -> tuple[Path, Path, bool]:
    """Return the git directory, the one that it shares with others, and whether it is bare.

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


def _check_owner(path: Path, *folders: Path) -> None:
    """Raise GitError if git would not read the folder, because it is another user's.

    git reads what belongs to the user, or is named in ``safe.directory``. Folders of the user need
    no question; about the others git itself is asked, which says no before it reads anything.
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
    asked = git_command.run(
        ["-C", str(path), "rev-parse", "--git-dir"], git_command.user_environment(), path
    )
    if asked.code and "dubious ownership" in asked.error:
        raise GitError(git_command.OWNED_BY_ANOTHER)


def _check_objects(folder: Path, depth: int = ALTERNATES_DEPTH) -> None:
    """Raise GitError if git would open something else than a file among the objects.

    It would wait for a pipe without end. Other object stores that are named are looked at too.
    """
    try:
        with os.scandir(folder) as entries:
            below: list[str] = [entry.path for entry in entries if entry.is_dir()]
        for each in (str(folder), *below):
            with os.scandir(each) as entries:
                for entry in entries:
                    if not entry.is_file() and not entry.is_dir():
                        raise GitError(git_command.UNREADABLE, f"{entry.name}: not a regular file")
        named = folder / "info" / "alternates"
        if depth and os.path.isfile(named):
            for line in os.fsdecode(regular_files.read(named, FILE_LIMIT)).splitlines():
                if line and line[0] not in '#"' and os.path.isdir(folder / line):
                    _check_objects(folder / line, depth - 1)
    except (OSError, ValueError) as error:
        raise GitError(git_command.UNREADABLE, str(error)) from error


def _quoted(path: Path) -> str:
    r"""Return a path as a line of ``info/alternates``: in quotes if it needs them."""
    text = str(path)
    if re.search(r'[\n"\\]|^#', text) is None:
        return text
    return '"' + re.sub(r'(["\\])', r"\\\1", text).replace("\n", "\\n") + '"'


def _copy(source: Path, target: Path, limit: int) -> None:
    """Copy a regular file with its time; nothing if it is not there. Raises GitError."""
    try:
        if not os.path.lexists(source):
            return
        with target.open("wb") as file:
            for data in regular_files.chunks(source, limit):
                file.write(data)
        # git takes the time of the index for the last one that it knows of the files.
        status = os.stat(source)
        os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))
    except (OSError, ValueError) as error:
        raise GitError(git_command.UNREADABLE, str(error)) from error


def _copy_tree(source: Path, target: Path, limit: int) -> None:
    """Copy the regular files below a folder, such as ``refs``. Raises GitError."""

    def fail(error: OSError) -> None:
        raise GitError(git_command.UNREADABLE, str(error)) from error

    if not os.path.isdir(source):
        return
    for folder, _, names in os.walk(source, onerror=fail):
        here = target / os.path.relpath(folder, source)
        here.mkdir(parents=True, exist_ok=True)
        for name in names:
            _copy(Path(folder, name), here / name, limit)


class Repository:
    """A repository whose top folder is *path*, read by way of a git directory of our own.

    Raises GitError, of any kind but FAILED, if it cannot be read at all. The temporary folder goes
    with the object.
    """

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.abspath(path))
        git_command.command_line([])
        git_dir, common_dir, self.is_bare = _locate(self.path)
        self._git_dir, self._common_dir = git_dir, common_dir
        _check_owner(self.path, git_dir, common_dir)
        objects = common_dir / "objects"
        _check_objects(objects)
        try:
            # Its removal is arranged before it is made, so that Ctrl-C leaves none.
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
            _copy_tree(common_dir / "reftable", self.own / "reftable", TABLE_LIMIT)
        try:
            (self.own / "objects" / "info").mkdir(parents=True)
            (self.own / "refs").mkdir()
            (self.own / "config").write_text(config, encoding="utf-8")
            alternate = os.fsencode(_quoted(Path(os.path.realpath(objects))))
            (self.own / "objects" / "info" / "alternates").write_bytes(alternate + b"\n")
        except OSError as error:
            raise GitError(git_command.UNREADABLE, str(error)) from error
        _copy(git_dir / "HEAD", self.own / "HEAD", REFERENCE_LIMIT)
        _copy(common_dir / "packed-refs", self.own / "packed-refs", TABLE_LIMIT)
        _copy(common_dir / "shallow", self.own / "shallow", TABLE_LIMIT)
        _copy_tree(common_dir / "refs", self.own / "refs", REFERENCE_LIMIT)

    def close(self) -> None:
        """Remove the temporary folder."""
        self._finalizer()

    def _read_settings(self) -> dict[str, list[str]]:
        """Return the settings of the repository's own file, as data: includes are not followed."""
        try:
            data = regular_files.read(self._common_dir / "config", FILE_LIMIT)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise GitError(git_command.UNREADABLE, str(error)) from error
        listed = ["config", "--file", "-", "--no-includes", "--list", "-z"]
        environ = {name: text for name, text in self.environ.items() if name != "GIT_DIR"}
        environ["GIT_CEILING_DIRECTORIES"] = str(self.own.parent)
        done = git_command.run(listed, environ, self.own, data)
        if done.code:
            raise GitError(git_command.UNREADABLE, done.error)
        return _settings(done.out)

    def _setting(self, name: str) -> str:
        return self.settings.get(name, [""])[-1]

    @property
    def origin(self) -> str:
        """The address of the remote ``origin``, empty without one."""
        return self.settings.get("remote.origin.url", [""])[0]

    @property
    def is_shallow(self) -> bool:
        """Whether the history is cut off: a clone with a depth."""
        return (self.own / "shallow").is_file()

    @property
    def is_partial(self) -> bool:
        """Whether objects were left out on purpose: a clone with a filter."""
        return bool(self._setting("extensions.partialclone")) or any(
            name.startswith("remote.") and name.endswith(".promisor") for name in self.settings
        )

    def run(
        self,
        *arguments: str,
        limit: int = git_command.OUTPUT_LIMIT,
        timeout: float = git_command.TIMEOUT,
    ) -> bytes:
        """Return what a git command prints; raises GitError, FAILED with git's own words."""
        done = git_command.run(arguments, self.environ, self.own, limit=limit, timeout=timeout)
        if done.code:
            raise GitError(git_command.FAILED, done.error)
        return done.out

    def text(self, *arguments: str) -> str:
        """Return what a git command prints, without the last line's end; raises GitError."""
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
        """Start a git command whose output is read while it runs; it is ended at the *deadline*.

        The deadline is a time of ``time.monotonic()``.
        """
        with git_command.started(arguments, self.environ, self.own, stdin) as process:
            left = (
                git_command.TIMEOUT if deadline is None else max(0.0, deadline - time.monotonic())
            )
            timer = threading.Timer(left, process.kill)
            timer.start()
            try:
                yield process
            finally:
                timer.cancel()

    def blob(self, commit: str, name: str, limit: int) -> bytes | None:
        """Return a file of a commit, None if there is none; raises GitError.

        TOO_LARGE is a file of more than *limit* bytes, which is not read.
        """
        with tempfile.TemporaryFile() as asked:
            asked.write(os.fsencode(f"{commit}:{name}\n"))
            asked.seek(0)
            with self.stream("cat-file", "--batch", stdin=asked) as process:
                assert process.stdout is not None
                head = process.stdout.readline().split()
                if not head:
                    raise GitError(git_command.UNREADABLE, name)
                if len(head) != 3 or head[1] != b"blob":
                    return None
                size = int(head[2])
                if size > limit:
                    raise GitError(git_command.TOO_LARGE, name)
                data = process.stdout.read(size)
        if len(data) != size:
            raise GitError(git_command.UNREADABLE, name)
        return data

    def uncommitted(self, *, untracked: bool) -> list[str]:
        """Return the names of the files that differ from the commit; raises GitError.

        With *untracked*, also those that git does not know and does not ignore. What has changed
        inside a submodule is not looked at.
        """
        if self.is_bare:
            return []
        which = "normal" if untracked else "no"
        options = [f"--untracked-files={which}", "--ignore-submodules=dirty", "--no-renames"]
        self._copy_index()
        if untracked:
            self._check_work_tree()
        else:
            self._check_tracked_folders()
        out = self._in_work_tree("status", "--porcelain=v1", "-z", *options)
        return [os.fsdecode(entry[3:]) for entry in out.split(b"\0") if len(entry) > 3]

    def files(self, *, untracked: bool) -> list[str]:
        """Return the names in the index; with *untracked*, of all that is not ignored too.

        Raises GitError.
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
        done = git_command.run(command, environ, self.path)
        if done.code:
            raise GitError(git_command.FAILED, done.error)
        return done.out

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
        """Return the names of the folders below; raises GitError if git would open a pipe here.

        It opens the files of READ_IN_WORK_TREE, and those in the git directory of a submodule.
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
        _copy(self._git_dir / "index", self.own / "index", TABLE_LIMIT)
        for shared in self._git_dir.glob("sharedindex.*"):
            _copy(shared, self.own / shared.name, TABLE_LIMIT)
        (self.own / "info").mkdir(exist_ok=True)
        _copy(self._common_dir / "info" / "exclude", self.own / "info" / "exclude", FILE_LIMIT)

    @functools.cached_property
    def _work_tree_settings(self) -> list[str]:
        """Return the options of git for the settings that are passed on."""
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
        """Let git see the logs of the references too; raises GitError."""
        _copy_tree(self._common_dir / "logs", self.own / "logs", TABLE_LIMIT)
        if self._git_dir != self._common_dir:
            _copy_tree(self._git_dir / "logs", self.own / "logs", TABLE_LIMIT)

    def clone(self, target: Path) -> None:
        """Make a clone with a work tree at *target*; raises GitError.

        Its objects stay where they are. No filter changes its files, and it has no hooks.
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
        done = git_command.run(command, environ, self.own, timeout=10 * git_command.TIMEOUT)
        if done.code:
            raise GitError(git_command.FAILED, done.error)
