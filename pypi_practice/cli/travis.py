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
        made = add_command(kinds, name, words(f"help_{name}"), language)
        made.set_defaults(run=run)
        return made

    def variables(made: argparse.ArgumentParser) -> None:
        made.add_argument(
            "--var",
            action="append",
            default=[],
            metavar=words.metavar("NAME[=VALUE][@BRANCH]"),
            help=words("help_var"),
        )

    def events(made: argparse.ArgumentParser) -> None:
        where = made.add_argument(
            "directory", type=Path, metavar=words.metavar("DIR"), help=words("help_dir")
        )
        completion.complete(where, completion.DIRECTORY)
        made.add_argument("--branch", metavar=words.metavar("BRANCH"), help=words("help_branch"))
        made.add_argument("--tag", metavar=words.metavar("TAG"), help=words("help_tag"))
        made.add_argument("--pull-request", action="store_true", help=words("help_pull_request"))
        made.add_argument("--from-fork", action="store_true", help=words("help_from_fork"))
        made.add_argument("--event", choices=EVENTS, help=words("help_event"))
        made.add_argument("--repo", metavar=words.metavar("OWNER/NAME"), help=words("help_repo"))
        variables(made)

    made = add("check", _check)
    where = made.add_argument(
        "files", type=Path, nargs="*", metavar=words.metavar("FILE"), help=words("help_file")
    )
    completion.complete(where, completion.FILE)
    made.add_argument("--fix", action="store_true", help=words("help_fix"))
    made.add_argument(
        "--fix-also",
        action="append",
        default=[],
        metavar=words.metavar("RULE"),
        help=words("help_fix_also"),
    )
    variables(made)
    form = made.add_mutually_exclusive_group()
    form.add_argument("--sarif", action="store_true", help=words("help_sarif"))
    made.finish(json=words("help_json", keys=", ".join(CHECK_KEYS)), beside=form)

    made = add("plan", _plan)
    events(made)
    made.add_argument("--matrix", action="store_true", help=words("help_matrix"))
    made.finish(json=words("help_json_plan", keys=", ".join(PLAN_KEYS)))

    made = add("run", _run)
    events(made)
    form = made.add_mutually_exclusive_group()  # travis plan --json says what would run
    form.add_argument("--dry-run", action="store_true", help=words("help_dry_run"))
    made.add_argument("--exact-python", action="store_true", help=words("help_exact"))
    from pypi_practice.cli import wall

    wall.add_options(made, language)
    made.add_argument("--raw", action="store_true", help=words("help_raw"))
    made.finish(json=words("help_json_run", keys=", ".join(RUN_KEYS)), beside=form, data=True)


def _variable(text: str, words: Translator, *, dry_run: bool) -> Any:
    """Read ``NAME``, ``NAME=VALUE`` or either with ``@BRANCH`` at its end.

    With *dry_run*, a name is enough. An empty value is what a failed ``token new`` leaves, and no
    build could publish with it. Raises PracticeError for one, and where a value is missing.
    """
    from pypi_practice.travis.plan.plan_types import Variable

    name, equals, value = text.partition("=")
    # A value may hold an "@"; a name may not, so without a value the first one begins the branch.
    head, at, branch = value.rpartition("@") if equals else name.partition("@")
    if equals:
        given = head if at else value
        if not given:
            raise PracticeError(words("no_value", name=name))
        return Variable(name, given, (branch if at else "") or None)
    name = head if at else name
    value = os.environ.get(name, "")
    if not value and not dry_run:
        value = _asked(name, words)
    return Variable(name, value, branch or None)


def _asked(name: str, words: Translator) -> str:
    """Return the value that is typed for a variable, hidden; raises PracticeError without one."""
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

    own = Translator(words.language, "travis/messages")
    rules = load("travis/rules")
    asked = sorted(name for name, rule in rules.items() if rule["fixes"] in ("asked", "safe"))
    for rule in arguments.fix_also:
        if rule not in asked:
            sentence = own("no_fix", rule=rule, known=", ".join(asked))
            raise PracticeError(suggest(sentence, rule, asked, own.language))
    variables = [_variable(one, own, dry_run=True) for one in arguments.var]
    reports = []
    for path in arguments.files or [Path(".")]:
        found = autofix.file(path, own, variables)
        if arguments.fix:
            quiet = arguments.json or arguments.sarif
            found = autofix.fix(path, found, own, arguments.fix_also, variables, show=not quiet)
        reports.append(found)
    if arguments.json:
        print(report.as_json(reports, own))
    elif arguments.sarif:
        print(report.as_sarif(reports, own))
    else:
        for one in reports:
            for line in report.lines(one, own):
                print(visible(line))
    return 1 if any(one.fails for one in reports) else 0


