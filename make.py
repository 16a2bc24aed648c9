# -*- coding: utf-8 -*- (Python 2 must be able to read the sentences below)
"""Set up and run this project: ``python make.py serve``, or ``make serve`` where there is make.

Each command installs what it needs into .venv first. Written for any Python, however old, so that
an old one can say what is missing.
"""

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
NEEDED = (3, 11)
# What it says: YAML, in the form of JSON, which needs no package to be read.
SENTENCES = os.path.join(ROOT, "scripts", "make.yml")
FOR_USERS = ("serve", "site", "test", "clean", "help")
FOR_MAINTAINERS = (
    "check",
    "refresh",
    "numbers",
    "leave",
    "bench",
    "changes",
    "twins",
    "sources",
    "lock",
)
COMMANDS = FOR_USERS + FOR_MAINTAINERS
# The tests of the program alone, without those that are marked long.
UNIT_TESTS = tuple(
    "tests/" + name
    for name in ("core", "cli", "doctor", "explain", "fork", "index", "tokens", "travis")
)
MADE = (
    "site",
    "build",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "pypi_practice.egg-info",
    ".venv",
)


def say(key, *values):
    """Return a sentence in the language that the environment asks for, as gettext reads it."""
    texts = sentences()[key]
    for variable in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        for value in os.environ.get(variable, "").split(":"):
            if value[:2].lower() in texts:
                return texts[value[:2].lower()].format(*values)
        if os.environ.get(variable):
            break
    return texts["en"].format(*values)


def sentences():
    """Return key, language, sentence: all of scripts/make.yml."""
    with io.open(SENTENCES, encoding="utf-8") as file:
        return json.load(file)


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


def script(name, *arguments):
    """Run a module of scripts/, which uses the helpers of the tests."""
    os.environ["PYTHONPATH"] = os.path.join(ROOT, "tests")
    call(python(), "-m", "scripts." + name, *arguments)


def install():
    """Install what requirements/dev.txt and pyproject.toml say, unless it is installed already."""
    digest = hashlib.sha256(sys.version.encode())
    for name in (os.path.join("requirements", "dev.txt"), "pyproject.toml"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    stamp = os.path.join(VENV, "installed")
    if os.path.exists(stamp) and os.path.exists(python()):
        with open(stamp) as file:
            if file.read() == digest.hexdigest():
                return
    print(say("installing"))
    sys.stdout.flush()
    call(sys.executable, "-m", "venv", "--clear", VENV, failed=say("no_venv"))
    pip = (python(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    call(*(pip + ("--require-hashes", "-r", "requirements/dev.txt")), failed=say("no_install"))
    call(*(pip + ("--no-deps", "--no-build-isolation", "-e", ".")), failed=say("no_install"))
    with open(stamp, "w") as file:
        file.write(digest.hexdigest())


def show_help():
    """Print the commands."""
    print(say("usage", "|".join(sorted(sentences()["usage"]))))
    for title, names in (("for_users", FOR_USERS), ("for_maintainers", FOR_MAINTAINERS)):
        print("\n" + say(title))
        for name in names:
            print("  {0:<8} {1}".format(name, say(name)))


def check(*arguments):
    """Run what takes a minute: the linter, the type checker, and the tests of the program."""
    call(python(), "-m", "ruff", "check", ".")
    call(python(), "-m", "ruff", "format", "--check", ".")
    call(python(), "-m", "mypy")
    options = ("-m", "not long", "--numprocesses", str(os.cpu_count() or 1), "--dist", "loadfile")
    call(python(), "-m", "pytest", *(options + UNIT_TESTS + arguments))


def clean():
    """Remove what the other commands made."""
    for name in MADE:
        shutil.rmtree(os.path.join(ROOT, name), ignore_errors=True)


def main(arguments):
    """Run one command; return the exit code."""
    if arguments[:1] == ["--lang"] and len(arguments) > 1:
        if arguments[1] not in sentences()["usage"]:
            print(say("no_language", arguments[1], ", ".join(sorted(sentences()["usage"]))))
            return 2
        os.environ["LANGUAGE"] = arguments[1]  # the programs that are called see it as well
        arguments = arguments[2:]
    name, rest = (arguments or ["help"])[0], arguments[1:]
    if name in ("-h", "--help"):
        name = "help"
    if name not in COMMANDS:
        print(say("unknown", name))
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
    elif name == "check":
        check(*rest)
    elif name == "changes":
        call(python(), "-m", "site_builder.formats.feed", *rest)
    elif name == "leave":
        script("leave", *rest)
    elif name == "bench":
        call(python(), os.path.join("benchmarks", "index"), *rest)
    elif name == "numbers":
        call(python(), "-m", "site_builder.browser")
        call(python(), os.path.join("benchmarks", "measure.py"), *rest)
    elif name in ("test", "refresh"):
        script("system_packages")
        # One more than there are cores: a page that waits for a download leaves its core idle.
        workers = str((os.cpu_count() or 1) + 1)
        parallel = ["--numprocesses", workers, "--dist", "loadscope", "--no-loadscope-reorder"]
        parallel += ["--durations", "10"]
        options = ["--update-examples"] if name == "refresh" else parallel
        call(python(), "-m", "pytest", *(options + rest))
    elif name == "twins":
        script("translation_hashes", *rest)
    elif name == "sources":
        script("sources", *rest)
    elif name == "lock":
        project = ("pyproject.toml", "--group", "site", "--group")
        # What the pages show is locked for its readers: with their Python, and how they do it anew.
        shown = os.path.join("examples", "trusted", "publish.txt")
        anew = (
            "printf '%s\\n' build setuptools twine | uv pip compile --universal"
            " --python-version 3.10 --generate-hashes --no-annotate --output-file publish.txt -"
        )
        for target, chosen, oldest, command in (
            ("requirements/dev.txt", project + ("test",), "3.11", "make lock"),
            ("requirements/leave.txt", project + ("leave",), "3.11", "make lock"),
            ("requirements/clients.txt", ("--group", "clients"), "3.11", "make lock"),
            ("requirements/bench.txt", ("--group", "bench"), "3.11", "make lock"),
            ("requirements/publish.txt", ("--group", "publish"), "3.11", "make lock"),
            (shown, ("--group", "publish", "--no-annotate"), "3.10", anew),
        ):
            call(
                python(),
                "-m",
                "uv",
                "pip",
                "compile",
                *chosen
                + (
                    "--universal",
                    "--python-version",
                    oldest,
                    "--generate-hashes",
                    "--upgrade",
                    "--custom-compile-command",
                    command,
                    "--quiet",
                    "--output-file",
                    target,
                )
                + tuple(rest),
            )
    return 0


if sys.version_info < NEEDED:
    sys.exit(say("too_old", *(NEEDED + tuple(sys.version_info[:2]))))

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
