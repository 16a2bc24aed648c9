"""Finishes one language after MkDocs: pages to print, Markdown, feed, cards."""

from __future__ import annotations

from site_builder.formats import feed, markdown_export, single_page
from site_builder.formats.contents import Guide


def finish(guide: Guide, *, with_cards: bool) -> None:
    """Finish what MkDocs has built."""
    single_page.write_pages(guide)
    markdown_export.write(guide)
    (guide.folder / feed.FEED).write_text(feed.atom(guide), encoding="utf-8")
    if with_cards:
        from site_builder.formats import cards  # draws with Pillow, which `make serve` has not

        cards.write(guide)
