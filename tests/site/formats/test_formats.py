"""What is made of the whole guide: Markdown, llms.txt, feed, cards, print page, PDF, zip."""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from datetime import datetime
from urllib.parse import unquote, urlsplit

import pytest
from bs4 import BeautifulSoup
from helpers.docs.blocks import ROOT, pages
from helpers.site import site_problems
from helpers.site.built_site import BUILD_DAY, LANGUAGES
from mkdocs.config import load_config
from PIL import Image

from site_builder import build
from site_builder.formats import cards, feed, markdown_export
from site_builder.site_data import data, page_address, word

ADDRESS = str(load_config(str(ROOT / "mkdocs.yml")).site_url).rstrip("/") + "/"
ATOM = {"": "http://www.w3.org/2005/Atom"}
KINDS = ("added", "changed", "fixed", "removed")  # as in Keep a Changelog
FENCE = re.compile(r"^(`{3,}).*?^\1$", re.M | re.S)


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    """Each language in turn."""
    return str(request.param)


# Plain text


def test_each_page_is_there_as_plain_markdown(language, built_site):
    for page in pages():
        file = built_site.site / language / page_address(page) / markdown_export.NAME
        text = file.read_text("utf-8")
        title = built_site.html(language, page).h1.get_text().replace("¶", "").strip()
        assert text.startswith("# ") or page == "index", page
        heading = re.search(r"^# (.+)$", text, re.M)
        assert heading, page
        assert heading[1].replace("`", "").replace("\\", "").strip() == title, page
        prose = re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))
        assert not re.search(r"^(!!!|===|\?\?\?)|\{[#.:%{]|\{ [#.]|¶|<div|<span", prose, re.M), page
        for target in re.findall(r"\]\(([^)\s]+)[^)]*\)", prose):
            assert urlsplit(target).scheme in ("http", "https", "mailto"), f"{page}: {target}"
        shown = [
            block["code"] for block in built_site.blocks(language) if block["page"] == f"{page}.md"
        ]
        for code in shown:
            for line in code.expandtabs(4).splitlines():
                assert line.rstrip() in text, page


def test_llms_txt_names_every_page_and_llms_full_holds_them(language, built_site):
    folder = built_site.site / language
    named = re.findall(r"\]\((\S+)\): \S", (folder / "llms.txt").read_text("utf-8"))
    places = [f"{page_address(page)}{markdown_export.NAME}" for page in pages()]
    assert named == [f"{ADDRESS}{language}/{place}" for place in places]
    for url in named:
        assert (built_site.site / url.removeprefix(ADDRESS)).is_file()
    full = (folder / "llms-full.txt").read_text("utf-8")
    for page in pages():
        file = folder / page_address(page) / markdown_export.NAME
        assert file.read_text("utf-8").strip() in full, page
    root = (built_site.site / "llms.txt").read_text("utf-8")
    assert f"{ADDRESS}{language}/llms.txt" in root


# Feed and changelog


def test_the_feed_is_valid_atom(language, built_site):
    content = (built_site.site / language / feed.FEED).read_bytes()
    tree = ET.fromstring(content)
    assert tree.tag == f"{{{ATOM['']}}}feed"
    assert tree.get("{http://www.w3.org/XML/1998/namespace}lang") == language
    entries = tree.findall("entry", ATOM)
    for node in (tree, *entries):
        for name in ("id", "title", "updated"):
            assert len(node.findall(name, ATOM)) == 1, name
            assert node.findtext(name, "", ATOM).strip(), name
        moment = node.findtext("updated", "", ATOM)
        assert datetime.fromisoformat(moment).utcoffset() is not None
    assert tree.find("author/name", ATOM) is not None
    links = {link.get("rel"): link.get("href") for link in tree.findall("link", ATOM)}
    assert links["self"] == tree.findtext("id", "", ATOM) == f"{ADDRESS}{language}/feed.xml"
    ids = [entry.findtext("id", "", ATOM) for entry in entries]
    assert len(set(ids)) == len(ids) == len(data("site/changes")) > 0
    for entry, release in zip(entries, data("site/changes"), strict=True):
        element = entry.find("link", ATOM)
        assert element is not None
        link = element.get("href", "")
        page, _, anchor = link.partition("#")
        assert page == f"{ADDRESS}{language}/changes/"
        assert built_site.html(language, "changes").find(id=anchor), link
        shown = BeautifulSoup(entry.findtext("content", "", ATOM), "html.parser")
        items = [item.get_text() for item in shown.select("li")]
        kinds = [change for kind in KINDS for change in release.get(kind, [])]
        assert len(items) == len(kinds)
        for text, change in zip(items, kinds, strict=True):
            plain = re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", change[language])
            assert re.sub("[`*]", "", text) == re.sub("[`*]", "", plain)


