"""The environment variables that lead programs in the practice shell to the practice index."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.browser_app import NO_PROXY_PATH
from pypi_practice.network.server import Certificates
from pypi_practice.shell import client_settings

# Variables for certificate bundles, proxies, and the index to install from.
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "SSL_CERT_FILE", "GIT_SSL_CAINFO")
PROXIES = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")
# With this one, pip asks the proxy for services of this computer as well: it is set only to
# override a proxy in pip's own configuration.
PIP_PROXY = "PIP_PROXY"
INSTALL_FROM = ("PIP_INDEX_URL", "UV_DEFAULT_INDEX")
# Hatch ignores proxy variables, so its uploads are sent to a page of ours that explains this. If
# the command names the real index, hatch sends nothing, because it does not trust its certificate.
HATCH_REPO, HATCH_TRUSTS = "HATCH_INDEX_REPO", "HATCH_INDEX_CA_CERT"
HATCH = {"HATCH_INDEX_USER": "__token__", "HATCH_INDEX_AUTH": "not-a-token"}
# Our own variables: address of the proxy, folders of data and certificates, address of the pages.
OWN, DATA, CERTIFICATES = "PYPI_PRACTICE", "PYPI_PRACTICE_DATA", "PYPI_PRACTICE_CERTIFICATES"
WEB = "PYPI_PRACTICE_WEB"
PRACTICE_VARIABLES = frozenset(
    (
        *(*BUNDLES, *PROXIES, PIP_PROXY, *INSTALL_FROM, "NO_PROXY", "no_proxy"),
        *(HATCH_REPO, HATCH_TRUSTS, *HATCH),
        *(OWN, DATA, CERTIFICATES, WEB),
    )
)
DIRECT = "localhost,127.0.0.1,::1"
# Variables that could hold a real credential, another index, or further startup files.
DROPPED = (
    "ALL_PROXY",
    "BASH_ENV",
    "FTP_PROXY",
    "PIP_EXTRA_INDEX_URL",
    "PIP_PROXY",
    "UV_EXTRA_INDEX_URL",
    "UV_INDEX",
    "UV_INDEX_URL",
)
DROPPED_STARTS = (
    "TWINE_",
    "UV_PUBLISH_",
    "UV_INDEX_",
    "HATCH_INDEX_",
    "POETRY_PYPI_TOKEN_",
    "POETRY_HTTP_BASIC_",
    "FLIT_",
    "PDM_PUBLISH_",
)
PROXY_ADDRESS = re.compile(r"http://127\.0\.0\.1:([0-9]{1,5})")


def environment(
    outer: Mapping[str, str],
    *,
    port: int,
    web: str,
    certificates: Certificates,
    data: Path,
    commands: Path,
) -> dict[str, str]:
    """Return the environment of the practice shell, derived from the environment *outer*.

    *port* is the proxy's, *web* the address of the pages, *commands* a folder for PATH.
    """
    environ = {
        name: value
        for name, value in outer.items()
        if name.upper() not in DROPPED and not name.upper().startswith(DROPPED_STARTS)
    }
    proxy = f"http://127.0.0.1:{port}"
    environ |= dict.fromkeys(PROXIES, proxy)
    if client_settings.has_pip_proxy(outer):
        environ[PIP_PROXY] = proxy
    environ |= dict.fromkeys(BUNDLES, str(certificates.bundle))
    environ |= dict.fromkeys(INSTALL_FROM, INDEXES["pypi"].simple)
    environ |= {"NO_PROXY": DIRECT, "no_proxy": DIRECT, **HATCH}
    environ |= {HATCH_REPO: web + NO_PROXY_PATH, HATCH_TRUSTS: str(certificates.authority)}
    environ["PATH"] = os.pathsep.join([str(commands), outer.get("PATH", os.defpath)])
    environ |= {OWN: proxy, DATA: str(data), WEB: web}
    environ[CERTIFICATES] = str(certificates.authority.parent)
    return environ


def ports(environ: Mapping[str, str]) -> list[int]:
    """Return the ports of this computer that a sandbox must let through: proxy and pages."""
    return [int(environ[name].rstrip("/").rpartition(":")[2]) for name in (OWN, WEB)]
