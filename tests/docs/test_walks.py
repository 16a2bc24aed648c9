"""The pages can be followed in any order, and again: their blocks do what the pages say.

A run of the tests follows a few pages that take little time. This follows all of them, which takes
an hour, in the order of a seed:

    python -m pytest tests/docs/test_walks.py --walk-all --walk-seed 7
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest
from helpers.docs import walk
from helpers.docs.blocks import ROOT, blocks
from helpers.docs.tutorial_runner import GuideReaders, pages_up_to

# Pages that take a few seconds each, and leave something behind: a token, a tag, a folder.
QUICK = (
    "practice",
    "howto/doctor",
    "howto/from-2019",
    "howto/no-deploy",
    "reference/anatomy",
    "explanation/ready-file",
    "explanation/cost",
)
PAGES = 2  # of the quick ones in one run


@pytest.mark.long
@pytest.mark.parametrize("one_home", [True, False], ids=["one home", "fresh homes"])
def test_pages_can_be_followed_in_any_order_and_again(
    one_home: bool,
    guide_readers: GuideReaders,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    seed = request.config.getoption("walk_seed") or random.randrange(1_000_000)
    print(f"--walk-seed {seed}")
    chooser = random.Random(seed)
    if request.config.getoption("walk_all"):
        order = list(walk.pages())
        chooser.shuffle(order)
        again = chooser.sample(order, 3)
    else:
        order = chooser.sample(QUICK, PAGES)
        again = order[:1] if one_home else []
    order += again
    print(", ".join(order))
    wrong = walk.walk(order, tmp_path, guide_readers.archive, one_home=one_home)
    assert not wrong, f"--walk-seed {seed}\n\n" + "\n\n".join(wrong)


@pytest.mark.parametrize("place", ["home", "home/tutorial/random-names"])
def test_a_page_of_the_tutorial_leads_back_to_the_package_from_anywhere(place, tmp_path) -> None:
    """In the terminal of the page before, and in a new one."""
    package = tmp_path / "home" / "tutorial" / "random-names"
    (package / ".venv" / "bin").mkdir(parents=True)
    (package / ".venv" / "bin" / "activate").write_text("active=yes\n")
    result = subprocess.run(
        ["bash", "-c", 'set -e; . "$0"; echo "$PWD $active"', ROOT / "examples/upload/activate.sh"],
        cwd=tmp_path / place,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.stdout == f"{package} yes\n", result.stderr


def test_the_quick_pages_are_pages_with_blocks_for_the_shell() -> None:
    assert set(QUICK) <= set(walk.pages())


def test_a_page_that_makes_a_token_with_a_name_says_how_it_begins() -> None:
    """Such a name can be used once; the page begins an empty practice, or empties one."""
    for page in walk.pages():
        commands = [
            block.label
            for name in pages_up_to(page)
            for block in blocks(name)
            if block.file.suffix == ".sh" and "token new" in block.file.read_text(encoding="utf-8")
            if "--name" in block.file.read_text(encoding="utf-8")
        ]
        shown = {block.path for block in blocks(page)}
        begins = walk.FRESH in shown or walk.keeps_practice(page)
        assert begins or not commands, f"{page}: {commands}"
