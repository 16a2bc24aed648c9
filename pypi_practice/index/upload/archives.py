"""What PyPI looks at inside an sdist or a wheel.

Source: _is_valid_dist_file and file_upload in warehouse/forklift/legacy.py, and in warehouse/utils
wheel.py and scanner_rules, at commit 6b62157.
"""

from __future__ import annotations

import bz2
import configparser
import contextlib
import csv
import gzip
import io
import lzma
import os
import posixpath
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pypi_practice.core.limits import (
    CODE_SIZE,
    ENTRY_POINTS_SIZE,
    HEADER_SIZE,
    MEMBERS,
    METADATA_SIZE,
    MIB,
    NAMES_SIZE,
    RECORD_SIZE,
    UNPACKED_FROM,
    UNPACKED_RATIO,
    UNPACKED_SIZE,
)
from pypi_practice.index.upload import zip_records
from pypi_practice.index.upload.rejection import TooMuch
from pypi_practice.processes import worker

SCAN_LIMIT = 5 * MIB  # bytes; larger members are not looked into
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
PIECE = 64 * 1024  # bytes that are read at once
# What is looked at without another process: that takes longer than such an archive does.
FEW_MEMBERS, FEW_BYTES = 100, 128 * 1024
SECONDS = 20.0  # of computing; the limits keep an archive far below
# In the square of its length, up to Python 3.11.9, tarfile looks for a number in a pax header.
LONG_NUMBER = re.compile(rb"[0-9]{200}")


class BadArchive(Exception):
    """Not a distribution file; the text is PyPI's own detail."""


class Missing(Exception):
    """A file that must be in the archive is not: ``kind``, ``name`` and ``path`` say which."""

    def __init__(self, kind: str, name: str, path: str) -> None:
        super().__init__(kind, name, path)
        self.kind, self.name, self.path = kind, name, path


class BadEntryPoints(Exception):
    """The wheel's entry_points.txt cannot be read, or names a command as none may be called."""


@dataclass(frozen=True)
class Inspection:
    """What was found in an archive.

    ``bad`` is why it is not a distribution file, ``lacking`` why it is not a good one, each None if
    it is; ``core_metadata`` is the METADATA of a wheel.
    """

    fault: BadArchive | None = None
    lacking: Missing | BadEntryPoints | None = None
    core_metadata: bytes | None = None


def inspect(content: bytes | Path, filename: str, license_files: list[str]) -> Inspection:
    """Look into an archive: its bytes, or where they lie on disk.

    All but small ones are looked at in a process of their own. Raises TooMuch for one that is more
    than the limits allow.
    """
    try:
        if isinstance(content, bytes) and is_small(content, filename):
            return look_into(content, filename, license_files)
        return worker.run(look_into, content, filename, license_files, seconds=SECONDS)
    except (worker.GaveUp, MemoryError) as error:
        raise TooMuch("archive_effort", {"filename": filename}) from error


def is_small(content: bytes, filename: str) -> bool:
    """Tell whether an archive has few members and little in them, however it is packed."""
    if content.count(zip_records.CENTRAL) > FEW_MEMBERS:
        return False
    if not filename.endswith(".tar.gz"):
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                return sum(entry.file_size for entry in archive.infolist()) <= FEW_BYTES
        except BROKEN:
            return False
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        unpacking.decompress(content, FEW_BYTES)
    except zlib.error:
        return False
    return unpacking.eof and not unpacking.unused_data


def look_into(content: bytes | Path, filename: str, license_files: list[str]) -> Inspection:
    """Do the work of ``inspect``, here and now."""
    with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
        try:
            archive = check(stream, filename)
        except BadArchive as fault:
            return Inspection(fault=fault)
        try:
            return Inspection(core_metadata=check_contents(archive, filename, license_files))
        except (Missing, BadEntryPoints) as lacking:
            return Inspection(lacking=lacking)


def _top(names: list[str]) -> str:
    top = posixpath.commonpath(names) if names else ""
    if top in (".", "/", ""):
        raise BadArchive("Incorrect number of top-level directories in sdist")
    return top


Archive = zipfile.ZipFile | list[str]  # a tar file has been read to its end: only its names stay


def check(stream: BinaryIO, filename: str) -> Archive:
    """Raise BadArchive unless the file in *stream* is what *filename* says it is, or TooMuch.

    Returns it open, as long as *stream* is, or the names in a tar file.
    """
    try:
        is_zip, is_tar = zipfile.is_zipfile(stream), _is_tar(stream)
        if is_zip and is_tar:
            raise BadArchive("File is both a zip and a tar file")
        size = stream.seek(0, os.SEEK_END)
        if filename.endswith(".tar.gz"):
            if not is_tar:
                raise BadArchive("File is not a tarfile")
            return _checked_sdist(stream, size, filename)
        if not is_zip:
            raise BadArchive("File is not a zipfile")
        if _count(stream, zip_records.CENTRAL) > MEMBERS:
            raise TooMuch("archive_members", {"filename": filename, "limit": MEMBERS})
        return _checked_zip(zipfile.ZipFile(stream), filename, size)
    except BROKEN as error:
        raise BadArchive("None") from error  # PyPI's detail: it has none


