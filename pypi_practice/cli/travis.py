"""``pypi-practice travis check``, ``plan`` and ``run``.

With ``--json``, ``check`` prints an array of objects with CHECK_KEYS, one for each finding, and
``plan`` an object with PLAN_KEYS. In it ``runs`` is null where only a build can tell. With
``--matrix`` it is an array of such objects, each with ``title``, ``published`` and ``problem`` too.
``run`` prints an object with RUN_KEYS, see ``run_report.as_data``; its log goes to standard error.
"""

from __future__ import annotations

import argparse
import contextlib
import getpass
import os
import sys
from pathlib import Path
from typing import Any

from pypi_practice.cli import completion
from pypi_practice.cli.parser import Parser, add_command
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.suggestions import suggest
from pypi_practice.core.terminal import as_json, visible

# What each command needs is imported when it is called, so that each starts quickly.

CHECK_KEYS = (
    "file",
    "level",
    "code",
    "rule",
    "key",
    "message",
    "why",
    "line",
    "column",
    "end_column",
    "fix",
)
PLAN_KEYS = (
    "event",
    "runs",
    "condition",
    "stages",
    "jobs",
    "not_played",
    "uncommitted",
    "findings",
)
RUN_KEYS = (
    "event",
    "runs",
    "condition",
    "passed",
    "wall",
    "jobs",
    "published",
    "differences",
    "not_played",
    "uncommitted",
    "findings",
)
EVENTS = ("push", "pull_request", "fork", "api", "cron")


def add_parser(commands: Any, language: str) -> None:
    """Add ``travis`` and its commands to those of pypi-practice."""
    words = Translator(language, "travis/messages")
    travis = add_command(commands, "travis", words("help_travis"), language)
    travis.finish()
    kinds = travis.add_commands(Translator(language)("commands"))

    def add(name: str, run: Any) -> Parser:
        parser = add_command(kinds, name, words(f"help_{name}"), language)
        parser.set_defaults(run=run)
        return parser

    def variables(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(
            "--var",
            action="append",
            default=[],
            metavar=words.metavar("NAME[=VALUE][@BRANCH]"),
            help=words("help_var"),
        )

    def events(parser: argparse.ArgumentParser) -> None:
        directory = parser.add_argument(
            "directory", type=Path, metavar=words.metavar("DIR"), help=words("help_dir")
        )
        completion.complete(directory, completion.DIRECTORY)
        parser.add_argument("--branch", metavar=words.metavar("BRANCH"), help=words("help_branch"))
        parser.add_argument("--tag", metavar=words.metavar("TAG"), help=words("help_tag"))
        parser.add_argument("--pull-request", action="store_true", help=words("help_pull_request"))
        parser.add_argument("--from-fork", action="store_true", help=words("help_from_fork"))
        parser.add_argument("--event", choices=EVENTS, help=words("help_event"))
        parser.add_argument("--repo", metavar=words.metavar("OWNER/NAME"), help=words("help_repo"))
        variables(parser)

    command = add("check", _check)
    files = command.add_argument(
        "files", type=Path, nargs="*", metavar=words.metavar("FILE"), help=words("help_file")
    )
    completion.complete(files, completion.FILE)
    command.add_argument("--fix", action="store_true", help=words("help_fix"))
    command.add_argument(
        "--fix-also",
        action="append",
        default=[],
        metavar=words.metavar("RULE"),
        help=words("help_fix_also"),
    )
    variables(command)
    form = command.add_mutually_exclusive_group()
    form.add_argument("--sarif", action="store_true", help=words("help_sarif"))
    command.finish(json=words("help_json", keys=", ".join(CHECK_KEYS)), beside=form)

    command = add("plan", _plan)
    events(command)
    command.add_argument("--matrix", action="store_true", help=words("help_matrix"))
    command.finish(json=words("help_json_plan", keys=", ".join(PLAN_KEYS)))

    command = add("run", _run)
    events(command)
    form = command.add_mutually_exclusive_group()  # travis plan --json says what would run
    form.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))
    command.add_argument("--exact-python", action="store_true", help=words("help_exact"))
    from pypi_practice.cli import wall

    wall.add_options(command, language)
    command.add_argument("--raw", action="store_true", help=words("help_raw"))
    command.finish(json=words("help_json_run", keys=", ".join(RUN_KEYS)), beside=form, data=True)


def _variable(text: str, words: Translator, *, dry_run: bool) -> Any:
    """Read ``NAME``, ``NAME=VALUE`` or either with ``@BRANCH`` at its end.

    With *dry_run*, a name is enough. Raises PracticeError if the value is missing or empty: an
    empty value is the output of a failed ``token new``.
    """
    from pypi_practice.travis.plan.plan_types import Variable

    name, equals, value = text.partition("=")
    # The branch begins at the last "@" after a value, which may contain "@", else at the first.
    before_at, at, branch = value.rpartition("@") if equals else name.partition("@")
    if equals:
        own_value = before_at if at else value
        if not own_value:
            raise PracticeError(words("no_value", name=name))
        return Variable(name, own_value, (branch if at else "") or None)
    name = before_at if at else name
    value = os.environ.get(name, "")
    if not value and not dry_run:
        value = _typed_value(name, words)
    return Variable(name, value, branch or None)


