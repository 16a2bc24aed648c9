"""``pypi-practice completion``: prints the script by which a shell completes the command line."""

from __future__ import annotations

import argparse
import functools
from typing import Any

from pypi_practice.core.i18n import Translator

SHELLS = ("bash", "fish", "tcsh", "zsh")
# As shtab.FILE and shtab.DIRECTORY, which would have to be imported by every command.
FILE = {
    "bash": "_shtab_compgen_files",
    "zsh": "_files",
    "tcsh": "f",
    "fish": "(__fish_complete_path (commandline -ct))",
}
DIRECTORY = {
    "bash": "_shtab_compgen_dirs",
    "zsh": "_files -/",
    "tcsh": "d",
    "fish": "(__fish_complete_directories)",
}


def add_parser(commands: Any, words: Translator, parser: argparse.ArgumentParser) -> None:
    """Add ``completion``, which completes what *parser* takes, to the commands."""
    from pypi_practice.cli.parser import add_command

    command = add_command(commands, "completion", words("help_completion"), words.language)
    command.add_argument("shell", choices=SHELLS, help=words("help_completion_shell"))
    command.finish()
    command.set_defaults(run=functools.partial(_completion, parser))


def complete(action: argparse.Action, paths: dict[str, str]) -> None:
    """Let a shell complete the value of *action* with files, or with folders."""
    action.complete = paths  # type: ignore[attr-defined]  # which shtab looks for


def _completion(
    parser: argparse.ArgumentParser, arguments: argparse.Namespace, words: Translator
) -> int:
    import shtab

    print(shtab.complete(parser, arguments.shell))
    return 0
