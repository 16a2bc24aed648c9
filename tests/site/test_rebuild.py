"""A build of the pages that changed alone: which those are, and that it makes the same site."""

from __future__ import annotations

import filecmp
import subprocess
import sys
from pathlib import Path

import pytest

from site_builder.build import changed_pages
from site_builder.site_data import ROOT

EXAMPLE = "examples/leak/check.sh"


def changed(*files: str) -> dict[str, set[str]] | None:
    return changed_pages(ROOT / file for file in files)


def test_a_page_changes_itself_in_its_language() -> None:
    assert changed("docs/es/howto/leak.md") == {"es": {"howto/leak.md"}}
    assert changed("docs/en/index.md", "docs/es/index.md") == {
        "en": {"index.md"},
        "es": {"index.md"},
    }


def test_an_example_changes_the_pages_that_show_it() -> None:
    shown = {"howto/first-release.md"}
    assert changed("examples/first-release/narrow.sh") == {"en": shown, "es": shown}
    assert changed("examples/upload/activate.sh") is not None
    assert len((changed("examples/upload/activate.sh") or {})["en"]) > 3


@pytest.mark.parametrize(
    "file",
    ["docs/data/site/words.yml", "overrides/main.html", "mkdocs.yml", "site_builder/hooks.py"],
)
def test_all_pages_may_depend_on_any_other_file(file: str) -> None:
    assert changed(file) is None
    assert changed("docs/es/howto/leak.md", file) is None


CODE = """
from pathlib import Path
from site_builder import build
build.build_pages(Path("old"))
for name in ("docs/es/practice.md", "examples/practice/shell.sh"):
    file = build.ROOT / name
    file.write_text(file.read_text("utf-8").replace("said", "written") + "\\n# new\\n", "utf-8")
build.rebuild_pages(Path("old"), Path("part"), build.changed_pages(
    [build.ROOT / "docs/es/practice.md", build.ROOT / "examples/practice/shell.sh"]))
build.build_pages(Path("whole"))
"""
# What a build of a part leaves as it was, as make serve says.
LEFT = {"sections.js", "feed.xml", "llms-full.txt"}


@pytest.mark.long
def test_a_build_of_the_changed_pages_makes_the_same_site(small_sources: Path) -> None:
    subprocess.run([sys.executable, "-c", CODE], cwd=small_sources, check=True)
    whole, part, old = (small_sources / name for name in ("whole", "part", "old"))
    pages = sorted(file.relative_to(whole) for file in whole.rglob("*.html"))
    assert len(pages) > 8
    for page in pages:
        if "print" in page.parts:
            assert filecmp.cmp(part / page, old / page, shallow=False), page
        else:
            assert filecmp.cmp(part / page, whole / page, shallow=False), page
    assert "written" in (part / "es" / "practice" / "index.html").read_text(encoding="utf-8")
