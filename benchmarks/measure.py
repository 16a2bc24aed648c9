"""Every number that the site promises, beside its limit: ``make numbers``.

It builds the site, opens every page of it, and builds others to compare. Parts of it can be asked
for by name. Ends with 1 if a limit is broken, and with 2 if something could not be measured.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import builds  # noqa: E402
import installation  # noqa: E402
import pages  # noqa: E402
import paint  # noqa: E402
from table import Number, progress, say, table  # noqa: E402

from pypi_practice.core.i18n import LANGUAGES, language, localized_argparse  # noqa: E402
from site_builder.browser import NoBrowser, find, no_browser  # noqa: E402
from site_builder.build import BuildError  # noqa: E402

PARTS = ("weight", "files", "browser", "paint", "builds", "installation")


def main() -> int:
    """Measure what the arguments ask for; print the table, and return the exit code."""
    arguments = parsed(sys.argv[1:])
    chosen = arguments.parts or PARTS
    numbers: list[Number] = []
    try:
        if not find() and {"browser", "paint"} & set(chosen):
            raise NoBrowser(no_browser())
        with tempfile.TemporaryDirectory() as folder:
            site = Path(folder)
            if set(chosen) - {"builds", "installation"}:
                progress("building")
                pages.make(site)
            measures: dict[str, Callable[[], Iterator[Number]]] = {
                "weight": lambda: pages.weights(site),
                "files": lambda: pages.files(site),
                "browser": lambda: pages.browsed(site),
                "paint": lambda: paint.numbers(site, arguments.material),
                "builds": builds.numbers,
                "installation": installation.numbers,
            }
            for part in chosen:
                numbers += measures[part]()
    except (BuildError, NoBrowser, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 2
    print(table(numbers))
    results = [number.is_met for number in numbers]
    return 1 if False in results else 2 if None in results else 0


def parsed(argv: list[str]) -> argparse.Namespace:
    """Return the arguments, with help in the language that they or the environment ask for."""
    before = argparse.ArgumentParser(add_help=False)
    before.add_argument("--lang", default=language())
    chosen = before.parse_known_args(argv)[0].lang
    own = chosen if chosen in LANGUAGES else language()
    os.environ["LANGUAGE"] = own
    with localized_argparse(own):
        parser = argparse.ArgumentParser(prog="numbers", description=say("help"))
        parser.add_argument("--lang", choices=LANGUAGES, default=own, help=say("help_lang"))
        parser.add_argument("--material", type=Path, metavar="DIR", help=say("help_material"))
        parser.add_argument(
            "parts", nargs="*", metavar="PART", help=say("help_parts", ", ".join(PARTS))
        )
        arguments = parser.parse_args(argv)
        for part in arguments.parts:
            if part not in PARTS:
                parser.error(say("no_part", part, ", ".join(PARTS)))
        return arguments


if __name__ == "__main__":
    sys.exit(main())
