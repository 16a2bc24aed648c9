"""What a condition of ``if:`` means, as travis-conditions reads it.

The cases are those of its spec/v1, with a few from real files in its fixtures.
"""

from __future__ import annotations

import pytest

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.travis.config.build_conditions import (
    SHELL_STRING,
    ConditionError,
    holds,
    parse,
)
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event

DATA = {"branch": "master", "tag": None, "env": {"foo": "foo", "bar": False}}


def variable(name: str) -> list[object]:
    """Return what an attribute reads as."""
    return ["var", name]


def value(text: str) -> list[object]:
    """Return what a text reads as."""
    return ["val", text]


def call(name: str, *arguments: object) -> list[object]:
    """Return what a call of a function reads as."""
    return ["call", name, list(arguments)]


def env(name: str) -> list[object]:
    """Return what ``env(name)`` reads as."""
    return call("env", value(name))


@pytest.mark.parametrize(
    ("text", "clear"),
    [
        ("(A)", "A"),
        ("((A))", "A"),
        ("not (A)", "not A"),
        ("!A", "not A"),
        ("! (A)", "not A"),
        ("A && B", "A and B"),
        ("A || B", "A or B"),
        ("A AND B OR C", "A and B or C"),
        ("(A) and (B)", "A and B"),
        ("not A and B", "(not A) and B"),
        ("A and not B", "A and (not B)"),
        ("(! A) && !B", "(not A) and (not B)"),
        ("A and B and C", "(A and B) and C"),
        ("A and B or C", "(A and B) or C"),
        ("A or B and C", "A or (B and C)"),
        ("A or B or C", "(A or B) or C"),
        ("(not A and not B and not C)", "((not A) and (not B)) and (not C)"),
        ("not (not A or not B) and not C", "(not ((not A) or (not B))) and (not C)"),
        ("not(not A and not (not B or not C))", "not ((not A) and (not ((not B) or (not C))))"),
        ("A or B and C or D and E or F", "((A or (B and C)) or (D and E)) or F"),
        ("(A or B) and C or D and (E or F)", "((A or B) and C) or (D and (E or F))"),
        ("A = 1 AND\\\nB = 2", "A = 1 AND B = 2"),
        ("\\\nA = 1 AND \\ \n B = 2\\\n", "A = 1 AND B = 2"),
        ("A = 1\n  AND B = 2\n", "A = 1 AND B = 2"),
        ("NOT type = a OR type = b", "(NOT type = a) OR (type = b)"),
    ],
)
def test_what_binds_stronger(text, clear):
    assert parse(text) == parse(clear)


def test_what_binds_stronger_is_told_by_parentheses():
    left, right = parse("A and (B or C)"), parse("(A and B) or C")
    assert left == ["and", value("A"), ["or", value("B"), value("C")]]
    assert right == ["or", ["and", value("A"), value("B")], value("C")]
    assert parse("not A") == ["not", value("A")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", value("1")),
        ("true", value("true")),
        ("type", variable("type")),
        ("typescript", value("typescript")),
        ("sender-foo", value("sender-foo")),
        ("'foo'", value("foo")),
        ('"foo"', value("foo")),
        ("'\"foo\"'", value('"foo"')),
        ("\"'foo'\"", value("'foo'")),
        ('"&.foo bar!?"', value("&.foo bar!?")),
        ('"$foo"', value("$foo")),
        ('""', value("")),
        ("\tfoo\n", value("foo")),
        ("env()", call("env")),
        ("env(foo)", env("foo")),
        ("ENV(foo)", env("foo")),
        ("env('foo')", env("foo")),
        ("env(type)", call("env", variable("type"))),
        ("env(env(foo))", call("env", env("foo"))),
        ("concat()", call("concat")),
        ("concat(foo, env(bar))", call("concat", value("foo"), env("bar"))),
        ("concat(branch ,foo,)", call("concat", variable("branch"), value("foo"))),
        ("1=1", ["eq", value("1"), value("1")]),
        ("true!=false", ["not_eq", value("true"), value("false")]),
        ("type == foo", ["eq", variable("type"), value("foo")]),
        ("type = type", ["eq", variable("type"), variable("type")]),
        ('"foo" = type', ["eq", value("foo"), variable("type")]),
        ("env(foo) != type", ["not_eq", env("foo"), variable("type")]),
        ("sender = sender-foo", ["eq", variable("sender"), value("sender-foo")]),
        ("type in (foo)", ["in", variable("type"), [value("foo")]]),
        ("type IN ( foo,bar )", ["in", variable("type"), [value("foo"), value("bar")]]),
        ("type NOT IN (foo ,tag)", ["not_in", variable("type"), [value("foo"), variable("tag")]]),
        ('env(foo) in ("a b")', ["in", env("foo"), [value("a b")]]),
        ("type IS present", ["is", variable("type"), "present"]),
        ("type is BLANK", ["is", variable("type"), "blank"]),
        ("type IS NOT present", ["is_not", variable("type"), "present"]),
        ('"foo" is not true', ["is_not", value("foo"), "true"]),
    ],
)
def test_terms(text, expected):
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("tag =~ foo", "foo"),
        ("tag ~= foo", "foo"),
        ("tag =~ /foo/", "foo"),
        ("tag =~ ^.*-foo$", "^.*-foo$"),
        ("tag =~ /^.* foo$/", "^.* foo$"),
        ("(tag =~ ^v(1|2)$)", "^v(1|2)$"),
        ("tag =~ ^v\\d+\\.\\d+\\.\\d+$", "^v\\d+\\.\\d+\\.\\d+$"),
        ("tag =~ /^(develop|release\\/.*)$/", "^(develop|release\\/.*)$"),
        ("tag =~ ^release/", "^release"),
        ("tag =~ /never ends", "never ends"),
        ("tag =~ env(foo)", env("foo")),
        ("tag =~ concat(^foo-, env(foo))", call("concat", value("^foo-"), env("foo"))),
    ],
)
def test_regular_expressions(text, pattern):
    assert parse(text) == ["match", variable("tag"), ["reg", pattern]]


