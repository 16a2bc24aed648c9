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
    """A measurement with its unit and its limit; *is_met* is None without a measurement."""

    title: str
    value: str
    limit: str
    is_met: bool | None
    details: tuple[str, ...] = ()

    @classmethod
    def at_most(
        cls,
        title: str,
        value: float,
        limit: float,
        form: str = "{:.0f}",
        details: Sequence[str] = (),
    ) -> Number:
        """Return a number that must not be larger than its limit."""
        shown = form.format(value), say("at_most", form.format(limit)) if limit else "0"
        return cls(title, *shown, value <= limit, tuple(details))


def table(numbers: Sequence[Number]) -> str:
    """Return the lines of the table, and below it what is wrong with the numbers not kept."""
    verdicts = {True: say("kept"), False: say("broken"), None: say("unmeasured")}
    rows = [tuple(say(key) for key in ("what", "value", "limit", "verdict"))]
    rows += [
        (number.title, number.value, number.limit, verdicts[number.is_met]) for number in numbers
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        f"{title:<{widths[0]}}  {value:>{widths[1]}}  {limit:>{widths[2]}}  {verdict}"
        for title, value, limit, verdict in rows
    ]
    lines.insert(1, "-" * max(map(len, lines)))
    shown_details: set[tuple[str, ...]] = set()
    for number in numbers:
        if not number.is_met and number.details and number.details not in shown_details:
            shown_details.add(number.details)
            lines += ["", f"{number.title}:", *(f"  {detail}" for detail in number.details[:20])]
    return "\n".join(lines)
