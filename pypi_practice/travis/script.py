"""Writes a job as one bash script, in Travis CI's order and with its rules and its words.

Sources: lib/travis/build/bash/*.bash and lib/travis/build/addons/deploy/script.rb of travis-build;
lib/dpl/provider.rb and lib/dpl/providers/pypi.rb of dpl 2.0.5.4.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from pypi_practice.facts import INDEXES
from pypi_practice.travis.config import as_list
from pypi_practice.travis.plan import PHASES, Deploy, Job
from pypi_practice.words import Words

OURS = "==> "

HELPERS = r"""
say() { printf '%s\n' "$1"; }
result() {
  TRAVIS_TEST_RESULT=$((${TRAVIS_TEST_RESULT:-0} | $(($2 != 0))))
  export TRAVIS_TEST_RESULT
  say "The command \"$1\" exited with $2."
}
stop() {
  say "The command \"$1\" failed and exited with $2 during $3."
  say ""
  say "Your build has been stopped."
  exit 2
}
die() { say "$1"; exit 2; }
"""
DEFAULT_INSTALL = """if [[ -f Requirements.txt ]]; then pip install -r Requirements.txt
elif [[ -f requirements.txt ]]; then pip install -r requirements.txt
else say "Could not locate requirements.txt. Override the install: key in your .travis.yml to \
install dependencies."; fi"""
NO_SCRIPT = "Please override the script: key in your .travis.yml to run tests."


def write(job: Job, activate: str, words: Words) -> str:
    """Return the script of *job*; *activate* is the path of its environment's activate script."""
    lines = [HELPERS]
    if job.variables:
        lines.append('say "Setting environment variables from repository settings"')
        lines += [f"say '$ export {one.name}=[secure]'" for one in job.variables]
        lines.append("say ''")
    if job.environ["TRAVIS_SECURE_ENV_VARS"] == "false":
        sentence = "Encrypted environment variables have been removed for security reasons."
        lines.append(f"say '{sentence}'")
    if job.env:
        lines.append('say "Setting environment variables from .travis.yml"')
    for one in job.env:
        lines += [f"say {shlex.quote(f'$ export {one}')}", f"export {one}"]
    lines.append(f"say '$ source ~/virtualenv/python{job.python}/bin/activate'")
    lines.append(f"source {shlex.quote(activate)}")
    for command in ("python --version", "pip --version"):
        lines += [f"say '$ {command}'", command]
    lines.append("export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_PROGRESS_BAR=off")
    for phase in PHASES:
        lines += _phase(job, phase)
    lines.append('if [[ "${TRAVIS_TEST_RESULT:-0}" -eq 0 ]]; then :')
    lines += _plain(job, "after_success")
    for number, deploy in enumerate(job.deploys):
        lines += _deploy(job, deploy, number, words)
    lines.append("else :")
    lines += _plain(job, "after_failure")
    lines += ["fi", *_plain(job, "after_script")]
    lines += ['say ""', 'say "Done. Your build exited with ${TRAVIS_TEST_RESULT:-0}."']
    lines.append('exit "${TRAVIS_TEST_RESULT:-0}"')
    return "\n".join(lines) + "\n"


def _phase(job: Job, phase: str) -> list[str]:
    """Return the lines of a phase that counts: one that fails before ``script`` stops the job."""
    if job.skips(phase):
        return []
    commands = job.phase(phase)
    if phase == "install" and "install" not in job.config:
        return [DEFAULT_INSTALL]
    if phase == "script" and not commands:
        return [f"say '{NO_SCRIPT}'; TRAVIS_TEST_RESULT=1"]
    lines = []
    for command in commands:
        quoted = shlex.quote(command)
        end = (
            f"result {quoted} $?"
            if phase == "script"
            else f"code=$?; [[ $code -eq 0 ]] || stop {quoted} $code {phase}"
        )
        lines += [f"say {shlex.quote(f'$ {command}')}", f"eval {quoted}", end]
    return lines


def _plain(job: Job, phase: str) -> list[str]:
    """Return the lines of a phase whose failures do not count."""
    lines = []
    for command in job.phase(phase):
        lines += [f"say {shlex.quote(f'$ {command}')}", f"eval {shlex.quote(command)}"]
    return lines


