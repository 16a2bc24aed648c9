"""The tables of the reference: each says what the code says, in both languages, and all of it."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from helpers.docs.blocks import ROOT, pages
from twine.settings import Settings

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.tokens import macaroons
from pypi_practice.travis.config import jobs
from pypi_practice.travis.plan import planner
from pypi_practice.travis.plan.plan_types import Event
from scripts import sources
from site_builder import site_data
from site_builder.drawings import drawings
from site_builder.pages import tables

DATA = (
    "tables/address_uses",
    "tables/conditions",
    "tables/deploy_options",
    "tables/glossary",
    "tables/history",
    "tables/images",
    "site/drawings",
    "tables/scopes",
    "tables/timeline",
    "tables/token_fields",
    "tables/variables",
)


def data(name: str) -> Any:
    """Return what ``data/<name>.yml`` holds."""
    return yaml.safe_load(site_data.path(name).read_text(encoding="utf-8"))


def texts(node: Any) -> Iterator[dict[str, str]]:
    """Yield each text of a data file, a mapping with the languages; ``found`` holds no text."""
    if isinstance(node, dict) and node.keys() & {"en", "es"}:
        yield node
    elif isinstance(node, dict):
        for key, child in node.items():
            yield from texts(child) if key != "found" else ()
    elif isinstance(node, list):
        for child in node:
            yield from texts(child)


def read(page: str, language: str = "en") -> str:
    """Return the Markdown of a page."""
    return (ROOT / "docs" / language / f"{page}.md").read_text(encoding="utf-8")


def rows(markdown: str) -> list[list[str]]:
    """Return the cells of a table, without its head."""
    return [line.strip("| ").split(" | ") for line in markdown.splitlines()[2:]]


@pytest.mark.parametrize("name", DATA)
def test_each_text_is_in_both_languages(name):
    all_texts = list(texts(data(name)))
    assert all_texts
    for text in all_texts:
        assert text.keys() == {"en", "es"}, text
        assert all(text.values()), text
        codes = [sorted(re.findall(r"`[^`]+`", translation)) for translation in text.values()]
        assert codes[0] == codes[1], text


@pytest.mark.parametrize("name", DATA)
def test_each_text_keeps_the_terms(name):
    from helpers.site.terms import NOT_PROSE, wrong_terms

    wrong = [
        term
        for text in texts(data(name))
        for language in ("en", "es")
        for term in wrong_terms(NOT_PROSE.sub(" ", text[language]), language)
    ]
    assert wrong == []


# The options of a deploy entry


def test_the_options_are_those_that_travis_ci_knows():
    options, schema = data("tables/deploy_options"), data("travis/schema")
    known = {name.rstrip("*") for name in schema["providers"]["pypi"]}
    # dpl 2 knows the negated form of upload_docs no more.
    assert set(options["pypi"]) == known - {"skip_upload_docs"}
    assert set(options["every"]) == {name.rstrip("*") for name in schema["deploy"]}
    aliases = {
        option["alias"]: name for name, option in options["pypi"].items() if "alias" in option
    }
    assert aliases == schema["provider_aliases"]["pypi"]


def test_the_options_are_listed_with_variables_and_traps():
    by_name = {row[0]: row for row in rows(tables.write("deploy_options", "en", "pypi"))}
    user = by_name["`username`{ #username }<br>`user`"]
    assert user[1] == "required"
    assert "`PYPI_USERNAME`, `PYPI_USER`." in user[2]
    assert by_name["`twine_check`{ #twine-check }"][1] == "`true`"
    assert "**Trampa:**" in tables.write("deploy_options", "es", "every")
    assert "PYPI_PROVIDER" not in tables.write("deploy_options", "en", "every")


def test_the_default_server_is_where_the_addresses_are():
    server = next(
        row for row in rows(tables.write("deploy_options", "es", "pypi")) if "server" in row[0]
    )
    assert server[1] == "[la de PyPI](addresses.md#tools)"


# The conditions


@pytest.mark.parametrize(
    "row", data("tables/conditions")["on"], ids=lambda row: row["yaml"] or "nothing"
)
@pytest.mark.parametrize("event", drawings.events().values(), ids=drawings.events())
def test_bash_reads_what_a_condition_becomes(row, event):
    compiled = tables.compiled(row["yaml"])
    branch = event.tag or event.branch
    environ = {
        "TRAVIS_BRANCH": branch,
        "TRAVIS_TAG": event.tag,
        "TRAVIS_OS_NAME": "linux",
        "TRAVIS_PYTHON_VERSION": "3.12",
        "TRAVIS_REPO_SLUG": event.repository,
    }
    result = subprocess.run(["bash", "-c", compiled.condition], env=environ, check=False)
    assert result.returncode in (0, 1)
    permitted = [name for name in ("main", "staging", "master") if name in row["yaml"]]
    if "tags: true" in row["yaml"]:
        expected = bool(event.tag)
    elif "all_branches" in row["yaml"]:
        expected = True
    else:
        expected = branch in (permitted or ["master"])
    assert (result.returncode == 0) is expected


def test_on_is_compiled_and_not_typed():
    table = tables.write("on_conditions", "en")
    assert "`[[ ($TRAVIS_BRANCH = main || $TRAVIS_BRANCH = staging) ]]`" in table
    assert "`this is not a tagged commit`" in table
    assert "[[" not in (ROOT / "docs" / "data" / "tables" / "conditions.yml").read_text(
        "utf-8"
    ).replace("[[ ]]", "")


def test_a_deploy_entry_ignores_os():
    with_os, without = (tables.compiled(text) for text in ("on: {os: linux}", ""))
    assert with_os.condition == without.condition


def test_if_is_decided_by_the_rehearsal():
    decided = {row[0]: row[1:5] for row in rows(tables.write("if_conditions", "en"))}
    assert decided["`type = push AND branch = staging`"] == ["no", "yes", "no", "no"]
    assert decided["`tag IS present`"] == ["no", "no", "no", "yes"]
    assert decided["`tags = true`"] == ["no"] * 4
    assert "sí" in tables.write("if_conditions", "es")


def test_a_condition_that_can_be_read_is_not_among_the_bad():
    with pytest.raises(ValueError, match="branch = main can be read"):
        tables.complaint("branch = main")


# The variables


def test_the_variables_of_twine_are_those_that_twine_reads():
    parser = argparse.ArgumentParser()
    Settings.register_argparse_arguments(parser)
    known = {action.env for action in parser._actions if hasattr(action, "env")}
    assert set(data("tables/variables")["twine"]) == known


def test_the_variables_of_uv_are_those_that_uv_names():
    help_text = subprocess.run(
        [sys.executable, "-m", "uv", "publish", "--help"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    known = set(re.findall(r"\bUV_PUBLISH_\w+", help_text))
    # Attestations come with Trusted Publishing only, so that switch is of no use here.
    assert set(data("tables/variables")["uv"]) == known - {"UV_PUBLISH_NO_ATTESTATIONS"}


def test_the_variables_of_dpl_are_those_of_options():
    names = {f"PYPI_{name.upper()}" for name in data("tables/deploy_options")["pypi"]}
    assert set(data("tables/variables")["dpl"]) <= names


def test_the_variables_of_travis_ci_are_set_in_a_rehearsal():
    config = {**tables.REHEARSED, "dist": "noble"}
    plan = planner.make(config, Event("main"), [], 1, Translator("en", "travis/messages"))
    assert set(data("tables/variables")["travis"]) <= set(plan.stages[0].jobs[0].environ)


# Labels, addresses, images


def test_every_label_is_listed_and_untranslated_ones_are_marked():
    labels = data("index/labels")
    for language, mark in (("en", "in English there too"), ("es", "también en inglés")):
        listed = tables.write("label_table", language)
        assert len(rows(listed)) == len(labels)
        assert listed.count(mark) == sum(label["es"] is None for label in labels.values())


def test_the_addresses_are_those_of_both_indexes():
    listed = rows(tables.write("address_table", "en"))
    for key, column in (("pypi", 1), ("testpypi", 2)):
        index = INDEXES[key]
        expected = [f"`{url}`" for url in (index.web, index.upload, index.simple, index.help)]
        assert [row[column] for row in listed] == expected


def test_an_image_can_deploy_if_its_ruby_and_its_python_are_new_enough():
    needs = data("tables/images")["needs"]
    assert tables.deploying(["3.8", "3.10", "3.12"], "3.3.10", needs) == ["3.10", "3.12"]
    assert tables.deploying(["3.12"], "2.7.6", needs) == []
    assert rows(tables.write("images", "es"))[-1][-1] == "ninguna"


def test_the_images_of_the_ready_file_have_the_pythons_that_it_names():
    ready = yaml.safe_load((ROOT / "demo-package" / ".travis.yml").read_text(encoding="utf-8"))
    for job in ready["jobs"]["include"]:
        image = data("tables/images")["images"][job.get("dist", ready["dist"])]
        assert job["python"] in image["pythons"], job


def test_the_default_image_is_the_one_of_the_rehearsal():
    default = [
        name
        for name, image in data("tables/images")["images"].items()
        if "default" in image["status"]["en"]
    ]
    assert default == [jobs.DEFAULT_DIST]


# The glossary, the history, the steps


def test_a_term_is_named_as_in_the_terms():
    pairs = {term["en"]: term["es"] for term in data("site/terms")}
    for key, item in data("tables/glossary").items():
        assert (key in pairs) is ("name" not in item), f"{key}: one name, in one place"
        assert tables.names()[key]["es"] == pairs.get(key, item.get("name", {}).get("es"))


def test_the_glossary_is_in_order_with_one_anchor_for_each_term():
    for language in ("en", "es"):
        entries = re.findall(
            r"^### (.+) \{ #([\w-]+) \}$", tables.write("glossary", language), re.M
        )
        assert [title.casefold() for title, _ in entries] == sorted(
            title.casefold() for title, _ in entries
        )
        assert {anchor for _, anchor in entries} == {
            tables.anchor(key) for key in data("tables/glossary")
        }
        assert len(entries) == len(data("tables/glossary"))


def test_the_history_is_in_order_and_its_sources_are_on_the_page():
    steps = data("tables/history")
    assert [step["day"] for step in steps] == sorted(step["day"] for step in steps)
    (page,) = [page for page in pages() if "{{ history() }}" in read(page)]
    assert {step["source"] for step in steps} <= set(sources.used(page))


def test_the_steps_that_a_page_names_are_there():
    (page,) = [page for page in pages() if "{{ timeline() }}" in read(page)]
    steps = len(data("tables/timeline"))
    assert len(rows(tables.write("timeline", "en"))) == steps
    for language, word in (("en", "steps?"), ("es", "pasos?")):
        named = re.findall(rf"{word} (\d+)(?: (?:to|a) (\d+))?", read(page, language))
        numbers = {int(digits) for pair in named for digits in pair if digits}
        assert numbers
        assert max(numbers) == steps


# The anatomy of a token


def test_the_prefixes_of_practice_tokens_are_those_on_the_page():
    for index in INDEXES.values():
        token = macaroons.make(index, "00000000-0000-4000-8000-000000000001", b"k" * 32, [])
        assert any(
            token.startswith(beginning)
            for beginning in re.findall(r"`(pypi-AgE[\w-]+)`", read("reference/anatomy"))
        )


def test_the_token_that_is_taken_apart_is_a_practice_token():
    token = drawings.sample_token()
    assert not macaroons.is_real(token)
    macaroon = macaroons.read(token)
    assert macaroon is not None
    assert macaroon.location == INDEXES["testpypi"].practice_location
    text = (ROOT / "examples" / "anatomy" / "fields.py").read_text(encoding="utf-8")
    assert not re.search(r"pypi-[\w-]{16,}", text), "a token stands in it as a whole"
