"""The catalogue: every message that a release can meet, who says it, why, and what to do.

It is put together from the data: ``uploads.yml``, ``never.yml`` and ``pages.yml`` for PyPI, the
validator's texts and ``travis_rules.yml``, and ``messages.yml`` for all others.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pypi_practice.facts import INDEXES, load
from pypi_practice.travis.validate import TEXTS

# {name} is anything, {name!r} anything in quotes, {name:[0-9]+} what the expression says.
PLACE = re.compile(r"\{(\w+)(!r)?(?::([^{}]+))?\}")
SOME = ".{0,300}?"
QUOTED = "(?:'[^']{0,300}'|\"[^\"]{0,300}\")"
LEVELS = {"info": "note", "warn": "hint", "error": "cause", "alert": "cause"}
TITLE = 90  # characters of a heading
ENOUGH = 16  # letters by which a message is known even if its link to a help page was cut off

Texts = Mapping[str, str]


@dataclass(frozen=True)
class Entry:
    """One message. ``cause`` and ``fix`` are by language; ``id`` is the anchor on the page.

    ``texts`` are the wordings, the usual one first, with places as in data/messages.yml; ``find``
    are those to look for. ``proof`` says how it was reproduced: a key of proofs in
    data/matching.yml, or a file; ``read`` is the source of what was only read, ``why`` the reason
    why it cannot be reproduced, by language.
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

    @property
    def text(self) -> str:
        """The message in its usual wording, with its places named: ``The name <name> ...``."""
        return shown(self.texts[0])

    @property
    def title(self) -> str:
        """The beginning of the message, short enough for a heading."""
        text = " ".join(PLACE.sub("…", _helped(self.texts[0])).split())
        text = text.replace("'…'", "…").replace('"…"', "…").partition(" See ")[0]
        if len(text) > TITLE:
            text = text[: TITLE - 1].rsplit(" ", 1)[0].rstrip(" .,:;(") + "…"
        return text.rstrip(".") if text.count(".") == 1 and text.endswith(".") else text

    @property
    def reproduced(self) -> bool:
        """Whether a test makes some program print it."""
        return self.proof is not None

    @functools.cached_property
    def patterns(self) -> tuple[tuple[str, int], ...]:
        """What to look for in a cleaned text: regular expressions of Python and JavaScript alike,
        each with the number of its fixed letters."""
        return tuple(pattern(one) for one in self.find)


def _helped(text: str) -> str:
    return text.replace("{help}", INDEXES["testpypi"].help)


def shown(text: str) -> str:
    """Return a text with its places between angle brackets.

    >>> shown("{name!r} is {what}, {code:[1-9]}")
    '<name> is <what>, <code>'
    """
    return " ".join(PLACE.sub(r"<\1>", _helped(text)).split())


def squeezed(text: str) -> str:
    """Return what of *text* counts when it is looked for: visible ASCII in small letters."""
    return re.sub("[^!-~]+", "", text).lower()


def pattern(text: str) -> tuple[str, int]:
    """Return the regular expression that finds *text*, and the number of its fixed letters.

    >>> pattern("The name {name!r} is taken: {why}")[1]
    14
    """
    parts: list[str] = []
    letters, end = 0, 0
    for place in PLACE.finditer(text):
        literal = squeezed(text[end : place.start()])
        letters += len(literal)
        parts.append(re.escape(literal))
        name, quoted, expression = place.groups()
        if name == "help":
            parts.append("https?://[^#]{1,80}/help/")
        else:
            parts.append(QUOTED if quoted else expression or SOME)
        end = place.end()
    literal = squeezed(text[end:])
    parts.append(re.escape(literal))
    letters += len(literal)
    # Anything at the beginning or at the end finds nothing.
    parts = [one for one in parts if one]
    while parts and parts[0] == SOME:
        parts.pop(0)
    while parts and parts[-1] == SOME:
        parts.pop()
    if not letters:
        raise ValueError(f"a message has no letters of its own: {text}")
    return "".join(parts), letters


@functools.cache
def catalogue() -> tuple[Entry, ...]:
    """Return all entries, in the order of the page."""
    made = [*_plain("travis"), *_config(), *_plain("dpl"), *_plain("build"), *_plain("twine"),
            *_uploads(), *_never(), *_forms()]  # fmt: skip
    return tuple(made)


