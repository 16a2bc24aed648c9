"""The proxy between this computer and the internet, as its environment variables name it."""

from __future__ import annotations

import base64
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator

CONNECT_TIMEOUT = 20  # seconds
DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class OuterProxy:
    """The proxies for HTTPS and for HTTP, and the hosts that are reached without one (NO_PROXY)."""

    https: SplitResult | None = None
    http: SplitResult | None = None
    without: str = ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str], words: Translator) -> OuterProxy:
        """Read ``HTTPS_PROXY``, ``HTTP_PROXY`` and ``NO_PROXY``, lower case first as curl does.

        Raises PracticeError for a proxy of another kind than HTTP.
        """

        def proxy_url(name: str) -> SplitResult | None:
            value = environ.get(name) or environ.get(name.upper()) or ""
            if not value:
                return None
            url = urlsplit(value if "://" in value else f"http://{value}")
            try:
                is_valid = url.scheme in DEFAULT_PORTS and bool(url.hostname) and url.port != 0
            except ValueError:
                is_valid = False
            if not is_valid:
                raise PracticeError(words("outer_proxy", name=name.upper()))
            return url

        return cls(
            proxy_url("https_proxy"),
            proxy_url("http_proxy"),
            environ.get("no_proxy") or environ.get("NO_PROXY") or "",
        )

    def for_host(self, scheme: str, host: str) -> SplitResult | None:
        """Return the address of the proxy for *host*, None if it is reached without one."""
        names = [name.strip().lower().lstrip(".") for name in self.without.split(",")]
        if "*" in names or any(name and f".{host}".endswith(f".{name}") for name in names):
            return None
        return self.https if scheme == "https" else self.http


def connect(proxy: SplitResult) -> socket.socket:
    """Return a connection to *proxy*; OSError if it cannot be made."""
    port = proxy.port or DEFAULT_PORTS[proxy.scheme]
    connection = socket.create_connection((proxy.hostname or "", port), CONNECT_TIMEOUT)
    if proxy.scheme == "https":
        return ssl.create_default_context().wrap_socket(connection, server_hostname=proxy.hostname)
    return connection


def authorization(proxy: SplitResult) -> list[str]:
    """Return the header line with the user and the password of *proxy*, if its address has them."""
    if proxy.username is None:
        return []
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}".encode()
    return [f"Proxy-Authorization: Basic {base64.b64encode(pair).decode()}"]
