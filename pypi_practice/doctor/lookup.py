"""Asks TestPyPI and PyPI whether a project of some name exists.

Two GET requests without a token: one to the simple index, one to the JSON API. In a practice shell
the practice index answers them. A response in an unexpected form counts as no response.

Sources: https://docs.pypi.org/api/index-api/ and https://docs.pypi.org/api/json/.
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
    """The response of one index: whether the project exists, None if it did not answer.

    ``versions`` are those of the project; ``info`` is the metadata of the newest one, None if the
    JSON API did not answer.
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


def ask(name: str, index: Index) -> ProjectStatus:
    """Return the status of the project of this normalised name on *index*."""
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
    """Return the metadata of the newest version; None if the JSON API did not answer."""
    try:
        details = _get(f"{index.web}/pypi/{name}/json", "application/json") or {}
    except (OSError, ValueError):
        return None
    info = details.get("info", {})
    return info if isinstance(info, dict) else None


def ask_all(name: str, indexes: Iterable[Index]) -> dict[str, ProjectStatus]:
    """Return the status on each index, by its key; all are asked at the same time."""
    listed = list(indexes)
    with concurrent.futures.ThreadPoolExecutor(len(listed)) as pool:
        statuses = pool.map(lambda index: ask(name, index), listed)
        return {index.key: status for index, status in zip(listed, statuses, strict=True)}
