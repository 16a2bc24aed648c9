"""Finishes one language after MkDocs: light pages, the guide as one page, Markdown, feed, cards."""

from __future__ import annotations

from site_builder import book, cards, feed, plain, weight
from site_builder.contents import Guide


def finish(guide: Guide, *, with_cards: bool) -> None:
    """Finish what MkDocs has built. Raises weight.ThemeChanged."""
    weight.slim(guide.folder, guide.language)
    book.write_page(guide)
    plain.write(guide)
    (guide.folder / feed.FEED).write_bytes(feed.atom(guide))
    if with_cards:
        cards.write(guide)
