"""What other projects get: ``practice_index`` as a fixture and as a context manager."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from helpers.index.web_client import real_wheel

from pypi_practice import practice_index as run
from pypi_practice import testing
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.indexes import INDEXES
from pypi_practice.tokens import macaroons

# The test file of another project; it must be able to publish as its users do.
OTHER_PROJECT = """
import subprocess, sys

def upload(environ, token, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "twine", "upload", "--non-interactive", *arguments],
        env={**environ, "TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token},
    ).returncode

def test_publish(practice_index, wheel):
    assert upload(practice_index.environ, practice_index.token(), "-r", "testpypi", wheel) == 0
    assert upload(practice_index.environ, practice_index.token("pypi"), wheel) == 0
    [file] = practice_index.files()
    assert (file.filename, file.version) == ("demo-1.0-py3-none-any.whl", "1.0")
    assert practice_index.content(file.filename) == open(wheel, "rb").read()
    narrow = practice_index.token(project="demo")
    assert upload(practice_index.environ, narrow, "-r", "testpypi", wheel) == 0

def test_nothing_is_left_over(practice_index):
    assert practice_index.files() == practice_index.files("pypi") == []
"""


@pytest.mark.long
def test_the_fixture_works_in_another_project(pytester, monkeypatch):
    monkeypatch.setenv("TWINE_PASSWORD", "not-for-tests")
    wheel = pytester.path / "demo-1.0-py3-none-any.whl"
    wheel.write_bytes(real_wheel())
    pytester.makeconftest(
        f"import pytest\n@pytest.fixture\ndef wheel():\n    return {str(wheel)!r}\n"
    )
    pytester.makepyfile(OTHER_PROJECT)
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=2)


def test_the_fixture_says_what_it_is(pytester):
    result = pytester.runpytest_subprocess("--fixtures")
    result.stdout.fnmatch_lines(["practice_index*", "*A practice index of the test's own*"])


def test_the_example_of_the_documentation_runs(tmp_path, monkeypatch):
    """The lines of the docstring, word for word, in a folder with something to upload."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "demo-1.0-py3-none-any.whl").write_bytes(real_wheel())
    lines = [
        line[4:]
        for line in (testing.__doc__ or "").splitlines()
        if line.startswith((">>> ", "... "))
    ]
    assert len(lines) == 7
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    result = subprocess.run(
        [sys.executable, "-c", "\n".join(lines)],
        cwd=tmp_path,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines()[-1] == "['demo-1.0-py3-none-any.whl']"


def test_the_context_manager_leaves_nothing_behind(tmp_path):
    before = dict(os.environ)
    with run() as index:
        assert index.data.is_dir()
        assert macaroons.read(index.token("pypi")) is not None
        port = urlsplit(index.web).port
    assert not index.data.exists()
    assert dict(os.environ) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 5)


def test_a_folder_keeps_what_was_uploaded(tmp_path):
    with run(tmp_path / "data") as index:
        first = index.token()
    with run(tmp_path / "data") as again:
        assert again.data == tmp_path / "data"
        assert len(again._store.tokens(INDEXES["testpypi"])) == 1
        with pytest.raises(PracticeError, match="open already"), run(tmp_path / "data"):
            pass
    assert first.startswith(macaroons.PREFIX)


def test_it_is_an_index_of_its_own_even_inside_a_practice_shell(practice_index):
    with run(environ=practice_index.environ) as inner:
        assert inner.environ["PYPI_PRACTICE"] != practice_index.environ["PYPI_PRACTICE"]
        assert inner.data != practice_index.data


def test_what_it_lacks_it_asks_nobody_for(practice_index):
    program = (
        "import urllib.request as u\n"
        "try: u.urlopen('https://pypi.org/simple/other-name/')\n"
        "except Exception as e: print(e.code)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        env=practice_index.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout.strip() == "404"


def test_mistakes_are_explained(practice_index):
    with pytest.raises(PracticeError, match="no index nowhere"):
        practice_index.token("nowhere")
    with pytest.raises(PracticeError, match="Unknown or invalid project name: demo"):
        practice_index.token(project="demo")
    with pytest.raises(FileNotFoundError):
        practice_index.content("../../index.sqlite3")


def test_loading_the_package_loads_none_of_it():
    """pytest loads the plugin in every project: it must cost nothing there."""
    program = (
        "import sys, pypi_practice, pypi_practice.pytest_plugin\n"
        "print([name for name in sys.modules if name.startswith(('cheroot', 'pymacaroons',"
        " 'trustme', 'jinja2', 'pypi_practice.'))])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "['pypi_practice.pytest_plugin']"
