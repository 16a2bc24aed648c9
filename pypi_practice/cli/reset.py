"""``pypi-practice reset``: removes the content of the practice index after a confirmation.

The exit code is 0 if the practice index is empty afterwards, 1 if the answer was no; 2 if nobody
can be asked, or a practice shell uses the data.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import Any

from pypi_practice.cli.parser import add_command
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.explain import last_failure
from pypi_practice.index.storage import data_folder, reset
from pypi_practice.index.storage.data_folder import default_directory
from pypi_practice.index.storage.store import Store
from pypi_practice.shell import session


def add_parser(commands: Any, language: str) -> None:
    """Add ``reset`` to the commands of pypi-practice."""
    words = Translator(language)
    command = add_command(commands, "reset", words("help_reset"), language)
    command.add_argument("--yes", action="store_true", help=words("help_reset_yes"))
    command.set_defaults(run=_reset)
    command.finish(data=True)


def _reset(arguments: argparse.Namespace, words: Translator) -> int:
    directory: Path = (arguments.data or default_directory()).absolute()
    if not reset.exists(directory):
        print(words("reset_nothing", path=directory))
        return 0
    data_folder.claim(directory, words)
    with session.lock_data(directory, words, in_use="reset_in_use"):
        store = Store(directory, words)
        contents = reset.contents(store)
        if not any(dataclasses.astuple(contents)):
            reset.empty(store)
            last_failure.forget(directory)
            print(words("reset_empty", path=directory))
            return 0
        print(
            words(
                "reset_contents",
                path=directory,
                tokens=contents.tokens,
                projects=contents.projects,
                files=contents.files,
            )
        )
        if not arguments.yes and not _is_confirmed(words):
            print(words("reset_kept"))
            return 1
        reset.empty(store)
        last_failure.forget(directory)
    print(words("reset_done"))
    return 0


def _is_confirmed(words: Translator) -> bool:
    """Ask; raises PracticeError where nobody can answer."""
    if not sys.stdin.isatty():
        raise PracticeError(words("reset_unasked"))
    try:
        answer = input(f"{words('reset_ask')} ").strip()
    except EOFError:
        print()
        return False
    return bool(answer) and answer[0] in Translator(words.language, "commands/fork")("said_yes")
