"""What an installation of the program weighs, and why."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from helpers.docs.blocks import ROOT
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HEAVY = 2_000_000  # bytes of an installed package that must have a reason
TEXT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def needed(requirements: list[Requirement], extras: set[str]) -> set[str]:
    """Return the names of all that is installed for *requirements*, with what those need."""
    names: set[str] = set()
    for requirement in requirements:
        marker = requirement.marker
        if marker and not any(marker.evaluate({"extra": extra}) for extra in extras | {""}):
            continue
        name = canonicalize_name(requirement.name)
        names.add(name)
        below = importlib.metadata.requires(name) or []
        names |= needed([Requirement(line) for line in below], set(requirement.extras))
    return names


def size(name: str) -> int:
    """Return the size of an installed package in bytes."""
    paths = [Path(str(file.locate())) for file in importlib.metadata.files(name) or []]
    return sum(path.stat().st_size for path in paths if path.is_file())


@pytest.fixture(scope="module")
def sizes() -> dict[str, int]:
    """The size of each package that the program brings, in bytes, by its name."""
    dependencies = tomllib.loads(TEXT)["project"]["dependencies"]
    return {name: size(name) for name in needed(list(map(Requirement, dependencies)), set())}


def test_each_heavy_package_has_its_reason_beside_the_dependency_that_brings_it(sizes):
    section = re.search(r"^dependencies = \[\n(.*?)^\]", TEXT, re.M | re.S)
    assert section
    comments = " ".join(re.findall(r"# (.*)", section[1]))
    reasons = {canonicalize_name(name) for name in re.findall(r"([\w-]+) \(\d+ MB\)", comments)}
    heavy = {name for name, weight in sizes.items() if weight > HEAVY}
    assert heavy <= reasons
    assert reasons <= sizes.keys(), "the reason of a package that is gone"
    assert "cryptography" in heavy


def test_the_program_stays_light(sizes):
    assert len(sizes) <= 36
    assert sum(sizes.values()) < 80_000_000
