"""Checks the values of keys: their kinds, and the corrections of Travis CI."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

from pypi_practice.travis.config import build_conditions, did_you_mean
from pypi_practice.travis.config.schema.keys import KeyChecks
from pypi_practice.travis.config.schema.messages import inspect
from pypi_practice.travis.config.yaml_positions import KeyValue, Node

YES = ("true", "on", "yes", "enabled", "required")
NO = ("false", "off", "no", "disabled", "not required")


def is_secure(item: Node) -> bool:
    """Whether *item* is an encrypted value, ``secure: …``."""
    return item.kind == "map" and list(item.entries) == ["secure"]


def _kind(item: Node) -> str:
    return "secure" if is_secure(item) else item.kind


class ValueChecks(KeyChecks):
    """Checks the values of keys, and records the corrected ones."""

    def wrong(self, entry: KeyValue, path: str, expected: str, item: Node | None = None) -> None:
        item = item or entry.item
        self.report(
            "error",
            path,
            "invalid_type",
            entry,
            actual=_kind(item),
            expected=expected,
            value=inspect(item.data()),
        )

    def first(self, entry: KeyValue, path: str) -> Node | None:
        """Return the value of a key that takes a single one; of a list, its first item."""
        item = entry.item
        if item.kind == "seq" and item.value and item.value[0].scalar:
            value = inspect(item.value[0].data())
            self.report("warn", path, "unexpected_seq", entry, name=entry.key, value=value)
            first: Node = item.value[0]
            self.replacements[id(item)] = first.data()
            return first
        return item

    def text(self, entry: KeyValue, path: str) -> None:
        item = self.first(entry, path)
        if item and item.value and not item.scalar:
            self.wrong(entry, path, "str", item)

    def texts(self, entry: KeyValue, path: str) -> None:
        for item in entry.item.items:
            if item.kind == "map" and item.value:
                self.wrong(entry, path, "str", item)

    def yes_or_no(self, entry: KeyValue, path: str) -> None:
        item = self.first(entry, path)
        if item is None or item.kind in ("bool", "none") or not item.value:
            return
        if item.kind == "str":
            words = (item.value, re.sub(r"\W", "", item.value))
            word = next((word for word in words if word in YES + NO), None)
            word = word or did_you_mean.match(YES + NO, item.value)
            if word:
                self.replacements[id(entry.item)] = word in YES
                return
        if item.kind != "num":
            self.wrong(entry, path, "bool", item)

    def anything(self, entry: KeyValue, path: str) -> None:
        """Accept any value; it is not checked."""

    def choice(self, entry: KeyValue, path: str, name: str, several: bool = False) -> list[str]:
        """Check a value that must be one of a list; return the corrected values."""
        values = self.schema["values"][name]
        aliases = self.schema["value_aliases"].get(name, {})
        item = entry.item if several else self.first(entry, path)
        result = []
        for element in item.items if item else []:
            if element.kind == "map":
                self.wrong(entry, path, "str", element)
                continue
            result.append(self._choice(str(inspect(element.data())), entry, path, values, aliases))
        if result:
            several = several and entry.item.kind == "seq"
            self.replacements[id(entry.item)] = result if several else result[0]
        return result

    def _choice(
        self, word: str, entry: KeyValue, path: str, values: list[str], aliases: Mapping[str, str]
    ) -> str:
        if word != word.lower():
            low = word.lower()
            self.report("info", path, "downcase", entry, name=word, instead=low, value=word)
            word = low
        if word in values:
            return word
        if word in aliases:
            other = aliases[word]
            self.report(
                "info",
                path,
                "alias_value",
                entry,
                name=word,
                instead=other,
                alias=word,
                value=other,
            )
            return other
        other = did_you_mean.match(values, word, self.never) or ""
        code = "find_value"
        if not other:
            code = "clean_value"
            part = (word.split() or [""])[0]
            tries = (part, re.sub(r"\W", "", word), re.sub("[^a-z]", "", part))
            other = next((candidate for candidate in tries if candidate in values), "")
        if not other:
            self.report("error", path, "unknown_value", entry, name=word, value=word)
            return word
        self.report("warn", path, code, entry, name=word, instead=other, original=word, value=other)
        return other

    def secret(self, entry: KeyValue, path: str, strict: bool = True) -> None:
        item = self.first(entry, path)
        if item is None or item.kind == "none":
            return
        if is_secure(item):
            inner = item.entries["secure"].item
            if inner.kind == "none" or not inner.value:
                key_path = f"{path}.secure"
                self.report("warn", key_path, "empty", entry, key=key_path)
            elif strict and not _is_base64(str(inner.value)):
                value = inspect(item.data())
                self.report("warn", f"{path}.secure", "invalid_secure", entry, value=value)
        elif item.kind in ("map", "seq"):
            self.wrong(entry, path, "secure", item)
        elif strict and item.kind == "str" and item.value:
            variable = item.value.startswith("$") and ":$" not in item.value
            if not variable:
                self.report("alert", path, "secure", entry)

    def condition(self, entry: KeyValue, path: str) -> None:
        item = self.first(entry, path)
        if item is None or item.kind != "str":
            return
        try:
            build_conditions.parse(item.value)
        except (build_conditions.ConditionError, RecursionError) as error:
            reason = str(error)
            if reason.startswith(("Could not parse", "expected")):
                reason = ""
            self.report(
                "error",
                path,
                "invalid_condition",
                entry,
                name=item.value,
                condition=item.value,
                message=reason,
            )


def _is_base64(text: str) -> bool:
    text = re.sub(r"\s", "", text)
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except (binascii.Error, ValueError):
        return False
