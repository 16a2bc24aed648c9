"""What a first visit of the tutorial's pages weighs, beside its limit, in both languages.

Run it with: make numbers. It builds the site, without the PDF, and adds up each page's HTML, style
sheet and scripts as gzip sends them.
"""

from __future__ import annotations

import gzip
import re
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from site_builder.build import CONFIGS, build

LIMIT = 70_000  # bytes
LOADED = re.compile(r'<(?:script src|link rel="stylesheet" href)="([^"]+)"')


def main() -> int:
    """Print the heaviest page of the tutorial in each language; return how many are too heavy."""
    heavy = 0
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "site")
        build(site, pdf=False)
        for language in CONFIGS:
            pages = sorted((site / language / "tutorial").glob("*/index.html"))
            sizes = {page.parent.name: weight(page) for page in pages}
            name = max(sizes, key=sizes.__getitem__)
            heavy += sizes[name] > LIMIT
            print(f"{language}: {sizes[name]} bytes of at most {LIMIT} (tutorial/{name})")
    return heavy


def weight(page: Path) -> int:
    """Return the bytes of a page with all that it loads at once, each file with gzip."""
    html = page.read_text(encoding="utf-8")
    files = [page, *((page.parent / one).resolve() for one in LOADED.findall(html))]
    return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files)


if __name__ == "__main__":
    sys.exit(main())
