"""An upload as it comes in: a multipart form whose file goes to disk, hashed on the way."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from pypi_practice.store import Store

CHUNK = 64 * 1024
FIELD_LIMIT = 4 * 1024 * 1024  # a description may be long; a form field is never this long
FIELD_COUNT_LIMIT = 5000


class BrokenForm(Exception):
    """The body is not a whole multipart form."""


@dataclass
class Form:
    """The fields of an upload, in order and with repeats, and its file."""

    fields: list[tuple[str, str]] = field(default_factory=list)
    filename: str | None = None
    content: Path | None = None
    content_type: str | None = None
    size: int = 0
    digests: dict[str, str] = field(default_factory=dict)

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a field, stripped, or *default*."""
        return next((value.strip() for key, value in self.fields if key == name), default)

    def all(self, name: str) -> list[str]:
        """Return every value of a field."""
        return [value for key, value in self.fields if key == name]

    def discard(self) -> None:
        """Remove the file, if it still lies where uploads wait."""
        if self.content is not None:
            self.content.unlink(missing_ok=True)


class _Content:
    """The file of the form while it is coming in."""

    def __init__(self, stream: BinaryIO, limit: int) -> None:
        self.stream = stream
        self.limit = limit
        self.size = 0
        self.hashes = {
            "md5": hashlib.md5(usedforsecurity=False),
            "sha256": hashlib.sha256(),
            "blake2_256": hashlib.blake2b(digest_size=32),
        }

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > self.limit:
            return  # one byte too many is known to be too many; the rest need not be kept
        self.stream.write(data)
        for digest in self.hashes.values():
            digest.update(data)

    def close(self) -> None:
        self.stream.flush()
        os.fsync(self.stream.fileno())
        self.stream.close()


def read(stream: BinaryIO, content_type: str, length: int, store: Store, limit: int) -> Form:
    """Read a whole form of *length* bytes; the file, of at most *limit* bytes, goes to *store*.

    Raises BrokenForm, and keeps nothing, if the body is not a whole form: a cut upload never
    becomes a file.
    """
    kind, options = parse_options_header(content_type)
    if kind != "multipart/form-data" or not options.get("boundary"):
        raise BrokenForm("not a form")
    form = Form()
    segment: MultipartSegment | None = None
    value = bytearray()
    content: _Content | None = None
    try:
        with PushMultipartParser(
            options["boundary"], content_length=length, max_segment_count=FIELD_COUNT_LIMIT
        ) as parser:
            left = length
            while not parser.closed and left > 0:
                chunk = stream.read(min(CHUNK, left))
                if not chunk:
                    break
                left -= len(chunk)
                for event in parser.parse(chunk):
                    if isinstance(event, MultipartSegment):
                        segment, value = event, bytearray()
                        if event.name == "content" and event.filename and content is None:
                            target, form.content = store.unfinished_file()
                            content = _Content(target, limit)
                            form.filename = event.filename
                            form.content_type = event.content_type
                    elif event is None:
                        _finish(form, segment, value)
                        segment = None
                    elif content is not None and segment is not None and segment.name == "content":
                        content.write(event)
                    elif len(value) + len(event) > FIELD_LIMIT:
                        raise BrokenForm("a field is too long")
                    else:
                        value += event
        if content is not None:
            content.close()
            form.size = content.size
            form.digests = {name: digest.hexdigest() for name, digest in content.hashes.items()}
    except (MultipartError, BrokenForm, OSError, UnicodeDecodeError) as error:
        if content is not None:
            content.stream.close()
        form.discard()
        if isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError):
            raise
        raise BrokenForm(str(error)) from error
    return form


def _finish(form: Form, segment: MultipartSegment | None, value: bytearray) -> None:
    """Keep a field; drop what old tools send for "nothing", as PyPI does."""
    if segment is None or segment.name is None or segment.name == "content":
        return
    text = value.decode("utf-8", "replace").replace("\x00", "\\x00")
    if text.strip() != "UNKNOWN":
        form.fields.append((segment.name, text))
