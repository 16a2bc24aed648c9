"""The sdist and the wheel of a project: the names in them, and their metadata."""

from __future__ import annotations

import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path

from packaging.metadata import parse_email

from pypi_practice.index.upload.form import Form
from pypi_practice.index.upload.metadata import FORM_FIELDS
from pypi_practice.index.upload.spool import Incoming

UNPACK_ERRORS = (
    OSError,
    KeyError,
    ValueError,
    RuntimeError,
    EOFError,
    zlib.error,
    tarfile.TarError,
    zipfile.BadZipFile,
)
IN_METADATA = {name: key for key, name in FORM_FIELDS.items()}


@dataclass(frozen=True)
class Built:
    """An sdist or a wheel: its path, the names in it, and its metadata as fields of an upload.

    The names of an sdist are relative to its top folder. ``unparsed`` are the fields of its
    metadata that are malformed or unknown.
    """

    path: Path
    names: list[str]
    fields: list[tuple[str, str]]
    unparsed: tuple[str, ...] = ()

    def all(self, name: str) -> list[str]:
        """Return every value of a field, by the name that an upload gives it."""
        return [value for key, value in self.fields if key == name]

    def form(self, content: Incoming) -> Form:
        """Return the form that twine would send for it; its bytes are written to *content*."""
        is_wheel = self.path.suffix == ".whl"
        content.write(self.path.read_bytes())
        fields = [
            (":action", "file_upload"),
            ("protocol_version", "1"),
            ("filetype", "bdist_wheel" if is_wheel else "sdist"),
            ("pyversion", self.path.name.split("-")[-3] if is_wheel else "source"),
            *((f"{kind}_digest", value) for kind, value in content.digests.items()),
            *self.fields,
        ]
        return Form(fields, filename=self.path.name, content=content)


@dataclass(frozen=True)
class BuildResult:
    """The sdist and the wheel that were built; or none, and the *failure* in the builder's words.

    Both are empty if nothing was to be built.
    """

    distributions: list[Built] = field(default_factory=list)
    failure: str = ""


def open_distribution(path: Path) -> Built:
    """Read an sdist or a wheel; raises one of UNPACK_ERRORS."""
    if path.suffix == ".whl":
        if path.name.count("-") < 4:
            raise ValueError(path.name)
        with zipfile.ZipFile(path) as wheel:
            names = [name for name in wheel.namelist() if not name.endswith("/")]
            folder = "-".join(path.name.split("-")[:2]) + ".dist-info"
            return Built(path, names, *_fields(wheel.read(f"{folder}/METADATA")))
    with tarfile.open(path) as sdist:
        members = [member for member in sdist.getmembers() if member.isfile()]
        names = [member.name.partition("/")[2] for member in members]
        metadata = (
            sdist.extractfile(members[names.index("PKG-INFO")]) if "PKG-INFO" in names else None
        )
        if metadata is None:
            raise KeyError("PKG-INFO")
        return Built(path, names, *_fields(metadata.read()))


def _fields(metadata: bytes) -> tuple[list[tuple[str, str]], tuple[str, ...]]:
    """Return METADATA as the form fields that twine sends, and the fields that it cannot parse."""
    raw, unparsed = parse_email(metadata)
    unparsed.pop("license-file", None)  # twine accepts it in any version of the metadata
    fields: list[tuple[str, str]] = []
    for key, value in raw.items():
        name = IN_METADATA.get(key, key)
        if isinstance(value, str):
            fields.append((name, value))
        elif isinstance(value, dict):
            fields += [(name, f"{label}, {url}") for label, url in value.items()]
        elif isinstance(value, list):
            fields += (
                [(name, ",".join(value))]
                if key == "keywords"
                else [(name, element) for element in value]
            )
    return fields, tuple(sorted(unparsed))
