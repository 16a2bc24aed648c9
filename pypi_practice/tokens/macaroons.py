"""API tokens as PyPI makes and checks them: ``pypi-`` and a binary macaroon, version 2.

Source: warehouse/macaroons of pypi/warehouse at commit 6b62157. A practice token differs in one
thing only: its location is the practice index's own, so it can never be taken for a real one.
"""

from __future__ import annotations

import base64
import json
import re
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pymacaroons import MACAROON_V2, Macaroon, Verifier
from pymacaroons.exceptions import MacaroonInvalidSignatureException

from pypi_practice.core.data import load
from pypi_practice.core.indexes import Index

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
    return f"{PREFIX}{macaroon.serialize()}"


def narrow(raw: str, caveats: Sequence[Sequence[Any]]) -> str:
    """Return *raw* with *caveats* added; ValueError if it is no token.

    Needs no key and asks nobody: the signature so far is the key of the next one.
    """
    macaroon = read(raw)
    if macaroon is None:
        raise ValueError("not a token")
    for caveat in caveats:
        macaroon.add_first_party_caveat(serialize(caveat))
    return f"{PREFIX}{macaroon.serialize()}"


def read(raw: str) -> Macaroon | None:
    """Return the macaroon in a token, or None where PyPI would not find one.

    PyPI makes version 2 only; at version 1 its code fails, which nobody needs to practise.
    """
    prefix, dash, serialized = raw.partition("-")
    if f"{prefix}{dash}" != PREFIX:
        return None
    try:
        macaroon = Macaroon.deserialize(serialized)
    except Exception:  # pymacaroons raises whatever its parsing meets: IndexError, TypeError ...
        return None
    return macaroon if macaroon.version == MACAROON_V2 else None


def identifier(macaroon: Macaroon) -> str | None:
    """Return the UUID by which the index knows the token, or None if it is not one."""
    try:
        return str(uuid.UUID(macaroon.identifier_bytes.decode()))
    except ValueError:  # UnicodeDecodeError is one, too
        return None


def location(raw: str) -> str | None:
    """Return where a token says that it belongs, or None; a cut token still says so.

    The location stands at the start of the macaroon. Letters that base64 does not have are passed
    over, as in PyPI's own reading.
    """
    body = raw.strip().removeprefix(PREFIX)[:120].translate(str.maketrans("-_", "+/"))
    letters = re.sub(r"[^A-Za-z0-9+/]", "", body)
    start = base64.b64decode(letters[: len(letters) // 4 * 4])
    # Version 2, field 1 (location), its length in one byte, and then the name itself.
    if start[:2] != b"\x02\x01" or len(start) < 3 or len(start) < 3 + start[2]:
        return None
    return start[3 : 3 + start[2]].decode("utf-8", "replace")


def is_real(raw: str) -> bool:
    """Tell whether *raw* was made by the real PyPI or TestPyPI, whole or damaged."""
    return location(raw) in load("index/addresses")["real_locations"]


class CaveatError(Exception):
    """A caveat that PyPI cannot read."""


def _strings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _string(value: Any) -> bool:
    return isinstance(value, str)


def _integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _optional_mapping(value: Any) -> bool:
    return value is None or isinstance(value, dict)


def _modern(caveat: dict[str, Any], user_id: str) -> list[Any]:
    """Return a caveat of the first years, a mapping, in today's form.

    Source: warehouse/macaroons/caveats/_legacy.py.
    """
    permissions = caveat.get("permissions")
    if caveat.get("version") == 1:
        if permissions == "user":
            return [REQUEST_USER, user_id]
        if isinstance(permissions, dict) and "projects" in permissions:
            return [PROJECT_NAME, permissions["projects"]]
    elif "exp" in caveat and "nbf" in caveat:
        return [EXPIRATION, caveat["exp"], caveat["nbf"]]
    elif "project_ids" in caveat:
        return [PROJECT_ID, caveat["project_ids"]]
    raise CaveatError("caveat must be an array")


# The fields of each tag: how many it needs at least, and what each may be.
FIELDS: dict[int, tuple[int, tuple[Callable[[Any], bool], ...]]] = {
    EXPIRATION: (2, (_integer, _integer)),
    PROJECT_NAME: (1, (_strings,)),
    PROJECT_ID: (1, (_strings,)),
    REQUEST_USER: (1, (_string,)),
    OIDC_PUBLISHER: (1, (_string, _optional_mapping)),
}


def parse(predicate: str | bytes, user_id: str) -> list[Any]:
    """Return the caveat that *predicate* holds as ``[tag, field, ...]``.

    *user_id* is whom a caveat of the first years means by "user". Raises CaveatError with PyPI's
    words for a caveat that PyPI cannot read, and ValueError, TypeError or RecursionError for one
    on which PyPI's own reading fails ("unknown error").
    """
    caveat = json.loads(predicate)
    if isinstance(caveat, dict):
        caveat = _modern(caveat, user_id)
    if not isinstance(caveat, list):
        raise CaveatError("caveat must be an array")
    if not caveat:
        raise CaveatError("caveat array cannot be empty")
    tag, *values = caveat
    if tag not in FIELDS:  # a list or a mapping here is PyPI's TypeError, and ours
        raise CaveatError(f"caveat has unknown tag: {tag}")
    needed, checks = FIELDS[tag]
    if len(values) < needed:
        raise CaveatError("Not enough values")
    if not all(check(value) for check, value in zip(checks, values, strict=False)):
        raise CaveatError("invalid values for fields")
    return [int(tag), *values[: len(checks)]]  # true and 1.0 are 1 in PyPI's table of tags, too


def failure(predicate: str, request: Request, now: float) -> str | None:
    """Return why the caveat *predicate* refuses *request* at the time *now*, or None.

    Raises what ``parse`` raises.
    """
    tag, *values = parse(predicate, request.user_id)
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


def refusal(
    macaroon: Macaroon, key: bytes, stored: Sequence[Sequence[Any]], request: Request
) -> str | None:
    """Return PyPI's reason for refusing a known token, or None if it is good.

    *stored* are the caveats that the index keeps for the token: they are checked as well as those
    inside it, which is why one mistake is reported more than once. *macaroon* is what ``read``
    found in the token; the stored caveats are added to it.
    """
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
        is_valid = verifier.verify(macaroon, key)
    except MacaroonInvalidSignatureException:
        return ", ".join(errors) or "signatures do not match"
    except Exception:  # as PyPI does: pymacaroons lets errors of the predicate through
        return ", ".join(errors) or "unknown error"
    return None if is_valid else "unknown error"
