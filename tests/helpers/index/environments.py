"""Environments of their own for programs that cannot stand beside ours: build/NAME, from
requirements/NAME.txt, which ``make lock`` writes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from helpers.docs.blocks import ROOT


def install(name: str, *last: str) -> Path:
    """Make build/*name* what its lock file says, unless it is that already; return its folder.

    *last* are arguments of one more installation without dependencies: ``-e .`` for this project.
    Raises subprocess.CalledProcessError, whose ``stderr`` is what uv said.
    """
    folder, lock = ROOT / "build" / name, ROOT / "requirements" / f"{name}.txt"
    folder.parent.mkdir(exist_ok=True)
    with FileLock(f"{folder}.lock"):
        digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
        stamp = folder / "installed"
        if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
            return folder
        uv = [sys.executable, "-m", "uv"]
        target_options = ["--quiet", "--python", str(folder)]
        commands = [
            [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)],
            [*uv, "pip", "sync", *target_options, "--require-hashes", str(lock)],
        ]
        if last:
            commands.append(
                [*uv, "pip", "install", *target_options, "--no-deps", "--no-build-isolation", *last]
            )
        for command in commands:
            subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        stamp.write_text(digest, encoding="utf-8")
    return folder


def programs(folder: Path) -> Path:
    """Return the folder with the programs of an environment."""
    return folder / ("Scripts" if os.name == "nt" else "bin")
