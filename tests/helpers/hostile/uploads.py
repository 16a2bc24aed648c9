"""Uploads made to hang or to fill a computer: each a name, its file and the fields of its form."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from helpers.index import upload_client

INFO = "demo-1.0.dist-info"
WHEEL, SDIST = "demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"
MIB = 1024**2


@dataclass(frozen=True)
class Upload:
    """What is sent: a file, its name, and the fields that differ from those of a good upload."""

    content: bytes
    filename: str = WHEEL
    fields: Mapping[str, upload_client.Value] = field(default_factory=dict)


def packed_wheel(
    files: Mapping[str, bytes] | Iterable[tuple[str, bytes]] = (), /, **replaced: bytes
) -> bytes:
    """Return a compressed wheel; *replaced* are METADATA, WHEEL or RECORD, *files* any others."""
    texts = {
        "METADATA": upload_client.core_metadata().encode(),
        "WHEEL": b"",
        "RECORD": b"",
    } | replaced
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in texts.items():
            archive.writestr(f"{INFO}/{name}", data)
        for name, data in dict(files).items():
            archive.writestr(name, data)
    return buffer.getvalue()


def header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> bytes:
    """Return the header of a member of a tar file."""
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def block(data: bytes) -> bytes:
    """Return *data* as it lies in a tar file."""
    return data + bytes(-len(data) % 512)


GOOD_SDIST = header("demo-1.0/PKG-INFO", 1) + block(b"x")


def sdist(*parts: bytes, compress: Callable[[bytes], bytes] = gzip.compress) -> Upload:
    """Return an sdist of headers and data, after a good PKG-INFO."""
    content = compress(GOOD_SDIST + b"".join(parts) + bytes(1024))
    return Upload(content, SDIST, {"filetype": "sdist", "pyversion": "source"})


def described(text: str, kind: str = "text/markdown") -> Upload:
    """Return a good wheel with this description."""
    fields = {"description": text, "description_content_type": kind}
    return Upload(upload_client.wheel(), fields=fields)


def repeated(data: bytes, count: int) -> bytes:
    """Return a .tar.gz of *data* repeated, packed without holding all of it."""
    at_once = max(1, MIB // len(data))
    packing = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    parts = [packing.compress(GOOD_SDIST)]
    whole_count, rest_count = divmod(count, at_once)
    piece = data * at_once
    parts += [packing.compress(piece) for _ in range(whole_count)]
    parts += [packing.compress(data * rest_count + bytes(1024)), packing.flush()]
    return b"".join(parts)


def repeated_sdist(data: bytes, count: int) -> Upload:
    """Return an sdist of a good PKG-INFO and *data*, *count* times."""
    fields = {"filetype": "sdist", "pyversion": "source"}
    return Upload(repeated(data, count), SDIST, fields)


def pax(records: bytes) -> bytes:
    """Return a pax header with these records, and an empty member behind it."""
    return header("pax", len(records), tarfile.XHDTYPE) + block(records) + header("demo-1.0/a")


def many_entries(count: int, declared: int | None = None) -> bytes:
    """Return a wheel with *count* more entries, which may declare another number of them."""
    data = packed_wheel((f"d/{number}", b"") for number in range(count))
    if declared is None:
        return data
    return data[:-14] + struct.pack("<HH", declared, declared) + data[-10:]


def long_extra(count: int) -> bytes:
    """Return a wheel whose entries have extra fields as long and as many as they can be."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("METADATA", "WHEEL", "RECORD"):
            archive.writestr(f"{INFO}/{name}", "")
        for number in range(count):
            entry = zipfile.ZipInfo(f"d/{number}")
            entry.extra = struct.pack("<HH", 0x4242, 0) * 16_000
            archive.writestr(entry, b"")
    return buffer.getvalue()


def zip_end_again(count: int) -> bytes:
    """Return a wheel in which the record at the end of a ZIP64 directory is repeated."""
    data = upload_client.wheel()
    end = data.rindex(b"PK\x05\x06")
    again = b"PK\x06\x06" + struct.pack("<Q12xQQQQ", 44, 1, 1, 1, 1)
    return data[:end] + again * count + data[end:]


def wheel(**replaced: bytes) -> Upload:
    """Return a compressed wheel in which some metadata files are replaced."""
    return Upload(packed_wheel(**replaced))


def form(**fields: upload_client.Value) -> Upload:
    """Return a good wheel whose form has other fields."""
    return Upload(upload_client.wheel(), fields=fields)


