"""One number beside its limit, and the table of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

from pypi_practice.core.i18n import language
from site_builder.site_data import data


def say(key: str, *values: object, **named: object) -> str:
    """Return a sentence of benchmarks/numbers.yml in the user's language."""
    return str(data("numbers")[key][language()].format(*values, **named))


def progress(key: str, *values: object) -> None:
    """Say on standard error what is being measured."""
    print(say(key, *values), file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Number:
    """What was measured, with its unit, and its limit; *kept* is None where nothing was."""

    what: str
    value: str
    limit: str
    kept: bool | None
    details: tuple[str, ...] = ()

    @classmethod
    def at_most(
        cls,
        what: str,
        value: float,
        limit: float,
        form: str = "{:.0f}",
        details: Sequence[str] = (),
    ) -> Number:
        """Return a number that must not be larger than its limit."""
        shown = form.format(value), say("at_most", form.format(limit)) if limit else "0"
        return cls(what, *shown, value <= limit, tuple(details))


def table(numbers: Sequence[Number]) -> str:
    """Return the lines of the table, and below it what is wrong with the numbers not kept."""
    kept = {True: say("kept"), False: say("broken"), None: say("unmeasured")}
    rows = [tuple(say(key) for key in ("what", "value", "limit", "verdict"))]
    rows += [(one.what, one.value, one.limit, kept[one.kept]) for one in numbers]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{what:<{wide[0]}}  {value:>{wide[1]}}  {limit:>{wide[2]}}  {verdict}"
        for what, value, limit, verdict in rows
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    said: set[tuple[str, ...]] = set()
    for one in numbers:
        if not one.kept and one.details and one.details not in said:
            said.add(one.details)
            lines += ["", f"{one.what}:", *(f"  {detail}" for detail in one.details[:20])]
    return "\n".join(lines)
