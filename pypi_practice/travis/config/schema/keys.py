"""Checks the keys of mappings: aliases, misspellings, duplicates."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.travis.config import did_you_mean
from pypi_practice.travis.config.schema.messages import Message, inspect
from pypi_practice.travis.config.yaml_positions import KeyValue, Node


class KeyChecks:
    """Checks the keys of mappings; ``reported`` holds the messages.

    ``keys`` maps the id of each mapping's entries to the entries by their corrected names, so that
    the rules need not handle aliases and misspellings.
    """

    def __init__(self) -> None:
        self.schema = load("travis/schema")
        self.reported: list[Message] = []
        self.keys: dict[int, dict[str, KeyValue]] = {}
        self.replacements: dict[int, Any] = {}  # by id of an item: the corrected value
        kinds = self.schema["root"]
        self.kind_of = {key: kind for kind, keys in kinds.items() for key in keys}
        special = (
            "language",
            "os",
            "dist",
            "arch",
            "services",
            "version",
            "env",
            "stages",
            "jobs",
            "deploy",
            "cache",
            "git",
            "branches",
            "if",
            "sudo",
        )
        self.root_keys = [*self.kind_of, *special]
        providers = self.schema["providers"].values()
        options = {option.rstrip("*") for keys in providers for option in keys}
        self.never = {
            *self.schema["never_wrong"],
            *self.root_keys,
            *options,
            *self.schema["deploy"],
            *self.schema["on"],
        }
        self.never -= set(self.schema["not_guessed"])

    def report(
        self,
        level: str,
        path: str,
        code: str,
        at: KeyValue | Node,
        *,
        name: str = "",
        instead: str = "",
        **values: Any,
    ) -> None:
        text = load("travis/validator")[code].format(**values).replace("()", "", 1)
        self.reported.append(Message(level, path, code, text, at.line, at.column, name, instead))

    def fix(
        self, item: Node, path: str, known: Collection[str], aliases: Mapping[str, str] = {}
    ) -> dict[str, KeyValue]:
        """Return the entries of a mapping by the corrected names of their keys."""
        result: dict[str, KeyValue] = {}
        for double in item.doubles:
            self.report("error", path, "duplicate_key", double, name=double.key, key=double.key)
        for key, entry in item.entries.items():
            name = key
            if key not in known and not key.startswith(("_", ".")):
                name = self._fixed(key, entry, item, path, known, aliases)
            result[name] = entry
        for key, entry in result.items():
            if key in known or key.startswith(("_", ".")) or key == "merge_mode":
                continue
            if entry.item.kind == "none" or entry.item.value in ("", [], {}):
                continue
            if entry.item.anchor:
                info = "anchor on a non-private key"
                self.report("warn", path, "deprecated_key", entry, name=key, key=key, info=info)
            else:
                value = inspect(entry.item.data())
                self.report("warn", path, "unknown_key", entry, name=key, key=key, value=value)
        self.keys[id(item.value)] = result
        return result

    def _fixed(
        self,
        key: str,
        entry: KeyValue,
        item: Node,
        path: str,
        known: Collection[str],
        aliases: Mapping[str, str],
    ) -> str:
        def alias(name: str) -> str:
            other = aliases.get(name) or aliases.get(name.replace("-", "_"))
            if not other or other == name:
                return name
            self.report(
                "info", path, "alias_key", entry, name=key, instead=other, alias=name, key=other
            )
            if other in item.entries:
                self.report("error", path, "overwrite", entry, name=name, key=name, other=other)
            return other

        name = alias(key)
        filters: list[tuple[str, str, Callable[[str], str]]] = [
            ("warn", "strip_key", str.strip),
            ("info", "underscore_key", did_you_mean.underscored),
            ("warn", "clean_key", did_you_mean.cleaned),
            ("warn", "find_key", lambda word: self._near(word, known, aliases)),
        ]
        for level, code, change in filters:
            if name in known:
                break
            other = change(name)
            if other != name and (other in known or code == "find_key"):
                self.report(
                    level, path, code, entry, name=key, instead=other, original=name, key=other
                )
                name = other
            if name not in known:
                name = alias(name)
        return name

    def _near(self, word: str, known: Collection[str], aliases: Mapping[str, str]) -> str:
        guessed = set(self.schema["not_guessed"])
        words = [word for word in [*known, *aliases] if word not in guessed]
        return did_you_mean.match(words, word, self.never) or word
