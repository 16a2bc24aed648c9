"""What PyPI looks at inside an archive: each reason, and the archives that it takes."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import warnings
import zipfile
from pathlib import Path

import pytest
from helpers.index import upload_client

from pypi_practice.index.upload import archives, platforms, zip_records

WHEEL = "demo-1.0-py3-none-any.whl"
MORE = "See https://docs.pypi.org/archives for more information"


def refusal(tmp_path: Path, content: bytes, filename: str = WHEEL) -> str | None:
    """Return why PyPI refuses *content*, or None."""
    try:
        archives.check(io.BytesIO(content), filename)
    except archives.BadArchive as error:
        return str(error)
    return None


def framing(tmp_path: Path, content: bytes) -> str | None:
    """Return what is wrong with the records of a ZIP file, or None."""
    path = tmp_path / "file.zip"
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive:
        return zip_records.fault(archive)


def zipped(*names: str, mode: int = zipfile.ZIP_STORED, comment: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w") as archive:
        warnings.simplefilter("ignore")  # two files of one name
        for name in names:
            entry = zipfile.ZipInfo(name)
            entry.comment, entry.compress_type = comment, mode
            archive.writestr(entry, b"text" * 5)
    return buffer.getvalue()


def tarred(*members: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member in members:
            archive.addfile(member, io.BytesIO(b"x" * member.size))
    return gzip.compress(buffer.getvalue())


def extra(kind: int, data: bytes) -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def with_extra(field: bytes) -> bytes:
    """Return a ZIP file whose one file has an extra field in its local header."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("a")
        entry.extra = field
        archive.writestr(entry, b"text")
    return buffer.getvalue()


