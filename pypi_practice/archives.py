"""What PyPI looks at inside an sdist or a wheel.

Source: _is_valid_dist_file and file_upload in warehouse/forklift/legacy.py, and in warehouse/utils
wheel.py and scanner_rules, at commit 6b62157.
"""

from __future__ import annotations

import configparser
import csv
import lzma
import os
import posixpath
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from pypi_practice import zip_records

RATIO_LIMIT, RATIO_FROM = 50, 64 * 1024 * 1024
SCAN_LIMIT = 5 * 1024 * 1024  # bytes; larger members are not looked into
SCANNED = (".py", ".pye")
MORE = "See https://docs.pypi.org/archives for more information"
POLICY = "See https://pypi.org/policy/acceptable-use-policy/ for more information."
# In two parts, because PyPI refuses every file that has one of them, and so this one too.
PYARMOR = tuple(
    b"__pyarmor" + rest
    for rest in (b"__(__name__, __file__,", b"_enter__", b"_exit__", b"_assert__", b"_bcc__")
)
SOURCEDEFENDER = tuple(b"---" + word + b" PYE FILE---" for word in (b"BEGIN", b"END"))
COMMAND_NAME = re.compile(r"[\w.-]+")
# What the archive modules raise on bytes that somebody made up.
BROKEN = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    ArithmeticError,
    LookupError,
    RuntimeError,
    ValueError,
)
METADATA_LIMIT = 16 * 1024 * 1024  # bytes; a README of this length is an attack


class BadArchive(Exception):
    """Not a distribution file; the text is PyPI's own detail."""


class Missing(Exception):
    """A file that must be in the archive is not: ``kind``, ``name`` and ``path`` say which."""

    def __init__(self, kind: str, name: str, path: str) -> None:
        super().__init__(path)
        self.kind, self.name, self.path = kind, name, path


class BadEntryPoints(Exception):
    """The wheel's entry_points.txt cannot be read, or names a command as none may be called."""


def _top(names: list[str]) -> str:
    top = posixpath.commonpath(names) if names else ""
    if top in (".", "/", ""):
        raise BadArchive("Incorrect number of top-level directories in sdist")
    return top


Archive = tarfile.TarFile | zipfile.ZipFile


def check(stream: BinaryIO, filename: str) -> Archive:
    """Raise BadArchive unless the file in *stream* is what *filename* says it is.

    Returns it open, as long as *stream* is.
    """
    try:
        is_zip, is_tar = zipfile.is_zipfile(stream), _is_tar(stream)
        if is_zip and is_tar:
            raise BadArchive("File is both a zip and a tar file")
        if filename.endswith(".tar.gz"):
            if not is_tar:
                raise BadArchive("File is not a tarfile")
            stream.seek(0)
            return _checked_sdist(tarfile.open(fileobj=stream, mode="r:gz"))
        if not is_zip:
            raise BadArchive("File is not a zipfile")
        return _checked_zip(zipfile.ZipFile(stream), filename, stream.seek(0, os.SEEK_END))
    except BROKEN as error:
        raise BadArchive("None") from error  # PyPI's detail: it has none


def _is_tar(stream: BinaryIO) -> bool:
    """Tell whether tarfile would read *stream*; asked about every wheel, seldom needs to look.

    What begins like a ZIP file is not compressed, and so is a tar file only if its first block is a
    header, checksum and all.
    """
    stream.seek(0)
    start = stream.read(tarfile.BLOCKSIZE)
    if start[:4] == zip_records.LOCAL:
        try:
            tarfile.TarInfo.frombuf(start, tarfile.ENCODING, "surrogateescape")
        except tarfile.HeaderError:
            return False
    stream.seek(0)
    return tarfile.is_tarfile(stream)


def _checked_sdist(archive: tarfile.TarFile) -> tarfile.TarFile:
    members = archive.getmembers()
    if any(member.issparse() for member in members):
        raise BadArchive(f"tar archive not accepted: Sparse members are not allowed. {MORE}")
    names = archive.getnames()
    wanted = f"{_top(names)}/PKG-INFO"
    if wanted not in names:
        raise BadArchive(f"PKG-INFO not found at {wanted}")
    _scan(
        (member.name, stream.read())
        for member in members
        if member.isfile()
        and _is_scanned(member.name, member.size)
        and (stream := archive.extractfile(member)) is not None
    )
    return archive


