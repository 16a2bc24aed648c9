"""What must be the same in every language, of pages, data, templates and program."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import jinja2
from bs4 import BeautifulSoup

from helpers.docs.blocks import ROOT, source
from helpers.site.data_texts import FIRST, WHOLE, Leaf, leaves

HEADING = re.compile(r"^(#{1,6}) .*?(?:\{ #([\w-]+) \})?$")
CALL = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
BOX = re.compile(r'^( *)(!!!|\?\?\?\+?|===) ?(\w+)?(?: ?"([^"]*)")?')
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)\s]*)|<img\b[^>]*>")
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]*)|\]\[(\w+)\]|<(https?:[^>]+)>|href=\"([^\"]*)\"")
IDENTIFIER = re.compile(r"\{ ?#([\w-]+)|\bid=\"([\w-]+)\"")
ATTRIBUTES = re.compile(r"\{:? ?(\.[^}]*)\}")
TAG = re.compile(r"</?[a-z][a-z0-9]*\b")
SPAN = re.compile(r"`[^`\n]+`")
LISTED = {"bullet": re.compile(r"^\s*[-*] "), "step": re.compile(r"^\s*(\d+)\. ")}
BAR = re.compile(r"(?<!\\)\|")
Part = tuple[str, str, int]  # kind, value, line


def parts(text: str) -> list[Part]:
    """Return all that must be equal of a page: what is in order first, then each section's rest."""
    page_parts: list[Part] = []
    lines = text.split("\n")
    front = lines.index("---", 1) if lines[0] == "---" and "---" in lines[1:] else -1
    for at, line in _numbered(lines, 0, max(front, 0)):
        if re.match(r"\w+:", line):
            page_parts.append(("front matter", line.partition(":")[0], at))
    section = "top"
    for at, line in _numbered(lines, front + 1, len(lines)):
        if heading := HEADING.match(line):
            section = heading[2] or section
            page_parts.append(("heading", f"{heading[1]} #{heading[2] or ''}", at))
        if box := BOX.match(line):
            page_parts.append(("box", f"{len(box[1])} {box[2]} {box[3]}", at))
        if line.startswith("|"):
            page_parts.append(("table row", f"{len(BAR.findall(line))} bars", at))
        page_parts += [("block", call, at) for call in CALL.findall(line) if "listing(" in call]
        page_parts += [
            ("image", image[2] or _source(image[0]), at) for image in IMAGE.finditer(line)
        ]
        page_parts += [(f"call in #{section}", call, at) for call in CALL.findall(line)]
        plain = CALL.sub(" ", line)
        for kind, pattern in (
            ("link", LINK),
            ("id", IDENTIFIER),
            ("attributes", ATTRIBUTES),
            ("tag", TAG),
        ):
            for match in pattern.finditer(SPAN.sub(" ", plain)):
                value = (
                    next(filter(None, match.groups()), "a macro") if match.groups() else match[0]
                )
                page_parts.append((f"{kind} in #{section}", value, at))
        for kind, pattern in LISTED.items():
            if item := pattern.match(line):
                page_parts.append((f"{kind} in #{section}", item[1] if item.groups() else "-", at))
    return page_parts


def _numbered(lines: list[str], first: int, last: int) -> Iterator[tuple[int, str]]:
    return zip(range(first + 1, last + 1), lines[first:last], strict=True)


def _source(tag: str) -> str:
    attribute = re.search(r'src="([^"]*)"', tag)
    return attribute[1] if attribute else ""


def differences(page: str, root: Path = ROOT) -> list[str]:
    """Return ``docs/es/page.md:12: …`` for each thing that differs from the first language."""
    place = {code: root / source(page, code).relative_to(ROOT) for code in WHOLE}
    # The pages for maintainers link to the site's pages of their own language.
    text = {
        code: file.read_text(encoding="utf-8").replace(f"/docs/{code}/", "/docs/")
        for code, file in place.items()
    }
    own = {code: parts(page_text) for code, page_text in text.items()}
    messages = []
    for language in WHOLE[1:]:
        kinds = dict.fromkeys(kind for code in (FIRST, language) for kind, _, _ in own[code])
        for kind in kinds:
            ours, theirs = (
                [(value, line) for name, value, line in own[code] if name == kind]
                for code in (language, FIRST)
            )
            if " in #" in kind:  # the order of words is each language's own
                ours, theirs = sorted(ours), sorted(theirs)
            if [value for value, _ in ours] != [value for value, _ in theirs]:
                messages.append(_first_difference(page, language, kind, ours, theirs))
        messages += _spans(page, language, text)
    return messages


