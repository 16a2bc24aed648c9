# -*- coding: utf-8 -*- (Python 2 must be able to read the sentences below)
"""Set up and run this project: ``python make.py serve``, or ``make serve`` where there is make.

Each command installs what it needs into .venv first. Written for any Python, however old, so that
an old one can say what is missing.
"""

import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
NEEDED = (3, 11)
TOO_OLD = (
    "This project needs Python {0}.{1} or newer, and this is Python {2}.{3}. "
    "Install a newer one, or name it: make PYTHON=python3.12 ...\n"
    "Este proyecto necesita Python {0}.{1} o posterior, y este es Python {2}.{3}. "
    "Instala uno más nuevo o indica cual usar: make PYTHON=python3.12 ..."
)
NO_VENV = (
    "Python could not make a virtual environment in .venv; on Debian and Ubuntu, install "
    "python3-venv first.\n"
    "Python no ha podido crear un entorno virtual en .venv; en Debian y Ubuntu, instala antes "
    "python3-venv."
)
NO_INSTALL = (
    "The packages of requirements.txt could not be installed: read the lines above, check the "
    "network, and run the command again.\n"
    "No se han podido instalar los paquetes de requirements.txt: lee las líneas de arriba, "
    "comprueba la red y repite la orden."
)
COMMANDS = (
    ("serve", "build both languages and serve them on one local address; pages rebuild on change"),
    ("test", "run all tests: every block of every page, the practice index, the site, a browser"),
    ("site", "build the static files in site/"),
    ("refresh", "run the proofs and write down today's outputs and versions"),
    ("numbers", "measure the site and print each number beside its limit; takes minutes"),
    ("leave", "build the site with what may follow Material, and say what differs"),
    ("changes", "write CHANGELOG.md from data/changes.yml"),
    ("twins", "note that each section says the same in both languages today"),
    ("sources", "list the sources that were read more than six months ago"),
    ("lock", "resolve the dependencies anew and write requirements.txt with hashes"),
    ("clean", "remove what the other commands made"),
    ("help", "show this list"),
)
MADE = ("site", "build", ".pytest_cache", ".ruff_cache", "pypi_practice.egg-info", ".venv")


def python():
    """Return the path of the Python in .venv."""
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(VENV, *parts)


def call(*arguments, **options):
    """Run a program in the project's folder; stop with its exit code, or *failed*, if it fails."""
    failed = options.pop("failed", None)
    process = subprocess.Popen(arguments, cwd=ROOT)
    code = None
    while code is None:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            pass  # the program was interrupted as well, and tidies up before it ends
    if code:
        sys.exit(failed or code)


def install():
    """Put what requirements.txt and pyproject.toml say into .venv, unless it is there already."""
    digest = hashlib.sha256(sys.version.encode())
    for name in ("requirements.txt", "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    stamp = os.path.join(VENV, "installed")
    if os.path.exists(stamp) and os.path.exists(python()):
        with open(stamp) as file:
            if file.read() == digest.hexdigest():
                return
    print("Installing into .venv ...")
    sys.stdout.flush()
    call(sys.executable, "-m", "venv", "--clear", VENV, failed=NO_VENV)
    pip = (python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    call(*(pip + ("--require-hashes", "-r", "requirements.txt")), failed=NO_INSTALL)
    call(*(pip + ("--no-deps", "--no-build-isolation", "-e", ".")), failed=NO_INSTALL)
    with open(stamp, "w") as file:
        file.write(digest.hexdigest())


def show_help():
    """Print the commands."""
    print("make COMMAND, or: python make.py COMMAND")
    for name, text in COMMANDS:
        print("  {0:<8} {1}".format(name, text))


def clean():
    """Remove what the other commands made."""
    for name in MADE:
        shutil.rmtree(os.path.join(ROOT, name), ignore_errors=True)


def main(arguments):
    """Run one command; return the exit code."""
    name, rest = (arguments or ["help"])[0], arguments[1:]
    if name not in dict(COMMANDS):
        show_help()
        return 2
    if name == "help":
        show_help()
        return 0
    if name == "clean":
        clean()
        return 0
    install()
    if name == "serve":
        call(python(), "-m", "site_builder", "serve", *rest)
    elif name == "site":
        call(python(), "-m", "site_builder", "build", *rest)
    elif name == "changes":
        call(python(), "-m", "site_builder.feed", *rest)
    elif name == "leave":
        call(python(), os.path.join("tests", "leaving.py"), *rest)
    elif name == "numbers":
        call(python(), "-m", "site_builder.browser")
        call(python(), os.path.join("benchmarks", "numbers.py"), *rest)
    elif name in ("test", "refresh"):
        call(python(), "-m", "site_builder.browser")
        # One more than there are cores: a page that waits for a download leaves its core idle.
        workers = str((os.cpu_count() or 1) + 1)
        parallel = ["--numprocesses", workers, "--dist", "loadscope", "--no-loadscope-reorder"]
        options = ["--update-examples"] if name == "refresh" else parallel
        call(python(), "-m", "pytest", *(options + rest))
    elif name == "twins":
        call(python(), os.path.join("tests", "twins.py"), *rest)
    elif name == "sources":
        call(python(), os.path.join("tests", "sources.py"), *rest)
    elif name == "lock":
        for group, target in (("test", "requirements.txt"), ("leave", "requirements-leave.txt")):
            call(
                python(), "-m", "uv", "pip", "compile", "pyproject.toml",
                "--group", "site", "--group", group, "--universal", "--python-version", "3.11",
                "--generate-hashes", "--upgrade", "--custom-compile-command", "make lock",
                "--quiet", "--output-file", target, *rest
            )  # fmt: skip
    return 0


if sys.version_info < NEEDED:
    sys.exit(TOO_OLD.format(*(NEEDED + tuple(sys.version_info[:2]))))

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
