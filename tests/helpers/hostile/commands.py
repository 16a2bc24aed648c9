"""Runs commands of pypi-practice in one process, and reports as JSON what each did.

Called with the folder of the demo package and the folder of a hostile repository: every command
runs for both, so that the two times can be compared.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import resource
import sys
import traceback
from typing import Any

from pypi_practice.cli.main import main

COMMANDS = {
    "check": ["travis", "check", "{folder}"],
    "check --json": ["travis", "check", "{folder}", "--json"],
    "check --sarif": ["travis", "check", "{folder}", "--sarif"],
    "plan": ["travis", "plan", "{folder}"],
    "plan --json": ["travis", "plan", "{folder}", "--json"],
    "plan --matrix": ["travis", "plan", "{folder}", "--matrix"],
    "run --dry-run": ["travis", "run", "{folder}", "--dry-run"],
    "check --fix": ["travis", "check", "{folder}", "--fix"],
}
started: list[str] = []


def used() -> float:
    """Return the processor seconds of this process and of the programs that it started."""
    return sum(os.times()[:4])


def hook(event: str, arguments: tuple[Any, ...]) -> None:
    """Note every program that is started."""
    if event == "subprocess.Popen":
        started.append(str(arguments[1][0]))
    elif event in ("os.system", "os.exec", "os.spawn", "os.posix_spawn", "pty.spawn"):
        started.append(f"{event} {arguments[0]!r}")


def run(argv: list[str]) -> dict[str, Any]:
    """Run one command; return its exit code, output, processor seconds, and what it started."""
    started.clear()
    out = io.StringIO()
    begin = used()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            code: int | None = main(argv)
        except SystemExit as error:
            code = int(str(error.code))
        except BaseException:
            code = None
            traceback.print_exc()
    took = used() - begin
    return {"code": code, "output": out.getvalue(), "seconds": took, "started": list(started)}


def report() -> None:
    """Run every command for the demo package and for the hostile folder."""
    demo, hostile = sys.argv[1:3]
    sys.addaudithook(hook)
    report: dict[str, Any] = {}
    for name, argv in COMMANDS.items():
        filled = {
            folder: [argument.format(folder=folder) for argument in argv]
            for folder in (demo, hostile)
        }
        run(filled[demo])  # the first time, modules and data are loaded
        report.setdefault("start", used())
        report[name] = {"demo": run(filled[demo]), "hostile": run(filled[hostile])}
    report["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # MiB on Linux
    print(json.dumps(report))


if __name__ == "__main__":
    report()
