"""Finds the keys of a .travis.yml that a rehearsal does not support, so that it reports them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config.loader import as_list, deploys

# Sections whose keys are examined individually.
SECTIONS = ("git", "cache", "jobs", "stages", "env", "branches")
PLAYED_PROVIDERS = ("pypi", "script")


@dataclass(frozen=True)
class Unplayed:
    """An unsupported key, the group of its sentence, and its text with values."""

    key: str
    group: str
    text: str


def _values(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [str(item) for item in value]
    return [
        str(item.get("source", next(iter(item), "")) if isinstance(item, dict) else item)
        for item in as_list(value)
        if item is not None and not isinstance(item, bool)
    ]


def unplayed(config: dict[str, Any], jobs: Iterable[dict[str, Any]]) -> list[Unplayed]:
    """Return the keys of the file and of its *jobs* that a rehearsal does not support."""
    facts = load("travis/keys")
    groups = {key: name for name, group in facts["groups"].items() for key in group["keys"]}
    ignored_keys = {*facts["played"], *facts["quiet"]}
    by_text: dict[str, Unplayed] = {}

    def add(key: str, value: Any) -> None:
        top = key.partition(".")[0]
        if key in ignored_keys or value is None:
            return
        group = groups.get(key) or (groups.get(top) if "." in key else None) or "unknown"
        values = _values(value) if key in facts["shows_values"] else []
        text = f"{key} ({', '.join(values)})" if values else key
        by_text.setdefault(text, Unplayed(key, group, text))

    for owner in (config, *jobs):
        for key in sorted(owner):
            value = owner[key]
            if key == "cache":
                _cache(value, add)
            elif key in SECTIONS:
                for name in sorted(value) if isinstance(value, dict) and key != "env" else ():
                    add(f"{key}.{name}", value[name])
            elif key not in ("deploy", "arch") or (key == "arch" and value != "amd64"):
                add(key, value)
        for deploy in deploys(owner):
            if deploy.get("provider") in PLAYED_PROVIDERS:
                for name in sorted(set(deploy) - {"if", "true"}):
                    if deploy[name] is not False:
                        add(f"deploy.{name}", deploy[name])
    if is_encrypted(config):
        add("secure", "yes")
    return list(by_text.values())


def _cache(value: Any, add: Any) -> None:
    """Add the caches other than pip's; ``cache`` is a string, a list or a mapping."""
    requested: dict[Any, Any] = {}
    for item in as_list(value):
        if isinstance(item, dict):
            requested |= item
        elif not isinstance(item, list):
            requested[item] = True
    quiet = {name.partition(".")[2] for name in load("travis/keys")["quiet"] if "cache." in name}
    unsupported = [
        str(key)
        for key, is_requested in requested.items()
        if is_requested and key not in {"pip", *quiet}
    ]
    if unsupported and unsupported != ["False"]:
        add("cache", unsupported)


def is_encrypted(value: Any) -> bool:
    """Whether *value* has an encrypted value, which only Travis CI can decrypt."""
    if isinstance(value, dict):
        return "secure" in value or any(is_encrypted(item) for item in value.values())
    return isinstance(value, list) and any(is_encrypted(item) for item in value)


def sentences(unplayed_keys: Iterable[Unplayed], words: Translator) -> list[str]:
    """Return one sentence for each group of unsupported keys."""
    groups: dict[str, list[str]] = {}
    for key in unplayed_keys:
        groups.setdefault(key.group, []).append(key.text)
    facts = load("travis/keys")["groups"]
    return [
        facts[name][words.language].format(keys=", ".join(keys)) for name, keys in groups.items()
    ]
