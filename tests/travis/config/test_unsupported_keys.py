"""Each key that Travis CI knows is played by a rehearsal, or named in the plan and in the log."""

from __future__ import annotations

import importlib.resources
import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from helpers.travis.rehearsals import node, project

from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.travis.config import jobs, unsupported_keys
from pypi_practice.travis.config.schema.validator import Validator
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event
from pypi_practice.travis.run import outline, plan_report, repository, results, summary

EN = Translator("en", "travis/messages")
FACTS = load("travis/keys")
GROUPS = {key: name for name, group in FACTS["groups"].items() for key in group["keys"]}
SECTIONS = ("git", "cache", "jobs", "stages", "branches", "env")


def vendored() -> dict[str, Any]:
    """Return the schema of .travis.yml that check-jsonschema brings."""
    place = importlib.resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    return json.loads((place / "travis.json").read_text("utf-8"))


def walked(schema: Any, whole: dict[str, Any], path: str = "", depth: int = 0) -> Iterator[str]:
    """Yield the path of every key that *schema* names, those in sections with a dot."""
    if not isinstance(schema, dict) or depth > 8:
        return
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        yield from walked(whole["definitions"][name], whole, path, depth + 1)
    for key, inner in schema.get("properties", {}).items():
        key_path = f"{path}.{key}" if path else key
        key_path = {"matrix": "jobs", "env.secure": "secure"}.get(key_path, key_path)
        yield key_path
        top = key_path.partition(".")[0]
        if key_path in ("jobs.include", "jobs.exclude", "jobs.allow_failures"):
            yield from walked(inner.get("items"), whole, "", depth + 1)
        elif key_path in (*SECTIONS, "deploy") or top == "stages":
            yield from walked(inner, whole, key_path, depth + 1)
    for part in ("oneOf", "anyOf", "allOf"):
        for inner in schema.get(part, []):
            yield from walked(inner, whole, path, depth + 1)
    yield from walked(schema.get("items"), whole, path, depth + 1)


def travis_own() -> Iterator[str]:
    """Yield every key of the schema of travis-yml: those of the file, of a job, of a section."""
    facts = load("travis/schema")
    yield from Validator(node("language: python\n")).root_keys
    yield from facts["only_root"]
    yield from facts["only_job"]
    for name in ("jobs", "cache", "git", "branches"):
        yield from (f"{name}.{key}" for key in facts[name])
    yield from (f"stages.{key}" for key in facts["stage"])
    yield from (f"deploy.{key}" for key in facts["deploy"])
    for provider in unsupported_keys.PLAYED_PROVIDERS:
        yield from (f"deploy.{option.rstrip('*')}" for option in facts["providers"][provider])


EVERY = sorted({*walked(vendored(), vendored()), *travis_own()})
# What a deploy of the providers that are played can say; other providers are named as a whole.
OURS = {key for key in travis_own() if key.startswith("deploy.")}


def status(key: str) -> str:
    """Return ``played``, ``quiet``, or the group whose sentence names the key."""
    for name in ("played", "quiet"):
        if key in FACTS[name]:
            return name
    return GROUPS.get(key) or GROUPS.get(key.partition(".")[0], "")


def test_the_schemas_have_the_keys_that_everybody_uses():
    assert {
        "script",
        "services",
        "git.depth",
        "deploy.provider",
        "jobs.include",
        "cache.pip",
        "stages.if",
        "addons",
        "branches.only",
    } <= set(EVERY)
    assert len(EVERY) > 150


@pytest.mark.parametrize("key", EVERY)
def test_each_key_is_played_or_has_a_sentence(key):
    elsewhere = key.startswith("deploy.") and key not in OURS
    assert status(key) or elsewhere, (
        f"say in pypi_practice/data/travis/keys.yml what a rehearsal makes of {key}"
    )


def test_no_key_is_there_twice_or_for_nothing():
    listed = [*FACTS["played"], *FACTS["quiet"], *GROUPS]
    assert len(listed) == len(set(listed))
    # travis-build knows dpl_version, which no schema has.
    assert set(listed) - {"deploy.dpl_version"} <= set(EVERY)


@pytest.mark.parametrize("name", FACTS["groups"])
def test_each_sentence_is_in_both_languages_and_names_the_keys(name):
    group = FACTS["groups"][name]
    for code in LANGUAGES:
        assert "{keys}" in group[code]
    assert group["en"] != group["es"]


# What is named


def value(key: str) -> Any:
    """Return a value that Travis CI takes for *key*."""
    kinds = load("travis/schema")["root"]
    if key in ("services", "import", "keys"):
        return ["docker"]
    if key in kinds["yes_or_no"]:
        return key != "filter_secrets"
    return {"addons": {"firefox": "latest"}, "arch": "arm64", "cache": "npm"}.get(key, "1.0")


def written(key: str) -> str:
    """Return a .travis.yml that uses *key*."""
    top, _, name = key.partition(".")
    config: dict[str, Any] = {"language": "python", "install": "skip", "script": "true"}
    if key == "secure":
        config["env"] = {"global": [{"secure": "YWJj"}]}
    elif top == "deploy":
        config["deploy"] = {"provider": "pypi", "username": "a", "password": "$A", name: "1.0"}
    elif name:
        config[top] = {name: value(name) if top == "cache" else "x"}
    else:
        config[key] = value(key)
    return yaml.safe_dump(config, sort_keys=False)


