"""Ends a program without a traceback on Ctrl-C, from its start to its end.

A program imports this module first. It imports little, because Python shows a traceback for Ctrl-C
until then.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

from pypi_practice.core.errors import INTERRUPTED


def _leave(number: int, frame: object) -> NoReturn:
    # There is nothing to clean up yet, and unlike an exception, no module can catch this.
    os._exit(INTERRUPTED)


# A shell starts background commands with SIGINT ignored, which is kept.
_is_listening = signal.getsignal(signal.SIGINT) is signal.default_int_handler
if _is_listening:
    signal.signal(signal.SIGINT, _leave)

_received: list[int] = []  # signals that have interrupted the command


def _interrupt(number: int, frame: object) -> NoReturn:
    _received.append(number)
    raise KeyboardInterrupt


def _set_handler(handler: Any) -> None:
    if _is_listening:
        signal.signal(signal.SIGINT, handler)


def _find_temporary_folder() -> None:
    """Let Python choose the folder for temporary files now, with SIGINT blocked.

    It writes a test file into each candidate; Ctrl-C could prevent the removal of that file.
    """
    import contextlib
    import tempfile

    if hasattr(signal, "pthread_sigmask"):  # Windows has none
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        with contextlib.suppress(FileNotFoundError):  # there is no folder that can be written
            tempfile.gettempdir()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def run(program: Callable[[], int]) -> int:
    """Run *program*, the whole of this process; return its exit code."""
    try:
        try:
            _find_temporary_folder()
            _set_handler(_interrupt)
            return program()
        finally:
            # Do not interrupt the removal of temporary folders at exit.
            _set_handler(signal.SIG_IGN)
    except BaseException:
        # During imports, Python may replace KeyboardInterrupt by another exception.
        if not _received:
            raise
        _set_handler(signal.SIG_IGN)
        return INTERRUPTED
