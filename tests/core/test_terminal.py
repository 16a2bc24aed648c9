"""Nothing that is printed can steer a terminal, and nothing of it is lost."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pypi_practice.core.i18n import Translator
from pypi_practice.core.terminal import escaped_json, one_line, visible

ANYTHING = st.text(st.characters())  # lone surrogates as well


@given(ANYTHING)
def test_what_is_printed_has_no_control_and_no_surrogate(text):
    shown = one_line(text)
    shown.encode("utf-8")
    for letter in shown:
        assert letter == "\t" or unicodedata.category(letter) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(letter) not in (
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        )
    assert one_line(shown) == shown
    assert visible(text).replace("\n", r"\n") == shown


@given(ANYTHING)
def test_json_says_the_same(text):
    shown = escaped_json(json.dumps([text], ensure_ascii=False, indent=2))
    assert json.loads(shown) == [text]
    assert visible(shown) == shown


def test_a_value_in_a_sentence_cannot_steer_and_a_path_cannot_begin_a_line():
    words = Translator("en", "travis/messages")
    assert words("no_folder", path=Path("a\x1b[2J\nb")).startswith(
        r"There is no folder a\x1b[2J\nb"
    )
    assert r"\x9b" in words("no_file", name="a", reason="\x9b")
