"""What a proxy saw: each connection that a program asked for, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Outcome = Literal["index", "allowed", "refused", "failed"]


@dataclass(frozen=True)
class Connection:
    """One request for *host* and *port*.

    ``index``: the practice index answered. ``allowed``: it went on to that host. ``refused``: the
    proxy did not let it. ``failed``: it may go there, but could not be made.
    """

    host: str
    port: int
    outcome: Outcome
