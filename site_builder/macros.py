"""What pages can call: listings, PyPI's labels, addresses, the table of what was tested."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from site_builder import pictures, record, screenshots, tables
from site_builder.downloads import address
from site_builder.listings import fence, read_listing
from site_builder.texts import data, word

HOW = ("run", "captured", "judged", "fails", "declared")


class Addresses:
    """The addresses of an index by name: ``{{ index.testpypi.upload }}``."""

    def __init__(self, values: dict[str, Any]) -> None:
        for key, value in values.items():
            setattr(self, key, Addresses(value) if isinstance(value, dict) else value)


def define_env(env: Any) -> None:
    """Give the pages their macros; mkdocs-macros calls this."""
    language: str = env.conf["theme"]["language"]
    addresses = data("addresses")
    env.variables["index"] = Addresses(addresses["indexes"])
    env.variables["travis"] = Addresses(addresses["travis"])
    tables.register(env, language)

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
        page = env.page.file.src_uri
        record.add(language, page, shown)
        if shown.is_output:
            head = title or word("output", language)
            return fence(shown, head, ["output", "no-copy"], list(hl))
        head, classes = title if title is not None else shown.title, []
        if shown.must_fail:
            mark = word("refused" if path.endswith((".yml", ".pypirc")) else "must_fail", language)
            head, classes = f"{mark}: {head}" if head else mark, ["fails"]
        up = "../" * (len(PurePosixPath(page).parts) - 1)
        name = shown.title or shown.name
        text = word("download", language).format(name=name)
        link = f'[{text}]({up}{address(path)}){{ .download download="{name}" }}'
        return f"{fence(shown, head, classes, list(hl))}\n\n{link}"

    @env.macro
    def drawing(name: str) -> str:
        """Show one of the drawings of site_builder/pictures.py."""
        return pictures.figure(name, language)

    @env.macro
    def screenshot(name: str) -> str:
        """Show a picture of the practice index's pages, as the tests took it."""
        return screenshots.figure(name, language, env.page.file.src_uri)

    @env.macro
    def label(key: str) -> str:
        """Show the words on a button or a field of PyPI's pages, as this language sees them."""
        words = data("labels")[key]
        if words[language] is None:
            return f"**{words['en']}**{word('shown_in_english', language)}"
        return f"**{words[language]}**"

    @env.macro
    def tested() -> str:
        """Show what the last run of the proofs counted, and with which versions."""
        facts = data("tested")
        rows = [f"| {word('kind', language)} | {word('number', language)} |", "| --- | --- |"]
        rows += [f"| {word(f'how_{how}', language)} | {facts['counts'][how]} |" for how in HOW]
        return "\n".join([*rows, "", versions()])

    @env.macro
    def versions() -> str:
        """Show the versions of the programs with which the blocks were proven."""
        rows = [[name, version] for name, version in data("tested")["versions"].items()]
        return tables.table(("program", "version"), rows, language)

    @env.macro
    def declared() -> str:
        """List the blocks that cannot be run here, each with its reason."""
        return "\n".join(
            f"- `{one['listing'].rpartition('/')[2]}`, {word('page', language)} "
            f"[{one['page'].rpartition('/')[2]}]({one['page']}.md): {one['reason'][language]}"
            for one in data("tested")["declared"]
        )

    @env.macro
    def sources(*keys: str) -> str:
        """List what the page rests on, each with its version and the day on which it was read."""
        known = data("sources")
        rows = []
        for key in keys:
            one = known[key]
            version = f", {one['version']}" if "version" in one else ""
            day = word("read_on", language).format(day=one["read"])
            rows.append(f"- [{one['title']}]({one['url']}){version} ({day})")
        return "\n".join(rows)

    @env.macro
    def tested_on() -> str:
        """Return the day of the last run of the proofs."""
        return str(data("tested")["date"])
