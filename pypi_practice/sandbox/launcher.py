"""Enters a sandbox, passes on its sockets, tries to leave it, and runs the command.

``start`` runs it as ``python -I -S -c PROGRAM SETTINGS COMMAND...`` and communicates with it over a
pair of Unix sockets:

- launcher: ``ready``, with a listening socket for each port if the sandbox has a network of its
  own, or ``failed: REASON``;
- start: ``go`` once it accepts connections on them;
- launcher: ``tried`` after it has tried to reach the two canaries, sockets outside of the sandbox;
- start: ``run`` if they received nothing. Else it closes the connection and nothing is run.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import Sequence
from typing import Any

from pypi_practice.sandbox.kinds import Kind

TRY = 2.0  # seconds for a connection that must fail


def enter(kind: Kind, ports: Sequence[int]) -> list[socket.socket]:
    """Enter a sandbox of this *kind*; return the sockets that listen on *ports* inside, if any.

    Raises OSError if the system does not allow it.
    """
    if kind in (Kind.NAMESPACE, Kind.BUBBLEWRAP):
        from pypi_practice.sandbox import namespace

        if kind is Kind.NAMESPACE:
            namespace.enter()
        else:
            namespace.restrict()
        return namespace.listen(ports)
    if kind is Kind.LANDLOCK:
        from pypi_practice.sandbox import landlock

        landlock.enter(ports)
    return []  # sandbox-exec started this process inside the sandbox


def try_to_leave(host: str, tcp_port: int, udp_port: int) -> None:
    """Try to send data to both canaries."""
    with contextlib.suppress(OSError), socket.create_connection((host, tcp_port), TRY) as attempt:
        attempt.sendall(b"out")
    with (
        contextlib.suppress(OSError),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
    ):
        datagram.sendto(b"out", (host, udp_port))


def restore_signals() -> None:
    """Restore the signal handlers that Python changes at its start."""
    for name in ("SIGPIPE", "SIGXFSZ"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)


def main(arguments: Sequence[str]) -> None:
    """Enter the sandbox that the first argument describes in JSON, and run the others in it."""
    restore_signals()
    settings: dict[str, Any] = json.loads(arguments[0])
    command = list(arguments[1:])
    with socket.socket(fileno=settings["control"]) as control:
        control.set_inheritable(False)
        try:
            sockets = enter(Kind(settings["kind"]), settings["ports"])
        except OSError as error:
            control.sendall(f"failed: {error.strerror or error}".encode())
            sys.exit(1)
        if sockets:
            socket.send_fds(control, [b"ready"], [listener.fileno() for listener in sockets])
        else:
            control.sendall(b"ready")
        for listener in sockets:
            listener.close()
        if control.recv(16) != b"go":
            sys.exit(1)
        try_to_leave(*settings["canaries"])
        control.sendall(b"tried")
        if control.recv(16) != b"run":
            sys.exit(1)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
