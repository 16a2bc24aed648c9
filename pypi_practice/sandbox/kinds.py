"""The kinds of sandbox, in the order in which they are tried."""

from __future__ import annotations

import enum


class Kind(enum.StrEnum):
    """What keeps a command from the network.

    ``BUBBLEWRAP`` is a namespace as well, and hides files and processes too. ``NONE`` is no
    sandbox: only variables lead a program to the proxy.
    """

    BUBBLEWRAP = "bubblewrap"
    NAMESPACE = "namespace"
    LANDLOCK = "landlock"
    SANDBOX_EXEC = "sandbox-exec"
    NONE = "none"


# For a shell, which needs the user's files, and for a rehearsed job, which must not see them.
FOR_SHELL = (Kind.NAMESPACE, Kind.LANDLOCK, Kind.SANDBOX_EXEC)
FOR_JOB = (Kind.BUBBLEWRAP, *FOR_SHELL)
