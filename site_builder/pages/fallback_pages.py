"""Pages that a language does not have yet: it shows those of the first language, and says so."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

from site_builder.site_data import begun, first, word


def add(files: Files, config: Any) -> None:
    """Add the pages and pictures of the first language that a language that is begun lacks."""
    if config.theme["language"] not in begun():
        return
    docs = Path(config.docs_dir).parent / first()
    for path in sorted(path for path in docs.rglob("*") if path.is_file()):
        name = path.relative_to(docs).as_posix()
        if files.get_file_from_path(name) is None:
            files.append(File(name, str(docs), config.site_dir, config.use_directory_urls))


def is_borrowed(file: File | None, config: Any) -> bool:
    """Tell whether a page is one of the first language in the site of another.

    None is the file of a page that Zensical builds, where nothing can be borrowed.
    """
    folder = file.src_dir if file else None
    return folder is not None and Path(folder) != Path(config.docs_dir)


def spoken(file: File | None, config: Any) -> str:
    """Return the language that a page is written in."""
    return first() if is_borrowed(file, config) else config["theme"]["language"]


def marked(html: str, language: str) -> str:
    """Return the content of a page, as what it is: the first language, below a notice."""
    title, text = (escape(word(f"untranslated_{part}", language)) for part in ("title", "text"))
    return (
        f'<div class="admonition note"><p class="admonition-title">{title}</p><p>{text}</p></div>'
        f'<div lang="{first()}">{html}</div>'
    )
