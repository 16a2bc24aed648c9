"""Where the pages of the guide are read that the program names."""

from __future__ import annotations

from pypi_practice.core.data import load


def address(page: str, language: str) -> str:
    """Return the address of a page of the guide; *page* is its path, with ``#id`` if any.

    Where no site is known (data/index/addresses.yml), that is the end of the address on any copy
    of the site, and the program must say that it is of the guide.
    """
    path, separator, fragment = page.partition("#")
    site_address = load("index/addresses")["guide"]
    site = f"{site_address}{language}/" if site_address else ""
    return f"{site}{path}/{separator}{fragment}"
