"""Reads a version, and the tag of a version."""

from __future__ import annotations

import re

from packaging.version import InvalidVersion, Version

VERSION_LIMIT = 256  # characters; a version is part of the name of a file
TAG_LIMIT = 256  # characters
# With limits, because a tag of any length can stand in a repository.
TAG = re.compile(r"(?:[a-z][\w.-]{0,99}?[-_/])?v?(\d[\w.+!-]{0,99})", re.IGNORECASE)


def parse_version(text: str) -> Version | None:
    """Return a version as PEP 440 reads it, None if it cannot, or if it is too long."""
    if len(text) > VERSION_LIMIT:
        return None
    try:
        return Version(text)
    except InvalidVersion:
        return None
