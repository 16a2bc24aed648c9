"""Linux: hides the Unix sockets on which services outside listen, in a mount namespace.

A service such as Docker, a systemd of the user, tmux or a resolver would otherwise act outside for
a command inside. Only sockets that exist when the sandbox begins can be hidden, if they are bound
to a path or lie where sockets usually do. Source: proc(5), ``/proc/net/unix``; mount(2).
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from pypi_practice.sandbox.system_calls import mount

MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
ENTRY_LIMIT = 20_000  # entries of a folder and of those below it
OUT_OF_REACH = (errno.ENOENT, errno.EACCES, errno.ENOTDIR, errno.ELOOP)


def bound_paths() -> Iterator[str]:
    """Yield the absolute paths that sockets of the present network namespace are bound to."""
    text = Path("/proc/net/unix").read_text(encoding="utf-8", errors="surrogateescape")
    for line in text.splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) == 8 and fields[7].startswith("/"):
            yield fields[7]


def sockets() -> Iterator[str]:
    """Yield the paths of Unix sockets: of those that are bound, and of those in the usual folders.

    A socket that was renamed or linked after it was bound, or bound by a relative path, is found by
    looking: beside the others, and in the folders of the system and of the user.
    """
    bound = [os.path.realpath(path) for path in bound_paths()]
    yield from bound
    runtime, home = os.environ.get("XDG_RUNTIME_DIR", ""), os.environ.get("HOME", "")
    folders = {os.path.dirname(path): 1 for path in bound}
    folders |= {"/run": 4, "/tmp": 2, "/var/run": 4, "/var/lib": 2}
    folders |= {runtime: 4, home: 1, os.path.join(home, ".ssh"): 2}
    with contextlib.suppress(FileNotFoundError):  # the present folder may have been deleted
        folders[os.getcwd()] = 1
    yielded = set(bound)
    for folder, depth in folders.items():
        for path in _in_folder(folder, depth) if os.path.isabs(folder) else ():
            if path not in yielded:
                yielded.add(path)
                yield path


def _in_folder(folder: str, depth: int) -> Iterator[str]:
    """Yield the sockets in *folder*, *depth* folders deep; after ENTRY_LIMIT entries it ends."""
    pending, entry_count = [(folder, depth)], 0
    while pending:
        current, levels = pending.pop()
        try:
            with os.scandir(current) as entries:
                for entry in entries:
                    entry_count += 1
                    if entry_count > ENTRY_LIMIT:
                        return
                    if entry.is_dir(follow_symlinks=False):
                        if levels > 1:
                            pending.append((entry.path, levels - 1))
                    elif stat.S_ISSOCK(entry.stat(follow_symlinks=False).st_mode):
                        yield entry.path
        except OSError:  # it cannot be read, so a command inside cannot either
            continue


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
