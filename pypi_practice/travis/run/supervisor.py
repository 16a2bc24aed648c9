"""Runs one command, and ends with it everything that it started.

A program of its own, for POSIX: ``python -I -S supervisor.py CONTROL COMMAND ...``. CONTROL is a
file descriptor, the reading end of a pipe. One byte in it asks the command to end (SIGTERM, and
SIGKILL after GRACE seconds); its end, which comes too when the program at the other end dies, kills
the command at once. The exit code is the command's own; 128 and the number of the signal if it was
killed.

On Linux this process is the subreaper of the command (prctl(2), PR_SET_CHILD_SUBREAPER): a process
that left the command's session or was forked twice becomes its child, and is killed as well.
Elsewhere the processes of the command's process group are killed. It imports nothing of the package
and only what Python's isolated mode finds, because it starts once for each job.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import time

GRACE = 5.0  # seconds for a command to end that was asked to
SWEEP = 5.0  # seconds for killed processes to be gone
PAUSE = 0.01  # seconds between two looks
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
CANNOT_RUN = 127


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def _start(command: list[str]) -> int:
    """Start *command* in a session of its own; return its process number."""
    child = os.fork()
    if child:
        return child
    try:
        os.setsid()
        # It must not outlive its supervisor, even if the command kills that.
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        os.execvp(command[0], command)
    except OSError as error:
        os.write(2, f"{command[0]}: {error.strerror}\n".encode())
    os._exit(CANNOT_RUN)


def _reap(child: int) -> bool:
    """Collect processes that have ended, but not *child*: tell whether that has ended.

    *child* is left as a zombie, so that its number cannot be that of another process yet.
    """
    if not hasattr(os, "waitid"):  # macOS before Python 3.13: there are no orphans to collect
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
    """Return the numbers of our own children (Linux)."""
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
    """Kill what the command has left behind; its children become ours as their parents die."""
    until = time.monotonic() + SWEEP
    while time.monotonic() < until:
        for number in _children():  # not waited for yet: these numbers are nobody else's
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
    """Run *command* until it ends or *control* says so; return its exit code."""
    os.set_inheritable(control, False)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    woken, wakes = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wakes, False)
    signal.set_wakeup_fd(wakes, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # the command's signals are not for us
    child = _start(command)
    watched = [control, woken]
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
        if woken in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(woken, 4096)
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
