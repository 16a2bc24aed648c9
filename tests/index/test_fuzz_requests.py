"""Requests that nobody would think of, byte by byte over a socket: never an error of ours.

The number of examples is bounded; FUZZ_EXAMPLES asks for more, and others.
"""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.index import upload_client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.app import Application
from pypi_practice.index.browser_app import WebServer
from pypi_practice.index.storage.store import Store
from pypi_practice.network.server import IndexServer
from pypi_practice.network.slow_clients import HEADERS

INDEX = INDEXES["testpypi"]
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 150,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
# Which RFC 9110 demands for what no server of ours knows; they are cheroot's, and no failure.
DEMANDED = (b"501 Unimplemented", b"505 HTTP Version Not Supported")


class Target:
    """The index and its pages on real sockets, with a project in them."""

    def __init__(self, directory: Path) -> None:
        store = Store(directory, Translator("en"))
        application = Application(store, None, Translator("en"))
        self.token = store.new_token(store.user(INDEX), "t", None)[1]
        assert upload_client.upload(application, self.token).code == 200
        self.index, self.pages = IndexServer(application, application.words), WebServer(application)

    def ask(self, request: bytes, *, pages: bool = False) -> bytes:
        """Return the answer to the bytes of a request, which must not be a failure of ours."""
        port = self.pages.port if pages else self.index.port
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            with contextlib.suppress(OSError):  # it may be refused before it has been read
                connection.sendall(request)
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(OSError):
                while piece := connection.recv(65536):
                    answer += piece
        status = answer.partition(b"\r\n")[0].partition(b" ")[2]
        assert not status.startswith(b"5") or status in DEMANDED, answer[:300]
        assert b"Traceback" not in answer
        return answer


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """One index for all requests."""
    running = Target(tmp_path_factory.mktemp("requests") / "data")
    yield running
    running.index.stop()
    running.pages.stop()


PARTS = st.sampled_from(
    [
        b"pypi",
        b"testpypi",
        b"project",
        b"simple",
        b"files",
        b"manage",
        b"account",
        b"user",
        b"release",
        b"token",
        b"remove",
        b"delete",
        b"yank",
        b"json",
        b"legacy",
        b"static",
        b"_",
        b"demo",
        b"Demo",
        b"1.0",
        b"learner",
        b"demo-1.0-py3-none-any.whl",
        b"..",
        b".",
        b"%2e%2e",
        b"%00",
        b"%0d%0a",
        b"%ff",
        b"%",
        b"%zz",
        b"\xff",
        b"9" * 5000,
        b"1!" + b"9" * 4400,
        b"a" * 300,
        b"%F0%9F%92%A9",
        b"1.0+x",
        b";",
        b"@",
        b"style.css",
        b"?lang=es",
        b"?lang=es&a=%0d%0a",
        b"#",
    ]
) | st.binary(max_size=6)
PATHS = st.lists(PARTS, max_size=6).map(lambda parts: b"/" + b"/".join(parts))
METHODS = st.sampled_from(
    [b"GET", b"HEAD", b"POST", b"PUT", b"OPTIONS", b"TRACE", b"CONNECT", b"get", b"", b"G\xc9T"]
) | st.binary(max_size=5)
HOSTS = st.sampled_from(
    [
        b"test.pypi.org",
        b"pypi.org",
        b"upload.pypi.org",
        b"127.0.0.1",
        b"localhost:x",
        b"[",
        b"",
        b"\xff",
    ]
)
NAMES = st.sampled_from(
    [
        b"Host",
        b"Accept",
        b"Accept-Language",
        b"Cookie",
        b"Authorization",
        b"Content-Length",
        b"Content-Type",
        b"Transfer-Encoding",
        b"Expect",
        b"Connection",
        b"Origin",
        b"Referer",
        b"If-None-Match",
        b"Range",
        b"Sec-Fetch-Site",
        b"Upgrade",
        b" folded",
        b"\tfolded",
        b"",
    ]
) | st.binary(max_size=6)
VALUES = st.sampled_from(
    [
        b"0",
        b"-1",
        b"5",
        b"1e3",
        b"chunked",
        b"chunked, gzip",
        b"gzip",
        b"100-continue",
        b"close",
        b"application/x-www-form-urlencoded",
        b"multipart/form-data; boundary=a",
        b"*/*;q=nan",
        b'practice_session="' + b"a" * 41 + b'\\015\\012"',
        b"language=es",
        b"http://[",
        b"bytes=0-",
        b"application/vnd.pypi.simple.v1+json",
        b"Basic Og==",
        b"\xff\xfe",
        b"a\rb",
        b"a\x00b",
    ]
) | st.binary(max_size=12)
HEADER_LINES = st.lists(
    st.tuples(NAMES, VALUES).map(lambda pair: pair[0] + b": " + pair[1]), max_size=5
)
VERSIONS = st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/x", b"", b"HTTP/1.1 x"])


@bounded
@given(
    method=METHODS,
    path=PATHS,
    version=VERSIONS,
    host=HOSTS,
    lines=HEADER_LINES,
    body=st.binary(max_size=20),
    pages=st.booleans(),
)
@example(b"GET", b"/", b"HTTP/1.1", b"pypi.org", [b" folded: first"], b"", False)
@example(b"GET", b"/project/demo/" + b"9" * 5000 + b"/", b"HTTP/1.1", b"pypi.org", [], b"", False)
def test_any_request_is_answered(target, method, path, version, host, lines, body, pages):
    head = [method + b" " + path + b" " + version, b"Host: " + host, *lines, b"", body]
    target.ask(b"\r\n".join(head), pages=pages)


