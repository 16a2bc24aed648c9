"""What the commands of ``pypi-practice token`` print.

With ``--json`` each prints one JSON value with the keys that KEYS names, and these values:
moments in UTC such as ``"2030-01-01T00:00:00Z"``, what does not apply as ``null``, ``index`` as
``"testpypi"`` or ``"pypi"``, and a caveat as PyPI writes it, ``[tag, field, ...]``. ``list`` prints
an array of such objects. ``show`` gives in ``obstacle`` why no upload can pass (see
``inspection.TokenInfo.obstacle``), in ``limits`` an array of ``{"caveat", "problem"}``, and in
``signature`` always ``"unchecked"``. Only ``new`` and ``narrow`` print a token.
"""

from __future__ import annotations

import json
import time
from typing import Any

from pypi_practice.core import timestamps
from pypi_practice.core.i18n import Translator
from pypi_practice.index.storage.records import TokenRecord

RECORD_KEYS = ("id", "index", "name", "project", "created", "last_used")
KEYS = {
    "new": ("id", "index", "name", "project", "token"),
    "list": RECORD_KEYS,
    "show": (
        "index",
        "practice",
        "location",
        "id",
        "obstacle",
        "projects",
        "project_ids",
        "users",
        "publishers",
        "not_before",
        "expires",
        "limits",
        "whole",
        "signature",
    ),
    "narrow": ("index", "practice", "id", "projects", "not_before", "expires", "added", "token"),
    "revoke": RECORD_KEYS,
}


def record(token: TokenRecord) -> dict[str, Any]:
    """Return a token of the practice index for JSON, with RECORD_KEYS and without its key."""
    return {
        "id": token.id,
        "index": token.user.index,
        "name": token.description,
        "project": token.project,
        "created": timestamps.utc(token.created),
        "last_used": None if token.last_used is None else timestamps.utc(token.last_used),
    }


def print_json(value: Any) -> None:
    """Print *value* as JSON that any terminal can show."""
    print(json.dumps(value, indent=2))


def plain(text: object) -> str:
    """Return text from a token without control characters, cut after 100 characters."""
    printable = "".join(
        character if character.isascii() and character.isprintable() else "?"
        for character in str(text)
    )
    return printable if len(printable) <= 100 else f"{printable[:100]}..."


def scope(token: TokenRecord, messages: Translator) -> str:
    """Return the scope of a token that the index stores, as text."""
    return (
        messages("one_project", project=token.project)
        if token.project
        else messages("whole_account")
    )


def row(token: TokenRecord, messages: Translator) -> str:
    """Return the line that ``list`` shows of a token."""
    used = messages("never")
    if token.last_used is not None:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(token.last_used))
    return messages(
        "token_row",
        index=token.user.index,
        id=token.id,
        name=token.description,
        scope=scope(token, messages),
        used=used,
    )


def shown_names(names: Any) -> str:
    return plain(", ".join(sorted(names)))
