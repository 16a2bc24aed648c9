"""The practice index alone, without its shell: ``serve.py FOLDER plain|tls``.

Prints as JSON where it listens, the token of a learner, and what to trust, and answers until it is
stopped. All checks and all durability are those of the practice shell; only the number of projects
that a user may make in an hour is higher, or 10 000 files would take days.
"""

from __future__ import annotations

import json
import signal
import sys
import uuid
from pathlib import Path

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.core.limits import Limits
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store
from pypi_practice.network.server import IndexServer, write_certificates


def main() -> None:
    """Serve until SIGTERM."""
    folder, way = Path(sys.argv[1]), sys.argv[2]
    words, index = Translator("en"), INDEXES["testpypi"]
    store = Store(folder / "data", words)
    store.sweep()
    token = store.new_token(store.user(index), uuid.uuid4().hex, None)[1]
    certificates = write_certificates(folder) if way == "tls" else None
    application = Application(store, None, words, Limits(new_projects=10**6))
    server = IndexServer(
        application,
        application.words,
        certificates and certificates.server,
        certificates and certificates.key,
    )
    settings = {
        "port": server.port,
        "password": token,
        "authority": certificates and str(certificates.bundle),
    }
    print(json.dumps(settings), flush=True)
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    server.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
