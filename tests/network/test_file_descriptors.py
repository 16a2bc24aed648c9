"""A server that has no file descriptor left says so in one sentence, and goes on answering."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pypi_practice.core.i18n import LANGUAGES, Translator

if sys.platform == "win32":
    pytest.skip("Windows has no limit of file descriptors", allow_module_level=True)

LIMIT = 64
# Prints the port of an index, lowers the limit, and answers until its input ends.
SERVER = """
import resource, sys, threading
from pathlib import Path
from pypi_practice.core.i18n import Translator
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store
from pypi_practice.network.slow_clients import PatientServer
folder, language, limit, timeout = sys.argv[1:]
words = Translator(language)
application = Application(Store(Path(folder), words), None, words)
server = PatientServer(
    ("127.0.0.1", 0), application, words,
    numthreads=4, timeout=float(timeout), request_queue_size=256,
)
server.prepare()
threading.Thread(target=server.serve).start()
resource.setrlimit(resource.RLIMIT_NOFILE, (int(limit), int(limit)))
print(server.bind_addr[1], flush=True)
sys.stdin.read()
server.stop()
"""


@contextlib.contextmanager
def index(folder: Path, language: str, timeout: float) -> Iterator[tuple[int, Path]]:
    """Run an index with few file descriptors; give its port, and what it writes to stderr.

    It closes a connection on which nothing comes for *timeout* seconds.
    """
    errors = folder / "stderr"
    arguments = [str(folder / "data"), language, str(LIMIT), str(timeout)]
    command = [sys.executable, "-c", SERVER, *arguments]
    with (
        errors.open("wb") as stream,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stream
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), errors
        finally:
            process.communicate(timeout=60)
    assert process.returncode == 0


def ask(connection: http.client.HTTPConnection) -> int:
    """Return the status of a page."""
    connection.request("GET", "/simple/", headers={"Host": "pypi.org"})
    response = connection.getresponse()
    response.read()
    return response.status


def wait_for(condition: Callable[[], bool]) -> None:
    """Return when *condition* is true."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("language", LANGUAGES)
def test_that_none_is_free_is_said_once_and_the_server_goes_on(tmp_path, language):
    with index(tmp_path, language, 60) as (port, errors), contextlib.ExitStack() as stack:
        kept, new = (http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(2))
        stack.enter_context(contextlib.closing(kept))
        stack.enter_context(contextlib.closing(new))
        assert ask(kept) == 200
        with contextlib.ExitStack() as silent:
            for _ in range(2 * LIMIT):
                silent.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            wait_for(lambda: bool(errors.stat().st_size))
            assert ask(kept) == 200  # while no other connection can be accepted
        assert ask(new) == 200
    sentence = Translator(language)("no_descriptor")
    assert errors.read_text("utf-8").splitlines() == [sentence]


def test_silent_clients_are_sent_away_while_no_descriptor_is_free(tmp_path):
    """The server has to close what it holds, or nobody else would ever be answered."""
    with index(tmp_path, "en", 0.5) as (port, _), contextlib.ExitStack() as silent:
        for _ in range(2 * LIMIT):
            silent.enter_context(socket.create_connection(("127.0.0.1", port), 60))
        new = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        with contextlib.closing(new):
            assert ask(new) == 200
