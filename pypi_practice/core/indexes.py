"""The two indexes, their addresses, and which hosts are theirs."""

from __future__ import annotations

import ipaddress
import re
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from pypi_practice.core.data import load


@dataclass(frozen=True)
class Index:
    """One of the two indexes: ``key`` is ``testpypi`` or ``pypi``; the rest are its addresses."""

    key: str
    name: str
    web: str
    upload: str
    simple: str
    help: str
    practice_location: str

    @property
    def hosts(self) -> frozenset[str]:
        """The host names of its web and upload addresses, in lower case."""
        return frozenset(urlsplit(url).netloc for url in (self.web, self.upload))


INDEXES: dict[str, Index] = {
    key: Index(key=key, **values) for key, values in load("index/addresses")["indexes"].items()
}
HOSTS: dict[str, Index] = {host: index for index in INDEXES.values() for host in index.hosts}
# Hosts from which the practice index hands on what is installed; nothing can be sent to them.
FILES_HOST: str = load("index/addresses")["files"]
UPSTREAM_HOST: str = load("index/addresses")["upstream"]


# Source: RFC 3490 section 3.1.
DOTS = re.compile(
    "[.\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH FULL STOP}\N{HALFWIDTH IDEOGRAPHIC FULL STOP}]"
)


def plain_host(host: str) -> str:
    """Return *host* as name servers see it: lower case, ASCII, without final dots.

    >>> plain_host("Upload.PyPI.org.")
    'upload.pypi.org'
    """
    name = DOTS.sub(".", host.strip()).rstrip(".").lower()
    try:
        return name.encode("idna").decode("ascii").lower()
    except UnicodeError:
        return name


def is_protected(host: str) -> bool:
    """Tell whether *host* is one that PyPI or TestPyPI answer to, however it is spelled."""
    host = plain_host(host)
    return any(
        host == name or host.endswith(f".{name}") for name in load("index/addresses")["protected"]
    )


def is_loopback(host: str) -> bool:
    """Tell whether *host*, as ``plain_host`` returns it, is an address of this computer.

    All the spellings of an address that the system's functions accept are: ``127.1``, ``0x7f.1``.
    """
    if host in ("localhost", "ip6-localhost", "ip6-loopback") or host.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        try:
            address = ipaddress.ip_address(socket.inet_aton(host))
        except OSError:
            return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return mapped.is_loopback or mapped.is_unspecified
