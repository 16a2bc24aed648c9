"""Marks the names that readers replace by their own, and writes what the script needs for it."""

from __future__ import annotations

import json
import keyword
import re
from html import escape, unescape

from pypi_practice.core import project_names
from pypi_practice.core.data import load
from pypi_practice.fork.placeholder_names import REPOSITORY, USER, places, sentence
from pypi_practice.tokens.patterns import FIELD
from site_builder.site_data import data

DATA = "assets/javascripts/own-names-data.js"
# Code; as-is is said of a name of the example that is spoken of as a name.
CODE = re.compile(r"(<code(?![^>]*\bas-is\b)[^>]*>)(.*?)(</code>)", re.S)
TITLE = re.compile(r'(<span class="filename">)(.*?)(</span>)')
LINK = re.compile(r'(<a [^>]*?)href="(https?://[^"]*)"')
PIECE = re.compile(r"(<[^>]*>)|&[^;\s]+;|[^<&]+")
FIXED = re.compile(r'<div class="[^"]*\bfixed-names\b.*?</div>', re.S)


def mark(html: str, language: str) -> str:
    """Return a page's content with each name of the example in a span, and the line that asks.

    A page without such names, and a block of the class ``fixed-names``, stay as they are.
    """
    kept = [match.span() for match in FIXED.finditer(html)]

    def marked(match: re.Match[str]) -> str:
        if any(start <= match.start() < end for start, end in kept):
            return match[0]
        return f"{match[1]}{_spans(match[2])}{match[3]}"

    def linked(match: re.Match[str]) -> str:
        template = _template(unescape(match[2]))
        if template is None:
            return match[0]
        return f'{match[1]}data-own-href="{escape(template)}" href="{match[2]}"'

    new = LINK.sub(linked, TITLE.sub(marked, CODE.sub(marked, html)))
    if new == html:
        return html
    # Below the title; on the home page, above the result that it shows.
    place = re.search(r'<div class="result">', new) or re.search(r"(?<=</h1>)", new)
    at = place.start() if place else 0
    return f"{new[:at]}\n{_line(language)}{new[at:]}"


def _spans(html: str) -> str:
    """Return highlighted code with its names marked.

    Where the highlighter has cut a name in pieces, the first carries the form and the others are
    its ``rest``, which a reader's own name leaves empty.
    """
    pieces = [(match[0], "" if match[1] else unescape(match[0])) for match in PIECE.finditer(html)]
    names = list(places("".join(shown for _, shown in pieces)))
    if not names:
        return html
    out, at = [], 0
    for source, shown in pieces:
        if not shown:
            out.append(source)
            continue
        end = at + len(shown)
        here = [name for name in names if name[0] < end and name[1] > at]
        if not here:
            out.append(source)
        done = at
        for start, stop, form in here:
            out.append(escape(shown[done - at : max(start, at) - at], quote=False))
            kind = form if start >= at else "rest"
            text = escape(shown[max(start, at) - at : min(stop, end) - at], quote=False)
            out.append(f'<span data-name="{kind}">{text}</span>')
            done = min(stop, end)
        if here:
            out.append(escape(shown[done - at :], quote=False))
        at = end
    return "".join(out)


def _template(url: str) -> str | None:
    """Return an address with the form in braces for each name in it; None if there is none."""
    parts, end = [], 0
    for start, stop, form in places(url):
        parts += [url[end:start], f"{{{form}}}"]
        end = stop
    return "".join([*parts, url[end:]]) if parts else None


def _line(language: str) -> str:
    own = data("commands/placeholder_names")
    words = {key: text[language] for key, text in own["words"].items()}
    shown = " ".join(
        f'<span class="own-names__name" data-name="{field}">'
        f"{own['fields'][field]['example']}</span>"
        for field in ("project", "user")
    )
    return (
        f'<p class="own-names">{words["line"]} {shown} '
        f'<button type="button" class="own-names__open" data-change="{words["change"]}" '
        f'data-unloaded="{words["unloaded"]}">{words["open"]}</button> '
        f'<span class="own-names__status" role="status"></span></p>'
    )


def script_data(language: str) -> str:
    """Return a script with all that the form needs: labels, rules, sentences and marks."""
    own = data("commands/placeholder_names")
    faults = ["name_stdlib", "name_prohibited", "name_similar", *own["says"]]
    shown = {
        "fields": {
            key: {
                "example": field["example"],
                "label": field["label"][language],
                "hint": field["hint"][language],
            }
            for key, field in own["fields"].items()
        },
        "says": {key: sentence(key, language, data) for key in faults},
        "words": {key: text[language] for key, text in own["words"].items()},
        "marks": own["marks"],
        "projects": f"{data('index/addresses')['indexes']['pypi']['web']}/project/",
        "pattern": project_names.NAME.pattern.replace(r"\Z", "$"),
        "repository": REPOSITORY.pattern.replace(r"\Z", "$"),
        "user": USER.pattern.replace(r"\Z", "$"),
        "token": FIELD.pattern,
        "keywords": sorted(keyword.kwlist),
        "stdlib": " ".join(sorted(project_names.stdlib())),
        "prohibited": sorted(project_names.prohibited()),
        "taken": [
            project_names.look(name) for name in load("index/reserved_names")["taken"]["projects"]
        ],
        "looks": {
            chr(letter): chr(same or 0).strip("\0")
            for letter, same in project_names.LOOK_ALIKES.items()
        },
    }
    text = json.dumps(shown, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return f"window.ownNames = {text};\n"
