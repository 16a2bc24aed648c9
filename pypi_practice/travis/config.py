"""Reads ``.travis.yml`` as Travis CI does: YAML 1.2, where ``on`` is a word and 3.10 stays text.

Source of the aliases and of the message for plain secrets: travis-yml.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from pypi_practice.errors import PracticeError
from pypi_practice.facts import load
from pypi_practice.travis.conditions import written
from pypi_practice.words import Words

SIZE_LIMIT = 256 * 1024  # bytes
NODE_LIMIT = 20_000
ALIASES = {"matrix": "jobs", "user": "username"}
SECRETS = ("password", "api_key", "token")


class _Reader:
    def __init__(self, name: str, words: Words) -> None:
        self.name, self.words = name, words
        self.count = 0
        self.open: list[int] = []

    def value(self, node: Node) -> Any:
        """Return *node* as text, booleans, lists and mappings."""
        self.count += 1
        if self.count > NODE_LIMIT or id(node) in self.open:
            raise PracticeError(self.words("too_deep", name=self.name))
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        self.open.append(id(node))
        try:
            if isinstance(node, SequenceNode):
                return [self.value(one) for one in node.value]
            assert isinstance(node, MappingNode)
            return self._mapping(node)
        finally:
            self.open.pop()

    def _mapping(self, node: MappingNode) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(self.value(key_node))
            key = ALIASES.get(key, key)
            if key in result:
                line = key_node.start_mark.line + 1
                raise PracticeError(self.words("twice", name=self.name, key=key, line=line))
            value = self.value(value_node)
            if key == "<<":
                for one in as_list(value):
                    merged = {**one, **merged} if isinstance(one, dict) else merged
            else:
                result[key] = value
        return {**merged, **result}

    @staticmethod
    def _scalar(node: ScalarNode) -> Any:
        plain = node.style is None
        if plain and node.value in ("true", "True", "TRUE"):
            return True
        if plain and node.value in ("false", "False", "FALSE"):
            return False
        if plain and node.value in ("", "null", "Null", "NULL", "~"):
            return None
        return node.value


def read(path: Path, words: Words) -> dict[str, Any]:
    """Return the file as a mapping; raises PracticeError with a sentence if it is none."""
    if path.is_dir():
        path /= ".travis.yml"
    try:
        if path.stat().st_size > SIZE_LIMIT:
            raise PracticeError(words("too_large", name=path))
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PracticeError(words("no_file", name=path, reason=error)) from error
    try:
        # compose() alone: a second document, a tag or a recursion never becomes an object.
        # "rt" would keep the folds of a ">-" text as control characters in it.
        node = YAML(typ="safe", pure=True).compose(text)
    except (YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        reason = getattr(error, "problem", None) or type(error).__name__
        raise PracticeError(words("not_yaml", name=path, line=line, reason=reason)) from error
    config = _Reader(str(path), words).value(node) if node is not None else None
    if not isinstance(config, dict):
        raise PracticeError(words("no_mapping", name=path))
    return config


def as_list(value: Any) -> list[Any]:
    """Return a list of what may be one thing, a list, or nothing."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def deploys(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the deploy entries of a job or of the file, each a mapping of its own."""
    return [dict(one) for one in as_list(job.get("deploy")) if isinstance(one, dict)]


@dataclass(frozen=True)
class Message:
    """What Travis CI says of the file: its level, where, and its words."""

    level: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"[{self.level}] on {self.key}: {self.text}"

    @property
    def is_fatal(self) -> bool:
        """Whether a rehearsal stops at it: a part of the file is dropped, or a secret leaks."""
        return self.level in ("error", "alert")


def messages(config: dict[str, Any]) -> list[Message]:
    """Return what Travis CI's validator says of the deploy entries of the file.

    Source: travis-yml, run on each of these inputs. What else it would say is not covered here.
    """
    section = config.get("jobs") or {}
    included = as_list(section.get("include") if isinstance(section, dict) else section)
    places = [("", config)]
    places += [
        (f"jobs.include[{number}].", job)
        for number, job in enumerate(included)
        if isinstance(job, dict)
    ]
    return [
        message
        for prefix, job in places
        for deploy in deploys(job)
        for message in _deploy_messages(f"{prefix}deploy", deploy)
    ]


def _deploy_messages(where: str, deploy: dict[str, Any]) -> Iterator[Message]:
    keys = load("travis_keys")
    provider = deploy.get("provider")
    if provider is None:
        yield Message("error", where, "missing required key: provider")
        return
    if provider not in keys["providers"]:
        yield Message("error", f"{where}.provider", f"dropping unknown value: {provider}")
    for key, value in deploy.items():
        if key in SECRETS and isinstance(value, dict) and "secure" not in value:
            text = f"dropping unexpected map, expected secure ({value})"
            yield Message("error", f"{where}.{key}", text)
        elif key in SECRETS and isinstance(value, str) and "$" not in value:
            yield Message("alert", f"{where}.{key}", "expected an encrypted string")
        elif provider == "pypi" and key not in keys["deploy"] + keys["pypi"]:
            yield Message("warn", where, f'unknown key "{key}" ({written(value)})')
        elif provider == "pypi" and key in keys["pypi"] and isinstance(value, list):
            first = value[0] if value else None
            text = f"unexpected sequence, using the first value ({first})"
            yield Message("warn", f"{where}.{key}", text)
    on = deploy.get("on")
    if isinstance(on, list):
        yield Message("error", f"{where}.on", "dropping unexpected sequence, expected map")
    if isinstance(on, dict):
        for key in on:
            if key not in keys["on"]:
                yield Message("warn", f"{where}.on", f'unknown key "{key}" ({written(on[key])})')
