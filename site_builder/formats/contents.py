"""What the guide is made of, in one language: its chapters and its built pages, in order."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lxml.html
from mkdocs.config import load_config

from site_builder.site_data import page_address, section_title

ARTICLE = '//article[contains(concat(" ", @class, " "), " md-content__inner ")]'


@dataclass(frozen=True)
class Page:
    """A built page; ``name`` is ``tutorial/upload``, ``url`` its public address."""

    name: str
    url: str
    file: Path

    @functools.cached_property
    def tree(self) -> Any:
        """The whole page, parsed; whoever changes it works on a copy."""
        return lxml.html.fromstring(self.file.read_text(encoding="utf-8"), base_url=self.url)

    @property
    def title(self) -> str:
        """The text of its first heading."""
        heading = self.tree.xpath(f"{ARTICLE}//h1")[0]
        return " ".join(heading.xpath("string()").replace("¶", "").split())

    @functools.cached_property
    def only_lists(self) -> bool:
        """Whether it is a section's own page that only lists the others of its section."""
        headings = self.tree.xpath(f"{ARTICLE}//h2[not(ancestor::nav)]")
        return self.name.endswith("/index") and not headings

    @property
    def description(self) -> str:
        """Its sentence for search engines."""
        return str(self.tree.xpath('//meta[@name="description"]/@content')[0])


@dataclass(frozen=True)
class Guide:
    """The built guide in one language; ``root`` is the address above both languages."""

    language: str
    name: str
    description: str
    root: str
    folder: Path
    chapters: tuple[tuple[str, tuple[Page, ...]], ...]

    @property
    def url(self) -> str:
        """The address of its home page."""
        return f"{self.root}{self.language}/"

    @property
    def pages(self) -> Iterator[Page]:
        """Yield every page, in the order of the navigation."""
        for _, pages in self.chapters:
            yield from pages

    def chapter(self, page: Page) -> str:
        """Return the title of the chapter of *page*; empty for a page that stands alone."""
        return next(title for title, pages in self.chapters if page in pages)


def read(config_file: Path, folder: Path) -> Guide:
    """Return the guide that was built from *config_file* into *folder*."""
    config = load_config(str(config_file))
    return of(config, (config.site_url or "").rstrip("/") + "/", folder)


def of(config: Any, root: str, folder: Path) -> Guide:
    """Return the guide that was built from *config* into *folder*, for the address *root*."""
    language = config.theme["language"]

    def page(path: str) -> Page:
        name = path.removesuffix(".md")
        below = page_address(name)
        return Page(name, f"{root}{language}/{below}", folder / below / "index.html")

    chapters: list[tuple[str, tuple[Page, ...]]] = []
    for item in config.nav or []:
        if isinstance(item, str):
            chapters.append(("", (page(item),)))
        else:
            for key, paths in item.items():
                pages = tuple(page(path) for path in _paths(paths))
                chapters.append((section_title(key, language), pages))
    return Guide(
        language, config.site_name, config.site_description or "", root, folder, tuple(chapters)
    )


def _paths(items: list[Any]) -> Iterator[str]:
    """Yield the pages of a section of the navigation, those of its groups among them."""
    for item in items:
        if isinstance(item, str):
            yield item
        else:
            for paths in item.values():
                yield from _paths(paths)
