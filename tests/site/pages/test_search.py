"""The search: what it finds first, what it looks through, and how readers use it."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from helpers.docs.blocks import ROOT
from helpers.site.accessibility_audit import NARROW, WIDE
from helpers.site.built_site import LANGUAGES
from helpers.site.chromium import until

from site_builder.pages import search_data

FIXTURES = ROOT / "tests" / "fixtures"
SEARCHES = yaml.safe_load((FIXTURES / "searches.yml").read_text(encoding="utf-8"))
TASKS = yaml.safe_load((FIXTURES / "reader_tasks.yml").read_text(encoding="utf-8"))
# Of the npm package minisearch 7.2.0.
MINISEARCH = "03c27931eb603af1d3358579e9885eafdb6a2f5fa9929557b3e77d7e99d06d03"

FIND = "query => window.guideSearch.ready.then(find => find(query))"


def content(built_site, language: str) -> dict[str, Any]:
    """Return what the search of a language looks through."""
    text = (built_site.site / language / "search" / search_data.NAME).read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text.removeprefix("window.guideSearch = ").rstrip(";\n"))
    return data


@pytest.fixture(scope="module", params=LANGUAGES)
def searcher(request, browser, address):
    """The home page of a language with its search open and loaded."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    page.language = request.param
    page.goto(f"{address}/{request.param}/")
    page.keyboard.press("/")
    page.keyboard.type("pypi")
    page.locator(".search__results a").first.wait_for()
    yield page
    context.close()


def results(page, query: str) -> list[str]:
    """Return the places that a query finds, best first: tutorial/upload#keep."""
    places = [result["place"].partition("#") for result in page.evaluate(FIND, query)["results"]]
    return [(path.strip("/") or "index") + mark + name for path, mark, name in places]


def leads_to(results: list[str], places: list[str]) -> bool:
    """Tell whether the first result is one of *places*, or a section of a page among them."""
    return bool(results) and bool({results[0], results[0].partition("#")[0]} & set(places))


# What it finds


def test_what_people_type_finds_what_helps_first(searcher):
    missed = [
        f"{query!r} finds {hits[:4]} and not {places}"
        for query, places in SEARCHES[searcher.language].items()
        if not leads_to(hits := results(searcher, query), places)
    ]
    assert missed == []


def test_newcomers_find_with_their_own_words(searcher):
    missed = [
        f"{query!r} finds {hits[:4]} and not {task['page']}"
        for task in TASKS
        for query in task[searcher.language]
        if not leads_to(hits := results(searcher, query), [task["page"], *task.get("also", [])])
    ]
    assert missed == []


# What is typed, and a word of the page that must be found: other forms, no accents, no tilde.
FORMS = {
    "en": [
        ("publishing", "publish"),
        ("releases", "release"),
        ("configuration", "configure"),
        ("rotating", "rotate"),
        ("leaked", "leak"),
        ("uploads", "upload"),
        ("wheels", "wheel"),
        ("installing", "install"),
        ("tokens", "token"),
        ("revoking", "revoke"),
    ],
    "es": [
        ("publicar", "publicación"),
        ("publicacion", "publicación"),
        ("contrasena", "contraseña"),
        ("contrasenas", "contraseña"),
        ("contraseñas", "contraseña"),
        ("ensenar", "enseña"),
        ("instalaciones", "instalar"),
        ("rotar", "rota"),
        ("versiones", "versión"),
        ("filtraciones", "filtración"),
        ("maquina", "máquina"),
        ("maquinas", "máquina"),
        ("revocar", "revoca"),
        ("subiendo", "subir"),
        ("tamano", "tamaño"),
        ("etiquetas", "etiqueta"),
    ],
}


def test_the_search_knows_the_forms_of_a_word(searcher):
    missed = []
    for typed, word in FORMS[searcher.language]:
        plain, other = results(searcher, word), results(searcher, typed)
        if not set(plain) & set(other):
            missed.append(f"{typed!r} finds {other[:5]}; {word!r} finds {plain[:5]}")
    assert missed == []


def test_words_that_say_nothing_find_nothing(searcher):
    queries = {"en": ["I", "how do I", "the"], "es": ["cómo se hace", "de la", "como"]}
    for query in ["", "  ", "?", *queries[searcher.language]]:
        assert results(searcher, query) == [], query


def test_short_words_of_a_sentence_change_nothing(searcher):
    plain, sentence = {
        "en": ("pasted token", "I have pasted my token, what should I do?"),
        "es": ("token filtrado", "¿Qué hago si se me ha filtrado el token?"),
    }[searcher.language]
    assert results(searcher, sentence)[0] == results(searcher, plain)[0]


def test_a_query_finds_few_sections_of_many_pages(searcher):
    for query in ("token", "pypi", "travis pypi token upload"):
        hits = results(searcher, query)
        pages_found = [place.partition("#")[0] for place in hits]
        assert 3 < len(hits) <= 10
        assert max(map(pages_found.count, pages_found)) <= 3


@pytest.mark.parametrize(
    ("language", "typed", "meant"),
    [
        ("en", "tokne", ["token"]),  # two letters the other way round
        ("en", "macarron", ["macaroon"]),  # another letter
        ("en", "pasword", ["password"]),  # one too few
        ("es", "etiquta", ["etiqueta"]),
        ("es", "despligue", ["despliegue"]),
        ("es", "contrasseña", ["contraseña"]),  # one too many
    ],
)
def test_a_misspelt_word_is_understood_and_said(searcher, language, typed, meant):
    if searcher.language != language:
        return
    answer = searcher.evaluate(FIND, typed)
    assert answer["results"]
    right = searcher.evaluate(FIND, meant[0])
    assert right["corrected"] == []
    assert answer["results"][0]["place"] == right["results"][0]["place"]
    searcher.locator(".search__field").fill(typed)
    until(searcher, "document.querySelector('.search__status').textContent.match(/[«“]/)")