def streamed(tmp_path: Path) -> bytes:
    """Return a ZIP file that was written without going back: with data descriptors."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data) -> int:
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w") as archive:
        archive.writestr("a", b"text")
    return bytes(pipe.data)


@pytest.mark.parametrize("mode", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("names", [[], ["a"], ["a/", "a/b", "ñ"]], ids=["none", "one", "three"])
def test_good_records_are_accepted(tmp_path, names, mode):
    assert framing(tmp_path, zipped(*names, mode=mode)) is None


def test_zip64_records_are_accepted(tmp_path):
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(buffer, "w") as archive,
        archive.open(zipfile.ZipInfo("a"), "w", force_zip64=True) as member,
    ):
        member.write(b"text")
    assert framing(tmp_path, buffer.getvalue()) is None


GOOD = zipped("a", "b")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (GOOD + b"x", "Trailing data"),
        (b"x" + GOOD, "Unknown record signature"),
        (zipped("a", "a"), "Duplicate filename in local headers"),
        (zipped("a", comment=b"hello"), "Comment in central directory"),
        (zipped("a\x07"), "Invalid character in filename"),
        (GOOD.replace(b"a", b"c", 1), "Filename not in central directory"),
        (GOOD.replace(b"a", b"\xff", 1), "Filename not unicode"),
        (GOOD.replace(b"PK\x01\x02", b"PK\x01\x03", 1), None),
        (GOOD[:22] + struct.pack("<L", 21) + GOOD[26:], "Mis-matched file size"),
        (GOOD[:18] + struct.pack("<L", 21) + GOOD[22:], "Mis-matched data size"),
        (GOOD[:-14] + struct.pack("<HH", 1, 2) + GOOD[-10:], "Malformed zip file"),
        (with_extra(b"abc"), "Malformed zip file"),
        (with_extra(struct.pack("<HH", 9, 50)), None),
        (with_extra(extra(0x7075, b"12345\xff")), "Filename not valid UTF-8"),
        (with_extra(extra(0x7075, b"12345a\x07")), "Invalid character in filename"),
        (with_extra(extra(0x7075, b"12345") * 2), "Invalid duplicate extra in local file"),
        (with_extra(extra(0x4242, b"12345") * 2), None),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_fault_of_the_records_has_its_words(tmp_path, content, reason):
    try:
        assert framing(tmp_path, content) == reason
    except zipfile.BadZipFile:
        # Python itself does not open it: PyPI has no words for that.
        assert reason is None
        assert refusal(tmp_path, content) in ("None", "File is not a zipfile")


def test_a_streamed_zip_is_refused(tmp_path):
    assert framing(tmp_path, streamed(tmp_path)) == "ZIP contains a data descriptor"


def test_a_zip_bomb_is_refused(tmp_path):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        with archive.open("demo.py", "w") as member:
            for _ in range(65):
                member.write(bytes(1024 * 1024))
        archive.writestr("demo-1.0.dist-info/WHEEL", "")
    assert refusal(tmp_path, buffer.getvalue()) == "File exceeds compression ratio of 50"


def sdist_member(name: str, size: int = 0) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member


SPARSE = sdist_member("demo-1.0/sparse")
SPARSE.pax_headers = {"GNU.sparse.major": "1"}


@pytest.mark.parametrize(
    ("content", "filename", "reason"),
    [
        (
            zipped("x", mode=zipfile.ZIP_BZIP2),
            WHEEL,
            "File does not use a supported compression type",
        ),
        (zipped("x"), "demo.whl", "Unable to parse name and version from wheel filename"),
        (zipped("demo-1.0/PKG-INFO", "demo-1.0/x"), "demo-1.0.zip", None),
        (
            zipped("a/PKG-INFO", "b/x"),
            "demo-1.0.zip",
            "Incorrect number of top-level directories in sdist",
        ),
        (zipped("demo-1.0/x"), "demo-1.0.zip", "PKG-INFO not found at demo-1.0/x/PKG-INFO"),
        (zipped("d/x", "d/y"), "demo-1.0.zip", "PKG-INFO not found at d/PKG-INFO"),
        (
            tarred(sdist_member("d/x"), sdist_member("d/y")),
            "demo-1.0.tar.gz",
            "PKG-INFO not found at d/PKG-INFO",
        ),
        (
            tarred(sdist_member("a/PKG-INFO"), sdist_member("b")),
            "demo-1.0.tar.gz",
            "Incorrect number of top-level directories in sdist",
        ),
        (tarred(sdist_member("/a"), sdist_member("b")), "demo-1.0.tar.gz", "None"),
        (tarred(), "demo-1.0.tar.gz", "Incorrect number of top-level directories in sdist"),
        (upload_client.sdist()[:-40], "demo-1.0.tar.gz", "None"),
        (b"", "demo-1.0.tar.gz", "File is not a tarfile"),
        (
            upload_client.wheel(more={"a.pye": "---BEGIN PYE FILE------END PYE FILE---"}),
            WHEEL,
            "SourceDefender-encrypted content is not allowed."
            " See https://pypi.org/policy/acceptable-use-policy/ for more information.",
        ),
        (upload_client.wheel(more={"a.txt": "__pyarmor_enter__"}), WHEEL, None),
    ],
    ids=lambda value: "content" if isinstance(value, bytes) else None,
)
def test_each_bad_archive_has_its_words(tmp_path, content, filename, reason):
    assert refusal(tmp_path, content, filename) == reason


def test_a_sparse_member_is_refused(tmp_path):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        archive.addfile(sdist_member("demo-1.0/PKG-INFO"))
        member = sdist_member("demo-1.0/sparse", 512)
        member.pax_headers = {
            "GNU.sparse.major": "1",
            "GNU.sparse.minor": "0",
            "GNU.sparse.name": "demo-1.0/x",
            "GNU.sparse.realsize": "512",
        }
        archive.addfile(member, io.BytesIO(b"0\n".ljust(512, b"\0")))
    reason = f"tar archive not accepted: Sparse members are not allowed. {MORE}"
    assert refusal(tmp_path, gzip.compress(buffer.getvalue()), "demo-1.0.tar.gz") == reason


def test_a_file_that_is_both_is_refused(tmp_path):
    both = gzip.decompress(upload_client.sdist()) + upload_client.wheel()
    assert refusal(tmp_path, both) == "File is both a zip and a tar file"


@pytest.mark.parametrize(
    ("platform", "allowed"),
    [
        ("any", True),
        ("linux_x86_64", False),
        ("linux_armv7l", True),
        ("manylinux2014_aarch64", True),
        ("manylinux_2_17_ppc64", True),
        ("musllinux_1_2_ppc64", False),
        ("musllinux_1_2_riscv64", True),
        ("macosx_10_9_universal2", True),
        ("macosx_11_0_arm64", True),
        ("macosx_11_1_arm64", False),
        ("macosx_16_0_arm64", False),
        ("macosx_26_0_arm64", True),
        ("ios_13_0_arm64_iphoneos", True),
        ("android_21_arm64_v8a", True),
        ("pyemscripten_2026_0_wasm32", True),
        ("win_arm64", True),
        ("win64", False),
    ],
)
def test_platforms(platform, allowed):
    assert platforms.is_allowed(platform) is allowed
