"""Starts each shell so that our variables are set after the user's startup files.

The user's prompt, aliases and history are kept. Sources: bash(1) INVOCATION, zshall(1)
STARTUP/SHUTDOWN FILES, fish(1), dash(1) INVOCATION, and PowerShell's about_Pwsh.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath, PureWindowsPath


@dataclass(frozen=True)
class Startup:
    """The last steps of a startup: set ``variables``, unset ``absent``, run ``verify``.

    ``absent`` are prefixes of names. ``commands`` is put first in PATH. The shell exits if the
    command ``verify`` fails. ``prompt`` is put before the user's prompt and the title of the
    terminal; it is plain text without quotes, backslashes, percent and dollar signs.
    ``environment`` is what the active virtual environment puts before a prompt, or empty.
    """

    variables: Mapping[str, str]
    absent: Sequence[str]
    commands: Path
    verify: Sequence[str]
    prompt: str
    environment: str = ""


def active_environment(environ: Mapping[str, str]) -> str:
    """Return what the active virtual environment of *environ* puts before a prompt, or nothing.

    Its activate script has changed the prompt of the outer shell only, which no variable hands on.
    """
    folder = environ.get("VIRTUAL_ENV", "")
    if not folder or environ.get("VIRTUAL_ENV_DISABLE_PROMPT"):
        return ""
    # Some versions of venv put the brackets into the variable, others do not.
    name = environ.get("VIRTUAL_ENV_PROMPT", "").strip("() ") or PurePath(folder).name
    plain = "".join(letter for letter in name if letter.isalnum() or letter in " ._+-")
    return f"({plain}) " if plain else ""


def prepare(
    shell: str, folder: Path, startup: Startup, environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str]] | None:
    """Write the startup files of the program *shell* into *folder*.

    Return its arguments and further variables, None for an unknown shell.
    """
    name = PureWindowsPath(shell).name.lower().removesuffix(".exe").removeprefix("-")
    if name == "bash":
        return _bash(folder, startup), {}
    if name == "zsh":
        return _zsh(folder, startup, environ)
    if name == "fish":
        return _fish(folder, startup), {}
    if name in ("sh", "dash", "ash", "ksh", "mksh"):
        return _posix(folder, startup, environ)
    if name in ("pwsh", "powershell"):
        return _powershell(folder, startup), {}
    if name == "cmd":
        return _cmd(folder, startup, environ)
    return None


def _write(path: Path, lines: Sequence[str], encoding: str = "utf-8") -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def _environment(folder: Path, startup: Startup) -> Path:
    """Write the file that bash, zsh and the POSIX shells source last."""
    pattern = "|".join(startup.absent)
    names = f"command env | command sed -nE 's/^(({pattern})[A-Za-z0-9_]*)=.*/\\1/p'"
    lines = [f'for practice_name in $({names}); do unset "$practice_name"; done']
    lines.append("unset practice_name")
    lines += [f"export {name}={shlex.quote(value)}" for name, value in startup.variables.items()]
    lines.append(f'export PATH={shlex.quote(str(startup.commands))}:"$PATH"')
    lines.append(f"{shlex.join(startup.verify)} || exit 1")
    lines.append("practice_verified=yes")
    return _write(folder / "environment.sh", lines)


def _source(path: str) -> str:
    """Return the command that sources *path*, already quoted for a shell, if it can be read."""
    return f"if [ -r {path} ]; then . {path}; fi"


# Many prompts are built anew before each line, so ours is added then, and only if it is not there
# yet: programs such as virtualenv add theirs before it. The title is set at the end, because the
# user's prompt may set one too. The name of the virtual environment goes when another one is
# activated, or the same one again.
BASH_PROMPT = r"""
practice_title=''
practice_environment=${VIRTUAL_ENV:-}
case ${TERM:-} in dumb|linux|'') ;; *) practice_title='\[\e]0;@PROMPT@ \w\a\]';; esac
practice_prompt() {
  case ${PS1:-} in
    *'@PROMPT@ '*) ;;
    *'@ENVIRONMENT@'*) PS1="@PROMPT@ ${PS1:-}$practice_title";;
    *) PS1="@ENVIRONMENT@@PROMPT@ ${PS1:-}$practice_title";;
  esac
  case ${VIRTUAL_ENV:-}${_OLD_VIRTUAL_PS1:-} in
    "$practice_environment") ;;
    *) PS1=${PS1/'@ENVIRONMENT@@PROMPT@ '/'@PROMPT@ '};;
  esac
}
case $(declare -p PROMPT_COMMAND 2>/dev/null) in
  'declare -a'*) PROMPT_COMMAND+=(practice_prompt);;
  *) PROMPT_COMMAND="${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}practice_prompt";;
