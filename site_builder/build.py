"""Builds the whole site into a folder: each language, and all that is made of both."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

from site_builder import multi_language
from site_builder.formats.contents import Guide
from site_builder.formats.page_formats import (
    CHANGED_ONLY,
    FINISH,
    WHEEL,
    WITH_CARDS,
    WITHOUT_PDF,
)
from site_builder.mkdocs_errors import docs_of, readable
from site_builder.site_data import ROOT, begun, first, languages, page_address

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
    multi_language.write_sets(place, guides, pdf=pdf)


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
            output = place / language / page_address(name.removesuffix(".md"))
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
    multi_language.write_root(place, guides)
    return guides


def _guides(place: Path) -> list[Guide]:
    configs = {code: ROOT / config for code, config in CONFIGS.items()}
    return multi_language.read(place, configs)


def write_offline_set(place: Path) -> None:
    """Write the offline set, which ``build_pages`` leaves out, unless it is there."""
    multi_language.write_offline_set(place, _guides(place))


def _build_languages(languages: Collection[str], place: Path, environ: dict[str, str]) -> None:
    """Let MkDocs build these languages at the same time, and finish each in the same process."""
    options = ["--dirty"] if CHANGED_ONLY in environ else []
    complaints: dict[str, None] = {}
    with contextlib.ExitStack() as stack:
        # With it goes what a build that is killed leaves behind, such as the profile of a browser.
        temporary = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="guide-build-", ignore_cleanup_errors=True)
        )
        environ = {**os.environ, **QUIET, **environ, "TMPDIR": temporary}
        running = []
        for language in languages:
            command = ["build", "--strict", *options, "--config-file", CONFIGS[language]]
            output = stack.enter_context(tempfile.TemporaryFile())
            process = subprocess.Popen(
                [sys.executable, "-m", "mkdocs", *command, "--site-dir", str(place / language)],
                cwd=ROOT,
                env=environ,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            stack.callback(process.wait)
            stack.callback(process.kill)  # which does nothing to one that has ended
            running.append((language, process, output))
        for language, process, output in running:
            if process.wait() != 0:
                output.seek(0)
                text = output.read().decode("utf-8", "replace")
                complaints[readable(text, docs_of(ROOT / CONFIGS[language]))] = None
    if complaints:
        raise BuildError("\n".join(complaints))


def source_files() -> dict[Path, tuple[int, int]]:
    """Return the time and the size, in ns and bytes, of each file that the site is made of."""
    files = [file for place in watched() for file in (place, *place.rglob("*")) if file.is_file()]
    return {file: (file.stat().st_mtime_ns, file.stat().st_size) for file in files}


def watched() -> list[Path]:
    """Return the folders and files whose change makes the site another one."""
    return [ROOT / name for name in SOURCES]
