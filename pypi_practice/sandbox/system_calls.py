"""System calls of Linux that Python has no function for."""

from __future__ import annotations

import ctypes
import errno
import os

CAP_SETFCAP = 31
PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 24, 38

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
    """Disable set-user-ID programs; the kernel requires it before a filter is installed."""
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def mount(source: str | None, target: str, flags: int) -> None:
    """Mount *source* on *target*, or change the mount there; OSError if it fails."""
    sent = [None if path is None else os.fsencode(path) for path in (source, target)]
    check(_libc.mount(*sent, None, ctypes.c_ulong(flags), None), "mount")


def drop_capabilities() -> None:
    """Remove all capabilities of programs that are run from now on, also for root.

    CAP_SETFCAP is kept, because root needs it to create another user namespace. It affects only
    files of this namespace, and programs gain nothing by it after no_new_privs.
    """
    number = 0
    while True:
        try:
            if number != CAP_SETFCAP:
                prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
        except OSError as error:
            if error.errno == errno.EINVAL and number:  # beyond the last one that the kernel knows
                return
            raise
        number += 1
