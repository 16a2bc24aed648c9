"""``pypi-practice token narrow``: derives a token with fewer permissions from another."""

from __future__ import annotations

import argparse
import math
import sys
import time
from typing import Any

from packaging.utils import canonicalize_name

from pypi_practice.cli.token import reader
from pypi_practice.cli.token.output import KEYS, plain, print_json, shown_names
from pypi_practice.cli.token.show import as_data
from pypi_practice.core import timestamps
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.index.upload.validation import NAME
from pypi_practice.tokens import inspection, macaroons

HOUR = 3600
SHORTEST, LONGEST = 0.02 * HOUR, 87600 * HOUR  # seconds


def _projects(names: list[str], messages: Translator) -> list[str]:
    for name in names:
        if not NAME.match(name):
            raise PracticeError(messages("narrow_name", name=plain(name)))
    return sorted({canonicalize_name(name) for name in names})


def _end(arguments: argparse.Namespace, now: float, messages: Translator) -> int | None:
    """Return when the new token expires, in seconds since 1970, None for never."""
    if arguments.hours is not None:
        try:
            length = float(arguments.hours) * HOUR
        except ValueError:
            length = math.nan
        if not SHORTEST <= length <= LONGEST:
            raise PracticeError(messages("narrow_hours", value=plain(arguments.hours)))
        return int(now + length)
    if arguments.until is not None:
        try:
            end = timestamps.parse(arguments.until)
        except ValueError:
            raise PracticeError(messages("narrow_until", value=plain(arguments.until))) from None
        if not now < end <= now + LONGEST:
            raise PracticeError(messages("narrow_past", value=plain(arguments.until)))
        return end
    return None


def narrow_token(arguments: argparse.Namespace, words: Translator) -> int:
    messages, now = Translator(words.language, "commands/tokens"), time.time()
    names, end = _projects(arguments.project, messages), _end(arguments, now, messages)
    if not names and end is None:
        raise PracticeError(messages("narrow_nothing"))
    raw, parent = reader.read_token("token narrow ...", messages)
    if not parent.whole:
        raise PracticeError(messages("show_short"))
    if parent.obstacle(now) == "expired":
        raise PracticeError(messages("narrow_expired", until=timestamps.local(parent.expires or 0)))
    added: list[list[Any]] = []
    if end is not None:
        # No start time: with "now", the token would be rejected by a server whose clock is behind.
        added.append([macaroons.EXPIRATION, end, 0])
    if names:
        added.append([macaroons.PROJECT_NAME, names])
    token = macaroons.narrow(raw, added)
    child = inspection.read(token)
    assert child is not None  # adding caveats keeps a token readable
    if child.obstacle(now) in ("no_project", "no_time"):
        raise PracticeError(messages("narrow_useless"))
    if arguments.json:
        explained = as_data(child, now)
        shared = {key: explained[key] for key in KEYS["narrow"] if key in explained}
        print_json(shared | {"added": added, "token": token})
        return 0
    print(token, flush=True)
    notes = (
        [messages("narrowed_projects", names=shown_names(child.projects))] if child.projects else []
    )
    notes += (
        [messages("narrowed_until", until=timestamps.local(child.expires))] if child.expires else []
    )
    print(*notes, messages("narrowed_parent"), file=sys.stderr)
    return 0
