"""Regular expressions of a file are matched as Ruby does, in time linear in the text."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pypi_practice.core.i18n import Translator
from pypi_practice.travis.config import regular_expressions, ruby_patterns, yaml_positions
from pypi_practice.travis.config.build_conditions import (
    ConditionError,
    UnknownCondition,
    holds,
)
from pypi_practice.travis.config.regular_expressions import (
    Budget,
    BudgetExceeded,
    UnsupportedPattern,
)
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event

EN = Translator("en", "travis/messages")
ATOMS = [
    "a",
    "b",
    "\\n",
    ".",
    "^",
    "$",
    "\\d",
    "\\w",
    "\\s",
    "\\b",
    "\\B",
    "\\A",
    "\\z",
    "\\Z",
    "[ab]",
    "[^a]",
    "[a-c\\d]",
    "[[:digit:]x]",
    "\\.",
    "-",
    "(?i:B)",
    "\\W",
    "[\\]a]",
    "[b-]",
    "\\x61",
    "{",
    "}",
    "]",
    "/",
    "\\/",
    "(?#c)",
    "\\h",
    "|",
]
OPEN = ["(", "(?:", "(?<n>", "(?=", "(?!", "(?<=", "(?<!", "(?i:", "(?m:"]
REPEATS = ["*", "+", "?", "{2}", "{1,2}", "{,2}", "{2,}", "*?", "+?", "{1,2}?", "", "", "", "", ""]


def matches(pattern: str, text: str) -> bool | None:
    """Return whether the pattern is found; None if that is not decided."""
    try:
        return regular_expressions.search(ruby_patterns.ruby(pattern), text, Budget(10**8))
    except UnsupportedPattern:
        return None


def made_up(source: random.Random, depth: int) -> str:
    """Return a pattern that nobody would think of."""
    text = ""
    for _ in range(source.randint(0, 3)):
        if depth and source.random() < 0.35:
            text += source.choice(OPEN) + made_up(source, depth - 1) + ")"
        else:
            text += source.choice(ATOMS)
        text += source.choice(REPEATS)
    return text


@pytest.mark.skipif(shutil.which("ruby") is None, reason="there is no Ruby to compare with")
def test_ruby_says_the_same_of_what_is_decided():
    source = random.Random(7)
    cases = [
        (made_up(source, 3), "".join(source.choices("aab\nBA1. -c", k=source.randint(0, 7))))
        for _ in range(4000)
    ]
    code = """$VERBOSE = nil; require "json"
    puts JSON.generate(JSON.parse(STDIN.read).map { |pattern, text|
      begin; Regexp.new(pattern).match?(text); rescue RegexpError; "invalid"; end })"""
    result = subprocess.run(
        ["ruby", "-e", code], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    decided = 0
    for (pattern, text), theirs in zip(cases, json.loads(result.stdout), strict=True):
        try:
            answer: bool | str | None = matches(pattern, text)
        except regular_expressions.InvalidPattern:
            answer = "invalid"
        assert answer in (None, theirs), (pattern, text)
        decided += answer is not None
    assert decided > len(cases) / 3


SIMPLE = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "\\d", "\\w", "\\.", "\\b", "^", "(?=a)"]),
    lambda inner: st.one_of(
        st.builds("{}{}".format, inner, inner),
        st.builds("(?:{}|{})".format, inner, inner),
        st.builds("(?:{}){}".format, inner, st.sampled_from(["*", "+", "?", "{1,2}", "*?"])),
    ),
    max_leaves=6,
)


@settings(max_examples=500, deadline=None)
@given(SIMPLE, st.text("ab1. ", max_size=8))
def test_python_says_the_same_of_what_both_know(pattern, text):
    answer = matches(pattern, text)
    assert answer in (None, re.search(pattern, text) is not None)


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^v\\d+\\.\\d+$", "v1.12", True),
        ("^(?!dependabot)", "dependabot/x", False),
        ("^(?!dependabot)", "main", True),
        ("(?<=v)1", "v1", True),
        ("\\Amaster\\z", "master", True),
        ("^b$", "a\nb\n", True),
        ("(?i)MAIN", "main", True),
        ("a++", "a", None),
        ("(a)\\1", "aa", None),
        ("(?>a)", "a", None),
        ("\\p{Alpha}", "a", None),
        ("a{1000}{1000}", "a", None),
        ("\\bé", "é", None),
        ("é+", "éé", True),
        ("(" * 1000, "a", None),
    ],
)
def test_patterns(pattern, text, expected):
    assert matches(pattern, text) is expected


@pytest.mark.parametrize("pattern", ["(", ")", "*a", "[", "a(b", "[z-a]"])
def test_what_ruby_refuses_is_refused(pattern):
    with pytest.raises((regular_expressions.InvalidPattern, UnsupportedPattern)):
        ruby_patterns.ruby(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "(a*)*b",
        "(a|a)*b",
        "(a|aa)+$",
        "(?=(a+)+b)",
        "(?<!aab)c",
        "(.*)(.*)(.*)x",
        "a*?b",
    ],
)
def test_the_steps_grow_with_the_text(pattern):
    def steps(length: int) -> int:
        budget = Budget(10**9)
        regular_expressions.search(ruby_patterns.ruby(pattern), "a" * length + "c", budget)
        return 10**9 - budget.remaining

    assert steps(40_000) <= 2.5 * steps(20_000)
    assert steps(20_000) <= 20 * 20_000


def test_a_condition_that_would_take_hours_is_decided_or_refused():
    data = {"branch": "main", "env": {"A": "ab" * 20_000}}
    assert not holds(f'concat("{"a" * 90_000}b") =~ ^(a+)+$', data)
    with pytest.raises(BudgetExceeded):
        holds(" OR ".join(["env(A) =~ (a|aa)*a(a|b){90}$"] * 150), data)
    with pytest.raises(UnknownCondition):
        holds("branch =~ (a)\\1", data)
    with pytest.raises(ConditionError):
        holds("branch =~ [z-a]", data)
    assert holds(" OR ".join(["branch = x"] * 5000) + " OR branch = main", data)


# What Travis CI's own parser makes of plain words was run with Psych 4 and travis-yml.
SCALARS = {
    "true": True,
    "True": True,
    "Yes": True,
    "yes": "yes",
    "On": True,
    "on": "on",
    "No": False,
    "no": "no",
    "010": "8",
    "08": "08",
    "0x1F": "31",
    "1_000": "1000",
    "1,000": "1000",
    "0b11": "3",
    "0o17": "0o17",
    "+5": "5",
    "-5": "-5",
    "-0": "0",
    "1e3": "1e3",
    "1.5": "1.5",
    ".inf": "Infinity",
    ".nan": "NaN",
    ".5": ".5",
    "2020-13-45": "2020-13-45",
    "20:30": "73800",
    "20:30:15": "73815",
    "190:20:30": "685230",
    "12:30:45.5": "45045.5",
    "~": None,
    "null": None,
    "--1": "--1",
    "1__0": "1__0",
    "_1": "_1",
    "0_1": "1",
    "00": "0",
    "-010": "-8",
    "1.": "1.",
    "99999999999999999999": "99999999999999999999",
    "0X1f": "0X1f",
    "1_": "1_",
    "0x": "0x",
    "2020-01-02T03:04:05Z": "2020-01-02T03:04:05Z",
    "!!int 5": "5",
    "!!str true": "true",
    "!!bool yes": "yes",
    "!!null x": "x",
    "!ruby/object:Foo x": "x",
    "!!python/none x": "x",
    "!foo true": True,
    '"true"': "true",
    "|-\n  true": "true",
    "9" * 5000: "9" * 5000,
    "0x" + "f" * 5000: "0x" + "f" * 5000,
    "2020-02-30": "2020-02-30",
}


@pytest.mark.parametrize("word", SCALARS)
def test_a_plain_word_is_what_it_is_to_travis_ci(word):
    item = yaml_positions.parse(f"a: {word}\n")
    assert item is not None
    assert item.data()["a"] == SCALARS[word]


@pytest.mark.parametrize("word", ["2020-01-02", "!!timestamp 2020-1-2", "2024-02-29"])
def test_a_date_is_refused_as_travis_ci_refuses_it(word):
    with pytest.raises(yaml_positions.MarkError) as error:
        yaml_positions.parse(f"a: {word}\n")
    assert error.value.code == "date"


def test_values_that_are_no_text_are_commands_and_variables_as_ruby_writes_them():
    root = yaml_positions.parse(
        "script: [true, 010, [No, {a: b}], ~, 1.50]\nname: On\ninstall: true\n"
    )
    assert root is not None
    plan = planner.make(root.data(), Event("main"), [], 1, EN)
    (job,) = plan.stages[0].jobs
    assert job.phase("script") == ["true", "8", "false", "1.50"]
    assert job.phase("install") == ["true"]
    assert job.name == "true"
    plan = planner.make({"env": [True, ["A=1"]], "script": "x"}, Event("main"), [], 1, EN)
    assert [job.env for stage in plan.stages for job in stage.jobs] == [["true"], ["A=1"]]


@pytest.mark.parametrize(
    "text",
    [
        "a: &a {x: 1}\nb: {<<: [" + "*a, " * 50_000 + "*a]}\n",
        "a: &a [x, x]\nb: [" + "*a, " * 50_000 + "*a]\n",
        "[" * 100_000,
        "{a: " * 60_000,
        "".join(f"k{n}: v\n" for n in range(20_000)),
        "a: &a " + "y" * 90_000 + "\nb: [" + "*a, " * 40_000 + "*a]\n",
    ],
    ids=["merges", "aliases", "sequences", "mappings", "keys", "texts"],
)
def test_composing_stops_at_the_limit(text, monkeypatch):
    events = 0

    def counted(stream, Loader):
        nonlocal events
        for event in original(stream, Loader=Loader):
            events += 1
            yield event

    original = yaml.parse
    monkeypatch.setattr(yaml, "parse", counted)
    with pytest.raises(yaml_positions.MarkError):
        yaml_positions.parse(text)
    assert events <= 2 * yaml_positions.NODE_LIMIT + 100
