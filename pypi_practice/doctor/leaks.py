"""Finds tokens of the two real indexes in bytes, however long they are, a piece at a time.

The memory that it needs does not depend on the length. What is compressed or encrypted is not
looked into.
"""

from __future__ import annotations

from pypi_practice.tokens import patterns

KEPT = 4096  # bytes of a piece that are looked at again with the next: more than a token has


class Scanner:
    """Looks for a token in a text that comes in pieces; ``found`` says whether there is one."""

    def __init__(self) -> None:
        self.has_token = False
        self._end = b""

    def feed(self, data: bytes) -> None:
        """Look at the next piece."""
        window = self._end + data
        self.has_token = self.has_token or patterns.contains_real(window)
        self._end = window[-KEPT:]


def has_token(data: bytes) -> bool:
    """Tell whether *data* holds a token."""
    return patterns.contains_real(data)


def hide(text: str) -> str:
    """Return *text* without the tokens in it, as a name of a file may hold one."""
    shown: str = patterns.TOKEN.sub(lambda match: f"{match[0][:8]}…", text)
    return shown
