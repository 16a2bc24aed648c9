"""Where a rehearsed job runs: no file chooses what is started outside of its sandbox."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pypi_practice.travis.run.job import origin, workspace

WANTED = [
    "a/evil",
    "../../../tmp/x",
    "3.11/../../x",
    "/bin/sh",
    "**",
    "",
    " ",
    "3.1\x00",
    "-c",
    "x" * 65,
]


@pytest.mark.parametrize("wanted", WANTED)
def test_a_version_that_is_a_path_starts_nothing(wanted, tmp_path, monkeypatch):
    marker = tmp_path / "started"
    for folder in (tmp_path / "pythona", tmp_path / "x.1" / "bin"):
        folder.mkdir(parents=True)
        for name in ("evil", "python"):
            (folder / name).write_text(f"#!/bin/sh\ntouch {marker}\necho {wanted!r}\n")
            (folder / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    (tmp_path / "pyenv" / "versions").mkdir(parents=True)
    path, version = workspace.find_python(wanted)
    assert not marker.exists()
    assert (Path(path).is_absolute(), version.startswith("3.")) == (True, True)


def test_a_cache_that_a_job_has_spoilt_is_made_anew(tmp_path):
    for spoil in (
        lambda path: path.symlink_to(tmp_path / "nowhere" / "x"),
        lambda path: path.write_text("a file"),
        lambda path: path.mkdir(),
    ):
        path = tmp_path / "http-v2"
        spoil(path)
        assert workspace._folder(path).is_dir()
        assert not path.is_symlink()
        path.rmdir()


def test_a_copy_that_points_to_another_repository_is_read_as_it_was(tmp_path):
    """``commondir`` would make git take configuration and references from a folder of the job."""
    copied, other = tmp_path / "origin.git", tmp_path / "other"
    for folder in (copied, other):
        subprocess.run(["git", "init", "-q", "--bare", str(folder)], check=True)
    marker = tmp_path / "started"
    (other / "config").write_text(f"[core]\nfsmonitor = touch {marker}\n")
    (other / "refs" / "heads" / "evil").write_text("0" * 39 + "1\n")
    (copied / "commondir").write_text(f"{other}\n")
    assert origin.refs(copied) == {}
    assert not os.path.lexists(copied / "commondir")
    assert not marker.exists()