def tag(name: str) -> Callable[[int], Upload]:
    """Return what makes a description of one element inside the other."""
    return lambda size: described(f"<{name}>\n" * (size // (len(name) + 3)))


# Each makes an upload of about so many bytes, unpacked.
ARCHIVES: dict[str, Callable[[int], Upload]] = {
    "a RECORD of many lines": lambda size: wheel(RECORD=b"a,sha256=b,1\n" * (size // 13)),
    "a RECORD of empty lines": lambda size: wheel(RECORD=b"\n" * size),
    "a RECORD of one line": lambda size: wheel(RECORD=b"," * size),
    "a METADATA without end": lambda size: wheel(METADATA=b"a" * size),
    "a WHEEL without end": lambda size: wheel(WHEEL=b"a" * size),
    "entry points without end": lambda size: Upload(
        packed_wheel({f"{INFO}/entry_points.txt": b"[console_scripts]\n" + b"a=b\n" * (size // 4)})
    ),
    "code that says nothing": lambda size: Upload(
        packed_wheel((f"d/{number}.py", bytes(4 * MIB)) for number in range(size // (4 * MIB)))
    ),
    "many entries": lambda size: Upload(many_entries(size // 100)),
    "many entries that declare one": lambda size: Upload(many_entries(size // 100, 1)),
    "entries with long names": lambda size: Upload(
        packed_wheel((f"{number:05}".ljust(60_000, "a"), b"") for number in range(size // 120_000))
    ),
    "entries in deep folders": lambda size: Upload(
        packed_wheel(("a/" * 30_000 + str(number), b"") for number in range(size // 120_000))
    ),
    "entries with long extra fields": lambda size: Upload(long_extra(size // 128_000)),
    "the end of a directory again": lambda size: Upload(zip_end_again(size // 56)),
    "a wheel that is bzip2": lambda size: Upload(bz2.compress(header("x", size) + bytes(size))),
    "a wheel that is xz": lambda size: Upload(lzma.compress(header("x", size) + bytes(size))),
    "a wheel that is a tar file of one long header": lambda size: Upload(
        gzip.compress(header("x", size, tarfile.XHDTYPE) + bytes(size))
    ),
    "an sdist of many members": lambda size: repeated_sdist(header("demo-1.0/a"), size // 512),
    "an sdist of many folders": lambda size: repeated_sdist(
        header("demo-1.0/a", kind=tarfile.DIRTYPE), size // 512
    ),
    "an sdist of many links": lambda size: repeated_sdist(
        header("demo-1.0/a", kind=tarfile.SYMTYPE), size // 512
    ),
    "an sdist of zeros": lambda size: sdist(header("demo-1.0/a", size), bytes(size)),
    "an sdist of zeros without end": lambda size: sdist(header("demo-1.0/a", 2**60), bytes(size)),
    "an sdist with code that says nothing": lambda size: repeated_sdist(
        header("demo-1.0/a.py", 4 * MIB) + bytes(4 * MIB), size // (4 * MIB)
    ),
    "an sdist with one long pax header": lambda size: sdist(pax(b"9" * size)),
    "an sdist with many pax records": lambda size: sdist(pax(b"8 a=bcd\n" * (size // 8))),
    "an sdist with many pax headers": lambda size: repeated_sdist(
        pax(b"9" * 10_000), size // 11_000
    ),
    "an sdist with many pax headers of words": lambda size: repeated_sdist(
        pax(b"1 a=" * 2_500), size // 11_000
    ),
    "an sdist with pax headers in a row": lambda size: repeated_sdist(
        header("pax", 10, tarfile.XHDTYPE) + block(b"10 a=bcde\n"), size // 1024
    ),
    "an sdist with one long name": lambda size: sdist(
        header("long", size, tarfile.GNUTYPE_LONGNAME) + block(b"a" * size)
    ),
    "an sdist with many long names": lambda size: repeated_sdist(
        header("long", 8000, tarfile.GNUTYPE_LONGNAME) + block(b"a/" * 4000) + header("a"),
        size // 9_000,
    ),
    "an sdist that is sparse": lambda size: sdist(
        header("demo-1.0/a", size, tarfile.GNUTYPE_SPARSE) + bytes(size)
    ),
    "an sdist of many gzip files": lambda size: Upload(
        gzip.compress(GOOD_SDIST) + gzip.compress(b"") * (size // 20),
        SDIST,
        {"filetype": "sdist", "pyversion": "source"},
    ),
    "an sdist that is bzip2": lambda size: sdist(bytes(size), compress=bz2.compress),
    "an sdist that is xz": lambda size: sdist(bytes(size), compress=lzma.compress),
}

# Each makes an upload whose form has about so many bytes.
FORMS: dict[str, Callable[[int], Upload]] = {
    "> > >": lambda size: described("> " * (size // 2)),
    ">>>": lambda size: described(">" * size),
    "lists in lists": lambda size: described("- " * (size // 2)),
    "brackets": lambda size: described("[" * size),
    "stars": lambda size: described("*a " * (size // 3)),
    "ticks": lambda size: described("".join("e" + "`" * i for i in range(int((2 * size) ** 0.5)))),
    "comments that do not end": lambda size: described("<!--" * (size // 4)),
    "a wide table": lambda size: described(
        "|" + "a|" * (size // 8) + "\n|" + "-|" * (size // 8) + "\n" + "|\n" * (size // 4)
    ),
    "ends of elements": lambda size: described("<p><b a=1>" + "</b></i>" * (size // 8)),
    "footnotes": lambda size: described(
        "".join(f"[^{i}]\n\n[^{i}]: x\n\n" for i in range(size // 20))
    ),
    "code": lambda size: described("```python\n" + "a(((\n" * (size // 5) + "```\n"),
    "div": tag("div"),
    "ul": tag("ul"),
    "table": tag("table"),
    "blockquote": tag("blockquote"),
    "rst: lists in lists": lambda size: described("- " * (size // 2), "text/x-rst"),
    "rst: substitutions": lambda size: described(
        ".. |a| replace:: " + "x" * (min(size, 18_000) // 2) + "\n\n" + "|a|\n" * (size // 8),
        "text/x-rst",
    ),
    "rst: twice and twice again": lambda size: described(
        ".. |a0| replace:: xxxx\n"
        + "".join(f".. |a{i + 1}| replace:: |a{i}| |a{i}|\n" for i in range(size // 40))
        + "\n|a20|\n",
        "text/x-rst",
    ),
    "rst: paragraphs": lambda size: described("a\n\n" * (size // 3), "text/x-rst"),
    "rst: a table": lambda size: described(
        ("+-" * 50 + "+\n" + "|a" * 50 + "|\n") * (size // 204) + "+-" * 50 + "+\n", "text/x-rst"
    ),
    "rst: quotes in quotes": lambda size: described(
        "".join(" " * i + "a\n\n" for i in range(int((2 * size) ** 0.5))), "text/x-rst"
    ),
    "keywords": lambda size: form(keywords="," * size),
    "classifiers": lambda size: form(classifiers=[f"a :: {i}" for i in range(size // 100)]),
    "requirements": lambda size: form(requires_dist=[f"a{i}>=1" for i in range(size // 100)]),
    "a requirement of many versions": lambda size: form(
        requires_dist="a" + ">=1,<=2," * (size // 8)
    ),
    "a requirement of many extras": lambda size: form(
        requires_dist="a[" + "b," * (size // 2) + "c]"
    ),
    "a requirement in brackets": lambda size: form(requires_dist="a; " + "(" * size),
    "a marker of many words": lambda size: form(
        requires_dist="a; " + "os_name == 'a' and " * (size // 19) + "os_name == 'a'"
    ),
    "a version of many digits": lambda size: form(version="9" * size),
    "a version of many parts": lambda size: form(version="1." * (size // 2) + "1"),
    "a Python of many versions": lambda size: form(requires_python=">=3," * (size // 4) + ">=3"),
    "an address in brackets": lambda size: form(author_email="(" * size),
    "an address of many parts": lambda size: form(author_email="a." * (size // 2) + "@b.c"),
    "many addresses": lambda size: form(author_email="a@b.c, " * (size // 7)),
    "a link without end": lambda size: form(home_page="https://a/" + "%" * size),
    "links": lambda size: form(project_urls=[f"a{i}, https://a/{i}" for i in range(size // 100)]),
    "a licence in brackets": lambda size: form(license_expression="(" * size),
    "a licence of many words": lambda size: form(
        license_expression="MIT AND " * (size // 8) + "MIT"
    ),
    "a content type of many parts": lambda size: form(
        description="a", description_content_type="text/markdown; a=b" + "; c=d" * (size // 5)
    ),
    "attestations": lambda size: form(attestations="[" * size),
    "a signature": lambda size: form(gpg_signature="a" * size),
    "many fields": lambda size: form(**{f"f{i}": "" for i in range(size // 80)}),
    "one field often": lambda size: form(platform=["a"] * (size // 80)),
    "a name of a field without end": lambda size: form(**{"a" * min(size, 10**6): "b"}),
}
