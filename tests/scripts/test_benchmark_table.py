"""``make bench``, and the page contributing/index-speed: it says what generated/bench.yml says."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import markdown
import pytest
import yaml
from bs4 import BeautifulSoup
from helpers.docs.blocks import ROOT, source

from scripts import benchmark_table
from site_builder import site_data

sys.path.append(str(ROOT / "benchmarks" / "index"))

import load
import servers


def page(language: str) -> BeautifulSoup:
    """Return the page about the figures as a browser has it."""
    text = source("contributing/index-speed", language).read_text(encoding="utf-8")
    return BeautifulSoup(markdown.markdown(text, extensions=["tables"]), "html.parser")


def data(name: str) -> Any:
    """Return what ``data/<name>.yml`` holds."""
    return yaml.safe_load(site_data.path(name).read_text(encoding="utf-8"))


SPEC, FOUND = data("bench_rows"), data("generated/bench")


def number(shown: str, language: str) -> float:
    """Return the number that a cell of the table begins with."""
    text = shown.partition(" (")[0].rstrip("×").replace("\N{NO-BREAK SPACE}", "")
    text = text.replace(",", "") if language == "en" else text.replace(",", ".")
    return float(text)


def best(spec: dict[str, Any]) -> float:
    """Return what the better of the others does."""
    less = spec["measure"] in ("p99", "start", "memory")
    others: dict[str, Any] = FOUND["figures"][spec["measure"]]
    own = {"plain", "tls", "shell"}
    at = [rates.get(spec["at"]) for name, rates in others.items() if name not in own]
    if spec["at"] == 10_000:
        at.append(others["devpi"][1_000])
    return (min if less else max)(rate for rate in at if rate is not None)


def expected() -> Iterator[tuple[dict[str, Any], float, float, bool]]:
    """Yield each row's specification, our figure, the ratio, and whether the target is kept."""
    for spec in SPEC["rows"]:
        by_server = FOUND["figures"][spec["measure"]]
        ours = by_server[spec["ours"]][spec["at"]]
        if "share" in spec:
            ratio = ours / by_server[spec["ours"]][spec["from"]]
            yield spec, ours, ratio, ratio >= spec["share"]
        elif "under" in spec:
            yield spec, ours, best(spec) / ours, ours < spec["under"]
        else:
            less = spec["measure"] in SPEC["less_is_better"]
            ratio = best(spec) / ours if less else ours / best(spec)
            yield spec, ours, ratio, ratio >= spec["times"]


def table(html: Any) -> list[list[str]]:
    """Return the cells of the table of the page, without its head."""
    return [[cell.get_text() for cell in row.select("td")] for row in html.select("tbody tr")]


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_table_says_what_was_measured(language):
    shown, wanted = table(page(language)), list(expected())
    assert len(shown) == len(wanted) >= 19
    for cells, (spec, ours, ratio, met) in zip(shown, wanted, strict=True):
        assert cells[0] == benchmark_table.title(spec, language)
        assert number(cells[1], language) == pytest.approx(ours, rel=0.006)
        assert number(cells[4], language) == pytest.approx(ratio, rel=0.06)
        assert cells[6] == SPEC["kept" if met else "missed"][language]


@pytest.mark.parametrize("language", ["en", "es"])
def test_each_row_that_is_behind_has_its_reason_on_the_page(language):
    text = " ".join(page(language).get_text().split())
    behind = {
        spec["reason"]
        for spec, _, ratio, met in expected()
        if not met or (ratio < 1 and "share" not in spec)
    }
    for reason, sentence in SPEC["reasons"].items():
        assert (sentence[language] in text) == (reason in behind), reason


def test_the_issues_targets_are_all_there():
    targets = {
        (spec["measure"], spec["ours"], spec["at"]): spec.get("times", spec.get("under"))
        for spec in SPEC["rows"]
        if "share" not in spec
    }
    for way in ("plain", "tls"):
        assert [targets["uploads", way, at] for at in (1, 10, 100)] == [2, 4, 4]
        assert targets["p99", way, 100] == 2
    assert targets["page", "plain", 10_000] == targets["download", "plain", 10_000] == 4
    assert targets["start", "shell", 0] == 0.5
    assert targets["memory", "shell", 0] == 80
    kept = {spec["measure"]: spec["share"] for spec in SPEC["rows"] if "share" in spec}
    assert kept == {"page": 0.5, "download": 0.5}


def test_a_row_that_misses_and_one_that_is_kept():
    figures = {"uploads": {"plain": {1: 30.0}, "waitress": {1: 10.0}, "devpi": {1: 20.0}}}
    figures |= {
        name: {"plain": {}, "tls": {}, "shell": {}}
        for name in SPEC["measures"]
        if name != "uploads"
    }
    figures["uploads"] |= {"tls": {1: 40.0}}
    missed, kept = benchmark_table.rows({"figures": figures})
    assert (missed.ratio, missed.met, missed.ahead) == (1.5, False, True)
    assert (kept.ratio, kept.met) == (2, True)
    assert benchmark_table.cells(missed, "es")[1:] == ["30", "10", "20", "1,5×", "2×", "NO"]


@pytest.mark.parametrize("way", ["plain", "tls", "shell"])
def test_our_servers_take_the_load_and_serve_what_they_took(way, tmp_path):
    with servers.start(way, tmp_path) as running:
        taken = running.ask(load.Job(running.target, at_once=3, count=12, projects=3))
        assert taken.statuses == {"200 OK": 12}
        for path in (running.target.page.format(name="bench0"), servers.download_path(running)):
            result = running.ask(load.Job(running.target, at_once=2, seconds=0.1, get=path))
            assert result.statuses.keys() == {"200 OK"}
        assert running.memory() > 10
        wrong = load.Target(**{**vars(running.target), "password": "pypi-x"})
        refused = running.ask(load.Job(wrong, at_once=1, count=1, first=100))
        assert [status[:3] for status in refused.statuses] == ["403"]


@pytest.mark.parametrize(
    ("arguments", "english", "spanish"),
    [
        (["--quik"], "unrecognized arguments: --quik", "no se reconocen estos argumentos: --quik"),
        (["--quick", "--write"], "leave out --quick or --write", "quita --quick o --write"),
    ],
)
def test_bad_arguments_get_a_sentence(arguments, english, spanish):
    for language, sentence in (("en", english), ("es", spanish)):
        command = [sys.executable, str(ROOT / "benchmarks" / "index"), *arguments]
        environ = {**os.environ, "LANGUAGE": language}
        result = subprocess.run(
            command, env=environ, capture_output=True, text=True, check=False, timeout=60
        )
        assert result.returncode == 2
        assert sentence in result.stderr
