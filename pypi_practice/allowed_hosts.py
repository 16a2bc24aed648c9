"""The hosts that ``--allow-host`` names: a command may reach them, beside the practice index."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pypi_practice.errors import PracticeError
from pypi_practice.facts import is_loopback, is_protected, plain_host
from pypi_practice.words import Words

HOST = re.compile(r"[a-z0-9_.:-]{1,253}")  # a name as ``plain_host`` returns it, or an address
WRITTEN = re.compile(r"(?P<host>\[[^\[\]]+\]|[^\[\]:]+)(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True)
class AllowedHosts:
    """Pairs of a host and its port; None stands for every port."""

    pairs: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def parse(cls, values: Iterable[str], language: str) -> AllowedHosts:
        """Read ``HOST`` and ``HOST:PORT``; raises PracticeError for what is neither.

        A host of this computer needs its port: with all of them, a proxy that listens on one would
        lead anywhere.
        """
        words = Words(language, "sandbox")
        pairs = set()
        for value in values:
            match = WRITTEN.fullmatch(value.strip())
            host = plain_host(match["host"].strip("[]")) if match else ""
            port = int(match["port"]) if match and match["port"] else None
            if not HOST.fullmatch(host) or port == 0 or (port or 0) > 65535:
                raise PracticeError(words("host_name", host=ascii(value[:100])))
            if is_protected(host):
                raise PracticeError(words("host_protected", host=host))
            if is_loopback(host) and port is None:
                raise PracticeError(words("host_port", host=host))
            pairs.add((host, port))
        return cls(frozenset(pairs))

    def permit(self, host: str, port: int) -> bool:
        """Tell whether *host*, as ``plain_host`` returns it, may be reached at *port*."""
        return (host, port) in self.pairs or (host, None) in self.pairs

    @property
    def local_ports(self) -> list[int]:
        """The ports of this computer among them."""
        return sorted({port for host, port in self.pairs if is_loopback(host) and port})


NO_OTHER_HOSTS = AllowedHosts()
