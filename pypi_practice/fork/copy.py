"""Copies the demo package and replaces its names by the user's.

The demo package itself is the template: its names are replaced in one pass. It is not a template of
Copier or Cookiecutter, because those need ``{{ project }}`` in files and names of folders. Then the
demo package could not be built, tested or shown without rendering, and a rendered copy would
duplicate it. Copier can also bring later changes of a template into a project; a fork does not
need that.
"""

from __future__ import annotations

import errno
import functools
import importlib.resources
import keyword
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from pypi_practice.core import project_names
from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator, translated
from pypi_practice.core.terminal import one_line
from pypi_practice.git import git_command, safe_reader
from pypi_practice.index.upload.filenames import FILENAME_LIMIT

# Files that work in the demo package or its installation creates.
LEFT_OUT = ("__pycache__", "*.egg-info", "build", "dist", ".venv", ".*_cache", ".coverage")
MARK = "Made-with: pypi-practice fork"
# The longest suffix of a file name of a release, after the name of the project.
LONGEST = "-0.1.0.dev99999-py3-none-any.whl.metadata"
PATH_PART_LIMIT = 255  # bytes of one name in a path, on every common file system
# Source: Microsoft, "Naming Files, Paths, and Namespaces".
DEVICE = re.compile(r"CON|PRN|AUX|NUL|COM[1-9¹²³]|LPT[1-9¹²³]", re.IGNORECASE)
USER = re.compile(r"[A-Za-z0-9](?:-?[A-Za-z0-9])*")
REPOSITORY = re.compile(r"(?:https?://|git@|ssh://git@)([\w.-]+)[:/]([\w./-]+)")
SLUG = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True)
class Names:
    """The names of a fork. ``repository`` is its address, without a slash at its end."""

    project: str
    package: str
    command: str
    author: str
    email: str
    repository: str

    @property
    def slug(self) -> str:
        """Owner and name of the repository, as build servers name it."""
        return self.repository.split("/", 3)[3]

    @property
    def host(self) -> str:
        """What kind of host the repository is on: ``github``, ``gitlab`` or ``bitbucket``."""
        kinds = ("gitlab", "bitbucket")
        server = self.repository.split("/")[2]
        return next((kind for kind in kinds if kind in server), "github")


def project_name(text: str, words: Translator) -> str:
    """Return a name that PyPI's rules allow for a new project; raises PracticeError."""
    name = text.strip()
    if not project_names.NAME.match(name):
        raise PracticeError(words("name_invalid", name=name))
    if len(name) + len(LONGEST) > FILENAME_LIMIT:
        raise PracticeError(words("name_long", name=f"{name[:20]}...", limit=FILENAME_LIMIT))
    if canonicalize_name(name) == load("commands/fork")["old"]["project"]:
        raise PracticeError(words("name_demo", name=name))
    # The real indexes are asked later; in the practice index, other users own these names.
    unavailable = (
        load("index/reserved_names")["taken"]["projects"] if os.environ.get("PYPI_PRACTICE") else ()
    )
    if key := project_names.fault(name, unavailable):
        raise PracticeError(words(key, name=name))
    return name


def package_name(text: str, words: Translator) -> str:
    """Return a valid name of an import package; raises PracticeError."""
    name = text.strip()
    if not (name.isascii() and name.isidentifier()) or keyword.iskeyword(name):
        raise PracticeError(words("package_invalid", package=name))
    if name in sys.stdlib_module_names:
        raise PracticeError(words("package_stdlib", package=name))
    if is_device_name(name):
        raise PracticeError(words("package_device", package=name))
    return name


def command_name(text: str, words: Translator) -> str:
    """Return a name that a command can have on every system; raises PracticeError."""
    name = text.strip()
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", name) or is_device_name(name):
        raise PracticeError(words("command_invalid", command=name))
    return name


def author_name(text: str, words: Translator) -> str:
    """Return the author; raises PracticeError."""
    name = text.strip()
    if not name or not name.isprintable():
        raise PracticeError(words("author_invalid"))
    return name


def email_address(text: str, words: Translator) -> str:
    """Return an e-mail address that PyPI accepts; raises PracticeError."""
    import email_validator

    try:
        email_validator.validate_email(text.strip(), check_deliverability=False)
    except (email_validator.EmailNotValidError, UnicodeError) as error:
        raise PracticeError(words("email_invalid", email=text)) from error
    return text.strip()


def user_name(text: str, words: Translator) -> str:
    """Return the name of an account on GitHub; raises PracticeError."""
    name = text.strip()
    if not USER.fullmatch(name):
        raise PracticeError(words("user_invalid", user=name))
    return name


