"""Moments in seconds since 1970, as people and programs read them."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# A token can hold any number; a calendar cannot. One day is left on each side for time zones.
FIRST = int((datetime(1, 1, 2, tzinfo=UTC) - EPOCH).total_seconds())
LAST = int((datetime(9999, 12, 30, tzinfo=UTC) - EPOCH).total_seconds())


def _datetime(seconds: float) -> datetime:
    return EPOCH + timedelta(seconds=int(min(max(seconds, FIRST), LAST)))


def local(seconds: float) -> str:
    """Return a moment in this computer's time zone.

    >>> local(0)[:8], local(2**80)[:5]  # the rest depends on the zone
    ('1970-01-', '9999-')
    """
    time = _datetime(seconds)
    with contextlib.suppress(OSError, OverflowError):  # Windows knows no zones before 1970
        time = time.astimezone()
    return time.isoformat(" ")


def utc(seconds: float) -> str:
    """Return a moment in UTC, for programs.

    >>> utc(1893456000)
    '2030-01-01T00:00:00Z'
    """
    return _datetime(seconds).isoformat().replace("+00:00", "Z")


def parse(text: str) -> int:
    """Return the moment that *text* names in ISO 8601; without a zone it is local time.

    Raises ValueError if it names none.
    """
    try:
        return int((datetime.fromisoformat(text.strip()).astimezone() - EPOCH).total_seconds())
    except (OSError, OverflowError) as error:
        raise ValueError(text) from error
