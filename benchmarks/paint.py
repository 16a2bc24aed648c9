"""When the largest thing of a page is painted on a slow phone, beside Material's own start page.

Material's documentation is in no package: it is taken from its repository, or from a copy of it.
Both sites are served in the same way, with gzip, and neither may ask another host: Material's
letters from elsewhere, which would only be slower, are left out.
"""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import importlib.metadata
import io
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import yaml
from helpers.site import chromium
from helpers.site.built_site import LANGUAGES
from playwright.sync_api import Browser, sync_playwright
from table import Number, progress, say

from site_builder.build import QUIET
from site_builder.site_data import data

RATIO = 0.8
RUNS = 7
SLOW_4G = {
    "offline": False,
    "latency": 150,  # milliseconds
    "downloadThroughput": 1_600_000 / 8,  # bytes a second
    "uploadThroughput": 750_000 / 8,
}
CPU = 4
PHONE = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2}
PAINTED = """
() => new Promise(done => new PerformanceObserver(list => {
  done(list.getEntries().at(-1).startTime);
}).observe({type: "largest-contentful-paint", buffered: true}))
"""
# What its documentation needs and has nothing to do with what a reader loads.
CONFIG = {"INHERIT": "mkdocs.yml", "plugins": ["search"], "theme": {"font": False}, "nav": None}


class Failed(Exception):
    """Material's documentation could not be had or built; the text says why."""


def numbers(site: Path, material: Path | None) -> Iterator[Number]:
    """Yield the ratio of our home page and of a page of the tutorial, in each language."""
    pages = [f"{language}/{path}" for language in LANGUAGES for path in ("", "tutorial/upload/")]
    with tempfile.TemporaryDirectory() as folder:
        try:
            progress("material_builds")
            base = build(material or clone(Path(folder, "material")), Path(folder, "site"))
        except Failed as error:
            for path in pages:
                limit = say("at_most", f"{RATIO:.2f} ×")
                yield Number(say("paint", path), "–", limit, None, (str(error),))
            return
        with served(site) as ours, served(base) as theirs, sync_playwright() as playwright:
            running = playwright.chromium.launch(
                executable_path=chromium.find(), args=[*chromium.ARGUMENTS]
            )
            times: dict[str, list[float]] = {theirs: [], **{f"{ours}/{page}": [] for page in pages}}
            for run in range(RUNS):  # in turns, so that a busy machine is busy for all
                progress("painting", run + 1, RUNS)
                for address, samples in times.items():
                    samples.append(painted(running, address))
            running.close()
        middle = {address: statistics.median(samples) for address, samples in times.items()}
        for path in pages:
            own = middle[f"{ours}/{path}"]
            title = f"{say('paint', path)} ({own:.0f} / {middle[theirs]:.0f} ms)"
            yield Number.at_most(title, own / middle[theirs], RATIO, "{:.2f} ×")


def painted(running: Browser, address: str) -> float:
    """Return when the largest thing is painted at a first visit, in milliseconds."""
    context = running.new_context(**PHONE)  # type: ignore[arg-type]
    context.route(
        lambda url: not url.startswith(("http://127.0.0.1", "data:", "blob:")),
        lambda route: route.abort(),
    )
    page = context.new_page()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW_4G)
    session.send("Emulation.setCPUThrottlingRate", {"rate": CPU})
    page.goto(address)
    page.wait_for_load_state("networkidle")
    time = float(page.evaluate(PAINTED))
    context.close()
    return time


def clone(folder: Path) -> Path:
    """Take the documentation of Material, as it is for the version that is installed."""
    version = importlib.metadata.version("mkdocs-material")
    address = data("numbers")["material"]
    for tag in (["--branch", version], []):  # a release without a tag: as it is now
        result = subprocess.run(
            ["git", "clone", "--quiet", "--depth", "1", *tag, address, str(folder)],
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode == 0:
            return folder
    raise Failed(say("no_material", address=address, error=result.stderr.strip().splitlines()[-1]))


def build(source: Path, folder: Path) -> Path:
    """Build Material's documentation with the Material that is installed."""
    if not (source / "docs" / "index.md").is_file():
        raise Failed(say("no_docs", place=source))
    config = source / "mkdocs.numbers.yml"
    config.write_text(yaml.safe_dump(CONFIG), encoding="utf-8")
    try:
        result = subprocess.run(
            [
                sys.executable,
                "-m",
                "mkdocs",
                "build",
                "--quiet",
                "--config-file",
                config.name,
                "--site-dir",
                str(folder),
            ],
            cwd=source,
            env={**os.environ, **QUIET},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        config.unlink()
    if result.returncode or not (folder / "index.html").is_file():
        raise Failed(say("material_failed", (result.stderr.strip().splitlines() or ["?"])[-1]))
    return folder


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Sends what is text with gzip, as every static host does."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: object) -> None:
        pass

    def send_head(self) -> io.BytesIO | None:
        path = Path(self.translate_path(self.path))
        path = path / "index.html" if path.is_dir() else path
        if not path.is_file():
            self.send_error(404)
            return None
        body = path.read_bytes()
        kind = self.guess_type(str(path))
        self.send_response(200)
        self.send_header("Content-Type", kind)
        if kind.startswith("text/") or kind.endswith(("javascript", "json", "xml")):
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a site with gzip, and give its address."""
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
