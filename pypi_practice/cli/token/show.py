"""``pypi-practice token show``: what a token says of itself."""

from __future__ import annotations

import argparse
import time
from typing import Any

from pypi_practice.cli.token import reader
from pypi_practice.cli.token.output import plain, print_json, shown_names
from pypi_practice.core import timestamps
from pypi_practice.core.i18n import Translator
from pypi_practice.tokens import inspection, macaroons


def show_token(arguments: argparse.Namespace, words: Translator) -> int:
    own = Translator(words.language, "commands/tokens")
    _, read = reader.read_token("token show", own)
    now = time.time()
    if arguments.json:
        print_json(as_data(read, now))
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
            return own("limit_projects", names=shown_names(values[0]))
        case macaroons.PROJECT_ID:
            return own("limit_project_ids", names=shown_names(values[0]))
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
        return own("can_projects", names=shown_names(read.projects))
    return own("can_project_ids" if read.project_ids is not None else "can_everything")


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _moment(seconds: int | None) -> str | None:
    return None if seconds is None else timestamps.utc(seconds)


def as_data(read: inspection.TokenInfo, now: float) -> dict[str, Any]:
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
