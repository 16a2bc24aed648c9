"""Marks the tabs of the choices that hold for the whole site, and writes the switch for them.

overrides/assets/javascripts/choices.js keeps what a reader chooses.
"""

from __future__ import annotations

import re
from html import unescape

from site_builder.site_data import data
from site_builder.templates import render

LABEL = re.compile(r'<label for="(__tabbed_\d+_\d+)">(.*?)</label>')


def mark(html: str, language: str) -> str:
    """Return a page's content with its tabs marked, and below the title a switch for them.

    A page without such tabs stays as it is.
    """
    choices = data("site/choices")
    by_label = {
        label[language]: (choice, option)
        for choice, facts in choices.items()
        for option, label in facts["options"].items()
    }
    on_page = set()

    def marked(match: re.Match[str]) -> str:
        if (place := by_label.get(unescape(match[2]))) is None:
            return match[0]
        choice, option = place
        on_page.add(choice)
        return (
            f'<label for="{match[1]}" data-choice="{choice}" data-option="{option}">'
            f"{match[2]}</label>"
        )

    html = LABEL.sub(marked, html)
    if not on_page:
        return html
    shown = {choice: facts for choice, facts in choices.items() if choice in on_page}
    switch = render("choices.html", choices=shown, language=language)
    return html.replace("</h1>", f"</h1>\n{switch}", 1)
