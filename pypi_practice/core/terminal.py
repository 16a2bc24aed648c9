"""Shows text of elsewhere on a terminal: no character of it can steer the terminal.

A file, a repository or a log may hold escape sequences, which set colours, move the cursor or
answer for the user, and characters that turn the direction of writing, so that a line reads as
another one (CVE-2021-42574). Each is shown as its escape.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
from collections.abc import Iterator
from typing import Any

# C0 without tab and newline, DEL, C1, soft hyphen, marks of direction, separators of lines, the
# byte order mark, annotations, surrogates, tags.
STEERING = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def visible(text: object) -> str:
    r"""Return *text* with every character that could steer a terminal as an escape of Python.

    >>> print(visible("a\x1b[2Jb"))
    a\x1b[2Jb
    """
    return STEERING.sub(lambda match: ascii(match[0])[1:-1], str(text))


def one_line(text: object) -> str:
    r"""Return *text* as ``visible``, and in one line: a newline is shown as ``\n``.

    >>> print(one_line("a\nb"))
    a\nb
    """
    return visible(text).replace("\n", "\\n")


def indented(text: object, indent: str) -> str:
    """Return *text* as ``visible``; its lines after the first begin with *indent*."""
    return visible(text).replace("\n", f"\n{indent}")


def as_json(data: Any) -> str:
    """Return *data* as JSON in which such characters are escaped in the way of JSON."""
    return escaped_json(json.dumps(data, ensure_ascii=False, indent=2))


def escaped_json(text: str) -> str:
    """Return the JSON *text*, which says the same, with such characters escaped as JSON does."""
    return STEERING.sub(lambda match: json.dumps(match[0])[1:-1], text)


@contextlib.contextmanager
def title_restored() -> Iterator[None]:
    """Give the terminal its title back after the block, in which a program may set another one.

    Where the terminal keeps no titles (xterm's "window manipulation" 22 and 23), it has none
    afterwards, which is better than a wrong one.
    """
    has_titles = os.name != "nt" and os.environ.get("TERM", "dumb") not in ("dumb", "linux")
    if not (has_titles and sys.stdout.isatty()):
        yield
        return
    print("\x1b[22;0t", end="", flush=True)
    try:
        yield
    finally:
        print("\x1b]0;\x07\x1b[23;0t", end="", flush=True)
