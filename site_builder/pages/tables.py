"""What the tables and lists of the pages need beside their data: what is decided or compiled.

How each looks is in site_builder/templates, in the files that FILES names.
What a data file says in prose it says with ``en`` and ``es``; all else stands in it once.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Sequence
from typing import Any

from packaging.version import Version

from pypi_practice.core.i18n import Translator
from pypi_practice.explain import catalog as catalogue
from pypi_practice.travis.config import build_conditions
from pypi_practice.travis.config import loader as travis_config
from pypi_practice.travis.config.deploy_entries import DeployEntry
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event, Plan
from site_builder import templates
from site_builder.drawings import drawings
from site_builder.drawings.drawings import events
from site_builder.site_data import ROOT, data, first, languages, page_title, word

REHEARSED = {"language": "python", "python": "3.12", "script": "true"}


def compiled(text: str) -> DeployEntry:
    """Return what ``on: ...``, given as one line of YAML, makes of a deploy entry."""
    text = f"deploy:\n  provider: pypi\n  {text}\n"
    deploy = travis_config.parse(text, "deploy", Translator("en", "travis/messages"))[0]["deploy"]
    config = {**REHEARSED, "deploy": deploy}
    return _plan(config, Event("another")).stages[0].jobs[0].deploys[0]


def _plan(config: dict[str, Any], event: Event) -> Plan:
    return planner.make(config, event, [], 1, Translator("en", "travis/messages"))


def holds(text: str, event: Event) -> bool:
    """Tell whether a build with ``if: text`` happens for *event*."""
    return _plan({**REHEARSED, "if": text}, event).runs


def complaint(text: str) -> str:
    """Return what Travis CI says of a condition that it cannot read; ValueError if it can."""
    try:
        build_conditions.parse(text)
    except build_conditions.ConditionError as error:
        return str(error)
    raise ValueError(f"tables/conditions.yml: {text} can be read")


def other_language(language: str) -> str:
    """Return *language*; if it is the first one, the second."""
    return next(code for code in [language, *languages()] if code != first())


def deploying(pythons: Sequence[str], ruby: str, needs: dict[str, str]) -> list[str]:
    """Return those of *pythons* that are new enough, and none if *ruby* is too old."""
    if Version(ruby) < Version(needs["ruby"]):
        return []
    return [python for python in pythons if Version(python) >= Version(needs["python"])]


def names() -> dict[str, dict[str, str]]:
    """Return term → language → word: from site/terms.yml, or the glossary's own."""
    pairs = {pair[first()]: pair for pair in data("site/terms")}
    return {
        key: {code: (item.get("name") or pairs[key])[code] for code in languages()}
        for key, item in data("tables/glossary").items()
    }


def anchor(term: str) -> str:
    """Return the id of a term, the same in both languages: ``practice-index``."""
    return term.lower().replace(" ", "-")


def _terms_in_order(language: str) -> list[tuple[str, dict[str, Any]]]:
    words = names()
    return sorted(
        data("tables/glossary").items(), key=lambda item: words[item[0]][language].casefold()
    )


def _versions_read() -> list[tuple[str, str, str]]:
    """Return whose code and documentation was read, in which version, and when."""
    sources = {
        (source["title"].partition(":")[0], str(source["version"]), str(source["read"]))
        for source in data("site/sources").values()
        if "version" in source
    }
    return sorted(sources, key=lambda source: (source[0].casefold(), *source))


def _other_texts(entry: catalogue.Entry, language: str) -> list[str]:
    """Return the texts of a message that its heading does not show."""
    heading = entry.wording(language)
    return [catalogue.shown(text) for text in entry.texts if text != heading]


def _escaped_markdown(text: str) -> str:
    """Return a sentence of the data as Markdown: nothing in it is a mark-up of its own."""
    return re.sub(r"([\\`*_<>\[\]#|])", r"\\\1", text)


def _named_fields(text: str) -> str:
    """Return a message of ``doctor`` with ``<file>`` where it names a file."""
    return re.sub(r"{(\w+)}", r"`<\1>`", text)


def _answered(text: str, language: str) -> str:
    """Return what to do about a fault, with a word for what only an answer of ``doctor`` names."""
    return re.sub(r"{\w+}", word("do_of_answer", language), text)


def _page_link(see: str, language: str) -> str:
    """Return a link to a page of the guide, from the reference, named as the page is."""
    title = page_title(ROOT / "docs" / language / see.partition("#")[0])
    return f"[{title}](../{see})"


def write(name: str, language: str, *values: Any, **options: Any) -> str:
    """Write the table or list called *name*, as a page shows it."""
    return str(_macros()[name](language, *values, **options)).strip("\n")


def macros() -> dict[str, Callable[..., str]]:
    """Return every table and list by the name with which pages call it, without the language."""
    return {name: functools.partial(write, name) for name in _macros()}


@functools.cache
def _macros() -> dict[str, Callable[..., str]]:
    modules = [
        templates.environment().get_template(file, globals=FOR_TEMPLATES).module for file in FILES
    ]
    return {
        name: macro
        for module in modules
        for name, macro in vars(module).items()
        if not name.startswith("_")
    }


FILES = ("tables.md", "sections.md", "changes.md", "message_filter.html")
FOR_TEMPLATES = {
    "anchor": anchor,
    "answered": _answered,
    "catalogue": catalogue.catalogue,
    "catalogue_entry": lambda key: catalogue.by_id()[key],
    "catalogue_groups": catalogue.groups,
    "compiled": compiled,
    "complaint": complaint,
    "deploying": deploying,
    "escaped_markdown": _escaped_markdown,
    "events": events,
    "holds": holds,
    "named_fields": _named_fields,
    "names": names,
    "other_language": other_language,
    "other_texts": _other_texts,
    "page_link": _page_link,
    "reach": drawings.reach,
    "terms_in_order": _terms_in_order,
    "translator": Translator,
    "versions_read": _versions_read,
    "yaml_scalar": build_conditions.written,
}
