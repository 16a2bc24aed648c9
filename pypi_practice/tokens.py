"""API tokens as PyPI makes and checks them: ``pypi-`` and a binary macaroon, version 2.

Source: warehouse/macaroons of pypi/warehouse at commit 6b62157. A practice token differs in one
thing only: its location is the practice index's own, so it can never be taken for a real one.
"""

from __future__ import annotations

import base64
import binascii
import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pymacaroons import MACAROON_V2, Macaroon, Verifier
from pymacaroons.exceptions import MacaroonInvalidSignatureException

from pypi_practice.facts import Index, load

PREFIX = "pypi-"
EXPIRATION, PROJECT_NAME, PROJECT_ID, REQUEST_USER, OIDC_PUBLISHER = range(5)


@dataclass(frozen=True)
class Request:
    """What a token is checked against: whose it is, and the project that it is used on."""

    user_id: str
    project_id: str
    project_name: str
    normalized_name: str


def serialize(caveat: Sequence[Any]) -> str:
    """Return a caveat, such as ``[1, ["demo"]]``, in the bytes that PyPI writes."""
    return json.dumps(caveat, sort_keys=True, separators=(",", ":"))


def make(index: Index, identifier: str, key: bytes, caveats: Sequence[Sequence[Any]]) -> str:
    """Return a new token: *identifier* is a UUID, *key* 32 random bytes."""
    macaroon = Macaroon(
        location=index.practice_location, identifier=identifier, key=key, version=MACAROON_V2
    )
    for caveat in caveats:
        macaroon.add_first_party_caveat(serialize(caveat))
    return PREFIX + macaroon.serialize()


def read(raw: str) -> Macaroon | None:
    """Return the macaroon in a token, or None where PyPI would not find one."""
    prefix, dash, rest = raw.strip().partition("-")
    if f"{prefix}{dash}" != PREFIX:
        return None
    try:
        return Macaroon.deserialize(rest)
    except Exception:  # pymacaroons raises whatever its parsing meets: IndexError, TypeError ...
        return None


def identifier(macaroon: Macaroon) -> str | None:
    """Return the UUID by which the index knows the token, or None if it is not one."""
    raw = macaroon.identifier
    try:
        text = raw.decode() if isinstance(raw, bytes) else raw
        return str(uuid.UUID(text))
    except (UnicodeDecodeError, ValueError):
        return None


def is_real(raw: str) -> bool:
    """Tell whether *raw* was made by the real PyPI or TestPyPI, whole or damaged.

    The location stands at the start of the macaroon, so a cut or mistyped token still shows it.
    """
    body = raw.strip().removeprefix(PREFIX)
    head = body[: len(body[:80]) // 4 * 4]
    try:
        start = base64.urlsafe_b64decode(head)
    except (binascii.Error, ValueError):
        return False
    # Version 2, field 1 (location), length, and then the name itself.
    return start[:2] == b"\x02\x01" and any(
        start[3 : 3 + len(name)] == name.encode() and start[2] == len(name)
        for name in load("addresses")["real_locations"]
    )


class CaveatError(Exception):
    """A caveat that PyPI cannot read."""


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _modern(caveat: dict[str, Any], request: Request) -> list[Any]:
    """Return a caveat of the first years, a mapping, in today's form."""
    permissions = caveat.get("permissions")
    if caveat.get("version") == 1:
        if permissions == "user":
            return [REQUEST_USER, request.user_id]
        if isinstance(permissions, dict) and "projects" in permissions:
            return [PROJECT_NAME, permissions["projects"]]
    elif "exp" in caveat and "nbf" in caveat:
        return [EXPIRATION, caveat["exp"], caveat["nbf"]]
    elif "project_ids" in caveat:
        return [PROJECT_ID, caveat["project_ids"]]
    raise CaveatError("caveat must be an array")


FIELDS = {
    EXPIRATION: (_integer, _integer),
    PROJECT_NAME: (_strings,),
    PROJECT_ID: (_strings,),
    REQUEST_USER: (lambda value: isinstance(value, str),),
    OIDC_PUBLISHER: (lambda value: isinstance(value, str),),
}


def failure(predicate: str, request: Request, now: float) -> str | None:
    """Return why the caveat *predicate* refuses *request* at the time *now*, or None.

    Raises CaveatError with PyPI's words for a caveat that it cannot read, and ValueError for one
    that is not JSON.
    """
    caveat = json.loads(predicate)
    if isinstance(caveat, dict):
        caveat = _modern(caveat, request)
    if not isinstance(caveat, list):
        raise CaveatError("caveat must be an array")
    if not caveat:
        raise CaveatError("caveat array cannot be empty")
    tag, *values = caveat
    if not _integer(tag) or tag not in FIELDS:
        raise CaveatError(f"caveat has unknown tag: {tag}")
    if len(values) < len(FIELDS[tag]):
        raise CaveatError("Not enough values")
    if not all(check(value) for check, value in zip(FIELDS[tag], values, strict=False)):
        raise CaveatError("invalid values for fields")
    match tag:
        case 0 if not values[1] <= int(now) < values[0]:
            return "token is expired"
        case 1 if request.normalized_name not in values[0]:
            return f"project-scoped token is not valid for project: {request.project_name!r}"
        case 2 if request.project_id not in values[0]:
            return f"project-scoped token is not valid for project: {request.project_name!r}"
        case 3 if values[0] != request.user_id:
            return "current user does not match user restriction in token"
        case 4:
            return "OIDC scoped token used outside of an OIDC identified request"
    return None


def refusal(raw: str, key: bytes, stored: Sequence[Sequence[Any]], request: Request) -> str | None:
    """Return PyPI's reason for refusing a known token, or None if it is good.

    *stored* are the caveats that the index keeps for the token: they are checked as well as those
    inside it, which is why one mistake is reported more than once.
    """
    macaroon = read(raw)
    if macaroon is None:
        return "unknown error"
    for caveat in stored:
        macaroon.add_first_party_caveat(serialize(caveat))
    errors: list[str] = []

    def satisfied(predicate: str) -> bool:
        try:
            error = failure(predicate, request, time.time())
        except CaveatError as unreadable:
            error = str(unreadable)
        if error is not None:
            errors.append(error)
        return error is None

    verifier = Verifier()
    verifier.satisfy_general(satisfied)
    try:
        good = verifier.verify(macaroon, key)
    except MacaroonInvalidSignatureException:
        return ", ".join(errors) or "signatures do not match"
    except Exception:  # as PyPI does: pymacaroons lets errors of the predicate through
        return ", ".join(errors) or "unknown error"
    return None if good else "unknown error"
