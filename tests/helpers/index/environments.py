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
    place, lock = ROOT / "build" / name, ROOT / "requirements" / f"{name}.txt"
    place.parent.mkdir(exist_ok=True)
    with FileLock(f"{place}.lock"):
        digest = hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()
        stamp = place / "installed"
        if stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
            return place
        uv = [sys.executable, "-m", "uv"]
        there = ["--quiet", "--python", str(place)]
        commands = [
            [*uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)],
            [*uv, "pip", "sync", *there, "--require-hashes", str(lock)],
        ]
        if last:
            commands.append(
                [*uv, "pip", "install", *there, "--no-deps", "--no-build-isolation", *last]
            )
        for command in commands:
            subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        stamp.write_text(digest, encoding="utf-8")
    return place


def programs(place: Path) -> Path:
    """Return the folder with the programs of an environment."""
    return place / ("Scripts" if os.name == "nt" else "bin")
