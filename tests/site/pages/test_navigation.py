"""Reading the guide: the tasks of newcomers, the 404 page, the ways to mend a page, the look."""

from __future__ import annotations

import base64
import json
import shutil
import warnings
from collections import deque
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import yaml
from helpers.docs.blocks import ROOT, pages
from helpers.site.built_site import LANGUAGES
from helpers.site.chromium import until
from mkdocs.exceptions import PluginError

from site_builder import site_data
from site_builder.pages import theme_context
from site_builder.site_data import page_address

TASKS = yaml.safe_load(
    (ROOT / "tests" / "fixtures" / "reader_tasks.yml").read_text(encoding="utf-8")
)
NAMES = {page_address(page): page for page in pages()}
SHOTS = ROOT / "tests" / "fixtures" / "screenshots"


# The tasks of newcomers


def shortest_path(built_site, language: str, goal: str) -> list[str]:
    """Return the shortest way of links in the text from the home page to *goal*, as pages."""
    before: dict[str, str | None] = {"index": None}
    waiting = deque(["index"])
    while waiting:
        page = waiting.popleft()
        if page == goal:
            way = [page]
            step = before[page]
            while step is not None:
                way.insert(0, step)
                step = before[step]
            return way
        for link in built_site.html(language, page).select("article a[href]"):
            target = urlsplit(urljoin(f"https://x/{page_address(page)}", link["href"]))
            name = NAMES.get(target.path.removeprefix("/"))
            if target.netloc == "x" and name and name not in before:
                before[name] = page
                waiting.append(name)
    raise AssertionError(f"no links lead to {goal}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_newcomers_click_to_what_they_need(browser, address, built_site, language):
    """In at most three clicks, and each click is one that a reader without JavaScript can make."""
    page = browser.new_context(java_script_enabled=False).new_page()
    for task in TASKS:
        way = shortest_path(built_site, language, task["page"])
        assert len(way) - 1 <= 3, f"{task['task']}: {way}"
        page.goto(f"{address}/{language}/{page_address(way[0])}", wait_until="domcontentloaded")
        for target in way[1:]:
            links = page.locator("article a:visible")
            addresses = links.evaluate_all("all => all.map(one => one.href.split('#')[0])")
            links.nth(addresses.index(f"{address}/{language}/{page_address(target)}")).click()
        assert page.url.startswith(f"{address}/{language}/{page_address(task['page'])}")
    page.context.close()


# Lost readers


@pytest.mark.parametrize(
    ("path", "language", "near"),
    [
        ("/es/tutorial/subir-con-token/", "es", None),
        ("/es/howto/rotar-un-token-de-pypi", "es", "howto/rotate"),
        ("/en/how-to/own-indexes.html", "en", "howto/own-index"),
        ("/en/troubleshoot/", "en", "troubleshooting"),
    ],
)
def test_a_reader_of_a_missing_page_is_helped_on(browser, address, path, language, near):
    page = browser.new_context().new_page()
    assert page.goto(f"{address}{path}").status == 404
    section = page.locator(".not-found").first
    assert section.get_attribute("lang") == language
    assert page.locator("h1").count() == 1
    assert page.locator("html").get_attribute("lang") == language
    page.locator(".not-found__near a").last.wait_for()
    if near:
        page.locator(".not-found__near ul a").first.wait_for(state="attached")
        links = page.locator(".not-found__near ul a").evaluate_all(
            "all => all.map(one => one.href)"
        )
        assert f"{address}/{language}/{near}/" in links
    page.locator(".not-found__near > p > a").last.click()
    page.locator(".search__results a").first.wait_for()
    assert urlsplit(page.url).path == f"/{language}/"
    asked = parse_qs(urlsplit(page.url).query)["q"][0]
    assert asked in page.locator(".search__field").input_value()
    page.context.close()


def test_a_reader_of_a_missing_page_without_script_has_links(browser, address):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/es/no/such/page/at/all/")
    page.get_by_role("link", name="Portada en español").click()
    assert page.url == f"{address}/es/"
    page.context.close()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_moved_page_leads_on_without_script(browser, address, language):
    page = browser.new_context(java_script_enabled=False).new_page()
    page.route("https://git.example/**", lambda route: route.fulfill(body="the repository"))
    files = f"https://git.example/publish-from-ci/blob/main/contributing/{language}/"
    for old, new in site_data.data("site/redirects").items():
        page.goto(f"{address}/{language}/{old}/", wait_until="commit")
        if new.startswith("contributing/"):
            page.wait_for_url(f"{files}{new.partition('/')[2]}.md")
        else:
            page.wait_for_url(f"{address}/{language}/{new}/")
    page.context.close()


def test_a_moved_page_names_its_new_address(built_site, tmp_path, monkeypatch):
    shutil.copytree(built_site.site / "es" / "tutorial", tmp_path / "tutorial")
    moved = {"old/place": "tutorial/upload"}
    monkeypatch.setattr(
        theme_context,
        "data",
        lambda name: moved if name == "site/redirects" else site_data.data(name),
    )
    theme_context.write_moved(tmp_path, "https://x/es/", "https://repo/", "es")
    text = (tmp_path / "old" / "place" / "index.html").read_text("utf-8")
    assert 'url=../../tutorial/upload/"' in text
    assert '<link rel="canonical" href="https://x/es/tutorial/upload/">' in text
    assert '<html lang="es">' in text
    with pytest.raises(PluginError, match="still a page"):
        theme_context.write_moved(tmp_path, "https://x/es/", "https://repo/", "es")
    moved.clear()
    theme_context.write_moved(tmp_path, "https://x/es/", "https://repo/", "es")
    moved["old/place"] = "tutorial/nothing"
    with pytest.raises(PluginError, match="no page"):
        theme_context.write_moved(tmp_path, "https://x/es/", "https://repo/", "es")


# When something does not arrive


def test_the_page_stands_when_no_script_arrives(browser, address):
    page = browser.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.route("**/*.js", lambda route: route.abort())
    page.goto(f"{address}/en/tutorial/upload/")
    assert page.get_by_role("heading", level=1).is_visible()
    assert page.locator("article pre").first.is_visible()
    assert page.get_by_role("link", name="Next").last.is_visible()
    page.locator("label.md-header__button[for=__drawer]").click()
    page.locator(".md-nav--primary .md-nav__link:visible").first.wait_for()
    page.context.close()


def test_an_open_page_goes_on_without_network(browser, address):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{address}/en/tutorial/upload/")
    page.keyboard.press("/")
    page.keyboard.type("pypi")
    page.locator(".search__results a").first.wait_for()
    page.keyboard.press("Escape")
    context.set_offline(True)
    page.locator("article .md-code__button").first.click()
    until(page, "navigator.clipboard.readText().then(text => text.includes('activate'))")
    page.keyboard.press("/")
    page.locator(".search__field").fill("")
    page.keyboard.type("macaroon")
    page.get_by_text("How API tokens get narrower").first.wait_for()
    page.keyboard.press("Escape")
    page.locator(".own-names__open").click()
    page.get_by_text("The form could not be loaded").wait_for()
    context.close()


# The ways to mend a page


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_can_be_edited_and_reported(language, built_site):
    for page in pages():
        html = built_site.html(language, page)
        edit = html.select_one(".page-foot__edit")["href"]
        assert edit.endswith(f"/edit/main/docs/{language}/{page}.md")
        assert len(html.select(".page-foot")) == 1
        report = urlsplit(html.select_one(".page-foot__report")["href"])
        asked = parse_qs(report.query)
        assert report.path.endswith("/issues/new")
        assert f"{language}/{page_address(page)}" in asked["title"][0]
        assert f"/{language}/{page_address(page)}\n" in asked["body"][0]
        assert {"en": "English", "es": "español"}[language] in asked["body"][0]


def test_the_report_names_the_section(browser, address):
    page = browser.new_context(viewport={"width": 1400, "height": 900}).new_page()
    page.goto(f"{address}/es/tutorial/upload/#install")

    def body(link):
        link.dispatch_event("pointerdown")
        return parse_qs(urlsplit(link.get_attribute("href")).query)["body"][0]

    foot = page.locator("article .page-foot__report")
    beside = page.locator(".md-sidebar--secondary .page-foot__report")
    heading = page.locator("#install")
    assert "(#install)" in body(foot)
    # Beside the text, the section that is on the screen.
    page.locator("#keep").evaluate("one => one.scrollIntoView()")
    assert "(#keep)" in body(beside)
    # What is selected is quoted.
    heading.locator("xpath=following-sibling::p[1]").evaluate(
        "one => getSelection().selectAllChildren(one)"
    )
    text = body(foot)
    assert "(#install)" in text
    assert "\n> " in text
    page.context.close()


def test_every_section_can_be_linked_to(built_site):
    for language in LANGUAGES:
        for page in pages():
            for heading in built_site.html(language, page).select("article :is(h2, h3)"):
                if heading.find_parent(class_="contents"):
                    continue
                message = heading.find_parent("details", class_="message")
                link = (message or heading).select_one("a.headerlink")
                assert link["href"] == f"#{heading['id']}", f"{language}/{page}"


# The blocks


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_block_says_how_it_is_proven(language, built_site):
    tested = site_data.data("generated/tested")
    for page in pages():
        html = built_site.html(language, page)
        for mark in html.select("details.proof"):
            text = mark.select_one("p").get_text()
            reasons = [block["reason"][language][:30] for block in tested["declared"]]
            declared = any(reason in text for reason in reasons)
            assert (tested["date"] in text) is not declared, text
            assert ("unproven" in mark["class"]) is declared, text
            if "output" in mark.find_previous_sibling("div")["class"]:
                continue
            source = mark.select_one("a.source")["href"]
            file = source.partition("/blob/main/")[2]
            assert (ROOT / file).is_file(), source
            assert mark.select_one("a.download")["aria-label"].endswith(
                mark.select_one("a.download")["download"]
            )
    marks = [len(built_site.html(language, page).select("details.proof")) for page in pages()]
    assert sum(marks) == len(built_site.blocks(language))


def test_what_is_copied_has_no_prompt(built_site):
    for page in pages():
        for block in built_site.html("en", page).select("div.highlight:not(.no-copy) pre"):
            lines = block.get_text().splitlines()
            assert not [line for line in lines if line.startswith(("$ ", "> ", ">>> ", "% "))], page


# The look

LOOKS = [
    (page, width, scheme)
    for page in ("en/", "es/", "en/tutorial/upload/", "es/tutorial/upload/", "es/reference/deploy/")
    for width in (1400, 390)
    for scheme in ("light", "dark")
]
FONTS = """
() => {
  const pen = document.createElement("canvas").getContext("2d"), found = {};
  for (const [name, one] of [["text", document.body], ["title", document.querySelector("h1")],
                             ["code", document.querySelector("code")]]) {
    pen.font = "100px " + getComputedStyle(one).fontFamily;
    found[name] = Math.round(pen.measureText("Hamburgefonstiv 0123456789").width);
  }
  return found;
}
"""
# Which share of the points differ clearly; and the largest difference (0 to 255) of the mean
# colours of a rough grid, which other letters hardly change.
COMPARE = """
async ([one, other]) => {
  const read = async text => {
    const answer = await fetch("data:image/png;base64," + text);
    const bitmap = await createImageBitmap(await answer.blob());
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height), pen = canvas.getContext("2d");
    pen.drawImage(bitmap, 0, 0);
    return pen.getImageData(0, 0, bitmap.width, bitmap.height);
  };
  const [a, b] = [await read(one), await read(other)];
  if (a.width !== b.width || a.height !== b.height) return {share: 1, rough: 255};
  let far = 0;
  const columns = 8, rows = 6, cells = {};
  for (let at = 0; at < a.data.length; at += 4) {
    const x = at / 4 % a.width, y = Math.floor(at / 4 / a.width);
    const cell = Math.floor(x * columns / a.width) + columns * Math.floor(y * rows / a.height);
    const sum = cells[cell] = cells[cell] || [0, 0, 0, 0];
    let most = 0;
    for (let part = 0; part < 3; part++) {
      const difference = a.data[at + part] - b.data[at + part];
      most = Math.max(most, Math.abs(difference));
      sum[part] += difference;
    }
    sum[3]++;
    if (most > 40) far++;
  }
  const rough = Math.max(...Object.values(cells).map(one =>
    Math.max(...one.slice(0, 3).map(sum => Math.abs(sum / one[3])))));
  return {share: far / (a.width * a.height), rough: rough};
}
"""
SAME, ALIKE = 0.01, 30


@pytest.fixture(scope="module")
def shots(browser, address):
    """A small picture of each main page, and the widths of its fonts."""
    taken, fonts = {}, None
    for width in (1400, 390):
        for scheme in ("light", "dark"):
            context = browser.new_context(
                viewport={"width": width, "height": 900},
                device_scale_factor=0.25,
                color_scheme=scheme,
                reduced_motion="reduce",
            )
            page = context.new_page()
            for path, wide, colours in LOOKS:
                if (wide, colours) == (width, scheme):
                    page.goto(f"{address}/{path}")
                    fonts = fonts or page.evaluate(FONTS)
                    taken[path, width, scheme] = page.screenshot()
            context.close()
    return taken, fonts


def test_the_main_pages_look_as_they_did(request, browser, shots):
    taken, fonts = shots
    name = "{0}-{1}-{2}.png"
    if request.config.getoption("update_examples", False):
        SHOTS.mkdir(exist_ok=True)
        for (path, width, scheme), picture in taken.items():
            file = SHOTS / name.format(path.strip("/").replace("/", "-"), width, scheme)
            file.write_bytes(picture)
        (SHOTS / "fonts.json").write_text(json.dumps(fonts) + "\n", encoding="utf-8")
        return
    same_fonts = json.loads((SHOTS / "fonts.json").read_text(encoding="utf-8")) == fonts
    if not same_fonts:
        warnings.warn(
            "The fonts of this machine are not those of tests/fixtures/screenshots, so only the "
            "places and colours of the main pages were compared, and not their letters.",
            stacklevel=1,
        )
    page = browser.new_context().new_page()
    other = {}
    for (path, width, scheme), picture in taken.items():
        file = SHOTS / name.format(path.strip("/").replace("/", "-"), width, scheme)
        pair = [base64.b64encode(image).decode() for image in (file.read_bytes(), picture)]
        distance = page.evaluate(COMPARE, pair)
        if (distance["share"] > SAME) if same_fonts else (distance["rough"] > ALIKE):
            other[file.name] = distance
    page.context.close()
    assert not other, (
        f"{other}\nLook at these pages. If they are as they should be: "
        "make refresh ARGS=tests/site/pages/test_navigation.py"
    )


def test_a_changed_look_is_seen(browser, address, shots):
    """Break it once: another colour of the header, and a column that has moved."""
    taken, _ = shots
    before = base64.b64encode(taken["en/", 1400, "light"]).decode()
    context = browser.new_context(
        viewport={"width": 1400, "height": 900},
        device_scale_factor=0.25,
        color_scheme="light",
        bypass_csp=True,
    )
    page = context.new_page()
    for style, share, rough in (
        (".md-header { background: #c22 !important }", SAME, ALIKE),
        ("article { transform: translateX(120px) !important }", SAME, 0),
    ):
        page.goto(f"{address}/en/")
        page.add_style_tag(content=style)
        after = base64.b64encode(page.screenshot()).decode()
        distance = page.evaluate(COMPARE, [before, after])
        assert distance["share"] > share
        assert distance["rough"] > rough
    page.goto(f"{address}/en/")
    distance = page.evaluate(COMPARE, [before, base64.b64encode(page.screenshot()).decode()])
    assert distance["share"] < SAME
    context.close()
