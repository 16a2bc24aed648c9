"""What a build says when it stops: file, line, and what is wrong, in one line."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.long

# What is broken: the file, the text in it, what stands there instead, and what the build says.
FAULTS = {
    "a_word": (
        "docs/data/site/words.yml",
        "stopped: {",
        "stopped: {{",
        "docs/data/site/words.yml:{after}: did not find expected ',' or '}}'",
    ),
    "data_of_a_page": (
        "docs/data/site/theme.yml",
        "\n",
        "\n[\n",
        "docs/data/site/theme.yml:",
    ),
    "configuration": ("mkdocs.yml", "theme:", "theme: [", "mkdocs.yml:{after_next}: expected"),
    "setting": (
        "mkdocs.yml",
        "theme:",
        "no_such: 1\ntheme:",
        "mkdocs.yml:{line}: Config value 'no_such': Unrecognised",
    ),
    "template": (
        "overrides/main.html",
        "{% block",
        "{% blok",
        "overrides/main.html:{line}: jinja2.exceptions.TemplateSyntaxError: Encountered unknown",
    ),
    "name_in_a_template": (
        "overrides/main.html",
        "{% block extrahead %}",
        "{% block extrahead %}{{ nothing.at.all }}",
        "overrides/main.html:{line}: jinja2.exceptions.UndefinedError: 'nothing' is undefined",
    ),
    "syntax": (
        "site_builder/macros.py",
        "def ",
        "df ",
        "site_builder/macros.py:{line}: SyntaxError: invalid syntax",
    ),
    "python": (
        "site_builder/hooks.py",
        'config.theme["language"]',
        'config.theme["langage"]',
        "site_builder/hooks.py:{line}: KeyError: 'langage'",
    ),
    "label": (
        "docs/en/practice.md",
        "What is said first.",
        '{{ drawing("nothing") }}',
        "docs/en/practice.md:{line}: there is no nothing; there are anatomy, holders, road, ",
    ),
    "macro": (
        "docs/en/practice.md",
        "What is said first.",
        "{{ nothing() }}",
        "docs/en/practice.md:{line}: 'nothing' is undefined",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_error_names_file_and_line(name: str, small_sources: Path) -> None:
    file, old, new, expected = FAULTS[name]
    path = small_sources / file
    before, separator, _ = path.read_text(encoding="utf-8").partition(old)
    assert separator
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    line = before.count("\n") + 1
    result = subprocess.run(
        [sys.executable, "-m", "site_builder", "build", "--without-pdf"],
        cwd=small_sources,
        env={**os.environ, "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert expected.format(line=line, after=line + 1, after_next=line + 2) in result.stderr
    assert "Traceback" not in result.stderr
    assert len(result.stderr.splitlines()) <= 2
