"""The catalogue of messages: which program prints each, its cause and its fix.

It is built from the data files ``uploads.yml``, ``never.yml`` and ``pages.yml`` for PyPI, the
texts of Travis CI's validator and ``travis/rules.yml``, ``commands/shell.yml`` for the practice
index itself, and ``messages/catalog.yml`` for all others.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES
from pypi_practice.core.indexes import INDEXES

# {name} matches any text, {name!r} any text in quotes, {name:[0-9]+} characters of that class.
PLACEHOLDER = re.compile(r"\{(\w+)(!r)?(?::([^{}]+))?\}")
CLASS = re.compile(r"([a-z0-9]*)\[((?:[a-z0-9]-[a-z0-9])+)\](\+?)")
KIND_OF_LEVEL = {"info": "note", "warn": "hint", "error": "cause", "alert": "cause"}
TITLE = 90  # characters of a heading
MINIMUM_LETTERS = 16  # of a message without its link, so that it can be recognised

Texts = Mapping[str, str]
# A piece is a literal; or None, for any text in quotes; or a run: the characters of a class and
# their greatest number. A segment is a list of pieces that follow one another directly.
Run = tuple[str, int]
Piece = str | None | Run
Segment = tuple[Piece, ...]


@dataclass(frozen=True)
class Pattern:
    """Segments to find in a cleaned text, in this order.

    Between two of them are at most ``gap`` characters (data/messages/matching.yml). ``letters`` is
    the number of characters in literals. The time of a search is linear in the text, because each
    segment has a literal, and each placeholder in it a greatest length.
    """

    segments: tuple[Segment, ...]
    letters: int


@dataclass(frozen=True)
class Entry:
    """One message. ``cause`` and ``fix`` are by language; ``id`` is the anchor on the page.

    ``texts`` are the wordings, the usual one first, with placeholders as in
    data/messages/catalog.yml; ``find`` are those to search for. ``proof`` says how it was
    reproduced: a key of ``proofs`` in data/messages/matching.yml, or a file. ``read`` is the source
    of a message that was not reproduced, ``why`` the reason why it cannot be, by language.
    ``sentence`` is the usual wording by language, of a program that speaks several.
    """

    id: str
    group: str
    texts: tuple[str, ...]
    find: tuple[str, ...]
    level: str
    seen: str
    cause: Texts
    fix: Texts
    see: str | None = None
    proof: str | None = None
    read: str | None = None
    why: Texts | None = None
    rule: str | None = None
    also_known_as: tuple[str, ...] = ()  # other anchors of the same section
    key: str = field(default="", compare=False)  # in the file that it comes from
    sentence: Texts | None = None

    def wording(self, language: str) -> str:
        """Return the usual wording, which is in *language* if the program speaks it."""
        return self.sentence[language] if self.sentence else self.texts[0]

    def text(self, language: str) -> str:
        """Return the usual wording, with named placeholders: ``The name <name> ...``."""
        return shown(self.wording(language))

    def title(self, language: str) -> str:
        """Return the beginning of the usual wording, short enough for a heading."""
        text = " ".join(PLACEHOLDER.sub("…", _helped(self.wording(language))).split())
        text = text.replace("'…'", "…").replace('"…"', "…").partition(" See ")[0]
        if len(text) > TITLE:
            text = text[: TITLE - 1].rsplit(" ", 1)[0].rstrip(" .,:;(") + "…"
        return text.rstrip(".") if text.count(".") == 1 and text.endswith(".") else text

    @property
    def reproduced(self) -> bool:
        """Whether a test makes some program print it."""
        return self.proof is not None

    @functools.cached_property
    def patterns(self) -> tuple[Pattern, ...]:
        """The patterns of the wordings in ``find``."""
        return tuple(pattern(text) for text in self.find)


def _helped(text: str) -> str:
    return text.replace("{help}", INDEXES["testpypi"].help)


def shown(text: str) -> str:
    """Return a text with its placeholders in angle brackets.

    >>> shown("{name!r} is {what}, {code:[1-9]}")
    '<name> is <what>, <code>'
    """
    return " ".join(PLACEHOLDER.sub(r"<\1>", _helped(text)).split())


def squeezed(text: str, keep: str = "") -> str:
    """Return *text* for a comparison: only visible ASCII, in lower case.

    The characters in *keep* are kept too.
    """
    return re.sub(f"[^!-~{keep}]+", "", text).lower()


def pattern(text: str) -> Pattern:
    """Return the pattern of *text*; ValueError for a placeholder that no piece can express.

    >>> pattern("The name {name!r} is taken: {why}").segments
    (('thename', None, 'istaken:'),)
    >>> pattern("{a} is {b}, {code:40[0-9]} {c} at").segments
    (('is',), (',40', ('0123456789', 1)), ('at',))
    """
    segments: list[list[Piece]] = [[]]
    position = 0
    for placeholder in PLACEHOLDER.finditer(text):
        _add_literal(segments[-1], squeezed(text[position : placeholder.start()]))
        _, quoted, expression = placeholder.groups()
        if quoted:
            segments[-1].append(None)
        elif expression:
            _add_class(segments[-1], expression, text)
        else:
            segments.append([])
        position = placeholder.end()
    _add_literal(segments[-1], squeezed(text[position:]))
    # A placeholder at the start or the end needs no segment.
    nonempty = tuple(tuple(segment) for segment in segments if segment)
    if not nonempty:
        raise ValueError(f"a message has no letters of its own: {text}")
    for number, segment in enumerate(nonempty):
        _check(segment, text, first=number == 0)
    literals = [piece for segment in nonempty for piece in segment if isinstance(piece, str)]
    return Pattern(nonempty, len("".join(literals)))


def _check(segment: Segment, text: str, *, first: bool) -> None:
    """Raise ValueError unless a literal begins *segment* and every match of it is unique."""
    leading = first and segment[0] is None and len(segment) > 1
    if not isinstance(segment[1 if leading else 0], str):
        raise ValueError(f"a place of a message has no literal beside it: {text}")
    for piece, following in itertools.pairwise(segment):
        if isinstance(piece, tuple) and isinstance(following, str) and following[0] in piece[0]:
            raise ValueError(f"a place of a message has no certain end: {text}")


def _add_literal(segment: list[Piece], literal: str) -> None:
    if not literal:
        return
    if segment and isinstance(segment[-1], str):
        segment[-1] += literal
    else:
        segment.append(literal)


def _add_class(segment: list[Piece], expression: str, text: str) -> None:
    match = CLASS.fullmatch(expression)
    if match is None:
        raise ValueError(f"a place of a message is no class of characters: {text}")
    _add_literal(segment, match[1])
    letters = "".join(
        chr(code)
        for first, last in re.findall("(.)-(.)", match[2])
        for code in range(ord(first), ord(last) + 1)
    )
    segment.append((letters, load("messages/matching")["gap"] if match[3] else 1))


@functools.cache
def catalogue() -> tuple[Entry, ...]:
    """Return all entries, in the order of the page."""
    entries = [
        *_plain("travis"),
        *_config(),
        *_plain("dpl"),
        *_plain("build"),
        *_plain("twine"),
        *_uploads(),
        *_never(),
        *_forms(),
        *_practice(),
    ]
    return tuple(entries)


@functools.cache
def by_id() -> dict[str, Entry]:
    """Return the entries by their ids."""
    return {entry.id: entry for entry in catalogue()}


def _plain(group: str) -> Iterator[Entry]:
    for key, message in load("messages/catalog")[group].items():
        texts = (message["text"], *message.get("also", ()))
        yield Entry(
            id=key,
            group=group,
            texts=texts,
            find=tuple(message.get("find", texts)),
            level=message["level"],
            seen=message.get("seen", group),
            cause=message["cause"],
            fix=message["fix"],
            see=message.get("see"),
            proof=message.get("proof"),
            read=message.get("read"),
            key=key,
        )


def _config() -> Iterator[Entry]:
    own_messages = load("messages/catalog")["config"]
    codes: set[str] = set()
    for key, rule in load("travis/rules").items():
        own_message = own_messages.get(key, {})
        if "code" not in rule or "with" in own_message:
            continue
        values = {name: value for name, value in own_message.items() if name != "see"}
        if rule["code"] in codes and not values:
            raise ValueError(f"data/messages/catalog.yml: {key} and another rule say the same")
        codes.add(rule["code"])
        text = _filled(load("travis/validator")[rule["code"]], values)
        yield Entry(
            id=key,
            group="config",
            texts=(text,),
            find=(text,),
            level=KIND_OF_LEVEL[rule["level"]],
            seen="config",
            cause=rule["why"],
            fix=rule["fix"],
            see=own_message.get("see"),
            proof="rules",
            rule=key,
            also_known_as=_shared(own_messages, key),
            key=key,
        )


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACEHOLDER.sub(lambda placeholder: values.get(placeholder[1], placeholder[0]), text)


def _shared(more: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(
        name.replace("_", "-") for name, message in more.items() if message.get("with") == key
    )


def _uploads() -> Iterator[Entry]:
    own_messages = load("messages/catalog")["pypi"]
    for key, response in load("index/uploads").items():
        own_message = own_messages.get(key, {})
        if "with" in own_message:
            continue
        text = own_message.get("text", response["text"])
        texts = tuple(
            _filled(text, {"reason": reason})
            for reason in own_message.get("reason", [None])
            if reason is not None
        ) or (text,)
        find = tuple(own_message.get("find", [_without_link(text) for text in texts]))
        is_success = response["status"] < 400 and response["status"] != 308
        yield Entry(
            id=key.replace("_", "-"),
            group="pypi",
            texts=texts,
            find=() if is_success else find,
            level="note" if is_success else "cause",
            seen="pypi",
            cause=response["cause"],
            fix=response["fix"],
            see=own_message.get("see"),
            proof="answers",
            also_known_as=_shared(own_messages, key),
            key=key,
        )


def _without_link(text: str) -> str:
    """Return a message without its link to a help page, if it stays recognisable."""
    head = text.partition(" See ")[0]
    return head if pattern(head).letters >= MINIMUM_LETTERS else text


def _slug(text: str) -> str:
    return "-".join(re.sub("[^a-z -]", "", text.lower()).split()[:4])


def _never() -> Iterator[Entry]:
    own_messages = load("messages/catalog")["never"]
    for response in load("index/unreachable_answers"):
        own_message = own_messages[response["fact"]]
        yield Entry(
            id=_slug(response["text"]),
            group="pypi",
            texts=(response["text"],),
            find=(_without_link(response["text"]),),
            level="cause",
            seen="pypi",
            cause=own_message["cause"],
            fix=own_message["fix"],
            see=own_message.get("see"),
            why=response["reason"],
            key=str(response["fact"]),
        )


def _forms() -> Iterator[Entry]:
    for key, message in load("messages/catalog")["forms"].items():
        is_mail = key == "leaked"
        text = load("index/mails")["subject"] if is_mail else load("index/web_pages")[key]["en"]
        texts = (text.replace("[{site}] ", ""),)
        yield Entry(
            id=key.replace("_", "-"),
            group="pypi",
            texts=texts,
            find=texts,
            level="cause",
            seen="mail" if is_mail else "page",
            cause=message["cause"],
            fix=message["fix"],
            see=message.get("see"),
            proof=message.get("proof", "forms"),
            key=key,
        )


def _practice() -> Iterator[Entry]:
    sentences = load("commands/shell")
    for key, message in load("messages/catalog")["practice"].items():
        texts = tuple(sentences[key][language] for language in LANGUAGES)
        yield Entry(
            id=f"practice-{key.replace('_', '-')}",
            group="practice",
            texts=texts,
            find=texts,
            level="cause",
            seen="practice",
            cause=message["cause"],
            fix=message["fix"],
            see=message.get("see"),
            proof="practice",
            key=key,
            sentence=sentences[key],
        )


def groups() -> dict[str, Sequence[Entry]]:
    """Return the entries by the program that prints them, in the order of the page."""
    return {
        group: [entry for entry in catalogue() if entry.group == group]
        for group in load("messages/matching")["groups"]
    }
