"""The box for a log: the same entries in the same order as in a terminal, and nothing is sent."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Iterator

import pytest
from helpers.explain.cases import EXPECTED, FINDABLE, log, mixed, wordings, wrapped
from helpers.hostile.logs import LOGS, ordinary
from helpers.site.built_site import LANGUAGES
from playwright.sync_api import Browser, Page, Request

from pypi_practice.core.i18n import Translator
from pypi_practice.explain import matcher
from pypi_practice.explain.catalog import catalogue
from pypi_practice.tokens import patterns

POLICY = "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'none'"
TOKEN = "pypi-AgE" + "NdGVzdHB5cGkucHJhY3RpY2U" + 90 * "x"
ALL = """texts => {
  const form = document.querySelector("form.explain"), log = form.querySelector("textarea");
  const found = texts.map(text => {
    log.value = text;
    form.requestSubmit();
    return Array.from(form.querySelectorAll(".explain-found li > p:first-child a"),
                      link => link.getAttribute("href").slice(1));
  });
  log.value = ""; // first, since the reset gives it the focus, for which it is drawn
  form.reset();
  return found;
}"""


def explained(text: str) -> list[matcher.Match]:
    """Return what the command finds in a text."""
    return matcher.find_in_cleaned(patterns.redact(matcher.clean(text)))


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Serves the site under a policy that forbids everything inline."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture(scope="module")
def address(built_site) -> Iterator[str]:
    """The built site, under a strict content security policy."""
    handler = functools.partial(_Handler, directory=str(built_site.site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def note_address(addresses: list[str], request: Request) -> None:
    """Keep the address of a request; a font is asked for when its first letter is shown."""
    if request.resource_type != "font":
        addresses.append(request.url)


@pytest.fixture(scope="module")
def later_requests() -> dict[str, list[str]]:
    """The addresses that the pages ask for after they were loaded, by language."""
    return {language: [] for language in LANGUAGES}


@pytest.fixture(scope="module")
def pages(browser: Browser, address: str, later_requests: dict[str, list[str]]) -> dict[str, Page]:
    """The page of the messages, loaded once in each language."""
    opened = {}
    for language in LANGUAGES:
        page = browser.new_context(locale=language).new_page()
        page.goto(f"{address}/{language}/reference/messages/", wait_until="networkidle")
        page.on("request", functools.partial(note_address, later_requests[language]))
        opened[language] = page
    return opened


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_box_finds_what_the_program_finds(pages, later_requests, language):
    texts = [text for entry in FINDABLE for text in wordings(entry)]
    texts += [wrapped(text, 30) for text in texts]
    texts += [log(name).replace("\r\n", "\n") for name in EXPECTED]  # as a text area keeps it
    texts += [mixed(seed).replace("\r\n", "\n").replace("\r", "\n") for seed in range(40)]
    found_ids = pages[language].evaluate(ALL, texts)
    for text, ids in zip(texts, found_ids, strict=True):
        assert ids == [match.entry.id for match in explained(text)], text
    assert later_requests[language] == []


# Each text is taken out again before the browser draws it, which takes its own time. TIMES are
# milliseconds, each the shortest of some.
TIMES = """texts => {
  const form = document.querySelector("form.explain"), log = form.querySelector("textarea");
  const times = texts.map(text => Math.min(...[1, 2, 3].map(() => {
    log.value = text;
    const begin = performance.now();
    form.requestSubmit();
    return performance.now() - begin;
  })));
  log.value = ""; // first, since the reset gives it the focus, for which it is drawn
  form.reset();
  return times;
}"""
STATUS = """text => {
  const form = document.querySelector("form.explain"), log = form.querySelector("textarea");
  log.value = text;
  form.requestSubmit();
  const status = form.querySelector(".explain-status").textContent;
  log.value = ""; // first, since the reset gives it the focus, for which it is drawn
  form.reset();
  return status;
}"""
SIZE = 100_000  # characters


def test_the_box_finds_in_a_hostile_log_what_the_program_finds(pages):
    texts = [make(20_000).replace("\r\n", "\n").replace("\r", "\n") for make in LOGS.values()]
    texts = [f"No module named build\n{text}\nNo module named twine" for text in texts]
    found_ids = pages["en"].evaluate(ALL, texts)
    for name, text, ids in zip(LOGS, texts, found_ids, strict=True):
        assert ids == [match.entry.id for match in explained(text)], name


def test_the_box_takes_time_linear_in_the_log(pages):
    page, slow = pages["en"], dict.fromkeys(LOGS, "")
    for _ in range(10):  # another program may have taken the computer's time
        (usual,) = page.evaluate(TIMES, [ordinary(SIZE)])
        for name in list(slow):
            short, long = page.evaluate(TIMES, [LOGS[name](SIZE), LOGS[name](2 * SIZE)])
            slow[name] = f"{short:.0f} and {long:.0f} ms, an ordinary log {usual:.0f} ms"
            if short <= 10 * max(usual, 5) and long <= 2.5 * max(short, 20):
                del slow[name]
        if not slow:
            return
    pytest.fail(str(slow))


def test_of_a_long_text_the_box_looks_at_the_end(pages):
    page, own = pages["en"], Translator("en", "commands/explain")
    text = "No module named build\n" + ("x" * 99 + "\n") * 40_000 + "No module named twine\n"
    cut = own("box_cut", size=4)
    assert page.evaluate(STATUS, text) == f"{own('box_found_one')} {cut}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_box_is_used_with_the_keyboard_and_says_what_it_found(pages, language):
    page, own = pages[language], Translator(language, "commands/explain")
    field = page.get_by_label(own("box_label"))
    field.fill("")
    field.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(".explain-status").inner_text() == own("box_empty")
    field.fill(log("twine-narrow-colours.log"))
    field.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == own("box_button")
    page.keyboard.press("Enter")
    assert page.locator(".explain-status").inner_text() == own("box_found", number=2)
    best = page.locator(".explain-found li").first
    entry = next(entry for entry in catalogue() if entry.id == "no-identity")
    assert entry.cause[language] in best.inner_text()
    assert entry.fix[language] in best.inner_text()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert (field.input_value(), page.locator(".explain-found li").count()) == ("", 0)
    field.fill("error: something that nobody has seen")
    page.get_by_role("button", name=own("box_button")).click()
    assert page.locator(".explain-status").inner_text() == own("box_unknown")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_pasted_token_is_blanked_out_and_the_reader_is_warned(pages, later_requests, language):
    page, own = pages[language], Translator(language, "commands/explain")
    field = page.get_by_label(own("box_label"))
    for token in (TOKEN, f"{TOKEN[:50]}\n   {TOKEN[50:]}"):
        field.fill(f"password: {token}\nfailed to deploy\n")
        field.dispatch_event("paste")
        page.get_by_text(own("box_secret")).wait_for()
        assert field.input_value() == "password: [token]\nfailed to deploy\n"
        assert TOKEN[:40] not in page.content()
    link = page.get_by_role("link", name=own("box_secret_link"), exact=True)
    assert link.get_attribute("href") == "../../howto/leak/"
    assert page.locator(".explain-found li").count() == 1
    assert later_requests[language] == []


def test_without_script_there_is_the_plain_list(browser, address):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/es/reference/messages/")
    assert page.get_by_text(Translator("es", "commands/explain")("box_without")).is_visible()
    assert not page.locator("form.explain").is_visible()
    assert page.locator(".message").count() == len(catalogue())
    assert page.locator("#skip-branch").is_visible()
