"""A token is seen however it is written, and what is none is left alone."""

from __future__ import annotations

import base64
import json
import os
import textwrap
import time
import uuid
from urllib.parse import quote

import pytest
from helpers.docs.blocks import ROOT
from pymacaroons import MACAROON_V2, Macaroon

from pypi_practice.core.data import load
from pypi_practice.core.indexes import INDEXES
from pypi_practice.tokens import macaroons, patterns

BEGINNING = "pypi-" + "AgEIcHlwaS5vcmc"  # of every token of PyPI


def token(location: str) -> str:
    """Return a token that says it is of *location*, and that no index knows."""
    macaroon = Macaroon(
        location=location, identifier=str(uuid.uuid4()), key=os.urandom(32), version=MACAROON_V2
    )
    return "pypi-" + macaroon.serialize()


def encoded(text: str) -> str:
    """Return *text* with each of its characters percent-encoded."""
    return "".join(f"%{byte:02x}" for byte in text.encode())


WRITTEN = {
    "alone": lambda raw: raw,
    "with blanks": lambda raw: f"  {raw}\n",
    "in double quotes": lambda raw: f'NAME="{raw}"',
    "in single quotes": lambda raw: f"NAME='{raw}'",
    "exported": lambda raw: f"export X={raw}; twine upload dist/*",
    "in an address": lambda raw: f"https://__token__:{raw}@upload.pypi.org/legacy/",
    "in an encoded address": lambda raw: f"https://{quote('__token__:' + raw, safe='')}@host/",
    "all encoded": lambda raw: f"password={encoded(raw)}",
    "in a header": lambda raw: (
        "Authorization: Basic " + base64.b64encode(f"__token__:{raw}".encode()).decode()
    ),
    "in a header with another name": lambda raw: base64.b64encode(f"ab:{raw}".encode()).decode(),
    "in a header with a short name": lambda raw: base64.b64encode(f"a:{raw}".encode()).decode(),
    "in base64 in lines": lambda raw: base64.encodebytes(f"__token__:{raw}".encode()).decode(),
    "in base64 in an address": lambda raw: quote(base64.b64encode(f"u:{raw}".encode())),
    "in JSON": lambda raw: json.dumps({"password": raw}),
    "in JSON with escapes": lambda raw: "".join(f"\\u{ord(character):04x}" for character in raw),
    "with escapes of bash": lambda raw: (
        "$'" + "".join(f"\\x{ord(character):02x}" for character in raw) + "'"
    ),
    "in YAML": lambda raw: f"env:\n  global:\n    - secure: no\n    - NAME={raw}\n",
    "in narrow lines": lambda raw: "\n   ".join(textwrap.wrap(raw, 11, break_on_hyphens=False)),
    "in lines of Windows": lambda raw: f"{raw[:9]}\r\n{raw[9:50]}\r\n{raw[50:]}",
    "in lines with backslashes": lambda raw: f"NAME={raw[:12]}\\\n{raw[12:]}",
    "put together": lambda raw: f'"{raw[:12]}" + "{raw[12:40]}" "{raw[40:]}"',
    "put together by a shell": lambda raw: f"\"{raw[:12]}\"'{raw[12:]}'",
    "among other text": lambda raw: "x" * 1000 + f"({raw})" + "x" * 1000,
}


@pytest.mark.parametrize("how", WRITTEN)
@pytest.mark.parametrize("location", load("index/addresses")["real_locations"])
def test_a_real_token_is_seen_however_it_is_written(location, how):
    for _ in range(5):
        text = WRITTEN[how](token(location))
        assert patterns.contains_real(text), text
        assert patterns.contains_real(text.encode())
        for coding in ("utf-16", "utf-16-be"):
            assert patterns.contains_real(text.encode(coding))


@pytest.mark.parametrize("how", WRITTEN)
def test_a_token_of_the_practice_index_is_not_real(how):
    for index in INDEXES.values():
        raw = macaroons.make(index, str(uuid.uuid4()), os.urandom(32), [])
        assert not patterns.contains_real(WRITTEN[how](raw))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pypi-",
        "$PYPI_TOKEN",
        f"{BEGINNING}...",
        BEGINNING + "CJDU3",
        f"Every token begins with {BEGINNING} and then says what it may do and for whom",
        "AgEIcHlwaS5vcmc",
        "\0\ud800",
        "%",
        "%zz\\u00",
        "\\",
    ],
)
def test_what_is_no_real_token(text):
    assert not patterns.contains_real(text)


@pytest.mark.parametrize(
    "unit",
    [
        "AgEIcHlwaS5vcm",
        f"{BEGINNING}A",
        "%",
        "%41",
        "\\u0041",
        "\n",
        "a\n",
        " ",
        "\" '",
        '" + "',
        "\0",
        "pypi-",
        "X190b2tlbl9fOnB5cGktQWdFSWNIbHdhUzV2Y21",
    ],
)
def test_looking_takes_time_linear_in_the_text(unit):
    for _ in range(5):
        times = []
        for size in (300_000, 600_000):
            text = unit * (size // len(unit))
            begin = time.thread_time()
            patterns.contains_real(text)
            patterns.find_tokens(text)
            patterns.redact(text)
            times.append(time.thread_time() - begin)
        if times[1] <= 2.5 * times[0]:
            return
    pytest.fail(str(times))


def test_tokens_are_found_each_once():
    first, second = token("pypi.org"), macaroons.make(INDEXES["pypi"], str(uuid.uuid4()), b"k", [])
    text = f"a {first} b '{second}' c {first} pypi-practice pypi-AgE"
    assert patterns.find_tokens(text) == [first, second]


@pytest.mark.parametrize(
    "text",
    [
        "TWINE_PASSWORD=$PYPI_TOKEN twine upload",
        "TWINE_PASSWORD=${PYPI_TOKEN}",
        'TWINE_PASSWORD="$PYPI_TOKEN"',
        "TWINE_PASSWORD='$PYPI_TOKEN'",
        "TWINE_PASSWORD=********",
        "PYPI_PASSWORD=<redacted>",
        "TWINE_PASSWORD=[secure]",
    ],
)
def test_the_name_of_a_variable_or_a_mask_is_no_secret(text):
    assert patterns.redact(text) == text


@pytest.mark.parametrize(
    "value", ["$ecret-hunter2", "$PYPI_TOKEN-hunter2", "'*hunter2**'", "<hunter2"]
)
def test_what_begins_like_a_variable_or_a_mask_is_blanked_out(value):
    assert "hunter2" not in patterns.redact(f"TWINE_PASSWORD={value}")


def test_a_secret_keeps_the_number_of_its_lines():
    text = f"a\n{token('pypi.org')[:40]}\n   {'b' * 40}\nc\n"
    assert patterns.redact(text) == "a\n[token]\n\nc\n"


def test_no_other_place_says_what_a_token_looks_like():
    places = [
        file.relative_to(ROOT).as_posix()
        for folder in ("pypi_practice", "site_builder", "overrides", "docs/data")
        for file in sorted((ROOT / folder).rglob("*.*"))
        if file.suffix in (".py", ".js", ".yml") and "pypi-Ag" in file.read_text(encoding="utf-8")
    ]
    assert places == ["pypi_practice/data/token_patterns.yml", "pypi_practice/tokens/patterns.py"]
