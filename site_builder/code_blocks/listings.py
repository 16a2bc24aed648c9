"""The files, and named parts of files, that the pages show as code blocks."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pypi_practice.core.i18n import language
from site_builder.site_data import ROOT, word

SHOWN_FROM = ("examples", "demo-package")
LANGUAGES = {
    ".sh": "bash",
    ".out": "text",
    ".yml": "yaml",
    ".toml": "toml",
    ".py": "python",
    ".cfg": "ini",
    ".json": "json",
    ".txt": "text",
    ".pypirc": "ini",
}


class ListingError(Exception):
    """A page asks for a listing that is not there; the text says which."""


# Where a configuration stands in the reader's project, by how the name of its file ends.
PLACES = {
    ".workflow.yml": ".github/workflows/release.yml",
    ".gitlab.yml": ".gitlab-ci.yml",
    ".circle.yml": ".circleci/config.yml",
    ".yml": ".travis.yml",
    ".pypirc": "~/.pypirc",
    ".toml": "pyproject.toml",
}


@dataclass(frozen=True)
class Listing:
    """A file, relative to the repository, and what of it is shown."""

    path: str
    code: str
    language: str

    @property
    def name(self) -> str:
        """The file name as the reader has it: without the mark of a bad example."""
        return Path(self.path).name.removeprefix("fails-").removeprefix("warned-")

    @property
    def must_fail(self) -> bool:
        """Whether the reader is told that this fails."""
        return Path(self.path).name.startswith("fails-") and not self.is_output

    @property
    def is_output(self) -> bool:
        """Whether this was printed by a program, and is not to be typed."""
        return self.path.endswith(".out")

    @property
    def title(self) -> str:
        """The path to show above the block; empty for what has no file in the reader's project."""
        if self.path.startswith("demo-package/"):
            return self.path.removeprefix("demo-package/")
        if self.path.endswith((".sh", ".out")):
            return ""
        places = (place for end, place in PLACES.items() if self.path.endswith(end))
        return next(places, self.name)


def read_listing(
    path: str, first: str | Sequence[str] | None = None, last: str | None = None
) -> Listing:
    """Read a file of examples/ or demo-package/, or its lines from *first* to *last*.

    *first* and *last* are texts: the first line that contains *first*, and the first one from
    there on that contains *last*. Where *first* is several texts, each is looked for from the one
    before it on. Raises ListingError if the file or a text is not there.
    """
    file = (ROOT / path).resolve()
    allowed = any(file.is_relative_to(ROOT / folder) for folder in SHOWN_FROM)
    if not allowed or not file.is_file():
        raise ListingError(_say("listing_missing", path=path))
    lines = file.read_text(encoding="utf-8").splitlines()
    start = 0
    for text in [first] if isinstance(first, str) else first or ():
        start = _find(lines, text, start, path)
    end = _find(lines, last, start, path) if last is not None else len(lines) - 1
    code = textwrap.dedent("\n".join(lines[start : end + 1])).strip("\n")
    if not code:
        raise ListingError(_say("listing_empty", path=path))
    if suffix(file) not in LANGUAGES:
        raise ListingError(_say("listing_kind", path=path))
    return Listing(path, code, LANGUAGES[suffix(file)])


def suffix(file: Path) -> str:
    """Return the suffix that tells the language of a file."""
    return ".txt" if file.name == ".gitignore" else file.suffix


def _find(lines: list[str], text: str, start: int, path: str) -> int:
    for number in range(start, len(lines)):
        if text in lines[number]:
            return number
    raise ListingError(_say("listing_line", path=path, text=repr(text)))


def _say(key: str, **values: str) -> str:
    """Return a sentence for whoever builds, in the language of the environment."""
    return word(key, language()).format(**values)


def fence(listing: Listing, title: str, classes: list[str], marked: list[str]) -> str:
    """Return *listing* as a fenced block; *marked* are texts that name the lines to highlight."""
    lines = listing.code.split("\n")
    numbers = [str(_find(lines, text, 0, listing.path) + 1) for text in marked]
    longest = max((len(run) for run in re.findall(r"`{3,}", listing.code)), default=0)
    ticks = "`" * max(3, longest + 1)
    options = " ".join(f".{name}" for name in [listing.language, *classes])
    if title:
        options += f' title="{title}"'
    if numbers:
        options += f' hl_lines="{" ".join(numbers)}"'
    return f"{ticks} {{ {options} }}\n{listing.code}\n{ticks}"
