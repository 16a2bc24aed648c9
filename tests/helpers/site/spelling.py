"""Spelling: each word of pages, data and notes, looked up by hunspell, once for all of them.

``tests/fixtures/spelling.yml`` lists what the dictionaries do not know.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from helpers.docs.blocks import ROOT
from helpers.site.data_texts import FIRST, LANGUAGES, WHOLE, leaves
from scripts import system_packages

LIST = ROOT / "tests" / "fixtures" / "spelling.yml"
NOTES = (
    "README.md",
    "CONTRIBUTING.md",
    "TRANSLATING.md",
    "CHANGELOG.md",
    "demo-package/README.md",
    "pypi_practice/README.md",
)
CODE = re.compile(  # front matter is read apart, blocks are proven
    r"\A---$.*?^---$|^```.*?^```$|\{\{.*?\}\}|\{%.*?%\}|``.+?``|`[^`\n]*`", re.M | re.S
)
NO_WORDS = re.compile(
    r"\]\([^)]*\)|\[\w+\]:.*|\{[^}\n]*\}|<[^>\n]*>|https?://\S+|%\(\w+\)\w|\\\w"
    r"|(?<!\w)[-.]+\w[\w.-]*|\S*[/\\@=$_|~]\S*|\w+\.\w[\w.]*|^(?:!!!|\?\?\?\+?) \w+"
    r"|(?:pypi-practice|make|git|gem|pip|travis)(?: (?:token|travis|index|account|new|list|show"
    r"|narrow|revoke|leak|shell|web|check|plan|run|explain|fork|doctor|test|site|serve|twins|refresh"
    r"|install|push|get|stash|encrypt))+\b",
    re.M,
)
DESCRIPTION = re.compile(r"\A---\n(.*?)^---$", re.M | re.S)
# What may be of the other language: quotes, labels, glosses.
QUOTED = re.compile(r'«[^»]*»|"[^"\n]*"|\*\*[^*\n]*\*\*|(?<!\*)\*[^*\n]+\*(?!\*)')
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
# dámelo, súbelas: a verb with its pronouns, which the Spanish dictionary has for few verbs.
PRONOUNS = re.compile(r"(?:(?:[mts]e|nos)?l[aoe]s?|[mts]e|nos)$")
COMMENT = re.compile(r"(?:^|\s)#[ ](.*)$", re.M)


@dataclass(frozen=True)
class Occurrence:
    """A word and where it stands; *free* if it may be of any language."""

    path: str
    line: int
    word: str
    language: str
    free: bool


MADE = re.compile(r"<!-- \{\{.*?<!-- end -->", re.S)


def words(
    text: str, language: str, path: str, line: int = 1, free: bool = False
) -> list[Occurrence]:
    """Return the words of *text*, which begins at *line* of the file *path*."""
    prose = NO_WORDS.sub(_blank, CODE.sub(_blank, text))
    quoted = [quotation.span() for quotation in QUOTED.finditer(prose)]
    return [
        Occurrence(
            path,
            line + prose.count("\n", 0, match.start()),
            match[0],
            language,
            free or any(start <= match.start() < end for start, end in quoted),
        )
        for match in WORD.finditer(prose)
        if len(match[0]) > 1
    ]


def _blank(match: re.Match[str]) -> str:
    return re.sub(r"[^\n]", " ", match[0])


def everything(root: Path = ROOT) -> Iterator[Occurrence]:
    """Yield each word that readers see."""
    for folder, language in itertools.product((root / "docs", root / "contributing"), LANGUAGES):
        for file in sorted((folder / language).rglob("*.md")):
            path = file.relative_to(root).as_posix()
            # What is made from data files is looked up there.
            text = MADE.sub(_blank, file.read_text(encoding="utf-8"))
            twin = folder / FIRST / file.relative_to(folder / language)
            source = twin.read_text(encoding="utf-8") if twin.is_file() else ""
            # A heading of the first language that another has too is a message; and a
            # description cites keys without the marks of code.
            headings = {line for line in source.splitlines() if line[:1] == "#"}
            description = DESCRIPTION.match(source)
            titles = set(WORD.findall(description[1])) if description else set()
            lines = text.splitlines()
            for occurrence in words(text, language, path):
                yield (
                    replace(occurrence, free=True)
                    if lines[occurrence.line - 1] in headings
                    else occurrence
                )
            if front := DESCRIPTION.match(text):
                values = re.sub(r"^(?:\w+:|  - .*)", _blank, front[1], flags=re.M)
                for occurrence in words(values, language, path, 2):
                    yield (
                        replace(occurrence, free=occurrence.word in titles)
                        if language != FIRST
                        else occurrence
                    )
    for leaf in leaves(root):
        for language, (content, line, end) in leaf.texts.items():
            cited = set(WORD.findall(leaf.text(FIRST))) if language != FIRST else set()
            for occurrence in words(content or "", language, leaf.file, line):
                yield _in_lines(
                    replace(occurrence, free=occurrence.free or occurrence.word in cited),
                    root,
                    line,
                    end,
                )
    for name in NOTES:  # in both languages
        if (root / name).is_file():
            yield from words((root / name).read_text(encoding="utf-8"), "en", name, free=True)
    for file in _listings(root):
        for comment in COMMENT.finditer(text := file.read_text(encoding="utf-8")):
            line = text.count("\n", 0, comment.start(1)) + 1
            yield from words(comment[1], "en", file.relative_to(root).as_posix(), line)


def _listings(root: Path) -> list[Path]:
    kinds = {".sh", ".yml", ".toml", ".py", ".pypirc", ".cfg"}
    return sorted(
        path
        for folder in ("examples", "demo-package")
        for path in (root / folder).rglob("*")
        if path.suffix in kinds and path.is_file()
    )


@cache
def _lines(file: Path, changed: int) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def _in_lines(occurrence: Occurrence, root: Path, first: int, last: int) -> Occurrence:
    """Return the word with its own line: YAML tells only where a text begins and ends."""
    file = root / occurrence.path
    lines = _lines(file, file.stat().st_mtime_ns)[first - 1 : last]
    number = next((at for at, text in enumerate(lines, first) if occurrence.word in text), first)
    return replace(occurrence, line=number)


def unknown(candidates: Iterable[str], dictionary: str) -> set[str]:
    """Return those words that hunspell does not know."""
    queried = sorted(set(candidates))
    result = subprocess.run(
        [_program(), "-i", "utf-8", "-d", dictionary, "-l"],
        input="\n".join(queried),
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    if result.returncode or "Can't open" in result.stderr:
        raise AssertionError(f"{result.stderr.strip()}\n{system_packages.no_hunspell()}")
    return set(result.stdout.splitlines())


def _program() -> str:
    program = shutil.which("hunspell")
    assert program, system_packages.no_hunspell()
    return program


def bare(word: str) -> str:
    """Return a Spanish verb without its pronouns and the accent that they bring: dame, sube."""
    stem = PRONOUNS.sub("", word)
    plain = unicodedata.normalize("NFD", stem).replace("\N{COMBINING ACUTE ACCENT}", "")
    return unicodedata.normalize("NFC", plain)


def listed() -> dict[str, set[str]]:
    """Return the word list: ``names`` for every language, and one list for each."""
    return {
        key: set(entries)
        for key, entries in yaml.safe_load(LIST.read_text(encoding="utf-8")).items()
    }


def forms(word: str, language: str) -> set[str]:
    """Return what may be looked up for a word."""
    word = word.replace("’", "'")
    spellings = {word, word.removesuffix("'s"), word.removesuffix("'")}
    return spellings | {bare(word)} if language == "es" and PRONOUNS.search(word) else spellings


def mistakes(occurrences: Iterable[Occurrence]) -> list[str]:
    """Return ``page:line: word`` for each word that nothing knows."""
    occurrences, known = list(occurrences), listed()
    asked = {
        form for occurrence in occurrences for form in forms(occurrence.word, occurrence.language)
    }
    missing = {
        code: unknown(asked, str(LANGUAGES[code]["dictionary"])) - known["names"] - known[code]
        for code in WHOLE
    }

    def right(occurrence: Occurrence) -> bool:
        if occurrence.word.isupper():  # API, JSON
            return True
        tried = [occurrence.language, *(WHOLE if occurrence.free else ())]
        return (
            any(
                form not in missing[code] or form.lower() in known["names"] | known[code]
                for code in tried
                if code in missing
                for form in forms(occurrence.word, code) & asked
            )
            or occurrence.language not in missing
        )

    return [
        f"{word.path}:{word.line}: {word.word} ({LANGUAGES[word.language]['name']})"
        for word in occurrences
        if not right(word)
    ]


if __name__ == "__main__":
    print("\n".join(mistakes(everything())))