def _first_difference(
    page: str, language: str, kind: str, ours: list[tuple[str, int]], theirs: list[tuple[str, int]]
) -> str:
    extra = Counter(value for value, _ in ours) - Counter(value for value, _ in theirs)
    gone = Counter(value for value, _ in theirs) - Counter(value for value, _ in ours)
    line = next((line for value, line in ours if value in extra), ours[0][1] if ours else 1)
    twin = next((line for value, line in theirs if value in gone), theirs[0][1] if theirs else 1)
    has, lacks = ", ".join(extra) or "another order", ", ".join(gone) or "no more"
    return (
        f"docs/{language}/{page}.md:{line}: {kind}: has {has}, "
        f"where docs/{FIRST}/{page}.md:{twin} has {lacks}"
    )


def _spans(page: str, language: str, text: dict[str, str]) -> list[str]:
    """Compare what stands in marks of code; the program's own words may differ."""
    spans = {code: set(SPAN.findall(CALL.sub(" ", text[code]))) for code in (FIRST, language)}
    messages = []
    for code, other in ((FIRST, language), (language, FIRST)):
        for span in sorted(spans[code] - spans[other]):
            if not _is_our_own(span.strip("`"), code):
                line = text[code][: text[code].index(span)].count("\n") + 1
                messages.append(
                    f"docs/{code}/{page}.md:{line}: code: {span} is not in docs/{other}/{page}.md"
                )
    return messages


def _is_our_own(span: str, language: str) -> bool:
    """Tell whether this is a piece of a message of the program, with … for what was left out.

    Or the option that chooses the language.
    """
    if f"--lang {language}" in span:
        return True
    pattern = re.compile(".*".join(re.escape(part.strip()) for part in span.split("…")))
    return any(
        pattern.search(re.sub(r"\{\w*\}", "", leaf.text(language)))
        for leaf in leaves()
        if leaf.text(language) != leaf.text(FIRST) or language == FIRST
    )


def alt_texts(page: str, root: Path = ROOT) -> list[str]:
    """Return a sentence for each image without a description."""
    messages = []
    for language in WHOLE:
        file = root / "docs" / language / f"{page}.md"
        for at, line in enumerate(file.read_text(encoding="utf-8").split("\n"), 1):
            for image in IMAGE.finditer(line):
                alt = image[1] if image[1] is not None else _alt(image[0])
                if not alt.strip():
                    messages.append(f"docs/{language}/{page}.md:{at}: an image says nothing")
    return messages


def _alt(tag: str) -> str:
    attribute = re.search(r'alt="([^"]*)"', tag)
    return attribute[1] if attribute else ""


# The data

FIELD = re.compile(r"%\(\w+\)\w|%\w|<(?!/?\w+>)[\w-]+>|https?://[^\s`)\"»,]+")
# What may be the same: it has no words outside of code and placeholders, or is listed.
NO_WORDS = re.compile(r"\{[^}]*\}|`[^`]*`|https?://\S+|%\(?\w+\)?\w?|\b[A-Z]+\b")


def fields(text: str) -> list[str]:
    """Return the placeholders and addresses of a text, in the order of the alphabet."""
    try:
        named = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    except ValueError:
        named = re.findall(r"\{(\w*)\}", text)
    # NAME in an address is NOMBRE in another language.
    return sorted(
        [*named, *(re.sub(r"\b[A-Z]{3,}\b", "NAME", name) for name in FIELD.findall(text))]
    )


def wrong(leaf: Leaf, same: frozenset[str] = frozenset()) -> list[str]:
    """Return what is unequal in a text of the data; *same* may read the same in two languages."""
    messages = []
    first = leaf.text(FIRST)
    for language in WHOLE:
        if language not in leaf.texts:
            messages.append(f"{leaf.place()}: is not said in {language}")
        elif leaf.texts[language][0] is None:
            if (
                leaf.file != "pypi_practice/data/index/labels.yml" or language == FIRST
            ):  # PyPI has none: shown so
                messages.append(f"{leaf.place(language)}: says nothing in {language}")
        elif not leaf.text(language).strip():
            if leaf.key != "shown_in_english":
                messages.append(f"{leaf.place(language)}: is empty in {language}")
        elif fields(leaf.text(language)) != fields(first):
            messages.append(
                f"{leaf.place(language)}: has {fields(leaf.text(language))} in {language} "
                f"and {fields(first)} in {FIRST}"
            )
        elif (
            language != FIRST
            and leaf.text(language) == first
            and first not in same
            and re.search(r"[^\W\d_]{2}", NO_WORDS.sub("", first))
        ):
            messages.append(
                f"{leaf.place(language)}: is the same in {FIRST} and {language}: {first}"
            )
    return messages