def test_a_regular_expression_ends_where_the_next_word_begins():
    assert parse("tag =~ /foo/ OR (tag !~ ^bar$)") == [
        "or",
        ["match", variable("tag"), ["reg", "foo"]],
        ["not_match", variable("tag"), ["reg", "^bar$"]],
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1", True),
        ("0", True),
        ('""', True),
        ('not ""', False),
        ("TRUE", True),
        ("FALSE", False),
        ("tag", False),
        ("NOT branch = foo AND (env(foo) = foo OR tag = wat)", True),
        ("branch = foo OR env(foo) = foo AND NOT tag = wat", True),
        ("branch = foo OR env(foo) = foo AND tag = wat", False),
        ("1 = 1", True),
        ("true = true", True),
        ("branch = master", True),
        ("branch = foo", False),
        ("branch != foo", True),
        ("env(foo) = foo", True),
        ("ENV(foo) != foo", False),
        ("env(bar) = true", False),
        ("env(bar) = false", True),
        ("branch = env()", False),
        ("concat(foo, -, bar) = foo-bar", True),
        ("concat(branch, -, env(foo), -, env(bar)) = master-foo-false", True),
        ("branch =~ ^ma.*$", True),
        ("branch =~ ^foo.*$", False),
        ("branch !~ ^foo.*$", True),
        ("env(foo) =~ env(foo)", True),
        ('env(foo) =~ concat("^", env(foo), "$")', True),
        ("env(missing) =~ str", False),
        ("str =~ env(missing)", False),
        ("env(missing) =~ ^.*$", False),
        ("env(bar) =~ ^false$", True),
        ("branch =~ ^(?<first>m)aster\\z", True),
        ("tag =~", False),
        ("branch in (foo, master, bar)", True),
        ("branch IN (foo, bar)", False),
        ("branch NOT IN (foo, bar)", True),
        ("env(foo) NOT IN (foo, bar, baz)", False),
        ("branch IS present", True),
        ("branch IS NOT blank", True),
        ("tag IS present", False),
        ("tag IS blank", True),
        ("tag IS NOT present", True),
        ("env(foo) IS blank", False),
        ("env(bar) IS present", False),
        ("env(missing) IS blank", True),
        ('"" IS blank', True),
        ('"" IS true', True),
        ("env(bar) IS false", True),
        ("env(bar) IS NOT true", True),
    ],
)
def test_what_holds(text, expected):
    assert holds(text, DATA) is expected


@pytest.mark.parametrize("sudo", ["true", True])
@pytest.mark.parametrize(
    "text", ["sudo = true", "sudo != false", "sudo IS true", "sudo =~ ^true$", "sudo IS NOT false"]
)
def test_true_is_a_word_and_a_value(text, sudo):
    assert holds(text, {"sudo": sudo})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tags = true", False),
        ("branch!=master", True),
        ("branch = environment", False),
    ],
    ids=["no such attribute", "no space after the attribute", "begins with env"],
)
def test_traps_that_travis_ci_has_too(text, expected):
    assert holds(text, {"branch": "environment" if "env" in text else "master"}) is expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "expected an operand at position 0"),
        ("= foo", "expected an operand at position 0"),
        ("branch = $FOO", SHELL_STRING),
        ("$FOO = bar", SHELL_STRING),
        ("env($FOO) = bar", SHELL_STRING),
        ("(branch = master", "expected ) at position 16"),
        ("branch = master)", 'Could not parse "branch = master)"'),
        ('branch = "master', 'expected " at position 16'),
        ("type IN ()", "expected a list of values at position 9"),
        ("type IN", 'Could not parse "type IN"'),
        ("type IN push", 'Could not parse "type IN push"'),
        ("branch IS master", 'Could not parse "branch IS master"'),
        ('branch IS "master"', r'Could not parse "branch IS \"master\""'),
        ("tag NOT present", "Could not parse"),
        ("branch = master NOT type = push", "Could not parse"),
        ("branch = type = push", "Could not parse"),
        ("branch !=~ ^renovate", "Could not parse"),
        ("branch = master AND", "expected an operand"),
        ("branch = IN (master, dev)", "Could not parse"),
        ("str =~ /[z-a]/", "Invalid regular expression: /[z-a]/"),
        pytest.param("(" * 3000, "Could not parse", id="deep"),
    ],
)
def test_what_cannot_be_read_gets_a_sentence(text, reason):
    with pytest.raises(ConditionError) as error:
        holds(text, DATA)
    assert reason in str(error.value)
    for language in LANGUAGES:
        words = Translator(language, "travis/messages")
        with pytest.raises(PracticeError) as sentence:
            planner.make({"if": text}, Event("main"), [], 1, words)
        assert str(sentence.value) == words("bad_condition", where="if", reason=error.value)
