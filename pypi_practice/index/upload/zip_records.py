"""Whether a ZIP file says the same to all its readers: to those that start at its end, as Python
does, and to those that read its records from the front.

Source: what warehouse/utils/zipfiles.py refuses at commit 6b62157, with its words; the records are
those of sections 4.3.7 to 4.3.16 of PKWARE's APPNOTE.TXT.
"""

from __future__ import annotations

import os
import struct
import zipfile
from typing import IO, NoReturn

from pypi_practice.core.limits import MEMBERS

LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
END64, END64_LOCATOR = b"PK\x06\x06", b"PK\x06\x07"
ZIP64, UNICODE_PATH = 0x0001, 0x7075
FULL = 0xFFFFFFFF  # stands for a size that is written in the ZIP64 extra field
UNPRINTABLE = frozenset(range(0x20)) | {0x7F}
MALFORMED = "Malformed zip file"


class _Fault(Exception):
    """The file is refused; the text is PyPI's."""


def _fail(text: str) -> NoReturn:
    raise _Fault(text)


def fault(archive: zipfile.ZipFile) -> str | None:
    """Return PyPI's reason for refusing the records of an open ZIP file, or None."""
    assert archive.fp is not None
    stream = archive.fp
    stream.seek(0)
    try:
        _Reader(archive, stream).read()
    except _Fault as reason:
        return str(reason)
    return None


class _Reader:
    """Reads the records from the front and compares them with what Python found from the end."""

    def __init__(self, archive: zipfile.ZipFile, stream: IO[bytes]) -> None:
        self.stream = stream
        self.sizes = {
            entry.orig_filename: (entry.compress_size, entry.file_size)
            for entry in archive.filelist
        }
        self.local: set[bytes] = set()
        self.central: set[bytes] = set()
        self.central_start: int | None = None
        self.central_size = 0
        self.central_count = 0
        self.end64: tuple[int, int, int] | None = None
        self.located64 = False

    def _take(self, count: int) -> bytes:
        data = self.stream.read(count)
        if len(data) != count:
            _fail(MALFORMED)
        return data

    def read(self) -> None:
        """Read every record up to the end; raises _Fault."""
        # Each member has two records, and a file has three more.
        for _ in range(2 * MEMBERS + 3):
            signature = self._take(4)
            if signature == LOCAL:
                self._local()
            elif signature == CENTRAL:
                self._central()
            elif signature == END64:
                self._end64()
            elif signature == END64_LOCATOR:
                self._take(16)
                self.located64 = True
            elif signature == END:
                self._end()
                break
            else:
                _fail("Unknown record signature")
        else:
            _fail(MALFORMED)
        if self.local != self.central:
            _fail("Mis-matched local headers and central directory")
        position = self.stream.tell()
        if position != self.stream.seek(0, os.SEEK_END):
            _fail("Trailing data")

    def _local(self) -> None:
        flags, method, packed, size, name_size, extra_size = struct.unpack(
            "<2xHH8xLLHH", self._take(26)
        )
        name, extra = self._take(name_size), self._take(extra_size)
        if UNPRINTABLE.intersection(name):
            _fail("Invalid character in filename")
        packed, size = _extra(extra, method, packed, size)
        if flags & 0x08:
            _fail("ZIP contains a data descriptor")
        try:
            expected = self.sizes.get(name.decode("utf-8"))
        except UnicodeDecodeError:
            _fail("Filename not unicode")
        if expected is None:
            _fail("Filename not in central directory")
        if expected[0] != packed:
            _fail("Mis-matched data size")
        if expected[1] != size:
            _fail("Mis-matched file size")
        self.stream.seek(packed, os.SEEK_CUR)
        if name in self.local:
            _fail("Duplicate filename in local headers")
        self.local.add(name)

    def _central(self) -> None:
        if self.central_start is None:
            self.central_start = self.stream.tell() - 4
        self.central_count += 1
        name_size, extra_size, comment_size = struct.unpack("<24xHHH12x", self._take(42))
        if comment_size:
            _fail("Comment in central directory")
        name = self._take(name_size)
        self._take(extra_size)
        if UNPRINTABLE.intersection(name):
            _fail("Invalid character in filename")
        self.central_size += 46 + name_size + extra_size
        if name in self.central:
            _fail("Duplicate filename in central directory")
        if name not in self.local:
            _fail("Missing filename in local headers")
        self.central.add(name)

    def _end64(self) -> None:
        length, disk_entries, total, size, start = struct.unpack("<Q12xQQQQ", self._take(52))
        if disk_entries != total:
            _fail(MALFORMED)
        if length != 44:
            _fail("ZIP64 extensible data not allowed")
        self.end64 = (total, size, start)

    def _end(self) -> None:
        if self.end64 is not None and not self.located64:
            _fail(MALFORMED)
        if self.central_start is None:
            self.central_start = self.stream.tell() - 4
        disk_entries, total, size, start, comment_size = struct.unpack("<4xHHLLH", self._take(18))
        if disk_entries != total:
            _fail(MALFORMED)
        self.stream.seek(comment_size, os.SEEK_CUR)
        if self.end64 is not None:
            total, size, start = self.end64
        if total != self.central_count:
            _fail("Mismatched central directory records")
        if start != self.central_start:
            _fail("Mismatched central directory offset")
        if size != self.central_size:
            _fail("Mismatched central directory size")


def _extra(extra: bytes, method: int, packed: int, size: int) -> tuple[int, int]:
    """Check the extra fields of a file; return its packed and its real size."""
    kinds: set[int] = set()
    start = 0
    while start < len(extra):
        if len(extra) - start < 4:
            _fail(MALFORMED)
        kind, length = struct.unpack_from("<HH", extra, start)
        data = extra[start + 4 : start + 4 + length]
        start += 4 + length
        if len(data) != length:
            _fail(MALFORMED)
        if kind in kinds and kind in (ZIP64, UNICODE_PATH):
            _fail("Invalid duplicate extra in local file")
        kinds.add(kind)
        if kind == ZIP64:
            packed, size = _zip64(data, method, packed, size)
        elif kind == UNICODE_PATH:
            name = data[5:]
            if UNPRINTABLE.intersection(name):
                _fail("Invalid character in filename")
            try:
                name.decode("utf-8")
            except UnicodeDecodeError:
                _fail("Filename not valid UTF-8")
    return packed, size


def _zip64(data: bytes, method: int, packed: int, size: int) -> tuple[int, int]:
    if len(data) not in (0, 8, 16, 24, 28):
        _fail(MALFORMED)
    if not data:
        if FULL in (packed, size):
            _fail(MALFORMED)
        return packed, size
    (real,) = struct.unpack("<Q", data[:8])
    if len(data) == 8:
        if method != zipfile.ZIP_STORED:
            _fail(MALFORMED)
        return real, real if size == FULL else size
    (packed,) = struct.unpack("<Q", data[8:16])
    return packed, real if size == FULL else size
