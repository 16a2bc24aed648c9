"""Shows text from elsewhere on a terminal, which obeys nothing of it."""

from __future__ import annotations

import re

# C0 but the line feed, DEL, C1, line separators, controls of the writing direction, surrogates.
CONTROLS = re.compile(
    "[\\x00-\\x09\\x0b-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"
)


def printable(text: str) -> str:
    r"""Return *text* with every control character but the line feed as a visible escape.

    >>> printable("\x1b[31mred\u202e\n")
    '\\x1b[31mred\\u202e\n'
    """
    return CONTROLS.sub(lambda match: ascii(match[0])[1:-1], text)