def _event(arguments: argparse.Namespace, found: Any, branch: str) -> Any:
    from pypi_practice.travis.plan.plan_types import Event
    from pypi_practice.travis.run import repository

    fork = arguments.from_fork or arguments.event == "fork"
    pull = arguments.pull_request or fork or arguments.event == "pull_request"
    return Event(
        branch=branch,
        tag=arguments.tag or "",
        pull_request=pull,
        from_fork=fork,
        repository=arguments.repo or repository.slug(found),
        kind=arguments.event if arguments.event in ("api", "cron") else "push",
    )


def _plan(arguments: argparse.Namespace, words: Translator) -> int:
    from pypi_practice.travis.run import plan_report, repository

    own = Translator(words.language, "travis/messages")
    variables = [_variable(one, own, dry_run=True) for one in arguments.var]
    if arguments.matrix:
        found, branch = repository.find(arguments.directory, arguments.branch, None, own)
        columns = plan_report.events(found, branch, arguments.tag, arguments.repo, own)
        made = plan_report.matrix(found, columns, variables, own)
        if arguments.json:
            print(plan_report.matrix_json(made))
        else:
            findings = repository.findings(found, variables, own)
            print(visible(plan_report.matrix_text(made, own, findings)))
        return 0
    found, branch = repository.find(arguments.directory, arguments.branch, arguments.tag, own)
    event = _event(arguments, found, branch)
    plan, _ = repository.plan(found, event, variables, own)
    findings = repository.findings(found, variables, own)
    show = plan_report.as_json if arguments.json else plan_report.text
    print(visible(show(found, plan, event, own, findings)))
    return 0


def _run(arguments: argparse.Namespace, words: Translator) -> int:
    from pypi_practice.cli import wall
    from pypi_practice.explain import last_failure
    from pypi_practice.network.allowed_hosts import AllowedHosts
    from pypi_practice.sandbox.kinds import FOR_JOB
    from pypi_practice.shell.session import practice
    from pypi_practice.travis.run import outline, repository, run_report, runner
    from pypi_practice.travis.run.log import Log

    own = Translator(words.language, "travis/messages")
    allowed = AllowedHosts.parse(arguments.allow_host, words.language)
    found, branch = repository.find(arguments.directory, arguments.branch, arguments.tag, own)
    event = _event(arguments, found, branch)
    variables = [_variable(one, own, dry_run=arguments.dry_run) for one in arguments.var]
    plan, said = repository.plan(found, event, variables, own)
    out = sys.stderr if arguments.json else sys.stdout
    for message in said:
        print(visible(message), file=out, flush=True)
    if fatal := [message.level for message in said if message.is_fatal]:
        raise PracticeError(own("plain_secret" if "alert" in fatal else "dropped"))

    if arguments.dry_run:
        outline.outline(found, plan, event, print, own, allowed)
        return 0
    findings = repository.findings(found, variables, own)
    with practice(arguments.data, words=words, allowed=allowed) as environ:
        log = Log(out, os.environ, raw=arguments.raw)
        result = runner.rehearse(
            found,
            plan,
            event,
            variables,
            environ,
            log,
            own,
            exact=arguments.exact_python,
            allowed=allowed,
            kinds=wall.kinds(arguments, FOR_JOB),
            findings=[one for one in findings if one.code is None],
        )
        if not result.passed:
            last_failure.write(Path(environ["PYPI_PRACTICE_DATA"]), log.end)
            if last_failure.is_known(log.end):
                log.say(Translator(words.language, "commands/explain")("announce"))
    if arguments.json:
        print(as_json(run_report.as_data(found, plan, event, result, own, findings)))
    return 0 if result.passed else 1
