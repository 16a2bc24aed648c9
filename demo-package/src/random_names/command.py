"""The command ``random_name``: print one name, or as many as asked for."""

import argparse
from collections.abc import Sequence

from . import new_names


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command with *argv* and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="random_name",
        description="Print random names, one a line.",
    )
    parser.add_argument(
        "-o",
        "--options",
        type=int,
        default=1,
        metavar="N",
        help="how many names to choose from (default: 1)",
    )
    arguments = parser.parse_args(argv)
    try:
        names = new_names(arguments.options)
    except ValueError as error:
        parser.error(str(error))
    print(*names, sep="\n")
    return 0
