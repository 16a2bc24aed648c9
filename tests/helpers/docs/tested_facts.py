"""What the page "How this guide is tested" says: counted from the blocks, versions from here."""

from __future__ import annotations

import datetime
import importlib.metadata
import platform
from pathlib import Path
from typing import Any

import yaml

from helpers.docs.blocks import all_blocks

PROGRAMS = (
    "twine",
    "build",
    "setuptools",
    "keyring",
    "uv",
    "check-jsonschema",
    "zizmor",
    "mkdocs",
    "mkdocs-material",
    "mkdocs-macros-plugin",
    "pytest-examples",
    "axe-playwright-python",
    "packaging",
    "pymacaroons",
    "readme-renderer",
    "trove-classifiers",
    "playwright",
)


def counts() -> dict[str, int]:
    """Return how many blocks there are of each kind; each part of a file counts as one."""
    blocks = {block.label: block for block in all_blocks()}.values()
    kinds = {
        kind: sum(block.kind == kind for block in blocks)
        for kind in ("run", "captured", "judged", "declared")
    }
    return {**kinds, "fails": sum(block.must_fail and block.kind != "captured" for block in blocks)}


def declared() -> list[dict[str, Any]]:
    """Return the blocks that cannot be run, with page and reason."""
    return [
        {"listing": block.path, "page": block.page, "reason": block.special["declared"]}
        for block in {block.label: block for block in all_blocks()}.values()
        if block.kind == "declared"
    ]


def versions() -> dict[str, str]:
    """Return the versions of the programs that prove the blocks."""
    program_versions = {name: importlib.metadata.version(name) for name in PROGRAMS}
    return {"Python": platform.python_version(), **program_versions}


def write(root: Path) -> None:
    """Write docs/data/generated/tested.yml for today."""
    facts = {
        "date": datetime.date.today().isoformat(),
        "counts": counts(),
        "versions": versions(),
        "declared": declared(),
    }
    text = "# Written by: make refresh\n" + yaml.safe_dump(
        facts, allow_unicode=True, sort_keys=False
    )
    (root / "docs" / "data" / "generated" / "tested.yml").write_text(text, encoding="utf-8")
