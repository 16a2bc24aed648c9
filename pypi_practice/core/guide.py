"""Where the pages of the guide are read that the program names."""

from __future__ import annotations

from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator


def address(page: str, language: str) -> str:
    """Return the address of a page of the guide; *page* is its path, with ``#id`` if any.

    Where no site is known (data/index/addresses.yml), that is the end of the address on any copy
    of the site, and the program must say that it is of the guide, and print ``note``.
    """
    path, separator, fragment = page.partition("#")
    site_address = load("index/addresses")["guide"]
    site = f"{site_address}{language}/" if site_address else ""
    return f"{site}{path}/{separator}{fragment}"


def note(language: str) -> str | None:
    """Return how the pages that ``address`` names can be read, None if it gives whole addresses."""
    addresses = load("index/addresses")
    if addresses["guide"]:
        return None
    return Translator(language)("guide_served", address=f"{addresses['guide_served']}{language}/")
