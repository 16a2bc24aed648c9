"""Which English text each Spanish section was written against, and the other way round.

``make twins`` writes it down in data/twins.yml, once both languages say the same again.
"""

from __future__ import annotations

import hashlib
import re
import sys

import yaml
from blocks import ROOT, pages

FILE = ROOT / "data" / "twins.yml"
LANGUAGES = ("en", "es")
SECTION = re.compile(r"^#{2,6} .*\{ #([\w-]+) \}$", re.M)
TOP = "top"  # what stands above the first section, front matter and title included


def sections(language: str, page: str) -> dict[str, str]:
    """Return the hash of each section of a page, by its id; line breaks do not count."""
    text = (ROOT / "docs" / language / f"{page}.md").read_text(encoding="utf-8")
    parts = SECTION.split(text)
    names = [TOP, *parts[1::2]]
    return {
        name: hashlib.sha256(" ".join(part.split()).encode()).hexdigest()[:12]
        for name, part in zip(names, parts[0::2], strict=True)
    }


def now() -> dict[str, dict[str, dict[str, str]]]:
    """Return page → section → language → hash, as the pages are today."""
    found = {}
    for page in pages():
        english, spanish = (sections(language, page) for language in LANGUAGES)
        found[page] = {
            name: {"en": english.get(name, ""), "es": spanish.get(name, "")}
            for name in {**english, **spanish}
        }
    return found


def changed() -> list[str]:
    """Return a sentence for each section that was changed in one language since it was equal."""
    known = yaml.safe_load(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    sentences = []
    for page, parts in now().items():
        for name, hashes in parts.items():
            before = known.get(page, {}).get(name, {})
            moved = [one for one in LANGUAGES if before.get(one) != hashes[one]]
            if len(moved) == 1:
                other = next(one for one in LANGUAGES if one not in moved)
                sentences.append(
                    f"docs/{moved[0]}/{page}.md, section {name}, has changed: revisit it in "
                    f"docs/{other}/{page}.md, then run: make twins"
                )
            elif moved:
                sentences.append(f"{page}.md, section {name}, is new here: run make twins")
    gone = {(page, name) for page, parts in known.items() for name in parts} - {
        (page, name) for page, parts in now().items() for name in parts
    }
    sentences += [f"{page}.md has no section {name} any more: run make twins"
                  for page, name in sorted(gone)]  # fmt: skip
    return sentences


def write() -> None:
    """Write down that both languages say the same today."""
    text = "# Written by: make twins\n" + yaml.safe_dump(now(), sort_keys=False)
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    print("\n".join(changed()))
    write()
    sys.exit(0)
