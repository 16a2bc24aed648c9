"""Validates a whole file."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from pypi_practice.travis.config import regular_expressions, ruby_patterns
from pypi_practice.travis.config.regular_expressions import Budget
from pypi_practice.travis.config.schema.deploys import DeployChecks
from pypi_practice.travis.config.schema.messages import Message, inspect
from pypi_practice.travis.config.schema.values import is_secure
from pypi_practice.travis.config.yaml_positions import KeyValue, Node

DEPRECATED = {"sudo": "The key `sudo` has no effect anymore."}
VERSION = re.compile(r"(~>|>|>=|=|<=|<) (\d+(?:\.\d+)?(?:\.\d+)?)")
# Not with Python's re, which could take exponential time.
ENV = regular_expressions.whole(
    ruby_patterns.ruby(
        r"""\s*(?:[^\s=]+=(?:"(?:\\.|[^"\\])*"|'[^']*'|\$\((?:[^()]|\([^()]*\))*\)|`[^`]*`|\\.|[^\s'"`])*\s*)*"""
    )
)


def _path(path: str, key: str) -> str:
    return key if path == "root" else f"{path}.{key}"


class Validator(DeployChecks):
    """Checks the whole file, key by key."""

    def __init__(self, root: Node) -> None:
        super().__init__()
        self.root(root)

    def root(self, item: Node) -> None:
        aliases = self.schema["aliases"]
        entries = self.fix(item, "root", self.root_keys, aliases)
        keys = {key for key, entry in entries.items() if entry.item.kind != "none"}
        if "language" not in keys:
            self.report("info", "root", "default", item, key="language", default="ruby")
        if "os" not in keys:
            self.report("info", "root", "default", item, key="os", default="linux")
        systems = ["linux"]
        for key, entry in entries.items():
            if key == "os":
                systems = self.choice(entry, "os", "os", several=True)
            elif key in self.root_keys:
                self.job_key(key, entry, "root")
        if "dist" not in keys and any(system.startswith("linux") for system in systems[:1]):
            self.report("info", "root", "default", item, key="dist", default="focal")

    def job_key(self, key: str, entry: KeyValue, path: str) -> None:
        key_path = _path(path, key)
        if key in DEPRECATED and entry.item.kind != "none":
            self.report(
                "warn", path, "deprecated_key", entry, name=entry.key, key=key, info=DEPRECATED[key]
            )
        kind = self.kind_of.get(key)
        if kind:
            getattr(self, kind)(entry, key_path)
        elif key in ("language", "dist"):
            self.choice(entry, key_path, key)
        elif key in ("os", "arch", "services"):
            self.choice(entry, key_path, key, several=True)
        elif key == "version":
            self.version(entry, key_path)
        elif key == "if":
            self.condition(entry, key_path)
        elif key in {"name", "stage"}:
            self.text(entry, key_path)
        elif key in ("env", "stages", "jobs", "deploy", "branches"):
            getattr(self, key)(entry, key_path)
        elif key in ("cache", "git") and entry.item.kind == "map":
            self.fix(entry.item, key_path, self.schema[key])

    def version(self, entry: KeyValue, path: str) -> None:
        item = self.first(entry, path)
        if item and item.scalar and not VERSION.fullmatch(str(item.value)):
            value = inspect(item.data())
            self.report("error", path, "invalid_format", entry, name=value, value=value)

    def env(self, entry: KeyValue, path: str) -> None:
        item = entry.item
        if item.kind == "map" and {"global", "jobs", "matrix"} & set(item.entries):
            known = ["global", "jobs", *(k for k in item.entries if k != "matrix")]
            for key, section in self.fix(item, path, known, {"matrix": "jobs"}).items():
                if key in ("global", "jobs"):
                    self.assignments(section, f"{path}.{key}")
        elif not is_secure(item):
            self.assignments(entry, f"{path}.jobs" if path == "env" else path)

    def assignments(self, entry: KeyValue, path: str) -> None:
        for item in entry.item.items:
            if item.kind == "str" and not _is_env(item.value):
                self.report(
                    "error", path, "invalid_env_var", entry, name=item.value, var=item.value
                )

    def branches(self, entry: KeyValue, path: str) -> None:
        if entry.item.kind == "map":
            entries = self.fix(entry.item, path, self.schema["branches"], {"exclude": "except"})
            for key, section in entries.items():
                if key in self.schema["branches"]:
                    self.texts(section, f"{path}.{key}")

    def stages(self, entry: KeyValue, path: str) -> None:
        for item in entry.item.items:
            if item.kind == "map":
                for key, setting in self.fix(item, path, self.schema["stage"]).items():
                    if key == "if":
                        self.condition(setting, f"{path}.if")

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
            key_path, names = f"{path}.{name}", []
            for job in section.item.items:
                if job.kind != "map":
                    self.wrong(section, key_path, "map", job)
                    continue
                for key, setting in self.fix(job, key_path, known, aliases).items():
                    if key in known:
                        self.job_key(key, setting, key_path)
                    if key == "name" and setting.item.kind == "str":
                        names.append(setting.item.value)
            twice = [name for name, times in Counter(names).items() if times > 1]
            if twice and name == "include":
                values = f"name: {', '.join(twice)}"
                self.report("info", key_path, "duplicate", section, values=values)

    def entries(self, item: Node) -> dict[str, KeyValue]:
        """Return the entries of a mapping by their corrected names; empty for other kinds."""
        return self.keys.get(id(item.value), item.entries) if item.kind == "map" else {}

    def normal(self, item: Node) -> Any:
        """Return *item* as plain data with all corrections of Travis CI."""
        if id(item) in self.replacements:
            return self.replacements[id(item)]
        if item.kind == "map":
            return {key: self.normal(entry.item) for key, entry in self.entries(item).items()}
        return (
            [self.normal(element) for element in item.value] if item.kind == "seq" else item.value
        )

    def messages(self) -> list[Message]:
        """Return the distinct messages, in the order of the lines."""
        return sorted(
            dict.fromkeys(self.reported), key=lambda message: (message.line, message.column)
        )


def _is_env(text: str) -> bool:
    """Whether *text* is a list of assignments that travis-yml accepts."""
    return regular_expressions.search(
        ENV, text, Budget(100 * len(text) + regular_expressions.BUDGET)
    )
