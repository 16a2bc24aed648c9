"""The repository that the checkout of a rehearsed job comes from, and that it can push to.

The checkout's setting ``remote.origin.url`` is the address that the repository has on Travis CI.
A configuration of the rehearsal (``url.COPY.insteadOf``, git 2.32 and later) replaces that address
by a temporary bare copy; an older git uses the real address, which the proxy of the job refuses.
The copy shares no file with the user's repository, and a job cannot find out the path of that
repository.
"""

from __future__ import annotations

import errno
import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.processes import executables
from pypi_practice.travis.plan.plan_types import Job
from pypi_practice.travis.run.log import clean, fold
from pypi_practice.travis.run.repository import Repository

DEPTH = 50  # commits that Travis CI clones, unless the file says otherwise
KINDS: dict[str, Literal["branch", "tag"]] = {"refs/heads/": "branch", "refs/tags/": "tag"}
REFS_LIMIT = 1_000_000  # bytes of the output of git for a copy
TIMEOUT = 20  # seconds for a git command in a copy that a job may have changed
# A job may change the settings of its copy, so they are replaced before git reads it.
SETTINGS = "[core]\n\trepositoryformatversion = 0\n\tbare = true\n"


@dataclass(frozen=True)
class Push:
    """A branch or tag of the copy that a job has changed; ``forced`` if commits were removed."""

    kind: Literal["branch", "tag", "ref"]
    name: str
    change: Literal["created", "updated", "forced", "deleted"]


