"""The tables of the reference and explanation pages, each written from one data file.

What a data file says in prose it says with ``en`` and ``es``; all else stands in it once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

from packaging.version import Version

from pypi_practice.core.i18n import Translator
from pypi_practice.explain import catalog as catalogue
from pypi_practice.tokens import patterns as token_patterns
from pypi_practice.travis.config import build_conditions
from pypi_practice.travis.config import loader as travis_config
from pypi_practice.travis.config.deploy_entries import DeployEntry
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event, Plan
from site_builder.drawings import drawings
from site_builder.drawings.drawings import events
from site_builder.site_data import ROOT, data, first, languages, word

NONE = "–"
REHEARSED = {"language": "python", "python": "3.12", "script": "true"}


def table(head: Sequence[str], rows: Iterable[Sequence[str]], language: str) -> str:
    """Return a Markdown table; *head* are keys of site/words.yml."""
    lines = [[word(key, language) for key in head], ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def code(text: str) -> str:
    """Return *text* as inline code, also when it holds a backtick."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


def deploy_options(language: str, group: str) -> str:
    """List the options of one group of tables/deploy_options.yml: ``pypi`` or ``every``."""
    rows = []
    for name, one in data("tables/deploy_options")[group].items():
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
    return NONE if value is None else code(build_conditions.written(value))


def compiled(text: str) -> DeployEntry:
    """Return what ``on: ...``, given as one line of YAML, makes of a deploy entry."""
    text = f"deploy:\n  provider: pypi\n  {text}\n"
    deploy = travis_config.parse(text, "deploy", Translator("en", "travis/messages"))[0]["deploy"]
    config = {**REHEARSED, "deploy": deploy}
    return _plan(config, Event("another")).stages[0].jobs[0].deploys[0]


def _plan(config: dict[str, Any], event: Event) -> Plan:
    return planner.make(config, event, [], 1, Translator("en", "travis/messages"))


def on_conditions(language: str) -> str:
    """Show examples of ``on:``, each with the test that it becomes and the line if that fails."""
    rows = []
    for one in data("tables/conditions")["on"]:
        made = compiled(one["yaml"])
        lines = dict.fromkeys(reason for _, reason in made.reasons("another"))
        said = "<br>".join(code(line) for line in lines) or NONE
        shown = code(one["yaml"]) if one["yaml"] else NONE
        rows.append([shown, code(made.condition), said, one["note"][language]])
    return table(("you_write", "becomes", "log_says", "meaning"), rows, language)


def holds(text: str, event: Event) -> bool:
    """Tell whether a build with ``if: text`` happens for *event*."""
    return _plan({**REHEARSED, "if": text}, event).runs


def if_conditions(language: str) -> str:
    """Show examples of ``if:``, each tried on a few events."""
    rows = []
    for one in data("tables/conditions")["if"]:
        decided = [
            word("yes" if holds(one["text"], event) else "no", language)
            for event in events().values()
        ]
        rows.append([code(one["text"]), *decided, one["note"][language]])
    return table(("you_write", *events(), "meaning"), rows, language)


def bad_conditions(language: str) -> str:
    """Show conditions that Travis CI cannot read, each with what it says."""
    rows = []
    for one in data("tables/conditions")["bad"]:
        try:
            build_conditions.parse(one["text"])
        except build_conditions.ConditionError as error:
            rows.append([code(one["text"]), code(str(error)), one["note"][language]])
        else:
            raise ValueError(f"tables/conditions.yml: {one['text']} can be read")
    return table(("you_write", "message", "meaning"), rows, language)


def variables(language: str, group: str) -> str:
    """List the environment variables of one group of tables/variables.yml."""
    rows = [
        [f"`{name}`{{ #{name.lower().replace('_', '-')} }}", text[language]]
        for name, text in data("tables/variables")[group].items()
    ]
    return table(("variable", "meaning"), rows, language)


def label_table(language: str) -> str:
    """Show every label of PyPI's pages in the first language and as another's pages have it."""
    own, other = first(), _other(language)
    rows = [
        [one[own], one[other] or f"{one[own]} ({word('stays_english', language)})"]
        for one in data("index/labels").values()
    ]
    return table((f"label_{own}", f"label_{other}"), rows, language)


def _other(language: str) -> str:
    """Return *language*; if it is the first one, the second."""
    return next(code for code in [language, *languages()] if code != first())


def address_table(language: str) -> str:
    """Show the addresses of both indexes, and what each is for."""
    indexes = data("index/addresses")["indexes"]
    rows = [
        [text[language], *(f"`{indexes[key][name]}`" for key in ("pypi", "testpypi"))]
        for name, text in data("tables/address_uses")["indexes"].items()
    ]
    heads = ("use", "index_pypi", "index_testpypi")
    return table(heads, rows, language)