def _deploy(job: Job, deploy: Deploy, number: int, words: Words) -> list[str]:
    skipped = f"Skipping a deployment with the {deploy.provider} provider because "
    if job.environ["TRAVIS_PULL_REQUEST"] != "false":
        return [f"say {shlex.quote(f'{skipped}the current build is a pull request.')}"]
    if job.environ["TRAVIS_OS_NAME"] == "windows" and not deploy.old_tool:
        return [f"say {shlex.quote(OURS + words('no_windows'))}"]
    lines = [f"if eval {shlex.quote(deploy.condition)}; then"]
    lines += _plain(job, "before_deploy")
    lines.append(f"say {shlex.quote(OURS + words('no_gem'))}")
    steps = {"pypi": _pypi, "script": _script}.get(deploy.provider)
    if steps is None:
        text = OURS + words("no_provider", provider=deploy.provider)
        lines.append(f"say {shlex.quote(text)}")
    else:
        # dpl is a process of its own: what it sets, and where it goes, ends with it.
        record = f'printf "{number}\\t%s\\n" "$REHEARSAL_DEPLOY" >> "$REHEARSAL_DEPLOYED"'
        lines += ["(", *steps(deploy, words), record, ")"]
        if not deploy.allow_failure:
            lines.append('[[ $? -eq 0 ]] || { say "failed to deploy"; exit 2; }')
    # 1 is no; 2 is a condition that bash cannot read, and then it reads nothing of the script.
    lines += [*_plain(job, "after_deploy"), "else [[ $? -eq 1 ]] || exit 2"]
    for test, reason in deploy.reasons:
        lines.append(f"eval {shlex.quote(f'[[ {test} ]]')} || say {shlex.quote(skipped + reason)}")
    return [*lines, "fi"]


def _option(deploy: Deploy, name: str, default: str = "") -> str:
    """Return an option as bash reads it: in double quotes, where a variable is filled in."""
    value: Any = next(iter(as_list(deploy.options.get(name))), None)
    text = default if value is None else str(value)
    return '"' + re.sub(r'([\\"])', r"\\\1", text) + '"'


def _required(deploy: Deploy, name: str) -> list[str]:
    """Return the lines that read an option which dpl cannot do without."""
    variable = f"{deploy.provider}_{name}".upper()
    lines = [f"dpl_{name}={_option(deploy, name)}"]
    if not isinstance(deploy.options.get(name), str | list):
        lines.append(f"dpl_{name}=${{{variable}-}}")
        lines.append(f"[[ -n $dpl_{name} ]] || die 'Missing required option: {name}'")
    return lines


def _fold(title: str) -> list[str]:
    return ["say ''", f"say '{title}'"]


def _run(command: str, error: str) -> list[str]:
    return [f"say '$ {command}'", f"{command} || die '{error}'"]


def _pypi(deploy: Deploy, words: Words) -> list[str]:
    """Return what dpl's pypi provider does, in its order."""
    on = deploy.options
    versions = " ".join(
        f"{name}=={on[f'{name}_version']}" if on.get(f"{name}_version") else name
        for name in ("setuptools", "twine", "wheel")
    )
    skip = "--skip-existing " if on.get("skip_existing") is True else ""
    lines = [f"REHEARSAL_DEPLOY={_option(deploy, 'server', INDEXES['pypi'].upload)}"]
    lines += [*_required(deploy, "username"), *_required(deploy, "password")]
    lines.append(f"dpl_distributions={_option(deploy, 'distributions', 'sdist')}")
    lines += _fold("Install deployment dependencies")
    lines.append(f"say {shlex.quote(OURS + words('no_get_pip'))}")
    # dpl prints the script itself when it fails; its own sentence is never reached.
    install = f"pip install --upgrade --ignore-installed {versions}"
    lines.append(f"{install} || die '{install}'")
    lines += _fold("Authenticate deployment")
    lines.append(
        'printf "[distutils]\\nindex-servers = pypi\\n    pypi\\n[pypi]\\nrepository: %s\\n'
        'username: %s\\npassword: %s\\n" "$REHEARSAL_DEPLOY" "$dpl_username" "$dpl_password"'
        " > ~/.pypirc"
    )
    lines.append('say "Authenticated as $dpl_username"')
    lines += _fold("Setup deployment")
    lines.append("say 'Setting the build environment up for the deployment'")
    lines.append('say "$ python setup.py $dpl_distributions"')
    lines.append("eval \"python setup.py $dpl_distributions\" || die 'setup.py failed'")
    if on.get("twine_check") is not False:
        lines += _fold("Validate deployment")
        lines += _run("twine check dist/*", "Twine check failed")
    lines += _fold("Prepare deployment")
    if on.get("cleanup") is True:
        lines.append("say 'Cleaning up git repository with `git stash --all`'")
        lines += _run("git stash --all", "git stash --all")
    lines += _fold("Run deployment")
    lines += _run(f"twine upload {skip}-r pypi dist/*", "Twine upload failed.")
    if on.get("remove_build_dir") is not False:
        lines += ["say '$ rm -rf dist/*'", "rm -rf dist/*"]
    return lines


def _script(deploy: Deploy, words: Words) -> list[str]:
    """Return what dpl's script provider does: one command, echoed after bash has filled it in."""
    # Where a script publishes is its own affair: its command stands for it, nothing filled in.
    command = " ".join(str(deploy.options.get("script")).split())
    return [
        *_required(deploy, "script"),
        f"REHEARSAL_DEPLOY={shlex.quote(command)}",
        *_fold("Run deployment"),
        'say "$ $dpl_script"',
        'eval "$dpl_script" || die "Script failed with status $?"',
    ]
