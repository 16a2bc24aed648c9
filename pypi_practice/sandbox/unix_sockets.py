"""Linux: hides the Unix sockets on which services outside listen, in a mount namespace.

A service such as Docker, a systemd of the user, tmux or a resolver would otherwise act outside for
a command inside. Only sockets that exist when the sandbox begins can be hidden. Source: proc(5),
``/proc/net/unix``; mount(2).
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

from pypi_practice.sandbox.system_calls import mount

MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
OUT_OF_REACH = (errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ELOOP)


def bound_paths() -> Iterator[str]:
    """Yield the absolute paths that sockets of the present network namespace are bound to."""
    text = Path("/proc/net/unix").read_text(encoding="utf-8", errors="surrogateescape")
    for line in text.splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) == 8 and fields[7].startswith("/"):
            yield fields[7]


def hide(paths: list[str]) -> None:
    """Put an empty device in the place of each of *paths*, for this mount namespace only.

    Raises OSError if the system does not allow it. What cannot be reached anyway is left alone.
    """
    mount(None, "/", MS_REC | MS_PRIVATE)
    for path in paths:
        try:
            mount("/dev/null", path, MS_BIND)
        except OSError as error:
            if error.errno not in OUT_OF_REACH:
                raise
