"""The ways out that are tried, as data: see docs/data/tables/ways_out.yml."""

from __future__ import annotations

import functools
import platform
import re
import shutil
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parents[3] / "docs" / "data" / "tables" / "ways_out.yml"
ATTEMPT = '"$LAB_PYTHON" -I "$LAB_ATTEMPT"'
# What makes it impossible to try a way beside others in one shell.
ALONE = ("files", "typed", "env", "options", "connection", "outer", "later", "alone")


@dataclass(frozen=True)
class Way:
    """A way out. ``open`` are the kinds of wall behind which it is known to work, by place.

    The other fields are the keys of docs/data/tables/ways_out.yml.
    """

    name: str
    title: Mapping[str, str]
    open: Mapping[str, frozenset[str]]
    run: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    typed: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    connection: bool = False
    outer: bool = False
    later: str = ""
    alone: bool = False
    inside: bool = False
    job: Mapping[str, Any] = field(default_factory=dict)
    forbidden_output: str = ""
    nameless: str = ""
    needs: tuple[str, ...] = ()
    kernel: str = ""
    landlock: int = 0
    repository: bool = False

    @property
    def mark(self) -> str:
        """The text by which an arrival is known."""
        return f"leak-{self.name}-end"

    def is_open(self, context: str, kind: str) -> bool:
        """Tell whether bytes arrive by it behind a *kind* of wall, in the shell or a rehearsal."""
        early = kind == "landlock" and landlock_version() < self.landlock
        return early or kind in self.open[context]

    def missing(self) -> str | None:
        """Return what this computer lacks for it, None if it can be tried."""
        absent = [name for name in self.needs if shutil.which(name) is None]
        if absent:
            return f"{', '.join(absent)} not installed"
        if self.kernel and not KERNEL[self.kernel]():
            return f"the kernel does not have it: {self.kernel}"
        return None


def filled(value: Any, way: Way, home: str) -> Any:
    """Return *value*, or all in it, with what ``@attempt`` and the like stand for."""
    if isinstance(value, dict):
        return {key: filled(content, way, home) for key, content in value.items()}
    if isinstance(value, list | tuple):
        return [filled(content, way, home) for content in value]
    if not isinstance(value, str):
        return value
    values = {
        "attempt": ATTEMPT,
        "mark": way.mark,
        "token": f"pypi-{way.mark}",
        "name": way.name,
        "home": home,
    }
    return re.sub(r"@(attempt|mark|token|name|home)\b", lambda match: values[match[1]], value)


@functools.cache
def ways() -> tuple[Way, ...]:
    """Return all ways, in the order of the file."""
    read = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    all_ways = []
    for name, keys in read.items():
        fields = dict(keys)
        fields["forbidden_output"] = fields.pop("said", "")
        title = {language: fields.pop(language) for language in ("en", "es")}
        places = {
            context: frozenset(fields.pop(context))
            for context in ("shell", "rehearsal")
            if context in fields
        }
        for key in ("options", "needs"):
            fields[key] = tuple(fields.get(key, ()))
        all_ways.append(Way(name, title, places, **fields))
    return tuple(all_ways)


def ways_tried(context: str) -> list[Way]:
    """Return the ways that are tried in a *context*: ``shell`` or ``rehearsal``."""
    return [way for way in ways() if context in way.open]


def is_alone(way: Way) -> bool:
    """Tell whether *way* needs a shell of its own."""
    return any(getattr(way, key) for key in ALONE)


@functools.cache
def landlock_version() -> int:
    """Return the version of Landlock's interface, 0 where there is none."""
    from pypi_practice.sandbox import landlock

    try:
        return landlock.version()
    except OSError:
        return 0


def _setting(path: str, *good: str) -> bool:
    file = Path(path)
    return file.exists() and file.read_text(encoding="ascii").strip() in good


def _ring() -> bool:
    return not _setting("/proc/sys/kernel/io_uring_disabled", "1", "2")


def _vsock() -> bool:
    try:
        socket.socket(socket.AF_VSOCK, socket.SOCK_STREAM).close()
    except OSError:
        return False
    return True


KERNEL: Mapping[str, Callable[[], bool]] = {
    "io_uring": _ring,
    "ia32": lambda: platform.machine() == "x86_64" and Path("/proc/sys/abi/vsyscall32").exists(),
    "mptcp": lambda: _setting("/proc/sys/net/mptcp/enabled", "1"),
    "vsock": _vsock,
    # Before Linux 6.2 there is no setting, and typing is allowed.
    "tiocsti": lambda: not _setting("/proc/sys/dev/tty/legacy_tiocsti", "0"),
}
