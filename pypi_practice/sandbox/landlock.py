"""Linux without namespaces: Landlock limits the TCP ports, and seccomp allows only TCP.

Sources: the kernel's Documentation/userspace-api/landlock.rst; include/uapi/linux/landlock.h.
"""

from __future__ import annotations

import ctypes
import errno
import os
from collections.abc import Sequence

from pypi_practice.sandbox import seccomp
from pypi_practice.sandbox.system_calls import allow_no_new_privileges, syscall

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
CREATE_RULESET_VERSION = 1
CONNECT_TCP = 2  # LANDLOCK_ACCESS_NET_CONNECT_TCP
RULE_NET_PORT = 2
SCOPE_ABSTRACT_UNIX_SOCKET, SCOPE_SIGNAL = 1, 2
LOWEST_PORT = 10_000  # below it are the usual ports of web servers and proxies
NETWORK_VERSION, SCOPE_VERSION = 4, 6  # of Landlock's interface


class _RulesetAttribute(ctypes.Structure):
    _fields_ = (
        ("handled_access_fs", ctypes.c_uint64),
        ("handled_access_net", ctypes.c_uint64),
        ("scoped", ctypes.c_uint64),
    )


class _PortAttribute(ctypes.Structure):
    _fields_ = (("allowed_access", ctypes.c_uint64), ("port", ctypes.c_uint64))


def version() -> int:
    """Return the version of Landlock's interface; OSError if the kernel has none."""
    return syscall("landlock", CREATE_RULESET, None, 0, CREATE_RULESET_VERSION)


def enter(ports: Sequence[int]) -> None:
    """Restrict this process and its descendants to TCP connections to *ports*.

    Landlock does not compare addresses, so the same ports of other computers are allowed too.
    Therefore ports below LOWEST_PORT, where services usually listen, are refused. Raises OSError
    for such a port, or if the system does not offer Landlock.
    """
    low = [port for port in ports if port < LOWEST_PORT]
    if low:
        raise OSError(errno.EINVAL, f"landlock: {low[0]} < {LOWEST_PORT}")
    offered = version()
    if offered < NETWORK_VERSION:
        raise OSError(errno.EOPNOTSUPP, f"landlock: {offered} < {NETWORK_VERSION}")
    attribute = _RulesetAttribute(0, CONNECT_TCP, 0)
    size = _RulesetAttribute.scoped.offset
    if offered >= SCOPE_VERSION:
        attribute.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL
        size = ctypes.sizeof(attribute)
    ruleset = syscall("landlock", CREATE_RULESET, ctypes.byref(attribute), size, 0)
    try:
        for port in ports:
            rule = _PortAttribute(CONNECT_TCP, port)
            syscall("landlock", ADD_RULE, ruleset, RULE_NET_PORT, ctypes.byref(rule), 0)
        allow_no_new_privileges()
        syscall("landlock", RESTRICT_SELF, ruleset, 0)
    finally:
        os.close(ruleset)
    seccomp.install(tcp_only=True)
