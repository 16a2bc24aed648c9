"""The languages are equal: pages, data, program, templates, and what the theme says."""

from __future__ import annotations

import argparse
import ast
import inspect
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import jinja2
import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo
from bs4 import Tag
from helpers.docs.blocks import ROOT, all_pages, pages
from helpers.site import data_texts, spelling, terms, translation_parity
from helpers.site.data_texts import FIRST, WHOLE
from helpers.site.terms import TERMS

from pypi_practice.cli.main import build_parser
from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES, Translator, localized_argparse
from scripts import argparse_catalogs

OTHERS = WHOLE[1:]
# Texts that are the same in two languages. Names that tests/fixtures/spelling.yml lists, and terms
# that docs/data/site/terms.yml has in English in each language, need no row.
SAME = frozenset(
    {
        "token",
        "macaroon",
        "Trusted Publishing",
        "error",
        "info",
        "Tutorial",
        "no",
        "32 bytes",
        "variables: {names}",
        "{count} bytes",
        "{job}, {provider}: no, {reason}",
        "Travis CI",
        "Linux",
        "%(prog)s: error: %(message)s\n",
    }
)


def same() -> frozenset[str]:
    """Return the texts that may be the same: SAME, and names and terms with nothing around them."""
    names = spelling.listed()["names"]
    terms = {term["es"] for term in TERMS if term["es"] in term["en"].split()}
    texts = {leaf.text(FIRST) for leaf in data_texts.leaves()}
    alone = {
        text
        for text in texts
        if all(
            word in names or word.lower().removesuffix("s") in terms
            for word in re.findall(r"[^\W\d_]+", translation_parity.NO_WORDS.sub(" ", text))
        )
    }
    return SAME | alone


# Pages


@pytest.mark.parametrize("page", all_pages())
def test_a_page_is_the_same_in_every_language(page):
    assert translation_parity.differences(page) == []


@pytest.mark.parametrize("page", pages())
def test_every_picture_is_described(page):
    assert translation_parity.alt_texts(page) == []


CHANGES = {
    "a heading of another level": ("## Install", "### Install", "heading"),
    "another id": ("{ #keep }", "{ #stay }", "heading"),
    "a link": ("\n\n{{ sources", " [x](token.md)\n\n{{ sources", "link in #"),
    "the target of a link": ("travis.md)", "config.md)", "link in #"),
    "a box": ("\n## ", '\n!!! note "X"\n\n    x\n\n## ', "box"),
    "a block": ("upload/upload.sh", "upload/check.sh", "block"),
    "a table": ("\n## ", "\n| a | b |\n| --- | --- |\n| c | d |\n\n## ", "table row"),
    "a picture": ("\n## ", "\n![x](x.svg)\n\n## ", "image"),
    "a step": ("\n1. ", "\n- ", "step in #"),
    "a key": ("description:", "descripcion:", "front matter"),
    "a command": ("`--extra-index-url`", "`--index-url-extra`", "code"),
    "a class": ("\n## ", "\nx\n{ .big }\n\n## ", "attributes in #"),
}


@pytest.mark.parametrize("language", WHOLE)
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_in_one_language_only_is_named_with_page_and_line(change, language, tmp_path):
    old, new, kind = CHANGES[change]
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    name = next(
        page
        for page in ("tutorial/upload", "howto/rotate", *pages())
        if old in _page(tmp_path, language, page)
    )
    file = tmp_path / "docs" / language / f"{name}.md"
    file.write_text(_page(tmp_path, language, name).replace(old, new, 1), encoding="utf-8")
    messages = translation_parity.differences(name, tmp_path)
    assert [message for message in messages if f"{name}.md:" in message and kind in message], (
        messages
    )
    assert all(re.match(r"docs/\w+/[\w/-]+\.md:\d+: ", message) for message in messages)


def _page(root: Path, language: str, page: str) -> str:
    text = (root / "docs" / language / f"{page}.md").read_text(encoding="utf-8")
    return text.replace("## Instala", "## Install")  # the same change for both


def test_the_languages_are_declared_once():
    """Each has its configuration and its pages, and nothing else lists them."""
    assert (*WHOLE,) == LANGUAGES
    for code, settings in data_texts.LANGUAGES.items():
        assert (ROOT / "docs" / code).is_dir()
        config = (ROOT / str(settings["config"])).read_text(encoding="utf-8")
        assert f"docs_dir: docs/{code}\n" in config
        assert re.search(rf"^  language: {code}$", config, re.M)


