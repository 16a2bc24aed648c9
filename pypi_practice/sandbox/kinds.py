"""The kinds of sandbox, in the order in which they are tried."""

from __future__ import annotations

import enum


class Kind(enum.StrEnum):
    """How a command is isolated from the network.

    ``BUBBLEWRAP`` also uses a namespace, and hides files and processes too. ``NONE`` is no sandbox:
    only environment variables lead a program to the proxy.
    """

    BUBBLEWRAP = "bubblewrap"
    NAMESPACE = "namespace"
    LANDLOCK = "landlock"
    SANDBOX_EXEC = "sandbox-exec"
    NONE = "none"


# A shell needs the user's files; a rehearsed job must not see them.
FOR_SHELL = (Kind.NAMESPACE, Kind.LANDLOCK, Kind.SANDBOX_EXEC)
FOR_JOB = (Kind.BUBBLEWRAP, *FOR_SHELL)
