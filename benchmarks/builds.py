"""How long both languages take to build, beside plain Material with the same pages.

The pages are those of the guide: some of them for a small site, and copies of them for a large one.
Plain Material gets them as the macros made them, and builds one language after the other, as those
who use it type the two commands; ours builds them at the same time.
"""

from __future__ import annotations

import itertools
import os
import posixpath
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from helpers.docs.blocks import ROOT, pages
from helpers.site.built_site import BUILD_DAY, LANGUAGES, copy_sources
from table import Number, progress, say

from site_builder.build import CONFIGS, QUIET
from site_builder.formats.page_formats import WITHOUT_PDF

SIZES = (20, 100, 400)
# Of the pages, which both make; and with what plain Material does not make at all.
RATIOS = {"pages": 1.5, "whole": 1.75}
RUNS = {20: 3, 100: 2, 400: 1}
GROWTH = SIZES[-1] / SIZES[-2]
LINK = re.compile(r"\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([\w./-]+\.md)(#[\w-]+)?\)")
# A small site is made of these, without tables, which lead to pages all over the guide.
SMALL = (
    "index",
    "tutorial/package",
    "tutorial/token",
    "tutorial/upload",
    "tutorial/travis",
    "tutorial/config",
    "tutorial/release",
    "tutorial/pypi",
    "tutorial/narrow",
    "howto/matrix",
    "howto/first-release",
    "howto/tag-version",
    "howto/own-index",
    "howto/rotate",
    "howto/leak",
    "explanation/thief",
    "reference/glossary",
    "practice",
    "troubleshooting",
    "accessibility",
)
TABLE = re.compile(r"^\{\{ (?!listing|sources)\w+\(.*\) \}\}$", re.M)
COPIED = ("tutorial/", "howto/", "explanation/")
SECTIONS = {"tutorial": "learn", "explanation": "background"}  # which folder has another name


class Loader(yaml.SafeLoader):
    """Reads mkdocs.yml as it would be with an empty environment."""


Loader.add_constructor(
    "!ENV", lambda loader, node: loader.construct_object(node.value[-1], deep=True)
)


def numbers() -> Iterator[Number]:
    """Yield the ratios for each size, and how the time grows."""
    took: dict[int, float] = {}
    for size in SIZES:
        times: dict[str, list[float]] = {"whole": [], "pages": [], "plain": []}
        with tempfile.TemporaryDirectory() as folder:
            ours, plain = sources(Path(folder), size)
            for run in range(RUNS[size]):
                progress("building_pages", size, run + 1, RUNS[size])
                times["whole"].append(seconds(build, ours))
                if run == 0:
                    shutil.copytree(ours / "rendered", plain / "docs")
                times["plain"].append(seconds(build_plain, plain))
                times["pages"].append(seconds(build_pages, ours))
        best = {name: min(values) for name, values in times.items()}
        took[size] = best["whole"]
        for name, limit in RATIOS.items():
            shown = (f"{best[kind]:.1f}" for kind in (name, "plain"))
            title = f"{say(f'build_{name}', size)} ({say('build_seconds', *shown)})"
            yield Number.at_most(title, best[name] / best["plain"], limit, "{:.2f} ×")
    small, large = SIZES[-2:]
    yield Number.at_most(
        say("build_growth", small, large), took[large] / took[small], GROWTH, "{:.2f} ×"
    )


def names(size: int) -> dict[str, str]:
    """Return *size* pages, each with the page of the guide that it is a copy of."""
    real = [*SMALL, *(page for page in pages() if page not in SMALL)]
    chosen = {page: page for page in real[:size]}
    copied = [page for page in pages() if page.startswith(COPIED)]
    copies = (f"-{number}" for number in itertools.count(2) for _ in copied)
    for page, copy in zip(itertools.cycle(copied), copies, strict=False):
        if len(chosen) >= size:
            break
        chosen[page + copy] = page
    return chosen


