"""``pypi-practice fork``: asks for the names, makes the copy, tests it, and says what comes next.

The exit code is 0 if the fork is made and its tests pass, or was made before; 1 if they fail; 2 for
bad input, and then nothing was written.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pypi_practice.cli import completion
from pypi_practice.cli.parser import add_command
from pypi_practice.core import guide
from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator

Rule = Callable[[str, Translator], str]
VERSION = "0.1.0"  # of the demo package


def add_parser(commands: Any, language: str) -> None:
    """Add ``fork`` to the commands of pypi-practice."""
    words = Translator(language, "commands/fork")
    parser = add_command(commands, "fork", words("help"), language)
    directory = parser.add_argument(
        "directory", type=Path, metavar=words.metavar("DIR"), help=words("help_dir")
    )
    completion.complete(directory, completion.DIRECTORY)
    for name in ("name", "package", "command", "author", "email", "user", "repository"):
        # "command" is where the parser itself keeps the name of this command.
        parser.add_argument(
            f"--{name}",
            dest=f"own_{name}",
            metavar=words.metavar(name.upper()),
            help=words(f"help_{name}"),
        )
    parser.add_argument(
        "--ci", choices=list(load("commands/fork")["ci"]), default="travis", help=words("help_ci")
    )
    parser.add_argument("--mine", action="store_true", help=words("help_mine"))
    parser.add_argument("--offline", action="store_true", help=words("help_offline"))
    parser.add_argument("--yes", action="store_true", help=words("help_yes"))
    parser.finish()
    parser.set_defaults(run=_fork)


class _Asker:
    """Gets each field from its option, from the user, or from its default with ``--yes``."""

    def __init__(self, arguments: argparse.Namespace, words: Translator) -> None:
        self.arguments, self.words = arguments, words

    def get(self, field: str, rule: Rule, default: str = "") -> str:
        """Return a field that *rule* accepts; asks again after an invalid answer at a terminal."""
        option = "name" if field == "project" else field
        option_value = getattr(self.arguments, f"own_{option}")
        if option_value is not None:
            return self._checked(option_value, field, rule)
        if self.arguments.yes:
            if not default:
                sentence = self.words(
                    "no_answer", field=self._question(field), option=f"--{option}"
                )
                raise PracticeError(sentence)
            return rule(default, self.words)
        while True:
            try:
                answer = self.read(self._question(field), default, option)
                return self._checked(answer, field, rule)
            except PracticeError as error:
                if not sys.stdin.isatty():
                    raise
                print(error, file=sys.stderr)

    def _checked(self, value: str, field: str, rule: Rule) -> str:
        if not value.strip():
            option = "name" if field == "project" else field
            sentence = self.words("empty", field=self._question(field), option=f"--{option}")
            raise PracticeError(sentence)
        return rule(value, self.words)

    def _question(self, field: str) -> str:
        return self.words(f"ask_{field}")

    def read(self, question: str, default: str, option: str) -> str:
        """Return the answer to *question*; raises PracticeError at the end of the input.

        Answers that are piped in get no question: it would be a part of what is printed next.
        """
        is_terminal = sys.stdin.isatty()
        default_hint = f" [{default}]" if default else ""
        try:
            prompt = f"{question}{default_hint}: " if is_terminal else ""
            return input(prompt).strip() or default
        except EOFError:
            if is_terminal:
                print()
            sentence = self.words("no_answer", field=question, option=f"--{option}")
            raise PracticeError(sentence) from None


def _fork(arguments: argparse.Namespace, words: Translator) -> int:
    from pypi_practice.fork import copy

    messages = Translator(words.language, "commands/fork")
    path = arguments.directory
    if copy.is_fork(path, messages):
        print(messages("again", path=path, name=_name(path)))
        return 0
    copy.check_target(path, messages)
    mine = _names(_Asker(arguments, messages))
    copy.write(path, mine, arguments.ci, messages)
    print(
        messages(
            "made",
            path=path,
            project=mine.project,
            package=mine.package,
            command=mine.command,
            repository=mine.repository,
        )
    )
    passed, output = copy.run_tests(path)
    if passed:
        summary = next((line for line in output.splitlines() if line.startswith("Ran ")), output)
        print(messages("tests_pass", said=re.sub(r" in [\d.]+s", "", summary)))
    else:
        print(messages("tests_fail"), output, sep="\n")
    if arguments.ci == "travis":
        _travis(path, words.language)
    _next(mine, arguments.ci, messages)
    return 0 if passed else 1


def _name(path: Path) -> str:
    from pypi_practice.doctor.project import Project

    name = Project(path).table.get("name")
    return name if isinstance(name, str) else Path(os.path.realpath(path)).name


def _names(asker: _Asker) -> Any:
    from pypi_practice.fork import copy
    from pypi_practice.git import git_command

    words = asker.words
    while True:
        project = asker.get("project", copy.project_name)
        try:
            _check_availability(project, asker)
            break
        except PracticeError as error:
            if asker.arguments.yes or asker.arguments.own_name or not sys.stdin.isatty():
                raise
            print(error, file=sys.stderr)
    package = asker.get("package", copy.package_name, copy.package_of(project))
    command = asker.get("command", copy.command_name, copy.command_of(project))
    author = asker.get("author", copy.author_name, git_command.user_setting("user.name"))
    email = asker.get("email", copy.email_address, git_command.user_setting("user.email"))
    repository = ""
    if asker.arguments.own_repository is None:
        user = asker.get(
            "user", copy.user_name, git_command.user_setting("github.user") or _account(author)
        )
        repository = copy.repository_address(f"{user}/{project}", words)
    repository = asker.get("repository", copy.repository_address, repository)
    return copy.Names(project, package, command, author, email, repository)


def _account(author: str) -> str:
    """Return a likely account name: the author's name in lower case, with hyphens."""
    return "-".join(re.findall(r"[a-z0-9]+", author.lower()))