# What is typed where only data may speak

PROSE = re.compile(r"[^\W\d_]{2,}[,;:]? [^\W\d_]{2,}")
SPOKEN = ("title", "aria-label", "placeholder", "alt", "label")
NAMES = {"pypi-practice", "SHA256", "BLAKE2b-256", "python -m pip install", "PyPI", "TestPyPI"}


def typed_into(template: Path) -> list[str]:
    """Return the words that stand in a template itself, with their lines."""
    text = template.read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True)
    markup, messages = "", []
    for line, kind, value in environment.lex(text):
        if kind == "data":
            markup += value
        elif kind == "string" and PROSE.search(value) and not re.search("<|pypi-practice ", value):
            messages.append(f"{template.name}:{line}: {value}")
        elif kind in ("variable_end", "block_end", "comment_end"):
            markup += " "
    soup = BeautifulSoup(markup, "html.parser")
    for element in soup.select("script, style, code, pre"):
        element.decompose()
    pieces = [
        piece.strip()
        for piece in soup.find_all(string=True)
        if type(piece).__name__ == "NavigableString"
    ]
    for tag in soup.find_all(True):
        pieces += [str(tag[name]) for name in SPOKEN if tag.get(name)]
        pieces += [str(tag.get("value", ""))] if tag.get("type") in ("submit", "button") else []
    for piece in pieces:
        remaining = piece
        for name in sorted(NAMES, key=len, reverse=True):
            remaining = remaining.replace(name, "")
        if re.search(r"[^\W\d_]{2}", remaining):
            messages.append(f"{template.name}:{_line(text, piece)}: {piece}")
    return messages


def _line(text: str, piece: str) -> int:
    return text[: max(text.find(piece), 0)].count("\n") + 1


SCRIPT_TEXT = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`([^`]*)`""", re.S
)
# Names of keys and the like that scripts compare with, and selectors.
SCRIPT_NAMES = {
    "use strict",
    "Escape",
    "Enter",
    "Tab",
    "Home",
    "End",
    "Control",
    "Shift",
    "Alt",
    "Content-Type",
    "POST",
    "GET",
}


def typed_into_script(file: Path) -> list[str]:
    """Return the texts of a script that a reader could see: their words must come from the data."""
    text = file.read_text(encoding="utf-8")
    messages = []
    for match in SCRIPT_TEXT.finditer(text):
        value = next((group for group in match.groups() if group is not None), "").strip()
        words = PROSE.search(value) and not re.search(
            r"[=#.>\[\]{}():;/_]|^[a-z-]+(,? [a-z-]+)*$", value
        )
        label = re.fullmatch(r"[^\W\d_a-z][a-z]+[.:…?]?", value) and not value.startswith("Arrow")
        if (words or label) and value not in SCRIPT_NAMES:
            messages.append(f"{file.name}:{text.count(chr(10), 0, match.start()) + 1}: {value}")
    return messages


def typed_into_style(file: Path) -> list[str]:
    """Return the words that a style sheet would show."""
    text = file.read_text(encoding="utf-8")
    return [
        f"{file.name}:{text.count(chr(10), 0, match.start()) + 1}: {match[1]}"
        for match in re.finditer(r"content:\s*[\"']([^\"'\\]*[^\W\d_]{2}[^\"']*)[\"']", text)
    ]


SAYING = {
    "print",
    "write",
    "PracticeError",
    "error",
    "exit",
    "add_argument",
    "add_parser",
    "ArgumentParser",
    "BuildError",
    "PortTaken",
    "add_argument_group",
    "SystemExit",
    "writelines",
    "echo",
    "input",
}
HTTP = {"Method Not Allowed", "GET, HEAD"}
SAID = {"help", "description", "epilog", "title", "usage", "metavar"}


def typed_into_program(file: Path) -> list[str]:
    """Return the texts that a program prints, raises or explains itself with, typed in its code."""
    messages = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in SAYING or getattr(getattr(node.func, "value", None), "id", "") == "log":
            continue  # a log is for whoever mends the program
        spoken = [*node.args, *(keyword.value for keyword in node.keywords if keyword.arg in SAID)]
        for argument in spoken:
            for text in _literals(argument):
                if PROSE.search(text) and text not in HTTP:
                    messages.append(f"{file.name}:{node.lineno}: {text.strip()}")
    return messages


def _literals(node: ast.AST) -> Iterator[str]:
    """Yield the texts of an expression, but not those that are handed on to another function."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif not isinstance(node, ast.Call | ast.Subscript):
        for child in ast.iter_child_nodes(node):
            yield from _literals(child)
