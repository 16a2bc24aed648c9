"""The code blocks of the pages: which there are, in what order, and how each must be proven."""

from __future__ import annotations

import ast
import functools
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))  # for make twins and others, which run a file of this folder

from site_builder.code_blocks import proof_kind  # noqa: E402

CONTRIBUTING = ROOT / "contributing"
CALL = re.compile(r"\{\{\s*(listing\(.*?\))\s*(?:\|[^}]*)?\}\}")


@dataclass(frozen=True)
class Block:
    """One listing of a page: its file, relative to the repository, and how it is shown."""

    page: str
    path: str
    options: tuple[tuple[str, Any], ...]

    @property
    def file(self) -> Path:
        """The file on disk."""
        return ROOT / self.path

    @property
    def name(self) -> str:
        """The bare file name."""
        return self.file.name

    @property
    def label(self) -> str:
        """What tells it from the other blocks of its page: the file, and where its part begins."""
        first = dict(self.options).get("first")
        return f"{self.path}:{first}" if first else self.path

    @property
    def must_fail(self) -> bool:
        """Whether readers are told that this fails."""
        return self.name.startswith("fails-")

    @property
    def is_warned(self) -> bool:
        """Whether readers are told that Travis CI warns of this."""
        return self.name.startswith("warned-")

    @property
    def special(self) -> dict[str, Any]:
        """What ``proof.yml`` beside the file says about it, if anything."""
        proofs: dict[str, dict[str, Any]] = proof_kind.special(self.file.parent)
        return proofs.get(self.name, {})

    @property
    def kind(self) -> str:
        """How it is proven: run, captured, judged or declared; LookupError if by nothing."""
        try:
            return proof_kind.kind(self.path)
        except KeyError:
            raise LookupError(f"{self.page}: nothing proves {self.path}") from None


def _call(text: str, page: str) -> Block:
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    path = ast.literal_eval(call.args[0])
    options = tuple((str(word.arg), ast.literal_eval(word.value)) for word in call.keywords)
    return Block(page, path, tuple((key, _frozen(value)) for key, value in options))


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


class _Loader(yaml.SafeLoader):
    """Reads mkdocs.yml without what only MkDocs understands (!ENV, !relative ...)."""


_Loader.add_multi_constructor("!", lambda loader, suffix, node: None)
_Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda loader, suffix, node: None)


@functools.cache
def pages() -> tuple[str, ...]:
    """Return the names of the pages in the order of the navigation: ``tutorial/package`` ..."""
    nav = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader=_Loader)["nav"]
    names: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, str):
            names.append(node.removesuffix(".md"))
        elif isinstance(node, dict):
            for value in node.values():
                walk(value)
        else:
            for value in node:
                walk(value)

    walk(nav)
    return tuple(names)


def is_section(page: str) -> bool:
    """Whether this is the page of a section of the navigation, such as ``howto/index``."""
    return page.endswith("/index")


def tutorial() -> tuple[str, ...]:
    """Return the pages of the tutorial, each of which is a step."""
    return tuple(page for page in pages() if page.startswith("tutorial/") and not is_section(page))


@functools.cache
def maintainers_pages() -> tuple[str, ...]:
    """Return the names of the pages for maintainers: ``contributing/site`` ..."""
    return tuple(f"contributing/{file.stem}" for file in sorted(CONTRIBUTING.glob("en/*.md")))


def all_pages() -> tuple[str, ...]:
    """Return the pages of the site, and those for maintainers."""
    return (*pages(), *maintainers_pages())


def source(page: str, language: str = "en") -> Path:
    """Return the file of a page of the site, or of one for maintainers."""
    folder, _, name = page.rpartition("/")
    if folder == "contributing":
        return CONTRIBUTING / language / f"{name}.md"
    return ROOT / "docs" / language / f"{page}.md"


@functools.cache
def blocks(page: str) -> tuple[Block, ...]:
    """Return the blocks of one English page in page order; the Spanish page has the same."""
    text = source(page).read_text(encoding="utf-8")
    return tuple(_call(match[1], page) for match in CALL.finditer(text))


def all_blocks() -> tuple[Block, ...]:
    """Return the blocks of all pages."""
    return tuple(block for page in all_pages() for block in blocks(page))


def folder(page: str) -> Path:
    """Return the example folder of a page: the last word of its path."""
    return ROOT / "examples" / page.rpartition("/")[2]


def owner(block: Block) -> str:
    """Return the page on which the reader runs a block: the home page shows those of others."""
    if block.page != "index":
        return block.page
    return next((page for page in pages() if folder(page) == block.file.parent), block.page)
