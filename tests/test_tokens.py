"""Practice tokens are PyPI's in all but their location: checked with somebody else's code."""

from __future__ import annotations

import os
import time
import uuid

import pypitoken
import pytest

from pypi_practice import tokens
from pypi_practice.facts import INDEXES, load

KEY = os.urandom(32)
USER, PROJECT = str(uuid.uuid4()), str(uuid.uuid4())
REQUEST = tokens.Request(USER, PROJECT, "Demo.Name", "demo-name")


def make(*caveats) -> str:
    return tokens.make(INDEXES["testpypi"], str(uuid.uuid4()), KEY, caveats)


def test_pypitoken_reads_and_accepts_them():
    raw = make([1, ["demo-name"]], [2, [PROJECT]])
    token = pypitoken.Token.load(raw)
    assert token.domain == INDEXES["testpypi"].practice_location
    token.check(key=KEY, project_name="demo-name", project_id=PROJECT, user_id=USER)
    assert tokens.refusal(raw, KEY, [], REQUEST) is None


def test_what_pypitoken_narrows_is_accepted_and_refused_alike():
    now = int(time.time())
    narrow = pypitoken.Token.load(make([3, USER]))
    narrow.restrict(project_names=["demo-name"], not_before=now - 5, not_after=now + 60)
    assert tokens.refusal(narrow.dump(), KEY, [], REQUEST) is None
    other = tokens.Request(USER, PROJECT, "other", "other")
    reason = "project-scoped token is not valid for project: 'other'"
    assert tokens.refusal(narrow.dump(), KEY, [], other) == reason


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
        ([4, "publisher"], "OIDC scoped token used outside of an OIDC identified request"),
        ([0, 10, 0], "token is expired"),
        ([0, 2**40, 2**40 - 1], "token is expired"),
        ({"version": 1, "permissions": {"projects": ["x"]}},
         "project-scoped token is not valid for project: 'Demo.Name'"),
    ],
)  # fmt: skip
def test_each_refusal_has_pypis_words(caveat, reason):
    assert tokens.refusal(make(caveat), KEY, [], REQUEST) == reason


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
    assert tokens.refusal(make(caveat), KEY, [], REQUEST) is None


def test_stored_caveats_are_checked_too():
    refused = tokens.refusal(make(), KEY, [[3, "somebody"]], REQUEST)
    assert refused == "current user does not match user restriction in token"


def test_another_key_is_another_signature():
    assert tokens.refusal(make(), b"x" * 32, [], REQUEST) == "signatures do not match"


def test_practice_tokens_never_look_real():
    for index in INDEXES.values():
        raw = tokens.make(index, str(uuid.uuid4()), KEY, [])
        assert not tokens.is_real(raw)
    real = load("addresses")["real_locations"]
    assert not {index.practice_location for index in INDEXES.values()} & set(real)