@bounded
@given(path=PATHS, lines=HEADER_LINES, pages=st.booleans(), host=HOSTS)
@example(b"/", [b" folded: first"], False, b"pypi.org")
def test_the_first_header_may_be_anything(target, path, lines, pages, host):
    path = path or b"/"
    head = [b"GET " + path + b" HTTP/1.1", *lines, b"Host: " + host, b"", b""]
    target.ask(b"\r\n".join(head), pages=pages)


FORM_NAMES = st.sampled_from(
    ["csrf_token", "description", "token_scope", "confirm", "yanked_reason", "lang", ":action"]
) | st.text(max_size=5)
FORM_VALUES = st.sampled_from(
    [
        "",
        "1.0",
        "demo",
        "scope:user",
        "scope:project:demo",
        "scope:project:" + "a" * 500,
        "\0",
        "9" * 5000,
    ]
) | st.text(max_size=20)
MANAGE = st.sampled_from(
    [
        "/manage/account/token/",
        "/manage/account/token/" + "a" * 36 + "/remove/",
        "/manage/project/demo/delete_project/",
        "/manage/project/demo/release/1.0/yank/",
        "/manage/project/demo/release/1.0/delete/",
        "/manage/project/demo/release/1.0/x/",
        "/manage/project/demo/release/" + "9" * 5000 + "/yank/",
        "/manage/project/demo/release/1.0/file/demo-1.0-py3-none-any.whl/delete/",
    ]
)


@bounded
@given(
    path=MANAGE, fields=st.lists(st.tuples(FORM_NAMES, FORM_VALUES), max_size=4), own=st.booleans()
)
def test_any_form_is_answered(target, path, fields, own):
    """With the session and the origin of a page of ours, and without them."""
    from urllib.parse import urlencode

    origin = f"http://127.0.0.1:{target.pages.port}"
    session = "a" * 43
    body = urlencode(fields, errors="surrogatepass").encode()
    head = [
        f"POST /testpypi{path} HTTP/1.1",
        f"Host: 127.0.0.1:{target.pages.port}",
        "Content-Type: application/x-www-form-urlencoded",
        f"Content-Length: {len(body)}",
        *([f"Origin: {origin}", f"Cookie: practice_session={session}"] if own else []),
        "",
        "",
    ]
    target.ask("\r\n".join(head).encode() + body, pages=True)


@pytest.mark.parametrize(
    "value",
    [
        '"' + "a" * 20 + "\\015\\012X-Evil: 1" + "a" * 12 + '"',
        '"' + "a" * 41 + "\\015\\012" + '"',
        "a" * 42,
        "a" * 44,
        "a" * 42 + "=",
        '"' + "a" * 42 + "\\073" + '"',
        "é" * 43,
    ],
)
@pytest.mark.parametrize("pages", [False, True])
def test_only_a_session_of_ours_comes_back(target, value, pages):
    host = "127.0.0.1" if pages else "pypi.org"
    path = "/testpypi/" if pages else "/"
    head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: practice_session={value}\r\n\r\n"
    answer = target.ask(head.encode("latin-1"), pages=pages).partition(b"\r\n\r\n")[0]
    [cookie] = [line for line in answer.split(b"\r\n") if line.startswith(b"Set-Cookie:")]
    assert b"X-Evil" not in answer
    session = cookie.partition(b"practice_session=")[2].partition(b";")[0].decode()
    assert len(session) == 43
    assert session.replace("-", "").replace("_", "").isalnum()
    assert session not in value


ECHOED = (
    b"GET /simple/De%0d%0aX-Evil:%201mo HTTP/1.1",
    b"GET /project/Demo%0d%0aX-Evil:1/ HTTP/1.1",
    b"GET /?lang=es&a=%0d%0aX-Evil:1 HTTP/1.1",
    b"GET /pypi/Demo/1%0d%0aX-Evil:1/json HTTP/1.1",
    b"GET /manage/projects?a=%0d%0aX-Evil:1 HTTP/1.1",
    b"GET /user/x%0d%0aX-Evil:1 HTTP/1.1",
    b"GET /%E5%98%8D%E5%98%8AX-Evil:1 HTTP/1.1",
    b"GET //x%0d%0aX-Evil:1/ HTTP/1.1",
)


@pytest.mark.parametrize("line", ECHOED)
def test_no_value_of_a_request_becomes_a_header(target, line):
    for host in (b"test.pypi.org", b"a\rX-Evil: 1", b"a\x0bX-Evil: 1"):
        answer = target.ask(line + b"\r\nHost: " + host + b"\r\nAccept: a\rX-Evil: 1\r\n\r\n")
        head = answer.partition(b"\r\n\r\n")[0].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        assert not any(part.startswith(b"X-Evil") for part in head.split(b"\n")), head


@pytest.mark.parametrize(
    "path", ["/project/demo/{}/", "/pypi/demo/{}/json", "/manage/project/demo/release/{}/"]
)
def test_a_version_of_more_digits_than_python_reads_is_not_found(target, path):
    for version in ("9" * 5000, "1." + "9" * 5000, "9" * 5000 + "!1"):
        line = f"GET {path.format(version)} HTTP/1.1\r\nHost: test.pypi.org\r\n\r\n"
        assert target.ask(line.encode()).startswith(b"HTTP/1.1 404")


def test_headers_have_an_end(target):
    long = b"X: " + b"a" * HEADERS
    answer = target.ask(b"GET / HTTP/1.1\r\nHost: pypi.org\r\n" + long + b"\r\n\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 413")
    answer = target.ask(b"GET /" + b"a" * HEADERS + b" HTTP/1.1\r\nHost: pypi.org\r\n\r\n")
    assert answer == b"" or answer.startswith(b"HTTP/1.1 414")
    assert target.ask(b"GET / HTTP/1.1\r\nHost: pypi.org\r\n\r\n").startswith(b"HTTP/1.1 200")
