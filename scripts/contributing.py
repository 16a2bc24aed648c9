"""Writes into the pages of contributing/ what is made from files and data.

These pages are for maintainers, who read them in the repository, and no part of the site. What a
macro makes on a page of the site stands in them between a comment with the call and the comment
``end``, so that the proofs find their blocks and sources as they find those of the site.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

from scripts import benchmark_table
from site_builder.code_blocks.listings import read_listing
from site_builder.pages import tables
from site_builder.site_data import ROOT, begun, languages

FOLDER = ROOT / "contributing"
PART = re.compile(r"(<!-- \{\{ ([^\n]+) \}\} -->\n).*?(?=<!-- end -->)", re.S)


def listing(language: str, path: str, first: str | None = None, last: str | None = None) -> str:
    """Return a file, or a part of it, as a fenced block."""
    shown = read_listing(path, first, last)
    return f"```{shown.language}\n{shown.code}\n```"


MACROS: dict[str, Callable[..., str]] = {
    "listing": listing,
    "sources": tables.macros()["sources"],
    "speed_behind": benchmark_table.speed_behind,
    "speed_setting": benchmark_table.speed_setting,
    "speed_table": benchmark_table.speed_table,
}


def pages(language: str) -> list[Path]:
    """Return the pages of one language."""
    return sorted((FOLDER / language).glob("*.md"))


def filled(text: str, language: str) -> str:
    """Return the text of a page with each part as it is made today."""

    def part(match: re.Match[str]) -> str:
        call = ast.parse(match[2], mode="eval").body
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            raise ValueError(f"{match[2]} calls no macro")
        values = [ast.literal_eval(value) for value in call.args]
        options = {str(word.arg): ast.literal_eval(word.value) for word in call.keywords}
        return f"{match[1]}\n{MACROS[call.func.id](language, *values, **options)}\n\n"

    return PART.sub(part, text)


def write() -> None:
    """Write each part of each page anew."""
    for language in languages().keys() - begun():
        for page in pages(language):
            text = page.read_text(encoding="utf-8")
            page.write_text(filled(text, language), encoding="utf-8")


if __name__ == "__main__":
    write()
