"""A practice index for rehearsals, and the command that rehearses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from helpers.travis.rehearsals import COMMAND, seen

from pypi_practice import practice_index


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """One practice index for all rehearsals of this file."""
    with practice_index(tmp_path_factory.mktemp("index")) as running:
        yield running


@pytest.fixture
def travis(index):
    """Rehearse the project in a folder, as ``pypi-practice travis run`` in a practice shell."""

    def call(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        result = subprocess.run(
            [*COMMAND, "travis", "run", ".", *arguments],
            cwd=folder,
            env={**index.environ, "LANGUAGE": "en", **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=120,
            check=False,
        )
        # The marks end with a "\r", which must not become the end of a line.
        output = seen(result.stdout.decode("utf-8"))
        return subprocess.CompletedProcess(result.args, result.returncode, output)

    return call
