"""The same pages on a plain local address, for a browser: ``/testpypi/...`` and ``/pypi/...``.

A browser does not take part in the practice shell, so it cannot open PyPI's own addresses. Only
requests that name this computer are answered: a page elsewhere that lets its own name lead here
(DNS rebinding) gets nothing.
"""

from __future__ import annotations

import ipaddress
import logging
import threading
from collections.abc import Iterable
from typing import Any

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.app import Application, decoded
from pypi_practice.index.request import Request
from pypi_practice.index.responses import TEXT, Response, StartResponse, error
from pypi_practice.index.storage import queries
from pypi_practice.index.views import pages
from pypi_practice.network.server import LOOPBACK
from pypi_practice.network.slow_clients import PatientServer

THREADS = 4
BODY_LIMIT = 1024 * 1024  # bytes; forms are short, and uploads do not come here
LOCAL_NAMES = frozenset(("localhost", "127.0.0.1", "::1"))
ANY = ("0.0.0.0", "::", "")
NO_PROXY_PATH = "past-the-proxy/"  # where a client is sent that takes no notice of the proxy
log = logging.getLogger(__name__)


def split_host(value: str) -> str:
    """Return the host of a Host header, without its port and brackets.

    >>> split_host("[::1]:8000"), split_host("localhost:8000")
    ('::1', 'localhost')
    """
    value = value.strip().lower()
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return value.rpartition(":")[0] if ":" in value else value


def is_address(host: str) -> bool:
    """Tell whether *host* is a number and no name: no name server can lead it elsewhere."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Web:
    """The WSGI application of the plain address; *host* is the one that it listens on."""

    def __init__(self, application: Application, host: str = LOOPBACK) -> None:
        self.application = application
        self.pages = application.routes.pages
        self.host = host.lower()
        self.url = ""

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        request = Request(environ, decoded(environ), "", self.application.words.language)
        try:
            response = self._respond(request)
        except TimeoutError:
            raise  # the server says so, and closes the connection
        except Exception:
            log.exception("the pages failed on %s", environ.get("PATH_INFO"))
            response = Response(500, self.application.words("server_error").encode(), TEXT)
        return response(environ, start_response)

    def knows(self, host: str) -> bool:
        """Tell whether a request for *host* is meant for us."""
        if host in LOCAL_NAMES or host == self.host:
            return True
        return self.host not in LOCAL_NAMES and is_address(host)

    def _respond(self, request: Request) -> Response:
        host = split_host(request.headers.get("Host", ""))
        if not self.knows(host):
            words = Translator(request.language, "index/web_pages")
            message = words("wrong_host", host=host[:100], url=self.url)
            return Response(421, message.encode(), TEXT)
        if request.path.startswith(f"/{NO_PROXY_PATH}"):
            return error(403, self.application.words("no_proxy"), request.accept)
        first, _, index_path = request.path.removeprefix("/").partition("/")
        index = INDEXES.get(first)
        if index is None:
            return self._start(request)
        if not request.path.startswith(f"/{first}/"):
            return pages.redirect(request, f"/{first}/", 301)
        index_request = Request(
            request.environ, f"/{index_path}", f"/{first}", request.default_language
        )
        if index_request.path.rstrip("/") == "/legacy":
            return self.pages.problem(index_request, index, 405, "no_upload_here", url=index.upload)
        return self.application.read(index_request, index)

    def _start(self, request: Request) -> Response:
        if request.path == "/static/style.css":
            return pages.stylesheet()
        if request.path != "/":
            path = request.path[:200]
            return self.pages.problem(request, None, 404, "missing_start", path=path)
        if request.method not in ("GET", "HEAD"):
            return self.pages.problem(request, None, 405, "wrong_method", method=request.method)
        if switched := pages.switch_language(request):
            return switched
        store = self.application.store
        counts = {key: queries.count_projects(store, index) for key, index in INDEXES.items()}
        indexes = list(INDEXES.values())
        return self.pages.render(request, None, "start", indexes=indexes, counts=counts)


class WebServer:
    """The pages on *port* of *host*; 0 takes a free port. Answers until it is stopped."""

    def __init__(self, application: Application, port: int = 0, host: str = LOOPBACK) -> None:
        web = Web(application, host)
        self._server = PatientServer(
            (host, port), web, application.words, numthreads=THREADS, server_name="pages"
        )
        self._server.max_request_body_size = BODY_LIMIT
        try:
            self._server.prepare()
        except OSError as error:
            words, reason = application.words, error
            if host == LOOPBACK:
                raise PracticeError(words("port_in_use", port=port, reason=reason)) from error
            raise PracticeError(words("host_unusable", host=host, reason=reason)) from error
        self.port: int = self._server.bind_addr[1]
        shown_host = LOOPBACK if host in ANY else host
        self.url = (
            f"http://[{shown_host}]:{self.port}/"
            if ":" in shown_host
            else f"http://{shown_host}:{self.port}/"
        )
        web.url = self.url
        self._thread = threading.Thread(target=self._server.serve, name="pages", daemon=True)
        self._thread.start()

    def wait(self) -> None:
        """Return when the server has been stopped."""
        while self._thread.is_alive():
            self._thread.join(1)

    def stop(self) -> None:
        """Stop answering; requests that are being answered end first."""
        self._server.stop()
        self._thread.join()
