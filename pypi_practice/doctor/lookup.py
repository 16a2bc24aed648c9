"""What TestPyPI and PyPI know of a name: only looked at, and never waited for long.

The question is a GET of the simple index and of the JSON page, which anybody may ask; no token is
near. In a practice shell the practice index answers. A response that is not what the index promises
counts as none.
"""

from __future__ import annotations

import concurrent.futures
import http.client
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pypi_practice.core.indexes import Index

TIMEOUT = 4  # seconds of silence
TIME_LIMIT = 20  # seconds for one response
RESPONSE_LIMIT = 64 * 1024 * 1024  # bytes; the largest page of PyPI is below 40 MB
SIMPLE = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True)
class ProjectStatus:
    """What one index said: whether the project exists, None if it could not be asked.

    ``versions`` are those that it has; ``info`` is what the newest one says of itself, None if that
    could not be asked.
    """

    exists: bool | None
    versions: tuple[str, ...] = ()
    info: dict[str, Any] | None = field(default_factory=dict, hash=False)


def _body(response: http.client.HTTPResponse) -> bytes:
    """Return the body of a response; raises ValueError for one that is too long or too slow."""
    deadline = time.monotonic() + TIME_LIMIT
    body = bytearray()
    while data := response.read1(64 * 1024):
        body += data
        if len(body) > RESPONSE_LIMIT or time.monotonic() > deadline:
            raise ValueError("the response is too long")
    return bytes(body)


def _get(url: str, accept: str) -> dict[str, Any] | None:
    """Return the JSON object at *url*; None where there is nothing. Raises OSError, ValueError."""
    request = urllib.request.Request(
        url, headers={"Accept": accept, "User-Agent": "pypi-practice doctor"}
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT) as response:
            page = json.loads(_body(response))
    except urllib.error.HTTPError as error:
        if error.code in (404, 410):
            return None
        raise
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
    except RecursionError as error:
        raise ValueError("the response is nested too deeply") from error
    if not isinstance(page, dict):
        raise ValueError("the response is not a JSON object")
    return page


def look(name: str, index: Index) -> ProjectStatus:
    """Ask *index* for the project of this normalised name."""
    try:
        page = _get(f"{index.simple}{name}/", SIMPLE)
        if page is None:
            return ProjectStatus(False)
        versions = page.get("versions")
        if not isinstance(versions, list):
            raise ValueError("the response lacks what it promises")
    except (OSError, ValueError):
        return ProjectStatus(None)
    return ProjectStatus(True, tuple(map(str, versions)), _info(name, index))


def _info(name: str, index: Index) -> dict[str, Any] | None:
    """Return what the newest version says of itself; None if that could not be asked."""
    try:
        details = _get(f"{index.web}/pypi/{name}/json", "application/json") or {}
    except (OSError, ValueError):
        return None
    info = details.get("info", {})
    return info if isinstance(info, dict) else None


def both(name: str, indexes: Iterable[Index]) -> dict[str, ProjectStatus]:
    """Ask all *indexes* at the same time."""
    known = list(indexes)
    with concurrent.futures.ThreadPoolExecutor(len(known)) as pool:
        looks = pool.map(lambda index: look(name, index), known)
        return {index.key: each for index, each in zip(known, looks, strict=True)}
