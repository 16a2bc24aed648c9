"""A reader who follows pages in any order, and again, and begins each as it says.

A page that shows how an empty practice is begun is followed in one, in a new folder. The tutorial
and the page about the practice shell use the practice that is kept, which is emptied before.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from helpers.docs import blocks as pages_blocks
from helpers.docs import normalize_output, proofs
from helpers.docs.blocks import blocks
from helpers.docs.tutorial_runner import GuideReader, pages_up_to, runs_in_shell
from site_builder.code_blocks.proof_kind import special

FRESH = "examples/practice/fresh.sh"
RESET, RESET_BLOCK = "`pypi-practice reset`", "examples/practice/reset.sh"


def pages() -> tuple[str, ...]:
    """Return the pages that have blocks for the shell; of the tutorial, its last one."""
    names = [name for name in pages_blocks.pages() if name != "index"]
    tutorial = pages_blocks.tutorial()
    return tuple(
        name
        for name in names
        if name not in tutorial[:-1]
        and any(runs_in_shell(block) for block in blocks(name))
        # The page about installing has readers without the program.
        and not special(pages_blocks.folder(name)).get("program")
    )


def keeps_practice(page: str) -> bool:
    """Whether a page uses the practice that is kept: it, or the first of its tutorial, says how
    that is emptied."""
    first = pages_blocks.source(pages_up_to(page)[0]).read_text(encoding="utf-8")
    return RESET in first or (RESET_BLOCK in {block.path for block in blocks(page)})


class Walker(GuideReader):
    """A reader with one home folder for all pages."""

    def __init__(self, base: Path, archive: Path) -> None:
        super().__init__(base, archive)
        self.archive = archive
        self._steps = 0
        self._options: tuple[str, ...] = ()

    def follow(self, page: str) -> None:
        """Follow *page*, after those of the tutorial that come before it."""
        self._steps += 1
        self._outcomes = {}
        self.base = self.base.parent / f"step-{self._steps}"
        self.base.mkdir()
        before = pages_up_to(page)
        self._options = ()
        if keeps_practice(page):
            self._begin_again()
        else:
            self.folder = self.home / f"step-{self._steps}"
            self.folder.mkdir()
            shutil.copy(self.archive, self.folder)
            if FRESH in {block.path for block in blocks(page)}:
                self._options = ("--fresh",)
        for name in before:
            self._outcomes[name] = {
                block: replace(
                    outcome, output=outcome.output.replace(str(self.folder), str(self.home))
                )
                for block, outcome in self._run_page(name).items()
            }

    def _begin_again(self) -> None:
        self.folder = self.home
        result = self._call(self.home, "reset", "--yes")
        assert result.returncode == 0, result.stdout
        shutil.rmtree(self.home / "tutorial")
        (self.home / "tutorial").mkdir()
        shutil.copy(self.archive, self.home / "tutorial")

    def practice(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run one command inside the practice shell that the page opens."""
        return self._call(cwd or self.folder, "shell", *self._options, "--", *command)

    def problems(self, page: str) -> list[str]:
        """Return what the blocks of *page*, which was followed last, did that it does not say."""
        problems = []
        for name in pages_up_to(page):
            result = self._outcomes[name]
            ran = {
                block.file.with_suffix(""): result[block.name]
                for block in blocks(name)
                if block.name in result
            }
            for block in blocks(name):
                outcome = ran.get(block.file.with_suffix(""))
                if outcome is None:
                    continue
                try:
                    if block.kind == "run":
                        proofs.prove_shell(block, outcome, block.label)
                    elif block.kind == "captured":
                        output = normalize_output.normalized(outcome.output, self.home)
                        proofs.prove_output(block, output, block.label)
                except AssertionError as error:
                    problems.append(f"{name}: {error}")
        return problems


def walk(order: Sequence[str], base: Path, archive: Path, *, one_home: bool) -> list[str]:
    """Follow pages in this *order*, in *one_home* or in a new one for each; return what is wrong.

    Everything that is wrong is returned, with the pages that were followed before.
    """
    problems_found: list[str] = []
    reader: Walker | None = None
    for number, page in enumerate(order):
        print(f"following {page}", flush=True)
        if reader is None or not one_home:
            folder = base / f"home-{number}" / "reader"
            folder.mkdir(parents=True)
            reader = Walker(folder, archive)
        try:
            reader.follow(page)
            problems = reader.problems(page)
        except AssertionError as error:  # the shell itself ended
            problems = [f"{page}: {error}"]
        followed = f"(followed: {', '.join(order[: number + 1])})"
        problems_found += [f"{problem}\n{followed}" for problem in problems]
        for problem in problems:
            print(problem, flush=True)
    return problems_found
