"""Finds a Chromium, which makes the PDF and runs the browser tests, and installs one if asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from pypi_practice.core.i18n import language
from site_builder.site_data import data

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class NoBrowser(Exception):
    """There is no Chromium; the text says what to do."""


def find() -> str | None:
    """Return the path of a Chromium: the one in CHROMIUM, the system's, or Playwright's own."""
    for name in (os.environ.get("CHROMIUM", ""), *NAMES):
        if name and (program := shutil.which(name)):
            return program
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def _say(key: str, *values: str) -> str:
    return str(data("make")[key][language()].format(*values))


def no_browser() -> str:
    """Return what to do where there is no Chromium, in the user's language."""
    return _say("no_browser")


def install_debian_packages(*packages: str) -> None:
    """Install Debian's packages, if this is Debian and we may."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    print(_say("installing_system", " ".join(packages)), flush=True)
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    # Another program may be installing packages now.
    wait = ("-o", "DPkg::Lock::Timeout=300")  # seconds
    for command in (("update", "-qq"), ("install", "-qq", "-y", *wait, *packages)):
        subprocess.run(("apt-get", *command), env=environ, stdout=subprocess.DEVNULL, check=False)


def install() -> None:
    """Install a Chromium: Debian's where we may, else Playwright's own download."""
    install_debian_packages("chromium")
    if find():
        return
    print(_say("downloading_browser"), flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


if __name__ == "__main__":
    if not find():
        install()
    if not find():
        sys.exit(no_browser())
