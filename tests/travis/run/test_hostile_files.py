"""Hostile files start nothing, print nothing that steers a terminal, and hang nothing."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from helpers.hostile import commands
from helpers.travis.rehearsals import project

from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.terminal import STEERING, as_json, indented, one_line, visible
from pypi_practice.git import safe_reader
from pypi_practice.travis.check import checker, report
from pypi_practice.travis.config import loader
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event
from pypi_practice.travis.run import outline, plan_report
from pypi_practice.travis.run.repository import Repository

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]
DRIVER = Path(commands.__file__)
TRAPS = ("bash", "sh", "dash", "zsh", "python", "python3", "env", "touch", "cat", "true", "xargs")
MEMORY = 300  # MiB
HEAD = "language: python\nscript: skip\ninstall: skip\n"
LONG = 100_000
SLOWER = 10  # times the demo package's time that a hostile file may take


def deploy(*conditions: str, env: str = "") -> str:
    """Return a file that deploys on these conditions."""
    listed = json.dumps(conditions)
    return (
        f"{HEAD}{env}deploy:\n  provider: script\n  script: echo published\n"
        f"  on: {{all_branches: true, condition: {listed}}}\n"
    )


def conditional(text: str, env: str = "") -> str:
    """Return a file whose build has this condition."""
    return f"{HEAD}{env}if: {json.dumps(text)}\n"


def bomb(levels: int) -> str:
    """Return anchors that unfold to nine to the power of *levels*."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    for level in range(1, levels):
        aliases = ", ".join([f"*a{level - 1}"] * 9)
        lines.append(f"a{level}: &a{level} [{aliases}]")
    return "\n".join(lines) + "\n"


