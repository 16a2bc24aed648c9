"""What leaves the proxy: allowed hosts, the company's proxy, and the index to install from."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.network.allowed_hosts import AllowedHosts
from pypi_practice.network.parent_proxy import OuterProxy
from pypi_practice.network.proxy import Proxy
from pypi_practice.shell import client_settings
from pypi_practice.shell.session import practice

EN = Translator("en")


@pytest.mark.parametrize(
    ("written", "pair"),
    [
        ("index.example.org", ("index.example.org", None)),
        ("Index.Example.ORG.:8443", ("index.example.org", 8443)),
        ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ("[::1]:8000", ("::1", 8000)),
        ("10.0.0.7", ("10.0.0.7", None)),
        ("bücher.example", ("xn--bcher-kva.example", None)),
    ],
)
def test_a_host_may_have_a_port(written, pair):
    assert AllowedHosts.parse([written], "en").pairs == {pair}


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("https://index.example.org/", "is not one"),
        ("index.example.org:0", "is not one"),
        ("index.example.org:99999", "is not one"),
        ("a b", "is not one"),
        ("", "is not one"),
        ("x\x1b]0;y\x07", "is not one"),
        ("upload.pypi.org", "belongs to PyPI"),
        ("ｐｙｐｉ.org", "belongs to PyPI"),
        ("localhost", "needs a port"),
        ("127.0.0.1", "needs a port"),
        ("[::1]", "needs a port"),
        ("0.0.0.0", "needs a port"),
        ("127.1", "needs a port"),
        ("2130706433", "needs a port"),
        ("0x7f.1", "needs a port"),
        ("[::]", "needs a port"),
        ("[::ffff:127.0.0.1]", "needs a port"),
        ("a.localhost", "needs a port"),
    ],
)
def test_what_cannot_be_allowed_is_said(written, sentence):
    with pytest.raises(PracticeError, match=sentence) as caught:
        AllowedHosts.parse([written], "en")
    assert "\x1b" not in str(caught.value)
    with pytest.raises(PracticeError):
        AllowedHosts.parse([written], "es")


def test_an_allowed_port_is_not_another_one():
    hosts = AllowedHosts.parse(["index.example:8443", "127.0.0.1:8000"], "en")
    assert hosts.permit("index.example", 8443)
    assert not hosts.permit("index.example", 443)
    assert hosts.local_ports == [8000]


@contextlib.contextmanager
def company_proxy() -> Iterator[tuple[int, list[bytes]]]:
    """Run a proxy that keeps what it is asked for, and answers each request by itself."""
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        data = b""
                        while b"\r\n\r\n" not in data:
                            data += connection.recv(4096)
                        heads.append(data)
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], heads


def outer(**environ: str) -> OuterProxy:
    """Return the proxies of an environment."""
    return OuterProxy.from_environment(environ, EN)


def test_the_companys_proxy_gets_its_user_and_password():
    with company_proxy() as (port, heads):
        proxies = outer(
            HTTPS_PROXY=f"http://user:p%40ss@127.0.0.1:{port}",
            HTTP_PROXY=f"user:p%40ss@127.0.0.1:{port}",
        )
        allowed = AllowedHosts.parse(["index.example"], "en")
        proxy = Proxy(0, 1, EN, outer=proxies, allowed=allowed)
        for request in (
            b"CONNECT index.example:443 HTTP/1.1\r\n\r\n",
            b"GET http://index.example/simple/?a=b HTTP/1.1\r\nHost: index.example\r\n"
            b"Proxy-Authorization: Basic inner\r\n\r\n",
        ):
            with socket.create_connection(("127.0.0.1", proxy.port), 20) as connection:
                connection.sendall(request)
                assert b" 200 " in connection.recv(4096)
        proxy.stop()
    connect, get = heads
    assert connect.startswith(b"CONNECT index.example:443 HTTP/1.1\r\n")
    # Plain HTTP is asked for by its whole address, and not as a tunnel to port 80.
    assert get.startswith(b"GET http://index.example/simple/?a=b HTTP/1.1\r\n")
    for head in heads:
        assert b"Proxy-Authorization: Basic dXNlcjpwQHNz" in head  # user:p@ss
        assert b"inner" not in head


SMUGGLED = {
    "line feed in a header": b"GET http://index.example/ HTTP/1.1\r\nHost: index.example\r\n"
    b"X: y\nHost: evil.example\r\n\r\n",
    "second request after line feeds": b"GET http://index.example/ HTTP/1.1\r\n"
    b"Host: index.example\r\nX: y\n\nGET http://evil.example/ HTTP/1.1\r\n\r\n",
    "blank before the colon": b"GET http://index.example/ HTTP/1.1\r\nHost: index.example\r\n"
    b"Connection : keep-alive\r\n\r\n",
    "folded header": b"GET http://index.example/ HTTP/1.1\r\nHost: index.example\r\nX: y\r\n"
    b" Host: evil.example\r\n\r\n",
    "line feed in the path": b"GET http://index.example/\nHost:evil.example HTTP/1.1\r\n\r\n",
    "tab in the path": b"GET http://index.example/\tHTTP/1.1 HTTP/1.1\r\n\r\n",
    "another host": b"GET http://index.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "no version": b"GET http://index.example/ HTTP/9\r\nHost: index.example\r\n\r\n",
}


@pytest.mark.parametrize("request_", SMUGGLED.values(), ids=SMUGGLED)
def test_a_request_says_one_thing_to_us_and_to_the_host(request_):
    """What two servers could read differently is refused, and nothing of it goes on."""
    with company_proxy() as (port, heads):
        proxies = outer(HTTP_PROXY=f"http://127.0.0.1:{port}")
        allowed = AllowedHosts.parse(["index.example"], "en")
        proxy = Proxy(0, 1, EN, outer=proxies, allowed=allowed)
        with socket.create_connection(("127.0.0.1", proxy.port), 20) as connection:
            connection.sendall(request_)
            assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
        proxy.stop()
    assert heads == []


def test_the_headers_of_a_connection_are_not_passed_on():
    with company_proxy() as (port, heads):
        proxies = outer(HTTP_PROXY=f"http://127.0.0.1:{port}")
        allowed = AllowedHosts.parse(["index.example"], "en")
        proxy = Proxy(0, 1, EN, outer=proxies, allowed=allowed)
        with socket.create_connection(("127.0.0.1", proxy.port), 20) as connection:
            connection.sendall(
                b"GET http://index.example/ HTTP/1.1\r\nHost: index.example\r\n"
                b"CONNECTION: keep-alive\r\nKeep-Alive: 5\r\nConnectionless: kept\r\n\r\n"
            )
            assert b" 200 " in connection.recv(4096)
        proxy.stop()
    (head,) = heads
    assert b"keep-alive" not in head.lower()
    assert b"Connectionless: kept" in head
    assert b"Connection: close" in head


def test_hosts_without_the_companys_proxy_are_reached_directly():
    proxies = outer(HTTPS_PROXY="http://proxy.example:3128", NO_PROXY="direct.example, .inner")
    assert proxies.for_host("https", "index.example") is not None
    for host in ("direct.example", "a.direct.example", "x.inner", "inner"):
        assert proxies.for_host("https", host) is None
    assert proxies.for_host("http", "index.example") is None
    assert outer(HTTPS_PROXY="http://proxy.example", no_proxy="*").for_host("https", "x") is None


@pytest.mark.parametrize("value", ["socks5://proxy.example", "http://", "http://x:y:z", "ftp://x"])
def test_a_proxy_of_another_kind_is_said_at_once(value):
    with pytest.raises(PracticeError, match="HTTPS_PROXY names no HTTP proxy"):
        outer(HTTPS_PROXY=value)


class _Index(http.server.BaseHTTPRequestHandler):
    """Another index: a page with all kinds of links, and files."""

    requests: list[tuple[str, str, dict[str, str]]]

    def __init_subclass__(cls) -> None:
        cls.requests = []

    def do_GET(self) -> None:
        type(self).requests.append((self.command, self.path, dict(self.headers)))
        assert isinstance(self.server, http.server.HTTPServer)
        origin = f"http://127.0.0.1:{self.server.server_port}"
        page = f'<a href="{origin}/files/x-1.tar.gz">x</a><a href="../files/y">y</a>'
        body = page.encode() if self.path.startswith("/simple/") else b"0123456789" * 1000
        self.send_response(200)
        kind = "text/html" if self.path.startswith("/simple/") else "application/octet-stream"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_HEAD = do_POST = do_GET

    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def another_index() -> Iterator[tuple[str, list[tuple[str, str, dict[str, str]]]]]:
    """Run an index on this computer; give its address and what it is asked for."""

    class Handler(_Index):
        pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://reader:secret@127.0.0.1:{server.server_port}/simple/", Handler.requests
        server.shutdown()


def ask(
    environ: dict[str, str], host: str, method: str, path: str
) -> tuple[int, bytes, dict[str, str]]:
    """Send a request as a program in the practice shell does."""
    context = ssl.create_default_context(cafile=environ["SSL_CERT_FILE"])
    port = int(environ["PYPI_PRACTICE"].rpartition(":")[2])
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=60, context=context)
    connection.set_tunnel(host, 443)
    connection.request(method, path, body=b"an upload" if method == "POST" else None)
    response = connection.getresponse()
    result = response.status, response.read(), dict(response.headers)
    connection.close()
    return result


def test_another_index_is_installed_from_and_never_published_to(tmp_path):
    """Its pages and files come through the practice index, which asks by GET and knows the
    password; a program is told neither the address nor the password."""
    upstream = "upstream.practice.invalid"
    with another_index() as (address, requests):
        environ = {"PYPI_PRACTICE_UPSTREAM": address, "HOME": str(tmp_path)}
        with practice(tmp_path / "data", words=EN, environ=environ) as inner:
            status, _, headers = ask(inner, "pypi.org", "GET", "/simple/x/")
            assert (status, headers["Location"]) == (307, f"https://{upstream}/simple/x/")
            status, page, _ = ask(inner, upstream, "GET", "/simple/x/?a=b%20c")
            assert f'href="https://{upstream}/files/x-1.tar.gz"'.encode() in page
            status, file, _ = ask(inner, upstream, "GET", "/files/x-1.tar.gz")
            assert (status, len(file)) == (200, 10_000)
            for host in (upstream, "files.pythonhosted.org"):
                status, answer, _ = ask(inner, host, "POST", "/legacy/")
                assert status == 405
                assert b"nothing was sent there" in answer
    assert {method for method, _, _ in requests} == {"GET"}
    assert [path for _, path, _ in requests] == ["/simple/x/?a=b%20c", "/files/x-1.tar.gz"]
    assert {headers["Authorization"] for _, _, headers in requests} == {
        "Basic cmVhZGVyOnNlY3JldA=="  # reader:secret
    }


def test_the_password_of_an_index_stays_with_it(tmp_path):
    """A redirect gets no password, and one to a service of this computer is not followed."""
    heard: list[dict[str, str]] = []

    class Elsewhere(_Index):
        def do_GET(self) -> None:
            heard.append(dict(self.headers))
            super().do_GET()

    class Redirecting(_Index):
        def do_GET(self) -> None:
            type(self).requests.append((self.command, self.path, dict(self.headers)))
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/"))
            self.send_header("Content-Length", "0")
            self.end_headers()

    with (
        http.server.ThreadingHTTPServer(("127.0.0.2", 0), Elsewhere) as target,
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server,
    ):
        for index_server in (target, server):
            threading.Thread(target=index_server.serve_forever, daemon=True).start()
        address = f"http://reader:secret@127.0.0.1:{server.server_address[1]}/simple/"
        environ = {"PYPI_PRACTICE_UPSTREAM": address, "HOME": str(tmp_path)}
        with practice(tmp_path / "data", words=EN, environ=environ) as inner:
            to = f"/http://127.0.0.2:{target.server_address[1]}/x"
            status, _, _ = ask(inner, "upstream.practice.invalid", "GET", to)
        for index_server in (target, server):
            index_server.shutdown()
    assert Redirecting.requests[0][2]["Authorization"].startswith("Basic ")
    assert (status, heard) == (302, [])


@pytest.mark.parametrize(
    ("name", "text", "program"),
    [
        (".config/uv/uv.toml", 'https-proxy = "http://company.example"\n', "uv"),
        (".config/uv/uv.toml", 'no-proxy = ["*"]\n', "uv"),
        ("project/uv.toml", 'http-proxy = "http://company.example"\n', "uv"),
        ("project/pyproject.toml", '[tool.uv]\nno-proxy = ["*"]\n', "uv"),
        (".curlrc", 'user-agent = "x"\nnoproxy = "*"\n', "curl"),
        (".curlrc", "-x http://company.example\n", "curl"),
        (".gitconfig", "[http]\nproxy = http://company.example\n", "git"),
        (".gitconfig", '[http "https://upload.pypi.org"]\nproxy = \n', "git"),
    ],
)
def test_settings_that_lead_around_are_found(name, text, program, tmp_path):
    folder = tmp_path / "project" / "deeper"
    folder.mkdir(parents=True)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"}
    detours = list(client_settings.detours(environ, folder))
    assert [(detour.program, detour.path) for detour in detours] == [(program, str(path))]


def test_a_proxy_in_pips_configuration_is_overridden(tmp_path):
    """Only then: with PIP_PROXY, pip would ask the proxy for a service of this computer too."""
    environ = {"HOME": str(tmp_path), "PIP_PROXY": "http://company.example"}
    with practice(tmp_path / "data", words=EN, environ=environ) as inner:
        assert "PIP_PROXY" not in inner
    (tmp_path / ".config" / "pip").mkdir(parents=True)
    (tmp_path / ".config" / "pip" / "pip.conf").write_text("[global]\nproxy = company.example\n")
    with practice(tmp_path / "data", words=EN, environ=environ) as inner:
        assert inner["PIP_PROXY"] == inner["HTTPS_PROXY"]


@pytest.mark.parametrize("text", ["[" * 5000, "\xff\xfe", "tool = 1\n", "[tool]\nuv = 3\n", ""])
def test_other_settings_and_broken_files_are_none(text, tmp_path):
    for name in (".curlrc", "uv.toml", "pyproject.toml"):
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"}
    assert list(client_settings.detours(environ, Path(tmp_path))) == []
