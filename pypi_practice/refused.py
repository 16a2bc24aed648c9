"""How an upload ends when it is not taken in."""

from __future__ import annotations


class Refused(Exception):
    """The upload is refused: ``key`` names the message, ``values`` fill it in."""

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


class AlreadyThere(Exception):
    """The very same file is there already: PyPI answers 200 and keeps nothing."""
