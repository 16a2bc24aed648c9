"""PyPI's checks of an upload, in PyPI's order, with PyPI's words.

Each rule looks at one thing and raises Refused with the key of a message in data/uploads.yml.
Source: file_upload in warehouse/forklift/legacy.py at commit 6b62157.
"""

from __future__ import annotations

import re
import sqlite3
import sys
import time
import typing
import uuid
from dataclasses import dataclass, field
from typing import Any

import packaging.metadata
from packaging.metadata import Metadata, RawMetadata
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)

from pypi_practice import archives, tokens
from pypi_practice.facts import Index
from pypi_practice.form import Form
from pypi_practice.store import Project, Store, StoredFile, TokenRecord

FILE_LIMIT = 100 * 1024 * 1024  # bytes; ONE_MIB * 100 in warehouse/constants.py
OPEN_DAYS = 14
NAME = re.compile(r"([A-Z0-9]|[A-Z0-9][A-Z0-9._-]*[A-Z0-9])\Z", re.IGNORECASE | re.ASCII)
HEX64 = re.compile(r"[A-F0-9]{64}\Z", re.IGNORECASE)
EXTENSIONS = {"sdist": (".zip", ".tar.gz"), "bdist_wheel": (".whl",)}
FIRST_FIELDS = ("metadata-version", "name", "version")
STDLIB = frozenset(canonicalize_name(name) for name in sys.stdlib_module_names)

# The names of form fields that differ from those of packaging.metadata.
FORM_FIELDS = {
    "platform": "platforms",
    "supported_platform": "supported_platforms",
    "license_file": "license_files",
    "import_name": "import_names",
    "import_namespace": "import_namespaces",
}
RAW_FIELDS = typing.get_type_hints(RawMetadata)


class Refused(Exception):
    """The upload is refused: ``key`` names the message, ``values`` fill it in."""

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


class AlreadyThere(Exception):
    """The very same file is there already: PyPI answers 200 and keeps nothing."""


@dataclass
class Upload:
    """One upload on its way through the rules."""

    store: Store
    index: Index
    form: Form
    raw_token: str
    token: TokenRecord
    metadata: Metadata | None = None
    raw_metadata: dict[str, Any] = field(default_factory=dict)
    project: Project | None = None

    @property
    def meta(self) -> Metadata:
        """The metadata, once its rule has read it."""
        assert self.metadata is not None
        return self.metadata

    @property
    def canonical_version(self) -> str:
        """The version as PyPI compares it: ``1.0`` and ``1.0.0`` are one."""
        return canonicalize_version(self.meta.version)


def protocol(upload: Upload) -> None:
    if upload.form.get("protocol_version", "1") != "1":
        raise Refused("protocol")


def form_fields(upload: Upload) -> None:
    form = upload.form
    name, filetype = form.get("name"), form.get("filetype")
    if not name:
        raise Refused("name_missing")
    if not NAME.match(name):
        raise Refused(
            "name_invalid", name=name if len(name) <= 60 else f"{name[:30]}...{name[-30:]}"
        )
    for digest, kind in (("sha256_digest", "SHA256"), ("blake2_256_digest", "BLAKE2")):
        if form.get(digest) and not HEX64.match(form.get(digest)):
            raise Refused(
                "digest_form",
                field=digest,
                reason=f"Use a valid, hex-encoded, {kind} message digest.",
            )
    if not filetype:
        raise Refused("filetype", reason="This field is required.")
    if filetype not in EXTENSIONS:
        raise Refused("filetype", reason="Use a known file type.")
    pyversion = form.get("pyversion")
    if filetype != "sdist" and not pyversion:
        reason = "Python version is required for binary distribution uploads."
        raise Refused("pyversion", reason=reason)
    if filetype == "sdist" and pyversion not in ("", "source"):
        raise Refused("pyversion", reason="Use 'source' as Python version for an sdist.")
    if not any(form.get(f"{kind}_digest") for kind in ("md5", "sha256", "blake2_256")):
        raise Refused("no_digest")