def page_table(language: str) -> str:
    """Show the pages of an index that a publisher needs, below the address of its web pages."""
    rows = [
        [f"`{path}`", text[language]] for path, text in data("tables/address_uses")["paths"].items()
    ]
    return table(("path", "use"), rows, language)


def images(language: str) -> str:
    """Show the images of Travis CI for Linux, and the Pythons of each that can deploy."""
    facts = data("tables/images")
    rows = []
    for name, one in facts["images"].items():
        able = deploying(one["pythons"], one["ruby"], facts["needs"])
        rows.append(
            [
                f"`{name}`",
                one["system"],
                one["status"][language],
                _versions(one["pythons"]),
                f"`{one['ruby']}`",
                _versions(able) or word("none", language),
            ]
        )
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
    """Return term → language → word: from site/terms.yml, or the glossary's own."""
    pairs = {one[first()]: one for one in data("site/terms")}
    return {
        key: {one: (item.get("name") or pairs[key])[one] for one in languages()}
        for key, item in data("tables/glossary").items()
    }


def anchor(term: str) -> str:
    """Return the id of a term, the same in both languages: ``practice-index``."""
    return term.lower().replace(" ", "-")


def glossary(language: str) -> str:
    """Write the terms in the order of the alphabet, each with its sentence and its other name."""
    other = first() if language != first() else _other(language)
    words, items = names(), data("tables/glossary")
    parts = []
    for key in sorted(items, key=lambda one: words[one][language].casefold()):
        own, foreign = words[key][language], words[key][other]
        title = own[0].upper() + own[1:]
        gloss = f" {word('in_other_language', language)}: *{foreign}*." if own != foreign else ""
        parts.append(f"### {title} {{ #{anchor(key)} }}\n\n{items[key]['means'][language]}{gloss}")
    return "\n\n".join(parts)


def history(language: str) -> str:
    """Write what PyPI changed, each with its day and its source."""
    known = data("site/sources")
    rows = [
        [
            str(one["day"]),
            one["what"][language],
            f"[{known[one['source']]['title']}]({known[one['source']]['url']})",
        ]
        for one in data("tables/history")
    ]
    return table(("day", "what_changed", "source"), rows, language)


def timeline(language: str) -> str:
    """Write what happens from a push to the page on PyPI, who does it, and where the token is."""
    rows = [
        [str(number), one["who"][language], one["what"][language], one["secret"][language]]
        for number, one in enumerate(data("tables/timeline"), 1)
    ]
    return table(("step", "who", "happens", "where_secret"), rows, language)


def token_fields(language: str) -> str:
    """List the parts of a token, and which of them is secret."""
    shown = data("index/labels")["unique_identifier"][language]
    rows = [
        [
            one["name"][language],
            one["is"][language].format(unique_identifier=f"**{shown}**"),
            word("yes" if one["secret"] else "no", language),
        ]
        for one in data("tables/token_fields").values()
    ]
    return table(("field", "what_it_is", "is_secret"), rows, language)


def scopes(language: str) -> str:
    """Show what a thief can publish with each kind of secret, drawn and in words."""
    facts = data("tables/scopes")
    rows = [
        [
            one["kind"][language],
            drawings.reach(one["opens"], one["until"], facts["words"], language),
            *(one[part][language] for part in ("publishes", "lasts", "ends")),
        ]
        for one in facts["rows"].values()
    ]
    head = ("secret_kind", "reach", "can_publish", "until_when", "ends_early")
    return table(head, rows, language)


def sources(language: str, *keys: str) -> str:
    """List what a page rests on, each with its version and the day on which it was read."""
    rows = []
    for key in keys:
        source = data("site/sources")[key]
        version = f", {source['version']}" if "version" in source else ""
        day = word("read_on", language).format(day=source["read"])
        rows.append(f"- [{source['title']}]({source['url']}){version} ({day})")
    return "\n".join(rows)


def read_versions(language: str) -> str:
    """List whose code and documentation were read, in which version, and when."""
    found = {
        (one["title"].partition(":")[0], str(one["version"]), str(one["read"]))
        for one in data("site/sources").values()
        if "version" in one
    }
    rows = [list(row) for row in sorted(found, key=lambda row: (row[0].casefold(), *row))]
    return table(("whose", "version", "read_day"), rows, language)


def messages(language: str, group: str) -> str:
    """Write a section for each message of one group of the catalogue, with what finds it."""
    return "\n\n".join(_message(one, language) for one in catalogue.groups()[group])


