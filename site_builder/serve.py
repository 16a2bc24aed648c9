"""Serves both languages on one local address and builds them again when something changes."""

from __future__ import annotations

import logging
import shutil
import signal
import socket
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mkdocs.livereload import LiveReloadServer

from site_builder.build import (
    BuildError,
    build_pages,
    changed_pages,
    rebuild_pages,
    source_files,
    watched,
    write_offline_set,
)
from site_builder.formats import offline
from site_builder.site_data import first, word


class PortTaken(Exception):
    """The address cannot be used; the text says why and what to do."""


class _Server(LiveReloadServer):
    """MkDocs' own server, with our sentences and the 404 page."""

    language = first()
    making = threading.Lock()

    def serve_request(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == f"/{offline.NAME}":
            with self.making:
                write_offline_set(Path(self.root))
        return super().serve_request(environ, start_response)

    def server_activate(self) -> None:
        super().server_activate()
        host, port = self.server_address[:2]
        url = f"http://{host!s}:{port}/"
        print(word("serving", self.language).format(url=url), flush=True)


def serve(host: str, port: int, language: str) -> None:
    """Build, serve and rebuild until Ctrl-C. Raises BuildError or PortTaken before it serves."""
    logging.getLogger("mkdocs.livereload").setLevel(logging.WARNING)
    for name in ("SIGTERM", "SIGHUP"):  # also when the terminal is closed, the folder is removed
        number = getattr(signal, name, None)  # Windows has no SIGHUP
        if number and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    _probe(host, port, language)
    with tempfile.TemporaryDirectory(prefix="guide-") as folder:
        place = Path(folder, "site")
        fresh, old = Path(folder, "fresh"), Path(folder, "old")

        built: dict[Path, tuple[int, int]] = {}  # the sources of the site that is being served

        def rebuild() -> None:
            # Built beside the one that is being served, so that a reader never sees half a site.
            shutil.rmtree(fresh, ignore_errors=True)
            sources = source_files()
            changed = {file for file in sources if sources[file] != built.get(file)}
            pages = changed_pages(changed) if built.keys() == sources.keys() else None
            if pages is None:
                build_pages(fresh)
            else:
                rebuild_pages(place, fresh, pages)
            if place.exists():
                place.rename(old)
            fresh.rename(place)
            shutil.rmtree(old, ignore_errors=True)
            built.clear()
            built.update(sources)

        def rebuild_or_say() -> None:
            print(word("rebuilding", language), flush=True)
            try:
                rebuild()
            except BuildError as error:
                print(f"{error}\n{word('still_serving', language)}", flush=True)
            else:
                print(word("rebuilt", language), flush=True)

        print(word("building", language), flush=True)
        rebuild()
        server = _Server(builder=rebuild_or_say, host=host, port=port, root=str(place))
        server.language = language
        server.error_handler = lambda code: _missing(place, code)
        for path in watched():
            server.watch(str(path))
        try:
            server.serve()  # type: ignore[no-untyped-call]
        except OSError as error:
            raise _taken(host, port, language, error) from error
        finally:
            server.shutdown()


def _probe(host: str, port: int, language: str) -> None:
    """Raise PortTaken now, and not after the build."""
    try:
        socket.create_server((host, port)).close()
    except (OSError, OverflowError) as error:
        raise _taken(host, port, language, error) from error


def _taken(host: str, port: int, language: str, error: Exception) -> PortTaken:
    reason = getattr(error, "strerror", None) or error
    return PortTaken(word("port_taken", language).format(host=host, port=port, reason=reason))


def _missing(place: Path, code: int) -> bytes | None:
    page = place / "404.html"
    return page.read_bytes() if code == 404 and page.exists() else None