def _environ() -> dict[str, str]:
    """Return an environment in which git reads only the configuration of the repository."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("GIT_") and name != "XDG_CONFIG_HOME"
    }
    return environ | {
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_OPTIONAL_LOCKS": "0",
        "HOME": os.devnull,
        "LC_ALL": "C",
    }


def _program() -> str:
    """Return the path of git; FileNotFoundError if it is not installed."""
    path = executables.find("git")
    if path is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "git")
    return path


def _git(arguments: Iterable[str]) -> None:
    """Run git; OSError or subprocess.SubprocessError if it fails."""
    safe = (
        "-c",
        "core.hooksPath=" + os.devnull,
        "-c",
        "core.fsmonitor=false",
        "-c",
        "advice.detachedHead=false",
        "-c",
        "gc.auto=0",
    )
    subprocess.run(
        [_program(), *safe, *arguments],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
        env=_environ(),
    )


def reason(error: OSError | subprocess.SubprocessError) -> str:
    """Return the last line that a failed program printed, else the text of the error."""
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or error.stdout or b"").decode(errors="replace").strip().splitlines()
        return clean(lines[-1]) if lines else str(error.returncode)
    return str(error)


def copy(repository: Repository, target: Path, words: Translator) -> None:
    """Make *target* a bare copy of the user's branches, tags and HEAD. Raises PracticeError.

    git reads the user's repository through its file protocol, which runs no hooks, filters or
    monitors of that repository, and copies every object.
    """
    source = repository.path.resolve().as_uri()
    # safe.directory of the user decides whether git may read a folder of another user.
    user_settings = {
        name: os.environ[name]
        for name in ("HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL")
        if name in os.environ
    }
    environ = _environ() | user_settings
    if "GIT_CONFIG_GLOBAL" not in user_settings:
        del environ["GIT_CONFIG_GLOBAL"]
    command = [
        "clone",
        "--quiet",
        "--bare",
        "--no-local",
        "--no-hardlinks",
        "--template=",
        source,
        str(target),
    ]
    try:
        subprocess.run(
            [_program(), "-c", f"core.hooksPath={os.devnull}", *command],
            check=True,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            env=environ,
        )
        (target / "config").write_text(SETTINGS, encoding="utf-8")
    except (OSError, subprocess.SubprocessError) as error:
        raise PracticeError(words("no_checkout", reason=reason(error))) from error


def addresses(slug: str, values: Iterable[str] = ()) -> list[str]:
    """Return the usual spellings of the address of a repository on GitHub.

    *values* are values of variables that an address may have as its password.
    """
    owner = slug.partition("/")[0]
    path = f"github.com/{slug}"
    urls = [
        f"https://{path}",
        f"http://{path}",
        f"git://{path}",
        f"ssh://git@{path}",
        f"git@github.com:{slug}",
    ]
    for value in dict.fromkeys(values):
        if value and value.isprintable() and not set(value) & set(' @/"\\'):
            users = (f"{owner}:", "x-access-token:", "git:", "")
            urls += [f"https://{user}{value}@{path}" for user in users]
            urls.append(f"https://{value}:x-oauth-basic@{path}")
    # git uses the longest prefix that matches; without ".git" in it, that would be appended.
    return [spelling for address in urls for spelling in (f"{address}.git", address)]


def write_settings(file: Path, origin: Path, slug: str, values: Iterable[str]) -> None:
    """Write a git configuration that maps the addresses of *slug* to the copy in *origin*.

    It is for GIT_CONFIG_SYSTEM, in the place of the system's configuration.
    """
    lines = [f'[url "{origin.as_uri()}"]']
    lines += [f'\tinsteadOf = "{address}"' for address in addresses(slug, values)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def clone(
    origin: Path,
    repository: Repository,
    job: Job,
    checkout: Path,
    words: Translator,
    emit: Callable[[str], None],
) -> None:
    """Check the commit out into *checkout* from *origin*; raises PracticeError.

    *emit* gets the lines that Travis CI would show.
    """
    git = job.config.get("git")
    git = git if isinstance(git, dict) else {}
    if git.get("clone") is False:
        checkout.mkdir()
        emit("Skipping `git clone` based on given configuration")
        return
    depth = git.get("depth", DEPTH)
    shallow = [] if depth is False else [f"--depth={depth}"]
    name = job.environ["TRAVIS_TAG"] or job.environ["TRAVIS_BRANCH"]
    branch = [] if repository.missing_branch else [f"--branch={name}"]
    quiet = ["--quiet"] if git.get("quiet") is True else []
    slug = job.environ["TRAVIS_REPO_SLUG"]
    address = f"https://github.com/{slug}.git"
    command_text = ["git clone", *shallow, *(branch or [f"--branch={name}"]), *quiet]
    emit(fold("start", "git.checkout") + "$ " + clean(" ".join([*command_text, address, slug])))
    # A file URL: git ignores --depth for a plain path.
    clone = ["clone", "--quiet", "--template=", "--no-checkout", *shallow, *branch]
    in_checkout = ["-C", str(checkout)]
    try:
        for command in (
            [*clone, origin.as_uri(), str(checkout)],
            [*in_checkout, "checkout", "--quiet", "--force", repository.commit],
            [*in_checkout, "config", "remote.origin.url", address],
        ):
            _git(command)
    except (OSError, subprocess.SubprocessError) as error:
        raise PracticeError(words("no_checkout", reason=reason(error))) from error
    emit(clean(f"$ cd {slug}"))
    reference = job.environ["TRAVIS_TAG"] or repository.commit
    emit(clean(f"$ git checkout -qf {reference}"))
    emit(fold("end", "git.checkout"))


def refs(origin: Path) -> dict[str, str] | None:
    """Return the refs of a copy and the object of each; None if it cannot be read.

    A job may have changed its copy: the settings are replaced before git reads it, and a copy that
    is no longer a plain folder is not read.
    """
    try:
        if origin.is_symlink() or not origin.is_dir():
            return None
        for name in ("config", "config.worktree", "commondir"):
            (origin / name).unlink(missing_ok=True)
        with (origin / "config").open("x", encoding="utf-8") as file:
            file.write(SETTINGS)
        alternates = origin / "objects" / "info" / "alternates"
        if (origin / "objects").is_symlink() or (origin / "refs").is_symlink():
            return None
        alternates.unlink(missing_ok=True)
        command = ["for-each-ref", "--format=%(objectname) %(refname)"]
        output = _query(origin, command)
    except (OSError, subprocess.SubprocessError):
        return None
    lines = output.decode("utf-8", "replace").splitlines()
    return {name: number for number, _, name in (line.partition(" ") for line in lines)}


def _query(origin: Path, command: Iterable[str]) -> bytes:
    """Return the output of git in a copy, within TIMEOUT and REFS_LIMIT.

    Raises OSError or subprocess.SubprocessError.
    """
    with subprocess.Popen(
        [
            _program(),
            "-c",
            "safe.directory=*",
            "-c",
            f"core.hooksPath={os.devnull}",
            "--git-dir",
            str(origin),
            *command,
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_environ(),
    ) as process:
        timer = threading.Timer(TIMEOUT, process.kill)
        timer.start()
        try:
            assert process.stdout is not None
            output = process.stdout.read(REFS_LIMIT + 1)
            if len(output) > REFS_LIMIT:
                process.kill()
        finally:
            timer.cancel()
    if process.returncode != 0:
        raise subprocess.CalledProcessError(process.returncode, "git")
    return output


def pushes(origin: Path, before: Mapping[str, str], after: Mapping[str, str]) -> list[Push]:
    """Return the refs that a job has changed in its copy, ordered by name."""
    changed = []
    for ref in sorted(before.keys() | after.keys()):
        old, new = before.get(ref), after.get(ref)
        if old == new:
            continue
        start = "/".join(ref.split("/", 2)[:2]) + "/"
        kind: Literal["branch", "tag", "ref"] = KINDS.get(start, "ref")
        name = clean(ref if kind == "ref" else ref.removeprefix(start))
        if old is None:
            changed.append(Push(kind, name, "created"))
        elif new is None:
            changed.append(Push(kind, name, "deleted"))
        elif kind != "branch" or not _contains(origin, old, new):
            changed.append(Push(kind, name, "forced"))
        else:
            changed.append(Push(kind, name, "updated"))
    return changed


def _contains(origin: Path, old: str, new: str) -> bool:
    """Whether *new* has the commit *old* among its ancestors."""
    try:
        output = _query(origin, ["rev-list", "--max-count=1", old, f"^{new}"])
    except (OSError, subprocess.SubprocessError):
        return False
    return not output.strip()
