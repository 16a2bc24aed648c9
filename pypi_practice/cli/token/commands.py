"""Adds the commands of ``pypi-practice token`` to the command line."""

from __future__ import annotations

import argparse
from typing import Any

from pypi_practice.cli.token.narrow import narrow_token
from pypi_practice.cli.token.output import KEYS
from pypi_practice.cli.token.show import show_token
from pypi_practice.cli.token.stored import list_tokens, new_token, revoke_token
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES


def add_parser(commands: Any, language: str, parents: list[argparse.ArgumentParser]) -> None:
    """Add ``token`` and its commands to those of pypi-practice; *parents* as for travis."""
    words = Translator(language, "commands/tokens")
    text = words("help_token")
    token = commands.add_parser(
        "token", help=text, description=text, add_help=False, parents=parents[:1]
    )
    kinds = token.add_subparsers(title=words("commands"), required=True)

    def add(name: str, run: Any) -> argparse.ArgumentParser:
        text = words(f"help_token_{name}")
        # "show" and "narrow" touch no data, so they have no --data.
        needed = parents[:1] if name in ("show", "narrow") else parents
        made: argparse.ArgumentParser = kinds.add_parser(
            name, help=text, description=text, add_help=False, parents=needed
        )
        keys = ", ".join(KEYS[name])
        made.add_argument("--json", action="store_true", help=words("help_json", keys=keys))
        made.set_defaults(run=run)
        return made

    new = add("new", new_token)
    new.add_argument("--index", choices=list(INDEXES), required=True, help=words("help_index"))
    new.add_argument("--project", metavar=words.metavar("NAME"), help=words("help_project"))
    new.add_argument("--name", metavar=words.metavar("NAME"), help=words("help_token_name"))
    add("list", list_tokens)
    add("show", show_token)
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
    revoke = add("revoke", revoke_token)
    revoke.add_argument("which", metavar=words.metavar("ID|NAME"), help=words("help_token_which"))
