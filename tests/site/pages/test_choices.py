"""The switch between an account and practice, and between systems; the way to the program."""

from __future__ import annotations

import json
import re

import pytest
from bs4 import BeautifulSoup
from helpers.docs.blocks import pages
from helpers.site.built_site import LANGUAGES
from playwright.sync_api import Page

from site_builder.site_data import data

PHONE = {"width": 390, "height": 844}
CHOICES = data("site/choices")
KEY = "publish-from-ci.choices"


def label(choice: str, option: str, language: str = "en") -> str:
    """Return the label of an option."""
    return str(CHOICES[choice]["options"][option][language])


def shown(page: Page, choice: str, option: str) -> bool:
    """Tell whether each set of tabs of a choice shows this option, and the switch says so."""
    labels = page.locator(f'[data-choice="{choice}"][data-option="{option}"]')
    states = labels.evaluate_all("labels => labels.map(label => label.control.checked)")
    assert len(states) > 1
    assert len(set(states)) == 1, states
    return bool(states[0])


def test_a_choice_holds_on_all_pages_and_in_all_languages(browser, address):
    page = browser.new_context().new_page()
    page.goto(f"{address}/en/howto/leak/")
    assert shown(page, "situation", "account")
    group = page.get_by_role("group", name=CHOICES["situation"]["title"]["en"])
    group.get_by_role("radio", name=label("situation", "account")).focus()
    page.keyboard.press("ArrowRight")
    assert group.get_by_role("radio", name=label("situation", "practice")).is_checked()
    assert shown(page, "situation", "practice")
    assert page.get_by_text("pypi-practice token revoke travis").is_visible()
    page.goto(f"{address}/en/tutorial/upload/")
    assert shown(page, "situation", "practice")
    page.locator('nav.languages a[hreflang="es"]').first.click()
    page.wait_for_url("**/es/tutorial/upload/**")
    assert shown(page, "situation", "practice")
    # A tab does what the switch does.
    page.locator(".tabbed-labels").get_by_text(label("situation", "account", "es")).first.click()
    assert shown(page, "situation", "account")
    page.reload()
    assert shown(page, "situation", "account")
    page.go_back()
    assert shown(page, "situation", "account")
    page.context.close()


def test_systems_are_a_choice_too(browser, address):
    page = browser.new_context().new_page()
    page.goto(f"{address}/en/install/")
    assert shown(page, "system", "linux")
    page.locator(".choices").get_by_label(label("system", "wsl")).check()
    assert shown(page, "system", "wsl")
    page.goto(f"{address}/es/install/")
    assert shown(page, "system", "wsl")
    kept = json.loads(page.evaluate("key => localStorage.getItem(key)", KEY))
    assert kept == {"system": "wsl"}
    page.context.close()


@pytest.mark.parametrize("spoilt", ["", "null", "5", "[]", '{"situation": "x"}', "{"])
def test_what_is_spoilt_in_the_browser_is_no_choice(browser, address, spoilt):
    page = browser.new_context().new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.goto(f"{address}/en/howto/rotate/")
    page.evaluate("([key, text]) => localStorage.setItem(key, text)", [KEY, spoilt])
    page.reload()
    assert shown(page, "situation", "account")
    page.locator(".choices").get_by_label(label("situation", "practice")).check()
    assert shown(page, "situation", "practice")
    assert faults == []
    page.context.close()


@pytest.mark.parametrize("way", ["no script", "paper"])
@pytest.mark.parametrize(("language", "name"), [("en", "howto/leak"), ("es", "install")])
def test_without_scripts_and_on_paper_all_tabs_are_shown(browser, address, way, language, name):
    context = browser.new_context(java_script_enabled=way != "no script", viewport=PHONE)
    page = context.new_page()
    if way == "paper":
        page.emulate_media(media="print")
    page.goto(f"{address}/{language}/{name}/")
    assert not page.locator(".choices").is_visible()
    for tabs in page.locator(".tabbed-set").all():
        labels = tabs.locator(".tabbed-labels > label")
        contents = tabs.locator(".tabbed-content > .tabbed-block")
        assert labels.count() == contents.count() > 1
        tops = []
        for number in range(labels.count()):
            for part in (labels.nth(number), contents.nth(number)):
                assert part.is_visible()
                tops.append(part.bounding_box()["y"])
        assert tops == sorted(tops)
    context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", ["howto/leak", "install"])
def test_the_switch_fits_a_phone(browser, address, language, name):
    page = browser.new_context(viewport=PHONE).new_page()
    page.goto(f"{address}/{language}/{name}/")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for option in page.locator(".choices label").all():
        box = option.bounding_box()
        assert box["height"] >= 24
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= PHONE["width"]
    # The answer is on the first screen of a phone.
    if name == "howto/leak":
        assert page.locator("article ol > li").first.bounding_box()["y"] < PHONE["height"]
    page.context.close()


def first_command(html: BeautifulSoup) -> object:
    """Return the first block of a page that runs the program."""
    return next(
        (
            block
            for block in html.select("article div.language-bash:not(.output)")
            if re.search(r"\bpypi-practice ", block.get_text())
        ),
        None,
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_leads_to_the_program_before_it_runs_it(language, built_site):
    with_command = 0
    for name in pages():
        html = built_site.html(language, name)
        links = html.select("p.install-first")
        block = first_command(html)
        assert len(links) == (block is not None and name != "install"), name
        for link in links:
            with_command += 1
            assert link.find_next_sibling("div") is block, name
            up = "../" * (name.count("/") + 1)
            assert link.a["href"] == f"{up}install/"
    assert with_command > 20
