"""A learner with a browser: makes a token, sees it once, uploads, sees the release, removes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from helpers.index.web_client import real_wheel
from playwright.sync_api import Browser, Page

from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES, Translator


def label(language: str, key: str) -> str:
    """Return PyPI's label as it is on the screen."""
    texts = load("index/labels")[key]
    return texts[language] or texts["en"]


def open_page(browser: Browser, language: str, **options: object) -> tuple[Page, set[str]]:
    """Return a page of a new visitor, and the hosts that it will have asked."""
    page = browser.new_context(locale=language, **options).new_page()  # type: ignore[arg-type]
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
    return page, hosts


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_learner_publishes_with_a_token_from_the_browser(
    browser, practice_index, tmp_path, language
):
    page, hosts = open_page(browser, language)
    page.goto(practice_index.web)
    page.click("main h2 a >> nth=0")
    page.click(f"nav >> text={label(language, 'account_settings')}")
    page.click(f"text={label(language, 'add_token')}")
    page.get_by_label(label(language, "token_name")).fill("mine <b>")
    page.get_by_label(label(language, "scope")).select_option("scope:user")
    page.get_by_role("button", name=label(language, "create_token")).click()
    token = page.inner_text("#token")
    assert label(language, "only_once") in page.inner_text("main")
    page.click(f"main >> text={label(language, 'account_settings')}")
    assert token not in page.content()
    assert label(language, "never") in page.inner_text("table")

    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    wheel.write_bytes(real_wheel())
    twine(practice_index.environ, token, wheel)

    page.click(f"text={label(language, 'your_projects')}")
    page.get_by_role("link", name=label(language, "view")).click()
    assert page.inner_text("h1") == "demo 1.0"
    with page.expect_download() as download:
        page.click("text=demo-1.0-py3-none-any.whl")
    assert Path(download.value.path()).read_bytes() == wheel.read_bytes()

    page.click(f"nav >> text={label(language, 'account_settings')}")
    assert label(language, "never") not in page.inner_text("table")
    page.click(f"text={label(language, 'remove_token')}")
    page.get_by_role("button", name=label(language, "remove_api_token")).click()
    gone = Translator(language, "index/web_pages")("token_deleted", name="mine <b>")
    assert page.inner_text("[role=status]") == gone
    assert page.locator("table").count() == 0
    assert hosts == {urlsplit(practice_index.web).netloc}


def twine(environ: dict[str, str], token: str, file: Path) -> None:
    """Upload *file* to TestPyPI with *token*."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "twine",
            "upload",
            "--non-interactive",
            "--repository-url",
            "https://test.pypi.org/legacy/",
            str(file),
        ],
        env={**environ, "TWINE_USERNAME": "__token__", "TWINE_PASSWORD": token},
        check=True,
        capture_output=True,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_release_is_yanked_and_deleted_in_the_browser(
    browser, practice_index, tmp_path, language
):
    wheel = tmp_path / "demo-1.0-py3-none-any.whl"
    wheel.write_bytes(real_wheel())
    twine(practice_index.environ, practice_index.token(), wheel)
    page, _ = open_page(browser, language, viewport={"width": 390, "height": 800})
    page.goto(f"{practice_index.web}testpypi/manage/project/demo/releases/")
    page.get_by_role("link", name=f"{label(language, 'yank')} 1.0", exact=True).click()
    page.get_by_label(label(language, "reason")).fill("broken")
    page.get_by_label(label(language, "version")).fill("1.0")
    page.get_by_role("button", name=label(language, "yank_release")).click()
    assert label(language, "yanked") in page.inner_text("main")
    assert practice_index.files()[0].yanked == "broken"
    page.get_by_role("link", name=f"{label(language, 'delete')} 1.0", exact=True).click()
    page.get_by_label(label(language, "version"), exact=True).fill("1.0")
    button = page.get_by_role("button", name=label(language, "delete_release"))
    button.click()  # every box must be ticked first, as on PyPI
    assert len(practice_index.files()) == 1
    for box in page.get_by_role("checkbox").all():
        box.check()
    button.click()
    page.wait_for_url("**/releases/")
    assert practice_index.files() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_complain_of_nothing(browser, practice_index, scheme):
    practice_index.token()
    page, _ = open_page(browser, "es", color_scheme=scheme, viewport={"width": 360, "height": 700})
    messages: list[str] = []
    page.on("console", lambda message: messages.append(message.text))
    for path in ("", "testpypi/", "testpypi/manage/account/", "testpypi/manage/account/token/"):
        page.goto(practice_index.web + path)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark is (scheme == "dark")
    assert messages == []


def test_a_page_of_another_site_cannot_act_here(browser, practice_index, tmp_path):
    """Even with the learner's own session: the browser says where the form came from."""
    page, _ = open_page(browser, "en")
    page.goto(f"{practice_index.web}testpypi/manage/account/token/")
    form = page.inner_html("main")
    evil = tmp_path / "evil.html"
    action = f"{practice_index.web}testpypi/manage/account/token/"
    evil.write_text(form.replace('action="/testpypi/manage/account/token/"', f'action="{action}"'))
    page.goto(evil.as_uri())
    page.fill("#description", "forged")
    page.select_option("#token_scope", "scope:user")
    page.click("button")
    page.wait_for_url(action)
    assert Translator("en", "index/web_pages")("forged") in page.inner_text("main")
    assert os.environ.get("PYPI_PRACTICE_WEB") is None
    page.goto(f"{practice_index.web}testpypi/manage/account/")
    assert "forged" not in page.inner_text("main")
