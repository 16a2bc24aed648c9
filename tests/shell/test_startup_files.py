"""Startup files come first, the settings of the practice shell after them, and then the promise."""

from __future__ import annotations

import os
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import pytest

from pypi_practice.shell.startup_files import Startup, active_environment, prepare

pexpect = pytest.importorskip("pexpect", reason="not run: there is no terminal to type into")

# A company's usual line, a credential, and what a shell must keep: its prompt and an alias.
POSIX = """export HTTPS_PROXY=http://company.example:3128 https_proxy=http://company.example:3128
export NO_PROXY='*' no_proxy='*' TWINE_PASSWORD=startup-secret UV_PUBLISH_TOKEN=startup-secret
export PIP_INDEX_URL=https://company.example/simple/ SSL_CERT_FILE=/nowhere
PATH=/usr/bin:/bin
alias mine='echo my-alias'
PS1='my-prompt> '
"""
FISH = """set -gx HTTPS_PROXY http://company.example:3128
set -gx NO_PROXY '*'
set -gx TWINE_REPOSITORY startup-secret
set -Ux TWINE_PASSWORD startup-secret
alias mine 'echo my-alias'
function fish_prompt; echo 'my-prompt> '; end
function fish_greeting; end
"""
SHELLS = {
    "bash": {".bashrc": POSIX},
    "zsh": {".zshenv": POSIX, ".zshrc": POSIX},
    "fish": {".config/fish/config.fish": FISH},
    "dash": {".shrc": POSIX},
}
QUESTION = (
    "env | grep -E '^(HTTPS_PROXY|NO_PROXY|PYPI_PRACTICE|SSL_CERT_FILE|TWINE_|UV_PUB|PIP_INDEX)'"
    " > {answer}.new; mv {answer}.new {answer}; mine; command -v pypi-practice"
)


def home_with(tmp_path: Path, shell: str, files: dict[str, str]) -> dict[str, str]:
    """Return an environment for *shell* with a home folder that has *files*."""
    path = shutil.which(shell)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(
                f"{shell} is not installed: scripts/system_packages.py installs it on Debian"
            )
        pytest.skip(f"not run: {shell} is not installed")
    home = tmp_path / "home"
    # Where this folder is missing, fish reads all manual pages of the system first.
    (home / ".local/share/fish/generated_completions").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "SHELL": path,
        "LANGUAGE": "en",
        "TERM": "xterm",
        "ENV": str(home / ".shrc"),
        "PYPI_PRACTICE_DATA": str(tmp_path / "data"),
    }


class Terminal(Protocol):
    """What the tests use of pexpect, which carries no types and is not everywhere."""

    before: str

    def expect(self, pattern: object) -> int: ...

    def expect_exact(self, pattern: object) -> int: ...

    def sendline(self, line: str) -> int: ...


def open_shell(environ: dict[str, str], *options: str) -> Terminal:
    """Open the practice shell in a terminal."""
    command = ["-m", "pypi_practice", "shell", *options]
    terminal: Terminal = pexpect.spawn(
        sys.executable, command, env=environ, encoding="utf-8", timeout=120, dimensions=(40, 200)
    )
    return terminal


@pytest.mark.parametrize("wall", ["namespace", "none"])
@pytest.mark.parametrize("shell", SHELLS)
def test_the_settings_come_after_the_startup_files(shell, wall, tmp_path):
    terminal = open_shell(home_with(tmp_path, shell, SHELLS[shell]), "--wall", wall)
    promise = "can open a connection of its own" if wall == "namespace" else "There is no wall"
    terminal.expect(promise)
    terminal.expect("my-prompt> ")
    answer = tmp_path / "answer"
    terminal.sendline(QUESTION.format(answer=answer))
    terminal.expect("my-alias\r")
    terminal.expect("/bin/pypi-practice\r")
    terminal.sendline("exit")
    terminal.expect("You have left the practice shell")
    terminal.expect(pexpect.EOF)
    lines = dict(line.split("=", 1) for line in answer.read_text().splitlines())
    assert lines["HTTPS_PROXY"] == lines["PYPI_PRACTICE"]
    assert lines["NO_PROXY"] == "localhost,127.0.0.1,::1"
    assert lines["SSL_CERT_FILE"].startswith(lines["PYPI_PRACTICE_CERTIFICATES"])
    assert "startup-secret" not in answer.read_text()
    if shell != "fish":
        assert lines["PIP_INDEX_URL"] == "https://pypi.org/simple/"


