"""The pictures of the practice index's pages: taken here, so that they are never old.

What stands on a page is compared word for word, and so are its colours, sizes and distances; the
picture itself, with a tolerance, where the computer has the fonts with which it was taken: with
others, every line is broken elsewhere. They are taken anew by
``make refresh ARGS=tests/site/drawings/test_screenshots.py``.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
import struct
import sys
import tomllib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from helpers.docs import normalize_output
from helpers.docs.blocks import ROOT, pages
from helpers.index import upload_client
from helpers.index.web_client import new_application, real_wheel
from helpers.site.built_site import LANGUAGES
from playwright.sync_api import Browser, Page, Request

from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.browser_app import WebServer
from site_builder.drawings import screenshots
from site_builder.site_data import data

SEEN = ROOT / "tests" / "fixtures" / "screenshots.yml"
WIDTH, LIMIT = (
    460,
    60_000,
)  # pixels of a page, bytes of all pictures that one page of the site loads
TOLERANCE = 3  # of 255, on the mean, in a picture of 60 x 80 points
NAMES = tuple(data("site/screenshots"))
TOKEN_NAMES = {"en": "laptop", "es": "portátil"}
CALL = re.compile(r'\{\{ screenshot\("([\w/-]+)"\) \}\}')
SETTLE = """token => {
  for (const one of document.querySelectorAll("time")) one.textContent = "2026-01-31 12:00 UTC";
  const secret = document.querySelector("#token");
  if (secret) secret.textContent = token;
  document.activeElement.blur();
}"""
# The colours that are most frequent, none near another, and for each point the nearest of them.
REDUCE = """async ([source, most]) => {
  const image = new Image();
  image.src = source;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
  const colour = at => (data[at] << 16) | (data[at + 1] << 8) | data[at + 2];
  const far = (a, b) => ((a >> 16) - (b >> 16)) ** 2 + ((a >> 8 & 255) - (b >> 8 & 255)) ** 2
    + ((a & 255) - (b & 255)) ** 2;
  const counts = new Map(), kept = [], nearest = new Map();
  for (let at = 0; at < data.length; at += 4)
    counts.set(colour(at), (counts.get(colour(at)) || 0) + 1);
  for (const [one] of [...counts].sort((a, b) => b[1] - a[1]))
    if (kept.length < most && kept.every(other => far(one, other) >= 600)) kept.push(one);
  let points = "";
  for (let at = 0; at < data.length; at += 4) {
    const one = colour(at);
    if (!nearest.has(one)) {
      let found = 0;
      for (const n of kept.keys()) if (far(kept[n], one) < far(kept[found], one)) found = n;
      nearest.set(one, found);
    }
    points += nearest.get(one).toString(16);
  }
  return [canvas.width, kept, points];
}"""
# How wide two texts are: the same numbers for the same fonts.
FONTS = """() => {
  const context = document.createElement("canvas").getContext("2d");
  return ["system-ui", "monospace"].map(family => {
    context.font = `100px ${family}`;
    return Math.round(context.measureText("Handgloves 0123").width);
  }).join(" ");
}"""
LOOK = """() => [...document.querySelectorAll("body, body *")].map(one => {
  const style = getComputedStyle(one);
  return [one.tagName, style.display, style.color, style.backgroundColor, style.fontSize,
    style.fontWeight, style.padding, style.borderStyle, style.borderColor].join(" ");
}).join("\\n")"""
DISTANCE = """async sources => {
  const shrunk = [];
  for (const source of sources) {
    const image = new Image();
    image.src = source;
    await image.decode();
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [60, 80];
    const context = canvas.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(image, 0, 0, 60, 80);
    shrunk.push(context.getImageData(0, 0, 60, 80).data);
  }
  let sum = 0;
  for (let at = 0; at < shrunk[0].length; at++) sum += Math.abs(shrunk[0][at] - shrunk[1][at]);
  return sum / (shrunk[0].length * 3 / 4);
}"""


def png(page: Page, picture: bytes) -> bytes:
    """Return a picture of a page in sixteen colours, which makes a small PNG with sharp letters."""
    wide, colours, points = page.evaluate(REDUCE, [url(picture), 16])
    padded = wide + wide % 2
    lines = [points[at : at + wide].ljust(padded, "0") for at in range(0, len(points), wide)]
    rows = b"".join(b"\0" + bytes.fromhex(line) for line in lines)
    head = struct.pack(">IIBBBBB", wide, len(lines), 4, 3, 0, 0, 0)
    palette = b"".join(colour.to_bytes(3, "big") for colour in colours)
    chunks = [
        (b"IHDR", head),
        (b"PLTE", palette),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def form(page: Page, language: str) -> None:
    """The form for a token, filled in."""
    page.goto("manage/account/token/")
    page.fill("#description", TOKEN_NAMES[language])
    page.select_option("#token_scope", "scope:user")


def token_made(page: Page, language: str) -> None:
    """The new token."""
    form(page, language)
    page.click("main button")
    page.wait_for_selector("#token")


def forget(page: Page) -> None:
    """Remove the token that the page shows, so that the next picture can make it again."""
    page.click("main a[href$='/remove/']")
    page.click("main button")


def account(page: Page, language: str) -> None:
    """The tokens of the account."""
    page.goto("manage/account/")


def project(page: Page, language: str) -> None:
    """The page of a release."""
    page.goto("project/random-names/")


# How each page is reached, and how much of it is shown, in pixels.
SHOTS: dict[str, tuple[Callable[[Page, str], None], int]] = {
    "token/form": (form, 760),
    "practice/account": (account, 860),
    "practice/project": (project, 620),
    "token/made": (token_made, 600),
}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The pages of a practice index on which the demo package has been published."""
    application = new_application(tmp_path_factory.mktemp("index"))
    package = ROOT / "demo-package"
    metadata = tomllib.loads((package / "pyproject.toml").read_text("utf-8"))["project"]
    index = INDEXES["testpypi"]
    user = application.store.user(index)
    token = application.store.new_token(user, "first-upload", None)[1]
    reply = upload_client.upload(
        application,
        token,
        real_wheel("random_names", "0.1.0"),
        "random_names-0.1.0-py3-none-any.whl",
        "testpypi",
        name="random-names",
        version="0.1.0",
        summary=metadata["description"],
        description=(package / "README.md").read_text("utf-8"),
        description_content_type="text/markdown",
        requires_python=metadata["requires-python"],
        license_expression=metadata["license"],
    )
    assert reply.code == 200, reply.status
    project = application.store.project(index, "random-names")
    application.store.new_token(user, "travis-random-names", project)
    server = WebServer(application)
    yield f"{server.url}testpypi/"
    server.stop()


