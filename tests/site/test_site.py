"""The built site: two equal languages, known blocks, good links, nothing from another host."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup
from helpers.docs.blocks import ROOT, all_blocks, blocks, pages
from helpers.site import site_problems
from helpers.site.built_site import LANGUAGES, BuiltSite
from mkdocs.config import load_config

from site_builder import build as building
from site_builder import mkdocs_errors
from site_builder.code_blocks import listings
from site_builder.drawings import screenshots
from site_builder.site_data import data, page_address

pytestmark = pytest.mark.long

HEADING = re.compile(r"^(#{1,6}) .*?(\{ #([\w-]+) \})?$", re.M)
BOX = re.compile(r'^(!!!|\?\?\?\+?|===) (\w+)?(?: ?"([^"]*)")?', re.M)


def source(language: str, page: str) -> str:
    """Return the Markdown of a page as it is written."""
    return (ROOT / "docs" / language / f"{page}.md").read_text(encoding="utf-8")


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    return str(request.param)


def test_both_languages_have_the_same_pages():
    pages_by_language = {
        language: {
            path.relative_to(ROOT / "docs" / language).as_posix().removesuffix(".md")
            for path in (ROOT / "docs" / language).rglob("*.md")
        }
        for language in LANGUAGES
    }
    assert pages_by_language["en"] == pages_by_language["es"] == set(pages())


@pytest.mark.parametrize("page", pages())
def test_every_section_has_an_id(page, language):
    text = source(language, page)
    without = [
        heading[0] for heading in HEADING.finditer(text) if len(heading[1]) > 1 and not heading[3]
    ]
    assert without == [], f"docs/{language}/{page}.md"


@pytest.mark.parametrize("page", pages())
def test_no_block_is_typed_into_a_page(page, language):
    typed = [
        line for line in source(language, page).splitlines() if re.match(r"\s*(```|~~~)", line)
    ]
    assert typed == [], f"docs/{language}/{page}.md"


@pytest.mark.parametrize("page", pages())
def test_spanish_boxes_have_a_title_of_their_own(page):
    bare = [box[0] for box in BOX.finditer(source("es", page)) if not box[3]]
    assert bare == [], f"docs/es/{page}.md"


@pytest.mark.parametrize("page", pages())
def test_every_rendered_block_is_known(page, language, built_site):
    expected = []
    for block in blocks(page):
        options = dict(block.options)
        shown = listings.read_listing(block.path, options.get("first"), options.get("last"))
        expected.append(shown.code.expandtabs(4).rstrip())  # as Markdown does
    if page == "reference/command-line":  # proven by tests/scripts/test_command_line.py
        expected += [text.rstrip() for text in data("generated/command_line")[language].values()]
    rendered = [pre.get_text().rstrip() for pre in built_site.html(language, page).select("pre")]
    assert rendered == expected, f"docs/{language}/{page}.md"


@pytest.mark.parametrize("page", pages())
def test_every_block_can_be_downloaded(page, language, built_site):
    links = built_site.html(language, page).select("a.download")
    wanted = [block for block in blocks(page) if block.kind != "captured"]
    assert len(links) == len(wanted)
    place = built_site.site / language / page_address(page)
    for link, block in zip(links, wanted, strict=True):
        file = (place / unquote(link["href"])).resolve()
        assert file.read_bytes() == block.file.read_bytes(), block.label


def test_what_must_fail_is_marked(language, built_site):
    for page in pages():
        marked = built_site.html(language, page).select("div.fails")
        assert len(marked) == sum(
            block.must_fail and block.kind != "captured" for block in blocks(page)
        ), page
        assert all(block.select_one(".filename") for block in marked)


def test_the_config_page_shows_every_line_of_the_ready_file():
    ready = (ROOT / "demo-package" / ".travis.yml").read_text(encoding="utf-8").splitlines()
    shown: set[str] = set()
    for block in blocks("tutorial/config"):
        if block.path == "demo-package/.travis.yml":
            options = dict(block.options)
            part = listings.read_listing(block.path, options.get("first"), options.get("last"))
            shown |= {line.strip() for line in part.code.splitlines()}
    assert {line.strip() for line in ready} - shown == set()


# The built files


def html_files(tree: BuiltSite) -> list[Path]:
    """Return every page that the site serves."""
    return sorted(tree.site.rglob("*.html"))


def parsed(file: Path) -> BeautifulSoup:
    """Return an HTML file, parsed."""
    return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


CONFIG = load_config(str(ROOT / "mkdocs.yml"))
ADDRESS = f"{CONFIG.site_url}".rstrip("/") + "/"


def test_no_link_and_no_anchor_is_broken(built_site):
    broken, count = site_problems.broken_links(built_site.site, ADDRESS)
    assert broken == []
    assert count > 500


def test_broken_links_are_seen(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "index.html").write_text('<p id="x"><a href="../#here">x</a>')
    links = ["a/", "a/#x", "a/#y", "b/", "a/index.html", "a", "https://other.invalid/", "#here"]
    text = "".join(f'<a href="{link}">x</a>' for link in links)
    (tmp_path / "index.html").write_text(text)
    wrong = [f"index.html: {link}" for link in ("a/#y", "b/", "a", "#here")]
    result = site_problems.broken_links(tmp_path, "https://x.invalid/")
    assert result == (["a/index.html: ../#here", *wrong], 8)
    broken = site_problems.broken_links(tmp_path, "https://x.invalid/", from_disk=True)[0]
    assert set(wrong) | {"index.html: a/", "index.html: a/#x"} <= set(broken)


def test_each_page_says_its_language_and_its_twin(language, built_site):
    for page in pages():
        html = built_site.html(language, page)
        path = page_address(page)
        assert html.html["lang"] == language
        assert html.select_one('link[rel="canonical"]')["href"] == f"{ADDRESS}{language}/{path}"
        alternates = {link["hreflang"]: link["href"] for link in html.select("head link[hreflang]")}
        assert alternates == {
            "en": f"{ADDRESS}en/{path}",
            "es": f"{ADDRESS}es/{path}",
            "x-default": f"{ADDRESS}en/{path}",
        }
        other = next(code for code in LANGUAGES if code != language)
        links = html.select(f'nav.languages a[hreflang="{other}"]')
        assert links, page
        own = f"{ADDRESS}{language}/{path}"
        assert {urljoin(own, link["href"]) for link in links} == {f"{ADDRESS}{other}/{path}"}
        assert html.select_one('meta[name="description"]')["content"], page


def test_the_root_speaks_both_languages_without_script(built_site):
    html = parsed(built_site.site / "index.html")
    assert html.select("script") == []
    assert {link["href"] for link in html.select("a")} == {"en/", "es/"}
    assert {section["lang"] for section in html.select("section[lang]")} == set(LANGUAGES)


def test_the_404_page_speaks_both_languages(built_site):
    html = parsed(built_site.site / "404.html")
    assert {section["lang"] for section in html.select("section[lang]")} == set(LANGUAGES)
    # It is served at any depth, so nothing in it may be relative.
    for tag in html.select("a[href], link[href], script[src]"):
        target = str(tag.get("href") or tag.get("src"))
        assert target.startswith(("#", "/", ADDRESS, f"{CONFIG.repo_url}")), target


def test_no_page_asks_another_host(built_site):
    for file in html_files(built_site):
        html = parsed(file)
        for tag in html.select("script[src], img[src], iframe[src], link[href], source[src]"):
            if (tag.name == "link" and tag.get("hreflang")) or tag.get("rel") == ["canonical"]:
                continue
            target = urlsplit(str(tag.get("src") or tag.get("href")))
            assert target.netloc in ("", urlsplit(ADDRESS).netloc), f"{file}: {tag}"
    for file in built_site.site.rglob("*.css"):
        assert not re.search(r"(url\(|@import )['\"]?(https?:)?//", file.read_text("utf-8")), file


# What must stop a build


@pytest.fixture
def copy(small_sources, monkeypatch):
    """The sources of a small site, to break."""
    monkeypatch.setattr(building, "ROOT", small_sources)
    monkeypatch.setattr(mkdocs_errors, "ROOT", small_sources)
    return small_sources


BREAKS = {
    "a broken link": ("See [it](nowhere.md).", "nowhere.md"),
    "a broken anchor": ("See [it](package.md#nowhere).", "#nowhere"),
    "a missing example": ('{{ listing("examples/upload/nothing.sh") }}', "nothing.sh"),
    "a missing part": ('{{ listing("demo-package/setup.py", first="nothing") }}', "'nothing'"),
    "an undefined variable": ("{{ index.nowhere }}", "nowhere"),
    "an undefined macro": ('{{ listings("x") }}', "listings"),
    "bad macro syntax": ("{{ listing( }}", ""),
    "an unknown label": ('{{ label("nothing") }}', "nothing"),
}


@pytest.mark.parametrize("name", BREAKS)
@pytest.mark.parametrize("broken", LANGUAGES)
def test_the_build_names_page_and_line(copy, name, broken, monkeypatch):
    monkeypatch.setattr(building, "CONFIGS", {broken: building.CONFIGS[broken]})
    text, word = BREAKS[name]
    file = copy / "docs" / broken / "tutorial" / "package.md"
    lines = file.read_text(encoding="utf-8").splitlines()
    lines[7:7] = ["", text, ""]
    file.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(building.BuildError) as error:
        building.build(copy / "site")
    assert f"docs/{broken}/tutorial/package.md:9: " in str(error.value)
    assert word in str(error.value)
    assert "Traceback" not in str(error.value)


def test_a_page_without_its_twin_stops_the_build(copy, monkeypatch):
    monkeypatch.setattr(building, "CONFIGS", {"es": building.CONFIGS["es"]})
    (copy / "docs" / "es" / "practice.md").unlink()
    with pytest.raises(building.BuildError, match=r"practice\.md"):
        building.build(copy / "site")


def test_a_page_outside_the_navigation_stops_the_build(copy):
    (copy / "docs" / "en" / "extra.md").write_text("# Extra\n", encoding="utf-8")
    with pytest.raises(building.BuildError, match=r"extra\.md"):
        building.build(copy / "site")


def test_a_picture_from_another_host_stops_the_build(copy):
    file = copy / "docs" / "en" / "practice.md"
    file.write_text(file.read_text("utf-8") + "\n![x](https://example.com/x.png)\n", "utf-8")
    with pytest.raises(building.BuildError, match=r"example\.com"):
        building.build(copy / "site")


# The data


def test_no_example_is_left_over():
    shown = {block.file for block in all_blocks()}
    rules = yaml.safe_load(
        (ROOT / "pypi_practice" / "data" / "travis" / "rules.yml").read_text("utf-8")
    )
    shown |= {  # the page of the rules links to them
        ROOT / "examples" / "travis_rules" / rule / name
        for rule in rules
        for name in ("bad.yml", "good.yml")
    }
    for code in LANGUAGES:
        shown |= {file for _, file in screenshots.all_pictures(code)}
    handed_out = yaml.safe_load(
        (ROOT / "pypi_practice" / "data" / "commands" / "fork.yml").read_text("utf-8")
    )["ci"].values()
    shown |= {  # what a fork gets beside its workflow
        ROOT / "examples" / "trusted" / name for way in handed_out for name in way.get("more", {})
    }
    files = {
        path
        for path in (ROOT / "examples").rglob("*")
        if path.is_file() and path.name != "proof.yml"
    }
    unused = {path for path in files if path not in shown}
    # An output whose page does not show it is still what the proofs compare.
    assert {path for path in unused if path.suffix != ".out"} == set()
    assert unused == set()
