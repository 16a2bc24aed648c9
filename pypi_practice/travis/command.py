"""``pypi-practice travis run``."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from pypi_practice.errors import PracticeError
from pypi_practice.shell import practice
from pypi_practice.travis import config, plan, run
from pypi_practice.words import Words


def add_parser(commands: Any, language: str, parents: list[argparse.ArgumentParser]) -> None:
    """Add ``travis`` and its commands to those of pypi-practice."""
    words = Words(language, "travis")
    text = words("help_travis")
    travis = commands.add_parser(
        "travis", help=text, description=text, add_help=False, parents=parents[:1]
    )
    kinds = travis.add_subparsers(dest="travis_command", required=True)
    text = words("help_run")
    made = kinds.add_parser("run", help=text, description=text, add_help=False, parents=parents)
    made.add_argument("directory", type=Path, metavar="DIR", help=words("help_dir"))
    made.add_argument("--branch", help=words("help_branch"))
    made.add_argument("--tag", help=words("help_tag"))
    made.add_argument("--pull-request", action="store_true", help=words("help_pull_request"))
    made.add_argument("--from-fork", action="store_true", help=words("help_from_fork"))
    made.add_argument(
        "--var", action="append", default=[], metavar="NAME[=VALUE][@BRANCH]",
        help=words("help_var"),
    )  # fmt: skip
    made.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))
    made.set_defaults(run=_run)


def _variable(text: str, words: Words, *, dry_run: bool) -> plan.Variable:
    """Read ``NAME``, ``NAME=VALUE`` or either with ``@BRANCH`` at its end."""
    name, equals, value = text.partition("=")
    # A value may hold an "@"; a name may not, so without a value the first one begins the branch.
    head, at, branch = value.rpartition("@") if equals else name.partition("@")
    if equals:
        return plan.Variable(name, head if at else value, (branch if at else "") or None)
    name = head if at else name
    if name not in os.environ and not dry_run:
        raise PracticeError(words("no_value", name=name))
    return plan.Variable(name, os.environ.get(name, ""), branch or None)


def _run(arguments: argparse.Namespace, words: Words) -> int:
    own = Words(words.language, "travis")
    directory = arguments.directory
    repository, branch = run.find(directory, arguments.branch, arguments.tag, own)
    event = plan.Event(
        branch=branch,
        tag=arguments.tag or "",
        pull_request=arguments.pull_request or arguments.from_fork,
        from_fork=arguments.from_fork,
    )
    settings = config.read(directory, own)
    said = config.messages(settings)
    for message in said:
        print(message, flush=True)
    if fatal := [message.level for message in said if message.is_fatal]:
        raise PracticeError(own("plain_secret" if "alert" in fatal else "dropped"))
    variables = [_variable(one, own, dry_run=arguments.dry_run) for one in arguments.var]
    made = plan.make(settings, event, variables, 1, own)

    def emit(line: str) -> None:
        print(line, flush=True)

    if arguments.dry_run:
        run.outline(repository, made, event, emit, own)
        return 0
    with practice(arguments.data, words=words) as environ:
        result = run.rehearse(repository, made, event, variables, environ, emit, own)
    return 0 if result.passed else 1