# Data


def test_every_text_of_the_data_is_in_every_language():
    leaves = data_texts.leaves()
    allowed = same()
    assert [
        sentence for leaf in leaves for sentence in translation_parity.wrong(leaf, allowed)
    ] == []
    assert len(leaves) > 900


def test_no_text_is_allowed_to_be_the_same_in_vain():
    written = {leaf.text(FIRST) for leaf in data_texts.leaves()}
    assert written >= SAME


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: {en: One day}", "is not said in es"),
        ("a: {es: Un día}", "is not said in en"),
        ('a: {en: One day, es: ""}', "is empty in es"),
        ("a: {en: One day, es: }", "says nothing in es"),
        ("a: {en: One day, es: One day}", "is the same in en and es"),
        ('a: {en: "One {day}", es: "Un {dia}"}', "has ['dia'] in es and ['day'] in en"),
        ('a: {en: "At https://a.example/x", es: "En https://a.example/y"}', "example/y"),
        ('a: {en: "One %(day)s", es: "Un día"}', "['%(day)s'] in en"),
        ('- {b: {en: One day, es: "Un día"}}\n- {b: {en: Two}}', "data/x.yml:2: 1/b"),
    ],
)
def test_an_unequal_text_is_named_with_file_and_line(text, sentence, tmp_path):
    file = tmp_path / "data" / "x.yml"
    file.parent.mkdir()
    file.write_text(text + "\n", encoding="utf-8")
    messages = [
        message
        for leaf in data_texts.of_file(file, tmp_path)
        for message in translation_parity.wrong(leaf)
    ]
    assert any(sentence in message for message in messages), messages
    assert all(re.match(r"data/x\.yml:\d+: ", message) for message in messages)


@pytest.mark.parametrize(
    "name", ["README.md", "CONTRIBUTING.md", "TRANSLATING.md", "pypi_practice/README.md"]
)
def test_the_spanish_part_of_a_note_names_nothing_that_is_gone(name):
    """It is shorter than the rest, and each command, file and link in it is in the rest too."""
    text = (ROOT / name).read_text(encoding="utf-8")
    english, heading, rest = text.partition("\n## En español\n")
    assert heading
    spanish, _, after = rest.partition("\n## ")
    english += after
    cited = set(translation_parity.SPAN.findall(spanish)) - {"`código`", "`{huecos}`"}
    words = set(re.findall(r"[\w./@-]+", english))
    assert len(cited) > 2
    assert {span for span in cited if not set(re.findall(r"[\w./@-]+", span)) <= words} == set()
    links = {link[1] for link in translation_parity.LINK.finditer(spanish)} - {
        "#begin-a-new-language"
    }
    assert links <= {link[1] for link in translation_parity.LINK.finditer(english)}
    assert "(#en-español)" in english


# Templates, scripts, styles, code: words come from the data

TEMPLATES = [
    *ROOT.glob("pypi_practice/**/*.html"),
    *ROOT.glob("overrides/**/*.html"),
    *ROOT.glob("site_builder/*.html"),
]
SCRIPTS = [
    file
    for folder in ("overrides", "pypi_practice")
    for file in ROOT.glob(f"{folder}/**/*.js")
    if file.name != "minisearch.js"  # a library, as it is published
]
STYLES = [*ROOT.glob("overrides/**/*.css"), *ROOT.glob("pypi_practice/**/*.css")]
CODE = [
    *ROOT.glob("pypi_practice/**/*.py"),
    *ROOT.glob("site_builder/**/*.py"),
    *ROOT.glob("scripts/*.py"),
    ROOT / "make.py",
]


def test_no_word_is_typed_into_templates_scripts_styles_or_code():
    finders = (
        (translation_parity.typed_into, TEMPLATES),
        (translation_parity.typed_into_script, SCRIPTS),
        (translation_parity.typed_into_style, STYLES),
        (translation_parity.typed_into_program, CODE),
    )
    for find, files in finders:
        assert files
        for file in files:
            assert find(file) == [], file


