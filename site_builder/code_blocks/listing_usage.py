"""What each page showed in the build that is going on: for the downloads, and for the tests."""

from __future__ import annotations

from site_builder.code_blocks.listings import Listing

_shown: dict[str, list[tuple[str, Listing]]] = {}


def clear(language: str) -> None:
    """Forget the last build."""
    _shown[language] = []


def add(language: str, page: str, listing: Listing) -> None:
    """Note that *page*, a path such as ``tutorial/upload.md``, shows *listing*."""
    _shown.setdefault(language, []).append((page, listing))


def shown(language: str) -> list[tuple[str, Listing]]:
    """Return every page and listing of this build, in the order in which they were shown."""
    return list(_shown.get(language, []))
