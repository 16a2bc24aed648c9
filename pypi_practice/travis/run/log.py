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

from pypi_practice.core.terminal import one_line
from pypi_practice.travis.config.jobs import PHASES
from pypi_practice.travis.plan.dpl import OURS

# The bounds keep the work linear in the line, whatever a job writes.
MARK = re.compile(r"travis_(fold|time):(start|end):([^\r\n]{0,300}?)\r\x1b\[0?K")
COLOUR = re.compile(r"\x1b\[[0-9;]{0,60}m")
# What a terminal obeys: sequences that begin with ESC (ECMA-48: CSI, then OSC, DCS, SOS, PM, APC
# with their text, then the rest), control characters, and Unicode's that change the order of text.
KEPT_SEQUENCE = r"(?P<kept>\x1b\[[0-9;]{0,60}m|\r\x1b\[0?K|[\t\r])"
SEQUENCE = (
    r"\x1b\[[0-?]{0,60}[ -/]{0,8}[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b]{0,2000}(?:\x07|\x1b\\)"
    r"|\x1b[ -/]{0,8}[0-Z\\^-~]"
    r"|[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
CONTROL = re.compile(f"{KEPT_SEQUENCE}|{SEQUENCE}")
RESET = "\x1b[0m"
DEPTH = 50  # open folds: Travis CI's own are two deep
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
    """Return *line* without what a terminal would obey, but with colours and Travis CI's marks.

    >>> clean("\x1b[31mred\x1b[0m \x1b]0;title\x07and \x1b[2Jno more\0")
    '\\x1b[31mred\\x1b[0m and no more'
    """
    return CONTROL.sub(lambda match: match["kept"] or "", line)


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
        marks = []
        for kind, action, rest in MARK.findall(line):
            if kind == "fold" and action == "start":
                if len(self.folds) < DEPTH:
                    self.folds.append(rest)
                self.deploying |= rest.startswith("dpl")
                self.phase = self._label("")
                marks.append(("start", rest))
            elif kind == "fold":
                if rest in self.folds:
                    self.folds.remove(rest)
                marks.append(("end", rest))
            elif action == "end":
                _, *parts = rest.split(":", 1)
                values = dict(pair.partition("=")[::2] for pair in "".join(parts).split(","))
                duration = values.get("duration", "")
                # A job can write marks of its own, with anything in them.
                took = int(duration) / 1e9 if NANOSECONDS.fullmatch(duration) else 0.0
                # dpl times its own steps, without an event, inside the time that it takes as a
                # whole.
                label = self.folds[-1] if self.folds else ""
                if event := values.get("event"):
                    label = self._label(event)
                    if label in (*PHASES, DEPLOY):
                        self.times[label] = self.times.get(label, 0) + took
                marks.append(("time", f"{label} {seconds(took)}"))
        return marks

    def _label(self, event: str) -> str:
        name = re.sub(r"[._]\d+$", "", self.folds[-1]) if self.folds else ""
        return DEPLOY if name == "dpl" or (not name and self.deploying) else name or event


class Log:
    """Writes the log to *out*: raw, or readable on a terminal; in colours, or without.

    With *raw* it is as Travis CI keeps it. Else a terminal gets headings, times and a line that
    shows what goes on; a file or a pipe gets the marks. NO_COLOR takes the colours away, and
    FORCE_COLOR gives them to a file or a pipe too.
    """

    def __init__(self, out: TextIO, environ: Mapping[str, str], *, raw: bool = False) -> None:
        self.out = out
        self.terminal = out.isatty() and environ.get("TERM") != "dumb" and not raw
        self.marks = raw or not self.terminal
        wanted = raw or self.terminal or environ.get("FORCE_COLOR")
        self.colours = bool(wanted) and not environ.get("NO_COLOR")
        self.width = min(shutil.get_terminal_size((WIDTH, 24)).columns, WIDTH)
        self.end: deque[str] = deque(maxlen=KEPT)  # of a long log, where the error is
        self._status = False
        self._readers: dict[str, Marks] = {}

    def say(self, text: str, style: str = "") -> None:
        """Write a line of the rehearsal's own, in which names of the file may stand."""
        self._write(self._styled(OURS, "head") + self._styled(one_line(text), style))

    def line(self, text: str = "") -> None:
        """Write a line that is nobody's."""
        self._write(text)

    def job(self, number: str, line: str) -> None:
        """Write a line of the log of job *number*, which ``clean`` has seen."""
        if self.marks:
            self._write(self._coloured(line))
            return
        reader = self._readers.setdefault(number, Marks())
        marks = reader.read(line)
        rest = _overwritten(MARK.sub("", line))
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
            self._write(self._coloured(rest))

    def _coloured(self, line: str) -> str:
        """Return *line* with its colours, which end with it, or without."""
        if not self.colours:
            return COLOUR.sub("", line)
        return line + RESET if COLOUR.search(line) and not line.endswith(RESET) else line

    def status(self, text: str) -> None:
        """Show *text* below the log, on a terminal, until the next line comes."""
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
    """Return what a terminal shows of *line* in the end: what follows its last ``\\r``."""
    parts = [part.removeprefix("\x1b[K").removeprefix("\x1b[0K") for part in line.split("\r")]
    return next((part for part in reversed(parts) if part), "")


class Watch:
    """Tells for how long something has been going on."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def __str__(self) -> str:
        return f"{int(time.monotonic() - self._start)} s"
