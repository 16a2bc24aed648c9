"""What the tests of the shell and of the rehearsal share: is there a lab, what got out of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from helpers.lab import laboratory
from helpers.lab.laboratory import PROGRAM, Arrived, Command, Lab
from helpers.lab.ways_out import Way, filled

MakeLab: TypeAlias = Callable[[], Lab]


def lab_maker(factory: pytest.TempPathFactory, wheels: Path | None = None) -> MakeLab:
    """Return a function that makes a lab in a new folder.

    Where there can be none, the test is not run, and says so; on Linux in CI it fails.
    """
    reason = laboratory.unavailable()
    if reason is not None:
        sentence = f"not run: there can be no lab on this computer, {reason}"
        if laboratory.required():
            pytest.fail(f"{sentence}. In CI it must be made: allow user namespaces")
        pytest.skip(sentence)
    certificates = laboratory.make_certificates(factory.mktemp("trust"))
    cache = factory.mktemp("cache")

    def make() -> Lab:
        lab = Lab(factory.mktemp("lab") / "lab", certificates, cache, wheels)
        laboratory.write_wheel(lab.project / "dist")
        return lab

    return make


def offered_walls(make: MakeLab) -> dict[str, str]:
    """Return what ``pypi-practice wall`` says of each kind, asked in a lab."""
    lab = make()
    arrived = lab.run(Command([*PROGRAM, "wall"], lab.environ()))
    lines = arrived.outputs[0].splitlines()
    return dict(line.split(": ", 1) for line in lines if ": " in line)


def check_kind(kind: str, offered: dict[str, str]) -> None:
    """Do not run a test for a kind of wall that this computer does not offer.

    On Linux in CI it fails instead.
    """
    if kind == "none" or offered[kind] == "holds":
        return
    sentence = f"not run: no wall of the kind {kind} on this computer, {offered[kind]}"
    if laboratory.required():
        pytest.fail(sentence)
    pytest.skip(sentence)


def got_out(way: Way, arrived: Arrived, *, everything: bool) -> list[str]:
    """Return what got out by *way*: all that arrived if *everything*, else what names it."""
    arrivals = arrived.arrivals if everything else arrived.of(way.name)
    if way.nameless:
        arrivals = [
            *arrivals,
            *(arrival for arrival in arrived.nameless() if way.nameless in arrival.text),
        ]
    reports = [
        f"{arrival.service} got {arrival.size} bytes from {arrival.peer}: {arrival.text[:200]!r}"
        for arrival in arrivals
        # To a host that is allowed, a connection may be opened before it is seen what it is for.
        if arrival.size or not way.options
    ]
    if -1 in arrived.codes:
        reports.append(f"it did not end: {arrived.outputs}")
    text = filled(way.forbidden_output, way, "")
    if text and any(text in output for output in arrived.outputs):
        reports.append(f"it said {text}")
    return reports


def check(way: Way, context: str, kind: str, reports: list[str]) -> None:
    """Compare what got out with what is written down."""
    if way.is_open(context, kind):
        assert reports, "it is written down as open, and nothing got out"
    else:
        assert not reports, "\n".join(reports)
