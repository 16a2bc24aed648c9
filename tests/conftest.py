"""What the tests share: the built site, the readers of the pages, what was proven."""

from __future__ import annotations

import gc
import signal
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.docs import tested_facts
from helpers.docs.blocks import Block, all_blocks, all_pages, tutorial
from helpers.docs.tutorial_runner import GuideReaders, pages_up_to
from helpers.site import chromium
from helpers.site.built_site import BuiltSite, build_once, copy_sources, served
from helpers.site.data_texts import sentence
from helpers.site.small_site import write_small_site
from playwright.sync_api import Browser, sync_playwright
from xdist.scheduler import LoadScopeScheduling

from site_builder.formats import downloads, offline

PROVEN: set[str] = set()
# What a test with one of these fixtures needs is made in minutes, or with a browser.
EXPENSIVE = {
    "address",
    "browser",
    "built_site",
    "guide_readers",
    "lab",
    "offline_set",
    "small_sources",
}
TUTORIAL = tutorial()[0]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a maintainer choose which pages tests/docs/test_walks.py follows."""
    parser.addoption("--walk-all", action="store_true", help="follow all pages, in random orders")
    parser.addoption("--walk-seed", type=int, help="the seed of the orders")


def pytest_configure() -> None:
    """Let Ctrl-C reach the programs that tests start, also where SIGINT is ignored.

    A script's background job ignores SIGINT, and so would all that is started by it. A signal that
    has a handler here has its default again in a program that is started.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def kept_by_rehearsals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What rehearsals keep for a day is kept for all tests, and not in the user's home."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYPI_PRACTICE_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def built_site(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> BuiltSite:
    """The whole site, built once for all workers, with the Markdown that the macros made."""
    own = tmp_path_factory.getbasetemp()
    return build_once((own if worker_id == "master" else own.parent) / "site")


@pytest.fixture(scope="module")
def offline_set(built_site: BuiltSite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The offline set, as a reader unpacks it, in a folder whose name is not plain."""
    place = tmp_path_factory.mktemp("memory stick é #1")
    with zipfile.ZipFile(built_site.site / offline.NAME) as archive:
        archive.extractall(place)
    return place / offline.FOLDER


@pytest.fixture(scope="module")
def address(built_site: BuiltSite) -> Iterator[str]:
    """The built site, served as a static host does."""
    with served(built_site.site) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a file."""
    executable = chromium.find()
    assert executable, sentence("no_browser")
    with sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=executable, args=[*chromium.ARGUMENTS])
        yield chrome
        chrome.close()


@pytest.fixture
def small_sources(tmp_path: Path) -> Path:
    """The sources of a site with few pages, to build and to change."""
    return write_small_site(tmp_path)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of all that the site is made of, to change."""
    return copy_sources(tmp_path)


@pytest.fixture(scope="session")
def guide_readers(tmp_path_factory: pytest.TempPathFactory) -> GuideReaders:
    """The readers of the guide, who begin with the archive that the site offers."""
    base = tmp_path_factory.mktemp("readers")
    archive = base / downloads.ARCHIVE
    archive.write_bytes(downloads.archive())
    return GuideReaders(base, archive)


@pytest.fixture
def proven() -> set[str]:
    """The labels of the blocks that this run has proven."""
    return PROVEN


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many blocks were proven, and which cannot be."""
    if not PROVEN:
        return
    kinds = Counter(block.kind for block in proven_blocks())
    say = terminalreporter.write_line
    terminalreporter.section("blocks of the pages")
    say(", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items())))
    say(f"{len(PROVEN)} proven of {len(every_label())} on the pages")
    for block in tested_facts.declared():
        say(f"not run: {block['listing']} on {block['page']}: {block['reason']['en']}")


def every_label() -> set[str]:
    """Return the labels of all blocks of all pages."""
    return {block.label for block in all_blocks()}


def proven_blocks() -> list[Block]:
    """Return the blocks that this run has proven, each once."""
    return list({block.label: block for block in all_blocks() if block.label in PROVEN}.values())


def first_page(nodeid: str) -> str | None:
    """Return the page on which the reader of a block's test begins; None for other tests."""
    file, _, test = nodeid.partition("::")
    if Path(file).name != "test_blocks.py":
        return None
    page = next(page for page in all_pages() if test.startswith(f"test_block[{page}-"))
    # The home page shows what the reader of the tutorial has done.
    return TUTORIAL if page == "index" else pages_up_to(page)[0]


class ReaderScheduling(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist has no types
    """Gives each worker whole test files, and all pages of one reader to one worker."""

    def _split_scope(self, nodeid: str) -> str:
        return first_page(nodeid) or nodeid.partition("::")[0]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left alone with it at the end.

    Each test that needs something expensive is marked as well, and ``make check`` leaves it out.
    """

    def order(item: pytest.Item) -> int:
        page = first_page(item.nodeid)
        if page == TUTORIAL:
            return 0
        return 1 if item.get_closest_marker("long") else 2 if page else 3

    items.sort(key=order)
    for item in items:
        if EXPENSIVE & {*getattr(item, "fixturenames", ())}:
            item.add_marker("long")


def pytest_collection_finish() -> None:
    """Let the garbage collector pass by the thousands of tests, which stay until the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ReaderScheduling:
    """Let pytest-xdist use our scheduling."""
    return ReaderScheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of pytest-xdist has proven."""
    PROVEN.update(getattr(node, "workeroutput", {}).get("proven", []))


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Hand over what was proven; or, after a refresh of all pages, write down what was tested."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["proven"] = sorted(PROVEN)
        return
    update = session.config.getoption("update_examples", False)
    if update and exitstatus == 0 and every_label() <= PROVEN:
        tested_facts.write(Path(session.config.rootpath))