@dataclass(frozen=True)
class Shot:
    """A picture that was taken, and what it shows: its words, how it looks, with which fonts."""

    text: str
    look: str
    fonts: str
    picture: bytes


def shoot(
    browser: Browser, address: str, name: str, language: str, scheme: str, small: bool = False
) -> Shot:
    """Take a picture; *small* if it is to be kept."""
    reach, high = SHOTS[name]
    context = browser.new_context(
        base_url=address,
        locale=language,
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": WIDTH, "height": high},
        device_scale_factor=screenshots.SCALE,
    )
    page = context.new_page()
    reach(page, language)
    page.evaluate(SETTLE, normalize_output.SHORT_TOKEN)
    text = re.sub(r"\s*\n\s*", "\n", normalize_output.compared(page.inner_text("main"))).strip()
    look = hashlib.sha256(page.evaluate(LOOK).encode()).hexdigest()[:16]
    fonts, picture = page.evaluate(FONTS), page.screenshot()
    if name == "token/made":
        forget(page)
    if small:
        page.goto("about:blank")
        picture = png(page, picture)
    context.close()
    return Shot(text, look, fonts, picture)


def url(picture: bytes) -> str:
    """Return a picture as a data URL."""
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def distance(browser: Browser, *pictures: bytes) -> float:
    """Return how far two pictures are from each other, from 0 to 255."""
    page = browser.new_page()
    measured = page.evaluate(DISTANCE, [url(picture) for picture in pictures])
    page.close()
    return float(measured)