STEERED = "\\e[31m\\x9b2J\\u202e\\u2066\\u200f\\x07\\r\\0\\x7f"
FILES: dict[str, Callable[[], str | bytes]] = {
    "merge keys": lambda: "a: &a {x: 1, y: 2}\nb:\n  <<: [" + "*a, " * 54_700 + "*a]\n",
    "merge keys in mappings": lambda: (
        "a: &a {"
        + ", ".join(f"k{n}: 1" for n in range(2000))
        + "}\n"
        + "".join(f"b{n}: {{<<: *a}}\n" for n in range(5000))
    ),
    "anchors that unfold": lambda: bomb(9),
    "a long text, many times": lambda: "a: &a " + "y" * LONG + "\nb: [" + "*a, " * 3000 + "*a]\n",
    "anchors inside each other": lambda: (
        "a0: &a0 {k: v}\n" + "".join(f"a{n + 1}: &a{n + 1} {{k: *a{n}}}\n" for n in range(4000))
    ),
    "an anchor that holds itself": lambda: "a: &a [*a]\n",
    "open brackets": lambda: "a: " + "[" * LONG,
    "open braces": lambda: "{a: " * 60_000,
    "deep blocks": lambda: "\n".join(" " * n + f"k{n}:" for n in range(600)),
    "a long key": lambda: "? " + "A" * LONG + "\n: v\n",
    "keys in capitals": lambda: "".join(f"{'A' * 1000}{n}: v\n" for n in range(250)),
    "many keys": lambda: "".join(f"scrip{n}: v\n" for n in range(4900)),
    "a long number": lambda: HEAD + "python: " + "9" * LONG + "\nenv: {A: 0x" + "f" * LONG + "}\n",
    "dates": lambda: HEAD + "env: {A: 2020-02-30, B: 9999-99-99, C: 20:30:15, D: 0000-00-00}\n",
    "a date": lambda: HEAD + "env: {A: 2020-02-03}\n",
    "tags": lambda: (
        HEAD + "a: !!python/object/apply:os.system [touch x]\n"
        "b: !ruby/object:Gem::Installer {}\nc: !!python/name:os.system\nd: !!binary aGk=\n"
    ),
    "a NUL": lambda: HEAD.encode() + b"name: a\0b\n",
    "UTF-16": lambda: HEAD.encode("utf-16"),
    "invalid UTF-8": lambda: HEAD.encode() + b"name: \xff\xfe\xed\xa0\x80\n",
    "surrogates": lambda: HEAD + 'name: "\\ud800"\n',
    "characters that steer": lambda: (
        f'language: "{STEERED}"\nname: "{STEERED}"\nscript: ["echo {STEERED}", "a\\nforged"]\n'
        f'stages: ["{STEERED}"]\nenv: {{"{STEERED}": "{STEERED}"}}\npython: "{STEERED}"\n'
        f'"{STEERED}": "{STEERED}"\nunknown: "{STEERED}"\nos: "{STEERED}"\ndist: "{STEERED}"\n'
        f'deploy: {{provider: script, script: "{STEERED}", on: {{branch: "{STEERED}"}}}}\n'
        f'cache: ["{STEERED}"]\n'
    ),
    "characters that steer, raw": lambda: (
        "\ufeff" + HEAD + "name: a\u202eb\u2066c\n# \u202e\nunknown\u202e: x\u2069\n"
    ),
    "a condition that steers": lambda: conditional(f"branch = \x1b[31m\u202e{STEERED}"),
    "a matrix": lambda: (
        HEAD
        + "".join(
            f"{key}: [{', '.join(f'{key}{n}' for n in range(900))}]\n"
            for key in ("python", "os", "arch", "env")
        )
    ),
    "many jobs": lambda: (
        HEAD
        + "jobs:\n  include:\n"
        + "".join(f"  - {{name: j{n}, if: 'branch = b{n}'}}\n" for n in range(1600))
    ),
    "as many jobs as there may be": lambda: (
        HEAD
        + "jobs:\n  include:\n"
        + "".join(f"  - {{name: j{n}, if: 'branch = main'}}\n" for n in range(200))
    ),
    "jobs that repeat a long script": lambda: (
        "language: python\nscript: echo "
        + "y" * LONG
        + "\npython: ["
        + ", ".join(map(str, range(200)))
        + "]\n"
    ),
    "many jobs, many exclusions": lambda: (
        HEAD
        + "env: ["
        + ", ".join(f"A={n}" for n in range(200))
        + "]\njobs:\n  exclude:\n"
        + "".join(f"  - {{env: B={n}}}\n" for n in range(1900))
    ),
    "many deploys": lambda: (
        HEAD
        + "python: [1, 2, 3, 4, 5, 6, 7, 8]\ndeploy:\n"
        + "".join(f"- {{provider: pypi, on: {{branch: b{n}}}}}\n" for n in range(1000))
    ),
    "many stages": lambda: (
        HEAD + "stages:\n" + "".join(f"- {{name: s{n}, if: 'branch = b'}}\n" for n in range(1500))
    ),
    "a regular expression that explodes": lambda: conditional(
        f'concat("{"a" * LONG}b") =~ ^(a+)+$'
    ),
    "regular expressions that explode": lambda: conditional(
        " OR ".join(["env(A) =~ (a|aa)*a(a|b){90}$"] * 150), f"env: A={'ab' * 20_000}\n"
    ),
    "a regular expression in another": lambda: conditional(
        "branch =~ /" + "(?=" * 80 + "(a*)*" + ")" * 80 + "/", ""
    ),
    "repeats of repeats": lambda: conditional("branch =~ ((((a{99}){99}){99}){99}){99}"),
    "branches that explode": lambda: HEAD + "branches:\n  only: ['/^(m+a*)+$/', '/(.*)*x/']\n",
    "a condition in parentheses": lambda: conditional("(" * LONG + "true" + ")" * LONG),
    "a long condition": lambda: conditional(" OR ".join(["branch = main"] * 7000)),
    "a condition that denies": lambda: conditional("not " * 25_000 + "true"),
    "a condition that grows": lambda: conditional(
        f"concat({', '.join(['env(A)'] * 10_000)}) = x", f"env: A={'y' * LONG}\n"
    ),
    "words in a condition": lambda: conditional(" OR ".join(f"w{n}" for n in range(20_000))),
    "code behind a condition": lambda: deploy("true) ]]; touch started; [[ (1"),
    "code in arithmetic": lambda: deploy(
        "$Z -eq 1",
        "a[$(touch started)] -eq 1",
        "-v a[$(touch started)]",
        env="env: \"Z='a[$(touch started)]'\"\n",
    ),
    "commands in a condition": lambda: deploy(
        "$(touch started) = x",
        "`touch started` = x",
        '"$(touch started)" = x',
        "-f <(touch started)",
        "${x:-$(touch started)} = x",
        "$((a[$(touch started)])) = 1",
        "${!x} = y",
        "${x@P} = y",
    ),
    "commands in a variable": lambda: deploy(
        "$A = x", "$B = y", "$PWD = z", env="env: [A=$(touch started), 'B=1; touch started']\n"
    ),
    "a long deploy condition": lambda: deploy(" && ".join(["$TRAVIS_BRANCH = main"] * 4500)),
    "long deploy conditions of many jobs": lambda: deploy(
        " && ".join(["$TRAVIS_BRANCH = ma*n"] * 300),
        env="python: [" + ", ".join(map(str, range(180))) + "]\n",
    ),
    "a deploy condition in parentheses": lambda: deploy("(" * LONG + "a" + ")" * LONG),
    "a deploy condition that denies": lambda: deploy("! " * LONG + "a"),
    "a pattern that explodes": lambda: deploy(
        "$A = " + "*a" * 5000 + "*b", "$A =~ ^(a+)+$", env=f"env: A={'a' * 50_000}\n"
    ),
    "a deploy condition that grows": lambda: deploy(
        "$A" * 40_000 + " = x", env=f"env: A={'y' * LONG}\n"
    ),
    "files of a condition": lambda: deploy(
        *(f"! -f {'d/' * 50}{n}" for n in range(500)),
        "-f /etc/passwd",
        "-f ../../etc/passwd",
        "-d ~",
        "! -f :(glob)**",
        "! -f -x",
        "! -f $'a'",
    ),
    "variables that explode": lambda: HEAD + f"env: {json.dumps('a=' * LONG + chr(34))}\n",
    "uploads and spaces": lambda: f"script: {json.dumps('setup.py' + ' ' * LONG + 'x')}\n",
    "passwords": lambda: f"script: {json.dumps('-p=' * 60_000)}\n",
    "a comment that ignores": lambda: (
        HEAD
        + "name: x # pypi-practice: ignore no-version: "
        + ("a" + " " * 500) * 200
        + "\n"
        + "# pypi-practice: ignore x"
        + " " * LONG
        + "y\n"
    ),
    "tokens in one line": lambda: (
        "script: [" + ", ".join(["pypi-AgEIcHlwaS5vcmc" + "x" * 9] * 4500) + "]\n"
    ),
    "short lines": lambda: HEAD + "#\n" * LONG,
    "lines that are repeated": lambda: HEAD + "".join(f"#{n * n % 151}\n" for n in range(55_000)),
    "names of branches": lambda: "".join(
        f"- {{provider: script, script: x, on: {{branch: {json.dumps(name)}}}}}\n"
        for name in ("main^{/x}", "-x", "a\0b", "..", "@{-1}", "main:README", "x" * 5000, "a b")
    ).join([HEAD + "deploy:\n", ""]),
}


