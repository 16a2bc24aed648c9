"""The data files, as the pages read them: always fresh, so that a change shows while serving."""

from __future__ import annotations

from typing import Any

import yaml

from site_builder.listings import ROOT

DATA = ROOT / "data"


def data(name: str) -> dict[str, Any]:
    """Return what ``data/<name>.yml`` holds."""
    return yaml.safe_load((DATA / f"{name}.yml").read_text(encoding="utf-8"))


def word(key: str, language: str) -> str:
    """Return one of the words of data/words.yml."""
    return data("words")[key][language]
