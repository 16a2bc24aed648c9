"""What pages can call: listings, PyPI's labels, addresses, the table of what was tested."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

from site_builder.drawings import drawings, screenshots
from site_builder.formats import page_formats
from site_builder.formats.downloads import address
from site_builder.formats.page_formats import files_address, source_of
from site_builder.pages import listing_usage, proof_kind, tables
from site_builder.pages.fallback_pages import spoken
from site_builder.pages.listings import Listing, fence, read_listing
from site_builder.site_data import data, word

HOW = ("run", "captured", "judged", "fails", "declared")


class Addresses:
    """The addresses of an index by name: ``{{ index.testpypi.upload }}``."""

    def __init__(self, values: dict[str, Any]) -> None:
        for key, value in values.items():
            setattr(self, key, Addresses(value) if isinstance(value, dict) else value)


def define_env(env: Any) -> None:
    """Give the pages their macros; mkdocs-macros calls this."""

    def speaks() -> str:
        return spoken(getattr(env.page, "file", None), env.conf)

    addresses = data("index/addresses")
    env.variables["index"] = Addresses(addresses["indexes"])
    env.variables["travis"] = Addresses(addresses["travis"])
    tables.register(env, speaks)
    repository = files_address(env.conf)
    page_formats.register(env, speaks)
    _register_tested(env, speaks)

    @env.macro
    def listing(
        path: str,
        first: str | None = None,
        last: str | None = None,
        title: str | None = None,
        hl: tuple[str, ...] | list[str] = (),
    ) -> str:
        """Show a file of examples/ or demo-package/, or its lines from *first* to *last*."""
        shown = read_listing(path, first, last)
        page, language = source_of(env.page), speaks()
        listing_usage.add(env.conf["theme"]["language"], page, shown)
        proof = proof_kind.said(shown, language)
        if shown.is_output:
            return fence(shown, title or proof, ["output", "no-copy"], list(hl))
        head, classes = title if title is not None else shown.title, []
        if shown.must_fail:
            mark = word("refused" if path.endswith((".yml", ".pypirc")) else "must_fail", language)
            head, classes = f"{mark}: {head}" if head else mark, ["fails"]
        if path.startswith(tuple(data("commands/placeholder_names")["fixed"])):
            classes.append("fixed-names")
        up = "../" * (len(PurePosixPath(page).parts) - 1)
        foot = _foot(shown, proof, repository, up, language)
        return f"{fence(shown, head, classes, list(hl))}\n\n{foot}"

    @env.macro
    def drawing(name: str) -> str:
        """Show one of the drawings of site_builder/drawings/drawings.py."""
        return drawings.figure(name, speaks())

    @env.macro
    def screenshot(name: str) -> str:
        """Show a picture of the practice index's pages, as the tests took it."""
        return screenshots.figure(name, speaks(), source_of(env.page))

    @env.macro
    def label(key: str) -> str:
        """Show the words on a button or a field of PyPI's pages, as this language sees them."""
        words, language = data("index/labels")[key], speaks()
        if words[language] is None:
            return f"**{words['en']}**{word('shown_in_english', language)}"
        return f"**{words[language]}**"


def _register_tested(env: Any, speaks: Callable[[], str]) -> None:
    """Give the pages what the last run of the proofs counted."""

    @env.macro
    def tested() -> str:
        """Show what the last run of the proofs counted, and with which versions."""
        facts, language = data("generated/tested"), speaks()
        rows = [f"| {word('kind', language)} | {word('number', language)} |", "| --- | --- |"]
        rows += [f"| {word(f'how_{how}', language)} | {facts['counts'][how]} |" for how in HOW]
        return "\n".join([*rows, "", versions()])

    @env.macro
    def versions() -> str:
        """Show the versions of the programs with which the blocks were proven."""
        rows = [[name, version] for name, version in data("generated/tested")["versions"].items()]
        return tables.table(("program", "version"), rows, speaks())

    @env.macro
    def declared() -> str:
        """List the blocks that cannot be run here, each with its reason."""
        language = speaks()
        return "\n".join(
            f"- `{one['listing'].rpartition('/')[2]}`, {word('page', language)} "
            f"[{one['page'].rpartition('/')[2]}]({one['page']}.md): {one['reason'][language]}"
            for one in data("generated/tested")["declared"]
        )

    @env.macro
    def version(program: str) -> str:
        """Return the version of a program in the last run of the proofs."""
        return str(data("generated/tested")["versions"][program])

    @env.macro
    def tested_on() -> str:
        """Return the day of the last run of the proofs."""
        return str(data("generated/tested")["date"])


def _foot(shown: Listing, proof: str, repository: str, up: str, language: str) -> str:
    """Return the line below a block: its file, how it is proven, and the download."""
    words, name = data("site/proofs"), shown.title or shown.name
    text = words["file"][language].format(path=shown.path)
    source = f'[{shown.name}]({repository}{shown.path}){{ .source title="{text}" }}'
    text = words["download"][language]
    link = (
        f"[{text}]({up}{address(shown.path)})"
        f'{{ .download download="{name}" aria-label="{text} {name}" }}'
    )
    return f"{source} {proof} {link}\n{{ .proof }}"
