"""``pypi-practice explain``: what the messages of a log mean, the likeliest cause first.

With ``--json`` it prints an object with KEYS: ``secrets`` is true if something that looks like a
token was redacted, ``cut`` if only the end of a long text was searched, and ``found`` is an array
of objects with FOUND_KEYS: ``lines`` are the first and the last line of the message, from 1,
``text`` is the text of these lines, redacted, ``page`` its address in the guide, and ``more`` that
of another page about it, or null. The exit code is 0 if something was found, 1 if nothing was,
2 for bad input.
"""

from __future__ import annotations

import argparse
import codecs
import json
import os
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pypi_practice.cli import completion
from pypi_practice.cli.parser import add_command
from pypi_practice.core import guide
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator

if TYPE_CHECKING:
    from pypi_practice.explain.matcher import Match

# The command imports its modules when it runs, so that other commands start quickly.

KEYS = ("secrets", "cut", "found")
FOUND_KEYS = ("id", "by", "level", "message", "lines", "text", "cause", "fix", "page", "more")
FIRST_LINE = 10_000  # characters of a cut line that are left out
FULL = 3  # causes that are shown in full
CHUNK = 1024 * 1024  # bytes
PAGE = "reference/messages"
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def add_parser(commands: Any, language: str) -> None:
    """Add ``explain`` to the commands of pypi-practice."""
    words = Translator(language, "commands/explain")
    parser = add_command(commands, "explain", words("help_explain"), language)
    parser.epilog = words("epilog")
    file = parser.add_argument(
        "file", nargs="?", metavar=words.metavar("FILE"), help=words("help_file")
    )
    completion.complete(file, completion.FILE)
    parser.add_argument("--last", action="store_true", help=words("help_last"))
    parser.add_argument("--all", action="store_true", help=words("help_all"))
    parser.finish(json=words("help_json", keys=", ".join(KEYS)), data=True)
    parser.set_defaults(run=_explain)


