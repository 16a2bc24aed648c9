"""Starts ``pypi-practice`` so that Ctrl-C ends it without a traceback, at every moment.

This module imports almost nothing, because nothing but Python itself can answer Ctrl-C before it.
"""

from __future__ import annotations

import os
import signal
from typing import Any, NoReturn

INTERRUPTED = 130  # the exit code that shells give


def _leave(number: int, frame: object) -> NoReturn:
    # Nothing has been made yet, so nothing has to be removed; and no half-imported module can catch
    # this, as it can an exception.
    os._exit(INTERRUPTED)


# A shell lets a command in the background ignore Ctrl-C, and then it stays ignored.
_is_listening = signal.getsignal(signal.SIGINT) is signal.default_int_handler
if _is_listening:
    signal.signal(signal.SIGINT, _leave)


_received: list[int] = []  # signals that have interrupted the command


def _interrupt(number: int, frame: object) -> NoReturn:
    _received.append(number)
    raise KeyboardInterrupt


def _answer(handler: Any) -> None:
    if _is_listening:
        signal.signal(signal.SIGINT, handler)


def main() -> int:
    """Run the command line of this process; return its exit code."""
    from pypi_practice.cli import main as program

    try:
        try:
            _answer(_interrupt)
            return program.main()
        finally:
            # What is left is to remove temporary folders, which takes a moment.
            _answer(signal.SIG_IGN)
    except BaseException:
        # Python makes another exception of it while it compiles a module or makes a class.
        if not _received:
            raise
        _answer(signal.SIG_IGN)
        return INTERRUPTED
