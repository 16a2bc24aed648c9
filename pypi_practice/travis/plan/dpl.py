"""Writes the steps of Travis CI's deploy tool dpl, for the providers pypi and script, as bash.

If dpl is installed, it is run as travis-build calls it; else its steps are repeated in its order.
Sources: lib/dpl/provider.rb, lib/dpl/providers/pypi.rb and script.rb,
lib/dpl/helper/env.rb and lib/dpl/ctx/bash.rb of dpl 2.0.5.4. The log of an upload by that version
differs from the log of these steps only in the installation.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.travis.config.deploy_entries import DeployEntry
from pypi_practice.travis.config.jobs import minor
from pypi_practice.travis.config.loader import as_list
from pypi_practice.travis.plan.plan_types import Job

OURS = "==> "  # prefix of the lines that the rehearsal itself adds to a log
# Other providers publish to services that the practice index does not replace.
PLAYED = ("pypi", "script")
OLDEST = (3, 10)  # the oldest Python that get-pip.py supports, which dpl downloads
VERSION = re.compile(r"\d+(?:\.\d+)*")
# dpl prints this for a script that fails: the status of its provider, not that of the script.
STATUS = "#<struct Dpl::Provider::Status provider=Dpl::Providers::Script, status=:stable, info=nil>"
HELPERS = r"""
dpl_folds=0 dpl_open=
dpl_fold() {
  dpl_close
  dpl_folds=$((dpl_folds + 1)) dpl_open=yes
  printf 'travis_fold:start:dpl.%s\r\033[K' "$dpl_folds"
  printf -v dpl_timer %08x $((RANDOM * RANDOM))
  travis_clock
  dpl_start=$travis_now
  printf 'travis_time:start:%s\r\033[K\033[33m%s\033[0m\n' "$dpl_timer" "$1"
}
dpl_close() {
  [[ -n $dpl_open ]] || return 0
  dpl_open=
  travis_clock
  printf '\ntravis_time:end:%s:start=%s,finish=%s,duration=%s\r\033[K' \
    "$dpl_timer" "$dpl_start" "$travis_now" "$((travis_now - dpl_start))"
  printf '\ntravis_fold:end:dpl.%s\r\033[K' "$dpl_folds"
}
dpl_finish() { :; }
# What dpl installs lasts for a day: it is installed beside the environment and copied into it, over
# what is there, as --ignore-installed does. So a second rehearsal needs no network for it.
dpl_install() { # packages, what to say of those of an earlier rehearsal
  local pip="pip install --upgrade --ignore-installed" kept new file site
  if [[ -z ${VIRTUAL_ENV-} || -z ${REHEARSAL_CACHE-} ]]; then $pip $1; return; fi
  kept=$(python -c 'import sys; print(sys.implementation.cache_tag, *sys.version_info[:3])')
  kept="$REHEARSAL_CACHE/dpl/${kept// /.} ${1//[!a-z0-9.=]/-}"
  if [[ -z $(find "$kept" -prune -mmin -1440 2> /dev/null) ]]; then
    rm -rf "$kept"
    new="$kept.$$"
    mkdir -p "$new"
    $pip --no-warn-script-location --prefix "$new" $1 || { rm -rf "$new"; return 1; }
    if [[ -d $kept ]]; then rm -rf "$new"; else mv "$new" "$kept"; fi
  else
    say "$2: $(cd "$kept"/lib/python*/site-packages && printf '%s ' setuptools-*.dist-info \
      twine-*.dist-info wheel-*.dist-info | sed 's/[.]dist-info//g; s/-/ /g; s/ *$//; s/  */ /g')"
  fi
  site=$(echo "$VIRTUAL_ENV"/lib/python*/site-packages)
  cp -Rp "$kept"/lib/python*/site-packages/. "$site/" || return
  for file in "$kept"/bin/*; do
    { printf '#!%s\n' "$VIRTUAL_ENV/bin/python"; tail -n +2 "$file"; } \
      > "$VIRTUAL_ENV/bin/${file##*/}"
    chmod +x "$VIRTUAL_ENV/bin/${file##*/}"
  done
  hash -r
}
dpl_die() { dpl_close; dpl_finish; printf '\033[31m%s\033[0m\n' "$1"; exit 1; }
# Without a sentence of its own, a command that fails is its own sentence.
dpl_shell() { say "\$ $1"; eval "$1" || dpl_die "${2-$1}"; }
"""


def command(deploy: DeployEntry, hidden: str | None = None, secret: Any = None) -> str:
    """Return the tool's command line as travis-build writes it.

    *secret* is a function of key and value; if it returns true, the value is replaced by *hidden*.
    Other encrypted values are left out.
    """
    parts = []
    for key, value in deploy.options.items():
        for element in as_list(value):
            hides = hidden is not None and secret(key, element)
            if element is True:
                parts.append(f"--{key}")
            elif element is False:
                parts.append(f"--no-{key}")
            elif hides or not isinstance(element, dict):
                text = hidden if hides else str(element)
                text = str(text).replace("\\", "\\\\").replace('"', '\\"')
                parts.append(f'--{key}="{text}"')
    return " ".join(["dpl", *parts, "--fold"])


def run(job: Job, deploy: DeployEntry, number: int, words: Translator) -> list[str]:
    """Return the lines of a deploy; they set ``code`` to its exit code.

    They append a line to the file $REHEARSAL_DEPLOYED at the start and after a success: the number
    of the deploy, ``dpl`` or ``steps``, and after a success the target.
    """
    record = f'printf "{number}\\t%s\\t%s\\n" "$dpl_how" "$1" >> "$REHEARSAL_DEPLOYED"'
    installed = words("real_dpl")
    return [
        f"travis_fold start dpl_{number}",
        *_old_ruby(job, deploy),
        "if type -P dpl > /dev/null; then dpl_how=dpl",
        f'say {shlex.quote(OURS + installed)}": $(type -P dpl)"',
        "else dpl_how=steps",
        f"say {shlex.quote(OURS + words('no_gem'))}; fi",
        f"travis_fold end dpl_{number}",
        "travis_time_start",
        # A subshell, as dpl is a process: its variables and working directory do not persist.
        "(",
        f"dpl_record() {{ {record}; }}; dpl_record",
        f"dpl_target={_target(deploy)}",
        "if [[ $dpl_how = dpl ]]; then",
        f"eval {shlex.quote(command(deploy))} || exit",
        "else",
        HELPERS,
        *_steps(job, deploy, words),
        "fi",
        'dpl_record "$dpl_target"',
        ")",
        "code=$?",
        "travis_time_finish after_success",
    ]


def _old_ruby(job: Job, deploy: DeployEntry) -> list[str]:
    """Return the lines for an image whose Ruby is too old for dpl."""
    image = load("travis/images").get(job.environ["TRAVIS_DIST"], {"ruby": True})
    if image["ruby"] or deploy.old_tool:
        return []
    lines = [
        "export TRAVIS_CMD='gem install dpl'; say \"\\$ $TRAVIS_CMD\"",
        "say 'ERROR:  Error installing dpl:'; say '	dpl requires Ruby version >= 3.1.'",
    ]
    return lines if deploy.allow_failure else [*lines, "travis_assert 1 after_success"]


def _old_python(job: Job) -> list[str]:
    """Return the lines for a Python that get-pip.py, and so dpl, does not support."""
    version = minor(job.python)
    if version is None or version >= OLDEST:
        return []
    python, oldest = (".".join(map(str, numbers)) for numbers in (version, OLDEST))
    message = (
        f"ERROR: This script does not work on Python {python}. The minimum supported Python version"
        f" is {oldest}. Please use https://bootstrap.pypa.io/pip/{python}/get-pip.py instead."
    )
    return [f"say {shlex.quote(message)}", "dpl_die '#!/bin/bash'"]


def _target(deploy: DeployEntry) -> str:
    if deploy.provider == "pypi":
        return _option(deploy, "server", INDEXES["pypi"].upload)
    # The target of a script is not known; its command, without expansion, is recorded instead.
    return shlex.quote(" ".join(str(deploy.options.get("script")).split()))


def _option(deploy: DeployEntry, name: str, default: str = "") -> str:
    """Return an option in double quotes, so that bash expands its variables.

    The default of an option is taken from the environment, such as PYPI_SERVER.
    """
    value: Any = next(iter(as_list(deploy.options.get(name))), None)
    if value is None or isinstance(value, dict):
        if deploy.provider != "pypi":
            return f'"{default}"'
        names = [
            f"PYPI_{suffix}".upper() for suffix in (name, *({"username": ["user"]}.get(name, [])))
        ]
        for variable in reversed(names):
            default = f"${{{variable}:-{default}}}"
        return f'"{default}"'
    return '"' + re.sub(r'([\\"])', r"\\\1", str(value)) + '"'


def _required(deploy: DeployEntry, name: str) -> list[str]:
    """Return the lines that read an option which dpl requires."""
    lines = [f"dpl_{name}={_option(deploy, name)}"]
    if not isinstance(deploy.options.get(name), str | list):
        lines.append(f"[[ -n $dpl_{name} ]] || dpl_die 'Missing required option: {name}'")
    return lines


def _if(deploy: DeployEntry, name: str, default: str) -> str:
    """Return a command of bash that succeeds if a boolean option is true."""
    value = deploy.options.get(name)
    if isinstance(value, bool):
        return str(value).lower()
    if deploy.provider != "pypi":
        return default
    return f'[[ "${{PYPI_{name.upper()}:-{default}}}" = true ]]'


def _steps(job: Job, deploy: DeployEntry, words: Translator) -> list[str]:
    """Return the stages of a deploy in dpl's order, each in its fold."""
    stages = _pypi(job, deploy, words) if deploy.provider == "pypi" else _script(deploy)
    return [
        *stages["require"],
        "dpl_fold 'Install deployment dependencies'",
        *stages.get("install", []),
        *stages.get("login", []),
        "dpl_fold 'Setup deployment'",
        "say 'Setting the build environment up for the deployment'",
        *stages.get("setup", []),
        *stages.get("validate", []),
        "dpl_fold 'Prepare deployment'",
        f"if {_if(deploy, 'cleanup', 'false')}; then",
        "dpl_finish() { dpl_finish() { :; }; say '$ git stash pop'; git stash pop; }",
        "say 'Cleaning up git repository with `git stash --all`'",
        "dpl_shell 'git stash --all'; fi",
        "dpl_fold 'Run deployment'",
        *stages["deploy"],
        "dpl_close",
        *_runs(deploy),
        "dpl_finish",
    ]


