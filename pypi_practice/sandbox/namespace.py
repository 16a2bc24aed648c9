"""Linux: a user namespace and a network namespace that has only a loopback interface.

A mount namespace hides Unix sockets of services outside. Sources: man pages user_namespaces(7),
network_namespaces(7) and netdevice(7).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
from collections.abc import Sequence

from pypi_practice.sandbox import seccomp, unix_sockets
from pypi_practice.sandbox.system_calls import drop_capabilities, unshare

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
LOOPBACK = "127.0.0.1"


def enter() -> None:
    """Move this process into new namespaces; it must be single-threaded.

    It keeps its user and group. Raises OSError if the system does not allow it.
    """
    user, group = os.geteuid(), os.getegid()
    paths = list(unix_sockets.sockets())
    unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{user} {user} 1"),
        ("gid_map", f"{group} {group} 1"),
    ):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING)
        fcntl.ioctl(control, SIOCSIFFLAGS, request)
    unix_sockets.hide(paths)
    drop_capabilities()
    restrict()


def restrict() -> None:
    """Install a seccomp filter for what a namespace does not restrict, if there is one here."""
    if os.uname().machine in seccomp.MACHINES:
        seccomp.install(tcp_only=False)


def listen(ports: Sequence[int]) -> list[socket.socket]:
    """Return a listening socket for each of *ports* of the namespace's loopback address."""
    with contextlib.ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server((LOOPBACK, port), backlog=128))
            for port in ports
        ]
        stack.pop_all()
    return sockets
