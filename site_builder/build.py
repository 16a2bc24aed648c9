"""Builds the whole site into a folder: each language, and all that is made of both."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from site_builder.formats.page_formats import (
    CHANGED_ONLY,
    FINISH,
    WHEEL,
    WITH_CARDS,
    WITHOUT_PDF,
)
from site_builder.mkdocs_errors import docs_of, readable
from site_builder.site_data import ROOT, begun, first, languages

if TYPE_CHECKING:
    from site_builder.formats.contents import Guide

CONFIGS: dict[str, str] = {code: facts["config"] for code, facts in languages().items()}
SOURCES = (
    "LICENSE",
    "pyproject.toml",
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
    from site_builder.formats import wheel

    try:
        built_wheel = wheel.build(place)
    except wheel.WheelError as error:
        raise BuildError(str(error)) from error
    guides = _build_pages(place, rendered, pdf=pdf, cards=True, built_wheel=built_wheel)
    _joined().write_sets(place, guides, pdf=pdf)


def build_pages(place: Path, rendered: Path | None = None) -> None:
    """Build what a reader of the pages sees, and no more: this is what ``make serve`` shows."""
    _build_pages(place, rendered, pdf=False, cards=False)


def rebuild_pages(old: Path, place: Path, changed: dict[str, set[str]]) -> None:
    """Build the site of *old* again in *place*, with the changed pages of each language made anew.

    *changed* is of ``changed_pages``. The search, the print page and the feed stay as they are in
    *old*, until ``build_pages`` makes them anew. Raises BuildError.
    """
    shutil.copytree(old, place)  # with the times, by which MkDocs finds the pages to make anew
    for language, names in changed.items():
        for name in names:
            output = place / language / name.removesuffix(".md").removesuffix("index")
            os.utime(output / "index.html", (0, 0))
    _build_languages(changed, place, {CHANGED_ONLY: "1"})


def changed_pages(files: Iterable[Path]) -> dict[str, set[str]] | None:
    """Return the pages of each language that must be made anew after a change of *files*.

    That is known of pages and of the examples that they show; None for any other file, on which
    all pages may depend.
    """
    changed: dict[str, set[str]] = defaultdict(set)
    for file in files:
        folder, *rest = file.relative_to(ROOT).parts
        if folder == "examples":
            for language, page in _pages_that_name(file.relative_to(ROOT).as_posix()):
                changed[language].add(page)
        elif folder == "docs" and rest[0] in CONFIGS and file.suffix == ".md":
            # A language that is begun borrows its missing pages from the first one.
            for language in {rest[0], *(begun() if rest[0] == first() else ())}:
                changed[language].add("/".join(rest[1:]))
        else:
            return None
    return dict(changed)


def _pages_that_name(example: str) -> Iterator[tuple[str, str]]:
    """Yield language and page for each page in whose text the path of an example stands."""
    for language, config in CONFIGS.items():
        docs = ROOT / docs_of(ROOT / config)
        for page in docs.rglob("*.md"):
            if example in page.read_text(encoding="utf-8"):
                yield language, page.relative_to(docs).as_posix()


def _build_pages(
    place: Path,
    rendered: Path | None,
    *,
    pdf: bool,
    cards: bool,
    built_wheel: Path | None = None,
) -> list[Guide]:
    place.mkdir(parents=True, exist_ok=True)
    environ = {FINISH: WITH_CARDS if cards else "", WHEEL: str(built_wheel or "")}
    if rendered is not None:
        environ["GUIDE_RENDERED"] = str(rendered)
    if not pdf:
        environ[WITHOUT_PDF] = "1"
    _build_languages(CONFIGS, place, environ)
    guides = _guides(place)
    _joined().write_root(place, guides)
    return guides


def _guides(place: Path) -> list[Guide]:
    configs = {code: ROOT / config for code, config in CONFIGS.items()}
    guides: list[Guide] = _joined().read(place, configs)
    return guides


def write_offline_set(place: Path) -> None:
    """Write the offline set, which ``build_pages`` leaves out, unless it is there."""
    _joined().write_offline_set(place, _guides(place))


def _joined() -> ModuleType:
    """Return what takes time to import and is needed only when the languages are built."""
    return importlib.import_module("site_builder.multi_language")


def _build_languages(languages: Collection[str], place: Path, environ: dict[str, str]) -> None:
    """Let MkDocs build these languages at the same time, and finish each in the same process."""
    environ = {**os.environ, **QUIET, **environ}
    options = ["--dirty"] if CHANGED_ONLY in environ else []
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
        output = run(
            "mkdocs", "build", "--strict", *options, "--config-file", config, "--site-dir", folder
        )
        return None if output is None else readable(output, docs_of(ROOT / config))

    with ThreadPoolExecutor(len(languages)) as pool:
        try:
            outcomes = pool.map(make, languages)
            _joined()  # while MkDocs works
            complaints = [text for text in outcomes if text is not None]
        except BaseException:
            for process in running:
                process.kill()
            raise
    if complaints:
        raise BuildError("\n".join(dict.fromkeys(complaints)))


def source_files() -> dict[Path, tuple[int, int]]:
    """Return the time and the size, in ns and bytes, of each file that the site is made of."""
    files = [file for place in watched() for file in (place, *place.rglob("*")) if file.is_file()]
    return {file: (file.stat().st_mtime_ns, file.stat().st_size) for file in files}


def watched() -> list[Path]:
    """Return the folders and files whose change makes the site another one."""
    return [ROOT / name for name in SOURCES]
