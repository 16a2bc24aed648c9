"""The data files, as the pages read them: each once a build, which runs in a process of its own."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[1]

# The program's own data files, those of the pages, and the sentences of `make` and `make bench`.
FOLDERS = ("pypi_practice/data", "docs/data", "benchmarks", "scripts")
TITLE = re.compile(r"^# (.+?)(?: \{.*\})?$", re.M)


@functools.cache
def data(name: str) -> Any:
    """Return what ``data/<name>.yml`` holds, to read only.

    What is not yet said in a language that is begun is said there in the first language.
    """
    return _filled(raw(name), begun(), first())


def raw(name: str) -> Any:
    """Return what ``data/<name>.yml`` holds, where another source knows what is not said in it."""
    file = path(name)
    return _read(file, file.stat().st_mtime_ns)


def path(name: str) -> Path:
    """Return the data file called *name*, such as ``travis/rules``: the program's or the pages'.

    Raises FileNotFoundError.
    """
    for folder in FOLDERS:
        file = ROOT / folder / f"{name}.yml"
        if file.is_file():
            return file
    raise FileNotFoundError(name)


def word(key: str, language: str) -> str:
    """Return one of the words of site/words.yml."""
    return str(data("site/words")[key][language])


def page_title(file: Path) -> str:
    """Return the title of a page's Markdown; ValueError if it has none."""
    match = TITLE.search(file.read_text(encoding="utf-8"))
    if match is None:
        raise ValueError(f"{file.relative_to(ROOT)} has no title")
    return match[1]


def section_title(key: str, language: str) -> str:
    """Return the name of a section of the navigation, or of a group in one, in a language."""
    return str(data("site/sections")[key][language])


def page_address(name: str) -> str:
    """Return the address of a page below its language: ``howto/`` for ``howto/index``."""
    return re.sub(r"(^|/)index/$", r"\1", f"{name}/")


def languages() -> dict[str, dict[str, Any]]:
    """Return code → facts of each language of the site, the first one first."""
    codes: dict[str, dict[str, Any]] = raw("languages")
    return codes


def first() -> str:
    """Return the code of the language that the others are written against."""
    return next(iter(languages()))


def begun() -> tuple[str, ...]:
    """Return the codes of the languages that are not whole yet."""
    return tuple(code for code, facts in languages().items() if facts.get("begun"))


@functools.cache
def _read(file: Path, changed: int) -> Any:
    """Read a file once for each time that it was changed, in nanoseconds."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    with file.open("rb") as stream:  # whose name stands in an error
        return yaml.load(stream, Loader=loader)


def _filled(node: Any, missing: tuple[str, ...], source: str) -> Any:
    if not missing:
        return node
    if isinstance(node, list):
        return [_filled(item, missing, source) for item in node]
    if not isinstance(node, dict):
        return node
    whole = {key: _filled(item, missing, source) for key, item in node.items()}
    if source in node:
        whole = {code: whole[source] for code in missing} | whole
    return whole
