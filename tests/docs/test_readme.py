"""The blocks of README.md, CONTRIBUTING.md and the demo package's README, each proven."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest
import yaml
from helpers.docs import normalize_output, proofs
from helpers.docs.blocks import ROOT
from pytest_examples import CodeExample, EvalExample, find_examples

from pypi_practice.core.i18n import LANGUAGES
from scripts import command_line, contributing

pytestmark = pytest.mark.long

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.M | re.S)


def fences(*names: str) -> list[tuple[str, str]]:
    """Return language and text of each block of these files."""
    return [
        (fence[1], fence[2])
        for name in names
        for fence in FENCE.finditer((ROOT / name).read_text(encoding="utf-8"))
    ]


def typed(*names: str) -> list[str]:
    """Return the commands that the reader of these files types."""
    return [
        re.sub(r"^[$>] |\s+# .*$", "", line)
        for language, text in fences(*names)
        if language == "console"
        for line in text.splitlines()
        if line.startswith(("$ ", "> "))
    ]


OURS = ("README.md", "CONTRIBUTING.md", "TRANSLATING.md")
DEMO = "demo-package/README.md"


@pytest.mark.parametrize("command", dict.fromkeys(typed(*OURS)))
def test_a_command_of_our_own_pages_works(command, guide_readers, tmp_path, monkeypatch):
    target = re.fullmatch(r"(?:make|py -3 make\.py) (\w+)", command)
    if target:  # running them all would be this very test run; their own tests do
        help_text = subprocess.run(
            [sys.executable, "make.py", "help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert re.search(rf"^  {target[1]} ", help_text, re.M), command
        dry_run = subprocess.run(
            ["make", "--dry-run", target[1]], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        assert f"make.py {target[1]}" in dry_run
    elif command == ".venv/bin/python -m scripts.contributing":
        contributing.write()  # what it writes is there already: tests/scripts/test_contributing.py
    elif command == ".venv/bin/python -m scripts.command_line":
        # Versions of Python break some lines at other places, so the file itself is not written.
        monkeypatch.setattr(command_line, "FILE", tmp_path / "written.yml")
        monkeypatch.setenv("COLUMNS", command_line.COLUMNS)
        command_line.main()
        assert list(yaml.safe_load((tmp_path / "written.yml").read_text("utf-8"))) == [*LANGUAGES]
    elif command.startswith(".venv/bin/python -m pytest "):  # it takes most of an hour
        arguments = command.split()[1:]
        subprocess.run([sys.executable, *arguments, "--collect-only"], cwd=ROOT, check=True)
    elif command == "pipx install .":  # tests/docs/test_blocks.py runs it
        assert command in (ROOT / "examples" / "install" / "copy.sh").read_text().splitlines()
    elif command == "pypi-practice shell":
        assert guide_readers.reader("readme").practice("true").returncode == 0
    else:
        assert command.startswith("pypi-practice "), f"nothing proves {command}"
        project = proofs.project(tmp_path, ROOT / "demo-package" / ".travis.yml")
        shutil.copy(
            ROOT / "tests" / "fixtures" / "logs" / "travis-empty-token.log", project / "job.log"
        )
        result = guide_readers.reader("readme").practice("bash", "-c", command, cwd=project)
        assert result.returncode == 0, result.stdout


def test_the_blocks_that_are_no_commands_are_known():
    # jinja shows how a page shows a block, mermaid draws the packages.
    assert {language for language, _ in fences(*OURS)} == {"console", "jinja", "mermaid"}
    assert len(typed(*OURS)) > 7


def test_the_listing_calls_of_contributing_are_real(built_site):
    calls = re.findall(r'listing\("([^"]+)"', (ROOT / "CONTRIBUTING.md").read_text("utf-8"))
    assert calls
    shown = {row["listing"] for row in built_site.blocks("en")}
    assert set(calls) <= shown


@pytest.mark.parametrize("example", [*find_examples(ROOT / DEMO)], ids=str)
def test_the_python_of_the_demo_package(example: CodeExample, eval_example: EvalExample):
    eval_example.run(example)


def test_the_commands_of_the_demo_package(guide_readers, tmp_path):
    """Publish it first, so that the README's own ``pip install random-names`` finds it."""
    reader = guide_readers.reader("demo-readme")
    commands = typed(DEMO)
    lines = ["set -e", "unzip -q random-names.zip", "cd random-names"]
    lines += ["python3 -m venv ../tools", "../tools/bin/python -m pip install -q build twine"]
    lines += ["../tools/bin/python -m build > build.log", "export TWINE_USERNAME=__token__"]
    lines += ['export TWINE_PASSWORD="$(pypi-practice token new --index pypi)"']
    lines += ["../tools/bin/python -m twine upload dist/* > upload.log"]
    lines += ["python3 -m venv ../readme", ". ../readme/bin/activate"]
    for number, line in enumerate(commands):
        lines.append(f"{line} > '{tmp_path}/{number}' 2>&1")
    script = tmp_path / "script.bash"
    script.write_text("\n".join(lines), encoding="utf-8")
    result = reader.practice("bash", str(script))
    assert result.returncode == 0, result.stdout + "".join(
        file.read_text() for file in tmp_path.iterdir() if file != script
    )
    console = next(text for _, text in fences(DEMO) if "$ random_name" in text)
    shown = console.partition("$ random_name -o 3\n")[2]
    printed = (tmp_path / str(commands.index("random_name -o 3"))).read_text()
    assert normalize_output.compared(printed) == normalize_output.compared(shown)
