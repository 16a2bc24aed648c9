"""Hosts in the deploys of a job that the practice index does not replace."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import HOSTS, is_protected
from pypi_practice.network.allowed_hosts import NO_OTHER_HOSTS, AllowedHosts, option_value
from pypi_practice.network.connections import read_host
from pypi_practice.travis.config.deploy_entries import DeployEntry
from pypi_practice.travis.config.jobs import assigned
from pypi_practice.travis.config.loader import as_list
from pypi_practice.travis.plan.plan_types import Job

ADDRESS = re.compile(r"https?://[^\s\"'<>|;&()]{1,2000}", re.I)
REFERENCE = re.compile(r"\$(?:(\w{1,100})|\{(\w{1,100})\})")


def _texts(job: Job, deploy: DeployEntry) -> Iterator[str]:
    options = deploy.options
    if deploy.provider == "pypi":
        # Like dpl, take the default of the option from the environment.
        yield str(options.get("server") or assigned(job.env).get("PYPI_SERVER", ""))
    elif deploy.provider == "script":
        yield " ".join(str(command) for command in as_list(options.get("script")))
    yield from (str(command) for command in as_list(options.get("run")))


def foreign_target(address: str) -> tuple[str, int] | None:
    """Return host and port of a URL, None if it is invalid or the host is PyPI's."""
    try:
        url = urlsplit(address)
        host = read_host(url.hostname or "")
        port = url.port or (443 if url.scheme == "https" else 80)
    except ValueError:
        return None
    return None if host in HOSTS or is_protected(host) else (host, port)


def foreign_targets(job: Job, deploy: DeployEntry) -> list[tuple[str, int]]:
    """Return host and port of the addresses in a deploy, except those of PyPI.

    Variables of the file are expanded. An address with a repository variable is left out, because
    its value is a secret.
    """
    values = assigned(job.env) | job.environ
    targets: dict[tuple[str, int], None] = {}
    for text in _texts(job, deploy):
        filled = REFERENCE.sub(lambda match: values.get(match[1] or match[2], match[0]), text)
        for address in ADDRESS.findall(filled):
            if target := foreign_target(address):
                targets[target] = None
    return list(targets)


def sentences(
    job: Job, deploy: DeployEntry, words: Translator, allowed: AllowedHosts = NO_OTHER_HOSTS
) -> Iterator[str]:
    """Yield one line for each other host: that a rehearsal refuses or reaches it."""
    keys = {
        option_value(*target): "will_reach" if allowed.permit(*target) else "will_refuse"
        for target in foreign_targets(job, deploy)
    }
    for host, key in keys.items():
        yield words(key, job=job.number, host=host)
