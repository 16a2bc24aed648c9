"""The command ``pypi-practice``."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

from pypi_practice.cli import completion, travis
from pypi_practice.cli.parser import Parser
from pypi_practice.core.errors import INTERRUPTED, PracticeError, Terminated
from pypi_practice.core.i18n import LANGUAGES, Translator, language, localized_argparse
from pypi_practice.core.suggestions import suggest
from pypi_practice.core.terminal import visible


def _chosen_language(argv: Sequence[str]) -> str:
    """Return the language of the options, before argparse prints any message."""
    for position, argument in enumerate(argv):
        if argument == "--":
            break
        if argument == "--lang" and position + 1 < len(argv):
            code = argv[position + 1]
        elif argument.startswith("--lang="):
            code = argument.removeprefix("--lang=")
        else:
            continue
        if code not in LANGUAGES:
            codes = ", ".join(LANGUAGES)
            sentence = Translator(language())("unknown_language", code=code, codes=codes)
            raise PracticeError(suggest(sentence, code, LANGUAGES, language()))
        return code
    return language()


class _Version(argparse.Action):
    """Print the version and exit; looking it up takes time, so other commands do not."""

    def __call__(self, parser: argparse.ArgumentParser, *more: object) -> NoReturn:
        from importlib import metadata

        try:
            version = metadata.version("pypi-practice")
        except metadata.PackageNotFoundError:  # run from a checkout
            version = self.const
        print(f"pypi-practice {version}")
        parser.exit()


def build_parser(words: Translator, argv: Sequence[str]) -> Parser:
    """Return the parser of the command line *argv*."""
    language = words.language
    parser = Parser(prog="pypi-practice", description=words("description"), language=language)
    parser.add_argument(
        "--version",
        action=_Version,
        nargs=0,
        const=words("no_version"),
        help=words("help_version"),
    )
    parser.finish()
    commands = parser.add_commands(words("commands"))
    if argv[:1] not in (["travis"], ["doctor"], ["fork"], ["explain"]):
        from pypi_practice.cli import index

        index.add_parsers(commands, words)
    travis.add_parser(commands, language)
    if argv[:1] != ["travis"]:
        from pypi_practice.cli import (
            doctor,
            explain,
            fork,
            wall,
        )

        doctor.add_parser(commands, language)
        fork.add_parser(commands, language)
        explain.add_parser(commands, language)
        wall.add_parser(commands, language)
        completion.add_parser(commands, words, parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``pypi-practice`` with *argv*; return its exit code.

    0 is success, 1 what the command itself reports, 2 bad input, 130 Ctrl-C.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    # A closed terminal or ``kill`` is handled as Ctrl-C: servers stop, folders are removed.
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
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 141


def _interrupt(number: int, frame: object) -> None:
    raise Terminated
