"""Measures the practice index and two others, with the same files and the same load.

Run it with: make bench. With ARGS=--quick it takes a minute or two and measures less;
ARGS=--write puts the figures into docs/data/generated/bench.yml and the maintainers' page.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import servers  # noqa: E402
from helpers.index import environments  # noqa: E402
from load import Job  # noqa: E402

from pypi_practice.core.i18n import language, localized_argparse  # noqa: E402
from scripts import benchmark_table, contributing  # noqa: E402
from site_builder.site_data import data  # noqa: E402

HEAD = """\
# What `make bench ARGS=--write` measured; benchmarks/bench_rows.yml says what it has to be.
# Uploads, pages and downloads a second; milliseconds, seconds and MB. Measure, server, how many at
# once or in the index (0 where that means nothing): figure.
"""
AT_ONCE = (1, 10, 100)
READERS = 10  # at once
FILES_OF_A_PROJECT = 10
OF_RIVALS = ("pypiserver", "devpi-server", "gunicorn", "waitress", "bcrypt")
SLOW_TO_FILL = {"devpi": 1_000}  # files: ten times as many would take it more than two minutes


class Unmeasured(Exception):
    """Something could not be measured; the text says why."""


@dataclass(frozen=True)
class Plan:
    """How much is measured: rounds, uploads a step, stores by their files, seconds of reading."""

    rounds: int = 3
    uploads: int = 300
    slow_uploads: int = 20
    files: tuple[int, ...] = (10, 1_000, 10_000)
    seconds: float = 1.0


QUICK = Plan(rounds=1, uploads=100, slow_uploads=10, files=(10, 1_000))


def say(key: str, *values: object, **named: object) -> str:
    """Return a sentence of benchmarks/bench_rows.yml in the user's language."""
    return str(data("bench_rows")[key][language()].format(*values, **named))


