"""The templates in site_builder/templates, and what each of them can use."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import jinja2

from site_builder.site_data import data, first, languages, word

FOLDER = Path(__file__).with_name("templates")


def code(text: object) -> str:
    """Return *text* as inline code of Markdown, also when it holds a backtick."""
    return f"`` {text} ``" if "`" in str(text) else f"`{text}`"


def row(*cells: object) -> str:
    """Return a row of a Markdown table."""
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def head(language: str, *keys: str) -> str:
    """Return the head of a Markdown table; *keys* are those of site/words.yml."""
    return f"{row(*(word(key, language) for key in keys))}\n{row(*['---'] * len(keys))}"


@functools.cache
def environment() -> jinja2.Environment:
    """Return the environment of the templates; those of HTML and XML escape what is put in."""
    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER),
        autoescape=jinja2.select_autoescape(["html", "xml"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    templates.globals |= {
        "data": data,
        "first": first,
        "head": head,
        "languages": languages,
        "row": row,
        "word": word,
    }
    templates.filters["code"] = code
    templates.policies["json.dumps_kwargs"] = {"ensure_ascii": False}
    return templates


def render(name: str, **values: Any) -> str:
    """Return the text that a template makes of *values*."""
    return environment().get_template(name).render(values)
