"""The parser of a command: shared options, examples below its help, suggestions.

An error about an unknown option or value suggests the most similar valid one.
"""

from __future__ import annotations

import argparse
import ast
import gettext
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pypi_practice.cli import completion
from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.core.suggestions import nearest
from pypi_practice.core.terminal import visible

# Texts of argparse, which it passes to gettext.
BAD_CHOICE = "invalid choice: %(value)r (choose from %(choices)s)"
BAD_OPTION = "unrecognized arguments: %s"
MISSING = "the following arguments are required: %s"
QUOTED = r"""(?P<value>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""


class Parser(argparse.ArgumentParser):
    """The parser of one command, in one language."""

    def __init__(self, *, language: str, **options: Any) -> None:
        super().__init__(add_help=False, **options)
        self.language = language
        self._commands: Any = None
        self._parsed: list[str] = []  # the arguments that are being parsed

    def finish(self, *, json: str = "", beside: Any = None, data: bool = False) -> None:
        """Add the options that commands share, after their own, always in the same order.

        *json* is the help of ``--json``, which joins the group *beside*.
        """
        words = Translator(self.language)
        if json:
            (beside or self).add_argument("--json", action="store_true", help=json)
        if data:
            places = self.add_mutually_exclusive_group()
            folder = places.add_argument(
                "--data", type=self._folder, metavar=words.metavar("DIR"), help=words("help_data")
            )
            completion.complete(folder, completion.DIRECTORY)
            places.add_argument(
                "--practice",
                dest="data",
                type=self._practice,
                metavar=words.metavar("NAME"),
                help=words("help_practice"),
            )
        self.add_argument("--lang", metavar="|".join(LANGUAGES), help=words("help_lang"))
        self.add_argument("-h", "--help", action="help", help=words("help_help"))

    def _folder(self, name: str) -> Path:
        if not name:  # Path("") is the working directory
            raise argparse.ArgumentTypeError(Translator(self.language)("empty_data"))
        return Path(name)

    def _practice(self, name: str) -> Path:
        from pypi_practice.index.storage.data_folder import named_directory

        try:
            return named_directory(name)
        except ValueError:
            words = Translator(self.language)
            raise argparse.ArgumentTypeError(words("practice_name", name=name)) from None

    def format_help(self) -> str:
        """Return the help, with the examples and exit codes of data/commands/help.yml."""
        words, texts = Translator(self.language), load("commands/help")
        width = shutil.get_terminal_size().columns - 2
        lines = []
        if examples := texts["examples"].get(self.command):
            lines += ["", f"{words('examples')}:"]
            for example in examples:
                does = example["does"][self.language]
                lines.append(
                    textwrap.fill(does, width, initial_indent="  # ", subsequent_indent="  # ")
                )
                lines.append(f"  {example['command']}")
        if not self.command:
            lines += ["", f"{words('exit_codes')}:"]
            for code in texts["exit_codes"]:
                start = f"  {code['code']:<3}  "
                means = code["means"][self.language]
                lines.append(
                    textwrap.fill(means, width, initial_indent=start, subsequent_indent=" " * 7)
                )
        return super().format_help() + "".join(f"{line}\n" for line in lines)

    def add_commands(self, title: str) -> Any:
        """Return the argparse action to which ``add_command`` adds."""
        self._commands = self.add_subparsers(title=title)
        return self._commands

    def walk(self) -> Iterator[Parser]:
        """Yield this parser and those of its commands, at every level."""
        yield self
        for parser in self._commands.choices.values() if self._commands else ():
            yield from parser.walk()

    @property
    def command(self) -> str:
        """The command without the name of the program, empty for the program itself."""
        return self.prog.partition(" ")[2]

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse unknown options here, because the parent parser would show its own usage.

        Without a command, print the commands and exit.
        """
        self._parsed = list(sys.argv[1:] if args is None else args)
        namespace, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self._refuse(unknown)
        if self._commands and not hasattr(namespace, "run"):
            self.exit(2, self._short_help())
        return namespace, unknown

    def _refuse(self, unknown: Sequence[str]) -> NoReturn:
        """Print that these arguments are unknown, and which option was meant; exit."""
        options = [*re.findall(r"--[\w-]+", self.format_usage()), "--help"]
        option = next((argument for argument in unknown if argument.startswith("-")), "")
        message = gettext.gettext(BAD_OPTION) % " ".join(unknown)
        self._fail(message, option.partition("=")[0], options)

    def _short_help(self) -> str:
        """Return the usage, the commands, and the first example of data/commands/help.yml."""
        words = Translator(self.language)
        paragraphs = super().format_help().split("\n\n")
        parts = [part.rstrip() for part in paragraphs if part.startswith(f"{words('commands')}:")]
        first = load("commands/help")["examples"][self.command][0]["command"]
        parts.append(words("begin", command=first, help=f"{self.prog} --help"))
        return "\n\n".join([self.format_usage().rstrip(), *parts]) + "\n"

    def error(self, message: str) -> NoReturn:
        """Print the error and exit; for an invalid choice, suggest a valid one.

        An option that is not known is named before arguments that are missing: it may be one of
        them, misspelt.
        """
        if message.startswith(gettext.gettext(MISSING).partition("%s")[0]):
            known = re.findall(r"--[\w-]+", self.format_usage())
            options = [word.partition("=")[0] for word in self._parsed if word.startswith("--")]
            # argparse takes the beginning of an option for the option.
            unknown = [word for word in options if not any(name.startswith(word) for name in known)]
            if unknown:
                self._refuse(unknown)
        sentence = re.escape(gettext.gettext(BAD_CHOICE))
        for name, pattern in (("(value)r", QUOTED), ("(choices)s", "(?P<choices>.+)")):
            sentence = sentence.replace(re.escape(f"%{name}"), pattern)
        if match := re.search(sentence, message):
            # Some versions of Python write the choices as text, others as Python code.
            choices = [choice.strip("'") for choice in match["choices"].split(", ")]
            self._fail(message, ast.literal_eval(match["value"]), choices)
        self._fail(message, "", ())

    def _fail(self, message: str, value: str, valid: Sequence[str]) -> NoReturn:
        if suggestion := nearest(value, valid):
            message += f". {Translator(self.language)('did_you_mean', word=suggestion)}"
        super().error(visible(message))


def add_command(commands: Any, name: str, text: str, language: str) -> Parser:
    """Add a command to *commands*; *text* says what it does."""
    parser: Parser = commands.add_parser(name, help=text, description=text, language=language)
    return parser
