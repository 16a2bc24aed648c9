"""Each shell block of the tutorial and of five how-tos, typed into a practice shell in a terminal.

The tutorial is typed line by line in English, and pasted block by block in Spanish, each page in a
terminal of its own. A how-to is typed in one language and in one way, so that together they are
typed in all ways: a block is the same in both languages, and so is what the shell makes of it.

Outputs are compared word by word, because each terminal breaks lines at its own width.
What pypi-practice prints in Spanish is not compared with the page, which shows it in English.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.docs import normalize_output, proofs
from helpers.docs.blocks import Block, blocks, tutorial
from helpers.docs.tutorial_runner import GuideReader, GuideReaders, Outcome, runs_in_shell
from helpers.docs.typed_terminal import TypedShell, Typing, words

TUTORIAL = list(tutorial())
WALKS = [
    (TUTORIAL, "en", Typing.LINES),
    (TUTORIAL, "es", Typing.PASTED),
    (["howto/first-release"], "es", Typing.LINES),
    (["howto/clients"], "en", Typing.PASTED),
    (["howto/script"], "en", Typing.LINES),
    (["howto/own-index"], "en", Typing.PLAIN),
    (["howto/no-deploy"], "es", Typing.PLAIN),
]


@pytest.mark.parametrize(
    ("walk", "language", "typing"),
    WALKS,
    ids=[f"{walk[0]}-{language}-{typing}" for walk, language, typing in WALKS],
)
def test_what_the_page_shows_is_seen(
    walk: list[str], language: str, typing: Typing, guide_readers: GuideReaders
) -> None:
    reader = guide_readers.reader(f"{walk[0]}-{language}-{typing}")
    faults: list[str] = []
    outcomes: dict[str, Outcome] = {}
    for page in walk:
        faults += type_page(page, reader, language, typing, outcomes)
    assert not faults, "\n\n".join(faults)


def type_page(
    page: str, reader: GuideReader, language: str, typing: Typing, outcomes: dict[str, Outcome]
) -> list[str]:
    """Type the blocks of a page into a new terminal; return what is not as the page says."""
    faults = []
    shell = TypedShell(reader, language, typing)
    for block in dict.fromkeys(filter(runs_in_shell, blocks(page))):
        asked = block.special.get("stdin")
        answer = outcomes[asked].output.strip() if asked else None
        outcome = outcomes[f"{page}/{block.name}"] = shell.type(block, answer)
        where = f"{block.path} on the page {page}"
        passed = outcome.code == 0 == outcome.failures
        if passed == block.must_fail:
            faults.append(f"{where} ended with {outcome.code}:\n{outcome.output}")
        if language == "en" or "pypi-practice" not in block.file.read_text(encoding="utf-8"):
            faults += unseen(block, outcome)
    shell.close()
    return faults


def unseen(block: Block, outcome: Outcome) -> Iterator[str]:
    """Yield a sentence for each output of *block* that its page shows and that is not seen."""
    output = normalize_output.compared(normalize_output.normalized(outcome.output, outcome.home))
    for shown in blocks(block.page):
        if shown.kind == "captured" and shown.file == block.file.with_suffix(".out"):
            expected = proofs.part(shown, shown.file.read_text(encoding="utf-8"))
            if " ".join(words(expected)) not in " ".join(words(output)):
                yield f"{shown.label} shows this:\n{expected}\nand this is seen:\n{output}"
