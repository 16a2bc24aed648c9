"""Whether a deploy runs, as bash decides it, and what Travis CI says if not."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from urllib.parse import urlsplit

from pypi_practice.facts import INDEXES, plain_host
from pypi_practice.travis import dpl
from pypi_practice.travis.plan import Deploy, Job, assigned
from pypi_practice.words import Words

# A condition that starts a command is for the build alone: a plan runs nothing.
STARTS_COMMAND = re.compile(r"\$\(|`|[<>]\(|\[\$")
PULL_REQUEST = "the current build is a pull request."
SECRETS = re.compile(r"password|token|key|secret", re.I)


@dataclass(frozen=True)
class Answer:
    """Whether a deploy runs (None: only the build can tell), and the sentences why not."""

    runs: bool | None
    reasons: tuple[str, ...] = ()

    @property
    def reason(self) -> str | None:
        """All the sentences in one line, or None."""
        return "; ".join(self.reasons) or None


@functools.lru_cache(maxsize=4096)
def _holds(test: str, environ: tuple[tuple[str, str], ...]) -> int:
    """Return bash's answer: 0 is yes, 1 is no, 2 is what it cannot read."""
    bash = shutil.which("bash")
    if bash is None:
        return 3
    done = subprocess.run(
        [bash, "-c", 'eval "$1"', "bash", f"[[ {test} ]]"],
        env={"PATH": os.defpath, **dict(environ)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return done.returncode


def decide(job: Job, deploy: Deploy, words: Words) -> Answer:
    """Return whether *deploy* of *job* runs."""
    if job.environ["TRAVIS_PULL_REQUEST"] != "false":
        return Answer(False, (PULL_REQUEST,))
    if job.environ["TRAVIS_OS_NAME"] == "windows" and not deploy.old_tool:
        return Answer(False, (words("no_windows"),))
    if job.skips("after_success"):
        return Answer(False, (words("no_after_success"),))
    if not deploy.test:
        return Answer(True)
    if STARTS_COMMAND.search(deploy.test):
        return Answer(None, (words("starts_command"),))
    environ = {one.name: one.value for one in job.variables} | assigned(job.env) | job.environ
    fixed = tuple(sorted((key, value) for key, value in environ.items() if "\0" not in value))
    code = _holds(deploy.test, fixed)
    if code == 0:
        return Answer(True)
    if code == 3:
        return Answer(None, (words("no_bash"),))
    if code != 1:
        return Answer(False, (words("not_bash"),))
    reasons = tuple(reason for test, reason in deploy.reasons if _holds(test, fixed) != 0)
    return Answer(False, reasons or (words("some_condition"),))


def command(deploy: Deploy) -> str:
    """Return the deploy tool's command line, as travis-build writes it; secrets are masked."""
    return dpl.command(deploy, "[secure]", _is_secret)


def _is_secret(key: str, value: object) -> bool:
    text = str(value)
    plain = not (text.startswith("$") and ":$" not in text)
    return isinstance(value, dict) or (plain and bool(SECRETS.search(key)))


def target(deploy: Deploy) -> str:
    """Return where a deploy publishes: an index, a host, or the command that it runs."""
    if deploy.provider == "pypi":
        server = str(deploy.options.get("server") or INDEXES["pypi"].upload)
        host = plain_host(urlsplit(server).hostname or server)
        return next(
            (one.name for one in INDEXES.values() if urlsplit(one.upload).hostname == host), host
        )
    if deploy.provider == "script":
        return f"script: {' '.join(str(deploy.options.get('script')).split())}"
    return deploy.provider


def secrets(deploy: Deploy) -> list[str]:
    """Return the names of the variables that the options of *deploy* are filled in with."""
    text = " ".join(str(value) for value in deploy.options.values())
    return list(dict.fromkeys(re.findall(r"\$\{?([A-Za-z_]\w*)", text)))
