"""Variables, parameters and functions have names that say what they hold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from helpers.docs.blocks import ROOT

# Words that fit any value.
MEANINGLESS = {"found", "got", "here", "it", "made", "one", "said", "there", "thing", "told"}
FOLDERS = ("pypi_practice", "scripts", "benchmarks", "tests")


def bound_names(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the name of each variable, parameter and function."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name


def meaningless(file: Path) -> list[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return [
        f"{file.relative_to(ROOT)}:{line}: {name}"
        for line, name in bound_names(tree)
        if name.strip("_") in MEANINGLESS
    ]


def test_names_say_what_they_hold():
    files = [file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py")]
    assert [problem for file in files for problem in meaningless(file)] == []
