"""``pypi-practice doctor``: exit code 0 if the project is ready, 1 if not, 2 for bad input.

With ``--json`` it prints an object with KEYS: ``complete`` is false if a check had to be
skipped, and ``checks`` is an array of the objects that ``report.as_json`` describes.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from pathlib import Path
from typing import Any

from pypi_practice.cli import completion
from pypi_practice.cli.parser import add_command
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator

KEYS = ("name", "version", "ready", "complete", "checks")


def add_parser(commands: Any, language: str) -> None:
    """Add ``doctor`` to the commands of pypi-practice."""
    words = Translator(language, "commands/doctor")
    parser = add_command(commands, "doctor", words("help"), language)
    directory = parser.add_argument(
        "directory",
        type=Path,
        nargs="?",
        default=Path(),
        metavar=words.metavar("DIR"),
        help=words("help_dir"),
    )
    completion.complete(directory, completion.DIRECTORY)
    parser.add_argument("--offline", action="store_true", help=words("help_offline"))
    parser.add_argument("--no-build", action="store_true", help=words("help_no_build"))
    parser.add_argument("--no-isolation", action="store_true", help=words("help_no_isolation"))
    parser.add_argument(
        "--var",
        action="append",
        default=[],
        metavar=words.metavar("NAME[@BRANCH]"),
        help=words("help_var"),
    )
    parser.finish(json=words("help_json", keys=", ".join(KEYS)))
    parser.set_defaults(run=_doctor)


def _doctor(arguments: argparse.Namespace, words: Translator) -> int:
    from pypi_practice.doctor import report
    from pypi_practice.doctor.project import Project
    from pypi_practice.travis.plan.plan_types import Variable

    messages = Translator(words.language, "commands/doctor")
    root = arguments.directory
    if not os.path.isdir(root):
        raise PracticeError(messages("no_folder", path=root))
    if not any(os.path.lexists(root / name) for name in ("pyproject.toml", "setup.py")):
        raise PracticeError(messages("no_project", path=root))
    variables = []
    for option in arguments.var:
        match = re.fullmatch(r"([A-Za-z_]\w*)(?:@(.+))?", option)
        if match is None:
            raise PracticeError(messages("bad_variable", given=option.partition("=")[0]))
        variables.append(Variable(match[1], "", match[2]))

    def announce_build() -> None:
        print(messages("building"), file=sys.stderr, flush=True)

    project = Project(
        root,
        online=not arguments.offline,
        isolated=not arguments.no_isolation,
        build=not arguments.no_build,
        variables=variables,
        on_build=None if arguments.json else announce_build,
    )
    try:
        lines = report.run_checks(project, messages)
        if arguments.json:
            print(report.as_json(lines, project, messages))
        else:
            print("\n".join(report.text(lines, project.name or str(root), messages)))
    finally:
        project.close()
    return 0 if report.is_ready(lines) else 1
