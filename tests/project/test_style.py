"""The hooks for a commit find nothing, and no file carries what must not be in it."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
import yaml
from helpers.docs.blocks import ROOT, is_section, pages
from helpers.site.data_texts import WHOLE as LANGUAGES

FILES = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if (ROOT / name).is_file()
]


HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))["repos"]


@pytest.mark.parametrize(
    "hook", [hook["id"] for repository in HOOKS for hook in repository["hooks"]]
)
def test_a_hook_finds_nothing(hook, tmp_path):
    """ruff, mypy and the other tools, on all files, as their configuration calls them."""
    result = subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", hook, "--all-files"],
        cwd=ROOT,
        env={**os.environ, "PRE_COMMIT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout
    assert "no files to check" not in result.stdout


def test_no_file_holds_a_token_of_the_real_indexes():
    """Not even a cut one: only the prefix that the troubleshooting page explains."""
    real = re.compile(r"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZw)[A-Za-z0-9_-]")
    for file in FILES:
        assert not real.search(file.read_text(encoding="utf-8", errors="replace")), file


LOCKS = sorted(f"requirements/{file.name}" for file in ROOT.glob("requirements/*.txt"))


def test_configuration_and_lock_name_no_download_host():
    for name in (*LOCKS, "pyproject.toml", "Makefile", "make.py", ".ci/run"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://|--index-url|--extra-index|--find-links", text), name


@pytest.mark.parametrize("name", LOCKS)
def test_every_dependency_is_locked_with_its_hash(name):
    lock = (ROOT / name).read_text(encoding="utf-8")
    packages = re.findall(r"^(\S+?)==\S+.*?(?=^\S|\Z)", lock, re.M | re.S)
    assert len(packages) >= 25
    for block in re.findall(r"^[A-Za-z].*?(?=^[A-Za-z#]|\Z)", lock, re.M | re.S):
        assert re.match(r"[\w.-]+==\S+", block), block.splitlines()[0]
        assert "--hash=sha256:" in block, block.splitlines()[0]


# What readers look up has no length; what they read from beginning to end has: 500 to 900 words,
# and a tenth less or more where a page needs it.
READ = [
    page
    for page in pages()
    if page.startswith(("tutorial/", "howto/", "explanation/")) and not is_section(page)
]
BOUNDS = range(450, 1301)
NO_PROSE = re.compile(
    r"\A---\n.*?^---\n"  # front matter
    r"|\{\{.*?\}\}"  # macros, most of them blocks
    r"|\{ #[\w-]+ \}|\]\([^)]*\)",  # ids, and where links lead
    re.M | re.S,
)


def words(language: str, page: str) -> int:
    """Return how many words of prose a page has."""
    text = (ROOT / "docs" / language / f"{page}.md").read_text(encoding="utf-8")
    return len(re.findall(r"\w[\w.'’-]*", NO_PROSE.sub(" ", text)))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_is_read_in_one_go(language):
    counts = {page: words(language, page) for page in READ}
    assert len(counts) > 30
    assert {page: count for page, count in counts.items() if count not in BOUNDS} == {}
    boxes = {
        page: (ROOT / "docs" / language / f"{page}.md").read_text("utf-8").count("\n!!! ")
        for page in READ
    }
    assert {page: count for page, count in boxes.items() if count > 3} == {}
