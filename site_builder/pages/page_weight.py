"""Makes the built pages light: one style sheet with what they use, no search until it is opened.

A rule is left out only if it names a class or a value of an attribute that is in no page and in
no script: it could never match.
"""

from __future__ import annotations

import functools
import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tinycss2

from site_builder.site_data import ROOT

# What a page's own text must keep as it is.
KEPT = re.compile(r"(<(?:pre|script|style|textarea)\b.*?</(?:pre|script|style|textarea)>)", re.S)
BREAK = re.compile(r"\s*\n\s*")
STYLE = re.compile(r'<link rel="stylesheet" href="([^"]*?)(assets/stylesheets/[\w.-]+)">\s*')
ATTRIBUTE = re.compile(r'\s([\w-]+)="([^"]*)"')
WORD = re.compile(r"[\w-]+")
SOURCE_MAP = re.compile(r"\n?(?://|/\*)# sourceMappingURL=\S+?(?: ?\*/)?\s*$")
# The theme loads the search index with every page, except from a disk: there, when it is opened;
# and to mark the words of a search on the page that it led to, which only a result's address asks.
LATE = {
    'location.protocol!=="file:"': "!1",
    '("search.highlight")?': '("search.highlight")&&/[?&]h=/.test(location.search)?',
}
OURS = ROOT / "overrides" / "assets" / "stylesheets" / "guide.css"
OUR_SCRIPTS = ROOT / "overrides" / "assets" / "javascripts"
LUNR = "assets/javascripts/lunr"
# Lines of our scripts that only comment, and indentation: they have no text over several lines.
UNREAD = re.compile(r"^(?:\s*//.*\n|\s+)", re.M)


class ThemeChanged(Exception):
    """The theme's script is not the one that we know; the text says what to do."""


@dataclass
class Known:
    """The classes and attributes of the pages, and the text of the scripts, which may add some."""

    classes: set[str] = field(default_factory=set)
    values: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    scripts: str = ""
    _lines: set[str] = field(default_factory=set)

    def add(self, html: str) -> None:
        """Take over what a page has; most of its lines stand on other pages, too."""
        lines = set(html.split("\n")) - self._lines
        self._lines |= lines
        for name, value in set(ATTRIBUTE.findall("\n".join(lines))):
            if name == "class":
                self.classes.update(value.split())
            else:
                self.values[name].update((value, *value.split()))

    def has_class(self, name: str) -> bool:
        """Tell whether an element can have this class."""
        return name in self.classes or self._in_scripts(name)

    def has_value(self, name: str, value: str) -> bool:
        """Tell whether an element can have this value of this attribute."""
        return value in self.values[name] or (name != "dir" and self._in_scripts(value))

    def _in_scripts(self, word: str) -> bool:
        """Tell whether a script has this word, or its beginning, to which it adds the rest."""
        return word in self.words or any(word.startswith(one) for one in self.beginnings)

    @functools.cached_property
    def words(self) -> frozenset[str]:
        """The words of the scripts."""
        return frozenset(WORD.findall(self.scripts))

    @functools.cached_property
    def beginnings(self) -> tuple[str, ...]:
        """Those words that end where a script may add something: ``md-code--``."""
        return tuple(one for one in self.words if re.search(r"[a-z].{6,}[-_]$", one))


def slim(folder: Path, language: str) -> None:
    """Make the pages of one language light, in place. Raises ThemeChanged."""
    for unused in (*folder.rglob("*.map"), *_foreign_search(folder, language)):
        unused.unlink()
    known = Known()
    for script in sorted(folder.glob("assets/javascripts/**/*.js")):
        text = SOURCE_MAP.sub("\n", script.read_text(encoding="utf-8"))
        if script.name.startswith("bundle."):
            for eager, late in LATE.items():
                if text.count(eager) != 1:
                    raise ThemeChanged(
                        f"{script.name} no longer has {eager} once: see how the theme loads its "
                        "search index now, and change site_builder/pages/page_weight.py"
                    )
                text = text.replace(eager, late)
        elif (OUR_SCRIPTS / script.name).is_file():
            text = UNREAD.sub("", text)
        script.write_text(text, encoding="utf-8")
        if LUNR not in script.as_posix():
            known.scripts += text
    pages = {file: file.read_text(encoding="utf-8") for file in sorted(folder.rglob("*.html"))}
    for text in pages.values():
        known.add(text)
    joined: dict[tuple[str, ...], str] = {}
    for file, text in pages.items():
        sheets = tuple(name for _, name in STYLE.findall(text))
        if sheets not in joined:
            joined[sheets] = _join(folder, sheets, known)
        file.write_text(_tidy(_one_sheet(text, joined[sheets])), encoding="utf-8")
    for sheet in {sheet for sheets in joined for sheet in sheets}:
        (folder / sheet).unlink()


def _foreign_search(folder: Path, language: str) -> Iterator[Path]:
    """Yield the theme's search files for other languages."""
    needed = {"lunr.stemmer.support.min.js", f"lunr.{language}.min.js"}
    yield from (file for file in folder.glob(f"{LUNR}/**/*.js") if file.name not in needed)