def metadata(upload: Upload) -> None:
    raw: dict[str, Any] = {}
    for key in dict.fromkeys(key for key, _ in upload.form.fields):
        values = upload.form.all(key)
        if values == [""]:
            continue
        name = FORM_FIELDS.get(key, key)
        kind = RAW_FIELDS.get(name)
        if kind is None or key in FORM_FIELDS.values():
            continue
        if name == "keywords":
            raw[name] = [word.strip() for word in values[0].split(",")]
        elif name == "project_urls":
            raw[name] = dict(_url(value) for value in values)
        elif kind is str and len(values) == 1:
            raw[name] = values[0]
        elif kind is not str:
            raw[name] = values
        else:
            raise Refused("metadata", reason=f"{key!r} has invalid data.")
    try:
        upload.metadata = Metadata.from_raw(typing.cast(RawMetadata, raw))
    except packaging.metadata.ExceptionGroup as group:
        raise _first(group.exceptions) from None
    upload.raw_metadata = raw
    version = upload.metadata.version
    if version.local:
        raise Refused("local_version", version=version)
    for requirement in upload.metadata.requires_dist or []:
        if requirement.url is not None:
            raise Refused("metadata", reason=f"Can't have direct dependency: {requirement}.")
    if upload.metadata.license and upload.metadata.license_expression:
        reason = (
            "License is deprecated when License-Expression is present. "
            "Only License-Expression should be present."
        )
        raise Refused("metadata", reason=reason)


def _url(value: str) -> tuple[str, str]:
    label, _, url = value.partition(",")
    return label.strip(), url.strip()


def _first(errors: typing.Sequence[Exception]) -> Refused:
    """Return the error that PyPI shows: metadata version, name, version, then by field name."""
    invalid = [error for error in errors if isinstance(error, packaging.metadata.InvalidMetadata)]
    order = {name: place for place, name in enumerate(FIRST_FIELDS)}
    first = min(invalid, key=lambda error: (order.get(error.field, len(order)), error.field))
    reason = str(first)
    return Refused("metadata", reason=reason if reason.endswith(".") else f"{reason}.")


def file_present(upload: Upload) -> None:
    if upload.form.content is None or not upload.form.filename:
        raise Refused("no_file")


def _user_can_upload(upload: Upload) -> None:
    if not upload.token.user.email_verified:
        raise Refused("email", user=upload.token.user.name)
    if not upload.token.user.two_factor:
        raise Refused("two_factor", user=upload.token.user.name)


def project(upload: Upload) -> None:
    name = upload.form.get("name")
    upload.project = upload.store.project(upload.index, name)
    if upload.project is not None:
        return
    _user_can_upload(upload)
    normalized = canonicalize_name(name)
    if normalized in STDLIB:
        raise Refused("name_stdlib", name=name)
    look = _look(name)
    if any(_look(other.name) == look for other in upload.store.projects(upload.index)):
        raise Refused("name_similar", name=name)
    # Not stored yet: a refusal further on must leave no empty project behind.
    upload.project = Project(
        id=str(uuid.uuid4()),
        index=upload.index.key,
        name=name,
        normalized=normalized,
        owner=upload.token.user.id,
    )


def _look(name: str) -> str:
    """Return *name* with look-alike characters made one: ultranormalize_name in warehouse."""
    return re.sub(r"[._-]", "", name).translate(str.maketrans("oOiIlL", "001111")).lower()


def permission(upload: Upload) -> None:
    target = upload.project
    assert target is not None
    reason = tokens.refusal(
        upload.raw_token,
        upload.token.key,
        upload.token.caveats,
        tokens.Request(
            user_id=upload.token.user.id,
            project_id=target.id,
            project_name=target.name,
            normalized_name=target.normalized,
        ),
    )
    if reason is not None:
        raise Refused("token", reason=reason)
    if target.owner != upload.token.user.id:
        raise Refused("not_owner", user=upload.token.user.name, project=target.name)
    _user_can_upload(upload)


def filename(upload: Upload) -> None:
    name, filetype = upload.form.filename or "", upload.form.get("filetype")
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise Refused("filename_characters")
    if "/" in name or "\\" in name:
        raise Refused("filename_path")
    match = re.match(r".+?(\.(tar\.gz|zip|whl))$", name, re.IGNORECASE)
    if match is None:
        raise Refused("extension")
    if match[1] not in EXTENSIONS[filetype]:
        raise Refused("extension_wrong", extension=match[1], filetype=filetype)


def size(upload: Upload) -> None:
    assert upload.project is not None
    if upload.form.size > FILE_LIMIT:
        raise Refused("too_large", project=upload.project.name)


def digest(upload: Upload) -> None:
    for kind, computed in upload.form.digests.items():
        claimed = upload.form.get(f"{kind}_digest")
        if claimed and claimed.lower() != computed:
            raise Refused("digest")


