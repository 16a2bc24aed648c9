"""The tables of the reference and explanation pages, each written from one data file.

What a data file says in prose it says with ``en`` and ``es``; all else stands in it once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from packaging.version import Version

from pypi_practice.facts import INDEXES
from pypi_practice.travis import conditions, plan
from pypi_practice.travis import config as travis_config
from pypi_practice.words import Words
from site_builder import pictures
from site_builder.pictures import events
from site_builder.texts import data, word

NONE = "–"
REHEARSED = {"language": "python", "python": "3.12", "script": "true"}


def register(env: Any, language: str) -> None:
    """Give the pages one macro for each table; *language* is the one that is built."""
    for function in (
        deploy_options, on_conditions, if_conditions, bad_conditions, variables, label_table,
        address_table, page_table, images, glossary, history, timeline, token_fields, scopes,
        upload_answers, upload_answers_never, travis_rules, read_versions,
    ):  # fmt: skip
        env.macro(_bound(function, language), function.__name__)


def _bound(function: Any, language: str) -> Any:
    return lambda *arguments: function(language, *arguments)


def table(head: Sequence[str], rows: Iterable[Sequence[str]], language: str) -> str:
    """Return a Markdown table; *head* are keys of data/words.yml."""
    lines = [[word(key, language) for key in head], ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(text: str) -> str:
    """Return *text* as inline code, also when it holds a backtick."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def deploy_options(language: str, group: str) -> str:
    """List the options of one group of data/deploy_options.yml: ``pypi`` or ``every``."""
    rows = []
    for name, one in data("deploy_options")[group].items():
        names = [name, *([one["alias"]] if "alias" in one else [])]
        shown = "<br>".join(
            f"`{key}`" + (f"{{ #{key.replace('_', '-')} }}" if key == name else "") for key in names
        )
        text = one["does"][language]
        if one.get("env", True):
            of_them = ", ".join(code(f"PYPI_{key.upper()}") for key in names)
            text += f" {word('variable', language)}: {of_them}."
        if "trap" in one:
            text += f" **{word('trap', language)}:** {one['trap'][language]}"
        rows.append([shown, _default(one, language), text])
    return table(("option", "default", "meaning"), rows, language)


def _default(one: dict[str, Any], language: str) -> str:
    value = one["default"]
    if value in ("required", "off", "newest", "upload"):
        return word(f"default_{value}", language)
    return NONE if value is None else code(conditions.written(value))


def compiled(text: str) -> plan.Deploy:
    """Return what ``on: ...``, given as one line of YAML, makes of a deploy entry."""
    text = f"deploy:\n  provider: pypi\n  {text}\n"
    deploy = travis_config.parse(text, "deploy", Words("en", "travis"))[0]["deploy"]
    config = {**REHEARSED, "deploy": deploy}
    return _plan(config, plan.Event("another")).stages[0].jobs[0].deploys[0]


def _plan(config: dict[str, Any], event: plan.Event) -> plan.Plan:
    return plan.make(config, event, [], 1, Words("en", "travis"))


def on_conditions(language: str) -> str:
    """Show examples of ``on:``, each with the test that it becomes and the line if that fails."""
    rows = []
    for one in data("conditions")["on"]:
        made = compiled(one["yaml"])
        lines = dict.fromkeys(reason for _, reason in made.reasons)
        said = "<br>".join(code(line) for line in lines) or NONE
        shown = code(one["yaml"]) if one["yaml"] else NONE
        rows.append([shown, code(made.condition), said, one["note"][language]])
    return table(("you_write", "becomes", "log_says", "meaning"), rows, language)


def holds(text: str, event: plan.Event) -> bool:
    """Tell whether a build with ``if: text`` happens for *event*."""
    return _plan({**REHEARSED, "if": text}, event).runs


def if_conditions(language: str) -> str:
    """Show examples of ``if:``, each tried on a few events."""
    rows = []
    for one in data("conditions")["if"]:
        decided = [
            word("yes" if holds(one["text"], event) else "no", language)
            for event in events().values()
        ]
        rows.append([code(one["text"]), *decided, one["note"][language]])
    return table(("you_write", *events(), "meaning"), rows, language)