# The user's file makes the prompt anew before each line, and sets a title of its own.
PROMPTS = {
    "bash": {
        ".bashrc": "PROMPT_COMMAND='PS1=\"my-prompt> \\[\\e]0;mine\\a\\]\"; true;'\n"
        "set -o nounset\n"
    },
    "zsh": {".zshrc": "precmd() { PROMPT='my-prompt> '; print -Pn '\\e]0;mine\\a' }\n"},
    "fish": {".config/fish/config.fish": FISH + "function fish_title; echo mine; end\n"},
    "dash": {".shrc": POSIX},
}


@pytest.mark.parametrize(("language", "prompt"), [("en", "(practice) "), ("es", "(práctica) ")])
@pytest.mark.parametrize("shell", PROMPTS)
def test_prompt_and_title_say_that_this_is_practice(shell, language, prompt, tmp_path):
    environ = home_with(tmp_path, shell, PROMPTS[shell]) | {"LANGUAGE": language, "LANG": "C.UTF-8"}
    terminal = open_shell(environ, "--wall", "none")
    for line in ("false", "echo code=$status$?" if shell == "zsh" else "true", "exit"):
        terminal.expect_exact(prompt + "my-prompt> ")
        written = terminal.before
        terminal.sendline(line)
    terminal.expect(pexpect.EOF)
    if shell == "zsh":
        assert "code=11" in written
    written += terminal.before
    if shell != "dash":
        titles = re.findall(r"\x1b\]0;([^\x07]*)\x07", written)
        # The last one is ours on leaving: the shell's title must not stay.
        assert titles[-2].startswith(prompt)
        assert titles[-1] == ""
    assert prompt + prompt not in written


# What a virtual environment's activate script would add to the prompt, in its own words.
ACTIVATE = {
    "bash": 'VIRTUAL_ENV=/other; _OLD_VIRTUAL_PS1=$PS1; PS1="(other) $PS1"',
    "zsh": 'VIRTUAL_ENV=/other; _OLD_VIRTUAL_PS1=$PS1; PS1="(other) $PS1"',
    "fish": "set -gx VIRTUAL_ENV /other; set -g _OLD_FISH_PROMPT_OVERRIDE /other;"
    " functions -c fish_prompt _old; function fish_prompt; echo -n '(other) '; _old; end",
}


@pytest.mark.parametrize(("language", "prompt"), [("en", "(practice) "), ("es", "(práctica) ")])
@pytest.mark.parametrize("shell", ACTIVATE)
def test_the_prompt_names_the_active_virtual_environment(shell, language, prompt, tmp_path):
    environ = home_with(tmp_path, shell, SHELLS[shell])
    environ |= {"VIRTUAL_ENV": "/x/.venv", "LANGUAGE": language, "LANG": "C.UTF-8"}
    terminal = open_shell(environ, "--wall", "none")
    terminal.expect_exact(f"(.venv) {prompt}my-prompt> ")
    terminal.sendline("true")
    terminal.expect_exact(f"(.venv) {prompt}my-prompt> ")
    assert "(.venv)" not in terminal.before
    terminal.sendline(ACTIVATE[shell])
    terminal.expect_exact(f"(other) {prompt}my-prompt> ")
    terminal.sendline("exit")
    terminal.expect(pexpect.EOF)


@pytest.mark.parametrize(
    ("environ", "shown"),
    [
        ({}, ""),
        ({"VIRTUAL_ENV": "/x/.venv"}, "(.venv) "),
        ({"VIRTUAL_ENV": "/x/.venv", "VIRTUAL_ENV_PROMPT": "(tools) "}, "(tools) "),
        ({"VIRTUAL_ENV": "/x/.venv", "VIRTUAL_ENV_PROMPT": "tools"}, "(tools) "),
        ({"VIRTUAL_ENV": "/x/.venv", "VIRTUAL_ENV_DISABLE_PROMPT": "1"}, ""),
        ({"VIRTUAL_ENV": "/x/a'`b`$(c)"}, "(abc) "),
    ],
)
def test_the_name_of_a_virtual_environment_is_plain_text(environ, shown):
    assert active_environment(environ) == shown


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_a_setting_that_cannot_be_changed_ends_the_shell(shell, tmp_path):
    files = {name: text + "readonly NO_PROXY\n" for name, text in SHELLS[shell].items()}
    terminal = open_shell(home_with(tmp_path, shell, files))
    terminal.expect("nothing can be promised here, so the shell ends: NO_PROXY")
    terminal.expect(pexpect.EOF)
    assert "are answered by this computer" not in terminal.before


