"""The project under examination: its files, its commits and its distributions, each read once.

The project is not changed. The sdist and the wheel are built in a folder of their own from the
commit that is checked out, because a build server builds commits; this runs the project's build
back end. Before the build, git is the only program that is started, and git starts none that the
project names. With ``build=False`` this holds throughout.
"""

from __future__ import annotations

import functools
import math
import os
import re
import shutil
import stat
import sys
import tempfile
import time
import tomllib
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_practice.core import regular_files
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.doctor import history, lookup
from pypi_practice.doctor.distributions import (
    UNPACK_ERRORS,
    BuildResult,
    Built,
    open_distribution,
)
from pypi_practice.doctor.leaks import has_token
from pypi_practice.doctor.versions import TAG, TAG_LIMIT, parse_version
from pypi_practice.git import git_command
from pypi_practice.git.git_command import NOT_A_REPOSITORY, NOT_INSTALLED, GitError
from pypi_practice.git.safe_reader import Repository
from pypi_practice.travis.run import plan_report, repository
from pypi_practice.travis.run.job.process import Limits, stream
from pypi_practice.travis.run.log import COLOUR

SETTINGS_LIMIT = 1024 * 1024  # bytes of pyproject.toml
FILE_LIMIT = 1024 * 1024 * 1024  # bytes of a file that is searched; it is read in pieces
COPY_LIMIT = 4 * 1024 * 1024 * 1024  # bytes of a folder without commits that is built from a copy
# tomllib needs time quadratic in the number of parts of a dotted key.
LONG_KEY = re.compile(r"(?<![^.\n=\[\]{},])(?:[^.\n=\[\]{},]+\.){100}")
BUILD_TIMEOUT = 900  # seconds; some back ends compile
BUILD_LOG = 1024 * 1024 * 1024  # bytes
BUILD_LINES = 10_000  # at the end of the log, where the error is
# Left out of the copy of a folder without commits.
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "venv", ".tox", ".nox", "build", "dist", "*.egg-info", "__pycache__"
)


@dataclass
class Plan:
    """What each event would do on Travis CI, in one language; or the *problem* in planning it."""

    rows: list[plan_report.Row]
    problem: str = ""


