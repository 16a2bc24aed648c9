"""What stands around the pages: words of the templates, the list of pages, moved pages."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

import lxml.html
from mkdocs.exceptions import PluginError

from site_builder.site_data import ROOT, begun, data, first, page_title
from site_builder.templates import render


def give_words(config: Any) -> None:
    """Give the templates the words of site/navigation.yml."""
    words, language = data("site/navigation"), config.theme["language"]
    config.extra["reading"] = {key: text[language] for key, text in words.items()}


def escape_description(page: Any) -> None:
    """Let the templates, the theme's too, write the sentence for search engines as it is."""
    if text := page.meta.get("description"):
        page.meta["description"] = escape(text)


def write_pages(pages: list[Any], folder: Path) -> None:
    """Write ``pages.json``: address and title of each page, for the 404 page."""
    rows = [{"url": page.url, "title": page.title} for page in pages if page.url]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pages.json").write_text(text, encoding="utf-8")


def read_titles(folder: Path) -> dict[str, str]:
    """Return the title of each page by its address, from ``pages.json`` in *folder*."""
    rows = json.loads((folder / "pages.json").read_text(encoding="utf-8"))
    return {row["url"]: row["title"] for row in rows}


def write_moved(folder: Path, root: str, files: str, language: str) -> None:
    """Let each old address of site/redirects.yml lead on, without JavaScript.

    *root* is the public address of *language*, *files* that of the repository's files, to which the
    old addresses of the maintainers' pages lead. Raises PluginError for a target that is not there,
    and for an old address that is one of a page.
    """
    for old, new in (data("site/redirects") or {}).items():
        page = folder / old / "index.html"
        if new.startswith("contributing/"):
            own = first() if language in begun() else language
            path = new.replace("/", f"/{own}/", 1)
            target, address = ROOT / f"{path}.md", f"{files}{path}.md"
        else:
            target, address = folder / new / "index.html", f"{root}{new}/"
        if not target.is_file():
            raise PluginError(f"site/redirects.yml: {old} leads to {new}, which is no page")
        if page.exists():
            raise PluginError(f"site/redirects.yml: {old} is still a page")
        up = "../" * len(Path(old).parts)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(
            render(
                "moved.html",
                language=language,
                words=data("site/navigation"),
                address=address.replace(root, up, 1),
                canonical=address,
                title=_title_of(target),
            ),
            encoding="utf-8",
        )


def _title_of(file: Path) -> str:
    """Return the title of a built page, or of a Markdown file."""
    if file.suffix == ".md":
        return page_title(file)
    return str(lxml.html.parse(file).findtext(".//title")).strip()