def repository_address(text: str, words: Translator) -> str:
    """Return the https address of a repository, given as address, ``git@`` form or ``user/name``.

    Raises PracticeError.
    """
    address = text.strip()
    if SLUG.fullmatch(address):
        return f"https://github.com/{address.removesuffix('.git')}"
    match = REPOSITORY.fullmatch(address.rstrip("/").removesuffix(".git"))
    if match is None or not SLUG.match(match[2]):
        raise PracticeError(words("repository_invalid", repository=address))
    return f"https://{match[1]}/{match[2]}"


def package_of(project: str) -> str:
    """Return the import package for a project name: ``foo_bar`` for ``Foo.Bar``."""
    return canonicalize_name(project).replace("-", "_")


def command_of(project: str) -> str:
    """Return the command for a project name: ``foo-bar`` for ``Foo.Bar``."""
    return canonicalize_name(project)


def _packaged(name: str, in_repository: str) -> Traversable:
    """Return a folder of the installed package; in a checkout, that of the repository."""
    installed = importlib.resources.files("pypi_practice").joinpath(name)
    return installed if installed.is_dir() else Path(__file__).parents[2] / in_repository


def template() -> Iterator[tuple[str, Traversable]]:
    """Yield the files of the demo package by name."""
    yield from _walk(_packaged("template", "demo-package"), "")


def _walk(folder: Traversable, above: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda child: child.name):
        if any(fnmatch(entry.name, pattern) for pattern in LEFT_OUT):
            continue
        if entry.is_dir():
            yield from _walk(entry, f"{above}{entry.name}/")
        else:
            yield f"{above}{entry.name}", entry


@functools.cache
def _pattern() -> re.Pattern[str]:
    old = load("commands/fork")["old"]
    texts = [old[key] for key in ("repository", "project", "package", "command", "author", "email")]
    texts += [f"{old['user']}/{old['project']}", f"(c) {old['year']}"]
    texts += [f"{old['repository']}/{part}" for part in ("blob", "issues")]
    texts += [f"app.travis-ci.com/github/{old['user']}/{old['project']}"]
    return re.compile("|".join(re.escape(text) for text in sorted(texts, key=len, reverse=True)))


def renamed(text: str, mine: Names, escape: bool = False) -> str:
    """Return *text* with every name of the demo package replaced, in one pass.

    *escape* escapes the new names for strings of TOML.
    """
    old = load("commands/fork")["old"]
    below = "/-" if mine.host == "gitlab" else ""
    travis = f"app.travis-ci.com/github/{old['user']}/{old['project']}"
    replacements = {
        old["repository"]: mine.repository,
        old["project"]: mine.project,
        old["package"]: mine.package,
        old["command"]: mine.command,
        old["author"]: mine.author,
        old["email"]: mine.email,
        f"{old['user']}/{old['project']}": mine.slug,
        f"(c) {old['year']}": f"(c) {time.strftime('%Y')}",
        f"{old['repository']}/blob": f"{mine.repository}{below}/blob",
        f"{old['repository']}/issues": f"{mine.repository}{below}/issues",
        travis: f"app.travis-ci.com/{mine.host}/{mine.slug}",
    }

    def replacement(match: re.Match[str]) -> str:
        value = replacements[match[0]]
        return re.sub(r'(["\\])', r"\\\1", value) if escape else value

    return _pattern().sub(replacement, text)


def files(mine: Names, ci: str) -> dict[str, str]:
    """Return the text of each file of a fork by its path; *ci* is a key of ``ci`` in fork.yml."""
    texts = {}
    for name, file in template():
        text = file.read_text(encoding="utf-8")
        texts[renamed(name, mine)] = renamed(text, mine, escape=name.endswith(".toml"))
    service = load("commands/fork")["ci"][ci]
    if "file" in service:
        folder = _packaged("trusted", "examples/trusted")
        del texts[".travis.yml"]
        for name, template_name in {
            service["file"]: service["template"],
            **service["more"],
        }.items():
            texts[name] = folder.joinpath(template_name).read_text(encoding="utf-8")
        texts["README.md"] = _readme(texts["README.md"], mine, service)
    return texts


