"""The last failure in the practice shell or in ``travis run``, for ``explain --last``.

It is stored, redacted, in one file of the data folder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.explain import matcher
from pypi_practice.explain.catalog import Entry
from pypi_practice.index.responses import StartResponse
from pypi_practice.tokens import patterns

NAME = "last.log"
REFUSED = "HTTPError: "  # the prefix that twine prints
LIMIT = 2_000_000  # characters that are stored, from the end of a build
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


def write(folder: Path, lines: Iterable[str]) -> None:
    """Store *lines* as the last failure; an error of the disk is ignored."""
    text = patterns.redact(matcher.clean("\n".join(lines)))[-LIMIT:]
    with contextlib.suppress(OSError):
        file = folder / NAME
        file.touch(mode=0o600)
        file.write_text(text, encoding="utf-8", errors="replace")


def read(folder: Path) -> str | None:
    """Return the last failure, None if there is none. Raises OSError or UnicodeDecodeError."""
    try:
        return (folder / NAME).read_text(encoding="utf-8") or None
    except FileNotFoundError:
        return None


def read_or_none(folder: Path) -> str | None:
    """Return the last failure, None if there is none or it cannot be read."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return read(folder)
    return None


def forget(folder: Path) -> None:
    """Delete the stored failure."""
    with contextlib.suppress(OSError):
        (folder / NAME).unlink()


def known_cause(lines: Iterable[str]) -> Entry | None:
    """Return the likeliest cause that the catalogue knows, no consequence and no normal message."""
    matches = matcher.find("\n".join(lines)[-LIMIT:])
    is_cause = matches and matches[0].entry.level == load("messages/matching")["levels"][-1]
    return matches[0].entry if is_cause else None


def refused_since(folder: Path, before: str | None) -> Entry | None:
    """Return the cause of the last failure if that is a refused upload newer than *before*."""
    output = read_or_none(folder)
    if output is None or output == before or not output.startswith(REFUSED):
        return None
    return known_cause([output])


class RefusalRecorder:
    """WSGI middleware that stores each refused upload as the last failure."""

    def __init__(self, application: Application, folder: Path) -> None:
        self.application, self.folder = application, folder

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Return the response of the index."""

        def record_refusal(status: str, headers: list[tuple[str, str]]) -> object:
            if environ.get("PATH_INFO") in ("/legacy", "/legacy/") and status[:1] in "345":
                time = datetime.now(UTC).isoformat(timespec="seconds")
                write(self.folder, [f"{REFUSED}{status}", f"({time})"])
            return start_response(status, headers)

        return self.application(environ, record_refusal)
