"""Builds the whole site into a folder: each language, the root page, the page for lost readers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import jinja2
from mkdocs.config import load_config

from site_builder.complaints import docs_of, readable
from site_builder.listings import ROOT
from site_builder.texts import first, languages, word

CONFIGS: dict[str, str] = {code: one["config"] for code, one in languages().items()}
SOURCES = (
    "docs", "examples", "data", "demo-package", "overrides", "site_builder", *CONFIGS.values(),
)  # fmt: skip
# The theme and a plugin print notices about their own future at every build.
QUIET = {"NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}


class BuildError(Exception):
    """A language was not built; the text is what MkDocs said."""


def build(place: Path, rendered: Path | None = None) -> None:
    """Build everything into *place*; the Markdown after macros goes to *rendered*, if given.

    Raises BuildError with sentences that name page and line.
    """
    place.mkdir(parents=True, exist_ok=True)
    environ = {**os.environ, **QUIET}
    if rendered is not None:
        environ["GUIDE_RENDERED"] = str(rendered)
    for language, config in CONFIGS.items():
        command = ["build", "--strict", "--config-file", config]
        command += ["--site-dir", str(place / language)]
        done = subprocess.run(
            [sys.executable, "-m", "mkdocs", *command],
            cwd=ROOT,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BuildError(readable(done.stdout, docs_of(ROOT / config)))
    _write_root(place)
    # Served for every missing address; its links are absolute, so it works at any depth.
    shutil.copy(place / first() / "404.html", place / "404.html")


def _write_root(place: Path) -> None:
    languages = []
    for language, config_file in CONFIGS.items():
        config = load_config(str(ROOT / config_file))
        languages.append(
            {
                "lang": language,
                "site_name": config.site_name,
                "description": config.site_description,
                "read": word("read", language),
            }
        )
        root = (config.site_url or "").rstrip("/") + "/"
    template = (Path(__file__).parent / "root.html").read_text(encoding="utf-8")
    page = jinja2.Environment(autoescape=True).from_string(template)
    (place / "index.html").write_text(page.render(languages=languages, root=root), encoding="utf-8")


def watched() -> list[Path]:
    """Return the folders and files whose change makes the site another one."""
    return [ROOT / name for name in SOURCES]
