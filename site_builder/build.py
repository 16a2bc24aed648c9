"""Builds the whole site into a folder: each language, and all that is made of both."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jinja2

from site_builder import contents, offline, policy
from site_builder.complaints import docs_of, readable
from site_builder.contents import Guide
from site_builder.forms import FINISH, TAKEN, WITH_CARDS, WITHOUT_PDF
from site_builder.listings import ROOT
from site_builder.texts import languages, word

CONFIGS: dict[str, str] = {code: one["config"] for code, one in languages().items()}
SOURCES = (
    "docs", "examples", "data", "demo-package", "overrides", "site_builder", *CONFIGS.values(),
)  # fmt: skip
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
    with ThreadPoolExecutor(1) as beside:  # the browser works while the rest is made
        printed = beside.submit(_print, guides if pdf else [])
        offline.write(guides, place)
        printed.result()
    policy.add(place)


def build_pages(place: Path, rendered: Path | None = None, *, pdf: bool = True) -> list[Guide]:
    """Build what a reader of the pages sees, and no more: this is what ``make serve`` shows."""
    return _build_pages(place, rendered, pdf=pdf, cards=False)


def _build_pages(place: Path, rendered: Path | None, *, pdf: bool, cards: bool) -> list[Guide]:
    place.mkdir(parents=True, exist_ok=True)
    _build_languages(place, rendered, pdf=pdf, cards=cards)
    guides = [contents.read(ROOT / config, place / one) for one, config in CONFIGS.items()]
    _write_root(place, guides)
    (place / "llms.txt").write_text(_llms(guides), encoding="utf-8")
    # Served for every missing address; its links are absolute, so it works at any depth.
    shutil.copy(guides[0].folder / "404.html", place / "404.html")
    return guides


def _print(guides: list[Guide]) -> None:
    if guides:
        from site_builder.pdf import write  # noqa: PLC0415 - slow to import

        write(guides)


def make_up(place: Path, path: str) -> None:
    """Make what ``build_pages`` left out, for a reader of ``make serve`` who asks for *path*."""
    name = path.rpartition("/")[2]
    guides = [contents.read(ROOT / config, place / one) for one, config in CONFIGS.items()]
    if name == TAKEN["pdf"] and not (place / path.lstrip("/")).exists():
        _print(guides)
    elif name == offline.NAME and not (place / name).exists():
        offline.write(guides, place)


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
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                cwd=ROOT, env=environ, stdout=said, stderr=subprocess.STDOUT,
            )  # fmt: skip
            running.append(process)
            if process.wait() == 0:
                return None
            said.seek(0)
            return said.read().decode("utf-8", "replace")

    def make(language: str) -> str | None:
        config, folder = CONFIGS[language], str(place / language)
        said = run("mkdocs", "build", "--strict", "--config-file", config, "--site-dir", folder)
        return None if said is None else readable(said, docs_of(ROOT / config))

    with ThreadPoolExecutor(len(CONFIGS)) as pool:
        try:
            complaints = [said for said in pool.map(make, CONFIGS) if said is not None]
        except BaseException:
            for process in running:
                process.kill()
            raise
    if complaints:
        raise BuildError("\n".join(complaints))


def _write_root(place: Path, guides: list[Guide]) -> None:
    languages = [
        {
            "lang": guide.language,
            "site_name": guide.name,
            "description": guide.description,
            "read": word("read", guide.language),
        }
        for guide in guides
    ]
    template = (Path(__file__).parent / "root.html").read_text(encoding="utf-8")
    page = jinja2.Environment(autoescape=True).from_string(template)
    text = page.render(languages=languages, root=guides[0].root)
    (place / "index.html").write_text(text, encoding="utf-8")


def _llms(guides: list[Guide]) -> str:
    """Return the ``llms.txt`` above all languages, which leads to each."""
    first = guides[0]
    lines = [f"# {first.name}", "", f"> {first.description}", ""]
    for guide in guides:
        lines += [f"## {guide.name}", ""]
        for name, key in (("llms.txt", "llms_list"), ("llms-full.txt", "llms_full")):
            lines.append(f"- [{word(key, guide.language)}]({guide.url}{name})")
        lines.append("")
    return "\n".join(lines).strip() + "\n"


def watched() -> list[Path]:
    """Return the folders and files whose change makes the site another one."""
    return [ROOT / name for name in SOURCES]
