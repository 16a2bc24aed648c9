"""The sources of the pages: which are used where, and which were read long ago."""

from __future__ import annotations

import datetime
import re
from typing import Any

import yaml
from helpers.docs.blocks import ROOT, all_pages, source
from helpers.site.data_texts import sentence

CALL = re.compile(r"\{\{\s*sources\(([^)]*)\)\s*\}\}")
OLD = datetime.timedelta(days=183)


def known() -> dict[str, dict[str, Any]]:
    """Return docs/data/site/sources.yml."""
    file = ROOT / "docs" / "data" / "site" / "sources.yml"
    entries: dict[str, dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))
    return entries


def used(page: str, language: str = "en") -> list[str]:
    """Return the keys of the sources that a page lists."""
    text = source(page, language).read_text(encoding="utf-8")
    return [key for call in CALL.finditer(text) for key in re.findall(r'"([^"]+)"', call[1])]


def old(today: datetime.date) -> list[str]:
    """Return a line for each source that was read more than six months before *today*."""
    users = {key: [page for page in all_pages() if key in used(page)] for key in known()}
    return [
        sentence(
            "source_old",
            day=source["read"],
            key=key,
            url=source["url"],
            pages=", ".join(users[key]),
        )
        for key, source in sorted(known().items(), key=lambda item: item[1]["read"])
        if today - source["read"] > OLD
    ]


if __name__ == "__main__":
    print("\n".join(old(datetime.date.today())) or sentence("sources_fresh"))
