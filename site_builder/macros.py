"""What pages can call: listings, drawings, tables, PyPI's labels, what was tested, what to take."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from pypi_practice.core.i18n import language as user_language
from site_builder.code_blocks import listing_usage, proof_kind
from site_builder.code_blocks.listings import Listing, fence, read_listing
from site_builder.drawings import drawings, screenshots
from site_builder.formats import wheel
from site_builder.formats.downloads import address
from site_builder.formats.page_formats import TAKEN, WHEEL, files_address, is_taken, source_of
from site_builder.pages import message_box, tables
from site_builder.pages.fallback_pages import spoken
from site_builder.site_data import data, page_address, word


class Addresses:
    """The addresses of an index by name: ``{{ index.testpypi.upload }}``."""

    def __init__(self, values: dict[str, Any]) -> None:
        for key, value in values.items():
            setattr(self, key, Addresses(value) if isinstance(value, dict) else value)


def define_env(env: Any) -> None:
    """Give the pages their macros; mkdocs-macros calls this."""

    def language() -> str:
        return spoken(getattr(env.page, "file", None), env.conf)

    def of_language(function: Callable[..., str]) -> Callable[..., str]:
        return lambda *values, **options: function(language(), *values, **options)

    def of_page(function: Callable[..., str]) -> Callable[..., str]:
        return lambda *values, **options: function(
            env.conf, source_of(env.page), language(), *values, **options
        )

    addresses = data("index/addresses")
    env.variables["index"] = Addresses(addresses["indexes"])
    env.variables["travis"] = Addresses(addresses["travis"])
    for name, function in {**tables.macros(), "drawing": drawing}.items():
        env.macro(of_language(function), name)
    for name, function in OF_PAGE.items():
        env.macro(of_page(function), name)


def listing(
    config: Any,
    page: str,
    language: str,
    path: str,
    first: str | Sequence[str] | None = None,
    last: str | None = None,
    title: str | None = None,
    hl: tuple[str, ...] | list[str] = (),
) -> str:
    """Show a file of examples/ or demo-package/, or its lines from *first* to *last*."""
    shown = read_listing(path, first, last)
    listing_usage.add(config["theme"]["language"], page, shown)
    if shown.is_output:
        head = title or data("site/proofs")["output"][language]
        block = fence(shown, head, ["output", "no-copy"], list(hl))
        return f"{block}\n\n{_mark(shown, language)}"
    head, classes = title if title is not None else shown.title, []
    if shown.must_fail:
        mark = word("refused" if path.endswith((".yml", ".pypirc")) else "must_fail", language)
        head, classes = f"{mark}: {head}" if head else mark, ["fails"]
    if path.startswith(tuple(data("commands/placeholder_names")["fixed"])):
        classes.append("fixed-names")
    up = "../" * (len(PurePosixPath(page).parts) - 1)
    more = _file(shown, files_address(config), up, language)
    return f"{fence(shown, head, classes, list(hl))}\n\n{_mark(shown, language, more)}"


def _mark(shown: Listing, language: str, more: str = "") -> str:
    """Return the mark below a block, which opens to how it is proven, and to its file."""
    words = data("site/proofs")
    proven = proof_kind.kind(shown.path) != "declared"
    classes, kind = ("proof", "mark") if proven else ("proof unproven", "mark_declared")
    name = shown.name.replace("_", r"\_")
    title = f'{words[kind][language]}<span class="proof__of">: {name}</span>'
    return f'??? {classes} "{title}"\n    {proof_kind.sentence(shown, language)}{more}'


def _file(shown: Listing, repository: str, up: str, language: str) -> str:
    """Return the links to the file of a block: where it is, and the download."""
    words, name = data("site/proofs"), shown.title or shown.name
    text = words["file"][language].format(path=shown.path)
    source = f"[{text}]({repository}{shown.path}){{ .source }}"
    text = words["download"][language]
    link = (
        f"[{text}]({up}{address(shown.path)})"
        f'{{ .download download="{name}" aria-label="{text} {name}" }}'
    )
    return f"<br>{source}<br>{link}"


def _known(name: str, names: Iterable[str]) -> str:
    """Return *name*. Raises LookupError with the known *names* if it is none of them."""
    if name not in names:
        raise LookupError(
            word("unknown_name", user_language()).format(name=name, names=", ".join(sorted(names)))
        )
    return name


def drawing(language: str, name: str) -> str:
    """Show a drawing."""
    return drawings.figure(language, _known(name, drawings.NAMES))


def screenshot(config: Any, page: str, language: str, name: str) -> str:
    """Show a picture of the practice index's pages, as the tests took it."""
    _known(name, data("site/screenshots"))
    return screenshots.figure(name, language, page)


def take(config: Any, page: str, language: str, what: str) -> str:
    """Link to one of TAKEN."""
    if not is_taken(_known(what, TAKEN)):
        return word("take_no_pdf", language)
    up = "../" * page_address(page.removesuffix(".md")).count("/")
    # Written as HTML: it is made after MkDocs, which would not find it.
    return f'<a href="{up}{TAKEN[what]}">{word(f"take_{what}", language)}</a>'


def program(config: Any, page: str, language: str) -> str:
    """Link to the wheel of the program, with its size and hash."""
    built_wheel = os.environ.get(WHEEL)
    if not built_wheel:
        return word("no_wheel", language)
    path = Path(built_wheel)
    # Above the languages.
    up = "../" * (1 + page_address(page.removesuffix(".md")).count("/"))
    link = f'<a href="{up}{wheel.FOLDER}/{path.name}" download>{path.name}</a>'
    text = word("wheel", language)
    return text.format(link=link, size=wheel.size(path), digest=wheel.digest(path))


# Those that also need the configuration and the path of the page.
OF_PAGE: dict[str, Callable[..., str]] = {
    "listing": listing,
    "message_box": message_box.box,
    "screenshot": screenshot,
    "take": take,
    "program": program,
}
