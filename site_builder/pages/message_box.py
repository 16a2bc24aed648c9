"""The box for a log, which any page can carry, and the script with what it looks for."""

from __future__ import annotations

import json
from typing import Any

from pypi_practice.core.i18n import Translator
from pypi_practice.explain import catalog
from pypi_practice.tokens.patterns import SECRETS
from site_builder.site_data import ROOT, begun, data, first, page_address, page_title
from site_builder.templates import render

DATA = "assets/javascripts/messages-data.js"
CATALOGUE = "reference/messages"  # the page with all messages
WORDS = ("found_one", "found", "unknown", "empty", "cut", "secret", "secret_link", "more")


def _spoken(language: str) -> str:
    """Return *language*, or the first one for one that is begun: the program does not speak it."""
    return first() if language in begun() else language


def box(config: Any, page: str, language: str) -> str:
    """Return the box, as *page* carries it."""
    name = page.removesuffix(".md")
    root = "../" * page_address(name).count("/")
    say = Translator(_spoken(language), "commands/explain")
    return render("message_box.html", root=root, is_catalogue=name == CATALOGUE, say=say).strip()


def script_data(language: str) -> str:
    """Return the script that messages.js loads when the box is used."""
    language = _spoken(language)
    facts, say = data("messages/matching"), Translator(language, "commands/explain")
    size = facts["longest"] // 1_000_000
    words = {name: say(f"box_{name}", number="{number}", size=size) for name in WORDS}
    words |= {"cause": say("cause"), "fix": say("fix")}
    content = {
        "entries": [_entry(entry, language) for entry in catalog.catalogue()],
        "clean": facts["clean"],
        "secrets": SECRETS,
        "longest": facts["longest"],
        "gap": facts["gap"],
        "words": words,
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return f"window.guideMessages = {text};\n"


def _entry(entry: catalog.Entry, language: str) -> dict[str, Any]:
    levels = data("messages/matching")["levels"]
    known = {
        "id": entry.id,
        "text": entry.text(language),
        "level": levels.index(entry.level),
        "patterns": [[pattern.segments, pattern.letters] for pattern in entry.patterns],
        "cause": entry.cause[language],
        "fix": entry.fix[language],
    }
    page, mark, fragment = (entry.see or "").partition("#")
    file = ROOT / "docs" / language / page
    # Where all pages are built, the page of the messages fails for one that is not there.
    if file.is_file():
        known["see"] = {
            "title": page_title(file).replace("`", ""),
            "address": page_address(page.removesuffix(".md")) + mark + fragment,
        }
    return known
