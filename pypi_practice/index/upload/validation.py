"""PyPI's checks of an upload, in PyPI's order, with PyPI's words.

Each rule looks at one thing and raises UploadRejected with the key of a message in
data/index/uploads.yml. Source: file_upload in warehouse/forklift/legacy.py at commit
6b62157.
"""

from __future__ import annotations

import dataclasses
import functools
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from packaging.metadata import Metadata
from packaging.utils import (
    canonicalize_name,
    canonicalize_version,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version
from pymacaroons import Macaroon

from pypi_practice.core import project_names
from pypi_practice.core.data import load
from pypi_practice.core.indexes import Index
from pypi_practice.core.limits import GIB, MIB, PYPI, Limits, NewProjects
from pypi_practice.index.storage.records import (
    NewFile,
    Project,
    StoredFile,
    TokenRecord,
    UploadConflicts,
)
from pypi_practice.index.storage.store import Store
from pypi_practice.index.upload import archives, descriptions, platforms
from pypi_practice.index.upload import metadata as core_metadata
from pypi_practice.index.upload.form import Form
from pypi_practice.index.upload.rejection import AlreadyThere, UploadRejected
from pypi_practice.index.upload.spool import Incoming
from pypi_practice.tokens import macaroons

NAME = project_names.NAME
OPEN_DAYS = 14
HEX64 = re.compile(r"[A-F0-9]{64}$", re.IGNORECASE)
EXTENSIONS = {"sdist": (".zip", ".tar.gz"), "bdist_wheel": (".whl",)}
FILENAME_LIMIT = 255  # bytes, on most file systems
# Which message a refusal of a token belongs to, by the start of PyPI's reason.
TOKEN_REASONS = {
    "project-scoped token is not valid": "token_scope",
    "token is expired": "token_expired",
    "signatures do not match": "token_signature",
    "unknown error": "token_unknown",
}


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
    def standing(self) -> UploadConflicts:
        """What the index holds that decides about this upload; forget it to have it asked anew."""
        digest = self.digests["blake2_256"]
        return self.store.standing(self.target, self.canonical_version, self.filename, digest)

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
    if filetype not in EXTENSIONS:
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


def _user_can_upload(upload: Upload) -> None:
    if not upload.token.user.email_verified:
        raise UploadRejected("email", user=upload.token.user.name)
    if not upload.token.user.two_factor:
        raise UploadRejected("two_factor", user=upload.token.user.name)


@functools.cache
def _taken(index: Index) -> dict[str, Project]:
    """Return the projects of another user, by normalised name.

    They live in data/index/reserved_names.yml and not in the store: they have no
    release and no page, and every learner finds the same ones from the start.
    """
    kept = load("index/reserved_names")["taken"]
    owner = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{kept['user']}.{index.practice_location}"))
    return {
        canonicalize_name(name): Project(
            id=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{index.practice_location}")),
            index=index.key,
            name=name,
            normalized=canonicalize_name(name),
            owner=owner,
        )
        for name in kept["projects"]
    }


def project(upload: Upload) -> None:
    name, user = upload.form.get("name"), upload.token.user
    taken = _taken(upload.index)
    normalized = canonicalize_name(name)
    upload.project = upload.store.project(upload.index, name) or taken.get(normalized)
    if upload.project is not None:
        return
    _user_can_upload(upload)
    if upload.new_projects is not None and upload.new_projects.full(user.id, normalized):
        raise UploadRejected("too_many")
    _new_name(upload, name)
    if upload.new_projects is not None:
        if not upload.new_projects.begin(user.id, normalized):
            raise UploadRejected("too_many")
        upload.begun = normalized
    # Not stored yet: a refusal further on must leave no empty project behind.
    upload.project = Project(
        id=str(uuid.uuid4()),
        index=upload.index.key,
        name=name,
        normalized=normalized,
        owner=user.id,
    )


def _new_name(upload: Upload, name: str) -> None:
    """Raise UploadRejected if no new project can be called so.

    A project of just this name is no hindrance: another upload may have made it a moment ago.
    """
    others = upload.store.look_alikes(upload.index, name, project_names.look(name))
    others += [other.name for other in _taken(upload.index).values()]
    if key := project_names.fault(name, others):
        raise UploadRejected(key, name=name)


def permission(upload: Upload) -> None:
    target, user = upload.target, upload.token.user
    reason = macaroons.refusal(
        upload.macaroon,
        upload.token.key,
        upload.token.caveats,
        macaroons.Request(
            user_id=user.id,
            project_id=target.id,
            project_name=target.name,
            normalized_name=target.normalized,
        ),
    )
    if reason is not None:
        keys = (key for start, key in TOKEN_REASONS.items() if reason.startswith(start))
        raise UploadRejected(next(keys, "token"), reason=reason)
    if target.owner != user.id:
        raise UploadRejected("not_owner", user=user.name, project=target.name)
    _user_can_upload(upload)


def display_name(upload: Upload) -> None:
    """Spell the project as this upload does, from here on and in the messages."""
    upload.project = dataclasses.replace(upload.target, name=upload.meta.name)


def description(upload: Upload) -> None:
    text, content_type = upload.meta.description, upload.meta.description_content_type
    if not text or descriptions.can_be_shown(text, content_type):
        return
    if content_type:
        raise UploadRejected("description", content_type=content_type)
    raise UploadRejected("description_default")


def filename(upload: Upload) -> None:
    name, filetype = upload.filename, upload.form.get("filetype")
    if any(ord(character) < 32 or ord(character) == 127 for character in name):
        raise UploadRejected("filename_characters")
    if "/" in name or "\\" in name:
        raise UploadRejected("filename_path")
    match = re.match(r".+?(\.(tar\.gz|zip|whl))$", name, re.IGNORECASE)
    if match is None:
        raise UploadRejected("extension")
    if match[1] not in EXTENSIONS[filetype]:
        raise UploadRejected("extension_wrong", extension=match[1], filetype=filetype)


def content_type(upload: Upload) -> None:
    if (upload.form.content_type or "").startswith("image/"):
        raise UploadRejected("image")


def size(upload: Upload) -> None:
    name, limits = upload.target.name, upload.limits
    held = upload.store.bytes_held(upload.target, limits.project - limits.file)
    left = limits.project - held
    if upload.content.size > min(limits.file, left):
        if limits.file <= left:
            raise UploadRejected("too_large", project=name, limit=limits.file // MIB)
        raise UploadRejected("project_too_large", project=name, limit=limits.project // GIB)


def digest(upload: Upload) -> None:
    for kind, computed in upload.digests.items():
        claimed = upload.form.get(f"{kind}_digest")
        if claimed and claimed.lower() != computed:
            raise UploadRejected("digest")


def duplicate(upload: Upload) -> None:
    there, digests = upload.standing, upload.digests
    if there.digest == digests["sha256"]:
        raise AlreadyThere
    if there.digest is not None or there.namesake is not None:
        raise UploadRejected("exists", filename=upload.filename, blake2=digests["blake2_256"])


def reused_name(upload: Upload) -> None:
    if upload.standing.used:
        raise UploadRejected("used")


def open_release(upload: Upload) -> None:
    created = upload.standing.created
    if created is not None and created < time.time() - OPEN_DAYS * 24 * 3600:
        raise UploadRejected("closed")


def one_sdist(upload: Upload) -> None:
    if upload.form.get("filetype") == "sdist" and upload.standing.has_sdist:
        raise UploadRejected("second_sdist")


def archive(upload: Upload) -> None:
    upload.inspection = archives.inspect(
        upload.content.written(), upload.filename, upload.meta.license_files or []
    )
    if (bad := upload.inspection.bad) is not None:
        raise UploadRejected("archive", reason=bad) from bad


def normal_filename(upload: Upload) -> None:
    if upload.form.get("filetype") == "sdist":
        _normal_sdist(upload)
    else:
        _normal_wheel(upload)


def _normal_sdist(upload: Upload) -> None:
    name, version, target = upload.filename, upload.meta.version, upload.target
    start = target.normalized.replace("-", "_")
    try:
        written_name: str = parse_sdist_filename(name)[0]
    except ValueError as error:  # InvalidSdistFilename is one, and so is what a huge number makes
        raise UploadRejected("sdist_filename", filename=name) from error
    if version.is_postrelease and written_name != target.normalized and name.count("-") >= 2:
        # "demo-1.0-1.tar.gz" is version 1.0-1, which is 1.0.post1, of demo.
        before = name.rsplit("-", 2)[0]
        try:
            Version(name[len(before) + 1 : -len(".tar.gz")])
            written_name = before
        except InvalidVersion:
            pass
    if canonicalize_name(written_name) != target.normalized:
        raise UploadRejected("sdist_start", project=target.name, start=start)
    expected = f"{start}-{version}.tar.gz"
    if name != expected:
        raise UploadRejected("sdist_normal", filename=name, expected=expected)


def _normal_wheel(upload: Upload) -> None:
    name, target = upload.filename, upload.target
    start = target.normalized.replace("-", "_")
    try:
        normalized_name, version, _, tags = parse_wheel_filename(name)
    except ValueError as error:
        raise UploadRejected("wheel_filename", reason=error) from error
    for platform in sorted({tag.platform for tag in tags}):
        if not platforms.is_allowed(platform):
            raise UploadRejected("platform", filename=name, platform=platform)
    if normalized_name != target.normalized:
        raise UploadRejected("wheel_start", project=target.name, start=start)
    written = name.split("-", 1)[0]
    if written != start:
        raise UploadRejected("wheel_name", filename=name, start=start, found=written)
    if version != upload.meta.version:
        raise UploadRejected(
            "wheel_version", expected=str(upload.meta.version), version=str(version)
        )


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


def filename_length(upload: Upload) -> None:
    # PyPI writes a wheel's metadata beside it, under the same name with an ending.
    beside = ".metadata" if upload.filename.endswith(".whl") else ""
    if len(f"{upload.filename}{beside}".encode()) > FILENAME_LIMIT:
        raise UploadRejected("filename_long", filename=upload.filename)


def attestations(upload: Upload) -> None:
    if upload.form.all("attestations"):
        raise UploadRejected("attestations")


RULES = (
    protocol,
    form_fields,
    metadata,
    file_present,
    project,
    permission,
    display_name,
    description,
    filename,
    content_type,
    size,
    digest,
    duplicate,
    reused_name,
    open_release,
    one_sdist,
    archive,
    normal_filename,
    contents,
    filename_length,
    attestations,
)


def still_good(upload: Upload) -> tuple[Project, UploadConflicts]:
    """Ask again what another upload may have changed while this one was being looked at.

    Returns the project and what it holds now; raises as the rules do.
    """
    name, stored = upload.target.name, upload.store.project(upload.index, upload.target.name)
    if stored is None:
        _new_name(upload, name)
    elif stored.owner != upload.target.owner:
        raise UploadRejected("name_conflict", name=name)
    else:
        upload.project = dataclasses.replace(stored, name=name)
    del upload.standing
    for rule in (size, duplicate, reused_name, open_release, one_sdist):
        rule(upload)
    return upload.target, upload.standing


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
