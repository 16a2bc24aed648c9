"""System calls of Linux that Python has no function for."""

from __future__ import annotations

import ctypes
import os

PR_SET_NO_NEW_PRIVS = 38

_libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, name: str) -> int:
    """Return *result* of a call of the C library; OSError with the call's *name* if it is -1."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result


def syscall(name: str, number: int, *arguments: object) -> int:
    """Make the system call *number*; OSError if it fails."""
    return check(_libc.syscall(number, *arguments), name)


def unshare(flags: int) -> None:
    """Move this process into new namespaces; OSError if the system does not let it."""
    check(_libc.unshare(flags), "unshare")


def prctl(option: int, *arguments: object) -> int:
    """Set an *option* of this process; OSError if it fails."""
    return check(_libc.prctl(option, *arguments), "prctl")


def allow_no_new_privileges() -> None:
    """Give up set-user-ID programs, which the kernel asks for before a filter is installed."""
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
