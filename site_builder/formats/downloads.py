"""The files that readers can download: the examples, and the demo package as one archive."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from site_builder.code_blocks.listings import LANGUAGES, SHOWN_FROM, suffix
from site_builder.site_data import ROOT

ARCHIVE = "random-names.zip"
ARCHIVE_SCRIPT = "assets/javascripts/archive-data.js"
LEFT_BY_TOOLS = {"__pycache__", "build", "dist", ".venv", ".mypy_cache", ".ruff_cache"}
OWN = {"proof.yml"}  # notes for the proofs, not for readers


def files(folder: str) -> Iterator[Path]:
    """Yield the files below a folder of the repository that git would keep, in a fixed order."""
    for path in sorted((ROOT / folder).rglob("*")):
        parts = path.relative_to(ROOT).parts
        generated = any(part in LEFT_BY_TOOLS or part.endswith(".egg-info") for part in parts)
        if path.is_file() and not generated and path.name not in OWN:
            yield path


def address(path: str) -> str:
    """Return where the site offers a file; static hosts leave out names that begin with a dot."""
    return f"files/{path}".replace("/.", "/")


def all_files() -> Iterator[Path]:
    """Yield every file that a page may show."""
    for folder in SHOWN_FROM:
        yield from (path for path in files(folder) if suffix(path) in LANGUAGES)


def archive() -> bytes:
    """Return the demo package as a zip file, the same bytes for the same files.

    It is not compressed, so that the script of the site can put the reader's names into it.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for path in files("demo-package"):
            name = path.relative_to(ROOT / "demo-package").as_posix()
            entry = zipfile.ZipInfo(f"random-names/{name}", (2026, 1, 1, 0, 0, 0))
            entry.external_attr = 0o644 << 16
            target.writestr(entry, path.read_bytes())
    return buffer.getvalue()


def archive_script() -> str:
    """Return the archive as a script, for a site that is opened from a disk."""
    return f'window.guideArchive = "{base64.b64encode(archive()).decode()}";\n'
