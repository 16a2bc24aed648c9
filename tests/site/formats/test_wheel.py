"""The wheel of the program: what is in it, how it is built, and how the site offers it."""

from __future__ import annotations

import ast
import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers.docs.blocks import ROOT
from helpers.site.built_site import LANGUAGES

from site_builder import build, macros
from site_builder.formats import page_formats, wheel
from site_builder.site_data import word


@pytest.fixture(scope="module")
def built_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, as ``make site`` builds it."""
    return wheel.build(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(built_wheel: Path) -> set[str]:
    """The names of the files in the wheel."""
    with zipfile.ZipFile(built_wheel) as archive:
        return set(archive.namelist())


def test_the_wheel_has_the_modules_of_the_program(names):
    modules = {file.relative_to(ROOT).as_posix() for file in (ROOT / "pypi_practice").rglob("*.py")}
    template = {name for name in names if name.startswith("pypi_practice/template/")}
    assert {name for name in names if name.endswith(".py")} - template == modules


def test_the_wheel_has_the_data_that_the_program_reads_and_no_other(names):
    literals = {
        node.value
        for file in (ROOT / "pypi_practice").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    prefix = "pypi_practice/data/"
    data = {name.removeprefix(prefix).removesuffix(".yml") for name in names if "/data/" in name}
    catalogs = {name for name in data if name.startswith("locale/")}
    assert {Path(name).suffix for name in catalogs} == {".mo"}
    assert data - catalogs - {"__init__.py"} <= literals


def test_the_wheel_has_no_notes_for_maintainers(names):
    assert not {name for name in names if "/trusted/" in name and "fails-" in name}
    assert "pypi_practice/README.md" not in names  # it is in METADATA, as the description
    assert all(name.startswith(("pypi_practice/", "pypi_practice-")) for name in names)


def test_the_same_files_make_the_same_bytes(built_wheel, tmp_path):
    mask = os.umask(0o077)
    try:
        again = wheel.build(tmp_path)
    finally:
        os.umask(mask)
    assert again.read_bytes() == built_wheel.read_bytes()


def test_the_build_is_clean(tmp_path):
    sources = wheel.copy_sources(tmp_path / "sources")
    environ = {key: text for key, text in os.environ.items() if not key.startswith("PYTHON")}
    result = subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--wheel"],
        cwd=sources,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert "warning" not in result.stdout.lower()
    assert "deprecat" not in result.stdout.lower()


def test_what_the_backend_says_of_a_fault_is_said(tmp_path, monkeypatch):
    sources = wheel.copy_sources(tmp_path / "sources")
    file = sources / "pyproject.toml"
    text = file.read_text(encoding="utf-8").replace('license = "MIT"', 'license = "no licence"')
    file.write_text(text, encoding="utf-8")
    monkeypatch.setattr(wheel, "ROOT", sources)
    with pytest.raises(build.BuildError, match=r"project\.license"):
        build.build(tmp_path / "site")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_links_to_the_wheel_with_its_size_and_hash(language, built_site):
    [carried] = (built_site.site / wheel.FOLDER).glob("*.whl")
    page = built_site.html(language, "install")
    [link] = page.select('a[href$=".whl"]')
    folder = built_site.site / language / "install"
    assert (folder / link["href"]).resolve() == carried.resolve()
    paragraph = link.parent.get_text(" ")
    assert hashlib.sha256(carried.read_bytes()).hexdigest() in paragraph
    assert f"({round(carried.stat().st_size / 1000)} kB)" in paragraph


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_site_that_carries_no_wheel_says_so(language, monkeypatch):
    monkeypatch.setenv(page_formats.WHEEL, "")
    assert macros.program(SimpleNamespace(), "install.md", language) == word("no_wheel", language)
