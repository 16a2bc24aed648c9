"""What MkDocs calls while it builds one language."""

from __future__ import annotations

import gc
import json
import logging
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

# MkDocs loads hooks by path; the package they belong to is found from here.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from site_builder.code_blocks import code_lines, listing_usage
from site_builder.drawings import screenshots
from site_builder.formats import contents, downloads, fonts
from site_builder.formats.page_formats import CHANGED_ONLY, FINISH, WITH_CARDS, files_address
from site_builder.pages import (
    choices,
    fallback_pages,
    install_link,
    message_box,
    placeholder_names,
    search_data,
    theme_context,
)
from site_builder.pages.glossary_links import TermLinks
from site_builder.pages.reading import Reading
from site_builder.site_data import ROOT, first, languages, raw, section_title, word

# A build makes much and drops little: to look for what can go after every 700 new objects, as
# Python does, takes a tenth of its time.
gc.set_threshold(100_000, 20, 20)


def on_startup(command: str, dirty: bool) -> None:
    """Let a build of the changed pages alone be strict: MkDocs warns of each such build."""
    if dirty:
        log = logging.getLogger("mkdocs.commands.build")
        log.addFilter(lambda record: not record.getMessage().startswith("A 'dirty' build"))


def on_config(config: Any) -> None:
    """Give the language its own address, and the templates the words of site/words.yml."""
    language = config.theme["language"]
    listing_usage.clear(language)
    root = config.site_url.rstrip("/") + "/"
    config.site_url = f"{root}{language}/"
    config.extra["root"] = root
    config.copyright = word("licence", language)
    config.extra["languages"] = [
        {"lang": code, "name": facts["name"]} for code, facts in languages().items()
    ]
    # What is not said here in a language, the theme says in it.
    config.extra["theme_words"] = {
        key: text[language] for key, text in raw("site/theme").items() if language in text
    }
    config.extra["word"] = {
        key: {code: word(key, code) for code in languages()}
        for key in ("language", "changes", "locale")
    }
    # Where the theme keeps what a reader has chosen, light or dark: all languages share it.
    config.extra["scope"] = urlsplit(root).path
    config.theme.static_templates.discard("404.html")  # there is one for all languages
    theme_context.give_words(config)
    config.markdown_extensions += [TermLinks(language), Reading()]


def on_files(files: Files, config: Any) -> None:
    """Add the downloads, so that MkDocs itself finds a link to a missing one; and what is lent."""
    fallback_pages.add(files, config)
    for path in downloads.all_files():
        name = downloads.address(path.relative_to(ROOT).as_posix())
        files.append(File.generated(config, name, content=path.read_bytes()))
    for name, path in screenshots.all_pictures(config.theme["language"]):
        if path.is_file():  # the macro names the page that shows one that is missing
            files.append(File.generated(config, name, content=path.read_bytes()))
    content = downloads.archive()
    files.append(File.generated(config, f"files/{downloads.ARCHIVE}", content=content))
    script = downloads.archive_script()
    files.append(File.generated(config, downloads.ARCHIVE_SCRIPT, content=script))
    if CHANGED_ONLY not in os.environ:  # they are there, and take time to make
        for name, content in fonts.for_pages().items():
            files.append(File.generated(config, name, content=content))
    for module in (placeholder_names, message_box):
        script = module.script_data(config.theme["language"])
        files.append(File.generated(config, module.DATA, content=script))


def on_nav(nav: Any, config: Any, files: Files) -> None:
    """Name the sections of the navigation in the language that is built."""
    _name_sections(nav.items, config.theme["language"])
    if CHANGED_ONLY in os.environ:
        titles = theme_context.read_titles(Path(config.site_dir))
        for page in nav.pages:
            # MkDocs reads only what is modified, and knows no title of the others.
            if not page.file.is_modified():
                page.read_source(config)
                theme_context.escape_description(page)
                page.title = titles.get(page.url, page.title)


def _name_sections(items: Iterable[Any], language: str) -> None:
    for item in items:
        if item.is_section:
            item.title = section_title(item.title, language)
            _name_sections(item.children, language)


@event_priority(-100)
def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> None:
    """Say which page comes, and keep its Markdown, after the macros, where GUIDE_RENDERED says."""
    links = next(item for item in config.markdown_extensions if isinstance(item, TermLinks))
    links.page = page.file.src_uri
    theme_context.escape_description(page)
    if out := os.environ.get("GUIDE_RENDERED"):
        path = Path(out, config.theme["language"], page.file.src_uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(markdown, encoding="utf-8")


def on_page_content(html: str, page: Any, config: Any, files: Files) -> str:
    """Mark names and tabs that readers choose, and a page borrowed from another language."""
    language = config.theme["language"]
    html = html.replace("<th></th>", "<td></td>")  # the empty corner of a table is no heading
    html = choices.mark(install_link.mark(html, page, files, language), language)
    html = code_lines.mark(placeholder_names.mark(html, language))
    html = search_data.exclude_widgets(html)
    if not fallback_pages.is_borrowed(page.file, config):
        return html
    page.canonical_url = f"{config.extra['root']}{first()}/{page.url}"
    return fallback_pages.marked(html, language)


def on_env(env: Any, config: Any, files: Files) -> Any:
    """Write the list of pages, whose titles are known now."""
    pages = [file.page for file in files.documentation_pages() if file.page]
    theme_context.write_pages(pages, Path(config.site_dir))
    return env


def on_post_build(config: Any) -> None:
    """Write down which blocks were shown and what the search looks through, and finish."""
    language = config.theme["language"]
    if CHANGED_ONLY in os.environ:
        search_data.leave(Path(config.site_dir, "search"))
        return
    if out := os.environ.get("GUIDE_RENDERED"):
        rows = [
            {"page": page, "listing": shown.path, "code": shown.code}
            for page, shown in listing_usage.shown(language)
        ]
        Path(out, language, "blocks.json").write_text(json.dumps(rows), encoding="utf-8")
    theme_context.write_moved(
        Path(config.site_dir), config.site_url, files_address(config), language
    )
    search_data.write(Path(config.site_dir, "search"), language)
    if (how := os.environ.get(FINISH)) is not None:
        _finish(config, with_cards=how == WITH_CARDS)


def _finish(config: Any, *, with_cards: bool) -> None:
    # What makes pages of pages takes time to import, and only the whole site needs it.
    from site_builder.formats.postprocess import finish

    gc.freeze()  # what MkDocs holds stays until the end: it need not be looked through again
    guide = contents.of(config, config.extra["root"], Path(config.site_dir))
    finish(guide, with_cards=with_cards)
