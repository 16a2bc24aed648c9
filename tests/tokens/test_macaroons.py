"""Practice tokens are PyPI's in all but their location: checked with somebody else's code."""

from __future__ import annotations

import json
import os
import time
import uuid

import pypitoken
import pytest
from pymacaroons import MACAROON_V2, Macaroon

from pypi_practice.core.data import load
from pypi_practice.core.indexes import INDEXES
from pypi_practice.tokens import macaroons

KEY = os.urandom(32)
USER, PROJECT = str(uuid.uuid4()), str(uuid.uuid4())
REQUEST = macaroons.Request(USER, PROJECT, "Demo.Name", "demo-name")


def make(*caveats) -> str:
    return macaroons.make(INDEXES["testpypi"], str(uuid.uuid4()), KEY, caveats)


def test_pypitoken_reads_and_accepts_them():
    raw = make([1, ["demo-name"]], [2, [PROJECT]])
    token = pypitoken.Token.load(raw)
    assert token.domain == INDEXES["testpypi"].practice_location
    token.check(key=KEY, project_name="demo-name", project_id=PROJECT, user_id=USER)
    assert macaroons.refusal(macaroons.read(raw), KEY, [], REQUEST) is None


def test_what_pypitoken_narrows_is_accepted_and_refused_alike():
    now = int(time.time())
    narrow = pypitoken.Token.load(make([3, USER]))
    narrow.restrict(project_names=["demo-name"], not_before=now - 5, not_after=now + 60)
    assert macaroons.refusal(macaroons.read(narrow.dump()), KEY, [], REQUEST) is None
    other = macaroons.Request(USER, PROJECT, "other", "other")
    reason = "project-scoped token is not valid for project: 'other'"
    assert macaroons.refusal(macaroons.read(narrow.dump()), KEY, [], other) == reason


@pytest.mark.parametrize(
    ("caveat", "reason"),
    [
        ([9], "caveat has unknown tag: 9"),
        ([1], "Not enough values"),
        ([1, "demo-name"], "invalid values for fields"),
        ([0, "1", "2"], "invalid values for fields"),
        ("text", "caveat must be an array"),
        ([], "caveat array cannot be empty"),
        ({"version": 2}, "caveat must be an array"),
        ([3, "somebody"], "current user does not match user restriction in token"),
        ([4, "publisher", 5], "invalid values for fields"),
        ([[1]], "unknown error"),
        ([0, True, 0], "invalid values for fields"),
        ([True, ["other"]], "project-scoped token is not valid for project: 'Demo.Name'"),
        ([None], "caveat has unknown tag: None"),
        ({"version": 1}, "caveat must be an array"),
        ({"version": 1, "exp": 2**40, "nbf": 0}, "caveat must be an array"),
        ({"version": 1, "permissions": {"projects": "demo-name"}}, "invalid values for fields"),
        ({"exp": 2**40}, "caveat must be an array"),
        ({"exp": "x", "nbf": 0}, "invalid values for fields"),
        ({"project_ids": ["x"]}, "project-scoped token is not valid for project: 'Demo.Name'"),
        ([4, "publisher"], "OIDC scoped token used outside of an OIDC identified request"),
        ([0, 10, 0], "token is expired"),
        ([0, 2**40, 2**40 - 1], "token is expired"),
        (
            {"version": 1, "permissions": {"projects": ["x"]}},
            "project-scoped token is not valid for project: 'Demo.Name'",
        ),
    ],
)
def test_each_refusal_has_pypis_words(caveat, reason):
    assert macaroons.refusal(macaroons.read(make(caveat)), KEY, [], REQUEST) == reason


@pytest.mark.parametrize(
    "caveat",
    [
        {"version": 1, "permissions": "user"},
        {"version": 1, "permissions": {"projects": ["demo-name"]}},
        {"exp": 2**40, "nbf": 0},
        {"project_ids": [PROJECT]},
    ],
)
def test_caveats_of_the_first_years_still_count(caveat):
    assert macaroons.refusal(macaroons.read(make(caveat)), KEY, [], REQUEST) is None


def test_a_caveat_that_is_not_json_is_an_unknown_error():
    # PyPI stops at it; what was said before it is shown instead.
    for before, reason in (([], "unknown error"), ([[9]], "caveat has unknown tag: 9")):
        macaroon = macaroons.read(make(*before))
        assert macaroon is not None
        macaroon.add_first_party_caveat("not json")
        raw = macaroons.narrow(macaroons.PREFIX + macaroon.serialize(), [[0, 1, 0]])
        assert macaroons.refusal(macaroons.read(raw), KEY, [], REQUEST) == reason


@pytest.mark.parametrize("tag", ["true", "1.0"])
def test_what_pypi_takes_for_tag_1_is_tag_1(tag):
    parsed = macaroons.parse(f'[{tag},["demo-name"]]', USER)
    assert json.dumps(parsed) == '[1, ["demo-name"]]'


def test_a_newer_field_behind_the_known_ones_is_passed_over():
    assert (
        macaroons.refusal(macaroons.read(make([1, ["demo-name"], "new"])), KEY, [], REQUEST) is None
    )


def test_every_failure_is_told_in_the_order_of_the_caveats():
    raw = make([9], [0, 1, 0])
    refused = macaroons.refusal(macaroons.read(raw), KEY, [[3, "somebody"]], REQUEST)
    assert refused == (
        "caveat has unknown tag: 9, token is expired, "
        "current user does not match user restriction in token"
    )


def test_stored_caveats_are_checked_too():
    refused = macaroons.refusal(macaroons.read(make()), KEY, [[3, "somebody"]], REQUEST)
    assert refused == "current user does not match user restriction in token"


def test_another_key_is_another_signature():
    assert (
        macaroons.refusal(macaroons.read(make()), b"x" * 32, [], REQUEST)
        == "signatures do not match"
    )


def test_practice_tokens_never_look_real():
    for index in INDEXES.values():
        raw = macaroons.make(index, str(uuid.uuid4()), KEY, [])
        assert not macaroons.is_real(raw)
        assert macaroons.location(raw) == index.practice_location
    real = load("index/addresses")["real_locations"]
    assert not {index.practice_location for index in INDEXES.values()} & set(real)


@pytest.mark.parametrize("location", load("index/addresses")["real_locations"])
def test_a_real_token_is_known_however_it_is_damaged(location):
    macaroon = Macaroon(location=location, identifier=USER, key=KEY, version=MACAROON_V2)
    raw = macaroons.PREFIX + macaroon.serialize()
    for damaged in (raw, raw[:40], raw[5:], f" {raw}\n", raw[:12] + " \n" + raw[12:], raw + "=="):
        assert macaroons.is_real(damaged)
    for other in ("", "pypi-", raw[:20], "x" * 200):
        assert not macaroons.is_real(other)
    assert macaroons.location(raw[:20]) is None


def test_what_is_no_token_cannot_be_narrowed():
    with pytest.raises(ValueError, match="not a token"):
        macaroons.narrow("pypi-AAAA", [[1, ["demo"]]])
