"""Names of the reader in the place of the example's: their spellings and their validation.

overrides/assets/javascripts/names.js does the same in the browser; a test compares the two.
"""

from __future__ import annotations

import functools
import keyword
import re
from collections.abc import Callable, Iterator
from typing import Any

from packaging.utils import canonicalize_name

from pypi_practice.core import project_names
from pypi_practice.core.data import load
from pypi_practice.tokens.patterns import FIELD

# Source: what github.com says in its forms for a new repository and a new organization.
REPOSITORY = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}\Z")
USER = re.compile(r"(?=.{1,39}\Z)[A-Za-z0-9]+(-[A-Za-z0-9]+)*\Z")


def forms(project: str, repository: str, user: str) -> dict[str, str]:
    """Return every spelling of three valid names, by the keys of placeholder_names.yml.

    >>> forms("Foo.Bar", "foo", "ana")["package"]
    'foo_bar'
    """
    normal = str(canonicalize_name(project))
    package = _identifier(normal.replace("-", "_"))
    return {
        "project": project,
        "repository": repository,
        "user": user,
        "normal": normal,
        "file": normal.replace("-", "_"),
        "package": package,
        "command": normal,  # as fork makes it
        "classes": _identifier("".join(part.capitalize() for part in normal.split("-"))),
    }


def _identifier(name: str) -> str:
    """Return *name* as an identifier, with ``_`` before a digit or after a keyword."""
    name = f"_{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) else name


def faults(project: str, repository: str, user: str) -> dict[str, str]:
    """Return the faults by field, each a key of placeholder_names.yml or uploads.yml."""
    problems = {}
    for field, name in (("project", project), ("repository", repository), ("user", user)):
        if FIELD.match(name.lstrip()):
            problems[field] = "token"
    if not project:
        problems.setdefault("project", "empty")
    elif not project_names.NAME.match(project):
        problems.setdefault("project", "name_invalid")
    elif fault := project_names.fault(project, load("index/reserved_names")["taken"]["projects"]):
        problems.setdefault("project", fault)
    if repository and not REPOSITORY.match(repository):
        problems.setdefault("repository", "repository")
    if user and not USER.match(user):
        problems.setdefault("user", "user")
    return problems


def sentence(key: str, language: str, load_data: Callable[[str], Any] = load) -> str:
    """Return the meaning and the fix of a fault; *load_data* loads a data file."""
    own_sentences = load_data("commands/placeholder_names")["says"]
    if key in own_sentences:
        return str(own_sentences[key][language])
    response = load_data("index/uploads")[key]
    return f"{response['cause'][language]} {response['fix'][language]}"


@functools.cache
def pattern() -> re.Pattern[str]:
    """Return one expression for all marks of placeholder_names.yml; mark N is the group ``mN``."""
    marks = load("commands/placeholder_names")["marks"]
    return re.compile("|".join(f"(?P<m{n}>{mark['pattern']})" for n, mark in enumerate(marks)))


def places(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and form of each name of the example in *text*."""
    marks = load("commands/placeholder_names")["marks"]
    for match in pattern().finditer(text):
        form = marks[int(str(match.lastgroup)[1:])]["form"]
        if form != "keep":
            yield match.start(), match.end(), form


def replaced(text: str, own: dict[str, str]) -> str:
    """Return *text* with the names of the example replaced by those of *own*, from forms()."""
    parts, end = [], 0
    for start, stop, form in places(text):
        parts += [text[end:start], own[form]]
        end = stop
    return "".join([*parts, text[end:]])
