"""Finds a Chromium, which makes the PDF and runs the browser tests, and installs one if asked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

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
NO_BROWSER = (
    "The tests and the PDF need a Chromium, and none could be installed. Install Chromium or "
    "Google Chrome, or name one in the variable CHROMIUM, and repeat the command.\n"
    "Las pruebas y el PDF necesitan un Chromium y no se ha podido instalar ninguno. Instala "
    "Chromium o Google Chrome, o indica uno en la variable CHROMIUM, y repite la orden."
)


def find() -> str | None:
    """Return the path of a Chromium: the one in CHROMIUM, the system's, or Playwright's own."""
    for name in (os.environ.get("CHROMIUM", ""), *NAMES):
        if name and (found := shutil.which(name)):
            return found
    with sync_playwright() as playwright:
        own = playwright.chromium.executable_path
    return own if Path(own).exists() else None


def install() -> None:
    """Install a Chromium: Debian's where we may, else Playwright's own download."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        print("Installing Debian's chromium ...", flush=True)
        environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-qq", "-y", "chromium"]):
            subprocess.run(
                ["apt-get", *command], env=environ, stdout=subprocess.DEVNULL, check=False
            )
        if find():
            return
    print("Downloading Chromium ...", flush=True)
    subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=False)


if __name__ == "__main__":
    if not find():
        install()
    if not find():
        sys.exit(NO_BROWSER)
