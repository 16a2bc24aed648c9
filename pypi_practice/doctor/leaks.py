"""Finds tokens of the two real indexes in bytes, however long they are, a piece at a time.

A token is found as text in UTF-8, UTF-16 or UTF-32, and in base64, broken into lines or not. What
is compressed or encrypted is not looked into. The work is linear in the bytes, and the memory that
it needs does not depend on them.
"""

from __future__ import annotations

import base64
import re

# A real token says in its first bytes which index made it. What is shorter is an example.
START = b"pypi-AgE"
LOCATIONS = (b"IcHlwaS5vcmc", b"NdGVzdC5weXBpLm9yZw")
TOKEN = re.compile(START + b"(?:" + b"|".join(LOCATIONS) + b")[A-Za-z0-9_-]{70,}")
KEPT = 1024  # bytes of a piece that are looked at again with the next: more than a token's start


def _encoded(text: bytes) -> list[bytes]:
    """Return what base64 makes of *text* in the midst of other text: one form for each offset."""
    forms = []
    for offset in range(3):
        encoded = base64.b64encode(bytes(offset) + text)
        # The first and the last character may hold bits of what stands before and after.
        form = encoded[-(-offset * 8 // 6) : (offset + len(text)) * 8 // 6]
        forms += [form, form.replace(b"+", b"-").replace(b"/", b"_")]
    return list(dict.fromkeys(forms))


ENCODED_START = _encoded(START)
ENCODED_TOKEN = re.compile(
    b"(?:" + b"|".join(re.escape(form) for each in LOCATIONS for form in _encoded(START + each))
    + b")[A-Za-z0-9+/_-]{90,}"
)  # fmt: skip


class Scanner:
    """Looks for a token in a text that comes in pieces; ``found`` says whether there is one."""

    def __init__(self) -> None:
        self.found = False
        self._plain = self._compact = b""

    def feed(self, data: bytes) -> None:
        """Look at the next piece."""
        # Without its zeros, ASCII in UTF-16 or UTF-32 of either byte order is ASCII.
        plain = data.translate(None, b"\0")
        window = self._plain + plain
        if START in window and TOKEN.search(window):
            self.found = True
        self._plain = window[-KEPT:]
        window = self._compact + plain.translate(None, b" \t\r\n")
        if any(form in window for form in ENCODED_START) and ENCODED_TOKEN.search(window):
            self.found = True
        self._compact = window[-KEPT:]


def has_token(data: bytes) -> bool:
    """Tell whether *data* holds a token."""
    scanner = Scanner()
    scanner.feed(data)
    return scanner.found


def hide(text: str) -> str:
    """Return *text* without the tokens in it, as a name of a file may hold one."""
    return re.sub(TOKEN.pattern.decode(), f"{START.decode()}…", text)
