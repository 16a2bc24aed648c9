"""The built site as the tests look at it."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup
from filelock import FileLock

from helpers.docs.blocks import ROOT
from site_builder.build import CONFIGS, SOURCES, build
from site_builder.site_data import page_address

LANGUAGES = tuple(CONFIGS)
BUILD_DAY = "1767225600"  # as SOURCE_DATE_EPOCH: the tests build the site as on this day


@dataclass(frozen=True)
class BuiltSite:
    """Where the site and the Markdown after macros lie."""

    site: Path
    rendered: Path

    def blocks(self, language: str) -> list[dict[str, Any]]:
        """Return the blocks that the pages of *language* show, as the macros recorded them."""
        file = self.rendered / language / "blocks.json"
        blocks: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        return blocks

    def markdown(self, language: str, page: str) -> str:
        """Return the Markdown of a page after the macros; *page* is ``tutorial/upload``."""
        return (self.rendered / language / f"{page}.md").read_text(encoding="utf-8")

    def html(self, language: str, page: str) -> BeautifulSoup:
        """Return a built page, parsed."""
        file = self.site / language / f"{page_address(page)}index.html"
        return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Answers as a static host does: our headers, and the 404 page."""

    def log_message(self, *arguments: object) -> None:
        pass

    def end_headers(self) -> None:
        for name, value in headers(Path(self.directory)).items():
            self.send_header(name, value)
        super().end_headers()

    def send_error(self, code: int, *arguments: object) -> None:
        page = Path(self.directory, "404.html")
        if code != 404 or not page.is_file():
            super().send_error(code)
            return
        body = page.read_bytes()
        self.send_response(404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


@functools.cache
def headers(folder: Path) -> dict[str, str]:
    """Return the headers that a built site asks its host to send with each page."""
    lines = (folder / "_headers").read_text(encoding="utf-8").splitlines()[1:]
    pairs = (line.strip().partition(": ") for line in lines)
    return {name: value for name, _, value in pairs}


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a built site, and give its address."""
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def copy_sources(folder: Path) -> Path:
    """Copy all that the site is made of into *folder*, to change it there."""
    for name in SOURCES:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
    return folder


def build_once(base: Path, *, pdf: bool = True) -> BuiltSite:
    """Build the whole site below *base*, unless another worker of the tests has built it there."""
    base.mkdir(parents=True, exist_ok=True)
    tree = BuiltSite(base / "site", base / "rendered")
    stamp = base / "done"
    with FileLock(base / "lock"):
        if not stamp.exists():
            before = os.environ.get("SOURCE_DATE_EPOCH")
            os.environ["SOURCE_DATE_EPOCH"] = before or BUILD_DAY
            try:
                build(tree.site, tree.rendered, pdf=pdf)
            finally:
                if before is None:
                    del os.environ["SOURCE_DATE_EPOCH"]
            stamp.touch()
    return tree
