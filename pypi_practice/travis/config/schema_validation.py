"""What Travis CI's own validator says of a file: its levels, its codes, its words.

Source: travis-yml at commit 8d6f36f7 (lib/travis/yml.rb, lib/travis/yml/doc). The folder
tests/fixtures/travis holds what the real one says of each of its files. Not covered: the keys
inside ``addons``, ``notifications``, ``import``, ``vault``, ``vm`` and ``workspaces``, and the
kinds of the options of the deploy providers other than pypi and script.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.travis.config import (
    build_conditions,
    did_you_mean,
    regular_expressions,
    ruby_patterns,
)
from pypi_practice.travis.config.regular_expressions import Budget
from pypi_practice.travis.config.yaml_positions import KeyValue, Node

LEVELS = ("info", "warn", "error", "alert")
YES = ("true", "on", "yes", "enabled", "required")
NO = ("false", "off", "no", "disabled", "not required")
OPTIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "pypi": {
        "yes_or_no": (
            "skip_existing",
            "upload_docs",
            "skip_upload_docs",
            "twine_check",
            "remove_build_dir",
        ),
        "text": (
            "server",
            "distributions",
            "docs_dir",
            "setuptools_version",
            "twine_version",
            "wheel_version",
        ),
    },
    "script": {"text": ("script",)},
}
DEFAULTS = {"pages": {"strategy": "git"}, "heroku": {"strategy": "api"}}
DEPRECATED = {"sudo": "The key `sudo` has no effect anymore."}
DEPRECATED_OPTIONS = {
    "skip_cleanup": "not supported in dpl v2, use cleanup",
    "skip_upload_docs": "use upload_docs: false",
    "no_promote": "use promote: false",
    "no_stop_previous_version": "use stop_previous_version: false",
}
VERSION = re.compile(r"(~>|>|>=|=|<=|<) (\d+(?:\.\d+)?(?:\.\d+)?)")
# Not for Python's re, which would take exponential time.
ENV = regular_expressions.whole(
    ruby_patterns.ruby(
        r"""\s*(?:[^\s=]+=(?:"(?:\\.|[^"\\])*"|'[^']*'|\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`|\\.|[^\s'"`])*\s*)*"""
    )
)


@dataclass(frozen=True)
class Message:
    """What Travis CI says: its level, the key, its code and words, and where (from 1)."""

    level: str
    key: str
    code: str
    text: str
    line: int = 1
    column: int = 1
    name: str = ""  # the key or value that it is about, as the file writes it
    instead: str = ""  # what Travis CI takes for it

    def __str__(self) -> str:
        return f"[{self.level}] on {self.key}: {self.text}"

    @property
    def is_fatal(self) -> bool:
        """Whether a rehearsal stops at it: a part of the file is dropped, or a secret leaks."""
        return self.level in ("error", "alert")


def inspect(value: Any, top: bool = True) -> str:
    """Return *value* as Ruby shows it in a message."""
    if isinstance(value, dict):
        pairs = (f"{_symbol(key)}=>{inspect(one, False)}" for key, one in value.items())
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(inspect(one, False) for one in value) + "]"
    if value is None:
        return "" if top else "nil"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    if top:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _symbol(key: str) -> str:
    return f":{key}" if re.fullmatch(r"[A-Za-z_]\w*[?!]?", key) else f":{inspect(key, False)}"


def is_secure(item: Node) -> bool:
    """Whether it is ``secure: …`` and nothing else."""
    return item.kind == "map" and list(item.entries) == ["secure"]


def _kind(item: Node) -> str:
    return "secure" if is_secure(item) else item.kind


def _path(path: str, key: str) -> str:
    return key if path == "root" else f"{path}.{key}"


class Validator:
    """Goes through a file once; ``found`` holds the messages, ``config`` what keys it saw.

    ``keys`` maps the id of each mapping's entries to the entries by the names that Travis CI
    uses in their place, so that the rules need not know of aliases and misspellings.
    """

    def __init__(self, root: Node) -> None:
        self.schema = load("travis/schema")
        self.found: list[Message] = []
        self.keys: dict[int, dict[str, KeyValue]] = {}
        self.taken: dict[int, Any] = {}  # by the id of an item: what stands in its place
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
        options = {one.rstrip("*") for keys in providers for one in keys}
        self.never = {
            *self.schema["never_wrong"],
            *self.root_keys,
            *options,
            *self.schema["deploy"],
            *self.schema["on"],
        }
        self.never -= set(self.schema["not_guessed"])
        self.root(root)

    def say(
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
        self.found.append(Message(level, path, code, text, at.line, at.column, name, instead))

    # Keys

    def fix(
        self, item: Node, path: str, known: Collection[str], aliases: Mapping[str, str] = {}
    ) -> dict[str, KeyValue]:
        """Return the entries of a mapping by the names that Travis CI takes for their keys."""
        result: dict[str, KeyValue] = {}
        for double in item.doubles:
            self.say("error", path, "duplicate_key", double, name=double.key, key=double.key)
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
                self.say("warn", path, "deprecated_key", entry, name=key, key=key, info=info)
            else:
                value = inspect(entry.item.data())
                self.say("warn", path, "unknown_key", entry, name=key, key=key, value=value)
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
            self.say(
                "info", path, "alias_key", entry, name=key, instead=other, alias=name, key=other
            )
            if other in item.entries:
                self.say("error", path, "overwrite", entry, name=name, key=name, other=other)
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
                self.say(
                    level, path, code, entry, name=key, instead=other, original=name, key=other
                )
                name = other
            if name not in known:
                name = alias(name)
        return name

    def _near(self, word: str, known: Collection[str], aliases: Mapping[str, str]) -> str:
        guessed = set(self.schema["not_guessed"])
        words = [one for one in [*known, *aliases] if one not in guessed]
        return did_you_mean.match(words, word, self.never) or word

    # Values

    def wrong(self, entry: KeyValue, path: str, expected: str, item: Node | None = None) -> None:
        item = item or entry.item
        self.say(
            "error",
            path,
            "invalid_type",
            entry,
            actual=_kind(item),
            expected=expected,
            value=inspect(item.data()),
        )

    def first(self, entry: KeyValue, path: str) -> Node | None:
        """Return the one value of a key that takes one, or None if there is none that fits."""
        item = entry.item
        if item.kind == "seq" and item.value and item.value[0].scalar:
            value = inspect(item.value[0].data())
            self.say("warn", path, "unexpected_seq", entry, name=entry.key, value=value)
            first: Node = item.value[0]
            self.taken[id(item)] = first.data()
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
            word = next((one for one in words if one in YES + NO), None)
            word = word or did_you_mean.match(YES + NO, item.value)
            if word:
                self.taken[id(entry.item)] = word in YES
                return
        if item.kind != "num":
            self.wrong(entry, path, "bool", item)

    def anything(self, entry: KeyValue, path: str) -> None:
        """Say nothing: this is not looked into."""

    def choice(self, entry: KeyValue, path: str, name: str, several: bool = False) -> list[str]:
        """Check a value that must be one of a list; return what Travis CI takes for it."""
        values = self.schema["values"][name]
        aliases = self.schema["value_aliases"].get(name, {})
        item = entry.item if several else self.first(entry, path)
        result = []
        for one in item.items if item else []:
            if one.kind == "map":
                self.wrong(entry, path, "str", one)
                continue
            result.append(self._choice(str(inspect(one.data())), entry, path, values, aliases))
        if result:
            several = several and entry.item.kind == "seq"
            self.taken[id(entry.item)] = result if several else result[0]
        return result

    def _choice(
        self, word: str, entry: KeyValue, path: str, values: list[str], aliases: Mapping[str, str]
    ) -> str:
        if word != word.lower():
            low = word.lower()
            self.say("info", path, "downcase", entry, name=word, instead=low, value=word)
            word = low
        if word in values:
            return word
        if word in aliases:
            other = aliases[word]
            self.say(
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
            other = next((one for one in tries if one in values), "")
        if not other:
            self.say("error", path, "unknown_value", entry, name=word, value=word)
            return word
        self.say("warn", path, code, entry, name=word, instead=other, original=word, value=other)
        return other

    def secret(self, entry: KeyValue, path: str, strict: bool = True) -> None:
        item = self.first(entry, path)
        if item is None or item.kind == "none":
            return
        if is_secure(item):
            inner = item.entries["secure"].item
            if inner.kind == "none" or not inner.value:
                where = f"{path}.secure"
                self.say("warn", where, "empty", entry, key=where)
            elif strict and not _is_base64(str(inner.value)):
                value = inspect(item.data())
                self.say("warn", f"{path}.secure", "invalid_secure", entry, value=value)
        elif item.kind in ("map", "seq"):
            self.wrong(entry, path, "secure", item)
        elif strict and item.kind == "str" and item.value:
            variable = item.value.startswith("$") and ":$" not in item.value
            if not variable:
                self.say("alert", path, "secure", entry)

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
            self.say(
                "error",
                path,
                "invalid_condition",
                entry,
                name=item.value,
                condition=item.value,
                message=reason,
            )

    # The parts of the file

    def root(self, item: Node) -> None:
        aliases = self.schema["aliases"]
        entries = self.fix(item, "root", self.root_keys, aliases)
        given = {key for key, entry in entries.items() if entry.item.kind != "none"}
        if "language" not in given:
            self.say("info", "root", "default", item, key="language", default="ruby")
        if "os" not in given:
            self.say("info", "root", "default", item, key="os", default="linux")
        systems = ["linux"]
        for key, entry in entries.items():
            if key == "os":
                systems = self.choice(entry, "os", "os", several=True)
            elif key in self.root_keys:
                self.job_key(key, entry, "root")
        if "dist" not in given and any(one.startswith("linux") for one in systems[:1]):
            self.say("info", "root", "default", item, key="dist", default="focal")

    def job_key(self, key: str, entry: KeyValue, path: str) -> None:
        where = _path(path, key)
        if key in DEPRECATED and entry.item.kind != "none":
            self.say(
                "warn", path, "deprecated_key", entry, name=entry.key, key=key, info=DEPRECATED[key]
            )
        kind = self.kind_of.get(key)
        if kind:
            getattr(self, kind)(entry, where)
        elif key in ("language", "dist"):
            self.choice(entry, where, key)
        elif key in ("os", "arch", "services"):
            self.choice(entry, where, key, several=True)
        elif key == "version":
            self.version(entry, where)
        elif key == "if":
            self.condition(entry, where)
        elif key in {"name", "stage"}:
            self.text(entry, where)
        elif key in ("env", "stages", "jobs", "deploy", "branches"):
            getattr(self, key)(entry, where)
        elif key in ("cache", "git") and entry.item.kind == "map":
            self.fix(entry.item, where, self.schema[key])

    def version(self, entry: KeyValue, path: str) -> None:
        item = self.first(entry, path)
        if item and item.scalar and not VERSION.fullmatch(str(item.value)):
            value = inspect(item.data())
            self.say("error", path, "invalid_format", entry, name=value, value=value)

    def env(self, entry: KeyValue, path: str) -> None:
        item = entry.item
        if item.kind == "map" and {"global", "jobs", "matrix"} & set(item.entries):
            known = ["global", "jobs", *(k for k in item.entries if k != "matrix")]
            for key, one in self.fix(item, path, known, {"matrix": "jobs"}).items():
                if key in ("global", "jobs"):
                    self.assignments(one, f"{path}.{key}")
        elif not is_secure(item):
            self.assignments(entry, f"{path}.jobs" if path == "env" else path)

    def assignments(self, entry: KeyValue, path: str) -> None:
        for item in entry.item.items:
            if item.kind == "str" and not _is_env(item.value):
                self.say("error", path, "invalid_env_var", entry, name=item.value, var=item.value)

    def branches(self, entry: KeyValue, path: str) -> None:
        if entry.item.kind == "map":
            entries = self.fix(entry.item, path, self.schema["branches"], {"exclude": "except"})
            for key, one in entries.items():
                if key in self.schema["branches"]:
                    self.texts(one, f"{path}.{key}")

    def stages(self, entry: KeyValue, path: str) -> None:
        for item in entry.item.items:
            if item.kind == "map":
                for key, one in self.fix(item, path, self.schema["stage"]).items():
                    if key == "if":
                        self.condition(one, f"{path}.if")

    def jobs(self, entry: KeyValue, path: str) -> None:
        item = entry.item
        if item.kind == "map":
            sections = self.fix(item, path, self.schema["jobs"])
        elif item.kind == "seq":
            sections = {"include": entry}
        else:
            if item.kind != "none":
                self.wrong(entry, path, "map")
            return
        missing = set(self.schema["only_root"])
        known = [key for key in self.root_keys if key not in missing] + self.schema["only_job"]
        aliases = {a: k for a, k in self.schema["aliases"].items() if k not in missing}
        for name, section in sections.items():
            if name == "fast_finish":
                self.yes_or_no(section, f"{path}.{name}")
            if name not in ("include", "exclude", "allow_failures"):
                continue
            where, names = f"{path}.{name}", []
            for job in section.item.items:
                if job.kind != "map":
                    self.wrong(section, where, "map", job)
                    continue
                for key, one in self.fix(job, where, known, aliases).items():
                    if key in known:
                        self.job_key(key, one, where)
                    if key == "name" and one.item.kind == "str":
                        names.append(one.item.value)
            twice = [name for name, times in Counter(names).items() if times > 1]
            if twice and name == "include":
                values = f"name: {', '.join(twice)}"
                self.say("info", where, "duplicate", section, values=values)

    def deploy(self, entry: KeyValue, path: str) -> None:
        for item in entry.item.items:
            if item.kind == "map":
                self._deploy(item, entry, path)
            elif item.kind == "str":
                self._provider(KeyValue("provider", item.line, item.column, item), path)
            else:
                self.wrong(entry, path, "map", item)

    def _provider(self, entry: KeyValue, path: str) -> str | None:
        item = self.first(entry, f"{path}.provider")
        if item is None or item.kind == "none":
            return None
        word, names = inspect(item.data()), list(self.schema["providers"])
        if word in names:
            return word
        other = did_you_mean.match(names, word)
        if other is None:
            self.say("error", f"{path}.provider", "unknown_value", entry, name=word, value=word)
            return None
        self.say(
            "warn",
            f"{path}.provider",
            "find_value",
            entry,
            name=word,
            instead=other,
            original=word,
            value=other,
        )
        self.taken[id(entry.item)] = other
        return other

    def _deploy(self, item: Node, at: KeyValue, path: str) -> None:
        given = item.entries.get("provider")
        provider = self._provider(given, path) if given else None
        # Without a known provider, the keys of all of them are known.
        providers, others = self.schema["providers"], self.schema["provider_aliases"]
        aliases = {"true": "on"}
        for one in [provider] if provider else providers:
            aliases |= others.get(one, {})
        options = providers[provider] if provider else [o for os in providers.values() for o in os]
        known = [*self.schema["deploy"], *(one.rstrip("*") for one in options)]
        entries = self.fix(item, path, known, aliases)
        if given is None or given.item.kind == "none":
            self.say("error", path, "required", at, name="provider", key="provider")
        for key, value in DEFAULTS.get(provider or "", {}).items():
            if key not in entries:
                self.say("info", path, "default", item, key=key, default=value)
        kinds = {
            key: kind for kind, keys in OPTIONS.get(provider or "", {}).items() for key in keys
        }
        for key, entry in entries.items():
            where = f"{path}.{key}"
            if key in DEPRECATED_OPTIONS and key in known:
                self.say(
                    "warn",
                    path,
                    "deprecated_key",
                    entry,
                    name=entry.key,
                    key=key,
                    info=DEPRECATED_OPTIONS[key],
                )
            if key == "on":
                self.on(entry, where)
            elif key == "edge":
                if entry.item.kind not in ("bool", "map", "none"):
                    self.yes_or_no(entry, where)
            elif key in ("allow_failure", "cleanup", "skip_cleanup"):
                self.yes_or_no(entry, where)
            elif key in kinds:
                getattr(self, kinds[key])(entry, where)
            elif provider and f"{key}*" in options:
                self.secret(entry, where)
            elif key == "username" and provider == "pypi":
                self.secret(entry, where, strict=False)

    def on(self, entry: KeyValue, path: str) -> None:
        item = self.first(entry, path)
        if item is None or item.kind == "none":
            return
        if item.kind != "map":
            if item.kind != "str" or entry.item.kind == "seq":
                self.wrong(entry, path, "map", item)
            return
        entries = self.fix(item, path, self.schema["on"], self.schema["aliases"])
        for key, one in entries.items():
            where = f"{path}.{key}"
            if key == "branch":
                self.texts(one, where)
            elif key in ("tags", "all_branches"):
                self.yes_or_no(one, where)
            elif key == "repo":
                self.text(one, where)
            elif key == "condition":
                self.texts(one, where)

    # What Travis CI goes on with

    def entries(self, item: Node) -> dict[str, KeyValue]:
        """Return the entries of a mapping by the names that Travis CI uses for them."""
        return self.keys.get(id(item.value), item.entries) if item.kind == "map" else {}

    def normal(self, item: Node) -> Any:
        """Return *item* as texts, booleans, lists and mappings, as Travis CI takes it."""
        if id(item) in self.taken:
            return self.taken[id(item)]
        if item.kind == "map":
            return {key: self.normal(entry.item) for key, entry in self.entries(item).items()}
        return [self.normal(one) for one in item.value] if item.kind == "seq" else item.value

    def messages(self) -> list[Message]:
        """Return what Travis CI says, in the order of the lines, each once."""
        return sorted(dict.fromkeys(self.found), key=lambda one: (one.line, one.column))


def _is_env(text: str) -> bool:
    """Whether it is assignments, as travis-yml takes them."""
    return regular_expressions.search(
        ENV, text, Budget(100 * len(text) + regular_expressions.BUDGET)
    )


def _is_base64(text: str) -> bool:
    text = re.sub(r"\s", "", text)
    try:
        return base64.b64encode(base64.b64decode(text, validate=True)).decode() == text
    except (binascii.Error, ValueError):
        return False