esac
"""
ZSH_PROMPT = r"""
practice_title=''
practice_environment=${VIRTUAL_ENV:-}
case ${TERM:-} in (dumb|linux|'') ;; (*) practice_title=$'%{\e]0;@PROMPT@ %~\a%}';; esac
practice_prompt() {
  case ${PROMPT:-} in
    (*'@PROMPT@ '*) ;;
    (*'@ENVIRONMENT@'*) PROMPT="@PROMPT@ ${PROMPT:-}$practice_title";;
    (*) PROMPT="@ENVIRONMENT@@PROMPT@ ${PROMPT:-}$practice_title";;
  esac
  case ${VIRTUAL_ENV:-}${_OLD_VIRTUAL_PS1:-} in
    ("$practice_environment") ;;
    (*) PROMPT=${PROMPT/'@ENVIRONMENT@@PROMPT@ '/'@PROMPT@ '};;
  esac
}
precmd_functions+=(practice_prompt)
"""
FISH_PROMPT = r"""
function practice_status; return $argv[1]; end
set -g practice_environment "$VIRTUAL_ENV"
functions --copy fish_prompt practice_prompt
function fish_prompt
    set -l last $status
    set -q _OLD_FISH_PROMPT_OVERRIDE; or test "$VIRTUAL_ENV" != "$practice_environment"
    or echo -n '@ENVIRONMENT@'
    echo -n '@PROMPT@ '
    practice_status $last
    practice_prompt
end
functions -q fish_title; and functions --copy fish_title practice_title
function fish_title
    echo -n '@PROMPT@ '
    functions -q practice_title; and practice_title $argv