class Project:
    """A project in a folder.

    *variables* are those of Travis CI that the user named. *online* allows requests to the indexes,
    *build* allows a build, *isolated* builds in an environment of its own, and *on_build* is called
    before the build, which may take minutes.
    """

    def __init__(
        self,
        root: Path,
        *,
        online: bool = True,
        isolated: bool = True,
        build: bool = True,
        variables: Sequence[Any] = (),
        on_build: Callable[[], None] | None = None,
    ) -> None:
        self.root = Path(os.path.realpath(root))
        self.online, self.isolated, self.variables = online, isolated, variables
        self.may_build = build
        self._on_build = on_build
        self._temporary_directory: tempfile.TemporaryDirectory[str] | None = None

    def __deepcopy__(self, memo: Mapping[int, object]) -> Project:
        return self  # repo-review deep-copies its fixtures; the checks do not change this one

    def close(self) -> None:
        """Remove what was built, and the copies of the repository's references."""
        if self._temporary_directory is not None:
            self._temporary_directory.cleanup()
        reader = self.__dict__.get("_reader", (None, None))[0]
        if reader is not None:
            reader.close()

    @functools.cached_property
    def plans(self) -> dict[str, Plan]:
        """What Travis CI would do, by language."""
        return {language: self._plan(language) for language in LANGUAGES}

    def _plan(self, language: str) -> Plan:
        words = Translator(language, "travis/messages")
        try:
            commit, branch = repository.find(self.root, None, None, words)
            version = parse_version(str(self.table.get("version", "")))
            sample = {} if version is None else {"sample": f"v{version}"}
            events = plan_report.events(commit, branch, None, None, words, **sample)
            return Plan(plan_report.matrix(commit, events, self.variables, words))
        except PracticeError as error:
            return Plan([], str(error))

    @functools.cached_property
    def _pyproject(self) -> tuple[dict[str, Any] | None, str]:
        try:
            data = regular_files.read(self.root / "pyproject.toml", SETTINGS_LIMIT)
            text = data.decode("utf-8-sig")
            if LONG_KEY.search(text):
                return None, "a key has too many parts"
            return tomllib.loads(text), ""
        except OSError as error:
            return None, error.strerror or str(error)
        except RecursionError:
            return None, "it is nested too deeply"
        except ValueError as error:  # no UTF-8, no TOML, a number of too many digits
            return None, str(error)

    @property
    def pyproject(self) -> dict[str, Any] | None:
        """``pyproject.toml``; None if there is none or it cannot be read."""
        return self._pyproject[0]

    @property
    def pyproject_problem(self) -> str:
        """Why ``pyproject.toml`` cannot be read; empty if it can."""
        return self._pyproject[1]

    @property
    def table(self) -> dict[str, Any]:
        """The table ``[project]``, empty if there is none."""
        table = (self.pyproject or {}).get("project")
        return table if isinstance(table, dict) else {}

    def written(self, field: str, in_metadata: str | None = None) -> str | None:
        """Return a field of ``[project]``; else what the built files say of it; else None."""
        value = self.table.get(field)
        if isinstance(value, str):
            return value
        built = self.wheel or self.sdist
        values = built.all(in_metadata or field.replace("-", "_")) if built else []
        return values[0] if values else None

    @functools.cached_property
    def name(self) -> str | None:
        """The name of the project, None if neither pyproject.toml nor a distribution has one."""
        return self.written("name")

    @functools.cached_property
    def version(self) -> str | None:
        """The version, None if neither pyproject.toml nor a distribution has one."""
        return self.written("version")

    @functools.cached_property
    def parsed_version(self) -> Version | None:
        """The parsed version, None if PEP 440 does not allow it."""
        return parse_version(self.version or "")

    @functools.cached_property
    def _reader(self) -> tuple[Repository | None, GitError | None]:
        try:
            reader = Repository(self.root)
            return (reader, None) if reader.resolve("HEAD^{commit}") else (None, None)
        except GitError as error:
            is_none = error.kind in (NOT_A_REPOSITORY, NOT_INSTALLED)
            return None, None if is_none else error

    @property
    def is_git(self) -> bool:
        """Whether the folder is the top of a git repository with a commit.

        Raises GitError for a repository that cannot be read.
        """
        reader, error = self._reader
        if error is not None:
            raise error
        return reader is not None

    @property
    def is_git_missing(self) -> bool:
        """Whether the folder is a repository that cannot be read because git is not installed."""
        return git_command.program() is None and os.path.lexists(self.root / ".git")

    @property
    def reader(self) -> Repository:
        """The repository; raises GitError if there is none that can be read."""
        reader, error = self._reader
        if reader is None:
            raise error or GitError(NOT_A_REPOSITORY)
        return reader

    @functools.cached_property
    def files(self) -> list[str]:
        """The names of the committed files, or of all files where there are no commits.

        Raises GitError.
        """
        if self.is_git:
            names = self.reader.files(untracked=False)
            return [name for name in names if os.path.isfile(self.root / name)]
        return self._all_files()

    def _all_files(self) -> list[str]:
        paths = []
        for folder, below, names in os.walk(self.root):
            hidden = NOT_COPIED(folder, [*below, *names])
            below[:] = [name for name in below if name not in hidden]
            path = Path(folder).relative_to(self.root)
            paths += [(path / name).as_posix() for name in names if name not in hidden]
        return sorted(name for name in paths if os.path.isfile(self.root / name))

    def search(self, pattern: re.Pattern[bytes], names: Sequence[str]) -> Iterator[tuple[str, Any]]:
        """Yield each file with the matches of *pattern* in it, or with the OSError of reading it.

        A file is read in chunks, each with the last 100 bytes of the one before, so that a match of
        up to 100 bytes is found across their border.
        """
        for name in names:
            path = self.root / name
            if os.path.islink(path):
                continue
            matches: set[bytes] = set()
            overlap = b""
            try:
                for data in regular_files.chunks(path, FILE_LIMIT):
                    window = overlap + data.translate(None, b"\0")  # UTF-16 as ASCII
                    matches.update(match[0] for match in pattern.finditer(window))
                    overlap = window[-100:]
            except OSError as error:
                yield name, error
            else:
                yield name, matches

    @functools.cached_property
    def loose_tokens(self) -> tuple[list[str], list[str]]:
        """The files of the folder that hold a token, and those that could not be read.

        Files that git ignores are left out. Raises GitError.
        """
        names = self.reader.files(untracked=True) if self.is_git else self._all_files()
        with_token, unread = [], []
        for name in names:
            path = self.root / name
            try:
                status = os.lstat(path)
                is_token = has_token(os.fsencode(name))
                if stat.S_ISREG(status.st_mode):
                    is_token = history.token_in_file(path, FILE_LIMIT) or is_token
                if is_token:
                    with_token.append(name)
            except FileNotFoundError:
                continue  # removed, and not yet committed
            except OSError:
                unread.append(name)
        return with_token, unread

    @functools.cached_property
    def history(self) -> history.History:
        """The secrets of the repository; raises GitError if there is none that can be read."""
        return history.secrets(self.reader)

    @functools.cached_property
    def tags(self) -> dict[str, tuple[Version, bool]]:
        """The tags that are versions: each with its version, and whether it is on this commit.

        Raises GitError.
        """
        if not self.is_git:
            return {}
        listed = ("for-each-ref", "--format=%(refname:lstrip=2)")
        tags_of_commit = set(self.reader.text(*listed, "--points-at=HEAD", "refs/tags").split())
        versions = {}
        for tag in self.reader.text(*listed, "refs/tags").split():
            if len(tag) > TAG_LIMIT:
                continue
            match = TAG.fullmatch(tag)
            version = parse_version(match[1]) if match else None
            if version is not None:
                versions[tag] = version, tag in tags_of_commit
        return versions

    @functools.cached_property
    def _folder(self) -> Path:
        self._temporary_directory = tempfile.TemporaryDirectory(prefix="doctor-")
        return Path(self._temporary_directory.name)

    @functools.cached_property
    def build_result(self) -> BuildResult:
        """What the build made; a test may assign another result instead."""
        if not self.may_build:
            return BuildResult()
        if self._on_build is not None:
            self._on_build()
        source, out = self._folder / "source", self._folder / "dist"
        try:
            if self.is_git:  # with its tags, from which some back ends take the version
                self.reader.clone(source)
            else:
                self._copy(source)
            failure = self._build(source, out)
            if failure:
                return BuildResult(failure=failure)
        except GitError as error:
            return BuildResult(failure=error.detail or str(error))
        except (OSError, shutil.Error) as error:
            return BuildResult(failure=str(error))
        try:
            return BuildResult([open_distribution(path) for path in sorted(out.iterdir())])
        except UNPACK_ERRORS as error:
            return BuildResult(failure=f"{type(error).__name__}: {error}")

    def _build(self, source: Path, out: Path) -> str:
        """Build *source* into *out*; return the error message, empty after a success.

        The processes that the build has started end with it, and its temporary files are in our
        folder, which ``close`` removes.
        """
        command = [sys.executable, "-m", "build", "--outdir", str(out), str(source)]
        command += [] if self.isolated else ["--no-isolation"]
        temporary = self._folder / "temporary"
        temporary.mkdir()
        environ = {**os.environ, "TMPDIR": str(temporary)}
        lines: deque[str] = deque(maxlen=BUILD_LINES)
        limits = Limits(log=BUILD_LOG, silence=math.inf, duration=BUILD_TIMEOUT)
        begun = time.monotonic()
        code = stream(command, self._folder, environ, lines.append, (), limits=limits)
        if code == 0:
            return ""
        if time.monotonic() - begun >= BUILD_TIMEOUT:
            return f"> {BUILD_TIMEOUT} s"
        output = [COLOUR.sub("", line).strip() for line in lines]
        return next(
            (line for line in reversed(output) if _is_informative(line)), f"exit code {code}"
        )

    def _copy(self, target: Path) -> None:
        """Copy the folder, but no pipes and devices; raises OSError if it is too large."""
        size = 0

        def left_out(folder: str, names: list[str]) -> set[str]:
            nonlocal size
            ignored = set(NOT_COPIED(folder, names))
            for name in names:
                status = os.lstat(os.path.join(folder, name))
                if stat.S_ISREG(status.st_mode):
                    size += status.st_size if name not in ignored else 0
                elif not (stat.S_ISDIR(status.st_mode) or stat.S_ISLNK(status.st_mode)):
                    ignored.add(name)
            if size > COPY_LIMIT:
                raise OSError(f"> {COPY_LIMIT // 1024**3} GiB")
            return ignored

        shutil.copytree(self.root, target, ignore=left_out, symlinks=True)

    @property
    def unbuilt(self) -> str:
        """Why there is no sdist and no wheel; empty if they were built."""
        return self.build_result.failure

    @functools.cached_property
    def sdist(self) -> Built | None:
        """The sdist, None if it could not be built."""
        built = self.build_result.distributions
        return next((file for file in built if file.path.suffix != ".whl"), None)

    @functools.cached_property
    def wheel(self) -> Built | None:
        """The wheel, None if it could not be built."""
        built = self.build_result.distributions
        return next((file for file in built if file.path.suffix == ".whl"), None)

    @functools.cached_property
    def index_statuses(self) -> dict[str, lookup.ProjectStatus]:
        """The status of the name on TestPyPI and PyPI, by the key of the index."""
        if not self.online or not self.name:
            return {}
        return lookup.ask_all(canonicalize_name(self.name), INDEXES.values())


def _is_informative(line: str) -> bool:
    """Whether a line of the builder's output says something, and is not a frame or a heading."""
    return len(line) > 3 and not re.match(r"[╰│─╭*=\[]|note:|hint:|File \"|During handling", line)
