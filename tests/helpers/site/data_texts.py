"""The texts of the data files: what readers see of them, in each language, with file and line."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from helpers.docs.blocks import ROOT
from pypi_practice.core.i18n import language

LANGUAGES: dict[str, dict[str, object]] = yaml.safe_load(
    (ROOT / "pypi_practice" / "data" / "languages.yml").read_text(encoding="utf-8")
)
WHOLE = tuple(code for code, settings in LANGUAGES.items() if not settings.get("begun"))
FIRST = WHOLE[0]
# Where the texts of program, pages, benchmarks and make.py are.
FOLDERS = ("pypi_practice/data", "docs/data/site", "docs/data/tables", "benchmarks", "scripts")


def sentence(key: str, /, *values: object, **named: object) -> str:
    """Return a sentence of scripts/make.yml in the language of the environment."""
    file = ROOT / "scripts" / "make.yml"
    texts: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return texts[key][language()].format(*values, **named)


@dataclass(frozen=True)
class Leaf:
    """One text in every language that has it: code → (text or None, first line, last line)."""

    file: str
    key: str
    texts: dict[str, tuple[str | None, int, int]]

    def text(self, language: str) -> str:
        """Return what it says in a language; empty if nothing."""
        return (self.texts.get(language) or ("", 0, 0))[0] or ""

    def place(self, language: str = FIRST) -> str:
        """Return ``docs/data/site/words.yml:12: key``."""
        position = self.texts.get(language) or next(iter(self.texts.values()))
        return f"{self.file}:{position[1]}: {self.key}"


def leaves(root: Path = ROOT) -> list[Leaf]:
    """Return every text of the data files and of the notes beside the examples."""
    data = [file for folder in FOLDERS for file in sorted((root / folder).rglob("*.yml"))]
    files = [*data, *sorted(root.glob("examples/*/proof.yml"))]
    return [leaf for file in files for leaf in of_file(file, root)]


def of_file(file: Path, root: Path = ROOT) -> list[Leaf]:
    """Return the texts of one YAML file."""
    return list(_parsed(file, file.relative_to(root).as_posix(), file.stat().st_mtime_ns))


@functools.cache
def _parsed(file: Path, name: str, changed: int) -> tuple[Leaf, ...]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    node = yaml.compose(file.read_text(encoding="utf-8"), Loader=loader)
    return tuple(_walk(node, name, ())) if node is not None else ()


def _walk(node: yaml.Node, file: str, path: tuple[str, ...]) -> Iterator[Leaf]:
    if isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _walk(item, file, (*path, str(number)))
    elif isinstance(node, yaml.MappingNode):
        rows = {key.value: value for key, value in node.value}
        texts = {
            code: (
                None if scalar.tag.endswith(":null") else scalar.value,
                scalar.start_mark.line + 1,
                scalar.end_mark.line + 1,
            )
            for code, scalar in rows.items()
            if code in LANGUAGES and isinstance(scalar, yaml.ScalarNode)
        }
        if texts:
            yield Leaf(file, "/".join(path), texts)
        for key, value in rows.items():
            if key not in texts:
                yield from _walk(value, file, (*path, str(key)))
