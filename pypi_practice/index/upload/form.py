"""An upload as it comes in: a multipart form and its file."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from multipart import MultipartError, MultipartSegment, PushMultipartParser, parse_options_header

from pypi_practice.core.limits import DESCRIPTION_SIZE, FIELD_COUNT, FIELDS_SIZE, MIB
from pypi_practice.index.upload.rejection import TooMuch
from pypi_practice.index.upload.spool import Incoming

if TYPE_CHECKING:  # the worker processes parse forms, and load no more than they need
    from pypi_practice.index.storage.store import Store

CHUNK = 64 * 1024


class BrokenForm(Exception):
    """The body is not a whole multipart form."""


@dataclass
class Form:
    """The fields of an upload, in order and with repeats, and its file.

    ``tuples`` are the names of fields that came with a file name.
    """

    fields: list[tuple[str, str]] = field(default_factory=list)
    tuples: list[str] = field(default_factory=list)
    filename: str | None = None
    content: Incoming | None = None
    content_type: str | None = None

    def get(self, name: str, default: str = "") -> str:
        """Return the first value of a field as it was sent, or *default*."""
        return next((value for key, value in self.fields if key == name), default)

    def all(self, name: str) -> list[str]:
        """Return every value of a field."""
        return [value for key, value in self.fields if key == name]

    def discard(self) -> None:
        """Let go of the file, which the store has taken by now, or never will."""
        if self.content is not None:
            self.content.discard()
            self.content = None


class _Reader:
    """Takes the events of the parser and fills a form."""

    def __init__(self, store: Store, limit: int) -> None:
        self.form = Form()
        self.store, self.limit = store, limit
        self.segment: MultipartSegment | None = None
        self.value = bytearray()
        self.total, self.described, self.count = 0, 0, 0
        self.in_content = False

    def take(self, event: MultipartSegment | bytearray | None) -> None:
        if isinstance(event, MultipartSegment):
            self._start(event)
        elif event is None:
            self._end()
        elif self.in_content and self.form.content is not None:
            self.form.content.write(event)
        else:
            self.value += event
            if self.segment is not None and self.segment.name == "description":
                self.described += len(event)
                if self.described > DESCRIPTION_SIZE:
                    raise TooMuch("description_size", {"limit": DESCRIPTION_SIZE // 1024})
            else:
                self._count_bytes(len(event))

    def _count_bytes(self, size: int) -> None:
        self.total += size
        if self.total > FIELDS_SIZE:
            raise TooMuch("form_size", {"limit": FIELDS_SIZE // MIB})

    def _start(self, segment: MultipartSegment) -> None:
        self.segment, self.value = segment, bytearray()
        self.count += 1
        if self.count > FIELD_COUNT:
            raise TooMuch("form_fields", {"limit": FIELD_COUNT})
        self._count_bytes(len(segment.name or ""))
        self.in_content = segment.name == "content" and bool(segment.filename)
        if self.in_content:
            self.form.discard()  # of two files, the last one counts
            self.form.content = Incoming(self.store.unfinished_file, self.limit)
            self.form.filename = segment.filename
            self.form.content_type = segment.content_type

    def _end(self) -> None:
        segment, self.segment = self.segment, None
        if segment is None or segment.name is None or segment.name == "content":
            return
        if segment.filename and segment.name != "gpg_signature":
            self.form.tuples.append(segment.name)
        text = self.value.decode("utf-8", "replace").replace("\x00", "\\x00")
        self.form.fields.append((segment.name, text))

    def finish(self) -> Form:
        # What old tools send for "nothing" is dropped, as PyPI does: by the last value of a field.
        last = dict(self.form.fields)
        self.form.fields = [pair for pair in self.form.fields if last[pair[0]].strip() != "UNKNOWN"]
        return self.form


def read(stream: BinaryIO, content_type: str, length: int | None, store: Store, limit: int) -> Form:
    """Read a whole form of *length* bytes; of the file at most *limit* bytes wait in *store*.

    A length of None means until the end, a limit of 0 that no file is kept at all. Raises
    BrokenForm, and keeps nothing, if the body is not a whole form: a cut upload never becomes a
    file; and TooMuch, if its fields are too many or too long. Either way the body has been read as
    far as it goes, so that the client sees the answer.
    """
    body = _Body(stream, length)
    reader = _Reader(store, limit)
    try:
        kind, options = parse_options_header(content_type)
        if kind != "multipart/form-data" or not options.get("boundary"):
            raise BrokenForm("not a form")
        with PushMultipartParser(
            options["boundary"], content_length=-1 if length is None else length
        ) as parser:
            while not parser.closed and (chunk := body.read()):
                for event in parser.parse(chunk):
                    reader.take(event)
    except (MultipartError, BrokenForm, ValueError, OSError) as error:
        # An OSError here is of the connection: those of the disk wait in the content.
        reader.form.discard()
        body.drain()
        raise BrokenForm(str(error)) from error
    except TooMuch:
        reader.form.discard()
        body.drain()
        raise
    except BaseException:
        reader.form.discard()
        raise
    body.drain()
    return reader.finish()


class _Body:
    """The bytes of a request, as far as the client promised them."""

    def __init__(self, stream: BinaryIO, length: int | None) -> None:
        self.stream, self.remaining = stream, length

    def read(self) -> bytes:
        size = CHUNK if self.remaining is None else min(CHUNK, self.remaining)
        data = self.stream.read(size) if size else b""
        if self.remaining is not None:
            self.remaining = self.remaining - len(data) if data else 0
        return data

    def drain(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            while self.read():
                pass


def drain(stream: BinaryIO, length: int | None) -> None:
    """Read what the client still sends: one that is cut off would never see the answer."""
    _Body(stream, length).drain()
