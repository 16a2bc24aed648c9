"""Enters namespaces of Linux in which this process has a network and a file system of its own.

Only the standard library is used: the lab's process runs ``python -I``. Sources: unshare(2),
user_namespaces(7), netdevice(7), rtnetlink(7), mount(2), prctl(2).
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import socket
import struct
from collections.abc import Mapping
from pathlib import Path

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x00020000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
RTM_NEWADDR, NLM_F_REQUEST, NLM_F_ACK, NLM_F_CREATE = 20, 0x1, 0x4, 0x400
NLMSG_ERROR, IFA_ADDRESS, IFA_LOCAL, IFA_F_NODAD = 2, 1, 2, 0x02
PR_SET_CHILD_SUBREAPER = 36
USER = 1000  # how the user who runs the tests appears inside: as an ordinary one, root too

_libc = ctypes.CDLL(None, use_errno=True)


class Unavailable(Exception):
    """This computer does not let us make the lab; the text says why."""


def _check(result: int, call: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def enter(networks: tuple[str, ...]) -> None:
    """Move this process, which must have one thread, into new user, network and mount namespaces.

    The loopback interface is up and has the addresses of *networks* (``192.0.2.1/24``): every
    address of an IPv4 network leads to this process, and so does each IPv6 address itself.
    Raises Unavailable if the system forbids it; nothing may then be tried.
    """
    before = os.stat("/proc/self/ns/net").st_ino
    user, group = os.getuid(), os.getgid()
    try:
        _check(_libc.unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS), "unshare")
        Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
        Path("/proc/self/uid_map").write_text(f"{USER} {user} 1", encoding="ascii")
        Path("/proc/self/gid_map").write_text(f"{USER} {group} 1", encoding="ascii")
        mount(None, "/", MS_REC | MS_PRIVATE)
        _loopback_up()
        for network in networks:
            _add_address(network)
    except OSError as error:
        raise Unavailable(
            f"this system does not let us make a network of our own: {error}"
        ) from error
    interfaces = [name for _, name in socket.if_nameindex()]
    if os.stat("/proc/self/ns/net").st_ino == before or interfaces != ["lo"]:
        raise Unavailable(f"the network is not a new one, it has {', '.join(interfaces)}")


def mount(
    source: str | Path | None, target: str | Path, flags: int, kind: str | None = None
) -> None:
    """Call mount(2). Raises OSError."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind)]
    _check(
        _libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), None),
        f"mount {target}",
    )


def replace_files(contents: Mapping[str, Path]) -> None:
    """Let each path of *contents* that exists show another file, for this namespace only."""
    for path, source in contents.items():
        target = os.path.realpath(path)
        if os.path.exists(target):
            mount(source, target, MS_BIND)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends."""
    _check(_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def _loopback_up() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH14x", b"lo", IFF_UP | IFF_RUNNING)
        fcntl.ioctl(control, SIOCSIFFLAGS, request)


def _add_address(network: str) -> None:
    text, _, length = network.partition("/")
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    address = socket.inet_pton(family, text)
    attributes = b"".join(
        struct.pack("HH", 4 + len(address), kind) + address for kind in (IFA_LOCAL, IFA_ADDRESS)
    )
    body = struct.pack("BBBBI", family, int(length), IFA_F_NODAD, 0, socket.if_nametoindex("lo"))
    body += attributes
    flags = NLM_F_REQUEST | NLM_F_ACK | NLM_F_CREATE
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as netlink:
        netlink.send(struct.pack("IHHII", 16 + len(body), RTM_NEWADDR, flags, 1, 0) + body)
        reply = netlink.recv(4096)
    kind = struct.unpack_from("H", reply, 4)[0]
    number = -struct.unpack_from("i", reply, 16)[0]
    if kind == NLMSG_ERROR and number:
        raise OSError(number, f"address {network}: {os.strerror(number)}")