def _count(stream: BinaryIO, signature: bytes) -> int:
    """Return how often *signature* is in *stream*.

    No directory of a ZIP file has more entries, whatever its end says of it.
    """
    stream.seek(0)
    count, last = 0, b""
    while piece := stream.read(PIECE):
        count += (last + piece).count(signature)
        last = piece[1 - len(signature) :]  # shorter than a signature: none is counted twice
    return count


def _is_tar(stream: BinaryIO) -> bool:
    """Tell whether tarfile would read *stream*, of which it looks at the first header only."""
    stream.seek(0)
    start = stream.read(PIECE)
    if start[:4] == zip_records.LOCAL:
        # No compression begins like this; a tar file may, and then has a header, checksum and all.
        return _is_tar_header(start)
    return any(map(_is_tar_header, _unpacked(start)))


def _unpacked(start: bytes) -> Iterator[bytes]:
    """Yield what the first bytes of a file are, and what each compression makes of them."""
    yield start
    with contextlib.suppress(*BROKEN):
        yield zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(start, PIECE)
    with contextlib.suppress(*BROKEN):
        yield bz2.BZ2Decompressor().decompress(start, PIECE)
    with contextlib.suppress(*BROKEN, MemoryError):
        yield lzma.LZMADecompressor(memlimit=UNPACKED_FROM).decompress(start, PIECE)


def _is_tar_header(start: bytes) -> bool:
    block = start[: tarfile.BLOCKSIZE]
    try:
        tarfile.TarInfo.frombuf(block, tarfile.ENCODING, "surrogateescape")
    except tarfile.HeaderError:
        # Blocks of zeros are the end of a tar file, here of one without members.
        return len(block) == tarfile.BLOCKSIZE and not any(block)
    return True


