"""The drawings of the guide, each made from data, in both languages, once wide and once narrow.

A page asks for one with ``{{ drawing("road") }}``. The wide one is for screens and paper, the
narrow one for phones: drawings.css shows one of them. Both have the same words, and so has the
text below them, which is what a screen reader says.
"""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import re
import runpy
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import loader as travis_config
from pypi_practice.travis.plan import planner
from site_builder.drawings.svg import Face, Sheet, broken
from site_builder.site_data import ROOT, data, word

WIDE, NARROW = 720, 350

NAME = Face(17, "name")
STRONG = Face(14, "strong")
TEXT = Face(13.5)
QUIET = Face(13, "quiet")
SECRET = Face(13, "secret")
SMALL = Face(12, "quiet")
MONO = Face(11.5, "mono quiet")


@dataclass(frozen=True)
class Picture:
    """A drawing: its title, its sentences, and a function that draws it at a width."""

    title: str
    sentences: list[str]
    draw: Callable[[bool], Sheet]


def figure(language: str, name: str) -> str:
    """Return the HTML of a drawing: two SVGs, its title, and its words."""
    picture = PICTURES[name](language)
    title, words = f"drawing-{name}", f"drawing-{name}-words"
    items = "".join(f"<li>{marked(one)}</li>" for one in picture.sentences)
    drawn = "".join(
        picture.draw(wide).svg(title, words, "wide" if wide else "narrow") for wide in (True, False)
    )
    summary = data("site/drawings")["in_words"][language]
    return (
        f'<figure class="drawing" data-search-exclude>{drawn}'
        f'<figcaption id="{title}">{marked(picture.title)}</figcaption>'
        f"<details><summary>{summary}</summary>"
        f'<ul id="{words}">{items}</ul></details></figure>'
    )


def alternative(language: str, name: str) -> str:
    """Return what a drawing says, as Markdown, for those who get no drawing."""
    picture = PICTURES[name](language)
    return "\n".join([f"{picture.title}:", "", *(f"- {one}" for one in picture.sentences)])


