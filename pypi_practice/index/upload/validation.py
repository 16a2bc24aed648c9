"""PyPI's checks of an upload, in PyPI's order, with PyPI's words.

Each rule looks at one thing and raises UploadRejected with the key of a message in
data/index/uploads.yml. Source: file_upload in warehouse/forklift/legacy.py at commit
6b62157.
"""

from __future__ import annotations

import dataclasses
import re
import time

from pypi_practice.core import project_names
from pypi_practice.core.limits import GIB, MIB
from pypi_practice.index.storage.records import (
    NewFile,
    Project,
    StoredFile,
    UploadConflicts,
)
from pypi_practice.index.upload import archives, descriptions, filenames, projects
from pypi_practice.index.upload import metadata as core_metadata
from pypi_practice.index.upload.form import Form
from pypi_practice.index.upload.rejection import AlreadyThere, UploadRejected
from pypi_practice.index.upload.state import Upload

NAME = project_names.NAME
OPEN_DAYS = 14
HEX64 = re.compile(r"[A-F0-9]{64}$", re.IGNORECASE)


def protocol(upload: Upload) -> None:
    if ["1", *upload.form.all("protocol_version")][-1] != "1":
        raise UploadRejected("protocol")


def form_fields(upload: Upload) -> None:
    form = upload.form
    name, filetype, pyversion = (form.get(key) for key in ("name", "filetype", "pyversion"))
    if not name:
        raise UploadRejected("name_missing")
    if not project_names.NAME.match(name):
        raise UploadRejected(
            "name_invalid", name=name if len(name) <= 60 else f"{name[:30]}...{name[-30:]}"
        )
    _digest_form(form, "blake2_256_digest", "BLAKE2")
    if not filetype:
        raise UploadRejected("filetype", reason="This field is required.")
    if filetype not in filenames.EXTENSIONS:
        raise UploadRejected("filetype", reason="Use a known file type.")
    _digest_form(form, "sha256_digest", "SHA256")
    if filetype != "sdist" and not pyversion:
        reason = "Python version is required for binary distribution uploads."
        raise UploadRejected("pyversion", reason=reason)
    if filetype == "sdist" and pyversion not in ("", "source"):
        raise UploadRejected("pyversion", reason="Use 'source' as Python version for an sdist.")
    if not any(form.get(f"{kind}_digest") for kind in ("md5", "sha256", "blake2_256")):
        raise UploadRejected("no_digest")


def _digest_form(form: Form, key: str, kind: str) -> None:
    value = form.get(key)
    if value.strip() and not HEX64.match(value):
        reason = f"Use a valid, hex-encoded, {kind} message digest."
        raise UploadRejected("digest_form", field=key, reason=reason)


def metadata(upload: Upload) -> None:
    upload.metadata, upload.raw_metadata = core_metadata.read(upload.form)


def file_present(upload: Upload) -> None:
    if upload.form.content is None or not upload.form.filename:
        raise UploadRejected("no_file")


def description(upload: Upload) -> None:
    text, content_type = upload.meta.description, upload.meta.description_content_type
    if not text or descriptions.can_be_shown(text, content_type):
        return
    if content_type:
        raise UploadRejected("description", content_type=content_type)
    raise UploadRejected("description_default")


def content_type(upload: Upload) -> None:
    if (upload.form.content_type or "").startswith("image/"):
        raise UploadRejected("image")


