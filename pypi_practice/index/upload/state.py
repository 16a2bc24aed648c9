"""What is known of one upload while it is checked."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import Any

from packaging.metadata import Metadata
from packaging.utils import canonicalize_version
from pymacaroons import Macaroon

from pypi_practice.core.indexes import Index
from pypi_practice.core.limits import PYPI, Limits, NewProjects
from pypi_practice.index.storage.records import Project, TokenRecord, UploadConflicts
from pypi_practice.index.storage.store import Store
from pypi_practice.index.upload import archives
from pypi_practice.index.upload.form import Form
from pypi_practice.index.upload.spool import Incoming


@dataclass
class Upload:
    """One upload on its way through the rules."""

    store: Store
    index: Index
    form: Form
    macaroon: Macaroon
    token: TokenRecord
    limits: Limits = PYPI
    new_projects: NewProjects | None = None
    metadata: Metadata | None = None
    raw_metadata: dict[str, Any] = field(default_factory=dict)
    project: Project | None = None
    begun: str | None = None  # the project that this upload counts as new
    inspection: archives.Inspection | None = None

    @functools.cached_property
    def conflicts(self) -> UploadConflicts:
        """What the index holds that decides about this upload; forget it to have it asked anew."""
        digest = self.digests["blake2_256"]
        return self.store.conflicts(self.target, self.canonical_version, self.filename, digest)

    @property
    def content(self) -> Incoming:
        """The file, once its rule has seen that there is one."""
        assert self.form.content is not None
        return self.form.content

    @functools.cached_property
    def digests(self) -> dict[str, str]:
        """The digests of the file, in hexadecimal."""
        return self.content.digests

    @property
    def meta(self) -> Metadata:
        """The metadata, once its rule has read it."""
        assert self.metadata is not None
        return self.metadata

    @property
    def target(self) -> Project:
        """The project, once its rule has found it."""
        assert self.project is not None
        return self.project

    @property
    def filename(self) -> str:
        """The name of the file, which need not be one yet."""
        return self.form.filename or ""

    @property
    def canonical_version(self) -> str:
        """The version as PyPI compares it: ``1.0`` and ``1.0.0`` are one."""
        return canonicalize_version(self.meta.version)
