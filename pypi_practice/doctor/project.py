"""The project that is looked at: its files, its commits, and what is built of it, each read once.

Nothing of it is changed. The sdist and the wheel are built in a folder of their own from the commit
that is checked out, because a build server builds commits; that runs the project's build back end.
"""

from __future__ import annotations

import functools
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.metadata import parse_email
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pypi_practice.doctor import lookup
from pypi_practice.facts import INDEXES
from pypi_practice.form import Form
from pypi_practice.incoming import Incoming
from pypi_practice.metadata import FORM_FIELDS
from pypi_practice.travis.repository import git

TEXT_LIMIT = 1024 * 1024  # bytes; what is longer was not written by hand
BUILD_TIMEOUT = 900  # seconds; some back ends compile
# With limits, because a tag of any length can stand in a repository.
TAG = re.compile(r"(?:[a-z][\w.-]{0,99}?[-_/])?v?(\d[\w.+!-]{0,99})", re.IGNORECASE)
# What a copy of a folder without commits leaves out.
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", "venv", ".tox", ".nox", "build", "dist", "*.egg-info", "__pycache__"
)
IN_METADATA = {name: key for key, name in FORM_FIELDS.items()}


@dataclass(frozen=True)
class Built:
    """An sdist or a wheel: its place, the names in it, and its metadata as fields of an upload.

    The names of an sdist are those below its one folder.
    """

    path: Path
    names: list[str]
    fields: list[tuple[str, str]]

    def all(self, name: str) -> list[str]:
        """Return every value of a field, by the name that an upload gives it."""
        return [value for key, value in self.fields if key == name]

    def form(self, content: Incoming) -> Form:
        """Return the upload that twine would send of it; *content* takes its bytes."""
        is_wheel = self.path.suffix == ".whl"
        content.write(self.path.read_bytes())
        fields = [
            (":action", "file_upload"),
            ("protocol_version", "1"),
            ("filetype", "bdist_wheel" if is_wheel else "sdist"),
            ("pyversion", self.path.name.split("-")[-3] if is_wheel else "source"),
            *((f"{kind}_digest", value) for kind, value in content.digests.items()),
            *self.fields,
        ]
        return Form(fields, filename=self.path.name, content=content)


