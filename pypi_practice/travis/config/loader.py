"""Reads ``.travis.yml`` as Travis CI does: YAML 1.2, where ``on`` is a word and 3.10 stays text."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pypi_practice.core import regular_files
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import yaml_positions
from pypi_practice.travis.config.schema.messages import Message
from pypi_practice.travis.config.schema.validator import Validator
from pypi_practice.travis.config.yaml_positions import Node

NAME = ".travis.yml"
SIZE_LIMIT = 256 * 1024  # bytes


def place(path: Path) -> Path:
    """Return the file that *path* means: itself, or the ``.travis.yml`` of the folder."""
    return path / NAME if os.path.isdir(path) and path.name != NAME else path


def text_of(path: Path, words: Translator) -> str:
    """Return what the file, or the ``.travis.yml`` of the folder, holds; raises PracticeError."""
    path = place(path)
    if any(is_kind() for is_kind in (path.is_fifo, path.is_socket, path.is_char_device)):
        raise PracticeError(words("no_regular", name=path))  # reading it could wait for ever
    try:
        if path.parts[1:2] in (("dev",), ("proc",)):  # as "check <(git show ...)" names a pipe
            with path.open("rb") as file:
                data = file.read(SIZE_LIMIT + 1)
        else:
            data = regular_files.read(path, SIZE_LIMIT)
    except FileNotFoundError as error:
        raise PracticeError(words("no_such_file", name=path)) from error
    except regular_files.TooLargeError as error:
        raise PracticeError(words("too_large", name=path)) from error
    except regular_files.NotRegularError as error:
        raise PracticeError(words("not_regular", name=path)) from error
    except OSError as error:
        raise PracticeError(words("no_file", name=path, reason=error.strerror)) from error
    if len(data) > SIZE_LIMIT:
        raise PracticeError(words("too_large", name=path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PracticeError(words("no_text", name=path)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def tree(text: str, name: str, words: Translator) -> Node:
    """Return *text* with its marks; raises PracticeError with a sentence if it is no mapping."""
    if len(text) > SIZE_LIMIT:
        raise PracticeError(words("too_large", name=name))
    try:
        root = yaml_positions.parse(text)
    except yaml_positions.MarkError as error:
        raise PracticeError(
            words(error.code, name=name, line=error.line, reason=error.reason)
        ) from error
    if root is None or root.kind != "map":
        raise PracticeError(words("no_mapping", name=name))
    return root


def refuse_doubles(root: Node, name: str, words: Translator) -> None:
    """Raise PracticeError for a key that stands twice: Travis CI would keep only the last."""
    pending = [root]
    while pending:
        item = pending.pop()
        double = item.doubles[0] if item.doubles else None
        seen: dict[str, str] = {}
        for key, entry in item.entries.items():
            twin = {"matrix": "jobs", "user": "username"}.get(key, key)
            if twin in seen and double is None:
                first = item.entries[seen[twin]]
                double = max((entry, first), key=lambda occurrence: occurrence.line)
            seen[twin] = key
            pending.append(entry.item)
        if item.kind == "seq":
            pending += item.value
        if double is not None:
            twin = {"matrix": "jobs", "user": "username"}.get(double.key, double.key)
            raise PracticeError(words("twice", name=name, key=twin, line=double.line))


def parse(text: str, name: str, words: Translator) -> tuple[dict[str, Any], list[Message]]:
    """Return the file as Travis CI takes it, and what it says of it; raises PracticeError.

    Keys and values stand under the names that Travis CI uses for them (``user`` is ``username``).
    """
    root = tree(text, name, words)
    refuse_doubles(root, name, words)
    checked = Validator(root)
    return checked.normal(root), checked.messages()


def read(path: Path, words: Translator) -> dict[str, Any]:
    """Return the file as Travis CI takes it; raises PracticeError with a sentence if it is none."""
    return parse(text_of(path, words), str(place(path)), words)[0]


def messages(path: Path, words: Translator) -> list[Message]:
    """Return what Travis CI says of the file; raises PracticeError if it cannot be read."""
    return parse(text_of(path, words), str(place(path)), words)[1]


def of_deploys(messages_of_file: list[Message]) -> list[Message]:
    """Return the messages that concern what is published: those a rehearsal repeats."""
    return [
        message
        for message in messages_of_file
        if "deploy" in message.key.split(".") and message.level != "info"
    ]


def as_list(value: Any) -> list[Any]:
    """Return a list of what may be one thing, a list, or nothing."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def deploys(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the deploy entries of a job or of the file, each a mapping of its own."""
    entries = [
        {"provider": entry} if isinstance(entry, str) else entry
        for entry in as_list(job.get("deploy"))
    ]
    return [dict(entry) for entry in entries if isinstance(entry, dict)]
