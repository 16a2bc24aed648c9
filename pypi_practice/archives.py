"""What PyPI looks at inside an sdist or a wheel.

Source: _is_valid_dist_file and file_upload in warehouse/forklift/legacy.py at commit 6b62157.
"""

from __future__ import annotations

import os
import tarfile
import zipfile
import zlib
from pathlib import Path

RATIO_LIMIT, RATIO_FROM = 50, 64 * 1024 * 1024
METADATA_LIMIT = 16 * 1024 * 1024  # bytes; a README of this length is an attack


class BadArchive(Exception):
    """Not a distribution file; the text is PyPI's own detail."""


class Missing(Exception):
    """A file that must be in the archive is not: ``kind``, ``name`` and ``path`` say which."""

    def __init__(self, kind: str, name: str, path: str) -> None:
        super().__init__(path)
        self.kind, self.name, self.path = kind, name, path


def _top(names: list[str]) -> str:
    top = os.path.commonpath(names) if names else ""
    if top in (".", "/", ""):
        raise BadArchive("Incorrect number of top-level directories in sdist")
    return top


def check(path: Path, filename: str) -> None:
    """Raise BadArchive unless the file at *path* is what *filename* says it is."""
    is_zip, is_tar = zipfile.is_zipfile(path), tarfile.is_tarfile(path)
    if is_zip and is_tar:
        raise BadArchive("File is both a zip and a tar file")
    try:
        if filename.lower().endswith(".tar.gz"):
            if not is_tar:
                raise BadArchive("File is not a tarfile")
            _check_sdist(path)
        else:
            if not is_zip:
                raise BadArchive("File is not a zipfile")
            _check_zip(path, filename)
    except (tarfile.ReadError, zipfile.BadZipFile, EOFError, zlib.error, ValueError) as error:
        raise BadArchive("None") from error


def _check_sdist(path: Path) -> None:
    with tarfile.open(path, "r:gz") as archive:
        names = archive.getnames()
        if any(member.issparse() for member in archive.getmembers()):
            raise BadArchive(
                "tar archive not accepted: Sparse members are not allowed."
                " See https://docs.pypi.org/archives for more information"
            )
        wanted = f"{_top(names)}/PKG-INFO"
        if wanted not in names:
            raise BadArchive(f"PKG-INFO not found at {wanted}")


def _check_zip(path: Path, filename: str) -> None:
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        unpacked = sum(entry.file_size for entry in entries)
        if unpacked > RATIO_FROM and unpacked / path.stat().st_size > RATIO_LIMIT:
            raise BadArchive(f"File exceeds compression ratio of {RATIO_LIMIT}")
        if {entry.compress_type for entry in entries} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise BadArchive("File does not use a supported compression type")
        names = archive.namelist()
        if filename.endswith(".whl"):
            if filename.count("-") < 2:
                raise BadArchive("Unable to parse name and version from wheel filename")
            wanted = f"{dist_info(filename)}/WHEEL"
            if wanted not in names:
                raise BadArchive(f"WHEEL not found at {wanted}")
        else:
            wanted = f"{_top(names)}/PKG-INFO"
            if wanted not in names:
                raise BadArchive(f"PKG-INFO not found at {wanted}")


def dist_info(filename: str) -> str:
    """Return the name of the metadata folder in a wheel, from the wheel's file name."""
    name, version, _ = filename.split("-", 2)
    return f"{name}-{version}.dist-info"


def check_contents(path: Path, filename: str, license_files: list[str]) -> None:
    """Raise Missing unless the licence files and, in a wheel, RECORD and METADATA are there."""
    if filename.endswith(".whl"):
        with zipfile.ZipFile(path) as wheel:
            names = set(wheel.namelist())
        folder = dist_info(filename)
        wanted = [("license", name, f"{folder}/licenses/{name}") for name in license_files] + [
            (kind, kind, f"{folder}/{kind}") for kind in ("RECORD", "METADATA")
        ]
    else:
        with tarfile.open(path, "r:gz") as sdist:
            names = set(sdist.getnames())
        wanted = [("license", name, f"{_top(sorted(names))}/{name}") for name in license_files]
    for kind, name, inside in wanted:
        if inside not in names:
            raise Missing(kind, name, inside)


def core_metadata(path: Path, filename: str) -> bytes | None:
    """Return the METADATA of the wheel at *path*, as PEP 658 serves it; None if it has none."""
    if not filename.endswith(".whl"):
        return None
    try:
        with zipfile.ZipFile(path) as wheel:
            entry = wheel.getinfo(f"{dist_info(filename)}/METADATA")
            return wheel.read(entry) if entry.file_size <= METADATA_LIMIT else None
    except (KeyError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error):
        return None
