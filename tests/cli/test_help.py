"""The help of every command: the order of its options, its examples, the exit codes."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest
import yaml
from helpers.docs.blocks import ROOT

from pypi_practice.cli import completion
from pypi_practice.cli.main import build_parser, main
from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES, Translator, localized_argparse

SHARED = ("--json", "--data", "--practice", "--lang", "-h")
TEXTS = load("commands/help")
EXAMPLES = {
    example["command"]: command
    for command, examples in TEXTS["examples"].items()
    for example in examples
}
# Those that answer at once, and need no terminal.
CHEAP = [
    "pypi-practice travis check",
    "pypi-practice travis check --fix",
    "pypi-practice travis plan . --branch staging --var TEST_PYPI_TOKEN",
    "pypi-practice travis plan . --matrix",
    "pypi-practice travis run . --dry-run",
    "pypi-practice token new --index testpypi --name laptop",
    "pypi-practice token list",
    "pypi-practice token list --json",
    'printf %s "$TWINE_PASSWORD" | pypi-practice token show',
    'printf %s "$TWINE_PASSWORD" | pypi-practice token narrow --hours 0.5',
    "pypi-practice leak < build.log",
    "pypi-practice token revoke laptop",
    "pypi-practice account --index testpypi",
    "pypi-practice account --index pypi --email unverified",
    "pypi-practice list",
    "pypi-practice explain build.log",
    "pypi-practice wall",
    'eval "$(pypi-practice completion bash)"',
]


@pytest.fixture(params=LANGUAGES)
def parsers(request):
    with localized_argparse(request.param):
        yield list(build_parser(Translator(request.param), []).walk())


def arguments(command: str) -> list[str]:
    """Return what an example gives to the program: redirections and pipes are the shell's."""
    part = next(part for part in command.split(" | ") if "pypi-practice " in part)
    words = shlex.split(re.sub(r"\s[<>] .*|^eval \"\$\(|\)\"$", "", part))
    assert words[0] == "pypi-practice"
    return words[1:]


def test_shared_options_come_last_and_in_the_same_order(parsers):
    assert len(parsers) > 15
    for parser in parsers:
        for text in (parser.format_usage(), parser.format_help().partition("\n\n")[2]):
            options = re.findall(r"(?:^  |\[|\| )(--?[a-z][\w-]*)", text, re.M)
            options = list(dict.fromkeys(options))
            expected = [option for option in SHARED if option in options]
            assert expected[-2:] == ["--lang", "-h"], parser.prog
            assert options[-len(expected) :] == expected, parser.prog


def test_each_command_has_examples_in_its_help(parsers):
    assert {parser.command for parser in parsers} == TEXTS["examples"].keys()
    for parser in parsers:
        examples = TEXTS["examples"][parser.command]
        assert 1 <= len(examples) <= 2
        shown = parser.format_help()
        for example in examples:
            assert f"\n  {example['command']}\n" in shown
            names = parser.command.split()
            assert arguments(example["command"])[: len(names)] == names


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("command", ["", "token", "travis"])
def test_without_a_command_the_first_one_to_try_is_named(command, language, capsys):
    words = Translator(language)
    with pytest.raises(SystemExit) as stopped:
        main(["--lang", language, *command.split()])
    assert stopped.value.code == 2
    captured = capsys.readouterr()
    shown, program = captured.err, f"pypi-practice {command}".rstrip()
    assert captured.out == ""
    assert shown.startswith(f"{words('usage')}: {program} ")
    assert f"\n{words('commands')}:\n" in shown
    first = TEXTS["examples"][command][0]["command"]
    assert shown.endswith(words("begin", command=first, help=f"{program} --help") + "\n")


@pytest.mark.parametrize("command", EXAMPLES)
def test_an_example_can_be_parsed(command):
    argv = arguments(command)
    with localized_argparse("en"):
        parsed = build_parser(Translator("en"), argv).parse_args(argv)
    assert callable(parsed.run)


@pytest.mark.long
def test_cheap_examples_do_what_they_say(tmp_path):
    project = tmp_path / "random-names"
    shutil.copytree(ROOT / "demo-package", project)
    programs = tmp_path / "bin"
    programs.mkdir()
    program = programs / "pypi-practice"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pypi_practice "$@"\n')
    program.chmod(0o755)
    environ = os.environ | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "PYPI_PRACTICE_DATA": str(tmp_path / "data"),
        "LANGUAGE": "en",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    environ.pop("PYPI_PRACTICE", None)

    def run(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-c", command],
            cwd=project,
            env=environ,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    identity = "-c user.name=x -c user.email=x@example.org"
    assert run(f"git init -qb staging && git add . && git {identity} commit -qm x").returncode == 0
    environ["TWINE_PASSWORD"] = run("pypi-practice token new --index pypi").stdout.strip()
    (project / "build.log").write_text(
        f"{environ['TWINE_PASSWORD']}\nHTTPError: 400 Bad Request from "
        "https://test.pypi.org/legacy/\nFile already exists\n"
    )
    for command in CHEAP:
        assert command in EXAMPLES
        result = run(command)
        # "wall" says so if there is none here.
        allowed = (0, 1) if command.endswith(" wall") else (0,)
        assert result.returncode in allowed, (command, result)
        assert "Traceback" not in result.stderr


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_exit_codes_are_in_the_help_of_the_program(language, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "1000")
    with pytest.raises(SystemExit) as stopped:
        main(["--help", "--lang", language])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    for code in TEXTS["exit_codes"]:
        assert re.search(rf"^  {code['code']} +{re.escape(code['means'][language])}$", shown, re.M)


def test_the_table_beside_other_programs_says_what_holds_here():
    file = ROOT / "docs" / "data" / "tables" / "command_lines.yml"
    table = yaml.safe_load(file.read_text(encoding="utf-8"))
    rows = {row["name"]["en"]: row["pypi-practice"] for row in table["rows"]}
    for row in table["rows"]:
        assert row.keys() == {"name", *table["programs"]}
    for language in LANGUAGES:
        codes = re.findall(r"\d+", rows["Exit codes"][language])
        assert codes == [str(code["code"]) for code in TEXTS["exit_codes"]]
        shells = re.findall(r"\w*sh\b", rows["Completion"][language])
        assert shells == list(completion.SHELLS)
