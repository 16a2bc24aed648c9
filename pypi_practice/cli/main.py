"""The command ``pypi-practice``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from pypi_practice.cli import completion, travis
from pypi_practice.core.errors import PracticeError, Terminated
from pypi_practice.core.i18n import LANGUAGES, Translator, language, localized_argparse
from pypi_practice.core.terminal import visible


def _chosen_language(argv: Sequence[str]) -> str:
    """Return the language before anything else is read, so that every message is in it."""
    for place, argument in enumerate(argv):
        if argument == "--":
            break
        if argument == "--lang" and place + 1 < len(argv):
            code = argv[place + 1]
        elif argument.startswith("--lang="):
            code = argument.removeprefix("--lang=")
        else:
            continue
        if code not in LANGUAGES:
            codes = ", ".join(LANGUAGES)
            raise PracticeError(Translator(language())("unknown_language", code=code, codes=codes))
        return code
    return language()


class _Version(argparse.Action):
    """Print the version and leave; it is looked up only then, which takes time."""

    def __call__(self, parser: argparse.ArgumentParser, *more: object) -> NoReturn:
        from importlib import metadata

        try:
            version = metadata.version("pypi-practice")
        except metadata.PackageNotFoundError:  # run from a checkout
            version = self.const
        print(f"pypi-practice {version}")
        parser.exit()


def build_parser(words: Translator, argv: Sequence[str]) -> argparse.ArgumentParser:
    """Return the parser of the command line *argv*."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-h", "--help", action="help", help=words("help_help"))
    common.add_argument("--lang", metavar="|".join(LANGUAGES), help=words("help_lang"))
    data = argparse.ArgumentParser(add_help=False)

    def folder(name: str) -> Path:
        if not name:  # which Path takes for the present folder
            raise argparse.ArgumentTypeError(words("empty_data"))
        return Path(name)

    def practice(name: str) -> Path:
        from pypi_practice.index.storage.store import named_directory

        try:
            return named_directory(name)
        except ValueError:
            raise argparse.ArgumentTypeError(words("practice_name", name=name)) from None

    places = data.add_mutually_exclusive_group()
    where = places.add_argument(
        "--data", type=folder, metavar=words.metavar("DIR"), help=words("help_data")
    )
    completion.complete(where, completion.DIRECTORY)
    places.add_argument(
        "--practice",
        dest="data",
        type=practice,
        metavar=words.metavar("NAME"),
        help=words("help_practice"),
    )
    parser = argparse.ArgumentParser(
        prog="pypi-practice", description=words("description"), add_help=False, parents=[common]
    )
    parser.add_argument(
        "--version",
        action=_Version,
        nargs=0,
        const=words("no_version"),
        help=words("help_version"),
    )
    commands = parser.add_subparsers(title=words("commands"), required=True)
    if argv[:1] not in (["travis"], ["doctor"], ["fork"], ["explain"]):
        from pypi_practice.cli import index

        index.add_parsers(commands, words, [common, data])
    travis.add_parser(commands, words.language, [common, data])
    if argv[:1] != ["travis"]:
        from pypi_practice.cli import (
            doctor,
            explain,
            fork,
            wall,
        )

        doctor.add_parser(commands, words.language, [common])
        fork.add_parser(commands, words.language, [common])
        explain.add_parser(commands, words.language, [common, data])
        wall.add_parser(commands, words.language, [common])
        completion.add_parser(commands, words, [common], parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``pypi-practice`` with *argv*; return its exit code.

    0 is success, 1 what the command itself reports, 2 bad input, 130 Ctrl-C.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    # A terminal that is closed, or a kill, ends us as Ctrl-C does: servers stop, folders go.
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    words = Translator(language())
    try:
        words = Translator(_chosen_language(argv))
        if argv[:1] != ["travis"]:
            from pypi_practice.cli.token import reader

            reader.refuse_arguments(argv, Translator(words.language, "commands/tokens"))
        with localized_argparse(words.language):
            arguments = build_parser(words, argv).parse_args(argv)
        code: int = arguments.run(arguments, words)
        return code
    except PracticeError as error:
        print(f"pypi-practice: {visible(error)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\n{words('interrupted')}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141


def _interrupt(number: int, frame: object) -> None:
    raise Terminated
