"""Use my names: in the browser and in Python, on the pages and in the files."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import yaml
from helpers.docs.blocks import ROOT, pages
from helpers.site.built_site import LANGUAGES
from helpers.site.chromium import until
from playwright.sync_api import Locator, Page

from pypi_practice.core import project_names
from pypi_practice.fork import placeholder_names
from site_builder.formats import downloads
from site_builder.pages import placeholder_names as marks

NAMES = (
    "random-names",
    "Foo.Bar",
    "a",
    "x_y-z",
    "7zip",
    "lambda",
    "None",
    "A--b__c..D",
    "json",
    "xml.etree",
    "requirements.txt",
    "a1ready_taken",
    "-x",
    "x-",
    "ñandú",
    "two words",
    "",
    "ſ",
    "py",
    "thread",
    "pypi-AgEI",
    "pypi-tools",
    "x" * 100,
    "true",
    "a\n",
    "Requirements_TXT",
)
OTHERS = (
    "",
    "ana",
    "ana-b",
    "-ana",
    "ana-",
    "a--b",
    "x" * 39,
    "x" * 40,
    "a_b",
    "..",
    ".",
    "a.b",
    "pypi-AgEI",
)
OWN = {"project": "Foo.Bar", "repository": "foo", "user": "ana-b"}


@pytest.fixture
def visitor(browser, address):
    """A reader who may download and copy, on the page of the upload in English."""
    context = browser.new_context(
        accept_downloads=True, permissions=["clipboard-read", "clipboard-write"]
    )
    page = context.new_page()
    page.goto(f"{address}/en/tutorial/package/")
    yield page
    context.close()


def fill(page, **fields):
    """Open the form with the keyboard, type, and send."""
    page.locator(".own-names__open").focus()
    page.keyboard.press("Enter")
    page.locator("dialog.own-names-form").wait_for()
    for field, value in fields.items():
        page.fill(f"#own-names-{field}", value)
    page.keyboard.press("Enter")


def shown(page, form):
    """Return what the blocks of a page show for a form, each text once."""
    texts = page.locator(f'code [data-name="{form}"]').all_inner_texts()
    return set(texts)


def test_python_and_the_script_agree(visitor):
    """Every form and every fault of odd names, and every file of the demo package."""
    visitor.locator(".own-names__open").click()
    visitor.locator("dialog.own-names-form").wait_for()
    pairs = [
        (name, other, user)
        for name in NAMES
        for other, user in zip(OTHERS, OTHERS[::-1], strict=True)
    ]
    faults = visitor.evaluate("pairs => pairs.map(pair => guideNames.faults(...pair))", pairs)
    assert faults == [placeholder_names.faults(*pair) for pair in pairs]
    valid = [pair for pair in pairs if not placeholder_names.faults(*pair)]
    assert len(valid) > 20
    forms = visitor.evaluate("pairs => pairs.map(pair => guideNames.forms(...pair))", valid)
    assert forms == [placeholder_names.forms(*pair) for pair in valid]
    own = placeholder_names.forms("Foo.Bar", "foo", "ana")
    texts = [path.read_text("utf-8") for path in downloads.files("demo-package")]
    changed = visitor.evaluate(
        "([all, own]) => all.map(one => guideNames.replaced(one, own))", [texts, own]
    )
    assert changed == [placeholder_names.replaced(text, own) for text in texts]
    assert changed != texts


def test_every_block_shows_and_copies_the_names(visitor, address):
    fill(visitor, **OWN)
    visitor.locator("dialog.own-names-form").wait_for(state="hidden")
    assert visitor.locator(".own-names__status").inner_text() == "Every block now shows your names."
    assert shown(visitor, "project") == {"Foo.Bar"}
    assert shown(visitor, "package") == {"foo_bar"}
    block = visitor.locator("div.highlight", has_text="cd Foo.Bar").first
    block.locator("button").focus()
    visitor.keyboard.press("Enter")
    until(visitor, "navigator.clipboard.readText().then(text => text.includes('Foo'))")
    assert "cd Foo.Bar" in visitor.evaluate("navigator.clipboard.readText()")
    # They stay for the next visit, and for the other language.
    visitor.goto(f"{address}/es/tutorial/travis/")
    assert shown(visitor, "repository") == {"foo"}
    assert shown(visitor, "user") == {"ana-b"}
    assert visitor.get_by_role("button", name="Cambiar mis nombres").is_visible()
    code = visitor.locator("article code").all_inner_texts()
    assert [text for text in code if "random-names" in text or "your-name" in text] == []
    kept = visitor.evaluate("Object.keys(localStorage).filter(key => key.includes('own-names'))")
    assert kept == ["publish-from-ci.own-names"]
    # The way back.
    visitor.get_by_role("button", name="Cambiar mis nombres").click()
    visitor.get_by_role("button", name="Volver a los del ejemplo").click()
    assert shown(visitor, "repository") == {"random-names"}
    assert visitor.evaluate("localStorage.getItem('publish-from-ci.own-names')") is None


def test_wrong_names_are_said_at_once_and_in_the_language(visitor, address):
    for language, sentence in (("en", "A module of Python itself"), ("es", "Un módulo del propio")):
        visitor.goto(f"{address}/{language}/tutorial/package/")
        visitor.locator(".own-names__open").click()
        field = visitor.locator("#own-names-project")
        field.fill("json")
        fault = visitor.locator("#own-names-project-fault")
        assert fault.inner_text().startswith(sentence)
        assert field.get_attribute("aria-invalid") == "true"
        assert "own-names-project-fault" in field.get_attribute("aria-describedby")
        visitor.keyboard.press("Enter")
        assert visitor.locator("dialog.own-names-form").is_visible()
        assert visitor.evaluate("document.activeElement.id") == "own-names-project"
        field.fill("json-of-mine")
        assert fault.inner_text() == ""
    assert shown(visitor, "project") == {"random-names"}


def test_a_token_is_refused_and_does_not_stay(visitor):
    token = "pypi-AgENotATokenOfAnyIndex"
    for field in ("project", "repository", "user"):
        fill(visitor, **{field: token})
        assert "looks like a token" in visitor.locator(f"#own-names-{field}-fault").inner_text()
        assert visitor.locator(f"#own-names-{field}").input_value() == ""
        visitor.keyboard.press("Escape")
    stored = visitor.evaluate("JSON.stringify(Object.entries(localStorage))")
    assert "pypi-Ag" not in stored
    assert "pypi-Ag" not in visitor.content()


def test_escape_leaves_everything_as_it_was(visitor):
    fill(visitor, project="first-one")
    visitor.locator(".own-names__open").click()
    visitor.fill("#own-names-project", "second-one")
    visitor.keyboard.press("Escape")
    assert not visitor.locator("dialog.own-names-form").is_visible()
    assert visitor.evaluate("document.activeElement.matches('.own-names__open')")
    assert shown(visitor, "project") == {"first-one"}
    visitor.locator(".own-names__open").click()
    assert visitor.locator("#own-names-project").input_value() == "first-one"


def file_link(page: Page) -> Locator:
    """Open the mark below the first block of pyproject.toml; return its link to the file."""
    link = page.locator("a.download[href$='pyproject.toml']").first
    link.locator("xpath=ancestor::details/summary").click()
    return link


def test_downloads_hold_the_names(visitor, tmp_path):
    fill(visitor, **OWN)
    own = placeholder_names.forms(**OWN)
    with visitor.expect_download() as download:
        file_link(visitor).click()
    assert download.value.suggested_filename == "pyproject.toml"
    original = (ROOT / "demo-package" / "pyproject.toml").read_text("utf-8")
    text = Path(download.value.path()).read_text("utf-8")
    assert text == placeholder_names.replaced(original, own)
    assert 'name = "Foo.Bar"' in text
    link = visitor.locator("a[href$='.zip']").first
    assert "Foo.Bar.zip" in link.inner_text()
    with visitor.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "Foo.Bar.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.testzip() is None
        contents = {member.filename: archive.read(member).decode() for member in archive.infolist()}
    with zipfile.ZipFile(io.BytesIO(downloads.archive())) as archive:
        expected = {
            placeholder_names.replaced(member.filename, own): placeholder_names.replaced(
                archive.read(member).decode(), own
            )
            for member in archive.infolist()
        }
    assert contents == expected
    assert "Foo.Bar/src/foo_bar/__init__.py" in contents


def test_a_download_without_connection_comes_as_it_is(visitor):
    fill(visitor, **OWN)
    visitor.route(
        "**/files/**",
        lambda route: (
            route.abort() if route.request.resource_type == "fetch" else route.continue_()
        ),
    )
    with visitor.expect_download() as download:
        file_link(visitor).click()
    assert 'name = "random-names"' in Path(download.value.path()).read_text("utf-8")
    assert "with those of the example" in visitor.locator(".own-names__status").inner_text()


def test_a_form_that_cannot_come_says_so(visitor):
    visitor.route("**/own-names-form.js", lambda route: route.abort())
    visitor.locator(".own-names__open").click()
    visitor.get_by_text("The form could not be loaded").wait_for()
    visitor.unroute("**/own-names-form.js")
    visitor.locator(".own-names__open").click()
    visitor.locator("dialog.own-names-form").wait_for()


def test_spoilt_storage_does_no_harm(visitor):
    for spoilt in ("{", '"x"', '{"project": "<b>x"}', "[]", "null"):
        visitor.evaluate("text => localStorage.setItem('publish-from-ci.own-names', text)", spoilt)
        visitor.reload()
        assert shown(visitor, "project") == {"random-names"}


def test_without_script_the_examples_stand(browser, address):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/en/tutorial/package/")
    assert shown(page, "project") == {"random-names"}
    assert not page.get_by_role("button", name="Use my names").is_visible()
    page.context.close()


@pytest.mark.parametrize("name", ["Foo.Bar", "7zip", "lambda"])
def test_a_package_with_other_names_works(name, tmp_path):
    """The demo package passes its own tests after each name in it was replaced."""
    own = placeholder_names.forms(name, "repo", "ana")
    for path in downloads.files("demo-package"):
        inner = path.relative_to(ROOT / "demo-package").as_posix()
        target = tmp_path / placeholder_names.replaced(inner, own)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(placeholder_names.replaced(path.read_text("utf-8"), own), "utf-8")
    result = subprocess.run(
        [sys.executable, "-m", "unittest", "discover", "-s", "tests"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert own["package"] in (tmp_path / "pyproject.toml").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_name_in_code_is_marked(language, built_site):
    """What the pages show is what the examples hold, with each place of a name in a span."""
    marked = 0
    for page in pages():
        html = built_site.html(language, page)
        for code in html.select("article code"):
            if "as-is" in code.get("class", []) or code.find_parent(class_="fixed-names"):
                continue
            text = code.get_text()
            wanted = [
                (form, text[start:end]) for start, end, form in placeholder_names.places(text)
            ]
            spans: list[list[str]] = []
            for span in code.select("[data-name]"):
                if span["data-name"] == "rest":
                    spans[-1][1] += span.get_text()
                else:
                    spans.append([span["data-name"], span.get_text()])
            assert [tuple(span) for span in spans] == wanted, f"{language}/{page}"
            marked += len(spans)
        assert bool(html.select(".own-names")) == bool(html.select("article code [data-name]"))
    assert marked > 100


def test_a_name_that_is_cut_in_pieces_stays_balanced():
    cut = "<h1>x</h1><code><b>random</b><i>-</i><b>names</b> <b>&lt;random_names&gt;</b></code>"
    html = marks.mark(cut, "en")
    whole = (
        '<b><span data-name="project">random</span></b><i><span data-name="rest">-</span></i><b>'
    )
    assert f'{whole}<span data-name="rest">names</span></b>' in html
    assert '&lt;<span data-name="package">random_names</span>&gt;' in html


def test_links_change_too(browser, address):
    html = marks.mark(
        '<h1>x</h1><a href="https://pypi.org/project/random-names/?a=1&amp;b">x</a>', "en"
    )
    assert 'data-own-href="https://pypi.org/project/{normal}/?a=1&amp;b"' in html
    page = browser.new_context().new_page()
    page.goto(f"{address}/en/tutorial/package/")
    link = html[html.index("<a ") :]
    page.evaluate(
        "html => document.querySelector('article').insertAdjacentHTML('beforeend', html)", link
    )
    fill(page, project="Foo.Bar")
    link = page.locator("[data-own-href]")
    assert link.get_attribute("href") == "https://pypi.org/project/foo-bar/?a=1&b"
    page.context.close()


def test_the_form_knows_what_the_program_knows():
    text = marks.script_data("es")
    form_data = json.loads(text.removeprefix("window.ownNames = ").removesuffix(";\n"))
    assert set(form_data["stdlib"].split()) == project_names.stdlib()
    assert set(form_data["prohibited"]) == project_names.prohibited()
    uploads = yaml.safe_load(
        (ROOT / "pypi_practice" / "data" / "index" / "uploads.yml").read_text("utf-8")
    )
    assert uploads["name_stdlib"]["cause"]["es"] in form_data["says"]["name_stdlib"]


def test_the_search_index_holds_the_plain_names(built_site):
    for language in LANGUAGES:
        text = (built_site.site / language / "search" / "sections.js").read_text("utf-8")
        assert "data-name" not in text
        assert "your-name" in text


def test_the_archive_of_the_offline_set_has_the_names(browser, offline_set):
    """A browser fetches no file for a page from a disk."""
    page = browser.new_context(accept_downloads=True).new_page()
    page.goto((offline_set / "en" / "tutorial" / "package" / "index.html").as_uri())
    fill(page, **OWN)
    with page.expect_download() as downloaded:
        page.locator("a[href$='random-names.zip']").first.click()
    assert downloaded.value.suggested_filename == "Foo.Bar.zip"
    with zipfile.ZipFile(downloaded.value.path()) as archive:
        assert "Foo.Bar/src/foo_bar/__init__.py" in archive.namelist()
    page.context.close()


def test_the_form_leads_to_the_project_of_that_name(visitor):
    """Whether a name is free only PyPI can tell, and the form asks nobody."""
    visitor.locator(".own-names__open").click()
    link = visitor.locator("dialog.own-names-form a")
    assert not link.is_visible()
    visitor.fill("#own-names-project", "Requests")
    assert link.get_attribute("href") == "https://pypi.org/project/requests/"
    assert link.is_visible()
    visitor.fill("#own-names-project", "json")
    assert not link.is_visible()


def test_no_sentence_of_the_form_speaks_of_an_upload(built_site):
    for language, words in (("en", "build again"), ("es", "construye otra vez")):
        script = built_site.site / language / marks.DATA
        assert words not in script.read_text(encoding="utf-8")