@pytest.mark.parametrize(
    ("find", "text", "line"),
    [
        (translation_parity.typed_into, '<p>{{ say("x") }}</p>\n<p>Upload it</p>', 2),
        (translation_parity.typed_into, '<a title="Upload" href="x">{{ say("x") }}</a>', 1),
        (translation_parity.typed_into, '<p>{{ say("x") if y else "Not here yet" }}</p>', 1),
        (
            translation_parity.typed_into_script,
            'var x = 1;\nbutton.textContent = "Copied to clipboard";',
            2,
        ),
        (translation_parity.typed_into_script, "button.title = 'Copy';", 1),
        (translation_parity.typed_into_style, 'a::after { content: "copied"; }', 1),
        (translation_parity.typed_into_program, 'x = 1\nprint(f"There is no {x}")', 2),
        (translation_parity.typed_into_program, 'raise PracticeError("There is no token")', 1),
        (
            translation_parity.typed_into_program,
            'parser.add_argument("--x", help="the name of it")',
            1,
        ),
    ],
)
def test_a_typed_word_is_found(find, text, line, tmp_path):
    file = tmp_path / "file"
    file.write_text(text, encoding="utf-8")
    assert [message.split(":")[1] for message in find(file)] == [str(line)]


def test_what_is_no_word_is_let_through(tmp_path):
    for find, text in (
        (
            translation_parity.typed_into,
            '{# A note #}<p class="big box">{{ say("some_key") }} · 1</p>',
        ),
        (
            translation_parity.typed_into_script,
            '// A note on it\nfind("nav.md-code__nav:not([role])", "none");',
        ),
        (
            translation_parity.typed_into_program,
            'print(words("the key of it"))\nlog.error("it went wrong")',
        ),
    ):
        file = tmp_path / "file"
        file.write_text(text, encoding="utf-8")
        assert find(file) == []


