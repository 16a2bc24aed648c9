"""What ``doctor`` says of twenty projects that it has never seen: their sdists from PyPI.

Run it with: python benchmarks/doctor.py
It needs the internet, and it builds each project, which runs its build back end; so it is not part
of the tests. For each it prints the seconds, what was to mend, and what was advice. A crash, or a
build that fails, ends it with code 1.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

# Several of each common back end, and two with C code.
PROJECTS = (
    "attrs",
    "certifi",
    "click",
    "flask",
    "httpx",
    "idna",
    "itsdangerous",
    "markupsafe",
    "more-itertools",
    "packaging",
    "pluggy",
    "pyyaml",
    "requests",
    "rich",
    "six",
    "tomli-w",
    "toml",
    "tqdm",
    "typing-extensions",
    "urllib3",
)


def fetch(name: str, folder: Path) -> Path | None:
    """Return the folder of the newest sdist of a project, unpacked; None if there is none."""
    folder.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    command += ["--no-binary", ":all:", "--dest", str(folder), name]
    subprocess.run(command, check=False, capture_output=True)
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            packed.extractall(folder, filter="data")
    return next((path for path in folder.iterdir() if path.is_dir()), None)


def main() -> int:
    """Print a line for each project; return the exit code."""
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for name in PROJECTS:
            root = fetch(name, Path(folder, name))
            if root is None:
                print(f"{name}: no sdist", flush=True)
                failed = True
                continue
            start = time.perf_counter()
            command = [sys.executable, "-m", "pypi_practice", "doctor", str(root), "--json"]
            result = subprocess.run(command, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - start
            try:
                report = json.loads(result.stdout)
            except ValueError:
                print(f"{name}: crashed\n{result.stderr}", flush=True)
                failed = True
                continue
            failed_checks = {
                kind: [check["check"] for check in report["checks"] if check["result"] == kind]
                for kind in ("fail", "advice")
            }
            failed |= "builds" in failed_checks["fail"]
            mend, advice = (", ".join(failed_checks[kind]) or "-" for kind in ("fail", "advice"))
            print(
                f"{name} {report['version']}: {seconds:.1f} s; mend: {mend}; advice: {advice}",
                flush=True,
            )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
