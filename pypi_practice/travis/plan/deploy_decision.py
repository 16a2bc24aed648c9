"""Decides whether a deploy runs, and gives the messages of Travis CI if not.

The conditions are evaluated without bash, see ``bash_conditional``.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES, plain_host
from pypi_practice.travis.config.build_conditions import written
from pypi_practice.travis.config.deploy_entries import RUNTIMES, DeployEntry
from pypi_practice.travis.config.regular_expressions import BudgetExceeded
from pypi_practice.travis.plan import dpl
from pypi_practice.travis.plan.bash_conditional.evaluation import Verdict, evaluate
from pypi_practice.travis.plan.bash_conditional.lexer import assignments
from pypi_practice.travis.plan.bash_conditional.parser import parse
from pypi_practice.travis.plan.bash_conditional.words import NotBash, Scope, Undecided, Word
from pypi_practice.travis.plan.commit_tree import JobFiles
from pypi_practice.travis.plan.plan_types import Job

BEFORE_DEPLOY = ("before_install", "install", "before_script", "script", "after_success")
MOST_REASONS = 5  # that are shown of one deploy
MENTIONED = re.compile(r"\b[A-Za-z_]\w*", re.ASCII)
ASSIGNED = re.compile(r"\b([A-Za-z_]\w*)\+?=", re.ASCII)
SETTING = re.compile(r"\b(?:unset|read|readarray|mapfile|printf|declare|local|export)\b")
# Variables that Travis CI, its images or bash itself set.
MACHINE = re.compile(
    r"_|TRAVIS(?:_\w*)?|BASH\w*|CI_\w*|COLUMNS|COMP_\w*|DEBIAN_FRONTEND|DIRSTACK|EPOCH\w*|EUID"
    r"|FUNCNAME|GEM_\w*|GIT_\w*|GITHUB_\w*|GO(?:PATH|ROOT)|GROUPS|HAS_\w*|HIST\w*|HOME"
    r"|HOST(?:NAME|TYPE)|IFS|JAVA_HOME|JRUBY_OPTS|LANG(?:UAGE)?|LC_\w*|LINENO|LINES|LOGNAME"
    r"|MACHTYPE|MAIL|MERB_ENV|NVM_\w*|OLDPWD|OPT(?:ARG|ERR|IND)|OSTYPE|PAGER|PATH|PIPESTATUS"
    r"|PIP_\w*|PPID|PS[0-4]|PWD|PYENV_\w*|PYTHON\w*|RACK_ENV|RAILS_ENV|RANDOM|REPLY|RUBY\w*"
    r"|RVM_\w*|rvm_\w*|SECONDS|SHELL|SHELLOPTS|SHLVL|SRANDOM|SSH_\w*|TERM|TMPDIR|TZ|UID|USER"
    r"|VIRTUAL_ENV|XDG_\w*"
)
RUNTIME_VERSIONS = {f"TRAVIS_{name.upper()}_VERSION" for name in RUNTIMES}
PULL_REQUEST = "the current build is a pull request."
SECRETS = re.compile(r"password|token|key|secret", re.I)


@dataclass(frozen=True)
class Decision:
    """Whether a deploy runs (None: only the build can tell), and the reasons if not."""

    runs: bool | None
    reasons: tuple[str, ...] = ()

    @property
    def reason(self) -> str | None:
        """All the sentences in one line, or None."""
        return "; ".join(self.reasons) or None


class _Variables:
    """The variables in the conditions of a job: those of Travis CI, the file and the user."""

    def __init__(self, job: Job) -> None:
        self.job = job
        lines = commands(job)
        self.changed, self.mentioned = _touched(lines)
        self.scope = Scope(self.get, JobFiles(job.tree, bool(lines)), job.budget)
        self.values: dict[str, str | None] = {}  # None: the value is unknown
        # A repository variable without a given value has an unknown one.
        self.values |= {variable.name: variable.value or None for variable in job.variables}
        self.is_open = job.encrypted  # whether there are variables with unknown names
        for line in job.env:
            self._assign(line)
        self.values |= job.environ

    def _assign(self, line: str) -> None:
        try:
            assigned = _assignments(line)
        except (Undecided, NotBash):
            self.is_open = True
            self.values |= dict.fromkeys(MENTIONED.findall(line))
            return
        for name, word in assigned:
            try:
                self.values[name] = word.value(self.scope)
            except Undecided:
                self.values[name] = None

    def get(self, name: str) -> str | None:
        """Return the value of a variable, None if it is unset; raises Undecided if unknown."""
        value = self.values.get(name)
        if value is not None and name not in self.changed:
            return value
        runtime = name in RUNTIME_VERSIONS and self.job.environ["TRAVIS_LANGUAGE"] == "python"
        unset = runtime or not (self.is_open or MACHINE.fullmatch(name))
        if name in self.values or name in self.mentioned or not unset:
            raise Undecided("unknown_variable", f"${name}")
        return None


@functools.lru_cache(maxsize=512)
def _assignments(line: str) -> list[tuple[str, Word]]:
    return assignments(line)


def commands(job: Job) -> tuple[str, ...]:
    """Return the commands that a job runs before it decides whether to deploy."""
    return tuple(line for phase in BEFORE_DEPLOY for line in job.phase(phase))


@functools.lru_cache(maxsize=64)
def _touched(lines: tuple[str, ...]) -> tuple[frozenset[str], frozenset[str]]:
    """Return the names that *lines* may assign, and all names in them."""
    text = "\n".join(lines)
    setting = [line for line in text.splitlines() if SETTING.search(line)]
    changed = {*ASSIGNED.findall(text), *MENTIONED.findall("\n".join(setting))}
    return frozenset(changed), frozenset(MENTIONED.findall(text))


def _verdict(test: str, scope: Scope) -> Verdict:
    """Return whether *test* holds; raises NotBash and BudgetExceeded."""
    try:
        return evaluate(parse(test), scope)
    except Undecided as error:
        return Verdict(None, (error,))


def decide(job: Job, deploy: DeployEntry, words: Translator) -> Decision:
    """Return whether *deploy* of *job* runs, without starting a process."""
    key = deploy.test, deploy.old_tool, words.language
    decision: Decision = job.decided.get(key) or _decide(job, deploy, words)
    job.decided[key] = decision
    return decision


def _decide(job: Job, deploy: DeployEntry, words: Translator) -> Decision:
    if job.environ["TRAVIS_PULL_REQUEST"] != "false":
        return Decision(False, (PULL_REQUEST,))
    if job.environ["TRAVIS_OS_NAME"] == "windows" and not deploy.old_tool:
        return Decision(False, (words("no_windows"),))
    if job.skips("after_success"):
        return Decision(False, (words("no_after_success"),))
    if not deploy.test:
        return Decision(True)
    try:
        if job.condition_variables is None:
            job.condition_variables = _Variables(job)
        scope = job.condition_variables.scope
        verdict = _verdict(deploy.test, scope)
        if verdict.holds:
            return Decision(True)
        if verdict.holds is None:
            reasons = dict.fromkeys((reason.code, reason.text) for reason in verdict.reasons)
            sentences = [words(code, text=text) for code, text in reasons][:MOST_REASONS]
            return Decision(None, tuple(sentences))
        tests = deploy.reasons(job.environ["TRAVIS_BRANCH"])
        failed = [reason for test, reason in tests if _verdict(test, scope).holds is False]
    except NotBash:
        return Decision(False, (words("not_bash"),))
    except BudgetExceeded:
        return Decision(None, (words("unknown_long"),))
    return Decision(False, tuple(failed) or (words("some_condition"),))


def command(deploy: DeployEntry) -> str:
    """Return the deploy tool's command line, as travis-build writes it; secrets are masked."""
    return dpl.command(deploy, "[secure]", _is_secret)


def _is_secret(key: str, value: object) -> bool:
    text = str(value)
    plain = not (text.startswith("$") and ":$" not in text)
    return isinstance(value, dict) or (plain and bool(SECRETS.search(key)))


def target(deploy: DeployEntry) -> str:
    """Return the target of a deploy: an index, a host, or the command of a script."""
    if deploy.provider == "pypi":
        server = str(deploy.options.get("server") or INDEXES["pypi"].upload)
        host = plain_host(urlsplit(server).hostname or server)
        return next(
            (index.name for index in INDEXES.values() if urlsplit(index.upload).hostname == host),
            host,
        )
    if deploy.provider == "script":
        return f"script: {' '.join(written(deploy.options.get('script')).split())}"
    return deploy.provider