def marked(text: str) -> str:
    """Return a text with `code` in it as HTML."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False))


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


# The road


def road(language: str) -> Picture:
    """From the laptop over GitHub and Travis CI to TestPyPI and PyPI."""
    words = data("site/drawings")["road"]
    by_hand, no_secret = words["by_hand"][language], words["no_secret"][language]
    stations = {
        key: {part: text[language] for part, text in one.items()}
        for key, one in words["stations"].items()
    }
    stations["github"]["none"] = no_secret

    def station(sheet: Sheet, key: str, x: float, y: float, room: float) -> float:
        one = stations[key]
        y = sheet.text(x, y, one["name"], NAME, room)
        y = sheet.text(x, y + 3, one["does"], TEXT, room)
        if "none" in one:
            y = sheet.text(x, y + 5, one["none"], QUIET, room)
        if "secret" in one:
            sheet.key(x, y + 14)
            y = sheet.text(x + 26, y + 5, one["secret"], SECRET, room - 26)
        return y

    def draw(wide: bool) -> Sheet:
        return _road_wide(station, by_hand) if wide else _road_narrow(station, by_hand)

    sentences = []
    for one in stations.values():
        told = [one[part] for part in ("does", "none", "secret") if part in one]
        sentences.append(f"{one['name']}: {' '.join(told)}")
    sentences[3] += f" ({by_hand})"
    return Picture(words["title"][language], sentences, draw)


def _road_wide(station: Callable[..., float], by_hand: str) -> Sheet:
    sheet = Sheet(WIDE)
    rail, ends = 92, (40, 172)
    stops = (("laptop", 12), ("github", 196), ("travis", 360))
    sheet.path(f"M12 {rail - 10}C12 26 40 26 70 26H498C524 26 530 34 543 38", "rail by-hand")
    sheet.text(110, 4, by_hand, SMALL, 300)
    sheet.path(f"M12 {rail}H500C528 {rail} 520 {ends[0]} 548 {ends[0]}", "rail")
    sheet.path(f"M500 {rail}C528 {rail} 520 {ends[1]} 548 {ends[1]}", "rail")
    for key, x in stops:
        sheet.dot(x, rail, 8, "stop")
        station(sheet, key, x - 8, rail + 18, 162 if key != "travis" else 148)
    for key, y in zip(("testpypi", "pypi"), ends, strict=True):
        sheet.dot(548, y, 8, "stop end")
        station(sheet, key, 568, y - 14, WIDE - 568)
    return sheet


def _road_narrow(station: Callable[..., float], by_hand: str) -> Sheet:
    sheet = Sheet(NARROW)
    y, places = 4.0, {}
    for key in ("laptop", "github", "travis", "testpypi", "pypi"):
        places[key] = y + 14
        side = 24 if key == "testpypi" else 0
        y = station(sheet, key, 34 + side, y, NARROW - 34 - side)
        if key == "testpypi":
            y = sheet.text(58, y + 2, f"({by_hand})", SMALL, NARROW - 58)
        y += 20
    fork = places["testpypi"] - 40
    sheet.path(f"M12 {places['laptop']}V{places['pypi']}", "rail")
    sheet.path(f"M12 {fork}C12 {fork + 28} 36 {fork + 14} 36 {fork + 40}", "rail")
    for key, at in places.items():
        ends = key in ("testpypi", "pypi")
        sheet.dot(36 if key == "testpypi" else 12, at, 8, "stop end" if ends else "stop")
    return sheet


# Who holds which secret when


def holders(language: str) -> Picture:
    """Each place that holds a secret, and at which of the steps of tables/timeline.yml."""
    words, steps = data("site/drawings")["holders"], data("tables/timeline")
    rows = []
    for key, place in words["places"].items():
        kind = place.get("holds", "")
        held = [
            number
            for number, step in enumerate(steps, 1)
            if kind in ("password", "key") or key in step["token"]
        ]
        rows.append((place["name"][language], place["secret"][language], kind, held))

    def when(held: list[int]) -> str:
        if not held:
            return str(words["never"][language])
        if len(held) == len(steps):
            return str(words["always"][language])
        key = "at" if len(held) == 1 else "span"
        return str(words[key][language].format(first=held[0], last=held[-1]))

    def draw(wide: bool) -> Sheet:
        sheet = Sheet(WIDE if wide else NARROW)
        left = 226 if wide else 0
        column = (sheet.width - left) / len(steps)
        top = 22 if wide else 40
        if wide:
            sheet.text(0, 2, words["steps"][language], SMALL, left - 8)
        else:
            sheet.text(0, 0, words["steps"][language], SMALL, sheet.width)
        for number in range(len(steps)):
            middle = left + (number + 0.5) * column
            sheet.text(middle, top - 20, str(number + 1), SMALL, column, "middle")
        y: float = top
        for name, secret, kind, held in rows:
            sheet.line(0, y, sheet.width, y, "hair")
            if wide:
                bottom = sheet.text(0, y + 6, name, STRONG, left - 12)
                bottom = sheet.text(0, bottom, secret, SMALL, left - 12)
                middle = (y + bottom + 7) / 2
            else:
                sheet.text(0, y + 6, name, STRONG, 196)
                bottom = sheet.text(sheet.width, y + 7, secret, SMALL, 150, "end")
                bottom = max(bottom, y + 6 + 14 * 1.35 * len(broken(name, STRONG, 196)))
                middle = bottom + 11
                bottom = middle + 9
            for number in range(len(steps)):
                sheet.dot(left + (number + 0.5) * column, middle, 1.2, "tick")
            if held:
                start = left + (held[0] - 1) * column + 2
                wide_ = (held[-1] - held[0] + 1) * column - 4
                sheet.box(start, middle - 6, wide_, 12, f"bar {kind}", 6)
            y = bottom + 7
        return sheet

    sentences = [f"{name}: {secret}, {when(held)}." for name, secret, _, held in rows]
    return Picture(words["title"][language], sentences, draw)


# The timeline


def timeline(language: str) -> Picture:
    """The steps of tables/timeline.yml, each in the lane where it happens."""
    words, steps = data("site/drawings")["timeline"], data("tables/timeline")
    lanes = {key: text[language] for key, text in words["lanes"].items()}
    hot = [bool(set(step["token"]) - {"settings"}) for step in steps]

    def draw(wide: bool) -> Sheet:
        sheet = Sheet(WIDE if wide else NARROW)
        gap, first = (34, 14) if wide else (19, 10)
        at = {key: first + number * gap for number, key in enumerate(lanes)}
        left = first + len(lanes) * gap + (6 if wide else 2)
        room = sheet.width - left
        y: float
        for number, (key, name) in enumerate(lanes.items()):
            y = number * 18
            sheet.path(
                f"M{at[key]} {y + 30}V{y + 13}Q{at[key]} {y + 9} {at[key] + 4} {y + 9}H{left - 6}",
                "hair",
            )
            sheet.text(left, y, name, SMALL, room)
        top: float = len(lanes) * 18 + 16
        places = []
        y = top
        for number, step in enumerate(steps, 1):
            who = f"{number}  {step['who'][language]}"
            if wide:
                end = sheet.text(left, y, who, STRONG, 210)
                end = max(end, sheet.text(left + 216, y, step["short"][language], TEXT, room - 216))
            else:
                end = sheet.text(left, y, who, STRONG, room)
                end = sheet.text(left, end, step["short"][language], TEXT, room)
            places.append((at[step["lane"]], y + 10))
            y = end + 13
        bottom = places[-1][1]
        rails = Sheet(sheet.width)
        for number, x in enumerate(at.values()):
            rails.line(x, number * 18 + 30, x, bottom, "lane")
        for number in range(1, len(places)):
            (x, y1), (to, y2) = places[number - 1], places[number]
            bend = min(26, y2 - y1)
            start = y2 - bend
            rails.path(
                f"M{x} {y1}V{start}C{x} {start + bend / 2} {to} {start + bend / 2} {to} {y2}",
                "rail hot" if hot[number - 1] and hot[number] else "rail",
            )
        for (x, y1), warm in zip(places, hot, strict=True):
            rails.dot(x, y1, 6 if wide else 5, "stop hot" if warm else "stop")
        sheet.under(rails)
        sheet.line(left, y + 8, left + 26, y + 8, "rail hot")
        sheet.text(left + 34, y - 1, words["readable"][language], SMALL, room - 34)
        return sheet

    sentences = [
        f"{number}. {step['who'][language]} ({lanes[step['lane']]}): {step['short'][language]}"
        + (f" ({words['readable'][language]})" if warm else "")
        for number, (step, warm) in enumerate(zip(steps, hot, strict=True), 1)
    ]
    return Picture(words["title"][language], sentences, draw)


# Stages and conditions


def events() -> dict[str, planner.Event]:
    """Return the events that conditions are tried on, by their keys in site/words.yml."""
    return {
        "event_main": planner.Event("main"),
        "event_staging": planner.Event("staging"),
        "event_pull_request": planner.Event("staging", pull_request=True),
        "event_tag": planner.Event("main", tag="v1.0.0"),
    }


def stages(language: str) -> Picture:
    """What demo-package/.travis.yml starts for each event, as the rehearsal decides it."""
    words = data("site/drawings")["stages"]
    text = (ROOT / "demo-package" / ".travis.yml").read_text(encoding="utf-8")
    config = travis_config.parse(text, ".travis.yml", Translator("en", "travis/messages"))[0]
    rows = []
    for key, event in events().items():
        made = planner.make(config, event, [], 1, Translator("en", "travis/messages")).stages
        rows.append((word(key, language), [len(one.jobs) if one.runs else 0 for one in made]))
        heads = [(one.name, one.condition) for one in made]

    def count(jobs: int) -> str:
        if jobs == 1:
            return str(words["one"][language])
        return str(words["several"][language].format(count=jobs))

    def condition(text: str | None) -> str:
        return f"{words['condition'][language]} `{text}`" if text else words["always"][language]

    def draw(wide: bool) -> Sheet:
        sheet = Sheet(WIDE if wide else NARROW)
        left = 190 if wide else 0
        column = (sheet.width - left) / len(heads)
        xs = [left + number * column for number in range(len(heads))]
        y = 0.0
        if wide:
            ends = []
            for x, (name, text) in zip(xs, heads, strict=True):
                end = sheet.text(x, 0, name, NAME, column - 14)
                shown = text or words["always"][language]
                ends.append(sheet.text(x, end + 2, shown, MONO if text else SMALL, column - 14))
            y = max(ends) + 10
        else:
            for name, text in heads:
                y = sheet.text(0, y, name, NAME, NARROW)
                shown = text or words["always"][language]
                y = sheet.text(0, y, shown, MONO if text else SMALL, NARROW) + 8
            for x, (name, _) in zip(xs, heads, strict=True):
                end = sheet.text(x, y + 4, name, STRONG, column - 8)
            y = end + 6
        for label, jobs in rows:
            sheet.line(0, y, sheet.width, y, "hair")
            if wide:
                end = sheet.text(0, y + 13, label, TEXT, left - 12)
                middle, bottom = y + 23, max(end + 12, y + 46)
            else:
                end = sheet.text(0, y + 7, label, TEXT, NARROW)
                middle, bottom = end + 16, end + 32
            _row(sheet, xs, middle, jobs, count, column if wide else 0)
            y = bottom
        sheet.line(0, y, sheet.width, y, "hair")
        y += 9
        sheet.line(0, y + 9, 22, y + 9, "rail thin")
        sheet.arrow(24, y + 9, "rail thin")
        y = sheet.text(32, y, words["passed"][language], SMALL, sheet.width - 32)
        sheet.box(4, y + 3, 14, 14, "square open", 2)
        sheet.text(32, y + 1, words["none"][language], SMALL, sheet.width - 32)
        return sheet

    sentences = [
        words["stage"][language].format(name=f"`{name}`", condition=condition(text))
        for name, text in heads
    ]
    for label, jobs in rows:
        run = [
            f"`{name}` ({count(number)})"
            for (name, _), number in zip(heads, jobs, strict=True)
            if number
        ]
        then = words["then"][language].join(run) or words["none"][language]
        sentences.append(words["runs"][language].format(event=label, stages=then))
    return Picture(words["title"][language], sentences, draw)


def _row(
    sheet: Sheet,
    xs: list[float],
    middle: float,
    jobs: list[int],
    count: Callable[[int], str],
    labelled: float,
) -> None:
    """Draw the jobs of each stage as squares, with a line from one stage that runs to the next."""
    running = [number for number, many in enumerate(jobs) if many]
    ends = {}
    for number in running:
        x = xs[number]
        for one in range(jobs[number]):
            sheet.box(x + one * 18, middle - 7, 14, 14, "square", 2)
        ends[number] = x + jobs[number] * 18
        if labelled:
            ends[number] += 4
            text = count(jobs[number])
            sheet.text(ends[number], middle - 9, text, SMALL, labelled - ends[number] + x)
            ends[number] += SMALL.width(text) + 2
    for before, after in itertools.pairwise(running):
        sheet.line(ends[before] + 2, middle, xs[after] - 6, middle, "rail thin")
        sheet.arrow(xs[after] - 4, middle, "rail thin")
    for number, many in enumerate(jobs):
        if not many:
            sheet.box(xs[number], middle - 7, 14, 14, "square open", 2)


# The anatomy of a token


@dataclass(frozen=True)
class Field:
    """A part of a token: its key in tables/token_fields.yml, what it holds, where its letters are."""  # noqa: E501

    key: str
    value: str
    start: int
    end: int


def sample_token() -> str:
    """Return the token that examples/anatomy/fields.py makes and takes apart: it opens nothing."""
    with contextlib.redirect_stdout(io.StringIO()):
        return str(runpy.run_path(str(ROOT / "examples" / "anatomy" / "fields.py"))["TOKEN"])


def fields(token: str) -> list[Field]:
    """Return the parts of a token, each with the letters of it in which its bytes begin."""
    prefix = token.index("-") + 1
    body = token[prefix:]
    raw = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    found = [("prefix", token[:prefix], 0), ("version", str(raw[0]), 0)]
    keys = {1: "location", 2: "identifier", 6: "signature"}
    place, parts = 1, []
    while place < len(raw):
        kind, at = raw[place], place
        place += 1
        if kind == 0:
            continue
        size, place = raw[place], place + 1
        value, place = raw[place : place + size], place + size
        caveat = value.startswith(b"[")
        parts.append(("caveat" if caveat else keys[kind], value, at))
    starts = [0, prefix, *(prefix + -(-8 * at // 6) for _, _, at in parts), len(token)]
    shown = found + [
        (key, "" if key == "signature" else value.decode(), at) for key, value, at in parts
    ]
    return [
        Field(key, value, starts[number], starts[number + 1])
        for number, (key, value, _) in enumerate(shown)
    ]


def anatomy(language: str) -> Picture:
    """A token letter by letter, each part marked, and what stands in it."""
    words, names = data("site/drawings")["anatomy"], data("tables/token_fields")
    token = sample_token()
    parts = fields(token)

    def value(part: Field) -> str:
        return part.value or words["bytes"][language]

    def known(part: Field) -> str:
        return str(words["secret" if names[part.key]["secret"] else "public"][language])

    def draw(wide: bool) -> Sheet:
        sheet = Sheet(WIDE if wide else NARROW)
        face = Face(15 if wide else 14, "mono")
        letter = face.width("x")
        per_line = int(sheet.width / letter)
        high = 40
        for number, part in enumerate(parts):
            place, left = part.start, True
            while place < part.end:
                line, column = divmod(place, per_line)
                end = min(part.end, (line + 1) * per_line)
                x, y = column * letter, line * high + 14
                wide_ = (end - place) * letter
                secret = " secret" if names[part.key]["secret"] else ""
                sheet.box(x + 0.7, y, wide_ - 1.4, 23, f"field field-{number % 2}{secret}", 2)
                text = token[place:end]
                sheet.text(x, y + 2, text, Face(face.size, f"mono{secret}"), wide_ + 0.5)
                if left:
                    room = max(wide_, 14)
                    sheet.text(x + 1, y - 15, str(number + 1), Face(11, f"strong{secret}"), room)
                place, left = end, False
        y = (-(-len(token) // per_line)) * high + 14
        x, room = (0, (sheet.width - 24) / 2) if wide else (0, sheet.width)
        rows = [parts[:4], parts[4:]] if wide else [parts]
        for column, group in enumerate(rows):
            x = column * (room + 24)
            below: float = y
            for number, part in enumerate(group, 1 + 4 * column):
                face = Face(14, "strong secret" if names[part.key]["secret"] else "strong")
                sheet.text(x, below, str(number), face, 18)
                name = f"{names[part.key]['name'][language]}, {known(part)}"
                below = sheet.text(x + 20, below, name, face, room - 20)
                for bit in _folded(value(part), MONO, room - 20):
                    below = sheet.text(x + 20, below, bit, MONO, room - 20)
                below += 8
        return sheet

    sentences = [
        f"{number}. {names[part.key]['name'][language]}: `{value(part)}`; {known(part)}"
        for number, part in enumerate(parts, 1)
    ]
    return Picture(words["title"][language], [_sentence(one) for one in sentences], draw)


def _folded(text: str, face: Face, room: float) -> list[str]:
    """Return *text*, which has no spaces to break at, in pieces that fit."""
    size = int(room / face.width("x"))
    return [text[at : at + size] for at in range(0, len(text), size)]


PICTURES: dict[str, Callable[[str], Picture]] = {
    "road": road,
    "holders": holders,
    "timeline": timeline,
    "stages": stages,
    "anatomy": anatomy,
}


# Small drawings in the rows of a table


def reach(opens: list[str], until: Any, words: dict[str, Any], language: str) -> str:
    """Return the drawing of what a token opens, and for how long, for a cell of a table.

    *opens* are some of ``project``, ``others`` and ``new``; *until* is ``none``, ``short`` or
    ``never``, if there is no end.
    """
    sheet = Sheet(96)
    kinds = ("project", "others", "new")
    for number, kind in enumerate(kinds):
        state = "shut" if kind not in opens else "opened"
        x = 2 + number * 32
        if kind == "others":
            sheet.box(x + 5, 2, 17, 17, f"square {state} back", 2)
        sheet.box(x, 7, 17, 17, f"square {state} {kind}", 2)
        if kind == "new":
            sheet.path(f"M{x + 8.5} 11.5v8M{x + 4.5} 15.5h8", f"plus {state}")
    sheet.line(2, 34, 94, 34, "lane")
    if until == "never":
        sheet.line(2, 34, 92, 34, "rail hot")
        sheet.arrow(94, 34, "rail hot")
    elif until == "short":
        sheet.line(2, 34, 20, 34, "rail hot")
        sheet.line(20, 30, 20, 38, "rail hot")
    told = [
        f"{words[kind][language]}: {words['yes' if kind in opens else 'no'][language]}"
        for kind in kinds
    ]
    label = escape("; ".join([*told, words[f"until_{until}"][language]]))
    return sheet.plain(label, "reach")
