"""Write argparse's sentences in each language as the catalogues that gettext reads.

Run after a change of pypi_practice/data/commands/argparse.yml:

    python -m scripts.argparse_catalogs
"""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo

from pypi_practice import data
from pypi_practice.core.data import load
from pypi_practice.core.i18n import DOMAIN, LANGUAGES

FIRST, *OTHERS = LANGUAGES


def file(language: str) -> Path:
    """Return the catalogue of a language."""
    folder = Path(data.__file__).parent / "locale" / language / "LC_MESSAGES"
    return folder / f"{DOMAIN}.mo"


def catalog(language: str) -> Catalog:
    """Return the sentences of *language*, by those of argparse."""
    sentences = Catalog(language, DOMAIN)
    for texts in load("commands/argparse"):
        if "one" in texts:
            singular, plural = texts["one"], texts["many"]
            sentences.add([singular[FIRST], plural[FIRST]], [singular[language], plural[language]])
        else:
            sentences.add(texts[FIRST], texts[language])
    return sentences


def main() -> None:
    """Write every catalogue."""
    for language in OTHERS:
        file(language).parent.mkdir(parents=True, exist_ok=True)
        with file(language).open("wb") as target:
            write_mo(target, catalog(language))


if __name__ == "__main__":
    main()
