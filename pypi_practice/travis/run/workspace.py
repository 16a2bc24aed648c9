"""Where a job runs: a Python, a virtual environment, a fresh checkout, a home, variables."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.resources
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.network.server import certificates_in
from pypi_practice.processes import executables
from pypi_practice.sandbox.bubblewrap import Files
from pypi_practice.shell.variables import (
    BUNDLES,
    CERTIFICATES,
    HATCH_REPO,
    HATCH_TRUSTS,
    INSTALL_FROM,
    PIP_PROXY,
    PROXIES,
)
from pypi_practice.travis.config.jobs import assigned
from pypi_practice.travis.plan.plan_types import Job
from pypi_practice.travis.plan.planner import caches_pip
from pypi_practice.travis.run import origin
from pypi_practice.travis.run.repository import Repository
from pypi_practice.travis.run.script import GUARDED, NO_PROXIES

try:
    import pwd
except ImportError:  # Windows
    pwd = None  # type: ignore[assignment]

# What a program needs of the computer that it runs on.
KEPT = ("PATH", "LANG", "TERM", "TZ", "USER", "LOGNAME", "SHELL", "SYSTEMROOT")
# The categories of a locale (locale(7)); a name that only begins like them may hold anything.
LOCALE = frozenset(
    f"LC_{name}"
    for name in (
        "ALL",
        "ADDRESS",
        "COLLATE",
        "CTYPE",
        "IDENTIFICATION",
        "MEASUREMENT",
        "MESSAGES",
        "MONETARY",
        "NAME",
        "NUMERIC",
        "PAPER",
        "TELEPHONE",
        "TIME",
    )
)
# What of the practice environment holds inside a job too; the rest is made anew for each job.
KEPT_OF_PRACTICE = (*BUNDLES, HATCH_REPO, HATCH_TRUSTS, "PYPI_PRACTICE_DATA", "PYPI_PRACTICE_WEB")
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Place:
    """The folders and files of one job, all of them below ``root``, which is removed after it.

    ``activate`` is the script of its virtual environment, ``origin`` the copy of the repository
    that it can push to, ``git_settings`` the configuration that leads it there.
    """

    root: Path
    checkout: Path
    home: Path
    temporary: Path
    activate: Path
    origin: Path
    git_settings: Path


def cache(environ: Mapping[str, str]) -> Path:
    """Return where a rehearsal keeps what makes the next one quick; nothing in it is needed."""
    if chosen := environ.get("PYPI_PRACTICE_CACHE"):
        return Path(chosen)
    return platformdirs.user_cache_path("pypi-practice", appauthor=False)


def files(root: Path | None, python: Path | None, environ: Mapping[str, str]) -> Files:
    """Return what a job sees of this computer's files: nothing of the user's home.

    It writes to its own folder *root* and to the caches of rehearsals, and reads what runs it:
    *python*, the Pythons of pyenv, this program and the certificates.
    """
    homes = {Path.home(), Path(environ.get("HOME") or Path.home())}
    if pwd is not None:
        with contextlib.suppress(KeyError):  # a user whom the system does not know
            homes.add(Path(pwd.getpwuid(os.getuid()).pw_dir))
    programs = [Path(sys.prefix), Path(sys.base_prefix), _pyenv()]
    if python is not None:
        programs.append(python.resolve().parents[1])
    if tool := executables.find("dpl", environ.get("PATH")):
        # A gem lies beside the folder of its program; a home folder itself is not shown.
        prefix = Path(tool).resolve().parents[1]
        is_home = any(home.is_relative_to(prefix) for home in homes)
        programs.append(Path(tool).parent if is_home else prefix)
    data = importlib.resources.files("pypi_practice.data")
    ours = [Path(__file__).resolve().parents[2], Path(str(data))]
    certificates = certificates_in(Path(environ[CERTIFICATES]))
    trusted = [certificates.bundle, certificates.authority, Path(environ[CERTIFICATES], "bin")]
    kept = [cache(environ) / name for name in ("pip", "dpl")]
    for folder in kept:
        _folder(folder)
    return Files(
        hidden=sorted(home for home in homes if home != home.parent),
        readable=[*programs, *ours, *trusted],
        writable=[*kept, *([root] if root else [])],
    )


def _pyenv() -> Path:
    return Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"), "versions")


def prepare(
    repository: Repository,
    job: Job,
    folder: Path,
    python: tuple[str, str],
    environ: Mapping[str, str],
    words: Translator,
    emit: Callable[[str], None],
    prepared: Path | None = None,
) -> Place:
    """Make the checkout and the environment of *job* in *folder*, with *python*: path and version.

    *prepared* is a bare copy of the repository that was made before. What git does goes to *emit*,
    as Travis CI shows it. Raises PracticeError.
    """
    home, temporary = folder / "home", folder / "tmp"
    home.mkdir()
    temporary.mkdir()
    copied = folder / "origin.git"
    if prepared is None:
        origin.copy(repository, copied, words)
    else:
        shutil.copytree(prepared, copied)
    settings = folder / "gitconfig"
    slug = job.environ["TRAVIS_REPO_SLUG"]
    values = [variable.value for variable in job.variables] + list(assigned(job.env).values())
    origin.write_settings(settings, copied, slug, values)
    checkout = folder / "build" / repository.path.resolve().name
    checkout.parent.mkdir()
    origin.clone(copied, repository, job, checkout, words, emit)
    environment = home / "virtualenv" / f"python{re.sub(r'[^0-9A-Za-z.+_-]', '-', job.python)}"
    _make_environment(environment, python, environ, words)
    bin_name = "Scripts" if os.name == "nt" else "bin"
    activate = environment / bin_name / "activate"
    return Place(folder, checkout, home, temporary, activate, copied, settings)


def _make_environment(
    environment: Path, python: tuple[str, str], environ: Mapping[str, str], words: Translator
) -> None:
    """Make a clean virtual environment; Travis CI's are made by virtualenv too.

    virtualenv takes a tenth of the time of venv, and needs no python3-venv of Debian's; venv is for
    Pythons that it does not know.
    """
    path, version = python
    own = {key: value for key, value in environ.items() if not key.startswith("VIRTUALENV_")}
    data = cache(environ) / "virtualenv"
    quick = [
        sys.executable,
        "-P",
        "-m",
        "virtualenv",
        "--quiet",
        "--no-periodic-update",
        "--app-data",
        str(data),
        "--python",
        path,
        str(environment),
    ]
    own["VIRTUALENV_CONFIG_FILE"] = str(data / "none.ini")
    try:
        subprocess.run(quick, check=True, capture_output=True, env=own)
        return
    except (OSError, subprocess.CalledProcessError):
        shutil.rmtree(environment, ignore_errors=True)
    try:
        command = [path, "-I", "-m", "venv", str(environment)]
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        sentence = words("no_venv", version=version, reason=origin.reason(error))
        raise PracticeError(sentence) from error


def environment(
    job: Job,
    environ: Mapping[str, str],
    place: Place,
    commit: str,
    proxy: str,
    direct: Collection[str] = (),
) -> dict[str, str]:
    """Return the job's environment: how to reach the practice index, and Travis CI's variables.

    *environ* is the practice environment, *proxy* the address of the job's own proxy, *direct* the
    hosts that are reached without it. Nothing else of the learner's own comes in: a token that is
    set here and not on Travis CI would hide the mistake.
    """
    inner = {
        name: value
        for name, value in environ.items()
        if name in KEPT or name in LOCALE or name in KEPT_OF_PRACTICE
    }
    own = environ.get("VIRTUAL_ENV")
    if own:
        folders = environ.get("PATH", os.defpath).split(os.pathsep)
        kept = [folder for folder in folders if Path(folder).parent != Path(own)]
        inner["PATH"] = os.pathsep.join(kept)
    inner |= dict.fromkeys((name for name in (*PROXIES, PIP_PROXY) if name in environ), proxy)
    inner |= dict.fromkeys(NO_PROXIES, ",".join(direct))
    inner |= dict.fromkeys(INSTALL_FROM, INDEXES["pypi"].simple)
    inner |= {
        "PYPI_PRACTICE": proxy,
        "HOME": str(place.home),
        "TRAVIS_HOME": str(place.home),
        "TRAVIS_COMMIT": commit,
        "TRAVIS_BUILD_DIR": str(place.checkout),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(place.temporary)),
        "GIT_CONFIG_SYSTEM": str(place.git_settings),
        "REHEARSAL_CACHE": str(cache(environ)),
        "PIP_CACHE_DIR": str(_pip_cache(job, environ, place.home)),
        # pip need not compile what is imported once, if at all: that is half of its time.
        "PIP_COMPILE": "0",
        "TRAVIS_CPU_ARCH": MACHINES.get(platform.machine(), platform.machine()),
        "GIT_ASKPASS": "echo",
        "DEBIAN_FRONTEND": "noninteractive",
        "PAGER": "cat",
        "HAS_JOSH_K_SEAL_OF_APPROVAL": "true",
    }
    # What a variable cannot hold is left out, as bash does.
    ours = {
        name: value.replace("\0", "").encode("utf-8", "replace").decode()
        for name, value in job.environ.items()
    }
    theirs = {
        variable.name: variable.value for variable in job.variables if variable.name not in GUARDED
    }
    return inner | ours | theirs


def _pip_cache(job: Job, environ: Mapping[str, str], home: Path) -> Path:
    """Return pip's cache: the one kept for the project if it says ``cache: pip``, else a new one.

    A new one shares what other rehearsals downloaded, so that nothing is fetched twice over a slow
    line; what was built is not shared, because Travis CI would build it again. The user's own cache
    is left alone: pip would install without a question what a job has put there.
    """
    shared = cache(environ) / "pip"
    if caches_pip(job.config):
        slug = hashlib.sha256(job.environ["TRAVIS_REPO_SLUG"].encode()).hexdigest()
        return _folder(shared / slug)
    new_cache = home / ".cache" / "pip"
    new_cache.mkdir(parents=True)
    if os.name != "nt":
        for name in ("http", "http-v2"):
            _folder(shared / name)
            (new_cache / name).symlink_to(shared / name)
    return new_cache


def _folder(path: Path) -> Path:
    """Make *path* a folder, whatever a job has left there; return it."""
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        path.unlink()
    path.mkdir(parents=True, exist_ok=True)
    return path


def find_python(wanted: str) -> tuple[str, str]:
    """Return the path of Python *wanted* (``3.12``) and ``3.12``; else of the nearest one here."""
    pyenv = _pyenv()
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}", wanted):
        wanted = ""  # it stands in paths, some of which are started: no file may choose them

    def candidates(version: str) -> list[str]:
        paths = [executables.find(f"python{version}")]
        if pyenv.is_dir():
            places = sorted(pyenv.glob(f"{version}.*"), reverse=True)
            paths += [str(folder / "bin" / "python") for folder in places]
        return [path for path in paths if path and os.access(path, os.X_OK)]

    for candidate in candidates(wanted) if wanted else []:
        if _version(candidate) == wanted:
            return candidate, wanted
    own = sys.version_info.minor
    match = re.match(r"3\.(\d{1,9})", wanted)
    target = int(match[1]) if match else own
    # The one that runs us wins among those that are as near, then the newer one.
    order = sorted(range(8, 17), key=lambda minor: (abs(minor - target), minor != own, -minor))
    for minor in order:
        if minor == own:
            return getattr(sys, "_base_executable", sys.executable), f"3.{own}"
        for candidate in candidates(f"3.{minor}"):
            if _version(candidate) == f"3.{minor}":
                return candidate, f"3.{minor}"
    return getattr(sys, "_base_executable", sys.executable), f"3.{own}"


@functools.cache
def _version(python: str) -> str | None:
    code = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None
