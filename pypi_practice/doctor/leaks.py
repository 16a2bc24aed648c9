"""Finds tokens of PyPI and TestPyPI in a stream of bytes, chunk by chunk.

The memory that it needs does not depend on the length of the stream. Compressed and encrypted data
are not decoded.
"""

from __future__ import annotations

from pypi_practice.tokens import patterns

KEPT = 4096  # bytes of a chunk that are searched again with the next; longer than a token


class Scanner:
    """Looks for a token in data that comes in chunks; ``has_token`` says whether there is one."""

    def __init__(self) -> None:
        self.has_token = False
        self._end = b""

    def feed(self, data: bytes) -> None:
        """Search the next chunk."""
        window = self._end + data
        self.has_token = self.has_token or patterns.contains_real(window)
        self._end = window[-KEPT:]


def has_token(data: bytes) -> bool:
    """Tell whether *data* holds a token."""
    return patterns.contains_real(data)


def hide(text: str) -> str:
    """Return *text* without the tokens in it, as a name of a file may hold one."""
    hidden: str = patterns.TOKEN.sub(lambda match: f"{match[0][:8]}…", text)
    return hidden
