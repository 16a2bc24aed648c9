"""Linux: hides the Unix sockets of services outside, in a mount namespace.

Through them, services such as Docker, the user's systemd, tmux or a resolver would act outside for
a command inside. Only sockets that exist at the start of the sandbox are hidden, if they are bound
to a path or are in one of the usual folders. Source: proc(5), ``/proc/net/unix``; mount(2).
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
    """Yield the absolute paths of the bound sockets in this network namespace."""
    text = Path("/proc/net/unix").read_text(encoding="utf-8", errors="surrogateescape")
    for line in text.splitlines()[1:]:
        fields = line.split(maxsplit=7)
        if len(fields) == 8 and fields[7].startswith("/"):
            yield fields[7]


def sockets() -> Iterator[str]:
    """Yield the paths of Unix sockets: of bound ones, and of those found in the usual folders.

    A search finds sockets that were renamed or linked after binding, or bound to a relative path.
    It covers the folders of bound sockets, of the system and of the user.
    """
    bound = [os.path.realpath(path) for path in bound_paths()]
    yield from bound
    runtime, home = os.environ.get("XDG_RUNTIME_DIR", ""), os.environ.get("HOME", "")
    folders = {os.path.dirname(path): 1 for path in bound}
    folders |= {"/run": 4, "/tmp": 2, "/var/run": 4, "/var/lib": 2}
    folders |= {runtime: 4, home: 1, os.path.join(home, ".ssh"): 2}
    with contextlib.suppress(FileNotFoundError):  # the working directory was deleted
        folders[os.getcwd()] = 1
    yielded = set(bound)
    for folder, depth in folders.items():
        for path in _in_folder(folder, depth) if os.path.isabs(folder) else ():
            if path not in yielded:
                yielded.add(path)
                yield path


def _in_folder(folder: str, depth: int) -> Iterator[str]:
    """Yield the sockets in *folder*, to *depth* levels; it stops after ENTRY_LIMIT entries."""
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
        except OSError:  # a command inside cannot read it either
            continue


def hide(paths: list[str]) -> None:
    """Mount /dev/null over each of *paths*, in this mount namespace only.

    Paths that cannot be reached are skipped. Raises OSError if the system does not allow it.
    """
    mount(None, "/", MS_REC | MS_PRIVATE)
    for path in paths:
        try:
            mount("/dev/null", path, MS_BIND)
        except OSError as error:
            if error.errno not in OUT_OF_REACH:
                raise