def _check_availability(project: str, asker: _Asker) -> None:
    """Print whether the name is available; raises PracticeError if it is somebody else's."""
    from packaging.utils import canonicalize_name

    from pypi_practice.core.indexes import INDEXES
    from pypi_practice.doctor import lookup

    words, statuses = asker.words, {}
    if not asker.arguments.offline:
        statuses = lookup.ask_all(canonicalize_name(project), INDEXES.values())

    def index_names(exists: bool | None) -> str:
        names = [
            index.name
            for key, index in INDEXES.items()
            if (statuses[key].exists if key in statuses else None) is exists
        ]
        return ", ".join(names)

    if existing := index_names(True):
        is_own = asker.arguments.mine
        if not is_own and not asker.arguments.yes and sys.stdin.isatty():
            print(words("name_taken", name=project, indexes=existing))
            answer = asker.read(words("ask_mine"), "", "mine")
            is_own = bool(answer) and answer[0] in words("said_yes")
        if not is_own:
            raise PracticeError(words("name_taken", name=project, indexes=existing))
        print(words("yours", name=project, indexes=existing))
    if free := index_names(False):
        print(words("free", name=project, indexes=free))
    if unknown := index_names(None):
        key = "offline" if asker.arguments.offline else "not_asked"
        print(words(key, name=project, indexes=unknown))


def _travis(path: Path, language: str) -> None:
    """Print what ``travis check`` and ``travis plan --matrix`` say of the fork."""
    from pypi_practice.travis.check import autofix, report
    from pypi_practice.travis.plan.plan_types import Variable
    from pypi_practice.travis.run import plan_report, repository

    words = Translator(language, "travis/messages")
    variables = [Variable("TEST_PYPI_TOKEN", "", "staging"), Variable("PYPI_TOKEN", "")]
    check_report = autofix.file(path, words, variables)
    print("\n".join(report.lines(check_report, words)))
    commit, branch = repository.find(path, None, None, words)
    columns = plan_report.events(commit, branch, None, None, words, sample=f"v{VERSION}")
    print(plan_report.matrix_text(plan_report.matrix(commit, columns, variables, words), words))


def _next(mine: Any, ci: str, words: Translator) -> None:
    facts = load("commands/fork")["ci"][ci]
    print(f"\n{words('next')}")
    for number, (step, page) in enumerate(zip(facts["steps"], facts["pages"], strict=True), 1):
        values = {"repository": mine.repository, "project": mine.project, "version": VERSION}
        print(f"  {number}. {words(f'step_{step}', **values)}")
        print(f"     {words('read', page=guide.address(page, words.language))}")
    if note := guide.note(words.language):
        print(f"\n{note}")
