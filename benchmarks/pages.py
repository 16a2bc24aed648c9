"""The built pages: what they load, where they lead, whom they shut out, whom they ask."""

from __future__ import annotations

import filecmp
import os
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

from helpers.docs import blocks
from helpers.site import accessibility_audit, chromium, site_problems
from helpers.site.built_site import BUILD_DAY, LANGUAGES, served
from playwright.sync_api import Browser, sync_playwright
from table import Number, progress, say

from site_builder.build import build
from site_builder.formats import offline
from site_builder.site_data import page_address

FIRST_VISIT, IMAGES = 85_000, 60_000  # bytes
PATHS = [f"{language}/{page_address(page)}" for language in LANGUAGES for page in blocks.pages()]


def make(folder: Path) -> None:
    """Build the site as on a fixed day, without the PDF."""
    os.environ["SOURCE_DATE_EPOCH"] = BUILD_DAY
    build(folder, pdf=False)


def weights(site: Path) -> Iterator[Number]:
    """Yield what a first visit of the middle page of the tutorial weighs, and of its pictures."""
    for language in LANGUAGES:
        files = sorted((site / language / "tutorial").glob("*/index.html"))
        sizes = sorted(
            (sum(site_problems.weight(file).values()), file.parent.name) for file in files
        )
        typical, heaviest = sizes[len(sizes) // 2], sizes[-1]
        title = say("weight", language, typical[1], heaviest[1], f"{heaviest[0]:,} B")
        yield Number.at_most(title, typical[0], FIRST_VISIT, "{:,.0f} B")
        most = max((site_problems.images(file), file.parent.name) for file in files)
        yield Number.at_most(say("images", language, most[1]), most[0], IMAGES, "{:,.0f} B")


def files(site: Path) -> Iterator[Number]:
    """Yield the broken links and the faults of the HTML, and whether a second build is the same."""
    progress("following")
    broken, count = site_problems.broken_links(site, "https://guide.invalid/")
    yield Number.at_most(say("links", count), len(broken), 0, details=broken)
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(site / offline.NAME) as archive:
            archive.extractall(folder)
        broken, count = site_problems.broken_links(
            Path(folder, offline.FOLDER), "https://disk.invalid/", from_disk=True
        )
    yield Number.at_most(say("links_offline", count), len(broken), 0, details=broken)
    progress("validating")
    pages = sorted(site.rglob("*.html"))
    wrong = [
        f"{page.relative_to(site)}: {fault}"
        for page in pages
        for fault in site_problems.faults(page)
    ]
    yield Number.at_most(say("html", len(pages)), len(wrong), 0, details=wrong)
    progress("building_again")
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        other = different(site, Path(folder))
    yield Number.at_most(say("same_bytes"), len(other), 0, details=other)


def different(first: Path, second: Path) -> list[str]:
    """Return the files that are not the same in both folders."""
    names = {
        file.relative_to(root).as_posix()
        for root in (first, second)
        for file in root.rglob("*")
        if file.is_file()
    }
    _, unlike, missing = filecmp.cmpfiles(first, second, sorted(names), shallow=False)
    return sorted([*unlike, *missing])


def browsed(site: Path) -> Iterator[Number]:
    """Yield what a browser sees on every page of both languages."""
    with served(site) as address, sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium.find(), args=[*chromium.ARGUMENTS]
        )
        yield from measure_requests(running, address)
        yield barred(running, address)
        running.close()


def measure_requests(running: Browser, address: str) -> Iterator[Number]:
    """Yield the requests to other hosts, those for the search at start, and what was refused."""
    context = running.new_context()
    urls: list[str] = []
    complaints: list[str] = []
    context.on("request", lambda request: urls.append(request.url))
    page = context.new_page()
    page.on("pageerror", lambda error: complaints.append(f"{page.url}: {error}"))
    page.on(
        "console",
        lambda message: (
            complaints.append(f"{page.url}: {message.text}") if message.type == "error" else None
        ),
    )
    for number, path in enumerate(PATHS):
        if number % 20 == 0:
            progress("opening", number, len(PATHS))
        page.goto(f"{address}/{path}")
        page.wait_for_load_state("networkidle")
    context.close()
    foreign = [url for url in urls if not url.startswith((address, "data:"))]
    early = [url for url in urls if "/search/" in url]
    yield Number.at_most(say("foreign", len(urls)), len(foreign), 0, details=foreign)
    yield Number.at_most(say("refused"), len(complaints), 0, details=complaints)
    yield Number.at_most(say("search_at_start"), len(early), 0, details=early)


def barred(running: Browser, address: str) -> Number:
    """Return what axe-core finds, light and dark, wide and narrow."""
    failing: list[str] = []
    views = accessibility_audit.VIEWS
    audits = accessibility_audit.audit_pages(running, address, PATHS, views, known={})
    for number, audit in enumerate(audits):
        if number % 20 == 0:
            progress("looking", number, len(PATHS))
        failing += audit.failing
    return Number.at_most(say("axe", len(PATHS)), len(failing), 0, details=failing)
