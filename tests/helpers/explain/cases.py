"""What the tests of the matcher share: the catalogue's own messages, the logs, and noise."""

from __future__ import annotations

import random
import re
import textwrap
from pathlib import Path

import yaml

from pypi_practice.core.indexes import INDEXES
from pypi_practice.explain.catalog import PLACEHOLDER, Entry, catalogue

LOGS = Path(__file__).parents[2] / "fixtures" / "logs"
EXPECTED: dict[str, list[str]] = yaml.safe_load((LOGS / "expected.yml").read_text("utf-8"))
# What stands for a place that only takes some letters.
SAMPLES = {"[0-9]+": "7", "[0-9a-f]+": "1a2b3c4", "[1-9]": "1", "40[0-9]": "403"}
FINDABLE = [entry for entry in catalogue() if entry.find]


def log(name: str) -> str:
    """Return a log as it came, line ends and all."""
    return (LOGS / name).read_bytes().decode("utf-8")


def sample(text: str) -> str:
    """Return a message as a program would print it: every place filled."""

    def fill(placeholder: re.Match[str]) -> str:
        name, quoted, expression = placeholder.groups()
        if name == "help":
            return INDEXES["pypi"].help
        value = SAMPLES[expression] if expression else f"a {name} of mine"
        return f"'{value}'" if quoted else value

    return PLACEHOLDER.sub(fill, text)


def wordings(entry: Entry) -> list[str]:
    """Return all wordings of a message, filled."""
    return [sample(text) for text in entry.texts]


def wrapped(text: str, width: int) -> str:
    """Return *text* as twine shows it in a terminal of *width* columns, with colours."""
    lines = textwrap.wrap(text, width, break_on_hyphens=False)
    return "\x1b[31mERROR   \x1b[0m " + "\r\n         ".join(lines)


def mixed(seed: int) -> str:
    """Return some messages in any order, with what else may stand in a log."""
    chance = random.Random(seed)
    noise = [
        "",
        "ok",
        "\u2019\u201c\U0001f600\u2028\x85\ufeff",
        "\ttravis_fold:end:x\r",
        "[31;1m",
        "\x1b]0;title\x07",
        "2026-11-24 08:00:00 INFO",
        "12:00:00 x",
        "   7\tx",
        "> > x",
        "\0\x08\x7f",
        "a\rb\rc",
        "https://example.org/?q=%20",
    ]
    parts = [
        *(chance.choice(wordings(entry)) for entry in chance.sample(FINDABLE, 5)),
        *chance.sample(noise, 6),
    ]
    chance.shuffle(parts)
    ends = ["\n", "\r\n", "\n\x1b[0K", "\n2026-11-24T08:00:00.5Z "]
    return "".join(part + chance.choice(ends) for part in parts)