def duplicate(upload: Upload) -> None:
    name, digests = upload.form.filename or "", upload.form.digests
    there = upload.store.file(upload.index, name) or upload.store.file_with_bytes(
        upload.index, digests["blake2_256"]
    )
    if there is None:
        return
    if there.filename == name and there.sha256 == digests["sha256"]:
        raise AlreadyThere
    raise Refused("exists", filename=name, blake2=digests["blake2_256"])


def reused_name(upload: Upload) -> None:
    if upload.store.filename_used(upload.index, upload.form.filename or ""):
        raise Refused("used")


def open_release(upload: Upload) -> None:
    assert upload.project is not None
    created = upload.store.release_created(upload.project, upload.canonical_version)
    if created is not None and created < time.time() - OPEN_DAYS * 24 * 3600:
        raise Refused("closed")


def one_sdist(upload: Upload) -> None:
    assert upload.project is not None
    if upload.form.get("filetype") == "sdist" and any(
        file.filetype == "sdist" and canonicalize_version(file.version) == upload.canonical_version
        for file in upload.store.files(upload.project)
    ):
        raise Refused("second_sdist")


def archive(upload: Upload) -> None:
    assert upload.form.content is not None
    try:
        archives.check(upload.form.content, upload.form.filename or "")
    except archives.BadArchive as error:
        raise Refused("archive", reason=error) from error


def normal_filename(upload: Upload) -> None:
    assert upload.project is not None
    name, meta, target = upload.form.filename or "", upload.meta, upload.project
    start = target.normalized.replace("-", "_")
    if upload.form.get("filetype") == "sdist":
        try:
            found, _ = parse_sdist_filename(name)
        except InvalidSdistFilename as error:
            raise Refused("sdist_filename", filename=name) from error
        if canonicalize_name(found) != target.normalized:
            raise Refused("sdist_start", project=target.name, start=start)
        expected = f"{start}-{meta.version}.tar.gz"
        if name != expected:
            raise Refused("sdist_normal", filename=name, expected=expected)
        return
    try:
        found, version, _, _ = parse_wheel_filename(name)
    except InvalidWheelFilename as error:
        raise Refused("wheel_filename", reason=error) from error
    if canonicalize_name(meta.name) != found:
        raise Refused("wheel_start", project=target.name, start=start)
    if name.split("-", 1)[0] != start:
        raise Refused("wheel_name", filename=name, start=start, found=name.split("-", 1)[0])
    if meta.version != version:
        raise Refused("wheel_version", expected=str(meta.version), version=str(version))


def contents(upload: Upload) -> None:
    assert upload.form.content is not None
    name = upload.form.filename or ""
    try:
        archives.check_contents(upload.form.content, name, upload.meta.license_files or [])
    except archives.Missing as missing:
        if missing.kind == "license":
            raise Refused(
                "license_file", name=missing.name, filename=name, path=missing.path
            ) from missing
        raise Refused(
            "wheel_file", filename=name, kind=missing.kind, path=missing.path
        ) from missing


def attestations(upload: Upload) -> None:
    if upload.form.get("attestations"):
        raise Refused("attestations")


RULES = (
    protocol,
    form_fields,
    metadata,
    file_present,
    project,
    permission,
    filename,
    size,
    digest,
    duplicate,
    reused_name,
    open_release,
    one_sdist,
    archive,
    normal_filename,
    contents,
    attestations,
)


def accept(upload: Upload) -> StoredFile:
    """Take *upload* through every rule and keep it; return the stored file.

    Raises Refused or AlreadyThere; then nothing is kept.
    """
    for rule in RULES:
        rule(upload)
    assert upload.form.content is not None
    form = upload.form
    file = StoredFile(
        filename=form.filename or "",
        version=str(upload.meta.version),
        filetype=form.get("filetype"),
        size=form.size,
        sha256=form.digests["sha256"],
        blake2=form.digests["blake2_256"],
        requires_python=form.get("requires_python") or None,
        uploaded=time.time(),
    )
    try:
        upload.store.add_file(
            upload.index,
            upload.token.user,
            file,
            upload.raw_metadata,
            upload.canonical_version,
            form.content,
        )
    except sqlite3.IntegrityError:
        duplicate(upload)  # somebody else was faster with the same name; say what PyPI says
        raise
    return file
