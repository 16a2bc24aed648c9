"""``pypi-practice leak``: what PyPI does when a secret-scanning partner reports a token.

Source: warehouse/integrations/secrets/utils.py at commit 6b62157: the token is looked up by its
identifier, its signature is not checked, it is deleted, its user gets a mail and an event.

With ``--json`` it prints an object with KEYS: ``revoked`` is an array of what ``token list --json``
prints of each token, with the ``mail`` (``subject``, ``body``), the ``event`` of the security
history, and the ``answer`` to every later upload with it; ``unknown`` and ``real`` are numbers of
tokens. The exit code is 1 if no token was revoked.
"""

from __future__ import annotations

import argparse
import re
from typing import Any

from pypi_practice.cli.parser import add_command
from pypi_practice.cli.token import reader
from pypi_practice.cli.token.output import plain, print_json, record, row
from pypi_practice.cli.token.stored import open_store
from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES, Index
from pypi_practice.index.storage.records import TokenRecord
from pypi_practice.index.storage.store import Store
from pypi_practice.tokens import macaroons
from pypi_practice.tokens.patterns import SCANNER

KEYS = ("revoked", "unknown", "real")


def add_parser(commands: Any, language: str) -> None:
    """Add ``leak`` to the commands of pypi-practice."""
    words, mails = Translator(language, "commands/tokens"), load("index/mails")
    parser = add_command(commands, "leak", words("help_leak"), language)
    origins, url = mails["origins"], mails["public_url"]
    parser.add_argument(
        "--origin",
        choices=origins,
        default=origins[0],
        help=words("help_origin", default=origins[0]),
    )
    parser.add_argument(
        "--url", metavar=words.metavar("URL"), default=url, help=words("help_url", default=url)
    )
    parser.finish(json=words("help_json", keys=", ".join(KEYS)), data=True)
    parser.set_defaults(run=_leak)


def find_tokens(published: bytes) -> list[str]:
    """Return the tokens that a scanner would find in *published*, each once.

    >>> find_tokens(b"pypi-short password: pypi-" + 90 * b"A" + b"\\n") == ["pypi-" + 90 * "A"]
    True
    """
    return list(dict.fromkeys(SCANNER.findall(published.decode("latin-1"))))


def _leak(arguments: argparse.Namespace, words: Translator) -> int:
    messages, url = Translator(words.language, "commands/tokens"), arguments.url
    if not re.match(r"https?://[^\s/]", url) or not url.isprintable() or len(url) > 2000:
        raise PracticeError(messages("leak_url", value=plain(url)))
    published = reader.read_bytes(messages("ask_text"), reader.TEXT_LIMIT)
    if len(published) > reader.TEXT_LIMIT:
        raise PracticeError(messages("text_large", limit=reader.TEXT_LIMIT))
    if not published.strip():
        raise PracticeError(messages("input_empty", command="leak"))
    raws = find_tokens(published)
    if not raws:
        raise PracticeError(messages("leak_no_token"))
    real = [raw for raw in raws if macaroons.is_real(raw)]
    store = open_store(arguments, words)
    revoked, unknown_count = [], 0
    for raw in raws:
        if raw not in real:
            token = _revoke(raw, store)
            if token is None:
                unknown_count += 1
            else:
                revoked.append(token)
    if arguments.json:
        _print_json(revoked, unknown_count, len(real), arguments)
    else:
        for token in revoked:
            _print_token(token, arguments, messages)
        if unknown_count:
            print(messages("leak_unknown", count=unknown_count))
        if real:
            pages = [f"{index.web}/manage/account/" for index in INDEXES.values()]
            print(messages("leak_real", count=len(real), addresses=", ".join(pages)))
    return 0 if revoked else 1


def _revoke(raw: str, store: Store) -> TokenRecord | None:
    """Delete the token with the identifier of *raw* and return it; None if it is unknown."""
    macaroon = macaroons.read(raw)
    identifier = macaroons.identifier(macaroon) if macaroon is not None else None
    token = store.token(identifier) if identifier else None
    return token if token is not None and store.remove_token(token.id) else None


def _mail(token: TokenRecord, arguments: argparse.Namespace) -> dict[str, str]:
    mails, index = load("index/mails"), INDEXES[token.user.index]
    values = {
        "site": index.name,
        "help": index.help,
        "origin": arguments.origin,
        "user": token.user.name,
        "url": arguments.url,
    }
    return {key: mails[key].format(**values) for key in ("subject", "body")}


def _event(token: TokenRecord) -> str:
    mails: dict[str, str] = load("index/mails")
    kind = "scope_project" if token.project else "scope_account"
    scope = mails[kind].format(project=token.project)
    return mails["event"].format(name=token.description, id=token.id, scope=scope)


def _later_response(index: Index) -> str:
    message = load("index/uploads")["no_identity"]
    return f"{message['status']} {message['text'].format(help=index.help)}"


def _print_token(token: TokenRecord, arguments: argparse.Namespace, messages: Translator) -> None:
    index, mail = INDEXES[token.user.index], _mail(token, arguments)
    print(
        messages("leak_found", origin=arguments.origin, name=index.name, token=row(token, messages))
    )
    for title, text in (
        ("leak_mail", f"{mail['subject']}\n\n{mail['body']}"),
        ("leak_event", _event(token)),
        ("leak_answer", _later_response(index)),
    ):
        print(f"\n{messages(title)}\n")
        print("\n".join(f"  {line}".rstrip() for line in text.splitlines()))
    print()


def _print_json(
    tokens: list[TokenRecord], unknown_count: int, real_count: int, arguments: argparse.Namespace
) -> None:
    records = [
        record(token)
        | {
            "mail": _mail(token, arguments),
            "event": _event(token),
            "answer": _later_response(INDEXES[token.user.index]),
        }
        for token in tokens
    ]
    print_json({"revoked": records, "unknown": unknown_count, "real": real_count})