def _typed_value(name: str, words: Translator) -> str:
    """Return the value of a variable from a hidden prompt; raises PracticeError if it is empty."""
    value = ""
    if sys.stdin.isatty():
        with contextlib.suppress(EOFError):
            value = getpass.getpass(words("ask_value", name=name))
    if not value:
        raise PracticeError(words("no_value", name=name))
    return value


def _check(arguments: argparse.Namespace, words: Translator) -> int:
    from pypi_practice.core.data import load
    from pypi_practice.travis.check import autofix, report

    messages = Translator(words.language, "travis/messages")
    rules = load("travis/rules")
    fixable = sorted(name for name, rule in rules.items() if rule["fixes"] in ("asked", "safe"))
    for rule in arguments.fix_also:
        if rule not in fixable:
            sentence = messages("no_fix", rule=rule, known=", ".join(fixable))
            raise PracticeError(suggest(sentence, rule, fixable, messages.language))
    variables = [_variable(option, messages, dry_run=True) for option in arguments.var]
    reports = []
    for path in arguments.files or [Path(".")]:
        file_report = autofix.file(path, messages, variables)
        if arguments.fix:
            quiet = arguments.json or arguments.sarif
            file_report = autofix.fix(
                path, file_report, messages, arguments.fix_also, variables, show=not quiet
            )
        reports.append(file_report)
    if arguments.json:
        print(report.as_json(reports, messages))
    elif arguments.sarif:
        print(report.as_sarif(reports, messages))
    else:
        for checked in reports:
            for line in report.lines(checked, messages):
                print(visible(line))
    return 1 if any(checked.fails for checked in reports) else 0


def _event(arguments: argparse.Namespace, commit: Any, branch: str) -> Any:
    from pypi_practice.travis.plan.plan_types import Event
    from pypi_practice.travis.run import repository

    fork = arguments.from_fork or arguments.event == "fork"
    pull = arguments.pull_request or fork or arguments.event == "pull_request"
    return Event(
        branch=branch,
        tag=arguments.tag or "",
        pull_request=pull,
        from_fork=fork,
        repository=arguments.repo or repository.slug(commit),
        kind=arguments.event if arguments.event in ("api", "cron") else "push",
    )


def _plan(arguments: argparse.Namespace, words: Translator) -> int:
    from pypi_practice.travis.run import plan_report, repository

    messages = Translator(words.language, "travis/messages")
    variables = [_variable(option, messages, dry_run=True) for option in arguments.var]
    if arguments.matrix:
        commit, branch = repository.find(arguments.directory, arguments.branch, None, messages)
        columns = plan_report.events(commit, branch, arguments.tag, arguments.repo, messages)
        rows = plan_report.matrix(commit, columns, variables, messages)
        if arguments.json:
            print(plan_report.matrix_json(rows))
        else:
            findings = repository.findings(commit, variables, messages)
            print(visible(plan_report.matrix_text(rows, messages, findings)))
        return 0
    commit, branch = repository.find(arguments.directory, arguments.branch, arguments.tag, messages)
    event = _event(arguments, commit, branch)
    plan, _ = repository.plan(commit, event, variables, messages)
    findings = repository.findings(commit, variables, messages)
    show = plan_report.as_json if arguments.json else plan_report.text
    print(visible(show(commit, plan, event, messages, findings)))
    return 0


def _run(arguments: argparse.Namespace, words: Translator) -> int:
    from pypi_practice.cli import wall
    from pypi_practice.explain import last_failure
    from pypi_practice.network.allowed_hosts import AllowedHosts
    from pypi_practice.sandbox.kinds import FOR_JOB
    from pypi_practice.shell.session import practice
    from pypi_practice.travis.run import outline, repository, run_report, runner
    from pypi_practice.travis.run.log import Log

    messages = Translator(words.language, "travis/messages")
    allowed = AllowedHosts.parse(arguments.allow_host, words.language)
    commit, branch = repository.find(arguments.directory, arguments.branch, arguments.tag, messages)
    event = _event(arguments, commit, branch)
    variables = [_variable(option, messages, dry_run=arguments.dry_run) for option in arguments.var]
    plan, config_messages = repository.plan(commit, event, variables, messages)
    out = sys.stderr if arguments.json else sys.stdout
    for message in config_messages:
        print(visible(message), file=out, flush=True)
    if fatal := [message.level for message in config_messages if message.is_fatal]:
        raise PracticeError(messages("plain_secret" if "alert" in fatal else "dropped"))

    if arguments.dry_run:
        outline.outline(commit, plan, event, print, messages, allowed)
        return 0
    findings = repository.findings(commit, variables, messages)
    with practice(arguments.data, words=words, allowed=allowed) as environ:
        log = Log(out, os.environ, raw=arguments.raw)
        result = runner.rehearse(
            commit,
            plan,
            event,
            variables,
            environ,
            log,
            messages,
            exact=arguments.exact_python,
            allowed=allowed,
            kinds=wall.kinds(arguments, FOR_JOB),
            findings=[finding for finding in findings if finding.code is None],
        )
        if not result.passed:
            last_failure.write(Path(environ["PYPI_PRACTICE_DATA"]), log.end)
            if last_failure.known_cause(log.end):
                log.say(Translator(words.language, "commands/explain")("announce"))
    if arguments.json:
        print(as_json(run_report.as_data(commit, plan, event, result, messages, findings)))
    return 0 if result.passed else 1