def _explain(arguments: argparse.Namespace, words: Translator) -> int:
    from pypi_practice.core.data import load
    from pypi_practice.explain import matcher
    from pypi_practice.tokens import patterns

    messages = Translator(words.language, "commands/explain")
    limit = load("messages/matching")["longest"]
    if arguments.last and arguments.file:
        raise PracticeError(messages("both"))
    if arguments.last:
        from pypi_practice.explain import last_failure
        from pypi_practice.index.storage.data_folder import default_directory

        folder = (arguments.data or default_directory(os.environ)).absolute()
        try:
            last_output = last_failure.read(folder)
        except (OSError, UnicodeDecodeError) as error:
            raise PracticeError(_unread(folder / last_failure.NAME, error, messages)) from error
        if last_output is None:
            raise PracticeError(messages("nothing_last", path=folder))
        text, limit, cut = last_output, last_failure.LIMIT, len(last_output) >= last_failure.LIMIT
    else:
        text, cut = _read(arguments.file, messages, limit)
    # Clean first: a colour code inside a token would hide it from the redaction.
    cleaned = matcher.clean(text)
    safe = patterns.redact(cleaned)
    matches = matcher.find_in_cleaned(safe)
    lines = safe.split("\n")
    if arguments.json:
        report = {
            "secrets": safe != cleaned or "[token]" in text,
            "cut": cut,
            "found": [_as_json(match, lines, messages.language) for match in matches],
        }
        print(json.dumps(report, ensure_ascii=False, indent=2))
        return 0 if matches else 1
    if cut:
        print(messages("cut", size=limit // 1_000_000), file=sys.stderr)
    if safe != cleaned:
        print(
            messages("secret", page=guide.address("howto/leak", messages.language)),
            file=sys.stderr,
        )
    if not matches:
        print(messages("unknown"))
        return 1
    print("\n".join(_report(matches, lines, messages, everything=arguments.all)))
    if note := guide.note(messages.language):
        print(f"\n{note}")
    return 0


def _read(name: str | None, messages: Translator, limit: int) -> tuple[str, bool]:
    """Return the text of a file or of standard input, and whether its beginning was cut off.

    A text that was cut begins with a whole line if possible, because part of a token at its start
    could not be recognised and redacted.
    """
    if name in (None, "-"):
        if sys.stdin.isatty():
            print(messages("paste"), file=sys.stderr, flush=True)
        raw, cut = _tail(sys.stdin.buffer, limit)
        name = messages("standard_input")
    else:
        try:
            with Path(name).open("rb") as file:
                size = os.fstat(file.fileno()).st_size
                if size > limit:
                    file.seek(size - limit)
                raw, cut = _tail(file, limit)
                cut = cut or size > limit
        except (OSError, ValueError) as error:
            raise PracticeError(_unread(name, error, messages)) from error
    text = _decoded(raw)
    if text is None:
        raise PracticeError(messages("binary", name=name))
    if not text.strip():
        raise PracticeError(messages("empty"))
    return text[text.find("\n", 0, FIRST_LINE) + 1 if cut else 0 :], cut


def _unread(name: object, error: Exception, messages: Translator) -> str:
    return messages(
        "no_file", name=name, reason=error if isinstance(error, OSError) else OSError(error)
    )


def _tail(stream: BinaryIO, limit: int) -> tuple[bytes, bool]:
    """Return the last *limit* bytes of a stream, and whether there were more.

    A chunk that is not full is the last one: a terminal would be read on after its first Ctrl-D.
    """
    tail, cut, is_full = b"", False, True
    while is_full:
        chunk = stream.read(CHUNK)
        is_full = len(chunk) == CHUNK
        tail += chunk
        if len(tail) > limit:
            tail, cut = tail[-limit:], True
    return tail, cut


def _decoded(raw: bytes) -> str | None:
    """Return *raw* as text, decoded as UTF-8, or as UTF-16 by its byte order mark; None if binary.

    >>> _decoded("no".encode("utf-16")), _decoded(bytes([0, 1, 2, 3]))
    ('no', None)
    """
    for mark, coding in MARKS:
        if raw.startswith(mark):
            return raw.decode(coding, "replace")
    text = raw.decode("utf-8", "replace")
    # A log may have a few undecodable bytes; in a binary file they are frequent.
    odd = text.count("\0") * 100 + text.count("\ufffd")
    return None if odd > len(text) / 10 else text


def _page(match: Match, language: str) -> str:
    return guide.address(f"{PAGE}#{match.entry.id}", language)


def _more(match: Match, language: str) -> str | None:
    """Return the address of the page with more about a message, if there is one."""
    see = match.entry.see
    return guide.address(see.replace(".md", ""), language) if see else None


def _as_json(match: Match, lines: Sequence[str], language: str) -> dict[str, Any]:
    from pypi_practice.explain import matcher

    message = match.entry
    values = (
        message.id,
        message.group,
        message.level,
        message.text(language),
        [match.line, match.last_line],
        matcher.excerpt(lines, match),
        message.cause[language],
        message.fix[language],
        _page(match, language),
        _more(match, language),
    )
    return dict(zip(FOUND_KEYS, values, strict=True))


def _report(
    matches: Sequence[Match], lines: Sequence[str], messages: Translator, *, everything: bool
) -> Iterator[str]:
    """Yield the report as text: the likeliest causes in full, then one line for each other."""
    best_level = matches[0].entry.level
    shown_in_full = [match for match in matches if everything or match.entry.level == best_level]
    shown_in_full = shown_in_full if everything else shown_in_full[:FULL]
    remaining = matches[len(shown_in_full) :]
    for number, match in enumerate(shown_in_full):
        if number:
            yield ""
        yield from _full_report(match, lines, messages)
    if remaining:
        yield ""
        yield messages("also")
        for match in remaining:
            yield f"  {match.entry.title(messages.language)} ({_location(match, messages)})"
        yield messages("also_all")


def _location(match: Match, messages: Translator) -> str:
    from pypi_practice.core.data import load

    by = load("messages/matching")["groups"][match.entry.group][messages.language]
    return f"{by}, {messages('line', number=match.line)}"


def _full_report(match: Match, lines: Sequence[str], messages: Translator) -> Iterator[str]:
    from pypi_practice.explain import matcher

    message = match.entry
    yield f"{message.title(messages.language)} ({_location(match, messages)})"
    for line in matcher.excerpt(lines, match):
        yield f"  | {line}"
    for label, text in (("cause", message.cause), ("fix", message.fix)):
        yield from _filled(f"{messages(label)}: {text[messages.language]}")
    path = _more(match, messages.language) or _page(match, messages.language)
    yield f"  {messages('more', path=path)}"


def _filled(text: str) -> list[str]:
    width = max(40, min(shutil.get_terminal_size().columns, 100)) - 2
    return textwrap.wrap(
        text,
        width,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
