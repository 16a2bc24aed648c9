"""``--json``: one document on standard output, with the keys that the help names, and no others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers.index import upload_client
from helpers.travis.rehearsals import project

from pypi_practice.cli.main import build_parser
from pypi_practice.cli.parser import Parser
from pypi_practice.core.i18n import LANGUAGES, Translator, localized_argparse
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store

# What is given to each command so that it has something to report.
COMMANDS = {
    "token new": ["--index", "pypi"],
    "token list": [],
    "token show": [],
    "token narrow": ["--hours", "1"],
    "token revoke": ["laptop"],
    "account": ["--index", "pypi"],
    "leak": [],
    "list": [],
    "travis check": [],
    "travis plan": ["."],
    "travis run": ["."],
    "doctor": ["--offline", "--no-build"],
    "explain": ["build.log"],
    "wall": [],
}
MATRIX_ONLY = {"title", "published", "problem"}
# Has a finding for "travis check", and a job that passes.
TRAVIS = "language: python\nsudo: false\ninstall: skip\nscript: echo tested\n"


def parsers(language: str) -> dict[str, Parser]:
    """Return the parser of each command with ``--json``."""
    with localized_argparse(language):
        tree = build_parser(Translator(language), []).walk()
        return {parser.command: parser for parser in tree if "--json" in parser.format_usage()}


def named_keys(parser: Parser) -> list[str]:
    """Return the keys that the help of ``--json`` names, at its end."""
    shown = " ".join(parser.format_help().split())
    text = re.split(r" --(?:data|lang) ", shown.partition(" --json ")[2])[0]
    match = re.search(r"[a-z_]+(?:, [a-z_]+)+$", text)
    assert match, text
    return match[0].split(", ")


@dataclass(frozen=True)
class Reader:
    """Somebody with a project, and with a token and a file on the practice index."""

    folder: Path
    token: str
    environ: dict[str, str]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pypi_practice", *arguments],
            cwd=self.folder,
            env=self.environ,
            input=self.token,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    folder = project(tmp_path / "demo", TRAVIS)
    (folder / "pyproject.toml").write_text("[project]\nname = 'demo'\nversion = '1.0'\n")
    (folder / "build.log").write_text("HTTPError: 403 Forbidden\nInvalid or non-existent auth\n")
    environ = {name: text for name, text in os.environ.items() if "PYPI_PRACTICE" not in name}
    environ |= {
        "PYPI_PRACTICE_DATA": str(tmp_path / "data"),
        "PYPI_PRACTICE_CACHE": os.environ["PYPI_PRACTICE_CACHE"],
        "LANGUAGE": "en",
    }
    store = Store(tmp_path / "data", Translator("en"))
    token = store.new_token(store.user(INDEXES["testpypi"]), "laptop", None)[1]
    application = Application(store, None, Translator("en"))
    assert upload_client.upload(application, token).code == 200
    store.close()
    return Reader(folder, token, environ)


def test_every_command_with_json_is_tried():
    for language in LANGUAGES:
        assert parsers(language).keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_names_the_keys_that_are_printed(command, reader):
    keys = named_keys(parsers("en")[command])
    assert named_keys(parsers("es")[command]) == keys
    result = reader.run(*command.split(), *COMMANDS[command], "--json")
    assert result.returncode in (0, 1), result.stderr
    value = json.loads(result.stdout)
    rows = value if isinstance(value, list) else [value]
    assert rows
    for row in rows:
        assert sorted(row) == sorted(keys)
    if command == "travis plan":
        rows = json.loads(reader.run(*command.split(), ".", "--matrix", "--json").stdout)
        assert set(rows[0]) == MATRIX_ONLY | set(keys)


@pytest.mark.long
def test_a_rehearsal_reports_its_jobs_and_logs_elsewhere(reader):
    result = reader.run("travis", "run", ".", "--json")
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert report["passed"]
    assert report["event"]["branch"] == "main"
    (job,) = report["jobs"]
    assert (job["number"], job["result"], job["published"]) == ("1.1", "passed", [])
    assert "tested" in result.stderr
    assert "tested" not in json.dumps(report["jobs"])


@pytest.mark.long
def test_a_rehearsal_that_fails_says_so_in_its_json(reader):
    (reader.folder / ".travis.yml").write_text(TRAVIS.replace("echo tested", "exit 3"))
    subprocess.run(
        ["git", "-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qam", "Fail"],
        cwd=reader.folder,
        check=True,
    )
    result = reader.run("travis", "run", ".", "--json")
    assert result.returncode == 1
    report = json.loads(result.stdout)
    assert not report["passed"]
    assert [job["result"] for job in report["jobs"]] == ["failed"]


def test_what_would_run_is_json_of_the_plan(reader):
    result = reader.run("travis", "run", ".", "--json", "--dry-run")
    assert result.returncode == 2
    assert result.stdout == ""
    assert "--dry-run" in result.stderr
