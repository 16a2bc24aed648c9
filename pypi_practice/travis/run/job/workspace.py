"""Prepares the folders of a job, its virtual environment and its environment variables."""

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
from pypi_practice.travis.run.job import origin
from pypi_practice.travis.run.job.script import GUARDED, NO_PROXIES
from pypi_practice.travis.run.repository import Repository

try:
    import pwd
except ImportError:  # Windows
    pwd = None  # type: ignore[assignment]

# Variables that a job takes from this computer.
KEPT_VARIABLES = ("PATH", "LANG", "TERM", "TZ", "USER", "LOGNAME", "SHELL", "SYSTEMROOT")
# The categories of a locale (locale(7)); other variables LC_* are not standard.
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
# Variables of the practice environment that a job shares; the others are set for each job.
KEPT_PRACTICE_VARIABLES = (
    *BUNDLES,
    HATCH_REPO,
    HATCH_TRUSTS,
    "PYPI_PRACTICE_DATA",
    "PYPI_PRACTICE_WEB",
)
MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class Workspace:
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
    """Return the cache folder of rehearsals; it may be deleted at any time."""
    if chosen := environ.get("PYPI_PRACTICE_CACHE"):
        return Path(chosen)
    return platformdirs.user_cache_path("pypi-practice", appauthor=False)


def files(root: Path | None, python: Path | None, environ: Mapping[str, str]) -> Files:
    """Return which files a job can see: none of the user's home.

    It can write to its folder *root* and to the caches of rehearsals. It can read *python*, the
    Pythons of pyenv, this program and the certificates.
    """
    homes = {Path.home(), Path(environ.get("HOME") or Path.home())}
    if pwd is not None:
        with contextlib.suppress(KeyError):  # a user whom the system does not know
            homes.add(Path(pwd.getpwuid(os.getuid()).pw_dir))
    programs = [Path(sys.prefix), Path(sys.base_prefix), _pyenv()]
    if python is not None:
        programs.append(python.resolve().parents[1])
    if tool := executables.find("dpl", environ.get("PATH")):
        # The gem is in the prefix of the program, which is not shown if it holds a home.
        prefix = Path(tool).resolve().parents[1]
        is_home = any(home.is_relative_to(prefix) for home in homes)
        programs.append(Path(tool).parent if is_home else prefix)
    data = importlib.resources.files("pypi_practice.data")
    ours = [Path(__file__).resolve().parents[3], Path(str(data))]
    certificates = certificates_in(Path(environ[CERTIFICATES]))
    trusted = [certificates.bundle, certificates.authority, Path(environ[CERTIFICATES], "bin")]
    caches = [cache(environ) / name for name in ("pip", "dpl")]
    for folder in caches:
        _folder(folder)
    return Files(
        hidden=sorted(home for home in homes if home != home.parent),
        readable=[*programs, *ours, *trusted],
        writable=[*caches, *([root] if root else [])],
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
) -> Workspace:
    """Make the checkout and the environment of *job* in *folder*.

    *python* is the path and the version of a Python. *prepared* is an existing bare copy of the
    repository. *emit* gets the lines that Travis CI would show for git. Raises PracticeError.
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
    return Workspace(folder, checkout, home, temporary, activate, copied, settings)


def _make_environment(
    environment: Path, python: tuple[str, str], environ: Mapping[str, str], words: Translator
) -> None:
    """Make a virtual environment with virtualenv, as Travis CI does.

    virtualenv needs a tenth of the time of venv, and no package python3-venv on Debian. venv is the
    fallback for Pythons that virtualenv does not support.
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
    workspace: Workspace,
    commit: str,
    proxy: str,
    direct: Collection[str] = (),
) -> dict[str, str]:
    """Return the job's environment: how to reach the practice index, and Travis CI's variables.

    *environ* is the practice environment, *proxy* the address of the job's own proxy, *direct* the
    hosts that are reached without it. Other variables of the user are left out, because a token
    that is set here but not on Travis CI would hide a mistake.
    """
    variables = {
        name: value
        for name, value in environ.items()
        if name in KEPT_VARIABLES or name in LOCALE or name in KEPT_PRACTICE_VARIABLES
    }
    own = environ.get("VIRTUAL_ENV")
    if own:
        folders = environ.get("PATH", os.defpath).split(os.pathsep)
        remaining_folders = [folder for folder in folders if Path(folder).parent != Path(own)]
        variables["PATH"] = os.pathsep.join(remaining_folders)
    variables |= dict.fromkeys((name for name in (*PROXIES, PIP_PROXY) if name in environ), proxy)
    variables |= dict.fromkeys(NO_PROXIES, ",".join(direct))
    variables |= dict.fromkeys(INSTALL_FROM, INDEXES["pypi"].simple)
    variables |= {
        "PYPI_PRACTICE": proxy,
        "HOME": str(workspace.home),
        "TRAVIS_HOME": str(workspace.home),
        "TRAVIS_COMMIT": commit,
        "TRAVIS_BUILD_DIR": str(workspace.checkout),
        **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(workspace.temporary)),
        "GIT_CONFIG_SYSTEM": str(workspace.git_settings),
        "REHEARSAL_CACHE": str(cache(environ)),
        "PIP_CACHE_DIR": str(_pip_cache(job, environ, workspace.home)),
        # Compiling modules takes half of pip's time, and most are imported once or never.
        "PIP_COMPILE": "0",
        "TRAVIS_CPU_ARCH": MACHINES.get(platform.machine(), platform.machine()),
        "GIT_ASKPASS": "echo",
        "DEBIAN_FRONTEND": "noninteractive",
        "PAGER": "cat",
        "HAS_JOSH_K_SEAL_OF_APPROVAL": "true",
    }
    # A variable cannot hold NUL characters; bash drops them too.
    ours = {
        name: value.replace("\0", "").encode("utf-8", "replace").decode()
        for name, value in job.environ.items()
    }
    theirs = {
        variable.name: variable.value for variable in job.variables if variable.name not in GUARDED
    }
    return variables | ours | theirs


def _pip_cache(job: Job, environ: Mapping[str, str], home: Path) -> Path:
    """Return pip's cache: that of the project with ``cache: pip``, else a new one.

    A new one shares the downloads of other rehearsals, but not built wheels, because Travis CI
    would build them again. The user's own cache is not used, because a job could put files there
    that pip would install later.
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
    """Make *path* a folder, replacing a link or a file that a job put there; return it."""
    if path.is_symlink() or (path.exists() and not path.is_dir()):
        path.unlink()
    path.mkdir(parents=True, exist_ok=True)
    return path


def find_python(requested: str) -> tuple[str, str]:
    """Return path and version of Python *requested* (``3.12``) or of the nearest version."""
    pyenv = _pyenv()
    if not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}", requested):
        requested = ""  # it is used in paths of programs, which a file must not choose

    def candidates(version: str) -> list[str]:
        paths = [executables.find(f"python{version}")]
        if pyenv.is_dir():
            installed = sorted(pyenv.glob(f"{version}.*"), reverse=True)
            paths += [str(folder / "bin" / "python") for folder in installed]
        return [path for path in paths if path and os.access(path, os.X_OK)]

    for candidate in candidates(requested) if requested else []:
        if _version(candidate) == requested:
            return candidate, requested
    own = sys.version_info.minor
    match = re.match(r"3\.(\d{1,9})", requested)
    target = int(match[1]) if match else own
    # Of versions at the same distance, the one that runs this program is first, then the newer.
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
        completed = subprocess.run(
            [python, "-c", code], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    return completed.stdout.strip() if completed.returncode == 0 else None
