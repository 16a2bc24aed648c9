"""A variable of a rehearsal that has no value is asked for on a terminal, and refused elsewhere."""

from __future__ import annotations

import getpass
import io
import sys

import pytest
from helpers.travis.terminal import Terminal

from pypi_practice.cli import travis
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator

NAME = "A_TOKEN_FOR_PRACTICE"


@pytest.fixture(autouse=True)
def _unset(monkeypatch):
    monkeypatch.delenv(NAME, raising=False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_on_a_terminal_it_is_asked_for_without_showing_it(language, monkeypatch, capsys):
    words = Translator(language, "travis/messages")
    prompts = []

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return "typed"

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", ask)
    variable = travis._variable(f"{NAME}@main", words, dry_run=False)
    assert (variable.name, variable.value, variable.branch) == (NAME, "typed", "main")
    assert prompts == [words("ask_value", name=NAME)]
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("answer", ["", EOFError])
def test_no_answer_is_refused(answer, monkeypatch):
    def ask(prompt: str) -> str:
        if answer is EOFError:
            raise EOFError
        return ""

    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", ask)
    with pytest.raises(PracticeError, match=NAME):
        travis._variable(NAME, Translator("en", "travis/messages"), dry_run=False)


def test_elsewhere_it_is_refused_and_not_waited_for(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("typed\n"))
    monkeypatch.setattr(getpass, "getpass", lambda prompt: pytest.fail("asked"))
    with pytest.raises(PracticeError, match=f"write --var {NAME}=VALUE"):
        travis._variable(NAME, Translator("en", "travis/messages"), dry_run=False)


def test_a_plan_needs_no_value(monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda prompt: pytest.fail("asked"))
    assert travis._variable(NAME, Translator("en", "travis/messages"), dry_run=True).value == ""
