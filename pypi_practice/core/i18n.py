"""What the program says, in the user's language."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping

from pypi_practice.core.data import load
from pypi_practice.core.terminal import one_line, visible

# Those that are whole: a language that is begun is the site's alone.
LANGUAGES = tuple(code for code, one in load("languages").items() if not one.get("begun"))


def language(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language that the environment asks for, as gettext does; else the first."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for value in environ.get(variable, "").split(":"):
            code = value[:2].lower()
            if code in LANGUAGES:
                return code
        if environ.get(variable):
            return LANGUAGES[0]
    return LANGUAGES[0]


def localize_argparse(language: str) -> None:
    """Let argparse speak *language*: it asks gettext, for which Python brings no translations."""
    sentences = {one[LANGUAGES[0]]: one[language] for one in load("commands/argparse")}
    argparse._ = lambda text: sentences.get(text, text)
    argparse.ngettext = lambda one, many, count: sentences.get(
        one if count == 1 else many, one if count == 1 else many
    )


def name_values(parser: argparse.ArgumentParser, language: str) -> None:
    """Name the values in the usage of *parser* and of its commands in *language*."""
    names = {one[LANGUAGES[0]]: one[language] for one in load("commands/metavars")}
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                name_values(command, language)
        elif action.nargs != 0 and action.choices is None:
            shown = action.metavar or (action.dest.upper() if action.option_strings else None)
            action.metavar = names.get(shown, shown)


def _shown(value: object) -> object:
    """Return a value as it is printed; a path has no lines, and some sentences have."""
    if isinstance(value, int | float):
        return value
    return one_line(value) if isinstance(value, os.PathLike) else visible(value)


class Translator:
    """The messages of one data file in one language: ``words("key", name="x")`` is a sentence."""

    def __init__(self, language: str, name: str = "commands/shell") -> None:
        self.language = language
        self.name = name

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the message *key* with *values* filled in; KeyError if there is none.

        Nothing in a value can steer a terminal.
        """
        shown = {name: _shown(value) for name, value in values.items()}
        return load(self.name)[key][self.language].format(**shown)
