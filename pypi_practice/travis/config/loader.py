"""Loads ``.travis.yml`` as Travis CI does: ``on`` and 3.10 are strings."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from pypi_practice.core import regular_files
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator, translated
from pypi_practice.travis.config import yaml_positions
from pypi_practice.travis.config.schema.messages import Message
from pypi_practice.travis.config.schema.validator import Validator
from pypi_practice.travis.config.yaml_positions import Node

NAME = ".travis.yml"
SIZE_LIMIT = 256 * 1024  # bytes


def config_file(path: Path) -> Path:
    """Return *path*, or the ``.travis.yml`` in it if it is a folder."""
    return path / NAME if os.path.isdir(path) and path.name != NAME else path


def text_of(path: Path, words: Translator) -> str:
    """Return the text of ``config_file(path)``; raises PracticeError."""
    path = config_file(path)
    if any(is_kind() for is_kind in (path.is_fifo, path.is_socket, path.is_char_device)):
        raise PracticeError(words("no_regular", name=path))  # reading it could block forever
    try:
        if path.parts[1:2] in (("dev",), ("proc",)):  # such as the pipe in "check <(git show ...)"
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
        raise PracticeError(words("no_file", name=path, reason=error)) from error
    if len(data) > SIZE_LIMIT:
        raise PracticeError(words("too_large", name=path))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PracticeError(words("no_text", name=path)) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def tree(text: str, name: str, words: Translator) -> Node:
    """Return the root of *text*; raises PracticeError if it is no valid mapping."""
    if len(text) > SIZE_LIMIT:
        raise PracticeError(words("too_large", name=name))
    try:
        root = yaml_positions.parse(text)
    except yaml_positions.MarkError as error:
        reason = translated(error.reason, words.language, "travis/yaml_errors")
        raise PracticeError(words(error.code, name=name, line=error.line, reason=reason)) from error
    if root is None or root.kind != "map":
        raise PracticeError(words("no_mapping", name=name))
    return root


def refuse_doubles(root: Node, name: str, words: Translator) -> None:
    """Raise PracticeError for a duplicate key, of which Travis CI would keep only the last."""
    pending = [root]
    while pending:
        item = pending.pop()
        double = item.doubles[0] if item.doubles else None
        keys: dict[str, str] = {}
        for key, entry in item.entries.items():
            twin = {"matrix": "jobs", "user": "username"}.get(key, key)
            if twin in keys and double is None:
                first = item.entries[keys[twin]]
                double = max((entry, first), key=lambda occurrence: occurrence.line)
            keys[twin] = key
            pending.append(entry.item)
        if item.kind == "seq":
            pending += item.value
        if double is not None:
            twin = {"matrix": "jobs", "user": "username"}.get(double.key, double.key)
            raise PracticeError(words("twice", name=name, key=twin, line=double.line))


def parse(text: str, name: str, words: Translator) -> tuple[dict[str, Any], list[Message]]:
    """Return the file as Travis CI reads it, and its messages; raises PracticeError.

    Aliases are replaced by the names that Travis CI uses (``user`` by ``username``).
    """
    root = tree(text, name, words)
    refuse_doubles(root, name, words)
    checked = Validator(root)
    return checked.normal(root), checked.messages()


def read(path: Path, words: Translator) -> dict[str, Any]:
    """Return the file as Travis CI reads it; raises PracticeError."""
    return parse(text_of(path, words), str(config_file(path)), words)[0]


def messages(path: Path, words: Translator) -> list[Message]:
    """Return the messages of Travis CI about the file; raises PracticeError."""
    return parse(text_of(path, words), str(config_file(path)), words)[1]


def of_deploys(messages_of_file: list[Message]) -> list[Message]:
    """Return the messages about deploys, without advice; a rehearsal prints them."""
    return [
        message
        for message in messages_of_file
        if "deploy" in message.key.split(".") and message.level != "info"
    ]


def as_list(value: Any) -> list[Any]:
    """Return *value* as a list: itself, a list of it, or an empty one for None."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def deploys(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the deploy entries of a job or of the file, each as a new mapping."""
    entries = [
        {"provider": entry} if isinstance(entry, str) else entry
        for entry in as_list(job.get("deploy"))
    ]
    return [dict(entry) for entry in entries if isinstance(entry, dict)]
