"""Where a job runs: a Python, a virtual environment, a fresh checkout, a home, variables."""

from __future__ import annotations

import functools
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pypi_practice.errors import PracticeError
from pypi_practice.shell import PRACTICE_VARIABLES
from pypi_practice.travis.log import fold
from pypi_practice.travis.plan import Job, caches_pip
from pypi_practice.travis.repository import Repository
from pypi_practice.travis.script import GUARDED
from pypi_practice.words import Words

# What a program needs of the computer that it runs on.
KEPT = ("PATH", "LANG", "TERM", "TMPDIR", "TZ", "USER", "LOGNAME", "SHELL", "SYSTEMROOT", "TEMP")
DEPTH = 50  # commits that Travis CI clones, unless the file says otherwise
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Place:
    """The folders of one job, and the script that activates its virtual environment."""

    checkout: Path
    home: Path
    activate: Path


def cache(environ: Mapping[str, str]) -> Path:
    """Return where a rehearsal keeps what makes the next one quick; nothing in it is needed."""
    if chosen := environ.get("PYPI_PRACTICE_CACHE"):
        return Path(chosen)
    if os.name == "nt":
        base = Path(environ.get("LOCALAPPDATA") or Path.home(), "pypi-practice")
        return base / "cache"
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pypi-practice"


def prepare(
    repository: Repository,
    job: Job,
    folder: Path,
    python: tuple[str, str],
    environ: Mapping[str, str],
    words: Words,
    emit: Callable[[str], None],
) -> Place:
    """Make the checkout and the environment of *job* in *folder*, with *python*: path and version.

    What git does goes to *emit*, as Travis CI shows it. Raises PracticeError.
    """
    home = folder / "home"
    home.mkdir()
    checkout = folder / "build" / repository.path.resolve().name
    checkout.parent.mkdir()
    _clone(repository, job, checkout, words, emit)
    environment = home / "virtualenv" / f"python{job.python}"
    _make_environment(environment, python, environ, words)
    bin_name = "Scripts" if os.name == "nt" else "bin"
    return Place(checkout, home, environment / bin_name / "activate")


