"""Writes a job as a bash script, with the order, rules, folds and messages of Travis CI.

Sources: lib/travis/build/bash/*.bash, lib/travis/build/stages and
lib/travis/build/addons/deploy/script.rb of travis-build.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

from pypi_practice.core.i18n import Translator
from pypi_practice.shell.variables import PIP_PROXY, PROXIES
from pypi_practice.travis.config.deploy_entries import DeployEntry
from pypi_practice.travis.config.jobs import DECISIVE_PHASES
from pypi_practice.travis.plan import dpl
from pypi_practice.travis.plan.dpl import OURS
from pypi_practice.travis.plan.plan_types import Job

# Functions that a .travis.yml may call have the names of Travis CI: travis_retry, travis_wait.
HELPERS = r"""
say() { printf '%s\n' "$1"; }
travis_yellow() { printf '\033[33;1m%s\033[0m\n' "$1"; }
travis_red() { printf '\033[31;1m%s\033[0m\n' "$1"; }
travis_green() { printf '\033[32;1m%s\033[0m\n' "$1"; }
travis_fold() { printf 'travis_fold:%s:%s\r\033[0K' "$1" "$2"; }
travis_clock() {
  if [[ -n ${EPOCHREALTIME-} ]]; then travis_now=${EPOCHREALTIME//[!0-9]/}000
  else travis_now=$(date +%s)000000000; fi
}
travis_time_start() {
  printf -v TRAVIS_TIMER_ID %08x $((RANDOM * RANDOM))
  travis_clock
  TRAVIS_TIMER_START_TIME=$travis_now
  printf 'travis_time:start:%s\r\033[0K' "$TRAVIS_TIMER_ID"
}
travis_time_finish() {
  travis_clock
  printf 'travis_time:end:%s:start=%s,finish=%s,duration=%s,event=%s\r\033[0K' \
    "$TRAVIS_TIMER_ID" "$TRAVIS_TIMER_START_TIME" "$travis_now" \
    "$((travis_now - TRAVIS_TIMER_START_TIME))" "$1"
}
travis_terminate() { exit "$1"; }
travis_result() {
  TRAVIS_TEST_RESULT=$((${TRAVIS_TEST_RESULT:-0} | $(($1 != 0))))
  export TRAVIS_TEST_RESULT
  local tell=travis_green
  [[ $1 -eq 0 ]] || tell=travis_red
  $tell "The command \"$TRAVIS_CMD\" exited with $1."
}
travis_assert() {
  [[ $1 -eq 0 ]] && return
  travis_red "The command \"$TRAVIS_CMD\" failed and exited with $1 during $2."
  say ""
  say "Your build has been stopped."
  travis_terminate 2
}
travis_run() { # phase, command
  export TRAVIS_CMD=$2
  travis_time_start
  say "\$ $2"
  eval "$2"
  set -- "$1" "$2" $?
  travis_time_finish "$1"
  return "$3"
}
travis_retry() {
  local tries
  for tries in 1 2 3; do
    "$@" && return
    [[ $tries -eq 3 ]] || {
      printf '\n' >&2
      travis_red "The command \"$*\" failed. Retrying, $((tries + 1)) of 3." >&2
      printf '\n' >&2
      sleep 1
    }
  done
  travis_red "The command \"$*\" failed 3 times." >&2
  return 1
}
travis_wait() {
  local minutes=20
  if [[ $1 =~ ^[0-9]+$ ]]; then minutes=$1; shift; fi
  local log="travis_wait_$$.log" code watcher
  "$@" > "$log" 2>&1 &
  local command=$!
  (
    for ((count = 1; count <= minutes; count++)); do
      printf 'Still running (%s of %s): %s\r' "$count" "$minutes" "$*"
      sleep 60
    done
    travis_red "Timeout ($minutes minutes) reached. Terminating \"$*\""
    kill -9 "$command"
  ) &
  watcher=$!
  wait "$command" 2> /dev/null
  code=$?
  kill "$watcher" 2> /dev/null
  wait "$watcher" 2> /dev/null
  if [[ $code -eq 0 ]]; then travis_green "The command $* exited with $code."
  else travis_red "The command $* exited with $code."; fi
  travis_green "Log:"
  cat "$log"
  return "$code"
}
"""
REQUIREMENTS = """for travis_file in Requirements.txt requirements.txt; do
if [[ -f $travis_file ]]; then
travis_fold start install
travis_run install "pip install -r $travis_file" || travis_assert $? install
travis_fold end install; break; fi
done
[[ -f $travis_file ]] || say "Could not locate requirements.txt. Override the install: key in \
your .travis.yml to install dependencies." """
NO_SCRIPT = "Please override the script: key in your .travis.yml to run tests."
SETTING = "Setting environment variables from"
REMOVED = (
    "Encrypted environment variables have been removed for security reasons.",
    "See https://docs.travis-ci.com/user/pull-requests/#pull-requests-and-security-restrictions",
)
NO_PROXIES = ("NO_PROXY", "no_proxy")
# The variables of the job's proxy. They are readonly in the shell of the job. Programs may ignore
# them; the sandbox, not these variables, restricts those.
GUARDED = frozenset((*PROXIES, PIP_PROXY, *NO_PROXIES, "ALL_PROXY", "all_proxy"))
GUARDED_NAME = re.compile(
    rf"(?<![A-Za-z0-9_$])(?<!\$\{{)(?:{'|'.join(sorted(GUARDED))})(?![A-Za-z0-9_])"
)


def guarded(assignments: Sequence[str]) -> list[str]:
    """Return the variables in GUARDED that *assignments* may change."""
    return list(dict.fromkeys(GUARDED_NAME.findall("\n".join(assignments))))


def write(job: Job, activate: str, words: Translator) -> str:
    """Return the script of *job*; *activate* is the path of its environment's activate script."""
    lines = [HELPERS, f"readonly {' '.join(sorted(GUARDED))}"]
    if job.environ["TRAVIS_SECURE_ENV_VARS"] == "false":
        lines += ["say ''", *(f"travis_yellow {shlex.quote(line)}" for line in REMOVED)]
    if job.variables:
        lines += ["say ''", f"travis_yellow '{SETTING} repository settings'"]
        lines += [f"say '$ export {variable.name}=[secure]'" for variable in job.variables]
    if job.env:
        lines += ["say ''", f"travis_yellow '{SETTING} .travis.yml'"]
    for assignment in job.env:
        lines.append(f"say {shlex.quote(f'$ export {assignment}')}")
        if names := guarded([assignment]):
            text = OURS + words("guarded", names=", ".join(names))
            lines.append(f"say {shlex.quote(text)}")
        else:
            lines.append(f"export {assignment}")
    if job.variables or job.env:
        lines.append("say ''")
    lines += _submodules(job)
    lines.append(f"say '$ source ~/virtualenv/python{job.python}/bin/activate'")
    lines.append(f"source {shlex.quote(activate)}")
    for command in ("python --version", "pip --version"):
        lines += [f"export TRAVIS_CMD='{command}'; say '$ {command}'", command]
    lines.append("export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off")
    for phase in DECISIVE_PHASES:
        lines += _phase(job, phase)
    lines.append('if [[ "${TRAVIS_TEST_RESULT:-0}" -eq 0 ]]; then :')
    lines += _plain(job, "after_success")
    if not job.skips("after_success"):  # deploys belong to this phase
        for number, deploy in enumerate(job.deploys):
            lines += _deploy(job, deploy, number, words)
    lines.append("else :")
    lines += _plain(job, "after_failure")
    lines += ["fi", *_plain(job, "after_script")]
    lines += ['say ""', 'say "Done. Your build exited with ${TRAVIS_TEST_RESULT:-0}."']
    lines.append('exit "${TRAVIS_TEST_RESULT:-0}"')
    return "\n".join(lines) + "\n"


def _submodules(job: Job) -> list[str]:
    git = job.config.get("git")
    git = git if isinstance(git, dict) else {}
    if git.get("submodules") is False or git.get("clone") is False:
        return []
    depth = f" --depth={git['submodules_depth']}" if git.get("submodules_depth") else ""
    command = f"git submodule update --init --recursive --quiet{depth}"
    return [
        "if [[ -f .gitmodules ]]; then",
        *_folded("git.submodule", "checkout", command, stops=True),
        "fi",
    ]


def _folded(fold: str, phase: str, command: str, *, stops: bool) -> list[str]:
    """Return the lines that run *command* in a fold; with *stops*, a failure ends the job."""
    run = f"travis_run {phase} {shlex.quote(command)}"
    if stops:
        run += f" || travis_assert $? {phase}"
    return [f"travis_fold start {fold}", run, f"travis_fold end {fold}"]


def _skipped(job: Job, phase: str) -> list[str]:
    if not job.skips(phase):
        return []
    lines = [f"say 'Skipping the {phase} step, as specified in the configuration.'"]
    return lines + (["travis_result 0"] if phase == "script" else [])


def _phase(job: Job, phase: str) -> list[str]:
    """Return the lines of a decisive phase; a failure before ``script`` stops the job."""
    if skipped := _skipped(job, phase):
        return skipped
    commands = job.phase(phase)
    if phase == "install" and "install" not in job.config:
        return [REQUIREMENTS]
    if phase == "script" and not commands:
        return [f"say '{NO_SCRIPT}'", *_plain(job, "after_failure"), "exit 1"]
    if phase == "script":
        return [
            f"travis_run script {shlex.quote(command)}; travis_result $?" for command in commands
        ]
    return _commands(phase, commands, stops=True)


def _commands(phase: str, commands: list[str], *, stops: bool) -> list[str]:
    lines = []
    for number, command in enumerate(commands, 1):
        fold = f"{phase}.{number}" if len(commands) > 1 else phase
        lines += _folded(fold, phase, command, stops=stops)
    return lines


def _plain(job: Job, phase: str) -> list[str]:
    """Return the lines of a phase whose failures are ignored."""
    return _skipped(job, phase) or _commands(phase, job.phase(phase), stops=False)


def _deploy(job: Job, deploy: DeployEntry, number: int, words: Translator) -> list[str]:
    skipped = f"Skipping a deployment with the {deploy.provider} provider because "
    if job.environ["TRAVIS_PULL_REQUEST"] != "false":
        sentence = f"{skipped}the current build is a pull request."
        return [f"travis_yellow {shlex.quote(sentence)}"]
    if job.environ["TRAVIS_OS_NAME"] == "windows" and not deploy.old_tool:
        return [f"say {shlex.quote(OURS + words('no_windows'))}"]
    lines = [f"if eval {shlex.quote(deploy.condition)}; then"]
    lines += _skipped(job, "before_deploy") or _commands(
        "before_deploy", job.phase("before_deploy"), stops=True
    )
    if deploy.provider in dpl.PLAYED:
        lines += dpl.run(job, deploy, number, words)
        if not deploy.allow_failure:
            lines.append('[[ $code -eq 0 ]] || { say "failed to deploy"; travis_terminate 2; }')
    else:
        text = OURS + words("no_provider", provider=deploy.provider)
        lines.append(f"say {shlex.quote(text)}")
    # Status 1 is a false condition; 2 a syntax error, on which bash ends the script.
    lines += [*_plain(job, "after_deploy"), "else [[ $? -eq 1 ]] || exit 2"]
    for test, reason in deploy.reasons(job.environ["TRAVIS_BRANCH"]):
        notice = f"travis_yellow {shlex.quote(skipped + reason)}"
        lines.append(f"eval {shlex.quote(f'[[ {test} ]]')} || {notice}")
    return [*lines, "fi"]