end
"""
POWERSHELL_PROMPT = r"""
$global:PracticePrompt = $function:prompt
function global:prompt { '@ENVIRONMENT@@PROMPT@ ' + (& $global:PracticePrompt) }
$Host.UI.RawUI.WindowTitle = '@PROMPT@ ' + $Host.UI.RawUI.WindowTitle
"""


def _prompt(code: str, startup: Startup) -> list[str]:
    code = code.replace("@ENVIRONMENT@", startup.environment)
    return code.replace("@PROMPT@", startup.prompt).splitlines()


def _bash(folder: Path, startup: Startup) -> list[str]:
    ours = shlex.quote(str(_environment(folder, startup)))
    lines = [_source('"$HOME/.bashrc"'), f". {ours}", *_prompt(BASH_PROMPT, startup)]
    return ["--rcfile", str(_write(folder / "bashrc", lines)), "-i"]


def _zsh(
    folder: Path, startup: Startup, environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    ours = shlex.quote(str(_environment(folder, startup)))
    directory = folder / "zsh"
    ours_later = f"ZDOTDIR={shlex.quote(str(directory))}"
    directory_before = environ.get("ZDOTDIR", "")
    restore = [
        'if [ -n "$practice_zdotdir" ]; then ZDOTDIR=$practice_zdotdir; else unset ZDOTDIR; fi'
    ]
    _write(
        directory / ".zshenv",
        [
            f"practice_zdotdir={shlex.quote(directory_before)}",
            *restore,
            _source('"${ZDOTDIR:-$HOME}/.zshenv"'),
            'practice_zdotdir="${ZDOTDIR:-}"',
            f"if [[ -o interactive ]]; then {ours_later}; else . {ours}; fi",
        ],
    )
    for name in (".zprofile", ".zlogin"):
        _write(directory / name, [_source(f'"${{practice_zdotdir:-$HOME}}/{name}"')])
    theirs = _source('"${ZDOTDIR:-$HOME}/.zshrc"')
    verify = shlex.join(startup.verify)  # prints the reason
    # An error in the user's file is ignored; an error in ours ends the shell.
    theirs_then_ours = [
        f"{{ {theirs} }} always {{ TRY_BLOCK_ERROR=0 }}",
        f'{{ . {ours} }} always {{ if [ -z "$practice_verified" ]; then {verify}; exit 1; fi }}',
        "unset practice_verified",
        *_prompt(ZSH_PROMPT, startup),
    ]
    _write(directory / ".zshrc", [*restore, "unset practice_zdotdir", *theirs_then_ours])
    return [], {"ZDOTDIR": str(directory)}


def _posix(
    folder: Path, startup: Startup, environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    ours = shlex.quote(str(_environment(folder, startup)))
    theirs = environ.get("ENV", "")
    lines = [_source(shlex.quote(theirs))] if theirs else []
    prompt = f"PS1='{startup.environment}{startup.prompt} '\"$PS1\""
    startup_file = _write(folder / "shrc", [*lines, "unset ENV", f". {ours}", prompt])
    return ["-i"], {"ENV": str(startup_file)}


def _fish_quote(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _fish(folder: Path, startup: Startup) -> list[str]:
    pattern = _fish_quote(f"^(?:{'|'.join(startup.absent)}).*")
    lines = [f"for name in (set -nx | string match -r {pattern}); set -eg $name; end"]
    # The remaining ones are universal variables, which an empty global variable shadows.
    lines += [f"for name in (set -nx | string match -r {pattern}); set -gx $name; end"]
    lines += [f"set -gx {name} {_fish_quote(value)}" for name, value in startup.variables.items()]
    lines.append(f"set -gx PATH {_fish_quote(str(startup.commands))} $PATH")
    lines.append(" ".join(map(_fish_quote, startup.verify)) + "; or exec false")
    lines += _prompt(FISH_PROMPT, startup)
    file = _write(folder / "environment.fish", lines)
    return ["-C", f"source {_fish_quote(str(file))}"]


def _powershell_quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _powershell(folder: Path, startup: Startup) -> list[str]:
    pattern = _powershell_quote(f"^({'|'.join(startup.absent)})")
    lines = [f"Get-ChildItem Env: | Where-Object Name -Match {pattern} | Remove-Item"]
    lines += [
        f"$env:{name} = {_powershell_quote(value)}" for name, value in startup.variables.items()
    ]
    separator = _powershell_quote(os.pathsep)
    commands = _powershell_quote(str(startup.commands))
    lines.append(f"$env:PATH = {commands} + {separator} + $env:PATH")
    lines.append("& " + " ".join(map(_powershell_quote, startup.verify)))
    lines.append("if ($LASTEXITCODE) { exit 1 }")
    lines += _prompt(POWERSHELL_PROMPT, startup)
    # Windows PowerShell reads a file as UTF-8 only with a byte order mark.
    file = _write(folder / "environment.ps1", lines, "utf-8-sig")
    return ["-NoExit", "-Command", f". {_powershell_quote(str(file))}"]


def _cmd(
    folder: Path, startup: Startup, environ: Mapping[str, str]
) -> tuple[list[str], dict[str, str]]:
    lines = ["@echo off"]
    for name in startup.absent:
        lines.append(f'for /f "delims==" %%v in (\'set {name} 2^>nul\') do set "%%v="')
    for name, value in startup.variables.items():
        lines.append(f'set "{name}={value.replace("%", "%%")}"')
    lines.append(f'set "PATH={startup.commands};%PATH%"')
    lines.append(" ".join(f'"{part.replace("%", "%%")}"' for part in startup.verify))
    lines.append("if errorlevel 1 exit 1")
    lines.append("@echo on")
    # PROMPT is not set in the file, because cmd reads that in the code page of the console. The
    # default prompt of cmd is "$P$G": the folder and ">".
    prompt = f"{startup.prompt} {environ.get('PROMPT', '$P$G')}"
    return ["/K", str(_write(folder / "environment.cmd", lines))], {"PROMPT": prompt}