class Project:
    """A project in a folder; *variables* are those of Travis CI that the user named."""

    def __init__(
        self,
        root: Path,
        *,
        online: bool = True,
        isolated: bool = True,
        variables: Sequence[Any] = (),
        say: Callable[[], None] | None = None,
    ) -> None:
        self.root = root.resolve()
        self.online, self.isolated, self.variables = online, isolated, variables
        self._say = say
        self._place: tempfile.TemporaryDirectory[str] | None = None

    def __deepcopy__(self, memo: Mapping[int, object]) -> Project:
        return self  # repo-review copies what it hands to its checks; this one changes nothing

    def close(self) -> None:
        """Remove what was built."""
        if self._place is not None:
            self._place.cleanup()

    @functools.cached_property
    def pyproject(self) -> dict[str, Any] | None:
        """``pyproject.toml``; None if there is none or it cannot be read."""
        try:
            text = (self.root / "pyproject.toml").read_text(encoding="utf-8-sig")
            return tomllib.loads(text)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            return None

    @property
    def table(self) -> dict[str, Any]:
        """The table ``[project]``, empty if there is none."""
        found = (self.pyproject or {}).get("project")
        return found if isinstance(found, dict) else {}

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
        """The name of the project, None if nothing says it."""
        return self.written("name")

    @functools.cached_property
    def version(self) -> str | None:
        """The version, None if nothing says it."""
        return self.written("version")

    @functools.cached_property
    def parsed_version(self) -> Version | None:
        """The version as PEP 440 reads it, None if it cannot."""
        try:
            return Version(self.version or "")
        except InvalidVersion:
            return None

    @functools.cached_property
    def is_git(self) -> bool:
        """Whether the folder is the top of a git repository with a commit."""
        if shutil.which("git") is None or git(self.root, "rev-parse", "--show-cdup") != "":
            return False
        return git(self.root, "rev-parse", "--verify", "--quiet", "HEAD") is not None

    @functools.cached_property
    def files(self) -> list[str]:
        """The names of the committed files, or of all files where there are no commits."""
        if self.is_git:
            listed = git(self.root, "ls-files", "-z") or ""
            return sorted(name for name in listed.split("\0") if (self.root / name).is_file())
        found = []
        for path in self.root.rglob("*"):
            name = path.relative_to(self.root)
            hidden = any(NOT_COPIED("", [part]) for part in name.parts)
            if path.is_file() and not hidden:
                found.append(name.as_posix())
        return sorted(found)

    @functools.cached_property
    def texts(self) -> dict[str, str]:
        """The committed files that are text, by name."""
        found = {}
        for name in self.files:
            path = self.root / name
            try:
                if path.stat().st_size <= TEXT_LIMIT:
                    found[name] = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue
        return found

    @functools.cached_property
    def tags(self) -> dict[str, tuple[Version, bool]]:
        """The tags that are versions: each with its version, and whether it is on this commit."""
        if not self.is_git:
            return {}
        here = set((git(self.root, "tag", "--points-at", "HEAD") or "").split())
        found = {}
        for tag in (git(self.root, "tag") or "").split():
            match = TAG.fullmatch(tag)
            try:
                if match:
                    found[tag] = Version(match[1]), tag in here
            except InvalidVersion:
                continue
        return found

    @functools.cached_property
    def _folder(self) -> Path:
        self._place = tempfile.TemporaryDirectory(prefix="doctor-")
        return Path(self._place.name)

    @functools.cached_property
    def _made(self) -> tuple[list[Built], str]:
        if self._say is not None:
            self._say()
        source, out = self._folder / "source", self._folder / "dist"
        try:
            if self.is_git:  # with its history: some versions come from the tags
                command = ["git", "clone", "--quiet", "--no-hardlinks", str(self.root), str(source)]
                subprocess.run(command, check=True, capture_output=True, text=True)
            else:
                shutil.copytree(self.root, source, ignore=NOT_COPIED, symlinks=True)
            command = [sys.executable, "-m", "build", "--outdir", str(out), str(source)]
            command += [] if self.isolated else ["--no-isolation"]
            subprocess.run(
                command, check=True, capture_output=True, text=True, errors="replace",
                timeout=BUILD_TIMEOUT, cwd=self._folder,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return [], f"> {BUILD_TIMEOUT} s"
        except subprocess.CalledProcessError as error:
            said = [line.strip() for line in f"{error.stdout}\n{error.stderr}".splitlines()]
            return [], next((line for line in reversed(said) if _tells(line)), str(error))
        except (OSError, shutil.Error) as error:
            return [], str(error)
        try:
            return [_open(path) for path in sorted(out.iterdir())], ""
        except (OSError, KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
            return [], str(error)

    @property
    def unbuilt(self) -> str:
        """Why there is no sdist and no wheel; empty if they were built."""
        return self._made[1]

    @functools.cached_property
    def sdist(self) -> Built | None:
        """The sdist, None if it could not be built."""
        return next((one for one in self._made[0] if one.path.suffix != ".whl"), None)

    @functools.cached_property
    def wheel(self) -> Built | None:
        """The wheel, None if it could not be built."""
        return next((one for one in self._made[0] if one.path.suffix == ".whl"), None)

    @functools.cached_property
    def looks(self) -> dict[str, lookup.Look]:
        """What TestPyPI and PyPI know of the name, by the key of the index."""
        if not self.online or not self.name:
            return {}
        return lookup.both(canonicalize_name(self.name), INDEXES.values())


def _tells(line: str) -> bool:
    """Whether a line of a builder's output is more than a frame around one that is."""
    return len(line) > 3 and not re.match(r"[╰│─╭*=\[]|note:|hint:|File \"|During handling", line)


def _open(path: Path) -> Built:
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as wheel:
            names = [one for one in wheel.namelist() if not one.endswith("/")]
            folder = "-".join(path.name.split("-")[:2]) + ".dist-info"
            return Built(path, names, _fields(wheel.read(f"{folder}/METADATA")))
    with tarfile.open(path) as sdist:
        members = [one for one in sdist.getmembers() if one.isfile()]
        names = [one.name.partition("/")[2] for one in members]
        found = sdist.extractfile(members[names.index("PKG-INFO")]) if "PKG-INFO" in names else None
        if found is None:
            raise KeyError("PKG-INFO")
        return Built(path, names, _fields(found.read()))


def _fields(metadata: bytes) -> list[tuple[str, str]]:
    """Return METADATA as the fields of the form that twine sends."""
    raw, _ = parse_email(metadata)
    fields: list[tuple[str, str]] = []
    for key, value in raw.items():
        name = IN_METADATA.get(key, key)
        if isinstance(value, str):
            fields.append((name, value))
        elif isinstance(value, dict):
            fields += [(name, f"{label}, {url}") for label, url in value.items()]
        elif key == "keywords":
            fields.append((name, ",".join(value)))
        else:
            fields += [(name, one) for one in value]
    return fields
