"""The completion of the command line in shells, and ``--version``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import shtab

from pypi_practice.cli import completion
from pypi_practice.cli.main import main
from pypi_practice.core.i18n import LANGUAGES, Translator

COMMANDS = {
    "bash": "source {script}; COMP_WORDS=({words}); COMP_CWORD={last}; _shtab_pypi_practice; "
    'printf "%s\\n" "${{COMPREPLY[@]}}"',
    "fish": "source {script}; complete --do-complete '{line}' | string split -f1 \\t",
}


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "en")


@pytest.mark.parametrize("shell", COMMANDS)
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("pypi-practice trav", {"travis"}),
        ("pypi-practice travis ", {"check", "plan", "run"}),
        ("pypi-practice travis run --dry", {"--dry-run"}),
        ("pypi-practice token new --index ", {"pypi", "testpypi"}),
        ("pypi-practice completion z", {"zsh"}),
    ],
)
def test_a_shell_completes_commands_options_and_values(shell, line, offered, tmp_path, capsys):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    assert main(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out, encoding="utf-8")
    words = line.split(" ")
    quoted = " ".join(f"'{word}'" for word in words)
    command = COMMANDS[shell].format(script=script, words=quoted, last=len(words) - 1, line=line)
    result = subprocess.run(
        [program, "-c", command], capture_output=True, text=True, timeout=60, check=False
    )
    answers = set(result.stdout.split())
    assert offered <= answers, result.stderr
    assert "narrow" not in answers


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_shell_can_read_the_script(shell, language, tmp_path, capsys):
    program = shutil.which(shell)
    if program is None:
        pytest.skip(f"{shell} is not installed")
    assert main(["completion", shell, "--lang", language]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out, encoding="utf-8")
    result = subprocess.run(
        [program, "-n", str(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


def test_files_and_folders_are_completed_as_shtab_completes_them():
    for ours, theirs in ((completion.FILE, shtab.FILE), (completion.DIRECTORY, shtab.DIRECTORY)):
        assert ours == {shell: theirs[shell] for shell in completion.SHELLS}


def test_folders_are_offered_for_a_folder(capsys):
    main(["completion", "zsh"])
    script = capsys.readouterr().out
    assert ":folder of the copy\\: a new one, or an empty one:_files -/" in script
    assert '::the file, or its folder (default\\: here):_files"' in script


def test_no_other_command_loads_what_completion_needs():
    code = (
        "import sys; from pypi_practice.cli.main import build_parser\n"
        "from pypi_practice.core.i18n import Translator\n"
        "build_parser(Translator('en'), []); print('shtab' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout == "False\n"


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_an_installation_the_version_says_so(language, capsys, monkeypatch):
    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    with pytest.raises(SystemExit) as stopped:
        main(["--lang", language, "--version"])
    assert stopped.value.code == 0
    assert Translator(language)("no_version") in capsys.readouterr().out


def test_the_version_is_that_of_the_package(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    name, version = capsys.readouterr().out.split()
    project = Path(__file__).parents[2] / "pyproject.toml"
    assert name == "pypi-practice"
    assert f'\nversion = "{version}"\n' in project.read_text(encoding="utf-8")
