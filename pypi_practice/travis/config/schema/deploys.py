"""Checks the entries of ``deploy``, and the options of their providers."""

from __future__ import annotations

from pypi_practice.travis.config import did_you_mean
from pypi_practice.travis.config.schema.messages import inspect
from pypi_practice.travis.config.schema.values import ValueChecks
from pypi_practice.travis.config.yaml_positions import KeyValue, Node

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
DEPRECATED_OPTIONS = {
    "skip_cleanup": "not supported in dpl v2, use cleanup",
    "skip_upload_docs": "use upload_docs: false",
    "no_promote": "use promote: false",
    "no_stop_previous_version": "use stop_previous_version: false",
}


class DeployChecks(ValueChecks):
    """Checks the entries of ``deploy``, and the options of their providers."""

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
            self.report("error", f"{path}.provider", "unknown_value", entry, name=word, value=word)
            return None
        self.report(
            "warn",
            f"{path}.provider",
            "find_value",
            entry,
            name=word,
            instead=other,
            original=word,
            value=other,
        )
        self.replacements[id(entry.item)] = other
        return other

    def _deploy(self, item: Node, at: KeyValue, path: str) -> None:
        provider_entry = item.entries.get("provider")
        provider = self._provider(provider_entry, path) if provider_entry else None
        # Without a known provider, the keys of all of them are known.
        providers, others = self.schema["providers"], self.schema["provider_aliases"]
        aliases = {"true": "on"}
        for name in [provider] if provider else providers:
            aliases |= others.get(name, {})
        options = providers[provider] if provider else [o for os in providers.values() for o in os]
        known = [*self.schema["deploy"], *(option.rstrip("*") for option in options)]
        entries = self.fix(item, path, known, aliases)
        if provider_entry is None or provider_entry.item.kind == "none":
            self.report("error", path, "required", at, name="provider", key="provider")
        for key, value in DEFAULTS.get(provider or "", {}).items():
            if key not in entries:
                self.report("info", path, "default", item, key=key, default=value)
        kinds = {
            key: kind for kind, keys in OPTIONS.get(provider or "", {}).items() for key in keys
        }
        for key, entry in entries.items():
            key_path = f"{path}.{key}"
            if key in DEPRECATED_OPTIONS and key in known:
                self.report(
                    "warn",
                    path,
                    "deprecated_key",
                    entry,
                    name=entry.key,
                    key=key,
                    info=DEPRECATED_OPTIONS[key],
                )
            if key == "on":
                self.on(entry, key_path)
            elif key == "edge":
                if entry.item.kind not in ("bool", "map", "none"):
                    self.yes_or_no(entry, key_path)
            elif key in ("allow_failure", "cleanup", "skip_cleanup"):
                self.yes_or_no(entry, key_path)
            elif key in kinds:
                getattr(self, kinds[key])(entry, key_path)
            elif provider and f"{key}*" in options:
                self.secret(entry, key_path)
            elif key == "username" and provider == "pypi":
                self.secret(entry, key_path, strict=False)

    def on(self, entry: KeyValue, path: str) -> None:
        item = self.first(entry, path)
        if item is None or item.kind == "none":
            return
        if item.kind != "map":
            if item.kind != "str" or entry.item.kind == "seq":
                self.wrong(entry, path, "map", item)
            return
        entries = self.fix(item, path, self.schema["on"], self.schema["aliases"])
        for key, setting in entries.items():
            key_path = f"{path}.{key}"
            if key == "branch":
                self.texts(setting, key_path)
            elif key in ("tags", "all_branches"):
                self.yes_or_no(setting, key_path)
            elif key == "repo":
                self.text(setting, key_path)
            elif key == "condition":
                self.texts(setting, key_path)