def test_every_change_is_told_in_both_languages():
    for release in data("site/changes"):
        assert set(release) <= {"day", "version", *KINDS}, release["day"]
        for kind in KINDS:
            for change in release.get(kind, []):
                assert change.keys() == {"en", "es"}
                assert change["en"] != change["es"]
    days = [str(release["day"]) for release in data("site/changes")]
    assert days == sorted(set(days), reverse=True)


def test_the_changelog_is_what_the_data_says():
    assert feed.CHANGELOG.read_text("utf-8") == feed.changelog(), "run: make changes"


# Cards


def test_each_page_has_a_small_card_and_says_so(language, built_site):
    for page in pages():
        html = built_site.html(language, page)
        metadata = {meta["property"]: meta["content"] for meta in html.select("meta[property]")}
        assert metadata["og:url"] == f"{ADDRESS}{language}/{page_address(page)}"
        assert metadata["og:image"] == f"{metadata['og:url']}{cards.NAME}"
        assert metadata["og:locale"] == word("locale", language)
        assert metadata["og:description"] == html.select_one('meta[name="description"]')["content"]
        assert html.select_one('meta[name="twitter:card"]')["content"] == "summary_large_image"
        file = built_site.site / metadata["og:image"].removeprefix(ADDRESS)
        assert file.stat().st_size < 40_000, page
        with Image.open(file) as card:
            assert (card.format, card.size) == ("PNG", (1200, 630)), page
            assert [card.width, card.height] == [
                int(metadata["og:image:width"]),
                int(metadata["og:image:height"]),
            ]


def test_cards_differ_and_hold_their_title_within_the_edge(built_site):
    seen: dict[bytes, str] = {}
    for file in sorted(built_site.site.rglob(cards.NAME)):
        content = file.read_bytes()
        assert content not in seen, f"{file} is the card of {seen.get(content)}"
        seen[content] = str(file)
        with Image.open(io.BytesIO(content)) as card:
            edge = card.convert("RGB").crop((1140, 0, 1200, 630))
        assert len(edge.getcolors() or []) == 1, f"{file}: a letter touches the edge"
    assert len(seen) == len(pages()) * len(LANGUAGES)


def test_a_title_that_no_card_can_hold_stops_the_build():
    with pytest.raises(ValueError, match="too long"):
        cards._fitting("unbelievably " * 60)


# The offline set


def test_no_link_of_the_offline_set_is_broken(offline_set):
    broken, count = site_problems.broken_links(offline_set, "https://disk.invalid/", from_disk=True)
    assert broken == []
    assert count > 2000


def test_the_offline_set_fetches_nothing_and_leads_to_itself_where_it_can(offline_set):
    files = sorted(offline_set.rglob("*.html"))
    assert len(files) > len(pages()) * len(LANGUAGES)
    for file in files:
        html = BeautifulSoup(file.read_text("utf-8"), "lxml")
        for link in html.select("a[href], link[href], script[src], img[src]"):
            if link.name == "link" and set(link["rel"]) & {"canonical", "alternate"}:
                continue
            target = str(link.get("href") or link.get("src"))
            parts = urlsplit(target)
            if parts.scheme:
                assert parts.scheme in ("http", "https", "mailto", "data"), target
                assert link.name == "a", f"{file}: {target} would be fetched"
                path = parts.path.removeprefix(urlsplit(ADDRESS).path)
                if target.startswith(ADDRESS) and path:
                    assert not (offline_set / unquote(path)).is_file(), f"{target} is in the set"


def test_the_offline_set_holds_what_a_page_offers(offline_set, language):
    assert (offline_set / language / "files" / "random-names.zip").is_file()
    assert not list(offline_set.rglob("*.map"))


# All of it again


def test_two_builds_on_the_same_day_are_the_same_byte_for_byte(built_site, tmp_path, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", BUILD_DAY)
    build.build(tmp_path)
    first, second = (
        {
            file.relative_to(place).as_posix(): file.read_bytes()
            for file in sorted(place.rglob("*"))
            if file.is_file()
        }
        for place in (built_site.site, tmp_path)
    )
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []
