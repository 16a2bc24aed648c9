"""Makes text from elsewhere safe to print: nothing in it can steer the terminal."""

from __future__ import annotations

import json
import re

# C0 and DEL, C1, the controls of bidirectional text, line and paragraph separators, and lone
# surrogates, which stand for bytes that are no UTF-8.
# Source: Unicode Standard, UAX #9, section 2, for the bidirectional controls.
UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
UNSAFE_BUT_NEWLINE = re.compile(UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x09\x0b-\x1f"))


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    if 0xDC80 <= code <= 0xDCFF:  # a byte that Python could not decode
        code -= 0xDC00
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def printable(text: str, *, multiline: bool = False) -> str:
    r"""Return *text* with every character that could steer a terminal as a visible escape.

    Newlines stay with *multiline* only, because a name must not begin a line of its own.

    >>> printable("a\x1b[31m\nb")
    'a\\x1b[31m\\x0ab'
    """
    return (UNSAFE_BUT_NEWLINE if multiline else UNSAFE).sub(_escape, text)


def printable_json(text: str) -> str:
    """Return the JSON *text* with the same characters escaped as JSON does, so it says the same."""
    return UNSAFE_BUT_NEWLINE.sub(lambda match: json.dumps(match[0])[1:-1], text)
