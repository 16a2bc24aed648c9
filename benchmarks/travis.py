"""How long ``travis check`` and ``travis plan`` take, start-up included.

Run it with: python benchmarks/travis.py
The aim is half a second for each, on a machine that does nothing else.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RUNS = 7
COMMANDS = (
    ["check", "."],
    ["plan", ".", "--branch", "staging"],
    ["plan", ".", "--tag", "v0.1.0", "--json"],
    ["plan", ".", "--matrix"],
)


def main() -> None:
    """Print the best and the middle time of each command, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder, "project")
        shutil.copytree(ROOT / "demo-package", project)
        name = ["-c", "user.name=Y", "-c", "user.email=y@example.com"]
        for git in (["init", "-q", "-b", "main"], ["add", "."], [*name, "commit", "-qm", "x"],
                    ["tag", "v0.1.0"]):  # fmt: skip
            subprocess.run(["git", *git], cwd=project, check=True)
        for command in COMMANDS:
            times = []
            for _ in range(RUNS):
                start = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-m", "pypi_practice", "travis", *command],
                    cwd=project, check=True, capture_output=True,
                )  # fmt: skip
                times.append(time.perf_counter() - start)
            times.sort()
            print(f"{times[0]:.2f} {times[RUNS // 2]:.2f}  travis {' '.join(command)}")


if __name__ == "__main__":
    main()
