"""Finishes one language after MkDocs: light pages, the guide as one page, Markdown, feed, cards.

``python -m site_builder.finish`` does it in a process of its own, so that all languages are made at
the same time.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from site_builder import book, cards, contents, feed, plain, weight
from site_builder.listings import ROOT
from site_builder.texts import languages


def finish(language: str, folder: Path, *, with_cards: bool) -> None:
    """Finish what MkDocs has built into *folder*. Raises weight.ThemeChanged."""
    weight.slim(folder, language)
    guide = contents.read(ROOT / languages()[language]["config"], folder)
    book.write_page(guide)
    plain.write(guide)
    (folder / feed.FEED).write_bytes(feed.atom(guide))
    if with_cards:
        cards.write(guide)


def main() -> int:
    """Finish the language that the arguments name; return 1, with a sentence, if that fails."""
    parser = argparse.ArgumentParser(prog="site_builder.finish", description=__doc__)
    parser.add_argument("language", choices=languages())
    parser.add_argument("folder", type=Path)
    parser.add_argument("--with-cards", action="store_true")
    arguments = parser.parse_args()
    try:
        finish(arguments.language, arguments.folder, with_cards=arguments.with_cards)
    except weight.ThemeChanged as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
