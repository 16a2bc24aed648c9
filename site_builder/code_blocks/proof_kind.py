"""How each block is proven, by the name of its file; and the sentence that says so."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any

import yaml

from site_builder.code_blocks.listings import Listing
from site_builder.site_data import ROOT, data

KINDS = {
    ".sh": "run",
    ".py": "run",
    ".out": "captured",
    ".yml": "judged",
    ".pypirc": "judged",
    ".toml": "judged",
}
# What judges a file, by the end of its name, with the programs that do it.
JUDGES = {
    ".workflow.yml": ("workflow", ["check-jsonschema", "zizmor"]),
    ".gitlab.yml": ("workflow", ["check-jsonschema"]),
    ".circle.yml": ("workflow", ["check-jsonschema"]),
    ".yml": ("travis", ["check-jsonschema"]),
    ".pypirc": ("read", ["twine"]),
    ".toml": ("built", ["build"]),
    "setup.py": ("built", ["setuptools"]),
}


@functools.cache
def special(folder: Path) -> dict[str, Any]:
    """Return the ``proof.yml`` of an example folder; empty if it has none."""
    file = folder / "proof.yml"
    return yaml.safe_load(file.read_text(encoding="utf-8")) if file.is_file() else {}


def kind(path: str) -> str:
    """Return how a file is proven: run, captured, judged or declared; KeyError if by nothing."""
    file = ROOT / path
    if "declared" in special(file.parent).get(file.name, {}):
        return "declared"
    if path.startswith("demo-package/") or file.name == "setup.py":
        return "judged"
    return KINDS[file.suffix]


def sentence(shown: Listing, language: str) -> str:
    """Return the sentence about a block: how it is proven, with which versions, and when."""
    words, tested = data("site/proofs"), data("generated/tested")
    match kind(shown.path):
        case "declared":
            file = ROOT / shown.path
            reason = special(file.parent)[file.name]["declared"][language]
            return str(words["declared"][language].format(reason=reason))
        case "captured":
            key, programs = "captured", _programs(_command(shown))
        case "run":
            key, programs = ("fails" if shown.must_fail else "run"), _programs(shown.code)
            if shown.path.endswith(".py"):
                programs = ["Python"]
        case _ if shown.path.startswith("demo-package/"):
            key, programs = "demo", ["build", "twine"]
        case _:
            key, programs = next(judge for end, judge in JUDGES.items() if shown.path.endswith(end))
            key = "refused" if shown.must_fail else key
    versions = tested["versions"]
    named = " · ".join(f"{name} {versions[name]}" for name in programs)
    rest = words["with" if named else "on"][language]
    rest = rest.format(programs=named, date=tested["date"])
    return f"{words['how'][key][language]} {rest}"


def _programs(code: str) -> list[str]:
    patterns = data("site/proofs")["programs"]
    return [
        name for name, text in patterns.items() if re.search(rf"(?<![\w-]){text}(?![\w-])", code)
    ]


def _command(shown: Listing) -> str:
    file = (ROOT / shown.path).with_suffix(".sh")
    return file.read_text(encoding="utf-8") if file.is_file() else ""
