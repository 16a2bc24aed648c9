"""What is made of all languages together, when each is built."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from site_builder import csp
from site_builder.formats import contents, offline
from site_builder.formats.contents import Guide
from site_builder.site_data import data
from site_builder.templates import render

START = ("tutorial/package", "troubleshooting", "practice")  # on the 404 page


def read(place: Path, configs: Mapping[str, Path]) -> list[Guide]:
    """Return the guide in each language, as it was built from its configuration into *place*."""
    return [contents.read(config, place / code) for code, config in configs.items()]


def write_root(place: Path, guides: list[Guide]) -> None:
    """Write what lies above the languages: the page to choose one, llms.txt, the 404 page."""
    # The 404 page is served at any depth, so its links are absolute.
    around, absolute = data("site/navigation"), urlsplit(guides[0].root).path
    texts = {
        "index.html": render("root.html", guides=guides, base=""),
        "llms.txt": render("llms.txt", guides=guides),
        "404.html": render(
            "not_found.html", guides=guides, base=absolute, around=around, start=START
        ),
    }
    for name, text in texts.items():
        (place / name).write_text(text, encoding="utf-8")


def write_sets(place: Path, guides: list[Guide], *, pdf: bool) -> None:
    """Write the PDFs, if wanted, and the offline set, and give every page its policy.

    Raises browser.NoBrowser.
    """
    with ThreadPoolExecutor(1) as beside:  # the browser works while the rest is made
        printed = beside.submit(_print, guides if pdf else [])
        offline.write(guides, place)
        printed.result()
    csp.add(place)


def write_offline_set(place: Path, guides: list[Guide]) -> None:
    """Write the offline set, unless it is there."""
    if not (place / offline.NAME).exists():
        offline.write(guides, place)


def _print(guides: list[Guide]) -> None:
    if guides:
        from site_builder.formats.pdf import write

        write(guides)