@dataclass
class Figures:
    """Measure → server → how much (0 where that means nothing) → what each round measured."""

    measurements: dict[str, dict[str, dict[int, list[float]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    )

    def note(self, measure: str, server: str, at: int, value: float) -> None:
        """Keep one more figure, and show it."""
        self.measurements[measure][server][at].append(value)
        title = benchmark_table.title({"measure": measure, "ours": "", "at": at}, language())
        who = data("bench_rows")["servers"][server][language()]
        shown = benchmark_table.written(float(f"{value:.3g}"), language())
        print(f"  {title}, {who}: {shown}", file=sys.stderr, flush=True)

    def middle(self) -> dict[str, Any]:
        """Return the median of each figure, of memory the most."""
        return {
            measure: {
                server: {
                    at: float(f"{(max if measure == 'memory' else statistics.median)(all_):.3g}")
                    for at, all_ in by_number.items()
                }
                for server, by_number in by_server.items()
            }
            for measure, by_server in self.measurements.items()
        }


def uploads(name: str, within: Path, plan: Plan, figures: Figures, *, also_slow: bool) -> None:
    """Upload to one server that begins empty: 1, 10, 100 at once; then ask it for its memory.

    *also_slow* is whether devpi gets uploads with a password as well.
    """
    with servers.start(name, within) as running:
        figures.note("start", name, 0, running.started)
        first = _steps(running, name, plan.uploads, 0, figures)
        # A devpi user may also send the password itself, as .pypirc has it: that is slower.
        if name == "devpi" and also_slow:
            target = replace(running.target, password=servers.PASSWORD)
            slow = replace(running, target=target)
            _steps(slow, "devpi_password", plan.slow_uploads, first, figures)
        if name == "shell":  # what a learner's shell holds after reading as well
            page = running.target.page.format(name="bench0")
            running.ask(Job(running.target, READERS, seconds=plan.seconds, get=page))
        figures.note("memory", name, 0, running.memory())


def _steps(running: servers.Running, name: str, count: int, first: int, figures: Figures) -> int:
    """Upload *count* files 1, 10 and 100 at once; return the number of the next file."""
    for at_once in AT_ONCE:
        result = running.ask(Job(running.target, at_once, max(count, at_once), first=first))
        first += max(count, at_once)
        refused = _not_good(result.statuses)
        if refused and name in data("bench_rows")["ours"]:
            raise Unmeasured(say("refused", refused))
        if refused:
            who = data("bench_rows")["servers"][name][language()]
            print(f"  {say('errors', who=who, at=at_once, said=refused)}", file=sys.stderr)
        figures.note("uploads", name, at_once, result.rate)
        figures.note("p99", name, at_once, result.p99)
    return first


def _not_good(statuses: Mapping[str, int]) -> dict[str, int]:
    return {status: number for status, number in statuses.items() if not status.startswith("200")}


def reads(name: str, within: Path, plan: Plan, figures: Figures) -> None:
    """Ask one server for a page and a file, with few files in its store and with many."""
    with servers.start(name, within) as running:
        held = 0
        for size in plan.files:
            if size > SLOW_TO_FILL.get(name, size):
                break
            servers.fill(running, held, size, FILES_OF_A_PROJECT)
            held = size
            page = running.target.page.format(name="bench0")
            for measure, path in (("page", page), ("download", servers.download_path(running))):
                for _ in range(plan.rounds):
                    job = Job(running.target, READERS, seconds=plan.seconds, get=path)
                    result = running.ask(job)
                    if refused := _not_good(result.statuses):
                        who = data("bench_rows")["servers"][name][language()]
                        raise Unmeasured(say("unable", f"{who}: {path}: {refused}"))
                    figures.note(measure, name, size, result.rate)
        figures.note("memory", name, 0, running.memory())


def measure(plan: Plan) -> dict[str, Any]:
    """Measure everything; return what docs/data/generated/bench.yml holds. Raises Unmeasured."""
    figures = Figures()
    try:
        with tempfile.TemporaryDirectory(prefix="index-", dir=servers.RIVALS.parent) as folder:
            within = Path(folder)
            for number in range(plan.rounds):
                for name in ("plain", "tls", "shell", "gunicorn", "waitress", "devpi"):
                    uploads(name, within, plan, figures, also_slow=number == 0)
            for name in ("plain", "gunicorn", "cached", "devpi"):
                reads(name, within, plan, figures)
    except servers.ServerError as error:
        raise Unmeasured(say("unable", error)) from error
    return {
        "day": datetime.date.today(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": _versions(),
        "rounds": plan.rounds,
        "figures": figures.middle(),
    }


def _versions() -> dict[str, str]:
    """Return the versions of what ran: the others' and that of our server."""
    code = "import importlib.metadata as m, sys; print(*map(m.version, sys.argv[1:]))"
    command = [str(servers.program("python")), "-c", code, *OF_RIVALS]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = dict(zip(OF_RIVALS, result.stdout.split(), strict=True))
    return theirs | {"cheroot": importlib.metadata.version("cheroot")}


def install() -> None:
    """Put the other servers into build/bench. Raises Unmeasured."""
    if sys.platform != "linux":
        raise Unmeasured(say("no_linux"))
    print(say("installing"), file=sys.stderr, flush=True)
    try:
        environments.install("bench")
    except subprocess.CalledProcessError as error:
        raise Unmeasured(say("no_install", error.stderr)) from error


def parsed(argv: list[str]) -> argparse.Namespace:
    """Return the arguments."""
    with localized_argparse(language()):
        parser = argparse.ArgumentParser(prog="make bench", description=say("help"))
        parser.add_argument("--quick", action="store_true", help=say("help_quick", QUICK.files[-1]))
        parser.add_argument("--write", action="store_true", help=say("help_write"))
        arguments = parser.parse_args(argv)
        if arguments.quick and arguments.write:
            parser.error(say("not_both"))
        return arguments


def main() -> int:
    """Print the table; return 1 if something is behind its target, 2 if it was not measured."""
    arguments = parsed(sys.argv[1:])
    start = time.monotonic()
    try:
        install()
        figures = measure(QUICK if arguments.quick else Plan())
    except Unmeasured as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130  # as a shell says it; the servers have been stopped
    print(benchmark_table.as_text(figures, language()))
    print(say("took", round(time.monotonic() - start)), file=sys.stderr)
    if arguments.write:
        text = yaml.safe_dump(figures, sort_keys=False, allow_unicode=True)
        (ROOT / "docs" / "data" / "generated" / "bench.yml").write_text(
            HEAD + text, encoding="utf-8"
        )
        contributing.write()
    return int(not all(row.met for row in benchmark_table.rows(figures)))


if __name__ == "__main__":
    sys.exit(main())
