"""The wheel of the program, which the site offers on the page ``install``."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from site_builder.site_data import ROOT

FOLDER = "files"  # below the root of the site
SOURCES = ("pyproject.toml", "LICENSE", "pypi_practice", "demo-package", "examples/trusted")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.egg-info", "build", "dist", ".venv", ".*_cache")
# The time in the wheel is that of offline.DAY: the same bytes for the same files.
DAY = "1767225600"


class WheelError(Exception):
    """The wheel was not built; the text is what the build backend printed."""


def build(place: Path) -> Path:
    """Build the wheel into the site at *place* with the installed backend; return its path.

    Raises WheelError.
    """
    # Installed for ``make site``, and not for ``make serve``.
    from build import BuildBackendException, ProjectBuilder

    target = place / FOLDER
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        # The backend writes into the sources, and would take up what it left there before.
        source = copy_sources(Path(folder, "sources"))
        try:
            wheel = ProjectBuilder(source, runner=_run).build("wheel", target)
        except BuildBackendException as error:
            raise WheelError(getattr(error.exception, "output", None) or str(error)) from error
    return Path(wheel)


def copy_sources(place: Path) -> Path:
    """Copy what the wheel is made of into *place*, a new folder; return it."""
    place.mkdir()
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, place / name, ignore=LEFT_OUT)
        else:
            shutil.copy(ROOT / name, place / name)
    return place


def _run(
    cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None
) -> None:
    """Run a step of the build; keep what it prints for the error."""
    subprocess.run(
        cmd,
        cwd=cwd,
        env={**os.environ, **(extra_environ or {}), "SOURCE_DATE_EPOCH": DAY},
        umask=0o022,  # the wheel holds the modes of the files
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )


def size(wheel: Path) -> int:
    """Return the size of the wheel in kB."""
    return round(wheel.stat().st_size / 1000)


def digest(wheel: Path) -> str:
    """Return the SHA-256 digest of the wheel."""
    return hashlib.sha256(wheel.read_bytes()).hexdigest()
