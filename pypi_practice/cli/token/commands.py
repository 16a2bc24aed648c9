"""Adds the commands of ``pypi-practice token`` to the command line."""

from __future__ import annotations

from typing import Any

from pypi_practice.cli.parser import Parser, add_command
from pypi_practice.cli.token.narrow import narrow_token
from pypi_practice.cli.token.output import KEYS
from pypi_practice.cli.token.show import show_token
from pypi_practice.cli.token.stored import list_tokens, new_token, revoke_token
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES


def add_parser(commands: Any, language: str) -> None:
    """Add ``token`` and its commands to those of pypi-practice."""
    words = Translator(language, "commands/tokens")
    token = add_command(commands, "token", words("help_token"), language)
    token.finish()
    kinds = token.add_commands(words("commands"))

    def add(name: str, run: Any) -> Parser:
        parser = add_command(kinds, name, words(f"help_token_{name}"), language)
        parser.set_defaults(run=run)
        return parser

    def finish(parser: Parser, name: str) -> None:
        keys = words("help_json", keys=", ".join(KEYS[name]))
        # "show" and "narrow" touch no data, so they have no --data.
        parser.finish(json=keys, data=name not in ("show", "narrow"))

    new = add("new", new_token)
    new.add_argument("--index", choices=list(INDEXES), required=True, help=words("help_index"))
    new.add_argument("--project", metavar=words.metavar("NAME"), help=words("help_project"))
    new.add_argument("--name", metavar=words.metavar("NAME"), help=words("help_token_name"))
    finish(new, "new")
    finish(add("list", list_tokens), "list")
    finish(add("show", show_token), "show")
    narrow = add("narrow", narrow_token)
    narrow.add_argument(
        "--project",
        action="append",
        default=[],
        metavar=words.metavar("NAME"),
        help=words("help_narrow_project"),
    )
    end = narrow.add_mutually_exclusive_group()
    end.add_argument("--hours", metavar=words.metavar("N"), help=words("help_hours"))
    end.add_argument("--until", metavar=words.metavar("TIME"), help=words("help_until"))
    finish(narrow, "narrow")
    revoke = add("revoke", revoke_token)
    revoke.add_argument("which", metavar=words.metavar("ID|NAME"), help=words("help_token_which"))
    finish(revoke, "revoke")