def _clone(
    repository: Repository, job: Job, checkout: Path, words: Words, emit: Callable[[str], None]
) -> None:
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
    shown = ["git clone", *shallow, *(branch or [f"--branch={name}"]), *quiet]
    emit(fold("start", "git.checkout") + "$ "
         + " ".join([*shown, f"https://github.com/{slug}.git", slug]))  # fmt: skip
    # By the file protocol: a plain path would not be cloned at a depth.
    source = repository.path.resolve().as_uri()
    clone = ["clone", "--quiet", "--config", "advice.detachedHead=false", "--no-checkout"]
    try:
        for command in (
            [*clone, *shallow, *branch, source, str(checkout)],
            ["-C", str(checkout), "checkout", "--quiet", "--force", repository.commit],
        ):
            subprocess.run(["git", *command], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise PracticeError(words("no_checkout", reason=_reason(error))) from error
    emit(f"$ cd {slug}")
    reference = job.environ["TRAVIS_TAG"] or repository.commit
    emit(f"$ git checkout -qf {reference}")
    emit(fold("end", "git.checkout"))


def _make_environment(
    environment: Path, python: tuple[str, str], environ: Mapping[str, str], words: Words
) -> None:
    """Make a clean virtual environment; Travis CI's are made by virtualenv too.

    virtualenv takes a tenth of the time of venv, and needs no python3-venv of Debian's; venv is for
    Pythons that it does not know.
    """
    path, version = python
    own = {key: value for key, value in environ.items() if not key.startswith("VIRTUALENV_")}
    data = cache(environ) / "virtualenv"
    quick = [sys.executable, "-m", "virtualenv", "--quiet", "--no-periodic-update",
             "--app-data", str(data), "--python", path, str(environment)]  # fmt: skip
    own["VIRTUALENV_CONFIG_FILE"] = str(data / "none.ini")
    try:
        subprocess.run(quick, check=True, capture_output=True, env=own)
        return
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(environment, ignore_errors=True)
    try:
        subprocess.run([path, "-m", "venv", str(environment)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sentence = words("no_venv", version=version, reason=_reason(error))
        raise PracticeError(sentence) from error


def _reason(error: OSError | subprocess.CalledProcessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = (error.stderr or error.stdout or b"").decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else str(error.returncode)
    return str(error)


def environment(job: Job, environ: Mapping[str, str], place: Place, commit: str) -> dict[str, str]:
    """Return the job's environment: how to reach the practice index, and Travis CI's variables.

    Nothing else of the learner's own: a token that is set here and not on Travis CI would hide
    the mistake. What leads to the practice index cannot be set by a variable.
    """
    inner = {
        name: value
        for name, value in environ.items()
        if name in KEPT or name.startswith("LC_") or name in PRACTICE_VARIABLES
    }
    own = environ.get("VIRTUAL_ENV")
    if own:
        folders = environ.get("PATH", os.defpath).split(os.pathsep)
        kept = [one for one in folders if Path(one).parent != Path(own)]
        inner["PATH"] = os.pathsep.join(kept)
    inner |= {"HOME": str(place.home), "TRAVIS_HOME": str(place.home), "TRAVIS_COMMIT": commit,
              "TRAVIS_BUILD_DIR": str(place.checkout),
              "REHEARSAL_CACHE": str(cache(environ)),
              "PIP_CACHE_DIR": str(_pip_cache(job, environ, place.home)),
              # pip need not compile what is imported once, if at all: that is half of its time.
              "PIP_COMPILE": "0",
              "TRAVIS_CPU_ARCH": MACHINES.get(platform.machine(), platform.machine()),
              "GIT_ASKPASS": "echo", "DEBIAN_FRONTEND": "noninteractive", "PAGER": "cat",
              "HAS_JOSH_K_SEAL_OF_APPROVAL": "true"}  # fmt: skip
    theirs = {one.name: one.value for one in job.variables if one.name not in GUARDED}
    return inner | job.environ | theirs


def _pip_cache(job: Job, environ: Mapping[str, str], home: Path) -> Path:
    """Return pip's cache: the user's own for ``cache: pip``, else a new one.

    A new one shares what was downloaded, so that nothing is fetched twice over a slow line; what
    was built is not shared, because Travis CI would build it again.
    """
    users = Path(
        environ.get("PIP_CACHE_DIR") or Path(environ.get("HOME", "~"), ".cache", "pip")
    ).expanduser()
    if caches_pip(job.config):
        return users
    made = home / ".cache" / "pip"
    made.mkdir(parents=True)
    if os.name != "nt":
        for name in ("http", "http-v2"):
            (users / name).mkdir(parents=True, exist_ok=True)
            (made / name).symlink_to(users / name)
    return made


def find_python(wanted: str) -> tuple[str, str]:
    """Return the path of Python *wanted* (``3.12``) and ``3.12``; else of the nearest one here."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")

    def candidates(version: str) -> list[str]:
        found = [shutil.which(f"python{version}")]
        if pyenv.is_dir():
            places = sorted(pyenv.glob(f"{version}.*"), reverse=True)
            found += [shutil.which(str(one / "bin" / "python")) for one in places]
        return [one for one in found if one]

    for candidate in candidates(wanted):
        if _version(candidate) == wanted:
            return candidate, wanted
    own = sys.version_info.minor
    found = re.match(r"3\.(\d{1,9})", wanted)
    target = int(found[1]) if found else own
    # The one that runs us wins among those that are as near, then the newer one.
    order = sorted(range(8, 17), key=lambda one: (abs(one - target), one != own, -one))
    for one in order:
        if one == own:
            return getattr(sys, "_base_executable", sys.executable), f"3.{own}"
        for candidate in candidates(f"3.{one}"):
            if _version(candidate) == f"3.{one}":
                return candidate, f"3.{one}"
    return getattr(sys, "_base_executable", sys.executable), f"3.{own}"


@functools.cache
def _version(python: str) -> str | None:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
