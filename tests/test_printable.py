"""Nothing that is printed can steer a terminal, and nothing of it is lost."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pypi_practice.printable import printable, printable_json
from pypi_practice.words import Words

ANYTHING = st.text(st.characters())  # lone surrogates as well


@given(ANYTHING)
def test_what_is_printed_has_no_control_and_no_surrogate(text):
    shown = printable(text)
    shown.encode("utf-8")
    for letter in shown:
        assert unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(letter) not in (
            "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI",
        )  # fmt: skip
    assert printable(shown) == shown
    assert printable(text, multiline=True).replace("\n", r"\x0a") == shown


@given(ANYTHING)
def test_json_says_the_same(text):
    shown = printable_json(json.dumps([text], ensure_ascii=False, indent=2))
    assert json.loads(shown) == [text]
    assert printable(shown, multiline=True) == shown


def test_a_value_in_a_sentence_cannot_steer_and_a_path_cannot_begin_a_line():
    words = Words("en", "travis")
    assert words("no_folder", path=Path("a\x1b[2J\nb")).startswith(
        r"There is no folder a\x1b[2J\x0ab"
    )
    assert r"\x9b" in words("no_file", name="a", reason="\x9b")
