"""Each line of a code block, as an element that wraps with an indent of its own.

Without it, the rest of a line that is too long for its block could be taken for the next line; and
a browser would break ``--branch`` after its hyphens, so that each such word is an element as well.
"""

from __future__ import annotations

import re

BLOCK = re.compile(r"(?<=<pre><span></span><code>).*?(?=</code></pre>)", re.S)
# The highlighter numbers the lines; what stands before the text are colours and names.
LINE = re.compile(r'<span id="__span-\d+-\d+">(?=((?:<span[^>]*>)*)( *))')
# A line break belongs between the lines: in one of them, it would be copied twice.
END = re.compile(r"\n((?:</span>)+)")
STEP, MOST = 2, 16  # columns
SHORT = 28  # letters: a line that fits on every screen
TAG = re.compile(r"(<[^>]*>)")
HYPHENED = re.compile(r"(?<![^\s\"'(=])-{0,2}\w[\w.]*(?:-[\w.]+)*(?![^\s\"'),=&])")


def mark(html: str) -> str:
    """Return a page in which each line of code names its indent: ``<span class="line in4">``."""
    return BLOCK.sub(lambda block: "\n".join(map(_words, _lines(block[0]))), html)


def _lines(block: str) -> list[str]:
    return END.sub(r"\1\n", LINE.sub(_named, block)).split("\n")


def _named(match: re.Match[str]) -> str:
    columns = min(len(match[2]) // STEP * STEP, MOST)
    return f'<span class="line in{columns}">' if columns else '<span class="line">'


def _words(line: str) -> str:
    """Return a line in which each word with a hyphen is an element, if it could be broken."""
    parts = TAG.split(line)
    if sum(map(len, parts[::2])) <= SHORT:
        return line
    parts[::2] = [HYPHENED.sub(_whole, text) if "-" in text else text for text in parts[::2]]
    return "".join(parts)


def _whole(match: re.Match[str]) -> str:
    return f'<span class="word">{match[0]}</span>' if "-" in match[0] else match[0]