NAMED = sorted(set(GROUPS) - {"elm-format", "elm-test", "opt_release"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A repository; what its commit holds is given by each test."""
    return project(tmp_path_factory.mktemp("keys") / "demo", "script: a\n")


@pytest.mark.parametrize("key", NAMED)
def test_a_key_that_is_not_played_is_named_in_the_plan_and_in_the_log(key, folder):
    root = node(written(key))
    plan = planner.make(Validator(root).normal(root), Event("main"), [], 1, EN)
    (unplayed,) = plan.unplayed
    shown = {"before_cache": "before_cache"}.get(key, key)
    assert unplayed.text.startswith(shown)
    assert unplayed.group == GROUPS.get(key, unplayed.group)
    repo, _ = repository.find(folder, "main", None, EN)
    sentence = FACTS["groups"][unplayed.group]["en"].format(keys=unplayed.text)
    assert sentence in plan_report.text(repo, plan, Event("main"), EN)
    assert plan_report.as_data(repo, plan, Event("main"), EN)["not_played"] == [unplayed.text]
    lines: list[str] = []
    outline.outline(repo, plan, Event("main"), lines.append, EN)
    assert EN("unknown", keys=unplayed.text) in lines
    differences = list(summary.differences(plan, Event("main"), results.Result(), EN))
    assert sentence in differences


@pytest.mark.parametrize(
    ("server", "is_named"), [("", True), (", server: 'http://127.0.0.1:8642/'", False)]
)
def test_the_practice_index_is_a_difference_only_where_a_deploy_meets_it(server, is_named):
    root = node(f"language: python\nscript: a\ndeploy: {{provider: pypi, on: main{server}}}\n")
    plan = planner.make(Validator(root).normal(root), Event("main"), [], 1, EN)
    result = results.Result(deployed={"steps"})
    assert (EN("differ_index") in summary.differences(plan, Event("main"), result, EN)) == is_named


@pytest.mark.parametrize("key", [*FACTS["played"], *FACTS["quiet"]])
def test_a_key_that_is_played_is_not_named(key):
    config: dict[str, Any] = {"language": "python", "script": "true"}
    top, _, name = key.partition(".")
    if top == "deploy":
        config["deploy"] = {"provider": "pypi"} | ({name: "x"} if name else {})
    elif top in ("jobs", "stages", "env", "branches"):
        return
    else:
        config[top] = {name: True} if name else "x"
    assert planner.make(config, Event("main"), [], 1, EN).unplayed == []


def test_values_that_matter_are_shown():
    config = {
        "services": ["docker", "redis"],
        "addons": {"apt": {"packages": ["x"]}},
        "cache": {"pip": True, "directories": ["a"]},
        "arch": "amd64",
        "import": [{"source": "o/r:a.yml"}],
    }
    shown = [unplayed.text for unplayed in unsupported_keys.unplayed(config, [])]
    assert shown == [
        "addons (apt)",
        "cache (directories)",
        "import (o/r:a.yml)",
        "services (docker, redis)",
    ]


@pytest.mark.parametrize(
    "cache", ["pip", ["pip"], {"pip": True}, False, {"pip": True, "timeout": 9}]
)
def test_pips_own_cache_is_played(cache):
    assert unsupported_keys.unplayed({"cache": cache}, []) == []


# What is played besides


@pytest.mark.parametrize(
    ("branches", "event", "runs"),
    [
        ("{only: [main]}", Event("main"), True),
        ("{only: [main]}", Event("staging"), False),
        ("{only: [main]}", Event("main", tag="v1.0"), False),
        (r"{only: [main, '/^v\d/']}", Event("main", tag="v1.0"), True),
        ("{only: [main]}", Event("main", pull_request=True), True),
        ("{except: [wip]}", Event("wip"), False),
        ("{except: ['/^wip/']}", Event("wip-2"), False),
        ("{except: [wip]}", Event("main"), True),
        ("{except: [wip]}", Event("gh-pages"), False),
        ("{only: [gh-pages]}", Event("gh-pages"), True),
        ("[main]", Event("staging"), False),
        ("main", Event("main"), True),
    ],
)
def test_branches_keep_a_build_from_being_made(branches, event, runs):
    root = node(f"script: a\nbranches: {branches}\n")
    plan = planner.make(Validator(root).normal(root), event, [], 1, EN)
    assert plan.runs is runs
    assert (plan.condition is None) is runs


def test_without_branches_only_gh_pages_is_left_out():
    assert planner.make({"script": "a"}, Event("main"), [], 1, EN).runs
    assert not planner.make({"script": "a"}, Event("gh-pages"), [], 1, EN).runs


@pytest.mark.parametrize(
    ("text", "may_fail"),
    [
        ("python: [3.12, nightly]\njobs: {allow_failures: [{python: nightly}]}", [False, True]),
        ("env: [A=1, A=2]\njobs: {allow_failures: [{env: A=2}]}", [False, True]),
        ("jobs: {include: [{name: a}, {name: b, allow_failure: true}]}", [False, True]),
        ("python: [3.12, 3.13]", [False, False]),
    ],
)
def test_jobs_that_may_fail(text, may_fail):
    root = node(text)
    plan = planner.make(Validator(root).normal(root), Event("main"), [], 1, EN)
    plan_jobs = [job for stage in plan.stages for job in stage.jobs]
    assert [job.may_fail for job in plan_jobs] == may_fail
    assert [job.environ["TRAVIS_ALLOW_FAILURE"] for job in plan_jobs] == [
        str(flag).lower() for flag in may_fail
    ]


def test_two_jobs_that_are_the_same_are_one():
    root = node("python: [3.12, 3.12]\n")
    assert len(jobs.expand(Validator(root).normal(root))) == 1
