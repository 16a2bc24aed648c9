"""Each line of a code block, as an element that wraps with an indent of its own.

Without it, the rest of a line that is too long for its block could be taken for the next line.
"""

from __future__ import annotations

import re

# The highlighter numbers the lines; what stands before the text are colours and names.
LINE = re.compile(r'<span id="__span-\d+-\d+">(?=((?:<span[^>]*>)*)( *))')
STEP, MOST = 2, 16  # columns


def mark(html: str) -> str:
    """Return a page in which each line of code names its indent: ``<span class="line in4">``."""
    return LINE.sub(_named, html)


def _named(match: re.Match[str]) -> str:
    columns = min(len(match[2]) // STEP * STEP, MOST)
    return f'<span class="line in{columns}">' if columns else '<span class="line">'