class _Unpacking(io.RawIOBase):
    """The bytes of a .tar.gz file, unpacked up to a limit; a header has a limit of its own."""

    def __init__(self, packed: BinaryIO, size: int, filename: str) -> None:
        super().__init__()
        packed.seek(0)
        self._stream = gzip.GzipFile(fileobj=packed, mode="rb")
        self._limit = min(max(UNPACKED_FROM, UNPACKED_RATIO * size), UNPACKED_SIZE)
        self._filename = filename
        self.longest = HEADER_SIZE  # bytes that may be asked for at once

    def _more(self, size: int) -> bytes:
        data = self._stream.read(size)
        if self._stream.tell() > self._limit:
            values = {"filename": self._filename, "limit": self._limit // MIB}
            raise TooMuch("archive_unpacked", values)
        return data

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self.longest:
            raise TooMuch(
                "archive_header", {"filename": self._filename, "limit": HEADER_SIZE // 1024}
            )
        data = self._more(size)
        if tarfile.BLOCKSIZE < size <= HEADER_SIZE and LONG_NUMBER.search(data):
            raise TooMuch(
                "archive_header", {"filename": self._filename, "limit": HEADER_SIZE // 1024}
            )
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to *offset*; forwards it is unpacked in pieces, and ends at the end of the file."""
        position = self._stream.tell()
        if whence != os.SEEK_SET or offset < position:
            return self._stream.seek(offset, whence)
        while position < offset and (data := self._more(min(PIECE, offset - position))):
            position += len(data)
        return position

    def tell(self) -> int:
        return self._stream.tell()


def _checked_sdist(stream: BinaryIO, size: int, filename: str) -> list[str]:
    unpacking = _Unpacking(stream, size, filename)
    archive = tarfile.TarFile(fileobj=unpacking)
    names: list[str] = []
    length, code, sparse = 0, 0, False
    scanned: list[tarfile.TarInfo] = []
    while (member := archive.next()) is not None:
        names.append(member.name)
        length += len(member.name)
        if len(names) > MEMBERS:
            raise TooMuch("archive_members", {"filename": filename, "limit": MEMBERS})
        if length > NAMES_SIZE:
            raise TooMuch("archive_names", {"filename": filename, "limit": NAMES_SIZE // MIB})
        sparse = sparse or member.issparse()
        if member.isfile() and _is_scanned(member.name, member.size):
            code += member.size
            scanned.append(member)
        if code > CODE_SIZE:
            raise TooMuch("archive_code", {"filename": filename, "limit": CODE_SIZE // MIB})
    if sparse:
        raise BadArchive(f"tar archive not accepted: Sparse members are not allowed. {MORE}")
    expected = f"{_top(names)}/PKG-INFO"
    if expected not in names:
        raise BadArchive(f"PKG-INFO not found at {expected}")
    unpacking.longest = SCAN_LIMIT
    _scan(file.read() for member in scanned if (file := archive.extractfile(member)) is not None)
    return names


def _checked_zip(archive: zipfile.ZipFile, filename: str, size: int) -> zipfile.ZipFile:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    if unpacked > UNPACKED_FROM and unpacked / size > UNPACKED_RATIO:
        raise BadArchive(f"File exceeds compression ratio of {UNPACKED_RATIO}")
    if sum(len(entry.filename) + len(entry.extra) for entry in entries) > NAMES_SIZE:
        raise TooMuch("archive_names", {"filename": filename, "limit": NAMES_SIZE // MIB})
    if {entry.compress_type for entry in entries} - {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise BadArchive("File does not use a supported compression type")
    if filename.endswith(".whl"):
        if filename.count("-") < 2:
            raise BadArchive("Unable to parse name and version from wheel filename")
        kind, expected = "WHEEL", f"{dist_info(filename)}/WHEEL"
    else:
        kind, expected = "PKG-INFO", f"{_top(archive.namelist())}/PKG-INFO"
    if expected not in archive.namelist():
        raise BadArchive(f"{kind} not found at {expected}")
    _read(archive, expected, METADATA_SIZE, filename)  # its bytes must be whole
    scanned = [
        entry
        for entry in entries
        if not entry.is_dir() and _is_scanned(entry.filename, entry.file_size)
    ]
    if sum(entry.file_size for entry in scanned) > CODE_SIZE:
        raise TooMuch("archive_code", {"filename": filename, "limit": CODE_SIZE // MIB})
    _scan(archive.read(entry) for entry in scanned)
    if reason := zip_records.fault(archive):
        raise BadArchive(f"ZIP archive not accepted: {reason}. {MORE}")
    return archive


def _read(archive: zipfile.ZipFile, name: str, limit: int, filename: str) -> bytes:
    """Return a file of *archive*; raises TooMuch if it is longer than *limit*, and reads none."""
    entry = archive.getinfo(name)
    if entry.file_size > limit:
        values = {"filename": filename, "path": name, "limit": limit // 1024}
        raise TooMuch("archive_file", values)
    return archive.read(entry)


def _is_scanned(name: str, size: int) -> bool:
    return name.lower().endswith(SCANNED) and size <= SCAN_LIMIT


def _scan(members: Iterable[bytes]) -> None:
    """Raise BadArchive for code that PyPI forbids because nobody can read it."""
    for data in members:
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

    Returns the METADATA of a wheel. Raises Missing unless the licence files and, in a wheel, RECORD
    and METADATA are there, BadEntryPoints, and TooMuch. A RECORD that does not list all files
    passes: PyPI only writes an e-mail.
    """
    if isinstance(archive, list):
        _need(archive, (("license", name, f"{_top(archive)}/{name}") for name in license_files))
        return None
    folder = dist_info(filename)
    names = archive.namelist()
    _need(names, (("license", name, f"{folder}/licenses/{name}") for name in license_files))
    record = f"{folder}/RECORD"
    _need(names, [("RECORD", "RECORD", record)])
    try:
        lines = _read(archive, record, RECORD_SIZE, filename).decode().splitlines()
        for _ in csv.reader(lines):
            pass
    except (*BROKEN, csv.Error) as error:
        raise Missing("RECORD", "RECORD", record) from error
    if f"{folder}/entry_points.txt" in names:
        _check_entry_points(archive, f"{folder}/entry_points.txt", filename)
    metadata = f"{folder}/METADATA"
    _need(names, [("METADATA", "METADATA", metadata)])
    try:
        return _read(archive, metadata, METADATA_SIZE, filename)
    except BROKEN as error:
        raise Missing("METADATA", "METADATA", metadata) from error


def _need(names: list[str], required: Iterable[tuple[str, str, str]]) -> None:
    present = set(names)
    for kind, name, inside in required:
        if inside not in present:
            raise Missing(kind, name, inside)


class _CaseSensitive(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


def _check_entry_points(wheel: zipfile.ZipFile, name: str, filename: str) -> None:
    parser = _CaseSensitive(delimiters=("=",))
    try:
        parser.read_string(_read(wheel, name, ENTRY_POINTS_SIZE, filename).decode())
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
            return wheel.read(entry) if entry.file_size <= METADATA_SIZE else None
    except (KeyError, OSError, RuntimeError, ValueError, zipfile.BadZipFile, zlib.error):
        return None
