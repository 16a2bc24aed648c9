"""The links to what is made of the whole guide: the PDF, the offline set, the feed and more."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from site_builder.formats import feed
from site_builder.site_data import word

WITHOUT_PDF = "GUIDE_WITHOUT_PDF"  # set where the site is built without one
# Set where all forms are made after the pages; WITH_CARDS is its value for the cards as well.
FINISH, WITH_CARDS = "GUIDE_FINISH", "cards"
# Seen from the home page of a language.
TAKEN = {
    "pdf": "guide.pdf",
    "print": "print/",
    "offline": "../offline.zip",
    "feed": "feed.xml",
    "llms": "llms.txt",
    "llms_full": "llms-full.txt",
}


def source_of(page: Any) -> str:
    """Return the path of a page's source; Zensical has it under another name than MkDocs."""
    return page.file.src_uri if hasattr(page, "file") else str(page.path)


def files_address(config: Any) -> str:
    """Return the address below which the repository shows its files."""
    return f"{config['repo_url'].rstrip('/')}/{config['extra']['files_uri']}"


def register(env: Any, speaks: Callable[[], str]) -> None:
    """Give the pages these macros; *speaks* returns the language of the page."""

    @env.macro
    def take(what: str) -> str:
        """Link to one of TAKEN."""
        if what == "pdf" and os.environ.get(WITHOUT_PDF):
            return word("take_no_pdf", speaks())
        path = source_of(env.page)
        up = "../" * (0 if path == "index.md" else len(PurePosixPath(path).parts))
        # Written as HTML: it is made after MkDocs, which would not find it.
        return f'<a href="{up}{TAKEN[what]}">{word(f"take_{what}", speaks())}</a>'

    @env.macro
    def changes() -> str:
        """List what has changed, newest first."""
        return feed.markdown(speaks())
