"""Builds the same sources with what may follow Material and MkDocs, and says what differs.

``make leave`` prints it. Both programs stand in an environment of their own, build/leave, made
from requirements/leave.txt: ProperDocs, which continues MkDocs, and Zensical, by the authors of
Material, which runs no hooks; so what ours do is written into its configuration first.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from bs4 import BeautifulSoup, Tag
from helpers.docs.blocks import ROOT, pages
from helpers.index import environments
from mkdocs.config import load_config
from mkdocs.structure.files import Files

from site_builder.build import CONFIGS, QUIET, SOURCES
from site_builder.formats.page_formats import WHEEL, WITHOUT_PDF
from site_builder.site_data import page_address, section_title

VENV = ROOT / "build" / "leave"
PROGRAMS = ("properdocs", "zensical")


class LeaveError(Exception):
    """A program could not be installed, or did not build; the text is what it said."""


@dataclass
class Difference:
    """What one program made of one language, beside what MkDocs and Material make."""

    program: str
    language: str
    missing: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [
            f"{len(self.missing)} pages missing",
            f"{len(self.texts)} pages with other text",
            f"{len(self.ids)} pages without an id of ours",
            f"{len(self.files)} files missing",
            f"{len(self.marks)} pages without the marks of the readers' names",
        ]
        return f"{self.program}, {self.language}: {', '.join(parts)}"


def install() -> None:
    """Make build/leave what requirements/leave.txt says, unless it is that already."""
    try:
        environments.install("leave", "-e", str(ROOT))
    except subprocess.CalledProcessError as failed:
        raise LeaveError(f"{failed}\n{failed.stderr[-3000:]}") from failed


def give_wheel(site: Path) -> None:
    """Let the other programs offer the wheel that *site* carries."""
    (os.environ[WHEEL],) = map(str, site.glob("files/*.whl"))


def build(program: str, language: str, place: Path) -> Path:
    """Build one language with *program*, in a copy of the sources below *place*.

    Returns the folder with the site. Raises LeaveError.
    """
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, place / name, ignore=ignored, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / name, place / name)
    config = CONFIGS[language]
    command = [str(_python()), "-m", program, "build", "--strict", "--config-file"]
    if program == "zensical":
        config = f"zensical.{language}.yml"
        text = _for_zensical(language, place / "docs" / language)
        (place / config).write_text(text, encoding="utf-8")
    _call([*command, config], place)
    return place / "site" / language


def _python() -> Path:
    return environments.programs(VENV) / ("python.exe" if os.name == "nt" else "python")


def _call(command: list[str], folder: Path) -> None:
    environ = {**os.environ, **QUIET, "PYTHONPATH": str(folder)}
    result = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        output = f"{result.stdout}\n{result.stderr}"
        raise LeaveError(f"{' '.join(command)} failed:\n{output[-3000:]}")


def _for_zensical(language: str, docs: Path) -> str:
    """Return a configuration that holds what our hooks do, and put the downloads into *docs*."""
    config = load_config(str(ROOT / CONFIGS[language]))
    config.plugins.on_startup(command="build", dirty=False)
    config = config.plugins.on_config(config)
    for file in config.plugins.on_files(Files([]), config=config):
        target = docs / file.src_uri
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content_bytes)
    own = {
        "INHERIT": CONFIGS[language],
        "site_url": config.site_url,
        "copyright": config.copyright,
        "extra": json.loads(json.dumps(dict(config.extra))),
        "nav": _named(config.nav or [], language),
    }
    return str(yaml.safe_dump(own, allow_unicode=True))


def _named(items: list[Any], language: str) -> list[Any]:
    """Return a navigation with the names of its sections in a language."""
    return [
        {section_title(key, language): _named(below, language) for key, below in item.items()}
        if isinstance(item, dict)
        else item
        for item in items
    ]


def compare(program: str, language: str, ours: Path, theirs: Path) -> Difference:
    """Say what *theirs*, built by *program*, lacks of *ours*: pages, text, ids, files, marks."""
    difference = Difference(program, language)
    for page in pages():
        path = Path(page_address(page), "index.html")
        if not (theirs / path).is_file():
            difference.missing.append(page)
            continue
        mine, other = (_article(folder / path) for folder in (ours, theirs))
        if _words(mine) != _words(other):
            difference.texts.append(page)
        ids = {element["id"] for element in mine.select("h1[id], h2[id], h3[id], h4[id], td [id]")}
        if ids - {element["id"] for element in other.select("[id]")}:
            difference.ids.append(page)
        if len(other.select("[data-name]")) < len(mine.select("[data-name]")):
            difference.marks.append(page)
    difference.files = [
        file.relative_to(ours).as_posix()
        for file in sorted((ours / "files").rglob("*"))
        if file.is_file() and not (theirs / file.relative_to(ours)).is_file()
    ]
    return difference


def _article(file: Path) -> Tag:
    html = BeautifulSoup(file.read_text(encoding="utf-8"), "lxml")
    article = html.select_one("article.md-content__inner") or html.select_one("article")
    assert article is not None, file
    for hidden in article.select(
        "a.headerlink, button, script, form, nav, .own-names, .choices, .install-first, .page-foot"
    ):
        hidden.decompose()
    return article


def _words(article: Tag) -> str:
    return "".join(article.get_text().split())


def main() -> int:
    """Print what differs, program by program; return how many could not build."""
    from helpers.site.built_site import build_once

    failed = 0
    os.environ[WITHOUT_PDF] = "1"
    install()
    with tempfile.TemporaryDirectory() as folder:
        ours = build_once(Path(folder, "ours"), pdf=False)
        give_wheel(ours.site)
        for program in PROGRAMS:
            for language in CONFIGS:
                place = Path(folder, program)
                place.mkdir(exist_ok=True)
                try:
                    theirs = build(program, language, place)
                except LeaveError as error:
                    failed += 1
                    print(f"{program}, {language}: {error}")
                    continue
                difference = compare(program, language, ours.site / language, theirs)
                print(difference)
                for name in ("missing", "texts", "ids", "files", "marks"):
                    for page in getattr(difference, name)[:10]:
                        print(f"  {name}: {page}")
    return failed


if __name__ == "__main__":
    sys.exit(main())