def _message(one: catalogue.Entry, language: str) -> str:
    facts, own = data("messages/matching"), Translator(language, "commands/explain")
    level = facts["levels"].index(one.level)
    patterns = [[pattern.segments, pattern.letters] for pattern in one.patterns]
    given = escape(json.dumps(patterns, separators=(",", ":")))
    anchors = "".join(f'<span id="{name}"></span>' for name in one.also_known_as)
    others = [catalogue.shown(text) for text in one.texts[1:]]
    whole = [one.text] if one.text.rstrip(".") != one.title.rstrip(".") else []
    said = [f"{code(text)}<br>" for text in (*whole, *others)]
    seen = facts["places"][one.seen][language]
    lines = [
        f'<div class="message" markdown data-level="{level}" data-patterns="{given}">',
        "",
        f"### {code(one.title)} {{ #{one.id} }}",
        "",
        *([anchors, ""] if anchors else []),
        *said,
        *([""] if said else []),
        f"**{own('cause')}:** {_prose(one.cause[language])}<br>",
        f"**{own('fix')}:** {_prose(one.fix[language])}",
        *([f"<br>**{own('box_more')}:** {_page_link(one.see, language)}"] if one.see else []),
        "",
        f"**{own('box_seen')}:** {seen}. {_proof(one, language)}",
        "{ .reproduced }",
        "",
        "</div>",
    ]
    return "\n".join(lines)


def _prose(text: str) -> str:
    """Return a sentence of the data as Markdown: nothing in it is a mark-up of its own."""
    return re.sub(r"([\\`*_<>\[\]#|])", r"\\\1", text)


def _page_link(see: str, language: str) -> str:
    """Return a link to a page of the guide, from the reference, named as the page is."""
    path = see.partition("#")[0]
    source = (ROOT / "docs" / language / path).read_text(encoding="utf-8")
    title = re.search(r"^# (.+?)(?: \{.*\})?$", source, re.M)
    if title is None:
        raise ValueError(f"docs/{language}/{path} has no title")
    return f"[{title[1]}](../{see})"


def _proof(one: catalogue.Entry, language: str) -> str:
    words = data("messages/matching")["proofs"]
    if one.proof is None:
        if one.why:
            return f"{words['never'][language]} {one.why[language]}"
        source = data("site/sources")[str(one.read)]
        return f"{words['read'][language]} [{source['title']}]({source['url']})."
    if one.proof.startswith("examples/"):
        return str(words["block"][language])
    if one.rule:
        link = f"[{one.rule}](rules.md#{one.rule})"
        own = Translator(language, "commands/explain")
        return f"{words['rules'][language]} {own('box_rule')}: {link}."
    return str(words[one.proof if one.proof in words else "rules"][language])


def message(language: str, key: str) -> str:
    """Write cause and fix of one message, and a link to its section, for a page at the top."""
    one, own = catalogue.by_id()[key], Translator(language, "commands/explain")
    link = f"[{own('box_section')}](reference/messages.md#{one.id})"
    return (
        f"**{own('cause')}:** {_prose(one.cause[language])}<br>\n"
        f"**{own('fix')}:** {_prose(one.fix[language])} {link}"
    )


def message_box(language: str) -> str:
    """Write the box for a log; the browser's script shows it, and reads its rules from it."""
    own, facts = Translator(language, "commands/explain"), data("messages/matching")

    def given(name: str, value: Any) -> str:
        return f'data-{name}="{escape(json.dumps(value, ensure_ascii=False))}"'

    said = ("found_one", "found", "unknown", "empty", "cut", "secret", "secret_link")
    limits = {name: facts[name] for name in ("longest", "gap")}
    size = facts["longest"] // 1_000_000
    words = {name: own(f"box_{name}", number="{number}", size=size) for name in said}
    return "\n".join(
        [
            f'<p class="explain-without">{own("box_without")}</p>',
            f'<form class="explain" hidden data-leak="../../howto/leak/" '
            f"{given('clean', facts['clean'])} {given('limits', limits)} "
            f"{given('secrets', token_patterns.SECRETS)} {given('words', words)}>",
            f'<label for="log">{own("box_label")}</label>',
            f'<p id="log-hint">{own("box_hint")}</p>',
            '<textarea id="log" rows="8" aria-describedby="log-hint" autocomplete="off"'
            ' spellcheck="false" lang="en"></textarea>',
            f'<p><button type="submit">{own("box_button")}</button> '
            f'<button type="reset">{own("box_clear")}</button></p>',
            '<p class="explain-secret" role="alert"></p>',
            '<p class="explain-status" role="status"></p>',
            '<div class="explain-found"></div>',
            "</form>",
        ]
    )


