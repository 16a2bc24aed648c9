"""The code is as ruff wants it, and no file carries what must not be in it."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from blocks import ROOT

FILES = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    if (ROOT / name).is_file()
]  # fmt: skip


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]], ids=" ".join)
def test_ruff_is_content(arguments):
    done = subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--no-cache", "."],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout


def test_no_file_holds_a_token_of_the_real_indexes():
    """Not even a cut one: only the prefix that the troubleshooting page explains."""
    real = re.compile(r"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]")
    for file in FILES:
        assert not real.search(file.read_text(encoding="utf-8", errors="replace")), file


LOCKS = sorted(file.name for file in ROOT.glob("requirements*.txt"))


def test_configuration_and_lock_name_no_download_host():
    for name in (*LOCKS, "pyproject.toml", "Makefile", "make.py", ".ci/run"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://|--index-url|--extra-index|--find-links", text), name


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_locked_with_its_hash(name):
    lock = (ROOT / name).read_text(encoding="utf-8")
    packages = re.findall(r"^(\S+?)==\S+.*?(?=^\S|\Z)", lock, re.M | re.S)
    assert len(packages) > 50
    for block in re.findall(r"^[A-Za-z].*?(?=^[A-Za-z#]|\Z)", lock, re.M | re.S):
        assert re.match(r"[\w.-]+==\S+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]
