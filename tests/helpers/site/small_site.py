"""The sources of a site with few pages, which is built in a second: for tests of the build."""

from __future__ import annotations

import shutil
from pathlib import Path

from helpers.site.built_site import LANGUAGES, copy_sources

# The start pages that every 404 page links to, and the home page.
PAGES = ("index", "tutorial/package", "practice", "troubleshooting")
NAV = """\
nav:
  - index.md
  - learn:
      - tutorial/package.md
  - practice.md
  - troubleshooting.md
"""
PAGE = """\
---
description: A page of a small site.
---

# A page

What is said first.

## A section { #section }

{{ listing("examples/practice/shell.sh") }}
"""


def write_small_site(target: Path) -> Path:
    """Copy the sources into *target*, with the few pages of PAGES instead of all."""
    copy_sources(target)
    for language in LANGUAGES:
        folder = target / "docs" / language
        shutil.rmtree(folder)
        for page in PAGES:
            file = folder / f"{page}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(PAGE, encoding="utf-8")
    config = target / "mkdocs.yml"
    settings = config.read_text(encoding="utf-8").partition("\nnav:")[0]
    config.write_text(f"{settings}\n{NAV}", encoding="utf-8")
    # Old addresses lead to pages that this site does not have.
    (target / "docs" / "data" / "site" / "redirects.yml").write_text("{}\n", encoding="utf-8")
    return target
