"""Finishes one language after MkDocs: light pages, the guide as one page, Markdown, feed, cards."""

from __future__ import annotations

from site_builder.formats import cards, feed, markdown_export, single_page
from site_builder.formats.contents import Guide
from site_builder.pages import page_weight


def finish(guide: Guide, *, with_cards: bool) -> None:
    """Finish what MkDocs has built. Raises weight.ThemeChanged."""
    page_weight.slim(guide.folder, guide.language)
    single_page.write_page(guide)
    markdown_export.write(guide)
    (guide.folder / feed.FEED).write_bytes(feed.atom(guide))
    if with_cards:
        cards.write(guide)
