"""The built site as the tests look at it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blocks import ROOT
from bs4 import BeautifulSoup

from site_builder.build import CONFIGS, SOURCES, build

LANGUAGES = tuple(CONFIGS)


@dataclass(frozen=True)
class BuiltSite:
    """Where the site and the Markdown after macros lie."""

    site: Path
    rendered: Path

    def blocks(self, language: str) -> list[dict[str, Any]]:
        """Return the blocks that the pages of *language* show, as the macros recorded them."""
        file = self.rendered / language / "blocks.json"
        return json.loads(file.read_text(encoding="utf-8"))

    def markdown(self, language: str, page: str) -> str:
        """Return the Markdown of a page after the macros; *page* is ``tutorial/upload``."""
        return (self.rendered / language / f"{page}.md").read_text(encoding="utf-8")

    def html(self, language: str, page: str) -> BeautifulSoup:
        """Return a built page, parsed."""
        name = "" if page == "index" else f"{page}/"
        file = self.site / language / f"{name}index.html"
        return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


def copy_sources(place: Path) -> Path:
    """Copy all that the site is made of into *place*, to change it there."""
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, place / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, place / name)
    return place


def build_once(base: Path) -> BuiltSite:
    """Build the whole site below *base*."""
    tree = BuiltSite(base / "site", base / "rendered")
    build(tree.site, tree.rendered)
    return tree
