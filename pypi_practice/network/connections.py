"""The connections that a program requested from a proxy, and the syntax of host names."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal

from pypi_practice.core.indexes import plain_host

# RFC 1123, section 2.1; "_" is in no host name, but name servers have it.
NAME = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
    r"(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*\Z"
)

Outcome = Literal["index", "allowed", "refused", "failed"]


@dataclass(frozen=True)
class Connection:
    """One request for a connection, and its outcome.

    ``index``: connected to the practice index. ``allowed``: connected to the host. ``refused``: not
    allowed. ``failed``: the host could not be reached.
    """

    host: str
    port: int
    outcome: Outcome


def read_host(text: str) -> str:
    """Return the host that *text* names, normalised for comparison.

    *text* is a host name or an IP address and nothing else: ValueError for a URL, a port, a pattern
    or an empty text.

    >>> read_host("Index.Example.org."), read_host("[::1]")
    ('index.example.org', '::1')
    """
    bare = text[1:-1] if text.startswith("[") and text.endswith("]") else text
    try:
        return str(ipaddress.ip_address(bare))
    except ValueError:
        host = plain_host(text)
    if not NAME.match(host):
        raise ValueError(text)
    return host