def seen() -> dict[str, dict[str, str]]:
    """Return what each page was like when its picture was taken, by the picture's file."""
    return yaml.safe_load(SEEN.read_text("utf-8")) if SEEN.exists() else {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_pictures_show_what_is_there_today(
    browser: Browser, address: str, language: str, request: pytest.FixtureRequest
):
    refresh = request.config.getoption("update_examples", False)
    for name in SHOTS:
        for scheme in screenshots.SCHEMES:
            file = screenshots.file(name, language, scheme)
            known = seen().get(file.name, {})
            today = shoot(browser, address, name, language, scheme, refresh)
            old = difference(browser, file, known, today)
            if refresh and old:
                file.write_bytes(today.picture)
                write(file.name, today)
            else:
                assert not old, (
                    f"{file.name}: {old}; make refresh ARGS=tests/site/drawings/test_screenshots.py"
                )


def difference(browser: Browser, file: Path, known: dict[str, str], today: Shot) -> str:
    """Tell in which way a picture is old; empty if it is not."""
    if not file.exists() or known.get("text") != today.text:
        return "other words are on the page"
    if known["look"] != today.look:
        return "the page looks different"
    same_fonts = known["fonts"] == today.fonts
    if same_fonts and distance(browser, file.read_bytes(), today.picture) > TOLERANCE:
        return "the picture is another one"
    return ""


def write(name: str, shot: Shot) -> None:
    """Write down what a picture shows."""
    known = seen()
    known[name] = {"fonts": shot.fonts, "look": shot.look, "text": shot.text}
    body = yaml.safe_dump(known, allow_unicode=True, width=100)
    SEEN.write_text(f"# Written by: make refresh\n{body}", "utf-8")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("document.querySelector('h1').textContent = 'x'", "words"),
        ("document.querySelector('h1').style.color = 'red'", "looks"),
        ("document.body.style.transform = 'translateY(40px)'", "another"),
    ],
)
def test_a_change_of_a_page_is_noticed(browser: Browser, address: str, change, reason, monkeypatch):
    file = screenshots.file("practice/account", "es", "light")
    monkeypatch.setattr(
        sys.modules[__name__], "SETTLE", SETTLE.replace("token => {", f"token => {{ {change};")
    )
    changed = shoot(browser, address, "practice/account", "es", "light")
    known = {**seen()[file.name], "fonts": changed.fonts}
    assert reason in difference(browser, file, known, changed)


def test_another_page_another_language_and_another_light_are_far_away(browser: Browser):
    picture = screenshots.file("token/form", "en", "light").read_bytes()
    assert distance(browser, picture, picture) == 0
    for other in (
        screenshots.file("token/form", "en", "dark"),
        screenshots.file("token/form", "es", "light"),
        screenshots.file("practice/project", "en", "light"),
    ):
        assert distance(browser, picture, other.read_bytes()) > TOLERANCE, other


def test_each_picture_has_a_page_and_words_in_both_languages():
    for language in LANGUAGES:
        called = [
            name
            for page in pages()
            for name in CALL.findall((ROOT / "docs" / language / f"{page}.md").read_text("utf-8"))
        ]
        assert sorted(called) == sorted(NAMES)
    for texts in data("site/screenshots").values():
        for text in texts.values():
            assert text.keys() == set(LANGUAGES)
            assert text["en"] != text["es"]
        assert all(len(text) > 60 for text in texts["alt"].values())


def test_there_is_no_picture_that_nobody_shows():
    known = {file for language in LANGUAGES for _, file in screenshots.all_pictures(language)}
    assert set((ROOT / "examples").rglob("*.png")) == known


def note_file(files: list[Path], request: Request) -> None:
    """Keep the file that a request loads."""
    files.append(Path(request.url.removeprefix("file://")))


# As the theme does for a reader who has chosen light or dark: before the body is read.
CHOSEN = """new MutationObserver((_, observer) => {
  if (!document.body) return;
  document.body.setAttribute("data-md-color-scheme", "%s");
  observer.disconnect();
}).observe(document, {childList: true, subtree: true});"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_loads_one_picture_of_each_pair_and_they_are_light(
    browser: Browser, built_site, language: str
):
    for page, scheme in (("practice", "dark"), ("tutorial/token", "light")):
        context = browser.new_context(
            color_scheme="dark" if scheme == "dark" else "light",
            viewport={"width": 390, "height": 800},
        )
        context.add_init_script(CHOSEN % {"light": "default", "dark": "slate"}[scheme])
        view = context.new_page()
        loaded: list[Path] = []
        view.on("request", functools.partial(note_file, loaded))
        view.goto((built_site.site / language / page / "index.html").as_uri())
        for image in view.locator(f"img.on-{scheme}").all():
            image.scroll_into_view_if_needed()
            assert (
                image.evaluate("one => one.decode().then(() => one.naturalWidth)")
                == screenshots.SCALE * WIDTH
            )
            assert image.get_attribute("alt")
        pictures = [path for path in loaded if re.search(r"\.(light|dark)\.png$", path.name)]
        assert sum(path.stat().st_size for path in pictures) <= LIMIT, page
        assert {path.stem.rpartition(".")[2] for path in pictures} == {scheme}
        context.close()
