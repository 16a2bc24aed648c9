"""The data files, as the pages read them: each once a build, which runs in a process of its own."""

from __future__ import annotations

import functools
from typing import Any

import yaml

from site_builder.listings import ROOT

DATA = ROOT / "data"
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@functools.cache
def data(name: str) -> dict[str, Any]:
    """Return what ``data/<name>.yml`` holds; read once, so treat it as read-only."""
    return yaml.load((DATA / f"{name}.yml").read_text(encoding="utf-8"), Loader=LOADER)


def word(key: str, language: str) -> str:
    """Return one of the words of data/words.yml."""
    return data("words")[key][language]
