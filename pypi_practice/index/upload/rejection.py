"""How an upload ends when it is not taken in."""

from __future__ import annotations


class UploadRejected(Exception):
    """The upload is refused: ``key`` names the message, ``values`` fill it in."""

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


class AlreadyThere(Exception):
    """The very same file is there already: PyPI answers 200 and keeps nothing."""


class TooMuch(Exception):
    """The upload is more than the practice index looks at, for the sake of the computer it runs on.

    PyPI might take it. ``key`` names the sentence in data/commands/shell.yml,
    ``values`` fill it in.
    """

    def __init__(self, key: str, values: dict[str, object]) -> None:
        super().__init__(key, values)  # both, so that it can be sent between processes
        self.key, self.values = key, values
