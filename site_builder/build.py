"""Builds the whole site into a folder: each language, and all that is made of both."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from site_builder.formats.page_formats import FINISH, WITH_CARDS, WITHOUT_PDF
from site_builder.mkdocs_errors import docs_of, readable
from site_builder.site_data import ROOT, languages

if TYPE_CHECKING:
    from site_builder.formats.contents import Guide

CONFIGS: dict[str, str] = {code: facts["config"] for code, facts in languages().items()}
SOURCES = (
    "docs",
    "contributing",
    "examples",
    "pypi_practice",
    "benchmarks",
    "demo-package",
    "overrides",
    "site_builder",
    *CONFIGS.values(),
)
# The theme and a plugin print notices about their own future at every build.
QUIET = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}


class BuildError(Exception):
    """The site was not built; the text says why, with page and line where there are some."""


def build(place: Path, rendered: Path | None = None, *, pdf: bool = True) -> None:
    """Build everything into *place*; the Markdown after macros goes to *rendered*, if given.

    Raises BuildError with sentences that name page and line, and browser.NoBrowser if there is no
    browser that could print the PDF.
    """
    guides = _build_pages(place, rendered, pdf=pdf, cards=True)
    _joined().write_sets(place, guides, pdf=pdf)


def build_pages(place: Path, rendered: Path | None = None, *, pdf: bool = True) -> None:
    """Build what a reader of the pages sees, and no more: this is what ``make serve`` shows."""
    _build_pages(place, rendered, pdf=pdf, cards=False)


def _build_pages(place: Path, rendered: Path | None, *, pdf: bool, cards: bool) -> list[Guide]:
    place.mkdir(parents=True, exist_ok=True)
    _build_languages(place, rendered, pdf=pdf, cards=cards)
    guides = _guides(place)
    _joined().write_root(place, guides)
    return guides


def _guides(place: Path) -> list[Guide]:
    configs = {code: ROOT / config for code, config in CONFIGS.items()}
    guides: list[Guide] = _joined().read(place, configs)
    return guides


def make_up(place: Path, path: str) -> None:
    """Make what ``build_pages`` left out, for a reader of ``make serve`` who asks for *path*."""
    _joined().make_up(place, _guides(place), path)


def _joined() -> ModuleType:
    """Return what takes time to import and is needed only when the languages are built."""
    return importlib.import_module("site_builder.multi_language")


def _build_languages(place: Path, rendered: Path | None, *, pdf: bool, cards: bool) -> None:
    """Let MkDocs build all languages at the same time, and finish each in the same process."""
    environ = {**os.environ, **QUIET, FINISH: WITH_CARDS if cards else ""}
    if rendered is not None:
        environ["GUIDE_RENDERED"] = str(rendered)
    if not pdf:
        environ[WITHOUT_PDF] = "1"
    running: list[subprocess.Popen[bytes]] = []

    def run(*command: str) -> str | None:
        """Return what a program says if it fails."""
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            running.append(process)
            if process.wait() == 0:
                return None
            output.seek(0)
            return output.read().decode("utf-8", "replace")

    def make(language: str) -> str | None:
        config, folder = CONFIGS[language], str(place / language)
        output = run("mkdocs", "build", "--strict", "--config-file", config, "--site-dir", folder)
        return None if output is None else readable(output, docs_of(ROOT / config))

    with ThreadPoolExecutor(len(CONFIGS)) as pool:
        try:
            outcomes = pool.map(make, CONFIGS)
            _joined()  # while MkDocs works
            complaints = [text for text in outcomes if text is not None]
        except BaseException:
            for process in running:
                process.kill()
            raise
    if complaints:
        raise BuildError("\n".join(complaints))


def watched() -> list[Path]:
    """Return the folders and files whose change makes the site another one."""
    return [ROOT / name for name in SOURCES]
