"""Moves a finished file to its place, so that a crash leaves no file without a record."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

MOVED = ".moved"  # the ending of the note about one that is being moved


@dataclass(frozen=True)
class Move:
    """A file on its way from where uploads wait to where its record says.

    A note beside it says so until its record is written: after a crash, that file is swept whose
    record is missing, and no other.
    """

    content: Path
    target: Path

    @property
    def _note(self) -> Path:
        return self.content.with_suffix(MOVED)

    def begin(self, destination: str) -> None:
        """Move the file; *destination* is the content of the note."""
        try:
            self._note.write_text(destination, encoding="utf-8")
            os.replace(self.content, self.target)
        except OSError:
            self._remove_note()
            raise

    def undo(self) -> None:
        """Move it back; what cannot be moved is swept at the next start, by its note."""
        with contextlib.suppress(OSError):
            os.replace(self.target, self.content)
            self._remove_note()

    def finish(self) -> None:
        """Forget the move, now that the record is written."""
        self._remove_note()

    def _remove_note(self) -> None:
        with contextlib.suppress(OSError):  # it says nothing wrong; the next start sweeps it
            self._note.unlink(missing_ok=True)


def sync_directory(directory: Path, system: str = os.name) -> None:
    """Make a rename last through a power cut; not on Windows, which opens no folder."""
    if system == "nt":
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
