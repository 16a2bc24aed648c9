"""Runs one command, and kills its descendants when it ends.

A program of its own, for POSIX: ``python -I -S supervisor.py CONTROL COMMAND ...``. CONTROL is the
file descriptor of the read end of a pipe. A byte in it terminates the command (SIGTERM, and SIGKILL
after GRACE seconds); end of file, also when the program at the other end dies, kills it at once.
The exit code is that of the command, or 128 plus the number of the signal that killed it.

On Linux this process is the subreaper of the command (prctl(2), PR_SET_CHILD_SUBREAPER): orphaned
descendants, also in other sessions, become its children and are killed as well. Elsewhere the
process group of the command is killed. It imports only the standard library, so that it starts
quickly.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

GRACE = 5.0  # seconds for a command to end after SIGTERM
SWEEP = 5.0  # seconds to wait for the end of killed processes
PAUSE = 0.01  # seconds between two attempts
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CANNOT_RUN = 127


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _start(command: list[str]) -> int:
    """Start *command* in a session of its own; return its process id."""
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        # The kernel kills it with its supervisor, even if the command kills that.
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(CANNOT_RUN)


def _reap(child: int) -> bool:
    """Reap all ended processes except *child*; return whether *child* has ended.

    *child* stays a zombie, so that its process id is not reused.
    """
    if not hasattr(os, "waitid"):  # macOS before Python 3.13, which has no subreaper either
        return False
    flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
    if os.waitid(os.P_PID, child, flags) is not None:
        return True
    while (ended := os.waitid(os.P_ALL, 0, flags)) is not None:
        if ended.si_pid == child:
            return True
        os.waitpid(ended.si_pid, 0)
    return False


def _children() -> list[int]:
    """Return the process ids of our children (Linux)."""
    own = os.getpid()
    try:
        with open(f"/proc/self/task/{own}/children", encoding="ascii") as file:
            return [int(number) for number in file.read().split()]
    except OSError:  # a kernel without CONFIG_PROC_CHILDREN
        pass
    children = []
    for name in os.listdir("/proc") if os.path.isdir("/proc") else []:
        if name.isdigit():
            with contextlib.suppress(OSError, ValueError, IndexError):
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                    parent = file.read().rpartition(")")[2].split()[1]
                if int(parent) == own:
                    children.append(int(name))
    return children


def _sweep() -> None:
    """Kill the remaining descendants, which become our children when their parents die."""
    until = time.monotonic() + SWEEP
    while time.monotonic() < until:
        for number in _children():  # they are not reaped yet, so their ids are not reused
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            return
        time.sleep(PAUSE)


def _signal_group(child: int, number: signal.Signals) -> None:
    with contextlib.suppress(OSError):
        os.killpg(child, number)


def main(control: int, command: list[str]) -> int:
    """Run *command* until it ends or is terminated through *control*; return its exit code."""
    os.set_inheritable(control, False)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    wakeup_read, wakeup_write = os.pipe()
    os.set_blocking(wakeup_read, False)
    os.set_blocking(wakeup_write, False)
    signal.set_wakeup_fd(wakeup_write, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # only wake up select
    child = _start(command)
    watched = [control, wakeup_read]
    kill_at = give_up_at = float("inf")
    status = None
    while not _reap(child):
        if not hasattr(os, "waitid"):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
        now = time.monotonic()
        if now >= kill_at:
            _signal_group(child, signal.SIGKILL)
            kill_at, give_up_at = float("inf"), now + SWEEP
        if now >= give_up_at:
            return 128 + signal.SIGKILL
        until = min(kill_at, give_up_at)
        ready, _, _ = select.select(watched, [], [], None if until > 1e9 + now else until - now)
        if wakeup_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(wakeup_read, 4096)
        if control in ready:
            if os.read(control, 1):
                _signal_group(child, signal.SIGTERM)
                kill_at = min(kill_at, now + GRACE)
            else:
                watched.remove(control)
                kill_at = now
    _signal_group(child, signal.SIGKILL)
    if status is None:
        _, status = os.waitpid(child, 0)
    _sweep()
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
