"""``pypi-practice token new``, ``list`` and ``revoke``: the tokens of the practice index."""

from __future__ import annotations

import argparse

from pypi_practice.cli.token.output import print_json, record, row
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.core.suggestions import suggest
from pypi_practice.index.storage.data_folder import default_directory
from pypi_practice.index.storage.records import Project, TokenRecord, User
from pypi_practice.index.storage.store import Store

DESCRIPTION_LIMIT = 100  # characters; CreateMacaroonForm in warehouse/manage/forms.py


def open_store(arguments: argparse.Namespace, words: Translator) -> Store:
    """Return the store of the practice index that the options select."""
    return Store((arguments.data or default_directory()).absolute(), words)


def _may_make(user: User, messages: Translator) -> None:
    """Raise PracticeError where PyPI shows no form for a token.

    Source: warehouse/manage/views and warehouse/accounts/security_policy.py.
    """
    for allowed, key in ((user.email_verified, "new_email"), (user.two_factor, "new_two_factor")):
        if not allowed:
            raise PracticeError(messages(key, index=user.index, name=INDEXES[user.index].name))


def _description(requested: str | None, tokens: list[TokenRecord], messages: Translator) -> str:
    if requested is None:
        used = {token.description for token in tokens}
        candidates = (f"practice-{number}" for number in range(1, len(used) + 2))
        return next(name for name in candidates if name not in used)
    if not requested:
        raise PracticeError(messages("name_missing"))
    if len(requested) > DESCRIPTION_LIMIT:
        raise PracticeError(messages("name_long"))
    if not requested.isprintable():
        raise PracticeError(messages("name_control"))
    return requested


def new_token(arguments: argparse.Namespace, words: Translator) -> int:
    messages = Translator(words.language, "commands/tokens")
    store, index = open_store(arguments, words), INDEXES[arguments.index]
    user = store.user(index)
    _may_make(user, messages)
    project: Project | None = None
    if arguments.project is not None:
        project = store.project(index, arguments.project)
        if project is None or project.owner != user.id:
            sentence = messages("unknown_project", name=arguments.project, index=index.name)
            names = [existing.name for existing in store.projects(index)]
            raise PracticeError(suggest(sentence, arguments.project, names, messages.language))
    name = _description(arguments.name, store.tokens(index), messages)
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
    messages, store = Translator(words.language, "commands/tokens"), open_store(arguments, words)
    tokens = [token for index in INDEXES.values() for token in store.tokens(index)]
    if arguments.json:
        print_json([record(token) for token in tokens])
    else:
        print("\n".join(row(token, messages) for token in tokens) or messages("no_tokens"))
    return 0


def revoke_token(arguments: argparse.Namespace, words: Translator) -> int:
    messages = Translator(words.language, "commands/tokens")
    store, id_or_name = open_store(arguments, words), arguments.which
    tokens = [token for index in INDEXES.values() for token in store.tokens(index)]
    matching = [token for token in tokens if id_or_name in (token.id, token.description)]
    if len(matching) != 1:
        sentence = messages("several_tokens" if matching else "no_token", which=id_or_name)
        names = [] if matching else [token.description for token in tokens]
        raise PracticeError(suggest(sentence, id_or_name, names, messages.language))
    store.remove_token(matching[0].id)
    if arguments.json:
        print_json(record(matching[0]))
    else:
        print(messages("token_revoked", name=matching[0].description))
    return 0