# The command line


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """Yield a parser and those of its commands."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for subparser in dict.fromkeys(action.choices.values()):
                yield from parsers(subparser)


def test_every_help_is_in_the_language_of_the_user(monkeypatch):
    monkeypatch.setenv("COLUMNS", "1000")  # no word is broken
    shown = {}
    # What a user types is the same in every language.
    examples = load("commands/help")["examples"].values()
    commands = [example["command"] for group in examples for example in group]
    for language in LANGUAGES:
        with localized_argparse(language):
            parser = build_parser(Translator(language), [])
            help_texts = [subparser.format_help() for subparser in parsers(parser)]
        for command in sorted(commands, key=len, reverse=True):  # one may begin another
            help_texts = [text.replace(command, "") for text in help_texts]
        assert len(help_texts) > 12
        prose = re.sub(
            r"\{[\w.,-]+\}|^    \w+ |--[\w-]+|^usage:.*|^uso:.*|: [\w, ]+$|practice-\d",
            " ",
            "\n".join(help_texts),
            flags=re.M,
        )
        assert spelling.mistakes(spelling.words(prose, language, "help")) == [], prose
        shown[language] = help_texts
    for first_help, other in zip(shown[FIRST], shown[OTHERS[0]], strict=True):
        alike = {line.strip() for line in first_help.splitlines()} & {
            line.strip() for line in other.splitlines()
        }
        assert {line for line in alike if translation_parity.PROSE.search(line)} == set(), (
            first_help
        )


def test_every_value_of_the_command_line_has_a_name_in_every_language():
    known = {
        leaf.text(FIRST)
        for leaf in data_texts.of_file(
            ROOT / "pypi_practice" / "data" / "commands" / "metavars.yml"
        )
    }
    used = {
        action.metavar or action.dest.upper()
        for parser in parsers(build_parser(Translator(FIRST), []))
        for action in parser._actions
        if action.nargs != 0 and action.choices is None and "--lang" not in action.option_strings
    } - {"SITE_DIR"}
    assert used == known - {"SITE_DIR"}


def sentences(catalog: Catalog) -> set[tuple[str, str]]:
    """Return the sentences of a catalogue of gettext: as they are, and translated."""
    pairs = ((message.id, message.string) for message in catalog if message.id)
    return {(str(shown), str(translated)) for shown, translated in pairs}


def test_the_catalogues_have_what_the_data_say():
    for language in argparse_catalogs.OTHERS:
        with argparse_catalogs.file(language).open("rb") as written:
            catalog = read_mo(written)
        expected = sentences(argparse_catalogs.catalog(language))
        assert len(expected) > 20
        assert sentences(catalog) == expected, "run python -m scripts.argparse_catalogs"


def test_argparse_speaks_each_language_only_inside_the_block(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "fr")
    parser = argparse.ArgumentParser(prog="x")
    with localized_argparse("es"):
        assert parser.format_usage().startswith("uso: ")
    assert parser.format_usage().startswith("usage: ")
    assert os.environ["LANGUAGE"] == "fr"
    monkeypatch.delenv("LANGUAGE")
    with localized_argparse("en"):
        assert parser.format_usage().startswith("usage: ")
    assert "LANGUAGE" not in os.environ


# Sentences that argparse has for the programmer, and not for the user.
PROGRAMMER = re.compile(
    r"conflicting|not defined|'required' is|mutually|merge actions|dest=|cannot have|callable|"
    r"invalid option string|subcommands|with mode|conflict_resolution|maybe you meant"
)


def test_every_sentence_of_argparse_is_known():
    known = {
        leaf.text(FIRST)
        for leaf in data_texts.of_file(
            ROOT / "pypi_practice" / "data" / "commands" / "argparse.yml"
        )
    }
    sentences = {
        argument.value
        for node in ast.walk(ast.parse(inspect.getsource(argparse)))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "ngettext")
        for argument in node.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    assert len(sentences) > 20
    assert {sentence for sentence in sentences - known if not PROGRAMMER.search(sentence)} == set()


# The theme


def theme_words(language: str) -> dict[str, str]:
    """Return what the theme says in a language, by its keys."""
    import material

    file = Path(material.__file__).parent / "templates/partials/languages" / f"{language}.html"
    tokens = jinja2.Environment(autoescape=True).lex(file.read_text(encoding="utf-8"))
    strings = [value.strip("\"'") for _, kind, value in tokens if kind == "string"]
    return dict(zip(strings[::2], strings[1::2], strict=False))


def ours(language: str) -> dict[str, str]:
    """Return the sentences of the theme that we say ourselves."""
    leaves = data_texts.of_file(ROOT / "docs" / "data" / "site" / "theme.yml")
    return {leaf.key: leaf.text(language) for leaf in leaves}


@pytest.mark.parametrize("language", OTHERS)
def test_the_theme_has_every_sentence(language):
    """In the language, translated, and addressing the reader as we do."""
    english, theirs = theme_words(FIRST), theme_words(language)
    used = {
        key
        for key in english
        if not re.match(r"blog|consent|search\.(?!placeholder)|direction|rss", key)
    }
    spoken = {key: ours(language).get(key) or theirs.get(key) for key in used}
    assert {key for key, text in spoken.items() if not text} == set()
    assert {key for key in used - {"language"} if spoken[key] == english[key]} == set()
    assert set(ours(language)) <= set(english)
    all_text = "\n".join(map(str, spoken.values()))
    assert spelling.mistakes(spelling.words(all_text, language, "the theme")) == []
    assert terms.wrong_terms(all_text, language) == []


def test_no_text_of_the_theme_stays_english(built_site):
    """Neither what is seen or read aloud, nor what the theme's script says."""
    english = {
        text
        for key, text in (theme_words(FIRST) | ours(FIRST)).items()
        if translation_parity.PROSE.search(text)
        or key.startswith(("footer", "search", "nav", "toc"))
    }
    english |= {
        "Permanent link",
        "Warning",
        "Danger",
        "Note",
        "Tip",
        "Link to this section",
        "Switch to dark mode",
        "Switch to light mode",
    }
    for language in OTHERS:
        english -= set(ours(language).values()) | set(theme_words(language).values())
        for page in pages():
            html = built_site.html(language, page)
            config = html.select_one("script#__config")
            texts = set(map(str, json.loads(config.get_text())["translations"].values()))
            for tag in html.select("pre, code, script, [lang]:not(html)"):
                tag.decompose()
            texts |= {text.strip() for text in html.stripped_strings}
            texts |= {
                str(tag.get(name, ""))
                for tag in html.find_all(True)
                if isinstance(tag, Tag)
                for name in ("title", "aria-label", "placeholder", "alt")
            }
            assert texts & english == set(), f"{language}/{page}"
