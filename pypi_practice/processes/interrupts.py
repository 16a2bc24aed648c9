"""Lets Ctrl-C end a program without a traceback, from its first line to its last.

A program imports this module first, and it imports almost nothing: before it, nothing but Python
itself can answer Ctrl-C.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any, NoReturn

from pypi_practice.core.errors import INTERRUPTED


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


def _set_handler(handler: Any) -> None:
    if _is_listening:
        signal.signal(signal.SIGINT, handler)


def _find_temporary_folder() -> None:
    """Let Python choose the folder of temporary files now, for which it writes a file into each.

    Later Ctrl-C might come before it removes that file.
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
            # What is left is to remove temporary folders, which takes a moment.
            _set_handler(signal.SIG_IGN)
    except BaseException:
        # Python makes another exception of it while it compiles a module or makes a class.
        if not _received:
            raise
        _set_handler(signal.SIG_IGN)
        return INTERRUPTED
