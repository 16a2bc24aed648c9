"""Where what is made of the whole guide lies: the PDF, the offline set, the feed and more."""

from __future__ import annotations

import os
from typing import Any

CHANGED_ONLY = "GUIDE_CHANGED_ONLY"  # set where only the pages that changed are made anew
WITHOUT_PDF = "GUIDE_WITHOUT_PDF"  # set where the site is built without one
WHEEL = "GUIDE_WHEEL"  # set where the site carries the wheel of the program: its path
# Set where all forms are made after the pages; WITH_CARDS is its value for the cards as well.
FINISH, WITH_CARDS = "GUIDE_FINISH", "cards"
# Seen from the home page of a language.
TAKEN = {
    "pdf": "guide.pdf",
    "print": "print/",
    "tutorial_pdf": "tutorial.pdf",
    "tutorial_print": "print/tutorial/",
    "offline": "../offline.zip",
    "feed": "feed.xml",
    "llms": "llms.txt",
    "llms_full": "llms-full.txt",
}


def is_taken(key: str) -> bool:
    """Tell whether one of TAKEN is made, too: a site can be built without its PDFs."""
    return not (TAKEN[key].endswith(".pdf") and os.environ.get(WITHOUT_PDF))


def source_of(page: Any) -> str:
    """Return the path of a page's source; Zensical has it under another name than MkDocs."""
    return page.file.src_uri if hasattr(page, "file") else str(page.path)


def files_address(config: Any) -> str:
    """Return the address below which the repository shows its files."""
    return f"{config['repo_url'].rstrip('/')}/{config['extra']['files_uri']}"
