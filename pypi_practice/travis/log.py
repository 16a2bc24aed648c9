"""The log of a rehearsal: folds and times as Travis CI's raw log has them, or made readable.

A job writes Travis CI's marks (``travis_fold:start:install``, ``travis_time:end:…``), which its
web page turns into folds and badges. Sources: lib/travis/build/bash/travis_fold.bash and
travis_time_finish.bash of travis-build; lib/dpl/ctx/bash.rb of dpl.
"""

from __future__ import annotations

import re
import shutil
import time
from collections import deque
from collections.abc import Mapping
from typing import TextIO

OURS = "==> "
MARK = re.compile(r"travis_(fold|time):(start|end):([^\r\n]{0,1000}+)\r\x1b\[0?K")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
STYLES = {"head": "36;1", "good": "32", "bad": "31", "note": "33", "dim": "2",
          "command": "1"}  # fmt: skip
CLEAR = "\r\x1b[0K"
WIDTH = 78
KEPT = 20_000  # lines


def fold(action: str, name: str) -> str:
    """Return the mark at which a fold starts or ends."""
    return f"travis_fold:{action}:{name}{CLEAR}"


def seconds(number: float) -> str:
    """Return a time in seconds as the log writes it.

    >>> seconds(5.25), seconds(61)
    ('5.2 s', '61.0 s')
    """
    return f"{number:.1f} s"


class Marks:
    """Reads the marks of one job, line by line; ``times`` holds the seconds of each phase."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self.folds: list[str] = []
        self.deploying = False
        self.phase = ""

    def read(self, line: str) -> list[tuple[str, str]]:
        """Return what the marks of *line* say: ``start`` or ``end`` and the name of a fold, or
        ``time`` and the seconds of what has just ended, with the name of its phase."""
        said = []
        for kind, action, rest in MARK.findall(line):
            if kind == "fold" and action == "start":
                self.folds.append(rest)
                self.deploying |= rest.startswith("dpl")
                self.phase = self._label("")
                said.append(("start", rest))
            elif kind == "fold":
                if rest in self.folds:
                    self.folds.remove(rest)
                said.append(("end", rest))
            elif action == "end":
                _, *parts = rest.split(":", 1)
                values = dict(one.partition("=")[::2] for one in "".join(parts).split(","))
                took = int(values.get("duration") or 0) / 1e9
                # dpl times its own steps, without an event, inside the time that it takes as a
                # whole.
                label = self.folds[-1] if self.folds else ""
                if event := values.get("event"):
                    label = self._label(event)
                    self.times[label] = self.times.get(label, 0) + took
                said.append(("time", f"{label} {seconds(took)}"))
        return said

    def _label(self, event: str) -> str:
        name = re.sub(r"[._]\d+$", "", self.folds[-1]) if self.folds else ""
        return "deploy" if name == "dpl" or (not name and self.deploying) else name or event


class Log:
    """Writes the log to *out*: raw, or readable on a terminal; in colours, or without.

    With *raw* it is as Travis CI keeps it. Else a terminal gets headings, times and a line that
    shows what goes on; a file or a pipe gets the marks. NO_COLOR is respected.
    """

    def __init__(self, out: TextIO, environ: Mapping[str, str], *, raw: bool = False) -> None:
        self.out = out
        self.terminal = out.isatty() and environ.get("TERM") != "dumb" and not raw
        self.marks = raw or not self.terminal
        self.colours = (raw or self.terminal) and not environ.get("NO_COLOR")
        self.width = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)
        self.end: deque[str] = deque(maxlen=KEPT)  # of a long log, where the error is
        self._status = False
        self._readers: dict[str, Marks] = {}

    def say(self, text: str, style: str = "") -> None:
        """Write a line of the rehearsal's own."""
        self._write(self._styled(OURS, "head") + self._styled(text, style))

    def plain(self, text: str = "") -> None:
        """Write a line that is nobody's."""
        self._write(text)

    def job(self, number: str, line: str) -> None:
        """Write a line of the log of job *number*."""
        if self.marks:
            self._write(line if self.colours else COLOUR.sub("", line))
            return
        reader = self._readers.setdefault(number, Marks())
        marks = reader.read(line)
        rest = MARK.sub("", line)
        for kind, what in marks:
            if kind == "start":
                # A step of dpl begins with its title.
                title = COLOUR.sub("", rest) if what.startswith("dpl.") else ""
                rest = "" if title else rest
                text = f"-- {what}{title and ': '}{title} "
                self._write(self._styled(text.ljust(self.width, "-"), "head"))
            elif kind == "time":
                self._write(self._styled(what.rjust(self.width), "dim"))
        if not MARK.search(line) or rest:
            if rest.startswith(OURS):
                rest = self._styled(rest, "note")
            elif rest.startswith("$ "):
                rest = self._styled(rest, "command")
            self._write(rest if self.colours else COLOUR.sub("", rest))

    def status(self, text: str) -> None:
        """Show *text* below the log, on a terminal, until the next line comes."""
        if self.terminal:
            self.out.write(CLEAR + self._styled(text[: self.width], "dim"))
            self.out.flush()
            self._status = bool(text)

    def _styled(self, text: str, style: str) -> str:
        if not self.colours or not style:
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"

    def _write(self, text: str) -> None:
        if self._status:
            self.out.write(CLEAR)
            self._status = False
        self.end.append(text)
        self.out.write(f"{text}\n")
        self.out.flush()


class Watch:
    """Tells for how long something has been going on."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __str__(self) -> str:
        return f"{int(time.monotonic() - self._start)} s"