def size(upload: Upload) -> None:
    name, limits = upload.target.name, upload.limits
    used = upload.store.bytes_held(upload.target, limits.project - limits.file)
    remaining = limits.project - used
    if upload.content.size > min(limits.file, remaining):
        if limits.file <= remaining:
            raise UploadRejected("too_large", project=name, limit=limits.file // MIB)
        raise UploadRejected("project_too_large", project=name, limit=limits.project // GIB)


def digest(upload: Upload) -> None:
    for kind, computed in upload.digests.items():
        claimed = upload.form.get(f"{kind}_digest")
        if claimed and claimed.lower() != computed:
            raise UploadRejected("digest")


def duplicate(upload: Upload) -> None:
    conflicts, digests = upload.conflicts, upload.digests
    if conflicts.digest == digests["sha256"]:
        raise AlreadyThere
    if conflicts.digest is not None or conflicts.namesake is not None:
        raise UploadRejected("exists", filename=upload.filename, blake2=digests["blake2_256"])


def reused_name(upload: Upload) -> None:
    if upload.conflicts.used:
        raise UploadRejected("used")


def open_release(upload: Upload) -> None:
    created = upload.conflicts.created
    if created is not None and created < time.time() - OPEN_DAYS * 24 * 3600:
        raise UploadRejected("closed")


def one_sdist(upload: Upload) -> None:
    if upload.form.get("filetype") == "sdist" and upload.conflicts.has_sdist:
        raise UploadRejected("second_sdist")


def archive(upload: Upload) -> None:
    upload.inspection = archives.inspect(
        upload.content.written(), upload.filename, upload.meta.license_files or []
    )
    if (fault := upload.inspection.fault) is not None:
        raise UploadRejected("archive", reason=fault) from fault


def contents(upload: Upload) -> None:
    assert upload.inspection is not None
    name, lacking = upload.filename, upload.inspection.lacking
    if isinstance(lacking, archives.BadEntryPoints):
        raise UploadRejected("entry_points", filename=name) from lacking
    if lacking is None:
        return
    if lacking.kind == "license":
        raise UploadRejected(
            "license_file", name=lacking.name, filename=name, path=lacking.path
        ) from lacking
    raise UploadRejected(
        "wheel_file", filename=name, kind=lacking.kind, path=lacking.path
    ) from lacking


def attestations(upload: Upload) -> None:
    if upload.form.all("attestations"):
        raise UploadRejected("attestations")


RULES = (
    protocol,
    form_fields,
    metadata,
    file_present,
    projects.project,
    projects.permission,
    projects.display_name,
    description,
    filenames.filename,
    content_type,
    size,
    digest,
    duplicate,
    reused_name,
    open_release,
    one_sdist,
    archive,
    filenames.normal_filename,
    contents,
    filenames.filename_length,
    attestations,
)


def still_good(upload: Upload) -> tuple[Project, UploadConflicts]:
    """Ask again what another upload may have changed while this one was being looked at.

    Returns the project and what it holds now; raises as the rules do.
    """
    name, stored = upload.target.name, upload.store.project(upload.index, upload.target.name)
    if stored is None:
        projects.check_new_name(upload, name)
    elif stored.owner != upload.target.owner:
        raise UploadRejected("name_conflict", name=name)
    else:
        upload.project = dataclasses.replace(stored, name=name)
    del upload.conflicts
    for rule in (size, duplicate, reused_name, open_release, one_sdist):
        rule(upload)
    return upload.target, upload.conflicts


def accept(upload: Upload) -> StoredFile:
    """Take *upload* through every rule and keep it; return the stored file.

    Raises UploadRejected or AlreadyThere, and OSError or sqlite3.Error if the disk does not take
    it; then nothing is kept.
    """
    try:
        return _accept(upload)
    finally:
        if upload.new_projects is not None and upload.begun is not None:
            upload.new_projects.end(upload.token.user.id, upload.begun)


def _accept(upload: Upload) -> StoredFile:
    for rule in RULES:
        rule(upload)
    form, inspection = upload.form, upload.inspection
    assert inspection is not None
    file = StoredFile(
        filename=upload.filename,
        version=str(upload.meta.version),
        filetype=form.get("filetype"),
        size=upload.content.size,
        sha256=upload.digests["sha256"],
        blake2=upload.digests["blake2_256"],
        requires_python=form.get("requires_python") or None,
        uploaded=time.time(),
    )

    upload.store.add_file(
        NewFile(
            index=upload.index,
            file=file,
            metadata=upload.raw_metadata,
            canonical_version=upload.canonical_version,
            content=upload.content.finish(),
            token=upload.token,
            core_metadata=inspection.core_metadata,
            check=lambda: still_good(upload),
        )
    )
    return file
