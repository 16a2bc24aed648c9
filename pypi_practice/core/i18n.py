"""What the program says, in the user's language."""

from __future__ import annotations

import contextlib
import gettext
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pypi_practice import data
from pypi_practice.core.data import load
from pypi_practice.core.terminal import one_line, visible

# Those that are whole: a language that is begun is the site's alone.
LANGUAGES: tuple[str, ...] = tuple(
    code for code, facts in load("languages").items() if not facts.get("begun")
)
DOMAIN = "pypi-practice"  # of gettext


def language(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language that the environment asks for, as gettext does; else the first."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for value in environ.get(variable, "").split(":"):
            code = value[:2].lower()
            if code in LANGUAGES:
                return code
        if environ.get(variable):
            return LANGUAGES[0]
    return LANGUAGES[0]


@contextlib.contextmanager
def localized_argparse(language: str) -> Iterator[None]:
    """Let argparse speak *language* inside the block, in which it must be used.

    It asks gettext, for which Python brings no translations and which looks for the language in
    the environment; ours are in data/locale.
    """
    variable = "LANGUAGE"
    previous, domain = os.environ.get(variable), gettext.textdomain()
    gettext.bindtextdomain(DOMAIN, str(Path(data.__file__).parent / "locale"))
    gettext.textdomain(DOMAIN)
    os.environ[variable] = language
    try:
        yield
    finally:
        gettext.textdomain(domain)
        if previous is None:
            del os.environ[variable]
        else:
            os.environ[variable] = previous


def metavar(name: str, language: str) -> str:
    """Return how the usage names a value in *language*; *name* is its name in the first one.

    Raises KeyError for a name that data/commands/metavars.yml lacks.
    """
    names: list[dict[str, str]] = load("commands/metavars")
    return {texts[LANGUAGES[0]]: texts[language] for texts in names}[name]


def translated(text: str, language: str, name: str) -> str:
    """Return *text* of another program in *language*, as the list *name* of the data has it.

    Of a text that it lacks, what stands behind the last colon is looked up.
    """
    texts: dict[str, str] = {entry[LANGUAGES[0]]: entry[language] for entry in load(name)}
    head, colon, tail = text.rpartition(": ")
    return texts[text] if text in texts else head + colon + texts.get(tail, tail)


def _printable(value: object, language: str) -> object:
    """Return a value as it is printed; a path has no lines, and some sentences have.

    Of an error of the system, that is its reason.
    """
    if isinstance(value, OSError):
        text = str(value.strerror or value)
        return visible(translated(text, language, "commands/system_errors"))
    if isinstance(value, int | float):
        return value
    return one_line(value) if isinstance(value, os.PathLike) else visible(value)


class Translator:
    """The messages of one data file in one language: ``words("key", name="x")`` is a sentence."""

    def __init__(self, language: str, name: str = "commands/shell") -> None:
        self.language = language
        self.name = name

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the message *key* with *values* filled in; KeyError if there is none.

        Nothing in a value can steer a terminal. An error of the system speaks the language, too.
        """
        printable = {name: _printable(value, self.language) for name, value in values.items()}
        sentence: str = load(self.name)[key][self.language]
        return sentence.format(**printable)

    def metavar(self, name: str) -> str:
        """Return how the usage names a value."""
        return metavar(name, self.language)
