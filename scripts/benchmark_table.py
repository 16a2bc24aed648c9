"""The speed of the practice index beside others: each measured figure, and what it has to be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from site_builder.site_data import data

NONE = "–"


@dataclass(frozen=True)
class Row:
    """One figure of ours, and what each of the others does: how much, at how many files.

    *ratio* is how many times as good ours is as the better of them; with a ``share``, how much it
    is of our own rate. *ahead* is whether it is no worse.
    """

    spec: Mapping[str, Any]
    ours: float
    others: Mapping[str, tuple[float, int]]
    ratio: float
    met: bool

    @property
    def ahead(self) -> bool:
        """Whether the others are no better; a share of our own rate has nobody beside it."""
        return not self.others or self.ratio >= 1


def rows(measured: Mapping[str, Any]) -> list[Row]:
    """Return the rows of benchmarks/bench_rows.yml whose figures were measured, in their order."""
    figures = (_row(spec, measured["figures"]) for spec in data("bench_rows")["rows"])
    return [row for row in figures if row is not None]


def _row(spec: Mapping[str, Any], figures: Mapping[str, Any]) -> Row | None:
    by_server, at = figures[spec["measure"]], spec["at"]
    if at not in by_server[spec["ours"]]:
        return None
    ours = by_server[spec["ours"]][at]
    if "share" in spec:
        ratio = ours / by_server[spec["ours"]][spec["from"]]
        return Row(spec, ours, {}, ratio, ratio >= spec["share"])
    less = spec["measure"] in data("bench_rows")["less_is_better"]
    others = {
        rival: _best([by_server[name] for name in servers if name in by_server], at, less)
        for rival, servers in data("bench_rows")["rivals"].items()
    }
    best = (min if less else max)(value for value, _ in others.values())
    ratio = best / ours if less else ours / best
    met = ours < spec["under"] if "under" in spec else ratio >= spec["times"]
    return Row(spec, ours, others, ratio, met)


def _best(servers: list[Mapping[int, float]], at: int, less: bool) -> tuple[float, int]:
    """Return the best figure of a rival at *at*, or where it was measured with fewer files."""
    near = max(number for server in servers for number in server if number <= at)
    return (min if less else max)(server[near] for server in servers if near in server), near


def cells(row: Row, language: str) -> list[str]:
    """Return what the table says of *row*, column by column."""
    facts = data("bench_rows")
    others = [_other(row, rival, language) for rival in facts["rivals"]]
    verdict = facts["kept" if row.met else "missed"][language]
    return [
        title(row.spec, language),
        written(row.ours, language),
        *others,
        _ratio(row, language),
        target(row.spec, language),
        verdict,
    ]


def title(spec: Mapping[str, Any], language: str) -> str:
    """Say what a row measures."""
    facts = data("bench_rows")
    text = facts["measures"][spec["measure"]][language].format(at=written(spec["at"], language))
    way = facts["ways"].get(spec["ours"])
    return f"{text}, {way[language]}" if way else text


def _other(row: Row, rival: str, language: str) -> str:
    if rival not in row.others:
        return NONE
    value, at = row.others[rival]
    shown = written(value, language)
    if at == row.spec["at"]:
        return shown
    fewer = data("bench_rows")["fewer"][language]
    return str(fewer.format(value=shown, at=written(at, language)))


def _ratio(row: Row, language: str) -> str:
    return f"{written(float(f'{row.ratio:.2g}'), language)}×"


def target(spec: Mapping[str, Any], language: str) -> str:
    """Say what a row has to reach."""
    kind = next(key for key in ("share", "times", "under") if key in spec)
    text = data("bench_rows")["targets"]["ahead" if spec.get("times") == 1 else kind][language]
    parts = {"value": spec[kind], "from": spec.get("from", 0)}
    return str(text.format(**{key: written(part, language) for key, part in parts.items()}))


def written(value: float, language: str) -> str:
    """Write a number as the language does, with no more digits than a measurement has.

    >>> written(10000, "es"), written(1000, "es"), written(0.5, "es"), written(10000.0, "en")
    ('10\\xa0000', '1000', '0,5', '10,000')
    """
    text = f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.3g}"
    if language == "es":
        thousands = "\N{NO-BREAK SPACE}" if value >= 10_000 else ""
        text = text.replace(",", thousands).replace(".", ",")
    return text


def head(language: str) -> list[str]:
    """Return the names of the columns."""
    return [column[language] for column in data("bench_rows")["columns"].values()]


def as_text(measured: Mapping[str, Any], language: str) -> str:
    """Return the table for a terminal."""
    lines = [head(language), *(cells(row, language) for row in rows(measured))]
    wide = [max(map(len, column)) for column in zip(*lines, strict=True)]
    shown = [
        "  ".join(
            f"{cell:<{width}}" if number == 0 else f"{cell:>{width}}"
            for number, (cell, width) in enumerate(zip(line, wide, strict=True))
        )
        for line in lines
    ]
    return "\n".join([shown[0], "-" * len(shown[0]), *shown[1:]])


def speed_table(language: str) -> str:
    """Return the table of the last figures that were written down."""
    lines = [head(language), ["---"] * 7]
    lines += [cells(row, language) for row in rows(data("generated/bench"))]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def speed_setting(language: str) -> str:
    """Say when and on what the figures were measured."""
    measured = data("generated/bench")
    versions = ", ".join(f"{name} {version}" for name, version in measured["versions"].items())
    text = data("bench_rows")["setting"][language]
    return str(text.format(**{**measured, "versions": versions}))


def speed_behind(language: str) -> str:
    """List each row that misses its target or is behind another server, why, and the plan."""
    facts = data("bench_rows")
    lines: list[str] = []
    reasons: dict[str, list[str]] = {}
    for row in rows(data("generated/bench")):
        if row.met and row.ahead:
            continue
        names = {"what": title(row.spec, language), "target": target(row.spec, language)}
        shown = {"ours": written(row.ours, language), "ratio": _ratio(row, language)}
        reasons.setdefault(row.spec["reason"], []).append(
            facts["behind"][language].format(**names, **shown)
        )
    for reason, of_rows in reasons.items():
        lines.append(f"- {'<br>'.join(of_rows)}<br>{facts['reasons'][reason][language]}")
    return "\n".join(lines) or facts["all_kept"][language]
