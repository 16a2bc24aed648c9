"""A seccomp filter for the kinds of sockets that a command may open.

A namespace does not restrict AF_VSOCK sockets. Landlock restricts neither UDP, MPTCP nor the data
that TCP Fast Open sends before a connection. Sources: the kernel's
Documentation/userspace-api/seccomp_filter.rst, include/uapi/linux/{seccomp,filter,audit}.h, and
landlock-lsm/linux issues 10, 41 and 54.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import termios
from typing import NamedTuple

from pypi_practice.sandbox.system_calls import allow_no_new_privileges, prctl

PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 22, 2
ALLOW, REFUSE = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, and SECCOMP_RET_ERRNO with a number
LOAD, JUMP_EQUAL, JUMP_GREATER_EQUAL, JUMP_SET, AND, RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
MSG_FASTOPEN = 0x20000000
SOCKET_TYPE_MASK = 0xF  # SOCK_NONBLOCK and SOCK_CLOEXEC are above it
NETLINK, PACKET = 16, 17  # families of addresses
TIOCLINUX = 0x541C  # can paste text into a console


class Machine(NamedTuple):
    """The numbers of one processor family: its audit constant and its system calls."""

    architecture: int
    socket: int
    ioctl: int
    sendto: int
    sendmsg: int
    sendmmsg: int
    keys: tuple[int, int, int]  # add_key, request_key, keyctl
    io_uring_setup: int = 425
    first_foreign: int = 0xFFFFFFFF  # from this number on, calls belong to another ABI


MACHINES = {
    "x86_64": Machine(0xC000003E, 41, 16, 44, 46, 307, (248, 249, 250), first_foreign=0x40000000),
    "aarch64": Machine(0xC00000B7, 198, 29, 206, 211, 269, (217, 218, 219)),
}


def _argument(number: int) -> int:
    """Return the offset of the lower half of an argument, on a little-endian processor."""
    return FIRST_ARGUMENT + 8 * number


class _Program:
    """A program of classic BPF."""

    def __init__(self) -> None:
        self._instructions: list[tuple[int, int, int, int]] = []

    def add(self, code: int, value: int, if_true: int = 0, if_false: int = 0) -> None:
        self._instructions.append((code, if_true, if_false, value))

    def load(self, offset: int) -> None:
        self.add(LOAD, offset)

    def refuse(self, number: int) -> None:
        self.add(RETURN, REFUSE | number)

    def allow(self) -> None:
        self.add(RETURN, ALLOW)

    def packed(self) -> bytes:
        return b"".join(struct.pack("=HBBI", *line) for line in self._instructions)


def program(machine: Machine, *, tcp_only: bool) -> bytes:
    """Return the filter for *machine* as an array of ``struct sock_filter``.

    With *tcp_only*, the only internet sockets are those of TCP. Always refused: families other than
    Unix, internet, netlink and packet; io_uring, which opens sockets without these calls; input to
    the terminal (TIOCSTI, TIOCLINUX), which could run a command outside.
    """
    program = _Program()
    program.load(ARCHITECTURE)
    program.add(JUMP_EQUAL, machine.architecture, 1, 0)
    program.refuse(errno.EPERM)
    program.load(NUMBER)
    program.add(JUMP_GREATER_EQUAL, machine.first_foreign, 0, 1)
    program.refuse(errno.EPERM)
    program.add(JUMP_EQUAL, machine.io_uring_setup, 0, 1)
    program.refuse(errno.ENOSYS)
    # For request_key(2) the kernel runs /sbin/request-key outside, which resolves host names.
    for number in machine.keys:
        program.add(JUMP_EQUAL, number, 0, 1)
        program.refuse(errno.ENOSYS)

    program.add(JUMP_EQUAL, machine.ioctl, 0, 5)
    program.load(_argument(1))
    program.add(JUMP_EQUAL, termios.TIOCSTI, 1, 0)
    program.add(JUMP_EQUAL, TIOCLINUX, 0, 1)
    program.refuse(errno.EPERM)
    program.allow()

    if tcp_only:
        for number, flags in ((machine.sendto, 3), (machine.sendmsg, 2), (machine.sendmmsg, 3)):
            program.add(JUMP_EQUAL, number, 0, 4)
            program.load(_argument(flags))
            program.add(JUMP_SET, MSG_FASTOPEN, 0, 1)
            program.refuse(errno.EOPNOTSUPP)
            program.allow()

    program.add(JUMP_EQUAL, machine.socket, 1, 0)
    program.allow()
    program.load(_argument(0))
    families = [socket.AF_UNIX, NETLINK]
    internet = [socket.AF_INET, socket.AF_INET6]
    if not tcp_only:
        families += [*internet, PACKET]
    for family in families:
        program.add(JUMP_EQUAL, family, 0, 1)
        program.allow()
    if tcp_only:
        program.add(JUMP_EQUAL, internet[0], 1, 0)
        program.add(JUMP_EQUAL, internet[1], 0, 6)
        program.load(_argument(1))
        program.add(AND, SOCKET_TYPE_MASK)
        program.add(JUMP_EQUAL, socket.SOCK_STREAM, 0, 3)
        program.load(_argument(2))
        program.add(JUMP_EQUAL, 0, 2, 0)
        program.add(JUMP_EQUAL, socket.IPPROTO_TCP, 1, 0)
    program.refuse(errno.EAFNOSUPPORT)
    program.allow()
    return program.packed()


class _FilterProgram(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def install(*, tcp_only: bool) -> None:
    """Filter the system calls of this process and its descendants; it cannot be undone.

    Raises OSError if the kernel refuses the filter, or the processor is not in MACHINES.
    """
    name = os.uname().machine
    if name not in MACHINES:
        raise OSError(errno.ENOSYS, f"seccomp: {name}")
    packed = program(MACHINES[name], tcp_only=tcp_only)
    buffer = ctypes.create_string_buffer(packed, len(packed))
    length = len(packed) // struct.calcsize("=HBBI")
    filter_program = _FilterProgram(length, ctypes.cast(buffer, ctypes.c_void_p).value)
    allow_no_new_privileges()
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_program), 0, 0)
