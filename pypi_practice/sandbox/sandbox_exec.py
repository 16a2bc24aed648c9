"""macOS: ``sandbox-exec`` with a profile that allows only the given loopback ports.

Apple calls the program deprecated, and its profiles have no public documentation. Sources:
anthropic-experimental/sandbox-runtime issue 131 (``remote``, never ``local``) and
zeroclaw-labs/zeroclaw issue 4764 (hosts are ``localhost`` or ``*``). It is untested here:
the attempt of the launcher to leave the sandbox decides whether it works.
"""

from __future__ import annotations

from collections.abc import Sequence


def profile(ports: Sequence[int]) -> str:
    """Return the profile: connections to *ports* of this computer, and to Unix sockets."""
    allowed = "".join(f'(allow network-outbound (remote ip "localhost:{port}"))' for port in ports)
    return (
        "(version 1)(allow default)(deny network-outbound)"
        f"{allowed}(allow network-outbound (remote unix-socket))"
    )
