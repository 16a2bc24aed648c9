"""The reference page of the command line: what ``--help`` prints today."""

from __future__ import annotations

import pytest
import yaml

from pypi_practice.core.i18n import LANGUAGES
from scripts import command_line


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_written_down_is_what_help_prints(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", command_line.COLUMNS)
    written = yaml.safe_load(command_line.FILE.read_text(encoding="utf-8"))[language]
    printed = command_line.helps(language)
    assert list(written) == list(printed)
    for command, text in printed.items():
        # Versions of Python break the lines of a usage at other places.
        message = "run: python -m scripts.command_line"
        assert written[command].split() == text.split(), message


def test_every_command_has_a_text_in_each_language() -> None:
    texts = [command_line.helps(language) for language in LANGUAGES]
    assert len(texts[0]) > 15
    for command in texts[0]:
        assert len({text[command] for text in texts}) == len(texts), command


def test_a_change_of_a_help_is_a_change_of_its_line() -> None:
    lines = command_line.FILE.read_text(encoding="utf-8").splitlines()
    for language in LANGUAGES:
        for text in command_line.helps(language).values():
            assert "    " + text.splitlines()[-1] in lines
