"""The built site as the tests look at it."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from site_builder.build import CONFIGS, build

LANGUAGES = tuple(CONFIGS)


@dataclass(frozen=True)
class BuiltSite:
    """Where the site and the Markdown after macros lie."""

    site: Path
    rendered: Path

    def blocks(self, language: str) -> list[dict[str, Any]]:
        """Return the blocks that the pages of *language* show, as the macros recorded them."""
        file = self.rendered / language / "blocks.json"
        return json.loads(file.read_text(encoding="utf-8"))

    def markdown(self, language: str, page: str) -> str:
        """Return the Markdown of a page after the macros; *page* is ``tutorial/upload``."""
        return (self.rendered / language / f"{page}.md").read_text(encoding="utf-8")

    def html(self, language: str, page: str) -> BeautifulSoup:
        """Return a built page, parsed."""
        name = "" if page == "index" else f"{page}/"
        file = self.site / language / f"{name}index.html"
        return BeautifulSoup(file.read_text(encoding="utf-8"), "html.parser")


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Answers as a static host does: a missing address gets the page for lost readers."""

    def log_message(self, *arguments: object) -> None:
        pass

    def send_error(self, code: int, *arguments: object) -> None:  # type: ignore[override]
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


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """Serve a built site, and give its address."""
    handler = functools.partial(_Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def build_once(base: Path) -> BuiltSite:
    """Build the whole site below *base*."""
    tree = BuiltSite(base / "site", base / "rendered")
    build(tree.site, tree.rendered)
    return tree
