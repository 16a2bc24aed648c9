"""Write down what ``--help`` prints for each command and language, for the reference page.

Run after a change of the command line:

    python -m scripts.command_line
"""

from __future__ import annotations

import os

import yaml

from pypi_practice.cli.main import build_parser
from pypi_practice.core.i18n import LANGUAGES, Translator, localized_argparse
from site_builder.site_data import ROOT

FILE = ROOT / "docs" / "data" / "generated" / "command_line.yml"
COLUMNS = "80"  # which argparse reads, and the width of a terminal


class _Dumper(yaml.SafeDumper):
    """Writes a text of several lines line by line, so that a change of it can be read."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        return self.represent_scalar("tag:yaml.org,2002:str", text, "|" if "\n" in text else None)


_Dumper.add_representer(str, _Dumper.represent_text)


def helps(language: str) -> dict[str, str]:
    """Return command → what its ``--help`` prints in 80 columns; that of the program is first."""
    os.environ["COLUMNS"] = COLUMNS
    with localized_argparse(language):
        parser = build_parser(Translator(language), [])
        return {command.prog: command.format_help() for command in parser.walk()}


def main() -> None:
    """Write the file."""
    texts = {language: helps(language) for language in LANGUAGES}
    content = yaml.dump(texts, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=1000)
    FILE.write_text(f"# Written by: python -m scripts.command_line\n{content}", encoding="utf-8")


if __name__ == "__main__":
    main()