def git(folder: Path, *arguments: str) -> None:
    """Run git in *folder*."""
    config = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "core.autocrlf=false")
    subprocess.run(["git", *config, *arguments], cwd=folder, check=True, capture_output=True)


def repository(folder: Path, content: bytes) -> Path:
    """Make a repository whose .travis.yml is *content*."""
    folder.mkdir()
    (folder / ".travis.yml").write_bytes(content)
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Start")
    return folder


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with the file of the demo package."""
    content = (ROOT / "demo-package" / ".travis.yml").read_bytes()
    return repository(tmp_path_factory.mktemp("demo") / "demo", content)


@pytest.fixture(scope="module")
def traps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds git, and programs that leave a file behind when started."""
    folder = tmp_path_factory.mktemp("traps")
    (folder / "git").symlink_to(shutil.which("git") or "")
    for name in TRAPS:
        (folder / name).write_text(f'#!/bin/sh\n: > "{folder}/started-{name}"\n')
        (folder / name).chmod(0o755)
    return folder


def ran(demo: Path, folder: Path, traps: Path) -> dict[str, Any]:
    """Return what the commands did."""
    environ = {"PATH": str(traps), "LANGUAGE": "en", "PYTHONUTF8": "1", "HOME": str(folder)}
    result = subprocess.run(
        # Through a shell: on Linux a process counts what the one that started it held.
        [
            "/bin/sh",
            "-c",
            '"$@"; exit $?',
            "sh",
            sys.executable,
            str(DRIVER),
            str(demo),
            str(folder),
        ],
        cwd=folder.parent,
        env=environ,
        capture_output=True,
        encoding="utf-8",
        check=True,
        timeout=600,
    )
    return json.loads(result.stdout)


def slow_commands(report: dict[str, Any]) -> set[str]:
    """Return the commands that took more than SLOWER times what the demo package takes."""
    start = report["start"]  # what check of the demo package takes, the start of Python included
    return {
        command
        for command, results in report.items()
        if isinstance(results, dict)
        and start + results["hostile"]["seconds"] >= SLOWER * (start + results["demo"]["seconds"])
    }