def message_counts(language: str, what: str) -> str:
    """Return how many messages the catalogue has: ``all``, or those that were ``reproduced``."""
    return str(sum(what == "all" or one.reproduced for one in catalogue.catalogue()))


def travis_rules(language: str, own: bool) -> str:
    """List the rules of ``travis check``: Travis CI's own messages, or those of the guide."""
    parts = []
    for key, one in data("travis/rules").items():
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


def doctor_checks(language: str) -> str:
    """List the checks of ``doctor``, family by family, with each fault that they can find."""
    facts, parts = data("commands/doctor"), []
    for family, title in facts["families"].items():
        parts.append(f"## {title[language]} {{ #checks-{family} }}")
        for name, one in facts["checks"].items():
            if one["family"] != family:
                continue
            path, mark, place = one["page"].partition("#")
            link = f"[{word('read_on_page', language)}](../{path}.md{mark}{place})"
            needs = ", ".join(f"[{key}](#{key})" for key in one.get("requires", ()))
            faults = []
            for key, fault in one["faults"].items():
                advice = one.get("do_for", {}).get(key)  # where it is not that of the others
                sentences = [fault[language], *([advice[language]] if advice else [])]
                faults.append("- " + re.sub(r"{(\w+)}", r"`<\1>`", " ".join(sentences)))
            do = re.sub(r"{\w+}", word("do_of_answer", language), one["do"][language])
            last = f"{word('level', language)}: {code(one['level'])}. {link}."
            if needs:
                last += f" {word('needs_first', language)}: {needs}."
            parts.append(
                "\n".join(
                    [
                        f"### {name} {{ #{name} }}",
                        "",
                        f"{one['title'][language]}.",
                        "",
                        *faults,
                        "",
                        do,
                        "",
                        last,
                    ]
                )
            )
    return "\n\n".join(parts)


def ready_file(language: str) -> str:
    """Compare three files: the jobs that each event starts, and the files that it uploads."""
    facts = data("tables/ready_file")

    def cell(one: dict[str, int]) -> str:
        uploads = word("files_uploaded", language).format(number=one["files"])
        return f"{one['jobs']}" + (f", {uploads}" if one["files"] else "")

    rows = [
        [word(f"event_{event}", language), *(cell(facts[key][event]) for key in facts)]
        for event in facts["ready"]
    ]
    totals = [
        {part: sum(one[part] for one in facts[key].values()) for part in ("jobs", "files")}
        for key in facts
    ]
    rows.append([f"**{word('together', language)}**", *(cell(one) for one in totals)])
    return table(("event", *(f"file_{key}" for key in facts)), rows, language)


def rehearsal_keys(language: str) -> str:
    """List the keys of a .travis.yml that a rehearsal does not play, and what that means."""
    rows = []
    for one in data("travis/keys")["groups"].values():
        keys = ", ".join(code(key) for key in one["keys"])
        said = re.sub(r"^\{keys\}: ", "", one[language])
        if keys:
            rows.append([keys, f"{said[0].upper()}{said[1:]}."])
    return table(("key", "then"), rows, language)


def ways_out(language: str, command: str) -> str:
    """List the ways out of *command* that are open behind a wall, each with the kinds of wall."""
    rows = [
        [way[language], ", ".join(code(kind) for kind in way[command] if kind != "none")]
        for way in data("tables/ways_out").values()
        if set(way.get(command) or ()) - {"none"}
    ]
    return table(("way", "open_behind"), rows, language)


def ways_out_without_wall(language: str) -> str:
    """List the ways out that every wall stops, and that are open where there is none."""
    return "\n".join(
        f"- {way[language]}"
        for way in data("tables/ways_out").values()
        if any(way.get(command) == ["none"] for command in ("shell", "rehearsal"))
        and not any(set(way.get(command) or ()) - {"none"} for command in ("shell", "rehearsal"))
    )


def ways_out_count(language: str) -> str:
    """Return how many ways out the tests try."""
    return str(len(data("tables/ways_out")))


# Each is a macro of that name, without the language.
TABLES: tuple[Callable[..., str], ...] = (
    deploy_options,
    on_conditions,
    if_conditions,
    bad_conditions,
    variables,
    label_table,
    address_table,
    page_table,
    images,
    glossary,
    history,
    timeline,
    token_fields,
    scopes,
    messages,
    message,
    message_box,
    message_counts,
    travis_rules,
    doctor_checks,
    ready_file,
    rehearsal_keys,
    read_versions,
    ways_out,
    ways_out_without_wall,
    ways_out_count,
    sources,
)
