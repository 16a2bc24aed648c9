"""What the program says, in the user's language."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pypi_practice.facts import load

LANGUAGES = ("en", "es")


def language(environ: Mapping[str, str] = os.environ) -> str:
    """Return the language that the environment asks for, as gettext reads it; else ``en``."""
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for value in environ.get(variable, "").split(":"):
            code = value[:2].lower()
            if code in LANGUAGES:
                return code
        if environ.get(variable):
            return LANGUAGES[0]
    return LANGUAGES[0]


class Words:
    """The messages of one data file in one language: ``words("key", name="x")`` is a sentence."""

    def __init__(self, language: str, name: str = "practice") -> None:
        self.language = language
        self.name = name

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the message *key* with *values* filled in; KeyError if there is none."""
        return load(self.name)[key][self.language].format(**values)
