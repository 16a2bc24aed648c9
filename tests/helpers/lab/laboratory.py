"""Makes a lab for each run: certificates, a home, the commands; tells what arrived."""

from __future__ import annotations

import functools
import json
import os
import ssl
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import certifi
import trustme

from helpers.lab import services

INSIDE = Path(__file__).with_name("inside.py")
ATTEMPT = Path(__file__).with_name("attempt.py")
ROOT = Path(__file__).parents[3]
PROGRAM = [sys.executable, "-m", "pypi_practice"]
WHEEL = "lab_demo-1.0-py3-none-any.whl"


@dataclass
class Certificates:
    """Paths: the fakes' certificate with its key, and a bundle that trusts it and nothing else."""

    server: Path
    trusted: Path


@dataclass
class Arrived:
    """What a run in a lab did: arrivals, and for each command its exit code and its output."""

    arrivals: list[services.Arrival]
    codes: list[int]
    outputs: list[str]
    late: int = 0

    def of(self, way: str) -> list[services.Arrival]:
        """Return the arrivals that name *way*."""
        return [arrival for arrival in self.arrivals if way in arrival.marks]

    def nameless(self) -> list[services.Arrival]:
        """Return the arrivals that name no attempt."""
        return [arrival for arrival in self.arrivals if not arrival.marks]


@dataclass
class Command:
    """A command to run in the lab, as the user does.

    *typed*: what the user types at its terminal, each text after another that she has seen there;
    None: it has no terminal. *connection*: it inherits an open connection. *timeout*: seconds.
    """

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None
    typed: Sequence[tuple[str, str]] | None = None
    connection: bool = False
    timeout: float = 120


def make_certificates(folder: Path) -> Certificates:
    """Make a certificate for all names and addresses of the lab."""
    authority = trustme.CA(organization_name="the lab of the tests")
    addresses = sorted(
        {address for host_addresses in services.HOSTS.values() for address in host_addresses}
    )
    server = authority.issue_cert(*sorted(services.HOSTS), *addresses, "localhost", "127.0.0.1")
    certificates = Certificates(folder / "server.pem", folder / "trusted.pem")
    server.private_key_and_cert_chain_pem.write_to_path(str(certificates.server))
    authority.cert_pem.write_to_path(str(certificates.trusted))
    return certificates


def bundles() -> list[str]:
    """Return the certificate bundles of this computer that clients read."""
    pip = Path(certifi.where()).parents[1] / "pip" / "_vendor" / "certifi" / "cacert.pem"
    candidates = (
        ssl.get_default_verify_paths().openssl_cafile,
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        certifi.where(),
        str(pip),
    )
    return list(dict.fromkeys(os.path.realpath(path) for path in candidates if Path(path).exists()))


@functools.cache
def unavailable() -> str | None:
    """Return why no lab can be made on this computer; None: it can.

    Raises RuntimeError if the lab's own program fails, so that a mistake in it skips no test.
    """
    if not sys.platform.startswith("linux"):
        return "network namespaces are Linux's"
    result = subprocess.run(
        [sys.executable, "-I", str(INSIDE)],
        input="{}",
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        reason: str | None = json.loads(result.stdout).get("unavailable")
    except ValueError as error:
        raise RuntimeError(f"the lab failed: {result.stdout}{result.stderr}") from error
    return reason


def required() -> bool:
    """Tell whether tests must not go on without a lab: on Linux in continuous integration."""
    return sys.platform.startswith("linux") and os.environ.get("CI") == "true"


class Lab:
    """A folder with a home for one user, and the lab in which her commands run."""

    def __init__(
        self, folder: Path, certificates: Certificates, cache: Path, wheels: Path | None = None
    ) -> None:
        self.folder, self.certificates, self.wheels = folder, certificates, wheels
        self.cache = cache
        self.home = folder / "home"
        # Where this folder is missing, fish reads all manual pages of the system first.
        (self.home / ".local/share/fish/generated_completions").mkdir(parents=True)
        self.project = folder / "project"
        self.project.mkdir()

    def write(self, name: str, text: str) -> Path:
        """Write a file: ``~/…`` in the home, else in the project."""
        path = self.home / name[2:] if name.startswith("~/") else self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def environ(self, **more: str) -> dict[str, str]:
        """Return the environment of the user, and *more* variables."""
        trusted = str(self.certificates.trusted)
        return {
            "PATH": os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])),
            "HOME": str(self.home),
            "USER": "lab",
            "SHELL": "/bin/bash",
            "TERM": "xterm",
            "LANG": "C.UTF-8",
            "LANGUAGE": "en",
            "PIP_INDEX_URL": f"https://{services.MIRROR}/simple/",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_INPUT": "1",
            "PYPI_PRACTICE_DATA": str(self.folder / "data"),
            "PYPI_PRACTICE_CACHE": str(self.cache),
            "PYTHONDONTWRITEBYTECODE": "1",
            **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"), trusted),
            "LAB_PYTHON": sys.executable,
            "LAB_ATTEMPT": str(ATTEMPT),
            **more,
        }

    def run(self, *commands: Command) -> Arrived:
        """Run *commands* in the lab. Raises RuntimeError if the lab itself fails."""
        work = self.folder / "work"
        work.mkdir()
        specification: dict[str, Any] = {
            "folder": str(work),
            "certificate": str(self.certificates.server),
            "trusted": str(self.certificates.trusted),
            "bundles": bundles(),
            "wheels": str(self.wheels) if self.wheels else None,
            "home": str(self.home),
            "commands": [
                {
                    "argv": list(command.argv),
                    "env": dict(command.env),
                    "cwd": str(command.cwd or self.project),
                    "typed": None
                    if command.typed is None
                    else [list(step) for step in command.typed],
                    "connection": command.connection,
                    "timeout": command.timeout,
                }
                for command in commands
            ],
        }
        result = subprocess.run(
            [sys.executable, "-I", str(INSIDE)],
            input=json.dumps(specification),
            capture_output=True,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise RuntimeError(f"the lab failed: {result.stdout}{result.stderr}")
        report = json.loads(result.stdout.splitlines()[-1])
        arrivals = [services.Arrival(**arrival) for arrival in report["arrivals"]]
        return Arrived(arrivals, report["codes"], report["outputs"], report["late"])


def download_wheels(folder: Path) -> Path:
    """Download what a deploy of the provider pypi installs; return *folder*.

    Raises subprocess.CalledProcessError where there is no index to install from.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:"]
    command += ["--dest", str(folder), "setuptools", "twine", "wheel"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


def write_wheel(folder: Path) -> Path:
    """Write a small wheel that every client takes, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / WHEEL
    info = "lab_demo-1.0.dist-info"
    metadata = "Metadata-Version: 2.1\nName: lab-demo\nVersion: 1.0\nSummary: Nothing\n"
    wheel = "Wheel-Version: 1.0\nGenerator: lab\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("lab_demo.py", "")
        archive.writestr(f"{info}/METADATA", metadata)
        archive.writestr(f"{info}/WHEEL", wheel)
        archive.writestr(
            f"{info}/RECORD", f"lab_demo.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )
    return path