def _one_sheet(html: str, sheet: str) -> str:
    seen: list[str] = []

    def link(found: re.Match[str]) -> str:
        seen.append(found[2])
        return f'<link rel="stylesheet" href="{found[1]}{sheet}">\n' if len(seen) == 1 else ""

    return STYLE.sub(link, html)


def _tidy(html: str) -> str:
    """Take out the indentation, which nobody sees."""
    parts = KEPT.split(html)
    return "".join(
        part if at % 2 else BREAK.sub("\n", part) for at, part in enumerate(parts)
    ).lstrip()


def _join(folder: Path, sheets: Iterable[str], known: Known) -> str:
    text = "\n".join((folder / sheet).read_text(encoding="utf-8") for sheet in sheets)
    css = trim(SOURCE_MAP.sub("", text), known)
    digest = hashlib.sha256(css.encode()).hexdigest()[:8]
    name = f"assets/stylesheets/guide.{digest}.min.css"
    (folder / name).write_text(css, encoding="utf-8")
    return name


@dataclass(frozen=True)
class _Rule:
    """A rule that is kept: its head, and its declarations or the rules in it."""

    head: str
    declarations: tuple[tuple[str, str], ...] = ()
    rules: tuple[_Rule | str, ...] = ()

    def text(self, unused: set[str]) -> str:
        """Return the rule without the variables *unused*; nothing, if nothing is left of it."""
        parts = [value for name, value in self.declarations if name not in unused]
        inner = ";".join(parts) if self.declarations else _text(self.rules, unused)
        return f"{self.head}{{{inner}}}" if inner else ""


def trim(css: str, known: Known) -> str:
    """Return *css* without comments and without the rules that can match nothing."""
    read = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    rules = tuple(_rules(read, known))
    unused: set[str] = set()
    while True:  # a variable that only another unused variable names goes in the next round
        text = _text(rules, unused)
        defined = set(re.findall(r"[{;](--[\w-]+):", text))
        more = {one for one in defined if f"var({one}" not in text and one not in known.scripts}
        if not more:
            return text
        unused |= more


def _text(rules: Iterable[_Rule | str], unused: set[str]) -> str:
    return "".join(rule if isinstance(rule, str) else rule.text(unused) for rule in rules)


def _rules(rules: Iterable[Any], known: Known) -> Iterator[_Rule | str]:
    """Yield the rules that can match something; one that is kept as it stands, as its text."""
    for rule in rules:
        if rule.type == "qualified-rule":
            if prelude := _selectors(rule.prelude, known):
                yield _Rule(prelude, tuple(_declarations(rule.content)))
        elif rule.type == "at-rule":
            head = f"@{rule.at_keyword} {_short(rule.prelude)}".strip()
            if rule.content is None:
                yield f"{head};"
            elif rule.lower_at_keyword in ("media", "supports", "layer", "container"):
                inner = tinycss2.parse_rule_list(
                    rule.content, skip_comments=True, skip_whitespace=True
                )
                yield _Rule(head, rules=tuple(_rules(inner, known)))
            else:
                yield f"{head}{{{_short(rule.content)}}}"
        elif rule.type == "error":
            raise ValueError(f"a style sheet cannot be read: {rule.message}")


def _declarations(content: list[Any]) -> Iterator[tuple[str, str]]:
    """Yield the name of each declaration, and all of it."""
    for one in tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True):
        if one.type != "declaration":
            raise ValueError(f"a style sheet cannot be read: {tinycss2.serialize([one])[:80]}")
        mark = "!important" if one.important else ""
        yield one.name, f"{one.name}:{_short(one.value)}{mark}"


def _short(tokens: list[Any]) -> str:
    """Return the text of *tokens* without comments and with single spaces."""
    for token in tokens:
        if token.type == "whitespace":
            token.value = " "
    return tinycss2.serialize([one for one in tokens if one.type != "comment"]).strip()


def _selectors(prelude: list[Any], known: Known) -> str:
    """Return those selectors of a rule that can match something, separated by commas."""
    groups: list[list[Any]] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            groups.append([])
        else:
            groups[-1].append(token)
    kept = [group for group in groups if _can_match(group, known)]
    # A browser throws the whole list away for one selector that only another browser knows.
    if kept and any("::-" in tinycss2.serialize(group) for group in groups):
        kept = groups
    return ",".join(_short(group) for group in kept)


def _can_match(selector: list[Any], known: Known) -> bool:
    for before, token in zip([None, *selector], selector, strict=False):
        if (
            token.type == "ident"
            and before is not None
            and before.type == "literal"
            and before.value == "."
            and not known.has_class(token.value)
        ):
            return False
        if token.type == "[] block":
            parts = [one for one in token.content if one.type != "whitespace"]
            if (
                len(parts) == 3
                and parts[1].type == "literal"
                and parts[1].value == "="
                and not known.has_value(parts[0].value, parts[2].value)
            ):
                return False
    return True
