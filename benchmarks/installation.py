"""What is installed for each use, how long that takes, and how long a page takes to be rebuilt.

Each environment is made anew from its lock file, by the pip of this Python and with its cache.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from helpers.docs.blocks import ROOT
from table import Number, progress, say

from site_builder.build import build_pages, changed_pages, rebuild_pages

BEFORE = 641  # MB that every command installed, when they shared one environment
LIMIT = 1 / 3  # of what every command would need without locks of their own
REBUILD = 1 / 2  # of the time of a build of both languages
PAGE = "docs/en/howto/leak.md"


def numbers() -> Iterator[Number]:
    """Yield sizes and times of the environments, and those of a build and a rebuild."""
    size, took = {}, {}
    for name in ("serve", "site", "test"):
        lock = ("--no-deps", "--require-hashes", "-r", str(ROOT / "requirements" / f"{name}.txt"))
        size[name], took[name] = installed(name, *lock)
    size["program"], took["program"] = installed("program", str(ROOT))
    for name, megabytes in size.items():
        title = say("installed", say(f"for_{name}"), f"{took[name]:.0f}")
        if name == "serve":
            yield Number.at_most(title, megabytes, BEFORE * LIMIT, "{:.0f} MB")
        else:
            yield Number(title, f"{megabytes:.0f} MB", "-", True)
    yield Number.at_most(say("installing_share"), took["serve"] / took["test"], LIMIT, "{:.2f}×")
    yield rebuilt()


def installed(name: str, *arguments: str) -> tuple[float, float]:
    """Install into a new environment; return its size in MB and the seconds that it took."""
    progress("installing", say(f"for_{name}"))
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = str(Path(folder, "bin" if sys.platform != "win32" else "Scripts", "python"))
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *arguments], check=True, stderr=subprocess.DEVNULL)
        took = time.perf_counter() - start
        files = [file.stat() for file in Path(folder).rglob("*") if not file.is_symlink()]
        return sum(file.st_blocks for file in files) * 512 / 1e6, took  # as du counts them


def rebuilt() -> Number:
    """Compare the time from a change of one page to its new form with that of a build."""
    progress("rebuilding")
    with tempfile.TemporaryDirectory() as folder:
        old, fresh = Path(folder, "old"), Path(folder, "fresh")
        start = time.perf_counter()
        build_pages(old)
        whole = time.perf_counter() - start
        (ROOT / PAGE).touch()
        start = time.perf_counter()
        rebuild_pages(old, fresh, changed_pages([ROOT / PAGE]) or {})
        part = time.perf_counter() - start
    title = say("rebuilt", f"{part:.1f}", f"{whole:.1f}")
    return Number.at_most(title, part / whole, REBUILD, "{:.2f}×")
