"""``make serve``: both languages on one address, rebuilt when something changes."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.processes import PATIENCE, interrupt

pytestmark = pytest.mark.long


class Serving:
    """A running ``python -m site_builder serve`` in a copy of the sources."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.temporary = place / "tmp"
        self.temporary.mkdir()
        self.log = place / "serve.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "site_builder", "serve", "--port", "0"],
                cwd=place,
                env={**os.environ, "LANG": "C.UTF-8", "TMPDIR": str(self.temporary)},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def output(self) -> str:
        """What it has printed so far."""
        return self.log.read_text(encoding="utf-8")

    @property
    def url(self) -> str:
        """The address that it says; empty as long as it does not serve."""
        address = re.search(r"http://127\.0\.0\.1:\d+", self.output)
        return address[0] if address else ""

    def wait_for(self, true: Callable[[], bool]) -> None:
        """Wait until *true* is so; fail with what was printed."""
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, self.output
            time.sleep(0.1)

    def get(self, path: str) -> tuple[int, str]:
        """Return the status and the text at *path*."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=PATIENCE) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


@pytest.fixture
def serving(small_sources: Path) -> Iterator[Serving]:
    """A server that is ready."""
    running = Serving(small_sources)
    try:
        running.wait_for(lambda: bool(running.url))
        yield running
    finally:
        running.process.kill()
        running.process.wait()


def test_serves_and_rebuilds(serving):
    assert serving.get("/")[0] == 200
    assert '<html lang="en"' in serving.get("/en/tutorial/package/")[1]
    assert '<html lang="es"' in serving.get("/es/tutorial/package/")[1]
    status, body = serving.get("/en/nowhere/")
    assert status == 404
    assert 'lang="es"' in body

    changes = {
        "docs/en/practice.md": ("What is said first", "/en/practice/"),
        "examples/practice/shell.sh": ("pypi-practice shell", "/es/practice/"),
        "docs/data/site/words.yml": ("Text: CC BY 4.0. Code: MIT.", "/en/practice/"),
        "overrides/main.html": ("<link rel", "/en/practice/"),
    }
    for number, (name, (old, path)) in enumerate(changes.items()):
        file = serving.place / name
        new = f"changed{number} "
        file.write_text(
            file.read_text("utf-8").replace(old, old.replace("<link", f"<!--{new}--><link"))
            if old.startswith("<")
            else file.read_text("utf-8").replace(old, f"{old} {new}".strip()),
            encoding="utf-8",
        )
        serving.wait_for(lambda path=path, new=new: new.strip() in serving.get(path)[1])

    page = serving.place / "docs" / "en" / "practice.md"
    good = page.read_text(encoding="utf-8")
    page.write_text(f"{good}\n{{{{ nothing }}}}\n", encoding="utf-8")
    line = good.count("\n") + 2
    serving.wait_for(lambda: f"docs/en/practice.md:{line}: " in serving.output)
    assert serving.get("/en/practice/")[0] == 200

    page.write_text(f"{good}\nmended\n", encoding="utf-8")
    serving.wait_for(lambda: "mended" in serving.get("/en/practice/")[1])

    end(serving, signal.SIGINT)


def end(serving: Serving, number: signal.Signals) -> None:
    """Send a signal, and look whether the server ends cleanly and leaves no file."""
    serving.process.send_signal(number)
    assert serving.process.wait(PATIENCE) == 0
    assert "Traceback" not in serving.output
    assert list(serving.temporary.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_nothing_is_left_when_the_terminal_is_closed(serving: Serving, number: signal.Signals):
    end(serving, number)


def test_a_port_in_use_is_a_sentence_at_once(small_sources):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = subprocess.run(
            [sys.executable, "-m", "site_builder", "serve", "--port", str(port), "--lang", "es"],
            cwd=small_sources,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    assert result.returncode == 1
    assert result.stdout == ""
    assert f"El puerto {port}" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_that_cannot_be_written_is_a_sentence(small_sources):
    (small_sources / "taken").write_text("a file", encoding="utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "site_builder", "build", "--site-dir", "taken", "--lang", "es"],
        cwd=small_sources,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 1
    assert "taken" in result.stderr
    assert "--site-dir CARPETA" in result.stderr
    assert "Traceback" not in result.stderr
    assert (small_sources / "taken").read_text(encoding="utf-8") == "a file"


def test_an_interrupted_start_leaves_nothing_behind(small_sources):
    serving = Serving(small_sources)
    serving.wait_for(lambda: "Building" in serving.output)
    end(serving, signal.SIGINT)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc is Linux's")
def test_an_interrupted_build_leaves_nothing_behind(small_sources):
    command = [sys.executable, "-m", "site_builder", "build", "--without-pdf", "--site-dir", "x"]

    def begun(written: str, processes: list[str]) -> bool:
        return sum(" mkdocs " in command_line for command_line in processes) == 2

    ended = interrupt(command, small_sources, begun, cwd=small_sources)
    assert (ended.code, ended.processes, ended.files) == (130, [], [])
    assert ended.err == ""
    assert ended.out.endswith("Stopped.\n")


# Interrupts this process at the audit event whose number it is given: the same moment everywhere.
DRIVER = """
import os, signal, sys
seen, moment = 0, int(sys.argv.pop(1))
def watch(event, details):
    global seen
    seen += 1
    if seen == moment:
        os.kill(os.getpid(), signal.SIGINT)
from site_builder import __main__
sys.addaudithook(watch)
sys.exit(__main__.main())
"""


@pytest.mark.parametrize("moment", [1, 10, 100, 1000])
def test_a_build_can_be_interrupted_while_it_starts(moment, small_sources):
    result = subprocess.run(
        [sys.executable, "-c", DRIVER, str(moment), "build", "--site-dir", "x"],
        cwd=small_sources,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert result.returncode == 130, result
    assert "Traceback" not in result.stderr
