"""Where the pages of the guide are read that the program names."""

from __future__ import annotations

from pypi_practice.core.data import load


def address(page: str, language: str) -> str:
    """Return the address of a page of the guide; *page* is its path, with ``#id`` if any.

    Where no site is known (data/index/addresses.yml), that is the end of the address on any copy
    of the site, and the program must say that it is of the guide.
    """
    path, mark, place = page.partition("#")
    known_site = load("index/addresses")["guide"]
    site = f"{known_site}{language}/" if known_site else ""
    return f"{site}{path}/{mark}{place}"