def _runs(deploy: DeployEntry) -> list[str]:
    """Return the lines of ``run:``, which dpl runs after a successful deploy."""
    commands = [str(step) for step in as_list(deploy.options.get("run"))]
    return [f"dpl_shell {shlex.quote(step)}" for step in commands]


def _pypi(job: Job, deploy: DeployEntry, words: Translator) -> dict[str, list[str]]:
    """Return the steps of dpl's pypi provider in each stage."""
    options = deploy.options
    require = [*_required(deploy, "username"), *_required(deploy, "password")]
    require.append(f"dpl_distributions={_option(deploy, 'distributions', 'sdist')}")
    packages = []
    for name in ("setuptools", "twine", "wheel"):
        version = options.get(f"{name}_version")
        if version is not None and not VERSION.fullmatch(str(version)):
            must = f"Invalid format: {name}_version (format: /\\A{VERSION.pattern}\\z/)"
            require.append(f"dpl_die {shlex.quote(must)}")
        packages.append(f"{name}=={version}" if version is not None else name)
    # If the installation fails, dpl prints the command instead of its error message.
    install = f"pip install --upgrade --ignore-installed {' '.join(packages)}"
    reuse_note = shlex.quote(OURS + words("tools_again"))
    installs = f"dpl_install {shlex.quote(' '.join(packages))} {reuse_note}"
    pypirc = (
        'printf "[distutils]\nindex-servers = pypi\n    pypi\n[pypi]\nrepository: %s\n'
        'username: %s\npassword: %s\n" "$dpl_target" "$dpl_username" "$dpl_password"'
        " > ~/.pypirc"
    )
    check = f"if {_if(deploy, 'twine_check', 'true')}; then"
    deploying = [
        f"dpl_skip=; if {_if(deploy, 'skip_existing', 'false')}; then",
        "dpl_skip='--skip-existing '; fi",
        'dpl_shell "twine upload ${dpl_skip}-r pypi dist/*" "Twine upload failed."',
    ]
    if options.get("upload_docs") is True:
        deploying.append(f"say {shlex.quote(OURS + words('no_docs'))}")
    deploying.append(
        f"if {_if(deploy, 'remove_build_dir', 'true')}; then dpl_shell 'rm -rf dist/*'; fi"
    )
    return {
        "require": require,
        "install": [
            *_old_python(job),
            f"say {shlex.quote(OURS + words('no_get_pip'))}",
            f"{installs} || dpl_die '{install}'",
        ],
        "login": [
            "dpl_fold 'Authenticate deployment'",
            pypirc,
            'say "Authenticated as $dpl_username"',
        ],
        "setup": ['dpl_shell "python setup.py $dpl_distributions" "setup.py failed"'],
        "validate": [
            "dpl_fold 'Validate deployment'",
            check,
            "dpl_shell 'twine check dist/*' 'Twine check failed'; fi",
        ],
        "deploy": deploying,
    }


def _script(deploy: DeployEntry) -> dict[str, list[str]]:
    """Return the steps of dpl's script provider: one command, echoed after expansion by bash."""
    failed = shlex.quote(f"Script failed with status {STATUS}")
    return {
        "require": _required(deploy, "script"),
        "deploy": [f'dpl_shell "$dpl_script" {failed}'],
    }
