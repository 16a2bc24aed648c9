"""Finds programs in PATH, but never in the working directory, which may be hostile."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def find(name: str, path: str | None = None) -> str | None:
    """Return the path of the program *name*, None if it is not installed.

    Of *path*, by default PATH, only absolute folders are searched.
    """
    folders = (os.environ.get("PATH", os.defpath) if path is None else path).split(os.pathsep)
    absolute = os.pathsep.join(folder for folder in folders if Path(folder).is_absolute())
    return shutil.which(name, path=absolute) if absolute else None