def bad_conditions(language: str) -> str:
    """Show conditions that Travis CI cannot read, each with what it says."""
    rows = []
    for one in data("conditions")["bad"]:
        try:
            conditions.parse(one["text"])
        except conditions.ConditionError as error:
            rows.append([code(one["text"]), code(str(error)), one["note"][language]])
        else:
            raise ValueError(f"data/conditions.yml: {one['text']} can be read")
    return table(("you_write", "message", "meaning"), rows, language)


def variables(language: str, group: str) -> str:
    """List the environment variables of one group of data/variables.yml."""
    rows = [
        [f"`{name}`{{ #{name.lower().replace('_', '-')} }}", text[language]]
        for name, text in data("variables")[group].items()
    ]
    return table(("variable", "meaning"), rows, language)


def label_table(language: str) -> str:
    """Show every label of PyPI's pages in English and as the Spanish pages have it."""
    rows = [
        [one["en"], one["es"] or f"{one['en']} ({word('stays_english', language)})"]
        for one in data("labels").values()
    ]
    return table(("label_en", "label_es"), rows, language)


def address_table(language: str) -> str:
    """Show the addresses of both indexes, and what each is for."""
    indexes = data("addresses")["indexes"]
    rows = [
        [text[language], *(f"`{indexes[key][name]}`" for key in ("pypi", "testpypi"))]
        for name, text in data("address_uses")["indexes"].items()
    ]
    heads = ("use", "index_pypi", "index_testpypi")
    return table(heads, rows, language)


def page_table(language: str) -> str:
    """Show the pages of an index that a publisher needs, below the address of its web pages."""
    rows = [[f"`{path}`", text[language]] for path, text in data("address_uses")["paths"].items()]
    return table(("path", "use"), rows, language)


def images(language: str) -> str:
    """Show the images of Travis CI for Linux, and the Pythons of each that can deploy."""
    facts = data("images")
    rows = []
    for name, one in facts["images"].items():
        able = deploying(one["pythons"], one["ruby"], facts["needs"])
        rows.append([
            f"`{name}`", one["system"], one["status"][language], _versions(one["pythons"]),
            f"`{one['ruby']}`", _versions(able) or word("none", language),
        ])  # fmt: skip
    head = ("image", "system", "status", "pythons", "default_ruby", "deploying_pythons")
    return table(head, rows, language)


def deploying(pythons: Sequence[str], ruby: str, needs: dict[str, str]) -> list[str]:
    """Return those of *pythons* that are new enough, and none if *ruby* is too old."""
    if Version(ruby) < Version(needs["ruby"]):
        return []
    return [one for one in pythons if Version(one) >= Version(needs["python"])]


def _versions(versions: Sequence[str]) -> str:
    return ", ".join(f"`{version}`" for version in versions)


def names() -> dict[str, dict[str, str]]:
    """Return term → language → word: from data/terms.yml, or the glossary's own."""
    pairs = {one["en"]: one for one in data("terms")}
    return {
        key: {one: (item.get("name") or pairs[key])[one] for one in ("en", "es")}
        for key, item in data("glossary").items()
    }


def anchor(term: str) -> str:
    """Return the id of a term, the same in both languages: ``practice-index``."""
    return term.lower().replace(" ", "-")


def glossary(language: str) -> str:
    """Write the terms in the order of the alphabet, each with its sentence and its other name."""
    other = "es" if language == "en" else "en"
    words, items = names(), data("glossary")
    parts = []
    for key in sorted(items, key=lambda one: words[one][language].casefold()):
        own, foreign = words[key][language], words[key][other]
        title = own[0].upper() + own[1:]
        gloss = f" {word('in_other_language', language)}: *{foreign}*." if own != foreign else ""
        parts.append(f"### {title} {{ #{anchor(key)} }}\n\n{items[key]['means'][language]}{gloss}")
    return "\n\n".join(parts)


