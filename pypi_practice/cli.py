"""The command ``pypi-practice``."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pypi_practice import account_command, leak_command, secret_input, shell, token_command
from pypi_practice.errors import PracticeError
from pypi_practice.facts import HOSTS, INDEXES, load
from pypi_practice.token_command import open_store
from pypi_practice.travis import command as travis
from pypi_practice.words import LANGUAGES, Words, language

Run = Callable[[argparse.Namespace, Words], int]


def _speak(words: Words) -> None:
    """Let argparse speak Spanish: it asks gettext, for which Python brings no translations."""
    if words.language != "en":
        sentences = load("argparse")
        argparse._ = lambda text: sentences.get(text, text)
        argparse.ngettext = lambda one, many, count: sentences.get(
            one if count == 1 else many, one if count == 1 else many
        )


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
            raise PracticeError(Words(language())("unknown_language", code=code))
        return code
    return language()


def build_parser(words: Words) -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("-h", "--help", action="help", help=words("help_help"))
    common.add_argument("--lang", metavar="en|es", help=words("help_lang"))
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument("--data", type=Path, metavar="DIR", help=words("help_data"))
    parser = argparse.ArgumentParser(
        prog="pypi-practice", description=words("description"), add_help=False, parents=[common]
    )
    commands = parser.add_subparsers(title=words("commands"), dest="command", required=True)

    def add(
        group: argparse._SubParsersAction, name: str, help_key: str, run
    ) -> argparse.ArgumentParser:  # type: ignore[type-arg]
        text = words(help_key)
        made = group.add_parser(
            name, help=text, description=text, add_help=False, parents=[common, data]
        )
        made.set_defaults(run=run)
        return made

    opened = add(commands, "shell", "help_shell", _shell)
    opened.add_argument("--port", default="0", help=words("help_shell_port"))
    opened.add_argument(
        "program", nargs=argparse.REMAINDER, metavar="-- COMMAND", help=words("help_shell_command")
    )

    for module in (token_command, account_command, leak_command):
        module.add_parser(commands, words.language, [common, data])
    add(commands, "list", "help_list", _list)
    travis.add_parser(commands, words.language, [common, data])
    return parser


def _shell(arguments: argparse.Namespace, words: Words) -> int:

    program = arguments.program[1:] if arguments.program[:1] == ["--"] else arguments.program
    if not arguments.port.isdecimal() or int(arguments.port) > 65535:
        raise PracticeError(words("port_number", port=arguments.port))
    if os.environ.get("PYPI_PRACTICE") and not program:
        raise PracticeError(words("inside_already"))
    with shell.practice(arguments.data, words=words, port=int(arguments.port)) as environ:
        if not program:
            print(words("shell_opens", hosts=", ".join(sorted(HOSTS))), file=sys.stderr)
        code = shell.run(program, environ, words)
    if not program:
        print(words("shell_left"), file=sys.stderr)
    return code


def _list(arguments: argparse.Namespace, words: Words) -> int:
    store = open_store(arguments, words)
    rows = [
        words(
            "list_row",
            index=index.key,
            name=project.name,
            version=file.version,
            filename=file.filename,
        )
        for index in INDEXES.values()
        for project in store.projects(index)
        for file in store.files(project)
    ]
    print("\n".join(rows) or words("nothing_uploaded"))
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``pypi-practice`` with *argv*; return its exit code.

    0 is success, 1 what the command itself reports, 2 bad input, 130 Ctrl-C.
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    # A terminal that is closed, or a kill, ends us as Ctrl-C does: servers stop, folders go.
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _interrupt)
    words = Words(language())
    try:
        words = Words(_chosen_language(argv))
        _speak(words)
        secret_input.refuse_arguments(argv, Words(words.language, "tokens"))
        arguments = build_parser(words).parse_args(argv)
        return arguments.run(arguments, words)
    except PracticeError as error:
        print(f"pypi-practice: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\n{words('interrupted')}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 141


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt
