"""What the drawings show, made from data; how they look is in ``drawings.html``.

A page asks for one with ``{{ drawing("road") }}``. Below each are its words in a list, which is
what a screen reader says.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import io
import re
import runpy
from dataclasses import dataclass
from html import escape
from typing import Any

from markupsafe import Markup

from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import loader as travis_config
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event, Plan, Stage
from site_builder import templates
from site_builder.site_data import ROOT, data

NAMES = ("road", "holders", "timeline", "stages", "anatomy")


def figure(language: str, name: str) -> str:
    """Return the HTML of a drawing, with its title and its words."""
    return _compact(getattr(_templates(), name)(language))


def reach(opens: list[str], until: str, words: dict[str, Any], language: str) -> str:
    """Return the small drawing of what a token opens, and for how long, for a cell of a table."""
    return _compact(_templates().reach(opens, until, words, language)).replace("\n", "")


def _compact(html: str) -> str:
    """Return *html* without empty lines, at which Markdown would end it."""
    return re.sub(r"\n\s*", "\n", str(html)).strip()


@functools.cache
def _templates() -> Any:
    return templates.environment().get_template("drawings.html", globals=FOR_TEMPLATES).module


def with_code(text: str) -> Markup:
    """Return a text with `code` in it as HTML."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text, quote=False)))


# Who holds which secret when


def steps_held(key: str, place: dict[str, Any]) -> list[int]:
    """Return the numbers of the steps of tables/timeline.yml at which a place holds a secret."""
    always = place.get("holds") in ("password", "key")
    steps = enumerate(data("tables/timeline"), 1)
    return [number for number, step in steps if always or key in step["token"]]


def is_readable(step: dict[str, Any]) -> bool:
    """Tell whether programs of a job can read the token at a step of tables/timeline.yml."""
    return bool(set(step["token"]) - {"settings"})


# Stages and conditions


def events() -> dict[str, Event]:
    """Return the events that conditions are tried on, by their keys in site/words.yml."""
    return {
        "event_main": Event("main"),
        "event_staging": Event("staging"),
        "event_pull_request": Event("staging", pull_request=True),
        "event_tag": Event("main", tag="v1.0.0"),
    }


def stages_by_event() -> dict[str, Plan]:
    """Return what demo-package/.travis.yml starts for each event, as the rehearsal decides it."""
    text = (ROOT / "demo-package" / ".travis.yml").read_text(encoding="utf-8")
    say = Translator("en", "travis/messages")
    config = travis_config.parse(text, ".travis.yml", say)[0]
    return {key: planner.make(config, event, [], 1, say) for key, event in events().items()}


def job_count(stage: Stage, words: dict[str, Any], language: str) -> str:
    """Say how many jobs a stage has."""
    count = len(stage.jobs)
    return str(words["one" if count == 1 else "several"][language].format(count=count))


# The anatomy of a token


@dataclass(frozen=True)
class Field:
    """A part of a token: its key in tables/token_fields.yml, what it holds, where its letters are."""  # noqa: E501

    key: str
    value: str
    start: int
    end: int


@functools.cache
def sample_token() -> str:
    """Return the token that examples/anatomy/fields.py makes and takes apart: it opens nothing."""
    with contextlib.redirect_stdout(io.StringIO()):
        return str(runpy.run_path(str(ROOT / "examples" / "anatomy" / "fields.py"))["TOKEN"])


def fields(token: str) -> list[Field]:
    """Return the parts of a token, each with the letters of it in which its bytes begin."""
    prefix = token.index("-") + 1
    body = token[prefix:]
    content = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    parts = [("prefix", token[:prefix], 0), ("version", str(content[0]), prefix)]
    keys = {1: "location", 2: "identifier", 6: "signature"}
    place = 1
    while place < len(content):
        kind, start = content[place], place
        place += 1
        if kind == 0:  # the end of a group of fields
            continue
        end = place + 1 + content[place]
        value, place = content[place + 1 : end], end
        key = "caveat" if value.startswith(b"[") else keys[kind]
        shown = "" if key == "signature" else value.decode()
        parts.append((key, shown, prefix + -(-8 * start // 6)))
    ends = [*(start for _, _, start in parts[1:]), len(token)]
    return [Field(*part, end) for part, end in zip(parts, ends, strict=True)]


FOR_TEMPLATES = {
    "fields": fields,
    "is_readable": is_readable,
    "job_count": job_count,
    "sample_token": sample_token,
    "stages_by_event": stages_by_event,
    "steps_held": steps_held,
    "with_code": with_code,
}
