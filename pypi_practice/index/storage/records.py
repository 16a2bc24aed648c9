"""What the practice index keeps, as typed records: users, tokens, projects and files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pypi_practice.core.indexes import Index

LEARNER = "learner"  # the name of the user on each index


@dataclass(frozen=True)
class User:
    """A learner on one index, and the two states that PyPI asks about before an upload."""

    id: str
    index: str
    name: str
    email_verified: bool
    two_factor: bool


@dataclass(frozen=True)
class TokenRecord:
    """What the index knows of a token; times are seconds since 1970."""

    id: str
    user: User
    description: str
    key: bytes
    caveats: list[list[Any]]
    project: str | None
    created: float
    last_used: float | None


@dataclass(frozen=True)
class Project:
    """A project of one index and the id of the user who owns it."""

    id: str
    index: str
    name: str
    normalized: str
    owner: str


@dataclass(frozen=True)
class StoredFile:
    """A file of a release; size in bytes, digests in hexadecimal, time in seconds since 1970."""

    filename: str
    version: str
    filetype: str
    size: int
    sha256: str
    blake2: str
    requires_python: str | None
    uploaded: float


@dataclass(frozen=True)
class UploadConflicts:
    """What an index holds that decides about one upload.

    ``release`` is the id of the release and ``created`` the time at which it was made, in seconds
    since 1970; None if it is new. ``digest`` is the SHA-256 of the file of the same name,
    ``namesake`` the name of one with the same bytes.
    """

    release: str | None
    created: float | None
    has_sdist: bool
    used: bool
    digest: str | None
    namesake: str | None


@dataclass(frozen=True, eq=False)
class NewFile:
    """A finished upload on its way into the store.

    ``content`` are its bytes, or where they lie on disk, safe already; they will be moved.

    ``core_metadata`` is the METADATA of a wheel. ``check`` is called when nobody else can write any
    more; it returns the project and what it holds now, or raises, and then nothing is kept.
    """

    index: Index
    file: StoredFile
    metadata: dict[str, Any]
    canonical_version: str
    content: bytes | Path
    token: TokenRecord
    core_metadata: bytes | None
    check: Callable[[], tuple[Project, UploadConflicts]]
