"""Writes the log of a rehearsal: as the raw log of Travis CI, or readable.

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

from pypi_practice.core.terminal import one_line
from pypi_practice.travis.config.jobs import PHASES
from pypi_practice.travis.plan.dpl import OURS

# Bounded repeats keep the time linear in the length of a line.
MARK = re.compile(r"travis_(fold|time):(start|end):([^\r\n]{0,300}?)\r\x1b\[0?K")
COLOUR = re.compile(r"\x1b\[[0-9;]{0,60}m")
# Control sequences: those with ESC (ECMA-48: CSI, then OSC, DCS, SOS, PM, APC with their text, then
# the others), control characters, and characters of Unicode that change the order of text.
KEPT_SEQUENCE = r"(?P<kept>\x1b\[[0-9;]{0,60}m|\r\x1b\[0?K|[\t\r])"
SEQUENCE = (
    r"\x1b\[[0-?]{0,60}[ -/]{0,8}[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)"
    r"|\x1b[ -/]{0,8}[0-Z\\^-~]"
    r"|[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
CONTROL = re.compile(f"{KEPT_SEQUENCE}|{SEQUENCE}")
RESET = "\x1b[0m"
DEPTH = 50  # open folds; Travis CI nests two
DEPLOY = "deploy"
NANOSECONDS = re.compile(r"[0-9]{1,18}")
STYLES = {"head": "36;1", "good": "32", "bad": "31", "note": "33", "dim": "2", "command": "1"}
CLEAR = "\r\x1b[0K"
WIDTH = 78
KEPT = 20_000  # lines


def fold(action: str, name: str) -> str:
    """Return the mark at which a fold starts or ends."""
    return f"travis_fold:{action}:{name}{CLEAR}"


def clean(line: str) -> str:
    """Return *line* without control sequences, except colours and Travis CI's marks.

    >>> clean("\x1b[31mred\x1b[0m \x1b]0;title\x07and \x1b[2Jno more\0")
    '\\x1b[31mred\\x1b[0m and no more'
    """
    return CONTROL.sub(lambda match: match["kept"] or "", line)


def seconds(number: float) -> str:
    """Return a duration in seconds in the format of the log.

    >>> seconds(5.25), seconds(61)
    ('5.2 s', '61.0 s')
    """
    return f"{number:.1f} s"


class Marks:
    """Parses the marks of one job, line by line; ``times`` has the seconds of each phase."""

    def __init__(self) -> None:
        self.times: dict[str, float] = {}
        self.folds: list[str] = []
        self.deploying = False
        self.phase = ""

    def read(self, line: str) -> list[tuple[str, str]]:
        """Return the marks of *line*.

        Each is ``start`` or ``end`` with the name of a fold, or ``time`` with the name and the
        seconds of the phase that has ended.
        """
        marks = []
        for kind, action, name in MARK.findall(line):
            if kind == "fold" and action == "start":
                if len(self.folds) < DEPTH:
                    self.folds.append(name)
                self.deploying |= name.startswith("dpl")
                self.phase = self._label("")
                marks.append(("start", name))
            elif kind == "fold":
                if name in self.folds:
                    self.folds.remove(name)
                marks.append(("end", name))
            elif action == "end":
                _, *parts = name.split(":", 1)
                values = dict(pair.partition("=")[::2] for pair in "".join(parts).split(","))
                duration = values.get("duration", "")
                # A job can write malformed marks.
                elapsed = int(duration) / 1e9 if NANOSECONDS.fullmatch(duration) else 0.0
                # dpl writes marks without an event for its steps, which are part of its total.
                label = self.folds[-1] if self.folds else ""
                if event := values.get("event"):
                    label = self._label(event)
                    if label in (*PHASES, DEPLOY):
                        self.times[label] = self.times.get(label, 0) + elapsed
                marks.append(("time", f"{label} {seconds(elapsed)}"))
        return marks

    def _label(self, event: str) -> str:
        name = re.sub(r"[._]\d+$", "", self.folds[-1]) if self.folds else ""
        return DEPLOY if name == "dpl" or (not name and self.deploying) else name or event


class Log:
    """Writes the log to *out*, with *raw* in the raw format of Travis CI.

    Else a terminal gets headings, times and a status line; a file or a pipe gets the marks.
    NO_COLOR disables colours, and FORCE_COLOR enables them for a file or a pipe.
    """

    def __init__(self, out: TextIO, environ: Mapping[str, str], *, raw: bool = False) -> None:
        self.out = out
        self.terminal = out.isatty() and environ.get("TERM") != "dumb" and not raw
        self.marks = raw or not self.terminal
        is_forced = raw or self.terminal or environ.get("FORCE_COLOR")
        self.colours = bool(is_forced) and not environ.get("NO_COLOR")
        self.width = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)
        self.end: deque[str] = deque(maxlen=KEPT)  # the end of the log, which has the error
        self._status = False
        self._readers: dict[str, Marks] = {}

    def say(self, text: str, style: str = "") -> None:
        """Write a line of the rehearsal itself; control characters in it are escaped."""
        self._write(self._styled(OURS, "head") + self._styled(one_line(text), style))

    def line(self, text: str = "") -> None:
        """Write a line without a prefix."""
        self._write(text)

    def job(self, number: str, line: str) -> None:
        """Write a line of the log of job *number*, which must be the result of ``clean``."""
        if self.marks:
            self._write(self._coloured(line))
            return
        reader = self._readers.setdefault(number, Marks())
        marks = reader.read(line)
        text_left = _overwritten(MARK.sub("", line))
        for kind, content in marks:
            if kind == "start":
                # The first line of a step of dpl is its title.
                title = COLOUR.sub("", text_left) if content.startswith("dpl.") else ""
                text_left = "" if title else text_left
                text = f"-- {content}{title and ': '}{title} "
                self._write(self._styled(text.ljust(self.width, "-"), "head"))
            elif kind == "time":
                self._write(self._styled(content.rjust(self.width), "dim"))
        if not MARK.search(line) or text_left:
            if text_left.startswith(OURS):
                text_left = self._styled(text_left, "note")
            elif text_left.startswith("$ "):
                text_left = self._styled(text_left, "command")
            self._write(self._coloured(text_left))

    def _coloured(self, line: str) -> str:
        """Return *line* with its colours, reset at its end, or without."""
        if not self.colours:
            return COLOUR.sub("", line)
        return line + RESET if COLOUR.search(line) and not line.endswith(RESET) else line

    def status(self, text: str) -> None:
        """Show *text* below the log, on a terminal, until the next line."""
        if self.terminal:
            self.out.write(CLEAR + self._styled(one_line(text)[: self.width], "dim"))
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


def _overwritten(line: str) -> str:
    """Return what a terminal shows of *line*: the text after its last ``\\r``."""
    parts = [part.removeprefix("\x1b[K").removeprefix("\x1b[0K") for part in line.split("\r")]
    return next((part for part in reversed(parts) if part), "")


class Watch:
    """The time since the creation of this object, as text."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __str__(self) -> str:
        return f"{int(time.monotonic() - self._start)} s"
