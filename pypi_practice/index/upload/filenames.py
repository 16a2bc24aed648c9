"""PyPI's rules for the name of an uploaded file; validation.py puts them in PyPI's order."""

from __future__ import annotations

import re

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from pypi_practice.index.upload import platforms
from pypi_practice.index.upload.rejection import UploadRejected
from pypi_practice.index.upload.state import Upload

EXTENSIONS = {"sdist": (".zip", ".tar.gz"), "bdist_wheel": (".whl",)}
FILENAME_LIMIT = 255  # bytes, on most file systems


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


def filename_length(upload: Upload) -> None:
    # PyPI writes a wheel's metadata beside it, under the same name with an ending.
    beside = ".metadata" if upload.filename.endswith(".whl") else ""
    if len(f"{upload.filename}{beside}".encode()) > FILENAME_LIMIT:
        raise UploadRejected("filename_long", filename=upload.filename)
