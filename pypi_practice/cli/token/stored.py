"""``pypi-practice token new``, ``list`` and ``revoke``: the tokens of the practice index."""

from __future__ import annotations

import argparse

from pypi_practice.cli.token.output import print_json, record, row
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.core.suggestions import suggest
from pypi_practice.index.storage.records import Project, TokenRecord, User
from pypi_practice.index.storage.store import Store, default_directory

DESCRIPTION_LIMIT = 100  # characters; CreateMacaroonForm in warehouse/manage/forms.py


def open_store(arguments: argparse.Namespace, words: Translator) -> Store:
    """Return the data that the command line chooses."""
    return Store((arguments.data or default_directory()).absolute(), words)


def _may_make(user: User, own: Translator) -> None:
    """Raise PracticeError where PyPI shows no form for a token.

    Source: warehouse/manage/views and warehouse/accounts/security_policy.py.
    """
    for allowed, key in ((user.email_verified, "new_email"), (user.two_factor, "new_two_factor")):
        if not allowed:
            raise PracticeError(own(key, index=user.index, name=INDEXES[user.index].name))


def _description(wanted: str | None, there: list[TokenRecord], own: Translator) -> str:
    if wanted is None:
        taken = {token.description for token in there}
        free = (f"practice-{number}" for number in range(1, len(taken) + 2))
        return next(name for name in free if name not in taken)
    if not wanted:
        raise PracticeError(own("name_missing"))
    if len(wanted) > DESCRIPTION_LIMIT:
        raise PracticeError(own("name_long"))
    if not wanted.isprintable():
        raise PracticeError(own("name_control"))
    return wanted


def new_token(arguments: argparse.Namespace, words: Translator) -> int:
    own = Translator(words.language, "commands/tokens")
    store, index = open_store(arguments, words), INDEXES[arguments.index]
    user = store.user(index)
    _may_make(user, own)
    project: Project | None = None
    if arguments.project is not None:
        project = store.project(index, arguments.project)
        if project is None or project.owner != user.id:
            sentence = own("unknown_project", name=arguments.project, index=index.name)
            names = [known.name for known in store.projects(index)]
            raise PracticeError(suggest(sentence, arguments.project, names, own.language))
    name = _description(arguments.name, store.tokens(index), own)
    identifier, token = store.new_token(user, name, project)
    if arguments.json:
        scope = project.normalized if project else None
        print_json(
            {"id": identifier, "index": index.key, "name": name, "project": scope, "token": token}
        )
    else:
        print(token)
    return 0


def list_tokens(arguments: argparse.Namespace, words: Translator) -> int:
    own, store = Translator(words.language, "commands/tokens"), open_store(arguments, words)
    there = [token for index in INDEXES.values() for token in store.tokens(index)]
    if arguments.json:
        print_json([record(token) for token in there])
    else:
        print("\n".join(row(token, own) for token in there) or own("no_tokens"))
    return 0


def revoke_token(arguments: argparse.Namespace, words: Translator) -> int:
    own = Translator(words.language, "commands/tokens")
    store, which = open_store(arguments, words), arguments.which
    there = [token for index in INDEXES.values() for token in store.tokens(index)]
    found = [token for token in there if which in (token.id, token.description)]
    if len(found) != 1:
        sentence = own("several_tokens" if found else "no_token", which=which)
        names = [] if found else [token.description for token in there]
        raise PracticeError(suggest(sentence, which, names, own.language))
    store.remove_token(found[0].id)
    if arguments.json:
        print_json(record(found[0]))
    else:
        print(own("token_revoked", name=found[0].description))
    return 0
