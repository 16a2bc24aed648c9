"""Renders a description, and says before how much work that will be.

Runs in the process of a worker, and so imports neither the index nor more than it needs.
"""

from __future__ import annotations

import importlib
import re
import string
from collections import Counter

from pypi_practice.core.limits import DESCRIPTION_DEPTH, MIB
from pypi_practice.index.upload.rejection import TooMuch

RENDERERS = {"text/x-rst": "rst", "text/markdown": "markdown"}  # all else is plain text
HTML_SIZE = 4 * MIB  # characters of a page's description
MARKERS = re.compile(r"^[ \t]*(?:(?:>|[-+*]|\d{1,9}[.)])[ \t]*)+", re.MULTILINE)
MARKER = re.compile(r">|[-+*]|\d{1,9}[.)]")
TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
# A block of HTML goes on to a blank line, but these to their own end. Source: section 4.6 of
# https://spec.commonmark.org/0.31.2/.
HTML_BLOCK = re.compile(
    r"^[ \t>*+\-\d.)]{0,200}(<(?:script|pre|style|textarea|!--|\?|!\[CDATA\[|![a-z])|<)",
    re.MULTILINE | re.IGNORECASE,
)
BLANK_LINE = re.compile(r"\n[ \t>]*\n")
VERBATIM_END = re.compile(r"</(?:script|pre|style|textarea)>", re.IGNORECASE)
CLOSING = {
    **dict.fromkeys(("<script", "<pre", "<style", "<textarea"), VERBATIM_END),
    "<!--": re.compile("-->"),
    "<?": re.compile(r"\?>"),
    "<![cdata[": re.compile(r"\]\]>"),
    **{f"<!{letter}": re.compile(">") for letter in string.ascii_lowercase},
}
HTML_EFFORT = 500_000_000  # a third of a second
# Elements that have no content, or whose end the next one of their kind implies.
NEVER_NESTED = frozenset(
    (
        "area",
        "base",
        "br",
        "col",
        "dd",
        "dt",
        "embed",
        "hr",
        "img",
        "input",
        "li",
        "link",
        "meta",
        "option",
        "p",
        "param",
        "source",
        "td",
        "th",
        "tr",
        "track",
        "wbr",
    )
)


def render(text: str, kind: str) -> str | None:
    """Return *text* of the content type *kind* as HTML; None if it cannot be rendered.

    Raises TooMuch.
    """
    if kind == "text/markdown":
        if depth(text) > DESCRIPTION_DEPTH:
            raise TooMuch("description_depth", {"limit": DESCRIPTION_DEPTH})
        if html_effort(text) > HTML_EFFORT:
            raise TooMuch("description_effort", {})
    # Slow to import and large, that for reStructuredText most of all.
    renderer = importlib.import_module(f"readme_renderer.{RENDERERS.get(kind, 'txt')}")
    try:
        rendered: str | None = renderer.render(text)
    except MemoryError:
        raise
    except Exception:  # a renderer may meet anything; PyPI would answer 500, which helps nobody
        return None
    if rendered is not None and len(rendered) > HTML_SIZE:
        raise TooMuch("description_effort", {})
    return rendered


def depth(text: str) -> int:
    """Return about how deeply quotes, lists or elements of HTML are inside one another.

    It is never much less than what a renderer finds, whose time grows with its square.
    """
    quotes = max((len(MARKER.findall(start[0])) for start in MARKERS.finditer(text)), default=0)
    open_now: Counter[str] = Counter()
    deepest = 0
    for tag in TAG.finditer(text):
        name = tag[2].lower()
        if name in NEVER_NESTED:
            continue
        open_now[name] = max(0, open_now[name] + (-1 if tag[1] else 1))
        deepest = max(deepest, open_now[name])
    return max(quotes, deepest)


def html_effort(text: str) -> int:
    """Return how much the renderer of Markdown has to do for the blocks of HTML in *text*.

    For each, that is the number of its elements times its length: comrak looks at every "<" for
    elements that GitHub leaves out, and copies the block each time.
    """
    effort, end = 0, 0
    while (start := HTML_BLOCK.search(text, end)) is not None:
        closing = CLOSING.get(start[1].lower(), BLANK_LINE).search(text, start.end())
        end = len(text) if closing is None else closing.end()
        effort += text.count("<", start.start(), end) * (end - start.start())
    return effort
