"""The addresses of the pages of the guide, which the reports of ``pypi-practice`` name."""

from __future__ import annotations

from pypi_practice.core.data import load


def guide(language: str, page: str) -> str:
    """Return the address of a page of the guide; *page* is its path, with ``#id`` if any."""
    path, mark, place = page.partition("#")
    return f"{load('index/addresses')['guide']}{language}/{path}/{mark}{place}"
