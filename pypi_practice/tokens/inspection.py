"""What a token says of itself: read from the token alone, without asking any index."""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field
from typing import Any

from pymacaroons import Caveat

from pypi_practice.core.data import load
from pypi_practice.core.indexes import HOSTS, INDEXES, Index
from pypi_practice.tokens import macaroons

OWNER = "the owner"  # whom a caveat of the first years means; an index puts in who made the token
SIGNATURE = 32  # bytes of HMAC-SHA256


@dataclass(frozen=True)
class Limit:
    """One caveat: its tag and fields as in ``tokens.parse``, or the *problem* in PyPI's words."""

    tag: int | None
    values: list[Any]
    problem: str | None = None


@dataclass(frozen=True)
class TokenInfo:
    """A token, read.

    ``index`` is None for a location that is nobody's; ``practice`` tells a practice token;
    ``whole`` tells whether the signature has its length and nothing follows it.
    """

    location: str
    index: Index | None
    practice: bool
    identifier: str | None
    whole: bool
    limits: list[Limit] = field(default_factory=list)

    def values(self, tag: int) -> list[list[Any]]:
        """Return the fields of each limit of this *tag*, in the token's order."""
        return [limit.values for limit in self.limits if limit.tag == tag]

    def _common(self, tag: int) -> frozenset[str] | None:
        lists = [frozenset(values[0]) for values in self.values(tag)]
        return frozenset.intersection(*lists) if lists else None

    @property
    def projects(self) -> frozenset[str] | None:
        """The normalised names that every limit allows, or None if names are not limited."""
        return self._common(macaroons.PROJECT_NAME)

    @property
    def project_ids(self) -> frozenset[str] | None:
        """The project identifiers that every limit allows, or None if they are not limited."""
        return self._common(macaroons.PROJECT_ID)

    @property
    def users(self) -> frozenset[str]:
        """The user identifiers that the token names, OWNER among them."""
        return frozenset(values[0] for values in self.values(macaroons.REQUEST_USER))

    @property
    def publishers(self) -> frozenset[str]:
        """The Trusted Publishing publishers that the token names."""
        return frozenset(values[0] for values in self.values(macaroons.OIDC_PUBLISHER))

    @property
    def expires(self) -> int | None:
        """The first end of its limits, in seconds since 1970, or None if it has none."""
        return min((values[0] for values in self.values(macaroons.EXPIRATION)), default=None)

    @property
    def not_before(self) -> int | None:
        """The last beginning of its limits, in seconds since 1970, or None if it has none."""
        return max((values[1] for values in self.values(macaroons.EXPIRATION)), default=None)

    def obstacle(self, now: float) -> str | None:
        """Return why no upload can pass at the time *now*, or None if one can.

        ``no_id``, ``unreadable``, ``no_project``, ``no_time``, ``expired`` or ``not_yet``.
        """
        if self.identifier is None:
            return "no_id"
        if any(limit.problem for limit in self.limits):
            return "unreadable"
        if frozenset() in (self.projects, self.project_ids):
            return "no_project"
        if self.expires is not None and self.not_before is not None:
            if self.not_before >= self.expires:
                return "no_time"
            if int(now) >= self.expires:
                return "expired"
            if int(now) < self.not_before:
                return "not_yet"
        return None


def read(raw: str) -> TokenInfo | None:
    """Return what *raw* says, or None if it is no token that PyPI could read."""
    macaroon = macaroons.read(raw)
    if macaroon is None:
        return None
    location = macaroon.location
    index = next(
        (candidate for candidate in INDEXES.values() if candidate.practice_location == location),
        None,
    )
    if real := location in load("index/addresses")["real_locations"]:
        index = HOSTS[location]
    signature = binascii.unhexlify(macaroon.signature_bytes)
    length = len(macaroons.PREFIX + macaroon.serialize())
    return TokenInfo(
        location=location,
        index=index,
        practice=index is not None and not real,
        identifier=macaroons.identifier(macaroon),
        whole=len(signature) == SIGNATURE and len(raw.rstrip("=")) == length,
        limits=[_limit(caveat) for caveat in macaroon.caveats],
    )


def _limit(caveat: Caveat) -> Limit:
    try:
        if not caveat.first_party():
            raise ValueError("a third-party caveat, for which PyPI has no discharge")
        tag, *values = macaroons.parse(caveat.caveat_id_bytes.decode(), OWNER)
    except macaroons.CaveatError as error:
        return Limit(None, [], str(error))
    except (ValueError, TypeError, RecursionError):
        return Limit(None, [], "unknown error")
    return Limit(tag, values)
