"""``pypi-practice token``: new, list, show, narrow and revoke.

With ``--json`` each prints one JSON value with the keys that KEYS names, and these values:
moments in UTC such as ``"2030-01-01T00:00:00Z"``, what does not apply as ``null``, ``index`` as
``"testpypi"`` or ``"pypi"``, and a caveat as PyPI writes it, ``[tag, field, ...]``. ``list`` prints
an array of such objects. ``show`` gives in ``obstacle`` why no upload can pass (see
``inspection.TokenInfo.obstacle``), in ``limits`` an array of ``{"caveat", "problem"}``, and in
``signature`` always ``"unchecked"``. Of a token itself only ``new`` and ``narrow`` print anything.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from typing import Any

from packaging.utils import canonicalize_name

from pypi_practice.cli import token_input
from pypi_practice.core import timestamps
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.storage.records import Project, TokenRecord, User
from pypi_practice.index.storage.store import Store, default_directory
from pypi_practice.index.upload.validation import NAME
from pypi_practice.tokens import inspection, macaroons

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
DESCRIPTION_LIMIT = 100  # characters; CreateMacaroonForm in warehouse/manage/forms.py
HOUR = 3600
SHORTEST, LONGEST = 0.02 * HOUR, 87600 * HOUR  # seconds


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

    new = add("new", _new)
    new.add_argument("--index", choices=list(INDEXES), required=True, help=words("help_index"))
    new.add_argument("--project", metavar=words.metavar("NAME"), help=words("help_project"))
    new.add_argument("--name", metavar=words.metavar("NAME"), help=words("help_token_name"))
    add("list", _list)
    add("show", _show)
    narrow = add("narrow", _narrow)
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
    revoke = add("revoke", _revoke)
    revoke.add_argument("which", metavar=words.metavar("ID|NAME"), help=words("help_token_which"))


def open_store(arguments: argparse.Namespace, words: Translator) -> Store:
    """Return the data that the command line chooses."""
    return Store((arguments.data or default_directory()).absolute(), words)


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
    """Return what stands in a token so that a terminal shows it and obeys nothing of it."""
    shown = "".join(one if one.isascii() and one.isprintable() else "?" for one in str(text))
    return shown if len(shown) <= 100 else f"{shown[:100]}..."


# new, list, revoke


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


def _new(arguments: argparse.Namespace, words: Translator) -> int:
    own = Translator(words.language, "commands/tokens")
    store, index = open_store(arguments, words), INDEXES[arguments.index]
    user = store.user(index)
    _may_make(user, own)
    project: Project | None = None
    if arguments.project is not None:
        project = store.project(index, arguments.project)
        if project is None or project.owner != user.id:
            raise PracticeError(own("unknown_project", name=arguments.project, index=index.name))
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


def scope(token: TokenRecord, own: Translator) -> str:
    """Return what the index keeps of a token's scope, in words."""
    return own("one_project", project=token.project) if token.project else own("whole_account")


def row(token: TokenRecord, own: Translator) -> str:
    """Return the line that ``list`` shows of a token."""
    used = own("never")
    if token.last_used is not None:
        used = time.strftime("%Y-%m-%d %H:%M", time.localtime(token.last_used))
    return own(
        "token_row",
        index=token.user.index,
        id=token.id,
        name=token.description,
        scope=scope(token, own),
        used=used,
    )


def _list(arguments: argparse.Namespace, words: Translator) -> int:
    own, store = Translator(words.language, "commands/tokens"), open_store(arguments, words)
    there = [token for index in INDEXES.values() for token in store.tokens(index)]
    if arguments.json:
        print_json([record(token) for token in there])
    else:
        print("\n".join(row(token, own) for token in there) or own("no_tokens"))
    return 0


def _revoke(arguments: argparse.Namespace, words: Translator) -> int:
    own = Translator(words.language, "commands/tokens")
    store, which = open_store(arguments, words), arguments.which
    found = [
        token
        for index in INDEXES.values()
        for token in store.tokens(index)
        if which in (token.id, token.description)
    ]
    if len(found) != 1:
        raise PracticeError(own("several_tokens" if found else "no_token", which=which))
    store.remove_token(found[0].id)
    if arguments.json:
        print_json(record(found[0]))
    else:
        print(own("token_revoked", name=found[0].description))
    return 0


# show


def _show(arguments: argparse.Namespace, words: Translator) -> int:
    own = Translator(words.language, "commands/tokens")
    _, read = token_input.read_token("token show", own)
    now = time.time()
    if arguments.json:
        print_json(_explained(read, now))
        return 0
    print(_origin(read, own))
    print(own("show_id", id=read.identifier) if read.identifier else own("show_no_id"))
    print()
    print(own("show_limits" if read.limits else "show_no_limits"))
    for number, limit in enumerate(read.limits, 1):
        print(own("show_limit", number=number, limit=_limit(limit, own)))
    print()
    print(_ability(read, now, own))
    print(own("can_only"))
    print()
    print(own("show_signature" if read.whole else "show_short"))
    return 0


def _origin(read: inspection.TokenInfo, own: Translator) -> str:
    if read.index is None:
        return own("show_unknown", location=plain(read.location))
    return own("show_practice" if read.practice else "show_real", name=read.index.name)


