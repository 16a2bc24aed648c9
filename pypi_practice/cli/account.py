"""``pypi-practice account``: the settings of an account that make PyPI reject uploads.

With ``--json`` it prints an object with KEYS: ``email`` is ``"verified"`` or ``"unverified"``,
``two_factor`` is ``"on"`` or ``"off"``.
"""

from __future__ import annotations

import argparse
from typing import Any

from pypi_practice.cli.parser import add_command
from pypi_practice.cli.token.output import print_json
from pypi_practice.cli.token.stored import open_store
from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.storage.records import User

KEYS = ("index", "user", "email", "two_factor")
EMAIL = {"verified": True, "unverified": False}
TWO_FACTOR = {"on": True, "off": False}


def add_parser(commands: Any, language: str) -> None:
    """Add ``account`` to the commands of pypi-practice."""
    words = Translator(language, "commands/tokens")
    parser = add_command(commands, "account", words("help_account"), language)
    parser.add_argument("--index", choices=list(INDEXES), required=True, help=words("help_index"))
    parser.add_argument("--email", choices=list(EMAIL), help=words("help_email"))
    parser.add_argument("--two-factor", choices=list(TWO_FACTOR), help=words("help_two_factor"))
    parser.finish(json=words("help_json", keys=", ".join(KEYS)), data=True)
    parser.set_defaults(run=_account)


def _account(arguments: argparse.Namespace, words: Translator) -> int:
    messages, store = Translator(words.language, "commands/tokens"), open_store(arguments, words)
    index = INDEXES[arguments.index]
    user = store.user(index)
    if arguments.email or arguments.two_factor:
        user = store.set_account(
            user,
            email_verified=EMAIL.get(arguments.email, user.email_verified),
            two_factor=TWO_FACTOR.get(arguments.two_factor, user.two_factor),
        )
    email = "verified" if user.email_verified else "unverified"
    two_factor = "on" if user.two_factor else "off"
    if arguments.json:
        values = (index.key, user.name, email, two_factor)
        print_json(dict(zip(KEYS, values, strict=True)))
        return 0
    print(
        messages(
            "account_row",
            index=index.key,
            user=user.name,
            email=messages(f"email_{email}"),
            two_factor=messages(f"two_factor_{two_factor}"),
        )
    )
    if refusal := _refusal(user):
        print(messages("account_refused"))
        print(refusal)
    return 0


def _refusal(user: User) -> str | None:
    """Return PyPI's response to an upload from this account, None if it is accepted.

    The order of the two checks is PyPI's.
    """
    for is_met, key in ((user.email_verified, "email"), (user.two_factor, "two_factor")):
        if not is_met:
            message = load("index/uploads")[key]
            text = message["text"].format(user=user.name, help=INDEXES[user.index].help)
            return f"{message['status']} {text}"
    return None
