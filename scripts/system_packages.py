"""What the tests need of the system: a Chromium, hunspell with its dictionaries, and shells.

Where we may, Debian's packages are installed; elsewhere a sentence says what is missing.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

from helpers.site import chromium
from helpers.site.data_texts import LANGUAGES, sentence

from site_builder.browser import install_debian_packages


def spelling() -> list[str]:
    """Return the Debian packages of the spelling."""
    return [
        "hunspell",
        *(str(facts["package"]) for facts in LANGUAGES.values() if "package" in facts),
    ]


def no_hunspell() -> str:
    """Return what to do where hunspell or a dictionary is missing."""
    dictionaries = ", ".join(
        str(facts["dictionary"]) for facts in LANGUAGES.values() if "package" in facts
    )
    return sentence("no_hunspell", dictionaries, " ".join(spelling()))


def has_hunspell() -> bool:
    """Tell whether hunspell is here, with each dictionary."""
    if not shutil.which("hunspell"):
        return False
    return all(
        subprocess.run(
            ["hunspell", "-d", str(facts["dictionary"]), "-l"],
            input=b"",
            capture_output=True,
            check=False,
        ).returncode
        == 0
        for facts in LANGUAGES.values()
        if "package" in facts
    )


# Programs that some tests need, by their Debian package; without them, these tests are not run.
PROGRAMS = {"bubblewrap": "bwrap", "fish": "fish", "zsh": "zsh"}


def main() -> int:
    """Install what is missing; return 1 with a sentence if the tests cannot begin without it."""
    if not has_hunspell():
        install_debian_packages(*spelling())
    if not has_hunspell():  # one test fails, and says this again
        print(no_hunspell(), file=sys.stderr)
    missing = [package for package, program in PROGRAMS.items() if not shutil.which(program)]
    if missing:
        install_debian_packages(*missing)
    if not chromium.find():
        chromium.install()
    if not chromium.find():
        print(chromium.no_browser(), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