def _names(names: Any) -> str:
    return plain(", ".join(sorted(names)))


def _limit(limit: inspection.Limit, own: Translator) -> str:
    values = limit.values
    match limit.tag:
        case macaroons.EXPIRATION if values[1] > 0:
            return own(
                "limit_between",
                start=timestamps.local(values[1]),
                until=timestamps.local(values[0]),
            )
        case macaroons.EXPIRATION:
            return own("limit_until", until=timestamps.local(values[0]))
        case macaroons.PROJECT_NAME:
            return own("limit_projects", names=_names(values[0]))
        case macaroons.PROJECT_ID:
            return own("limit_project_ids", names=_names(values[0]))
        case macaroons.REQUEST_USER if values[0] == inspection.OWNER:
            return own("limit_owner")
        case macaroons.REQUEST_USER:
            return own("limit_user", names=plain(values[0]))
        case macaroons.OIDC_PUBLISHER:
            return own("limit_publisher", names=plain(values[0]))
    return own("limit_unreadable", problem=plain(limit.problem))


def _ability(read: inspection.TokenInfo, now: float, own: Translator) -> str:
    obstacle = read.obstacle(now)
    if obstacle == "expired":
        return own("can_expired", until=timestamps.local(read.expires or 0))
    if obstacle == "not_yet":
        return own("can_not_yet", start=timestamps.local(read.not_before or 0))
    if obstacle is not None:
        return own(f"can_{obstacle}")
    if read.publishers:
        return own("can_publisher")
    if read.projects is not None:
        return own("can_projects", names=_names(read.projects))
    return own("can_project_ids" if read.project_ids is not None else "can_everything")


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _moment(seconds: int | None) -> str | None:
    return None if seconds is None else timestamps.utc(seconds)


def _explained(read: inspection.TokenInfo, now: float) -> dict[str, Any]:
    return {
        "index": read.index.key if read.index else None,
        "practice": read.practice,
        "location": read.location,
        "id": read.identifier,
        "obstacle": read.obstacle(now),
        "projects": _sorted(read.projects),
        "project_ids": _sorted(read.project_ids),
        "users": sorted(read.users - {inspection.OWNER}),
        "publishers": sorted(read.publishers),
        "not_before": _moment(read.not_before),
        "expires": _moment(read.expires),
        "limits": [
            {
                "caveat": None if limit.tag is None else [limit.tag, *limit.values],
                "problem": limit.problem,
            }
            for limit in read.limits
        ],
        "whole": read.whole,
        "signature": "unchecked",
    }


# narrow


def _projects(names: list[str], own: Translator) -> list[str]:
    for name in names:
        if not NAME.match(name):
            raise PracticeError(own("narrow_name", name=plain(name)))
    return sorted({canonicalize_name(name) for name in names})


def _end(arguments: argparse.Namespace, now: float, own: Translator) -> int | None:
    """Return when the new token ends, in seconds since 1970, or None if it shall not."""
    if arguments.hours is not None:
        try:
            length = float(arguments.hours) * HOUR
        except ValueError:
            length = math.nan
        if not SHORTEST <= length <= LONGEST:
            raise PracticeError(own("narrow_hours", value=plain(arguments.hours)))
        return int(now + length)
    if arguments.until is not None:
        try:
            end = timestamps.parse(arguments.until)
        except ValueError:
            raise PracticeError(own("narrow_until", value=plain(arguments.until))) from None
        if not now < end <= now + LONGEST:
            raise PracticeError(own("narrow_past", value=plain(arguments.until)))
        return end
    return None


def _narrow(arguments: argparse.Namespace, words: Translator) -> int:
    own, now = Translator(words.language, "commands/tokens"), time.time()
    names, end = _projects(arguments.project, own), _end(arguments, now, own)
    if not names and end is None:
        raise PracticeError(own("narrow_nothing"))
    raw, parent = token_input.read_token("token narrow ...", own)
    if not parent.whole:
        raise PracticeError(own("show_short"))
    if parent.obstacle(now) == "expired":
        raise PracticeError(own("narrow_expired", until=timestamps.local(parent.expires or 0)))
    added: list[list[Any]] = []
    if end is not None:
        # Valid since ever: a beginning of "now" fails wherever a clock is a second behind.
        added.append([macaroons.EXPIRATION, end, 0])
    if names:
        added.append([macaroons.PROJECT_NAME, names])
    token = macaroons.narrow(raw, added)
    child = inspection.read(token)
    assert child is not None  # what was readable stays so
    if child.obstacle(now) in ("no_project", "no_time"):
        raise PracticeError(own("narrow_useless"))
    if arguments.json:
        explained = _explained(child, now)
        shared = {key: explained[key] for key in KEYS["narrow"] if key in explained}
        print_json(shared | {"added": added, "token": token})
        return 0
    print(token, flush=True)
    notes = [own("narrowed_projects", names=_names(child.projects))] if child.projects else []
    notes += [own("narrowed_until", until=timestamps.local(child.expires))] if child.expires else []
    print(*notes, own("narrowed_parent"), file=sys.stderr)
    return 0
