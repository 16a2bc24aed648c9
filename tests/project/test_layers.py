"""The packages of the program import only what is below them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.docs.blocks import ROOT

PROGRAM = ROOT / "pypi_practice"
# From the lowest to the highest. A package may import those before it; the modules at the top of
# pypi_practice are named by themselves.
LAYERS = (
    "data",
    "core",
    "processes",
    "git",
    "tokens",
    "sandbox",
    "network",
    "index",
    "explain",
    "shell",
    "travis.config",
    "travis.plan",
    "travis.check",
    "travis.run",
    "doctor",
    "fork",
    "testing",
    "pytest_plugin",
    "cli",
)


def layer(module: str) -> str | None:
    """Return the layer of a module of the program, None for the package itself.

    >>> layer("pypi_practice.travis.run.log")
    'travis.run'
    """
    names = module.split(".")[1:]
    if names in ([], ["__main__"], ["__init__"]):
        return None
    return ".".join(names[: 2 if names[0] == "travis" else 1])


def imported(file: Path) -> Iterator[str]:
    """Yield the modules of the program that a file imports, inside its functions too."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name for name in names if name.split(".")[0] == "pypi_practice")


def upward(file: Path) -> list[str]:
    """Return what *file* imports from layers above its own."""
    own = layer(".".join(file.relative_to(ROOT).with_suffix("").parts))
    if own is None:
        return []
    layers = {name: layer(name) for name in imported(file)}
    return [
        name for name, other in layers.items() if other and LAYERS.index(other) > LAYERS.index(own)
    ]


@pytest.mark.parametrize("own", LAYERS)
def test_a_package_imports_only_what_is_below_it(own):
    files = PROGRAM.joinpath(*own.split("."))
    sources = files.rglob("*.py") if files.is_dir() else [files.with_suffix(".py")]
    assert {str(file.relative_to(ROOT)): upward(file) for file in sources if upward(file)} == {}


def test_every_package_has_a_layer():
    modules = [
        ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        for file in PROGRAM.rglob("*.py")
    ]
    assert {layer(module) for module in modules} - {None, "travis"} == set(LAYERS)


def test_an_import_from_above_is_found(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    file = tmp_path / "pypi_practice" / "core" / "wrong.py"
    file.parent.mkdir(parents=True)
    file.write_text("def f():\n    from pypi_practice.cli import main\n", encoding="utf-8")
    assert upward(file) == ["pypi_practice.cli.main"]