@functools.cache
def by_id() -> dict[str, Entry]:
    """Return the entries by their ids."""
    return {one.id: one for one in catalogue()}


def _plain(group: str) -> Iterator[Entry]:
    for key, one in load("messages")[group].items():
        texts = (one["text"], *one.get("also", ()))
        yield Entry(
            id=key, group=group, texts=texts, find=tuple(one.get("find", texts)),
            level=one["level"], seen=one.get("seen", group), cause=one["cause"], fix=one["fix"],
            see=one.get("see"), proof=one.get("proof"), read=one.get("read"), key=key,
        )  # fmt: skip


def _config() -> Iterator[Entry]:
    more = load("messages")["config"]
    named: set[str] = set()
    for key, rule in load("travis_rules").items():
        own = more.get(key, {})
        if "code" not in rule or "with" in own:
            continue
        values = {name: value for name, value in own.items() if name != "see"}
        if rule["code"] in named and not values:
            raise ValueError(f"data/messages.yml: {key} and another rule say the same")
        named.add(rule["code"])
        text = _filled(TEXTS[rule["code"]], values)
        yield Entry(
            id=key, group="config", texts=(text,), find=(text,), level=LEVELS[rule["level"]],
            seen="config", cause=rule["why"], fix=rule["fix"], see=own.get("see"), proof="rules",
            rule=key, also_known_as=_shared(more, key), key=key,
        )  # fmt: skip


def _filled(text: str, values: Mapping[str, str]) -> str:
    return PLACE.sub(lambda place: values.get(place[1], place[0]), text)


def _shared(more: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(name.replace("_", "-") for name, one in more.items() if one.get("with") == key)


def _uploads() -> Iterator[Entry]:
    more = load("messages")["pypi"]
    for key, one in load("uploads").items():
        own = more.get(key, {})
        if "with" in own:
            continue
        text = own.get("text", one["text"])
        texts = tuple(_filled(text, {"reason": reason}) for reason in own.get("reason", [None])
                      if reason is not None) or (text,)  # fmt: skip
        find = tuple(own.get("find", [_without_link(text) for text in texts]))
        good = one["status"] < 400 and one["status"] != 308
        yield Entry(
            id=key.replace("_", "-"), group="pypi", texts=texts, find=() if good else find,
            level="note" if good else "cause", seen="pypi", cause=one["cause"], fix=one["fix"],
            see=own.get("see"), proof="answers", also_known_as=_shared(more, key), key=key,
        )  # fmt: skip


def _without_link(text: str) -> str:
    """Return a message without its link to a help page, if enough is left to know it by."""
    head = text.partition(" See ")[0]
    return head if pattern(head)[1] >= ENOUGH else text


def _slug(text: str) -> str:
    return "-".join(re.sub("[^a-z -]", "", text.lower()).split()[:4])


def _never() -> Iterator[Entry]:
    more = load("messages")["never"]
    for one in load("never"):
        own = more[one["fact"]]
        yield Entry(
            id=_slug(one["text"]), group="pypi", texts=(one["text"],),
            find=(_without_link(one["text"]),), level="cause", seen="pypi", cause=own["cause"],
            fix=own["fix"], see=own.get("see"), why=one["reason"], key=str(one["fact"]),
        )  # fmt: skip


def _forms() -> Iterator[Entry]:
    for key, one in load("messages")["forms"].items():
        mail = key == "leaked"
        text = load("mails")["subject"] if mail else load("pages")[key]["en"]
        texts = (text.replace("[{site}] ", ""),)
        yield Entry(
            id=key.replace("_", "-"), group="pypi", texts=texts, find=texts, level="cause",
            seen="mail" if mail else "page", cause=one["cause"], fix=one["fix"],
            see=one.get("see"), proof=one.get("proof", "forms"), key=key,
        )  # fmt: skip


def groups() -> dict[str, Sequence[Entry]]:
    """Return the entries by who says them, in the order of the page."""
    return {
        group: [one for one in catalogue() if one.group == group]
        for group in load("matching")["groups"]
    }