@pytest.mark.skipif(os.name == "nt", reason="programs that are traps are scripts of a shell")
@pytest.mark.parametrize("name", FILES)
def test_a_hostile_file(name, demo, traps, tmp_path):
    content = FILES[name]()
    raw = content if isinstance(content, bytes) else content.encode()
    folder = repository(tmp_path / "hostile", raw)
    report = ran(demo, folder, traps)
    slow = slow_commands(report)
    if slow:  # another program may have taken the caches: what is slow is slow again
        slow &= slow_commands(ran(demo, repository(tmp_path / "again", raw), traps))
    assert slow == set(), report
    assert report.pop("memory") < MEMORY
    report.pop("start")
    for command, results in report.items():
        result = results["hostile"]
        context = f"{name}: {command}: {result['output'][-2000:]}"
        assert result["code"] in (0, 1, 2), context
        assert "Traceback" not in result["output"], context
        assert not STEERING.search(result["output"]), context
        assert {Path(name).name for name in result["started"]} <= {"git"}, context
        assert "\nforged" not in result["output"], context
    left = [path.name for path in [*traps.iterdir(), *folder.parent.rglob("started*")]]
    assert not [name for name in left if name.startswith("started")]


@pytest.mark.parametrize(
    "text",
    ["\x1b[31m", "\x9b2J", "\u202ea", "\u2066", "\r", "\x00", "\ud800", "\U000e0041", "\x7f"],
)
def test_what_steers_a_terminal_is_shown_as_its_escape(text):
    for shown in (visible(text), one_line(text), indented(text, " "), as_json([text])):
        assert shown.isprintable() or "\n" in shown
        assert not STEERING.search(shown)
    assert json.loads(as_json([text])) == [text]


def test_text_that_steers_nothing_stays_as_it_is():
    text = "a\tb ñ é 日本 👩‍💻 שלום"
    assert visible(text) == one_line(text) == text
    assert visible("a\nb") == "a\nb"
    assert one_line("a\nb") == "a\\nb"
    assert indented("a\nb", "  ") == "a\n  b"


# Values of every kind under keys of every kind

SCHEMA = load("travis/schema")
COMMON_KEYS = """
language os dist arch services version env stages jobs deploy cache git branches if sudo python
script install name stage matrix user on provider condition branch tags all_branches repo include
exclude allow_failures only except global secure fast_finish username password server
distributions edge cleanup skip_cleanup true pip submodules allow_failure dpl_version rvm <<
"""
KEYS = [*(key for kind in SCHEMA["root"].values() for key in kind), *COMMON_KEYS.split() * 4]
VALUES = [
    "true",
    "~",
    "1",
    "3.10",
    "''",
    "main",
    "$A = b",
    "branch = main",
    "type IN (push)",
    "pypi",
    "script",
    "'/^v/'",
    "'/('",
    "'A=$B C'",
    "skip",
    "No",
    "010",
    '"\\e[31m"',
    "[]",
    "{}",
    "windows",
    "(",
    "concat(a",
]


def made_up(source: random.Random, depth: int) -> str:
    """Return a value that nobody would write."""
    chance = source.random()
    if not depth or chance < 0.3:
        return source.choice(VALUES)
    inner = [made_up(source, depth - 1) for _ in range(source.randint(0, 4))]
    if chance < 0.55:
        return f"[{', '.join(inner)}]"
    return "{" + ", ".join(f"{source.choice(KEYS)}: {item}" for item in inner) + "}"


@pytest.mark.parametrize("seed", range(4))
def test_no_kind_of_value_gives_a_traceback(seed, tmp_path):
    source = random.Random(seed)
    words = Translator("en", "travis/messages")
    folder = project(tmp_path / "project", "script: a\n")
    repo = Repository(folder, safe_reader.Repository(folder), "a" * 40, [])
    planned = 0
    for _ in range(250):
        lines = (f"{source.choice(KEYS)}: {made_up(source, 4)}\n" for _ in range(5))
        text = "".join(lines)
        with contextlib.suppress(PracticeError):
            checked = checker.check(text, "x", words)
            shown = [*report.lines(checked, words), report.as_sarif([checked], words)]
            shown.append(report.as_json([checked], words))
            checker.mend(checked, words)
        with contextlib.suppress(PracticeError):
            settings, _ = loader.parse(text, "x", words)
            for event in (Event("main"), Event("main", tag="v1"), Event("main", from_fork=True)):
                plan = planner.make(settings, event, [], 1, words)
                plan_report.text(repo, plan, event, words)
                plan_report.as_json(repo, plan, event, words)
                outline.outline(repo, plan, event, lambda line: None, words)
                planned += 1
    assert planned > 50
