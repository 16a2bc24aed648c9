"""``pypi-practice token show``: the content of a token."""

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
    messages = Translator(words.language, "commands/tokens")
    _, token_info = reader.read_token("token show", messages)
    now = time.time()
    if arguments.json:
        print_json(as_data(token_info, now))
        return 0
    print(_origin(token_info, messages))
    print(
        messages("show_id", id=token_info.identifier)
        if token_info.identifier
        else messages("show_no_id")
    )
    print()
    print(messages("show_limits" if token_info.limits else "show_no_limits"))
    for number, limit in enumerate(token_info.limits, 1):
        print(messages("show_limit", number=number, limit=_limit(limit, messages)))
    print()
    print(_ability(token_info, now, messages))
    print(messages("can_only"))
    print()
    print(messages("show_signature" if token_info.whole else "show_short"))
    return 0


def _origin(token_info: inspection.TokenInfo, messages: Translator) -> str:
    if token_info.index is None:
        return messages("show_unknown", location=plain(token_info.location))
    return messages(
        "show_practice" if token_info.practice else "show_real", name=token_info.index.name
    )


def _limit(limit: inspection.Limit, messages: Translator) -> str:
    values = limit.values
    match limit.tag:
        case macaroons.EXPIRATION if values[1] > 0:
            return messages(
                "limit_between",
                start=timestamps.local(values[1]),
                until=timestamps.local(values[0]),
            )
        case macaroons.EXPIRATION:
            return messages("limit_until", until=timestamps.local(values[0]))
        case macaroons.PROJECT_NAME:
            return messages("limit_projects", names=shown_names(values[0]))
        case macaroons.PROJECT_ID:
            return messages("limit_project_ids", names=shown_names(values[0]))
        case macaroons.REQUEST_USER if values[0] == inspection.OWNER:
            return messages("limit_owner")
        case macaroons.REQUEST_USER:
            return messages("limit_user", names=plain(values[0]))
        case macaroons.OIDC_PUBLISHER:
            return messages("limit_publisher", names=plain(values[0]))
    return messages("limit_unreadable", problem=plain(limit.problem))


def _ability(token_info: inspection.TokenInfo, now: float, messages: Translator) -> str:
    obstacle = token_info.obstacle(now)
    if obstacle == "expired":
        return messages("can_expired", until=timestamps.local(token_info.expires or 0))
    if obstacle == "not_yet":
        return messages("can_not_yet", start=timestamps.local(token_info.not_before or 0))
    if obstacle is not None:
        return messages(f"can_{obstacle}")
    if token_info.publishers:
        return messages("can_publisher")
    if token_info.projects is not None:
        return messages("can_projects", names=shown_names(token_info.projects))
    return messages("can_project_ids" if token_info.project_ids is not None else "can_everything")


def _sorted(names: frozenset[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)


def _utc(seconds: int | None) -> str | None:
    return None if seconds is None else timestamps.utc(seconds)


def as_data(token_info: inspection.TokenInfo, now: float) -> dict[str, Any]:
    return {
        "index": token_info.index.key if token_info.index else None,
        "practice": token_info.practice,
        "location": token_info.location,
        "id": token_info.identifier,
        "obstacle": token_info.obstacle(now),
        "projects": _sorted(token_info.projects),
        "project_ids": _sorted(token_info.project_ids),
        "users": sorted(token_info.users - {inspection.OWNER}),
        "publishers": sorted(token_info.publishers),
        "not_before": _utc(token_info.not_before),
        "expires": _utc(token_info.expires),
        "limits": [
            {
                "caveat": None if limit.tag is None else [limit.tag, *limit.values],
                "problem": limit.problem,
            }
            for limit in token_info.limits
        ],
        "whole": token_info.whole,
        "signature": "unchecked",
    }
