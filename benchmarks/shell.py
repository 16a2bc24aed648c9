"""What the sandbox of the practice shell costs: its start, and a download through it.

Run it with: python benchmarks/shell.py
Each kind of sandbox that this computer offers is measured in turn with no sandbox, in one run; the
figures are middle times in seconds and their ratios. Ends with 1 if a shell with a sandbox takes
more than LIMIT times as long to start as one without.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from pypi_practice.sandbox.bubblewrap import Files
from pypi_practice.sandbox.kinds import FOR_SHELL, Kind
from pypi_practice.sandbox.start import SandboxError, choose

RUNS = 11
LIMIT = 1.3
NO_FILES = Files(hidden=[], readable=[], writable=[])
ASK = (
    "import ssl, urllib.request as u; "
    "[u.urlopen('https://pypi.org/simple/').read() for _ in range(50)]"
)


def offered() -> list[Kind]:
    """Return the kinds of sandbox of a shell that this computer offers, and none."""
    kinds = []
    for kind in FOR_SHELL:
        try:
            choose([kind], NO_FILES)
        except SandboxError as error:
            print(f"{kind}: {error}", file=sys.stderr)
        else:
            kinds.append(kind)
    return [Kind.NONE, *kinds]


def took(kind: Kind, data: Path, *command: str) -> float:
    """Return how long a practice shell with one command takes, in seconds."""
    program = [sys.executable, "-P", "-m", "pypi_practice", "shell", "--data", str(data)]
    start = time.perf_counter()
    subprocess.run(
        [*program, "--wall", kind, "--", *command],
        env={name: value for name, value in os.environ.items() if name != "PYPI_PRACTICE"},
        check=True,
        capture_output=True,
    )
    return time.perf_counter() - start


def main() -> int:
    """Print the table; return the exit code."""
    kinds, slow = offered(), False
    with tempfile.TemporaryDirectory() as folder:
        for name, command in (
            ("start", ["true"]),
            ("50 requests", [sys.executable, "-c", ASK]),
        ):
            times: dict[Kind, list[float]] = {kind: [] for kind in kinds}
            for run in range(RUNS):
                print(f"{name}: {run + 1} of {RUNS}", end="\r", file=sys.stderr, flush=True)
                for kind in kinds:
                    times[kind].append(took(kind, Path(folder, "data"), *command))
            middle = {kind: sorted(values)[RUNS // 2] for kind, values in times.items()}
            for kind, value in middle.items():
                ratio = value / middle[Kind.NONE]
                slow |= name == "start" and ratio > LIMIT
                print(f"{name:<12}  {kind:<12}  {value:6.2f} s  {ratio:5.2f} x", flush=True)
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
