"""Checks inside a shell that the practice index answers, and prints the promise of the shell.

The startup files of a shell run it last, with ``python -I -S``: it imports only the standard
library.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import socket
import ssl
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TIMEOUT = 20  # seconds


def problem(settings: Mapping[str, Any], environ: Mapping[str, str]) -> str | None:
    """Return why the practice environment *environ* is not intact, None if it is.

    *settings* has the expected ``variables``; ``absent``, prefixes of names that must not exist;
    the ``proxy``; the ``host`` to connect to; the ``authority`` that must have signed its
    certificate; and ``canary``, an address that must not be reachable, null without a sandbox.
    """
    variables: dict[str, str] = settings["variables"]
    for name, value in variables.items():
        if environ.get(name) != value:
            return name  # without its value, which may be a password
    for name, value in environ.items():
        if value and name.upper().startswith(tuple(settings["absent"])):
            return name
    if settings["canary"]:
        with (
            contextlib.suppress(OSError),
            socket.create_connection(tuple(settings["canary"]), TIMEOUT),
        ):
            return "{}:{}".format(*settings["canary"])
    proxy = urlsplit(settings["proxy"])
    context = ssl.create_default_context(cafile=settings["authority"])
    connection = http.client.HTTPSConnection(
        proxy.hostname or "", proxy.port, timeout=TIMEOUT, context=context
    )
    connection.set_tunnel(settings["host"], 443)
    try:
        connection.request("GET", "/simple/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as error:
        return str(error)
    finally:
        connection.close()
    return None


def main(arguments: Sequence[str]) -> int:
    """Print the promise of the settings file, or the failure; then run the command, if any."""
    settings = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    reason = problem(settings, os.environ)
    if reason is not None:
        print(settings["failure"].replace("{reason}", reason[:200]), file=sys.stderr)
        return 1
    print(settings["promise"], file=sys.stderr, flush=True)
    if arguments[1:]:
        os.execvp(arguments[1], list(arguments[1:]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