def test_words_of_one_meaning_find_the_same(searcher):
    pairs = {
        "en": [("practise", "practice"), ("delete", "remove"), ("repo", "repository")],
        "es": [
            ("comando", "orden"),
            ("computadora", "ordenador"),
            ("log", "registro"),
            ("fichero", "archivo"),
            ("shell", "intérprete"),
            ("tag", "etiqueta"),
        ],
    }[searcher.language]
    for first, second in pairs:
        assert results(searcher, first) == results(searcher, second) != []


# What it looks through


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_around_the_text_is_not_searched(language, built_site):
    text = "\n".join(section["text"] for section in content(built_site, language)["sections"])
    article = built_site.html(language, "tutorial/upload")
    for part in ("details.proof > p", "p.own-names"):
        assert article.select(part)
        for widget in article.select(part):
            assert widget.get_text(" ", strip=True)[:30] not in text, part
    for part in ("details.proof > summary", ".output .filename"):
        assert article.select(part)
        for widget in article.select(part):
            assert widget.get_text(" ", strip=True) not in text.splitlines(), part
    assert "data-search" not in text
    assert "<p>" not in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_is_there_in_its_language(language, built_site):
    sections = {section["place"]: section for section in content(built_site, language)["sections"]}
    upload = {"en": "Upload to TestPyPI with twine", "es": "Sube un paquete a TestPyPI con twine"}
    assert sections["tutorial/upload/#keep"]["page"] == upload[language]
    assert "page" not in sections["tutorial/upload/"]
    assert not [place for place in sections if place.endswith(("#sources", "#next"))]


def test_the_words_for_a_page_name_one_that_is_there(built_site):
    words = yaml.safe_load(
        (ROOT / "docs" / "data" / "site" / "search_words.yml").read_text(encoding="utf-8")
    )
    for language in LANGUAGES:
        places = {
            section["place"].replace("/#", "#").strip("/") or "index"
            for section in content(built_site, language)["sections"]
        } | {f"index{section['place']}" for section in content(built_site, language)["sections"]}
        assert set(words["pages"]) - places == set()
        assert set(words["weights"]) - places == set()


def test_the_library_is_as_its_authors_publish_it():
    file = ROOT / "overrides" / "assets" / "javascripts" / "minisearch.js"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == MINISEARCH
    licence = file.with_name("minisearch.LICENSE.txt").read_text(encoding="utf-8")
    assert "Luca Ongaro" in licence


# How it is used


@pytest.mark.parametrize("key", ["/", "s", "f"])
def test_a_key_opens_the_search_and_types_nothing(browser, address, key):
    page = browser.new_context().new_page()
    page.goto(f"{address}/en/tutorial/upload/")
    page.keyboard.press(key)
    page.keyboard.type("yank")
    assert page.locator(".search__field").input_value() == "yank"
    page.keyboard.press("Escape")
    until(page, "!document.querySelector('dialog.search').open")
    page.context.close()


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_result_takes_three_lines_at_most(browser, address, language, size):
    page = browser.new_context(viewport=size).new_page()
    page.goto(f"{address}/{language}/tutorial/upload/?q=token")
    page.locator(".search__results a").first.wait_for()
    lines = page.locator(".search__results a").evaluate_all(
        """all => all.map(one => [...one.children].reduce((sum, part) =>
             sum + part.offsetHeight / parseFloat(getComputedStyle(part).lineHeight), 0))"""
    )
    assert len(lines) > 3
    assert max(lines) < 3.2
    wide = page.evaluate("document.querySelector('dialog.search').scrollWidth")
    assert wide <= size["width"]
    page.context.close()


def test_a_result_of_the_open_page_closes_the_search(browser, address):
    page = browser.new_context().new_page()
    page.goto(f"{address}/en/tutorial/upload/")
    page.locator(".search-open").click()
    page.keyboard.type("keep the token in a keyring")
    page.locator(".search__results a[href$='tutorial/upload/#keep']").first.wait_for()
    page.keyboard.press("Enter")
    page.wait_for_url("**/tutorial/upload/#keep")
    until(page, "!document.querySelector('dialog.search').open")
    page.context.close()


def test_the_arrows_go_through_the_results(browser, address):
    page = browser.new_context().new_page()
    page.goto(f"{address}/en/?q=token")
    page.locator(".search__results a").nth(1).wait_for()
    focused = "[...document.querySelectorAll('.search__results a')].indexOf(document.activeElement)"
    for key, expected in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowUp", 0), ("ArrowUp", -1)):
        page.keyboard.press(key)
        assert page.evaluate(focused) == expected
    assert page.evaluate("document.activeElement.matches('.search__field')")
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_who_finds_nothing_is_told_what_to_do(browser, address, language):
    page = browser.new_context().new_page()
    page.goto(f"{address}/{language}/?q=xyzzyqwv")
    page.locator(".search__help a").click()
    page.wait_for_url(f"**/{language}/reference/messages/#box")
    assert urlsplit(page.url).fragment == "box"
    page.context.close()


def test_who_has_no_network_is_told(browser, address):
    page = browser.new_context().new_page()
    page.route("**/search/sections.js", lambda route: route.abort())
    page.goto(f"{address}/es/")
    page.keyboard.press("s")
    page.get_by_text("El buscador no ha llegado a abrirse").wait_for()
    page.unroute("**/search/sections.js")
    page.keyboard.type("token")
    page.locator(".search__results a").first.wait_for()
    page.context.close()
