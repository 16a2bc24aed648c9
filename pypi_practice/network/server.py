"""The HTTPS server of the practice index, with temporary certificates for PyPI's host names."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import FILES_HOST, HOSTS, UPSTREAM_HOST
from pypi_practice.core.limits import PYPI
from pypi_practice.network.slow_clients import PatientAdapter, PatientServer

LOOPBACK = "127.0.0.1"
THREADS = 10  # for requests of fast clients
BODY_LIMIT = 5 * PYPI.file  # bytes; below it, PyPI's own message says that a file is too large
WAITING = 256  # length of the queue of connections: many uploads may start at once


class Certificates(NamedTuple):
    """Files: the certificate of the server, its key, and the certificates that clients trust.

    ``authority`` is the certificate of the authority that signed the server's; ``bundle`` has also
    those that this computer trusts.
    """

    server: Path
    key: Path
    authority: Path
    bundle: Path


def certificates_in(directory: Path) -> Certificates:
    """Return the paths of the files that ``write_certificates`` writes to *directory*."""
    names = ("server.pem", "server-key.pem", "authority.pem", "trusted.pem")
    return Certificates(*(directory / name for name in names))


def write_certificates(directory: Path) -> Certificates:
    """Write a certificate for the hosts of the indexes to *directory*, and that of its authority.

    The key of the authority is never written.
    """
    import trustme  # slow to import, and only needed here

    authority = trustme.CA(organization_name="pypi-practice")
    server = authority.issue_cert(*sorted(HOSTS), FILES_HOST, UPSTREAM_HOST)
    files = certificates_in(directory)
    server.private_key_pem.write_to_path(str(files.key))
    files.key.chmod(0o600)
    for part in server.cert_chain_pems:
        part.write_to_path(str(files.server), append=True)
    authority.cert_pem.write_to_path(str(files.authority))
    files.bundle.write_bytes(system_certificates() + authority.cert_pem.bytes())
    return files


def system_certificates() -> bytes:
    """Return the certificates that this computer trusts, in PEM."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    for name in (paths.cafile, "/etc/ssl/certs/ca-certificates.crt"):
        if name and Path(name).is_file():
            context.load_verify_locations(name)
    certificates = context.get_ca_certs(binary_form=True)
    return "".join(ssl.DER_cert_to_PEM_cert(certificate) for certificate in certificates).encode()


class IndexServer:
    """Serves the application on a free port of the loopback address; HTTPS with a certificate."""

    def __init__(
        self,
        application: Callable[..., Any],
        words: Translator,
        certificate: Path | None = None,
        key: Path | None = None,
    ) -> None:
        self._server = PatientServer(
            (LOOPBACK, 0),
            application,
            words,
            numthreads=THREADS,
            server_name="pypi",
            request_queue_size=WAITING,
        )
        self._server.max_request_body_size = BODY_LIMIT
        if certificate is not None:
            self._server.ssl_adapter = PatientAdapter(str(certificate), str(key))
        self._server.prepare()
        self.port: int = self._server.bind_addr[1]
        self._thread = threading.Thread(target=self._server.serve, name="index", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop the server after the requests that it is handling."""
        self._server.stop()
        self._thread.join()
