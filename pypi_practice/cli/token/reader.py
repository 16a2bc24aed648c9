"""Reads a token from standard input or a hidden prompt, and never from an argument.

An argument would stay in the history of the shell. No message repeats any part of the input.
"""

from __future__ import annotations

import getpass
import re
import sys
from collections.abc import Sequence

from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import HOSTS, INDEXES
from pypi_practice.tokens import inspection, macaroons
from pypi_practice.tokens.inspection import TokenInfo
from pypi_practice.tokens.patterns import BEGINNING, SCANNER

TOKEN_LIMIT = 64 * 1024  # bytes; a token has some hundreds
TEXT_LIMIT = 16 * 1024 * 1024  # bytes; a build log may be long


def refuse_arguments(argv: Sequence[str], words: Translator) -> None:
    """Raise PracticeError if a command that deals with tokens was given one as an argument."""
    if {"token", "leak", "explain"} & set(argv) and any(
        BEGINNING.search(argument) for argument in argv
    ):
        raise PracticeError(words("in_arguments"))


def read_bytes(prompt: str, limit: int) -> bytes:
    """Return what is typed, hidden, or piped in; of a pipe at most one byte more than *limit*."""
    if sys.stdin.isatty():
        try:
            return getpass.getpass(prompt).encode("utf-8", "surrogateescape")
        except EOFError:
            return b""
    return sys.stdin.buffer.read(limit + 1)


def read_token(command: str, words: Translator) -> tuple[str, TokenInfo]:
    """Return the token of the input, without surrounding space, and its content.

    Raises PracticeError for any other input; the sentence says how to call *command*.
    """
    raw = read_bytes(words("ask_token"), TOKEN_LIMIT)
    if len(raw) > TOKEN_LIMIT:
        raise PracticeError(words("input_large", limit=TOKEN_LIMIT))
    try:
        text = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise PracticeError(words("input_binary")) from None
    if "\0" in text:
        raise PracticeError(words("input_binary"))
    if not text:
        raise PracticeError(words("input_empty", command=command))
    if len(BEGINNING.findall(text)) > 1:
        raise PracticeError(words("input_several"))
    if not text.startswith(macaroons.PREFIX) or re.search(r"[^A-Za-z0-9_=-]", text):
        key = "input_around" if BEGINNING.search(text) else "input_no_token"
        raise PracticeError(words(key))
    token_info = inspection.read(text)
    if token_info is None:
        raise PracticeError(_damaged(text, words))
    return text, token_info


def _damaged(text: str, words: Translator) -> str:
    location = macaroons.location(text)
    if location is None:
        return words("input_no_token" if SCANNER.search(text) else "input_cut")
    name = words("an_unknown")
    if location in load("index/addresses")["real_locations"]:
        name = words("the_real", name=HOSTS[location].name)
    for index in INDEXES.values():
        if index.practice_location == location:
            name = words("the_practice", name=index.name)
    return words("input_damaged", index=name)