def test_startup_files_that_fail_do_not_hide_the_settings(tmp_path):
    """An error in the user's file is the user's; what leads to the practice index is set all the
    same."""
    files = {".bashrc": POSIX + "false\nif then\n"}
    terminal = open_shell(home_with(tmp_path, "bash", files))
    terminal.expect("are answered by this computer")
    terminal.sendline("echo $HTTPS_PROXY")
    terminal.expect("http://127.0.0.1:[0-9]+")
    terminal.sendline("exit")
    terminal.expect(pexpect.EOF)


def test_without_a_terminal_the_promise_is_checked_too(tmp_path):
    """Commands that are piped in get no startup file, and the same settings."""
    environ = home_with(tmp_path, "bash", {".bashrc": "echo read >&2"})
    command = f"echo 'echo $HTTPS_PROXY' | {sys.executable} -m pypi_practice shell"
    printed, code = pexpect.run(
        f"sh -c {pexpect_quote(command)}",
        env=environ,
        encoding="utf-8",
        timeout=120,
        withexitstatus=True,
    )
    assert code == 0
    assert "are answered by this computer" in printed
    assert "http://127.0.0.1:" in printed
    assert "read" not in printed.split()


def pexpect_quote(text: str) -> str:
    """Return *text* in double quotes as pexpect splits commands."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$") + '"'


STARTUP = Startup(
    variables={"HTTPS_PROXY": "http://127.0.0.1:1", "ODD": 'it\'s 100% "odd" \\ $HOME `id`'},
    absent=["TWINE_"],
    commands=Path("/folder with blanks/bin"),
    verify=["python", "-c", "it's"],
    prompt="(practice)",
)


@pytest.mark.parametrize(
    ("shell", "option", "name"),
    [
        ("pwsh", "-NoExit", "environment.ps1"),
        ("C:\\Windows\\System32\\cmd.exe", "/K", "environment.cmd"),
        ("powershell.exe", "-NoExit", "environment.ps1"),
    ],
)
def test_the_shells_of_windows_set_theirs_last_as_well(shell, option, name, tmp_path):
    prepared = prepare(shell, tmp_path, STARTUP, {})
    assert prepared is not None
    assert prepared[0][0] == option
    written = (tmp_path / name).read_text(encoding="utf-8")
    assert written.index("TWINE_") < written.index("HTTPS_PROXY") < written.index("python")
    assert "exit 1" in written
    if name.endswith("ps1"):
        assert "$env:ODD = 'it''s 100% \"odd\" \\ $HOME `id`'" in written
        assert written.startswith("\ufeff")
        prompt = "function global:prompt { '(practice) ' + (& $global:PracticePrompt) }"
        title = "$Host.UI.RawUI.WindowTitle = '(practice) ' + $Host.UI.RawUI.WindowTitle"
        assert written.index("exit 1") < written.index(prompt) < written.index(title)


@pytest.mark.parametrize(
    ("environ", "prompt"),
    [({}, "(práctica) $P$G"), ({"PROMPT": "(tools) $P$_$G"}, "(práctica) (tools) $P$_$G")],
)
def test_the_prompt_of_cmd_begins_with_ours(environ, prompt, tmp_path):
    prepared = prepare("cmd.exe", tmp_path, replace(STARTUP, prompt="(práctica)"), environ)
    assert prepared is not None
    assert prepared[1] == {"PROMPT": prompt}
    assert "PROMPT" not in (tmp_path / "environment.cmd").read_text(encoding="utf-8")


def test_values_are_quoted_for_each_shell_of_unix(tmp_path):
    """What a value holds is never a command."""
    for shell in ("bash", "zsh", "fish", "dash"):
        path = shutil.which(shell)
        if path is None:
            continue
        folder = tmp_path / shell
        folder.mkdir()
        startup = replace(STARTUP, verify=["true"])
        prepare(path, folder, startup, {})
        file = folder / ("environment.fish" if shell == "fish" else "environment.sh")
        printed = pexpect.run(
            f"{path} -c 'source=.; . {file}; printenv ODD'"
            if shell != "fish"
            else f"{path} -c 'source {file}; printenv ODD'",
            env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
            encoding="utf-8",
        )
        assert printed.strip().endswith(STARTUP.variables["ODD"]), shell


def test_a_shell_that_is_not_known_has_no_startup_files_of_ours(tmp_path):
    assert prepare("/bin/tcsh", tmp_path, STARTUP, {}) is None
