"""What went wrong last in the practice shell or in ``travis run``, for ``explain --last``.

It is kept in one file beside the practice index's data, redacted, and never leaves the computer.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.explain import matcher
from pypi_practice.index.responses import StartResponse
from pypi_practice.tokens import patterns

NAME = "last.log"
REFUSED = "HTTPError: "  # as twine begins
LIMIT = 2_000_000  # characters of a build that are kept: its end
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def write(folder: Path, lines: Iterable[str]) -> None:
    """Keep *lines* as what went wrong last; a full disk keeps nothing and says nothing."""
    text = patterns.redact(matcher.clean("\n".join(lines)))[-LIMIT:]
    with contextlib.suppress(OSError):
        file = folder / NAME
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8", errors="replace")


def read(folder: Path) -> str | None:
    """Return what went wrong last, or None if nothing has. Raises OSError or UnicodeDecodeError."""
    try:
        return (folder / NAME).read_text(encoding="utf-8") or None
    except FileNotFoundError:
        return None


def read_or_none(folder: Path) -> str | None:
    """Return what went wrong last, or None if nothing has or if it cannot be read."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return read(folder)
    return None


def forget(folder: Path) -> None:
    """Remove what is kept of it."""
    with contextlib.suppress(OSError):
        (folder / NAME).unlink()


def is_known(lines: Iterable[str]) -> bool:
    """Whether the catalogue knows why: not only what follows from it, or what is normal."""
    matches = matcher.find("\n".join(lines)[-LIMIT:])
    return bool(matches) and matches[0].entry.level == load("messages/matching")["levels"][-1]


def refused_since(folder: Path, before: str | None) -> bool:
    """Whether the index has refused an upload since *before* was read, and nothing else has gone
    wrong after it, and the catalogue knows why."""
    kept = read_or_none(folder)
    return kept is not None and kept != before and kept.startswith(REFUSED) and is_known([kept])


class Listener:
    """The practice index, with an ear for the uploads that it refuses."""

    def __init__(self, application: Application, folder: Path) -> None:
        self.application, self.folder = application, folder

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the index does."""

        def listen(status: str, headers: list[tuple[str, str]]) -> object:
            if environ.get("PATH_INFO") in ("/legacy", "/legacy/") and status[:1] in "345":
                moment = datetime.now(UTC).isoformat(timespec="seconds")
                write(self.folder, [f"{REFUSED}{status}", f"({moment})"])
            return start_response(status, headers)

        return self.application(environ, listen)
