"""Which English text each Spanish section and message was written against, and the other way round.

``make twins`` writes it down in docs/data/generated/translation_hashes.yml, once both languages say
the same again.
"""

from __future__ import annotations

import hashlib
import re
import sys

import yaml
from helpers.docs.blocks import ROOT, pages
from helpers.site.data_texts import WHOLE, Leaf, leaves, sentence

FILE = ROOT / "docs" / "data" / "generated" / "translation_hashes.yml"
LANGUAGES = WHOLE
SECTION = re.compile(r"^#{2,6} .*\{ #([\w-]+) \}$", re.M)
TOP = "top"  # what stands above the first section, front matter and title included


def sections(language: str, page: str) -> dict[str, tuple[str, int]]:
    """Return hash and first line of each section by its id; line breaks do not count."""
    text = (ROOT / "docs" / language / f"{page}.md").read_text(encoding="utf-8")
    starts = [(TOP, 0), *((match[1], match.start()) for match in SECTION.finditer(text))]
    ends = [start for _, start in starts[1:]] + [len(text)]
    return {
        name: (_hash(text[start:end]), text.count("\n", 0, start) + 1)
        for (name, start), end in zip(starts, ends, strict=True)
    }


def _hash(text: str) -> str:
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:12]


def now() -> dict[str, dict[str, dict[str, tuple[str, int]]]]:
    """Return page → section → language → hash and line, as the pages are today."""
    hashes = {}
    for page in pages():
        of = {language: sections(language, page) for language in LANGUAGES}
        names = dict.fromkeys(name for parts in of.values() for name in parts)
        hashes[page] = {
            name: {language: of[language].get(name, ("", 1)) for language in LANGUAGES}
            for name in names
        }
    return hashes


def messages() -> dict[str, list[tuple[str, ...]]]:
    """Return file → the hashes of each of its texts, in the order of the languages.

    They have no names, so that a row can move.
    """
    hashes: dict[str, list[tuple[str, ...]]] = {}
    for leaf in leaves(ROOT):
        hashes.setdefault(leaf.file, []).append(_hashes(leaf))
    return hashes


def _hashes(leaf: Leaf) -> tuple[str, ...]:
    return tuple(_hash(leaf.text(code)) for code in LANGUAGES)


def changed() -> list[str]:
    """Return a sentence for each section that was changed in one language since it was equal."""
    stored = yaml.safe_load(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}
    known, today, sentences = stored.get("pages", {}), now(), []
    for page, parts in today.items():
        for name, of in parts.items():
            before = known.get(page, {}).get(name, {})
            place = {code: f"docs/{code}/{page}.md:{line}:" for code, (_, line) in of.items()}
            moved = [code for code, (text, _) in of.items() if before.get(code) != text]
            if len(moved) == len(LANGUAGES):
                sentences.append(sentence("section_new", place=place[moved[0]], name=name))
            elif moved:
                behind = [place[code].rstrip(":") for code in LANGUAGES if code not in moved]
                others = ", ".join(behind)
                sentences += [
                    sentence("section_changed", place=place[code], name=name, other=others)
                    for code in moved
                ]
    sentences += [
        sentence("section_gone", page=page, name=name)
        for page, parts in known.items()
        for name in parts
        if name not in today.get(page, {})
    ]
    return sentences + _changed_messages(stored.get("data", {}))


def _changed_messages(stored: dict[str, list[str]]) -> list[str]:
    known = {file: [tuple(row.split()) for row in rows] for file, rows in stored.items()}
    sentences = []
    for leaf in leaves(ROOT):
        today, before = _hashes(leaf), known.get(leaf.file, [])
        if today in before:
            continue
        # The row with the most languages unchanged is what this text was.
        same = max(before, default=(), key=lambda row: _equal(row, today))
        equal = [code for code, old, new in zip(LANGUAGES, same, today, strict=False) if old == new]
        names = {code: leaf.place(code).split(" ")[0] for code in LANGUAGES}
        if equal:
            others = ", ".join(names[code].rstrip(":") for code in equal)
            sentences += [
                sentence(
                    "message_changed",
                    place=names[code],
                    name=leaf.key,
                    other=others,
                    language=code,
                    others=", ".join(equal),
                )
                for code in LANGUAGES
                if code not in equal
            ]
        else:
            sentences.append(sentence("section_new", place=names[LANGUAGES[0]], name=leaf.key))
    return sentences


def _equal(row: tuple[str, ...], other: tuple[str, ...]) -> int:
    return sum(old == new for old, new in zip(row, other, strict=False))


def write() -> None:
    """Write down that all languages say the same today."""
    hashes = {
        page: {name: {code: text for code, (text, _) in of.items()} for name, of in parts.items()}
        for page, parts in now().items()
    }
    data = {file: [" ".join(row) for row in rows] for file, rows in messages().items()}
    text = "# Written by: make twins\n"
    text += yaml.safe_dump({"pages": hashes, "data": data}, sort_keys=False)
    FILE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    print("\n".join([*changed(), ""]), end="")
    write()
    print(sentence("twins_noted"))
    sys.exit(0)