def _readme(text: str, mine: Names, service: dict[str, Any]) -> str:
    """Return the README with the publishing service in the place of Travis CI."""
    lines = []
    for line in text.splitlines():
        if line.startswith("[![Build]"):
            lines.append(service["badge"].format(repository=mine.repository))
        elif line.startswith("Travis CI"):
            lines.append(service["readme"])
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def is_fork(path: Path, words: Translator) -> bool:
    """Whether the folder is a fork that this program made: its first commit has MARK.

    Raises PracticeError for a repository that cannot be read.
    """
    if not os.path.isdir(path):
        return False
    try:
        reader = safe_reader.Repository(path)
        roots = reader.text("rev-list", "--max-parents=0", "HEAD").split()
        return any(MARK in reader.text("cat-file", "commit", root) for root in roots[:1])
    except git_command.GitError as error:
        # In a repository without commits, git rev-list fails.
        without_commits = (
            git_command.NOT_A_REPOSITORY,
            git_command.NOT_INSTALLED,
            git_command.FAILED,
        )
        if error.kind in without_commits:
            return False
        reason = error.detail or error.kind
        raise PracticeError(words("git_unreadable", path=path, reason=reason)) from error


def check_target(path: Path, words: Translator) -> None:
    """Raise PracticeError unless *path* does not exist or is an empty folder."""
    if git_command.program() is None:
        raise PracticeError(words("no_git"))
    for name in path.parts:
        if one_line(name) != name:
            raise PracticeError(words("path_invisible", path=path))
        if len(os.fsencode(name)) > PATH_PART_LIMIT:
            shortened = f"{name[:20]}..."
            raise PracticeError(words("path_long", name=shortened, limit=PATH_PART_LIMIT))
        if is_device_name(name):
            raise PracticeError(words("path_reserved", name=name))
    try:
        if os.path.islink(path) and not os.path.exists(path):
            raise PracticeError(words("path_link", path=path))
        if os.path.exists(path) and not os.path.isdir(path):
            raise PracticeError(words("not_folder", path=path))
        if os.path.isdir(path) and any(path.iterdir()):
            raise PracticeError(words("foreign", path=path))
    except OSError as error:
        raise PracticeError(
            words("not_written", path=path, reason=error_reason(error, words))
        ) from error


def is_device_name(name: str) -> bool:
    """Whether the name means a device on Windows, such as ``con`` or ``NUL.txt``."""
    return bool(re.fullmatch(DEVICE, name.partition(".")[0].rstrip(" ")))


def error_reason(error: OSError, words: Translator) -> str:
    """Return the reason of an error in the user's language, else the system's text."""
    key = f"why_{errno.errorcode.get(error.errno or 0, '')}"
    if key in load("commands/fork"):
        return words(key)
    text = str(error.strerror or error)
    return translated(text, words.language, "commands/system_errors")


def write(path: Path, mine: Names, ci: str, words: Translator) -> None:
    """Write the fork to *path*, with its first commit. Raises PracticeError.

    It is written to a temporary folder beside *path* and renamed, so that an error leaves nothing.
    """
    # If *path* is a link, its target is replaced and the link is kept.
    path = Path(os.path.realpath(path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".fork-", dir=path.parent) as temporary:
            new_fork = Path(temporary, path.name or "fork")
            for name, text in files(mine, ci).items():
                (new_fork / name).parent.mkdir(parents=True, exist_ok=True)
                (new_fork / name).write_text(text, encoding="utf-8", newline="\n")
            _commit(new_fork, mine)
            if path.is_dir():
                path.rmdir()  # fails if it is not empty
            new_fork.rename(path)
    except git_command.GitError as error:
        reason = error.detail or error.kind
        raise PracticeError(words("not_written", path=path, reason=reason)) from error
    except OSError as error:
        raise PracticeError(
            words("not_written", path=path, reason=error_reason(error, words))
        ) from error


def _commit(folder: Path, mine: Names) -> None:
    """Create the repository and its first commit, without hooks and filters; raises GitError."""
    identity = ["-c", f"user.name={mine.author}", "-c", f"user.email={mine.email}"]
    commit_command = ["commit", "--quiet", "--message", f"Start {mine.project}", "--message", MARK]
    git_command.create(
        folder,
        (
            ["init", "--quiet", "--initial-branch", "main"],
            ["remote", "add", "origin", f"{mine.repository}.git"],
            ["add", "."],
            [*identity, "-c", f"core.hooksPath={os.devnull}", *commit_command],
        ),
    )


def run_tests(path: Path) -> tuple[bool, str]:
    """Run the tests of a fork with this Python; return whether they pass, and their output."""
    environ = os.environ | {
        "PYTHONPATH": str(path.absolute() / "src"),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "unittest", "discover", "-s", "tests"]
    completed = subprocess.run(
        command,
        cwd=path,
        env=environ,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return completed.returncode == 0, f"{completed.stdout}{completed.stderr}".strip()