def history(language: str) -> str:
    """Write what PyPI changed, each with its day and its source."""
    known = data("sources")
    rows = [
        [str(one["day"]), one["what"][language],
         f"[{known[one['source']]['title']}]({known[one['source']]['url']})"]
        for one in data("history")
    ]  # fmt: skip
    return table(("day", "what_changed", "source"), rows, language)


def timeline(language: str) -> str:
    """Write what happens from a push to the page on PyPI, who does it, and where the token is."""
    rows = [
        [str(number), one["who"][language], one["what"][language], one["secret"][language]]
        for number, one in enumerate(data("timeline"), 1)
    ]
    return table(("step", "who", "happens", "where_secret"), rows, language)


def token_fields(language: str) -> str:
    """List the parts of a token, and which of them is secret."""
    shown = data("labels")["unique_identifier"][language]
    rows = [
        [
            one["name"][language],
            one["is"][language].format(unique_identifier=f"**{shown}**"),
            word("yes" if one["secret"] else "no", language),
        ]
        for one in data("token_fields").values()
    ]
    return table(("field", "what_it_is", "is_secret"), rows, language)


def scopes(language: str) -> str:
    """Show what a thief can publish with each kind of secret, drawn and in words."""
    facts = data("scopes")
    rows = [
        [
            one["kind"][language],
            pictures.reach(one["opens"], one["until"], facts["words"], language),
            *(one[part][language] for part in ("publishes", "lasts", "ends")),
        ]
        for one in facts["rows"].values()
    ]
    head = ("secret_kind", "reach", "can_publish", "until_when", "ends_early")
    return table(head, rows, language)


def read_versions(language: str) -> str:
    """List whose code and documentation were read, in which version, and when."""
    found = {
        (one["title"].partition(":")[0], str(one["version"]), str(one["read"]))
        for one in data("sources").values()
        if "version" in one
    }
    rows = [list(row) for row in sorted(found, key=lambda row: (row[0].casefold(), *row[1:]))]
    return table(("whose", "version", "read_day"), rows, language)


def upload_answers(language: str) -> str:
    """List what the index answers to an upload: one section for each row of data/uploads.yml."""
    parts = []
    for key, one in data("uploads").items():
        said = _said(one["text"])
        parts.append(
            f"### {one['status']} {key.replace('_', ' ')} {{ #{key.replace('_', '-')} }}\n\n"
            f"{code(said)}\n\n"
            f"**{word('cause', language)}:** {one['cause'][language]}\n"
            f"**{word('fix', language)}:** {one['fix'][language]}"
        )
    return "\n\n".join(parts)


def upload_answers_never(language: str) -> str:
    """List the answers of PyPI's that the practice index never gives, and why."""
    rows = [[code(_said(one["text"])), one["reason"][language]] for one in data("never")]
    return table(("answer", "why_never"), rows, language)


def _said(text: str) -> str:
    """Return a text of PyPI's with TestPyPI's help page, and the other places named."""
    text = text.replace("{help}", INDEXES["testpypi"].help)
    return re.sub(r"\{(\w+)[^}]*\}", r"<\1>", " ".join(text.split())).replace("|", "\\|")


def travis_rules(language: str, own: bool) -> str:
    """List the rules of ``travis check``: Travis CI's own messages, or those of the guide."""
    parts = []
    for key, one in data("travis_rules").items():
        if own is ("code" in one):
            continue
        said = one["message"][language]
        shown = [] if said == "{said}" else [code(re.sub(r"\{(\w+)\}", r"<\1>", said)), ""]
        files = ", ".join(
            f"[{name}.yml](../files/examples/travis_rules/{key}/{name}.yml)"
            for name in ("bad", "good")
        )
        parts.append(
            "\n".join(
                [
                    f"### {key} {{ #{key} }}",
                    "",
                    *shown,
                    " ".join(f"{one[part][language].rstrip('.')}." for part in ("why", "fix")),
                    "",
                    f"{word('level', language)}: {code(one['level'])}. {files}. "
                    f"{word('source', language)}: {one['source']}.",
                ]
            )
        )
    return "\n\n".join(parts)
