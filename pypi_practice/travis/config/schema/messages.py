"""The messages of Travis CI's validator, and the format of values in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

LEVELS = ("info", "warn", "error", "alert")


@dataclass(frozen=True)
class Message:
    """A message of Travis CI: its level, the key, its code, text and position (from 1)."""

    level: str
    key: str
    code: str
    text: str
    line: int = 1
    column: int = 1
    name: str = ""  # the key or value that it concerns, as in the file
    instead: str = ""  # the key or value that Travis CI uses instead

    def __str__(self) -> str:
        return f"[{self.level}] on {self.key}: {self.text}"

    @property
    def is_fatal(self) -> bool:
        """Whether a rehearsal stops: Travis CI drops a part of the file, or a secret leaks."""
        return self.level in ("error", "alert")


def inspect(value: Any, top: bool = True) -> str:
    """Return *value* as Ruby's ``inspect`` formats it."""
    if isinstance(value, dict):
        pairs = (f"{_symbol(key)}=>{inspect(item, False)}" for key, item in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inspect(item, False) for item in value) + "]"
    if value is None:
        return "" if top else "nil"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if top:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _symbol(key: str) -> str:
    return f":{key}" if re.fullmatch(r"[A-Za-z_]\w*[?!]?", key) else f":{inspect(key, False)}"
