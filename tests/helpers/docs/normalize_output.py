"""What may differ between two captures of the same output: versions of the day, times, hashes."""

from __future__ import annotations

import re
from pathlib import Path

from random_names import ADJECTIVES, ANIMALS

HOME = "/home/you"
SHORT_TOKEN = "pypi-AgEZ... (shortened)"
SIZE = "<size>"
NAME = rf"\b(?:{'|'.join(ADJECTIVES)})-(?:{'|'.join(ANIMALS)})\b"

# Applied to what is stored: the reader sees a home folder of their own and never a whole token.
SHOWN = [
    # Travis CI's marks of folds and times, which end with a "\r" that may have become a "\n".
    (re.compile(r"travis_(?:fold|time):[^\r\n]*[\r\n]+(?:\x1b\[0?K)?"), ""),
    (re.compile(r"pypi-Ag[A-Za-z0-9_-]{60,}"), SHORT_TOKEN),
    # What Python says when it asks for a secret and there is no terminal, as a reader has one.
    (re.compile(r"[^\n]*GetPassWarning[^\n]*\n[^\n]*\nWarning: Password input [^\n]*\n"), ""),
    (re.compile(r"\x1b\[[0-9;?]*[A-Za-z]"), ""),
    (re.compile(r"[^\n]*\r(?!\n)"), ""),
    (re.compile(r"[ \t]+$", re.M), ""),
    (re.compile(r"\n{3,}"), "\n\n"),
]
# Applied to both sides before they are compared.
COMPARED = [
    (re.compile(NAME), "<name>"),
    (re.compile(r"\b[0-9a-f]{64}\b"), "<hash>"),
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<id>"),
    (re.compile(r"\b[0-9a-f]{7,40}\b(?=[\s.)])"), "<commit>"),
    (re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d)?)?"), "<date>"),
    (re.compile(r"\b\d+(?:\.\d+)?(?:/\d+(?:\.\d+)?)?(?: (?:[kM]?B|bytes)|[KM]iB)\b"), SIZE),
    (re.compile(r"\b(?:\d+\.\d+ ?s|\d+ms)\b"), "<seconds>"),
    (re.compile(r"\b\d\d:\d\d\b|--:--"), "<time>"),
    (re.compile(r"• \S+$", re.M), "• <speed>"),
    (re.compile(r"(?<=127\.0\.0\.1:)\d{5}\b"), "<port>"),
    (re.compile(r"(?<=python)3\.\d+|(?<=Python )3\.\d+(?:\.\d+)?"), "<python>"),
    (re.compile(r"\b(?!0\.1\.[012]\b)\d+\.\d+\.\d+(?:\.\d+)?\b"), "<version>"),
]


def normalized(output: str, home: Path) -> str:
    """Return *output* as a page shows it."""
    output = output.replace(str(home), HOME)
    for pattern, replacement in SHOWN:
        output = pattern.sub(replacement, output)
    return output.rstrip("\n") + "\n"


def compared(output: str, *, with_sizes: bool = False) -> str:
    """Return *output* with everything replaced that may differ from one day to the next.

    With *with_sizes*, sizes stay: they differ where the demo package or a tool has grown.
    """
    for pattern, replacement in COMPARED:
        if replacement != SIZE or not with_sizes:
            output = pattern.sub(replacement, output)
    return output