def sources(folder: Path, size: int) -> tuple[Path, Path]:
    """Make our sources with *size* pages a language, and the configuration of plain Material."""
    chosen = names(size)
    ours, plain = folder / "ours", folder / "plain"
    copy_sources(ours)
    for language in LANGUAGES:
        shutil.rmtree(ours / "docs" / language)
        for name, page in chosen.items():
            source = ROOT / "docs" / language / f"{page}.md"
            target = ours / "docs" / language / f"{name}.md"
            target.parent.mkdir(parents=True, exist_ok=True)
            text = without_links(source.read_text(encoding="utf-8"), page, set(chosen))
            if size < len(pages()) and page != "reference/glossary":
                text = TABLE.sub("", text)
            target.write_text(text, encoding="utf-8")
    config = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    head, _, _ = config.partition("\nnav:")
    nav = nav_of(list(chosen))
    text = f"{head}\n{yaml.safe_dump({'nav': nav}, sort_keys=False)}"
    (ours / "mkdocs.yml").write_text(text, encoding="utf-8")
    if size < len(pages()):
        (ours / "docs" / "data" / "site" / "redirects.yml").write_text("{}", encoding="utf-8")
    plain.mkdir()
    for language, file in CONFIGS.items():
        settings = plain_config(language, yaml.load(head, Loader), ROOT / file, nav)
        (plain / file).write_text(yaml.safe_dump(settings, sort_keys=False), encoding="utf-8")
    return ours, plain


def without_links(text: str, page: str, existing: set[str]) -> str:
    """Return a page's text; links to pages that are not there are only their words."""

    def keep(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(page), match[2]))
        return match[0] if target.removesuffix(".md") in existing else match[1]

    return LINK.sub(keep, text)


def nav_of(chosen: list[str]) -> list[Any]:
    """Return the navigation: single pages, and the sections with those of a folder."""
    nav: list[Any] = ["index.md"]
    folders: dict[str, list[str]] = {}
    for name in chosen:
        if "/" in name:
            folder = name.partition("/")[0]
            folders.setdefault(SECTIONS.get(folder, folder), []).append(f"{name}.md")
        elif name != "index":
            nav.append(f"{name}.md")
    return [nav[0], *({key: value} for key, value in folders.items()), *nav[1:]]


def plain_config(language: str, ours: dict[str, Any], file: Path, nav: list[Any]) -> dict[str, Any]:
    """Return a configuration with the theme as it comes, its search, and our extensions."""
    own = yaml.load(file.read_text(encoding="utf-8"), Loader)
    return {
        "site_name": own["site_name"],
        "site_url": f"https://plain.example/{language}/",
        "docs_dir": f"docs/{language}",
        "site_dir": f"site/{language}",
        "theme": {
            "name": "material",
            "language": language,
            "font": False,
            "features": ours["theme"]["features"],
        },
        "plugins": ["search"],
        "markdown_extensions": ours["markdown_extensions"],
        "nav": nav,
    }


def seconds(action: Callable[[Path], None], folder: Path) -> float:
    """Return how long an action takes."""
    start = time.perf_counter()
    action(folder)
    return time.perf_counter() - start


def build(ours: Path) -> None:
    """Build both languages, with all that the site has but the PDF; keep the Markdown."""
    environ = {
        **os.environ,
        "SOURCE_DATE_EPOCH": BUILD_DAY,
        "LANGUAGE": "en",
        "GUIDE_RENDERED": str(ours / "rendered"),
    }
    result = subprocess.run(
        [sys.executable, "-m", "site_builder", "build", "--without-pdf", "--site-dir", "whole"],
        cwd=ours,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    shutil.rmtree(ours / "whole", ignore_errors=True)
    if result.returncode:
        raise RuntimeError(result.stdout + result.stderr)


def build_pages(ours: Path) -> None:
    """Let MkDocs build both languages at the same time, and no more."""
    _finish(ours, [_mkdocs(ours, file) for file in CONFIGS.values()])


def build_plain(plain: Path) -> None:
    """Let plain Material build one language after the other."""
    for file in CONFIGS.values():
        _finish(plain, [_mkdocs(plain, file)])


def _mkdocs(folder: Path, file: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--config-file", file],
        cwd=folder,
        env={**os.environ, **QUIET, WITHOUT_PDF: "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _finish(folder: Path, running: list[subprocess.Popen[bytes]]) -> None:
    codes = [process.wait() for process in running]
    shutil.rmtree(folder / "site", ignore_errors=True)
    if any(codes):
        raise RuntimeError(say("pages_failed"))
