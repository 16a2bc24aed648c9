"""The log of a rehearsal: Travis CI's marks; headings, colours, times and progress for people."""

from __future__ import annotations

import io
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.travis.rehearsals import project
from helpers.travis.terminal import Terminal

from pypi_practice import practice_index
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.run.log import COLOUR, MARK, Log, Marks, fold

TEXT = """
language: python
install: echo to install
script: [echo to test, sleep 0.6]
deploy: {provider: script, script: echo to deploy, on: main}
"""
TIME = "travis_time:end:0a0b0c0d:start=1000000000,finish=3500000000,duration=2500000000,event={}"
CLEAR = "\r\x1b[0K"


# Marks


def test_times_are_added_up_by_phase():
    marks = Marks()
    for line in (
        fold("start", "before_install.1") + "$ a",
        TIME.format("before_install") + CLEAR + fold("end", "before_install.1"),
        fold("start", "before_install.2") + "$ b",
        TIME.format("before_install") + CLEAR + fold("end", "before_install.2"),
        TIME.format("script") + CLEAR + "exited with 0.",
        fold("start", "dpl_0") + "$ gem install dpl",
        fold("end", "dpl_0") + fold("start", "dpl.1") + "Install deployment dependencies",
        TIME.replace(",event={}", "") + CLEAR,
        fold("end", "dpl.1") + TIME.format("after_success") + CLEAR,
    ):
        marks.read(line)
    assert marks.times == {"before_install": 5.0, "script": 2.5, "deploy": 2.5}


def test_a_terminal_gets_headings_and_times_and_a_file_gets_the_marks():
    lines = (fold("start", "install") + "$ pip", "done", TIME.format("install") + CLEAR)
    seen, kept = Terminal(), io.StringIO()
    for out in (seen, kept):
        log = Log(out, {"NO_COLOR": "1", "TERM": "xterm"})
        for line in lines:
            log.job("1.1", line)
    heading, command, result, took = seen.getvalue().splitlines()
    assert heading.startswith("-- install ---")
    assert (command, result, took.strip()) == ("$ pip", "done", "install 2.5 s")
    assert kept.getvalue() == "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("terminal", "raw", "environ", "colours"),
    [
        (True, False, {}, True),
        (True, False, {"NO_COLOR": "1"}, False),
        (True, False, {"TERM": "dumb"}, False),
        (False, False, {}, False),
        (False, True, {}, True),
        (False, True, {"NO_COLOR": "1"}, False),
        (False, False, {"FORCE_COLOR": "1"}, True),
        (False, False, {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_colours_are_for_terminals_and_for_the_raw_log(terminal, raw, environ, colours):
    out = Terminal() if terminal else io.StringIO()
    log = Log(out, environ, raw=raw)
    log.say("Summary", "head")
    log.job("1.1", "\x1b[32;1mThe command exited with 0.\x1b[0m")
    assert bool(COLOUR.search(out.getvalue())) is colours
    assert COLOUR.sub("", out.getvalue()) == "==> Summary\nThe command exited with 0.\n"


def test_what_goes_on_is_shown_below_the_log_and_goes_away():
    out = Terminal()
    log = Log(out, {"NO_COLOR": "1", "TERM": "xterm"})
    log.status("1.1 install 3 s")
    log.job("1.1", "done")
    assert out.getvalue() == f"{CLEAR}1.1 install 3 s{CLEAR}done\n"
    kept = io.StringIO()
    Log(kept, {}).status("1.1 install 3 s")
    assert kept.getvalue() == ""


# The command, in a real terminal


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    """One practice index for all rehearsals of this file."""
    with practice_index(tmp_path_factory.mktemp("index")) as running:
        yield running


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    """A project whose one job takes a moment."""
    return project(tmp_path_factory.mktemp("demo") / "random-names", TEXT)


def on_a_terminal(folder: Path, environ: dict[str, str], *arguments: str) -> str:
    """Return what ``travis run`` shows on a terminal of its own."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "pypi_practice", "travis", "run", ".", *arguments],
        cwd=folder,
        env=environ,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
    )
    os.close(theirs)
    parts = []
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # nobody writes to it any more
            break
        parts.append(part)
    os.close(ours)
    assert process.wait() == 0, b"".join(parts)
    return b"".join(parts).decode().replace("\r\n", "\n")


@pytest.mark.long
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_person_sees_headings_colours_progress_and_the_summary(language, demo, index):
    environ = {**index.environ, "TERM": "xterm-256color", "LANGUAGE": language}
    environ.pop("NO_COLOR", None)
    shown = on_a_terminal(demo, environ)
    words = Translator(language, "travis/messages")
    assert MARK.search(shown) is None
    assert "\x1b[36;1m-- install ---" in shown
    assert '\x1b[32;1mThe command "echo to test" exited with 0.\x1b[0m' in shown
    assert re.search(r"\r\x1b\[0K\x1b\[2m1\.1 .*\d s\x1b\[0m\r\x1b\[0K", shown)
    plain = COLOUR.sub("", shown)
    assert "-- dpl.4: Run deployment ---" in plain
    assert f"==> {words('summary')}\n" in plain
    took = re.escape(words("times", times="TIMES")).replace("TIMES", r"install \d+\.\d s, script ")
    assert re.search(took, plain)


@pytest.mark.long
def test_a_terminal_that_wants_no_colours_gets_none(demo, index):
    environ = {**index.environ, "TERM": "xterm", "NO_COLOR": "1", "LANGUAGE": "en"}
    shown = on_a_terminal(demo, environ)
    assert COLOUR.search(shown) is None
    assert "-- install ---" in shown


@pytest.mark.long
def test_the_raw_log_is_travis_cis(demo, index):
    environ = {**index.environ, "LANGUAGE": "en"}
    environ.pop("NO_COLOR", None)
    result = subprocess.run(
        [sys.executable, "-m", "pypi_practice", "travis", "run", ".", "--raw"],
        cwd=demo,
        env=environ,
        capture_output=True,
        check=True,
    )
    raw = result.stdout.decode()
    assert re.search(
        r"travis_fold:start:install\r\x1b\[0Ktravis_time:start:[0-9a-f]{8}\r\x1b\[0K"
        r"\$ echo to install\nto install\n"
        r"travis_time:end:[0-9a-f]{8}:start=\d{19},finish=\d{19},duration=\d+,event=install"
        r"\r\x1b\[0Ktravis_fold:end:install\r\x1b\[0K",
        raw,
    )
    # The script has no fold, and dpl writes its marks in its own way.
    assert "travis_fold:start:script" not in raw
    assert "travis_fold:start:dpl_0\r\x1b[0K" in raw
    assert re.search(
        r"travis_fold:start:dpl\.4\r\x1b\[Ktravis_time:start:[0-9a-f]{8}\r\x1b\[K"
        r"\x1b\[33mRun deployment\x1b\[0m\n\$ echo to deploy\nto deploy\n\n"
        r"travis_time:end:[0-9a-f]{8}:start=\d+,finish=\d+,duration=\d+\r\x1b\[K\n"
        r"travis_fold:end:dpl\.4\r\x1b\[K",
        raw,
    )
    starts = re.findall(r"travis_fold:start:([\w.]+)", raw)
    assert sorted(starts) == sorted(re.findall(r"travis_fold:end:([\w.]+)", raw))
