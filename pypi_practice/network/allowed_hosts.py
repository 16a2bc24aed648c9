"""The hosts that a command may reach besides the practice index, from ``--allow-host``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import is_loopback, is_protected
from pypi_practice.network.connections import read_host

WRITTEN = re.compile(r"(?P<host>\[[^\[\]]+\]|[^\[\]:]+)(?::(?P<port>[0-9]{1,5}))?")


@dataclass(frozen=True)
class AllowedHosts:
    """Pairs of a host and its port; None stands for every port."""

    pairs: frozenset[tuple[str, int | None]] = frozenset()

    @classmethod
    def parse(cls, values: Iterable[str], language: str) -> AllowedHosts:
        """Read ``HOST`` and ``HOST:PORT``; raises PracticeError for what is neither.

        A host of this computer needs a port, because one of its ports may be that of a proxy to the
        internet.
        """
        words = Translator(language, "commands/sandbox")
        pairs = set()
        for value in values:
            match = WRITTEN.fullmatch(value.strip())
            try:
                host = read_host(match["host"] if match else "")
                port = int(match["port"]) if match and match["port"] else None
                if port is not None and not 0 < port < 65536:
                    raise ValueError(value)
            except ValueError as error:
                raise PracticeError(words("host_name", host=ascii(value[:100]))) from error
            if is_protected(host):
                raise PracticeError(words("host_protected", host=host))
            if is_loopback(host) and port is None:
                raise PracticeError(words("host_port", host=host))
            pairs.add((host, port))
        return cls(frozenset(pairs))

    def __contains__(self, host: str) -> bool:
        """Tell whether *host* may be reached at any port."""
        return any(allowed == host for allowed, _ in self.pairs)

    def permit(self, host: str, port: int) -> bool:
        """Tell whether *host*, as ``read_host`` returns it, may be reached at *port*."""
        return (host, port) in self.pairs or (host, None) in self.pairs

    @property
    def local_ports(self) -> list[int]:
        """The allowed ports of this computer."""
        return sorted({port for host, port in self.pairs if is_loopback(host) and port})


def option_value(host: str, port: int) -> str:
    """Return the value of ``--allow-host`` for *host*, with its *port* on this computer.

    >>> option_value("index.example.org", 443), option_value("127.0.0.1", 8000)
    ('index.example.org', '127.0.0.1:8000')
    """
    if not is_loopback(host):
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


NO_OTHER_HOSTS = AllowedHosts()
