"""Every code block of every page, proven; the pages follow the navigation."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.docs import proofs
from helpers.docs.blocks import Block, all_pages, blocks
from helpers.docs.tutorial_runner import GuideReaders
from pytest_examples import EvalExample

BLOCKS = [(page, block) for page in all_pages() for block in dict.fromkeys(blocks(page))]


@pytest.mark.parametrize(
    ("page", "block"), BLOCKS, ids=[f"{page}-{block.label}" for page, block in BLOCKS]
)
def test_block(
    page: str,
    block: Block,
    guide_readers: GuideReaders,
    eval_example: EvalExample,
    tmp_path: Path,
    proven: set[str],
) -> None:
    proofs.prove(block, guide_readers, eval_example, tmp_path)
    proven.add(block.label)