def _checked_zip(archive: zipfile.ZipFile, filename: str, size: int) -> zipfile.ZipFile:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > RATIO_FROM and unpacked / size > RATIO_LIMIT:
        raise BadArchive(f"File exceeds compression ratio of {RATIO_LIMIT}")
    if {entry.compress_type for entry in entries} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise BadArchive("File does not use a supported compression type")
    if filename.endswith(".whl"):
        if filename.count("-") < 2:
            raise BadArchive("Unable to parse name and version from wheel filename")
        kind, wanted = "WHEEL", f"{dist_info(filename)}/WHEEL"
    else:
        kind, wanted = "PKG-INFO", f"{_top(archive.namelist())}/PKG-INFO"
    if wanted not in archive.namelist():
        raise BadArchive(f"{kind} not found at {wanted}")
    archive.read(wanted)  # its bytes must be whole
    _scan(
        (entry.filename, archive.read(entry))
        for entry in entries
        if not entry.is_dir() and _is_scanned(entry.filename, entry.file_size)
    )
    if reason := zip_records.fault(archive):
        raise BadArchive(f"ZIP archive not accepted: {reason}. {MORE}")
    return archive


def _is_scanned(name: str, size: int) -> bool:
    return name.lower().endswith(SCANNED) and size <= SCAN_LIMIT


def _scan(members: Iterable[tuple[str, bytes]]) -> None:
    """Raise BadArchive for code that PyPI forbids because nobody can read it."""
    for _, data in members:
        if any(mark in data for mark in PYARMOR):
            raise BadArchive(f"PyArmor-encrypted content is not allowed. {POLICY}")
        if all(mark in data for mark in SOURCEDEFENDER):
            raise BadArchive(f"SourceDefender-encrypted content is not allowed. {POLICY}")


def dist_info(filename: str) -> str:
    """Return the name of the metadata folder in a wheel, from the wheel's file name."""
    name, version, _ = filename.split("-", 2)
    return f"{name}-{version}.dist-info"


def check_contents(archive: Archive, filename: str, license_files: list[str]) -> bytes | None:
    """Look for what the metadata promises in an archive that ``check`` has let through.

    Returns the METADATA of a wheel, unless it is too long to be served (PEP 658). Raises Missing
    unless the licence files and, in a wheel, RECORD and METADATA are there, and BadEntryPoints. A
    RECORD that does not list all files passes: PyPI only writes an e-mail.
    """
    if isinstance(archive, tarfile.TarFile):
        names = archive.getnames()
        _need(names, (("license", name, f"{_top(names)}/{name}") for name in license_files))
        return None
    folder = dist_info(filename)
    names = archive.namelist()
    _need(names, (("license", name, f"{folder}/licenses/{name}") for name in license_files))
    record = f"{folder}/RECORD"
    _need(names, [("RECORD", "RECORD", record)])
    try:
        list(csv.reader(archive.read(record).decode().splitlines()))
    except (*BROKEN, csv.Error) as error:
        raise Missing("RECORD", "RECORD", record) from error
    if f"{folder}/entry_points.txt" in names:
        _check_entry_points(archive, f"{folder}/entry_points.txt")
    metadata = f"{folder}/METADATA"
    _need(names, [("METADATA", "METADATA", metadata)])
    try:
        found = archive.read(metadata)
    except BROKEN as error:
        raise Missing("METADATA", "METADATA", metadata) from error
    return found if len(found) <= METADATA_LIMIT else None


def _need(names: list[str], wanted: Iterable[tuple[str, str, str]]) -> None:
    there = set(names)
    for kind, name, inside in wanted:
        if inside not in there:
            raise Missing(kind, name, inside)


class _CaseSensitive(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def _check_entry_points(wheel: zipfile.ZipFile, name: str) -> None:
    parser = _CaseSensitive(delimiters=("=",))
    try:
        parser.read_string(wheel.read(name).decode())
    except (*BROKEN, configparser.Error) as error:
        raise BadEntryPoints from error
    if not all(COMMAND_NAME.fullmatch(command) for command in _commands(parser)):
        raise BadEntryPoints


def _commands(parser: configparser.ConfigParser) -> Iterator[str]:
    for section in ("console_scripts", "gui_scripts"):
        if parser.has_section(section):
            yield from parser[section]


def core_metadata(stream: BinaryIO, filename: str) -> bytes | None:
    """Return the METADATA of the wheel in *stream*, as PEP 658 serves it; None if it has none."""
    if not filename.endswith(".whl"):
        return None
    try:
        with zipfile.ZipFile(stream) as wheel:
            entry = wheel.getinfo(f"{dist_info(filename)}/METADATA")
            return wheel.read(entry) if entry.file_size <= METADATA_LIMIT else None
    except (KeyError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error):
        return None
