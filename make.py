# -*- coding: utf-8 -*- (Python 2 must be able to read the sentences below)
"""Set up and run this project: ``python make.py serve``, or ``make serve`` where there is make.

Each command installs what it needs into .venv first. Written for any Python, however old, so that
an old one can say what is missing.
"""

import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
STAMP = os.path.join(VENV, "installed.json")
# What .venv can hold, each with a lock file in requirements/; each contains those before it.
ENVIRONMENTS = ("serve", "site", "test")
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
                return native(texts[value[:2].lower()].format(*values))
        if os.environ.get(variable):
            break
    return native(texts["en"].format(*values))


def native(text):
    """Return *text* as this Python's own str, which is bytes in Python 2."""
    return text if isinstance(text, str) else text.encode("utf-8")


def sentences():
    """Return key, language, sentence: all of scripts/make.yml."""
    with io.open(SENTENCES, encoding="utf-8") as file:
        return json.load(file)


def python():
    """Return the path of the Python in .venv."""
    parts = ("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")
    return os.path.join(VENV, *parts)


def call(*arguments):
    """Run a program in the project's folder; stop with its exit code if it fails."""
    process = subprocess.Popen(arguments, cwd=ROOT)
    code = None
    while code is None:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            pass  # the program was interrupted as well, and tidies up before it ends
    if code:
        sys.exit(code)


def script(name, *arguments):
    """Run a module of scripts/, which uses the helpers of the tests."""
    os.environ["PYTHONPATH"] = os.path.join(ROOT, "tests")
    call(python(), "-m", "scripts." + name, *arguments)


def packages(name):
    """Return the lines of a lock file that say what is installed, without its comments."""
    with io.open(os.path.join(ROOT, name), encoding="utf-8") as file:
        return [line.strip() for line in file if line.strip() and not line.strip().startswith("#")]


def project():
    """Return what an installation of this project depends on: its part of pyproject.toml."""
    import tomllib  # Python 3.11 and newer; an older one is refused before

    with open(os.path.join(ROOT, "pyproject.toml"), "rb") as file:
        content = tomllib.load(file)
    return [content["build-system"], content["project"], content["tool"]["setuptools"]]


def digest(content):
    """Return the SHA-256 digest of the Python that runs this and of *content*, as JSON."""
    text = json.dumps([sys.version, content], sort_keys=True)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def installed():
    """Return what .venv says is installed: the name of a lock file or "project", and its digest."""
    try:
        with open(STAMP) as file:
            return json.load(file) if os.path.exists(python()) else {}
    except (OSError, ValueError):
        return {}


def install(environment):
    """Install what *environment* needs into .venv, unless it is installed already.

    *environment* is one of ENVIRONMENTS, each of which contains those before it.
    """
    present = installed()
    # A larger environment that is still as its lock file says serves as well.
    larger = ENVIRONMENTS[ENVIRONMENTS.index(environment) :]
    listed = [name for name in ENVIRONMENTS if name in present]
    current = [name for name in listed if present[name] == digest(packages(lock(name)))]
    if not set(current) & set(larger):
        # pip does not remove what a lock file has ceased to list, so .venv is made anew.
        if not current or current != listed:
            present = {}
            make_environment()
        install_packages(lock(environment))
        present[environment] = digest(packages(lock(environment)))
        write_stamp(present)
    if environment == "test" and present.get("project") != digest(project()):
        set_up("no_install", "-m", "pip", "install", "--no-deps", "--no-build-isolation", "-e", ".")
        present["project"] = digest(project())
        write_stamp(present)


def lock(environment):
    """Return the path of the lock file of an environment."""
    return "/".join(("requirements", environment + ".txt"))


def write_stamp(present):
    """Write down what is installed."""
    with open(STAMP, "w") as file:
        json.dump(present, file)


def make_environment():
    """Make .venv anew."""
    print(say("installing"))
    sys.stdout.flush()
    try:
        if not os.path.isdir(VENV):
            os.mkdir(VENV)
    except OSError as error:
        sys.exit(say("no_folder", VENV, error.strerror))
    set_up("no_venv", "-m", "venv", "--clear", VENV, program=sys.executable)


def install_packages(name):
    """Install what a lock file lists, with a progress bar if a person looks at it."""
    total = len([line for line in packages(name) if "==" in line])
    names = []

    def show_progress(line):
        # pip has one of these lines for each package of the file.
        match = re.match(r"(?:Collecting|Ignoring) ([A-Za-z0-9._-]+)", line)
        if match:
            names.append(match.group(1))
            bar = ("#" * (30 * len(names) // total)).ljust(30, ".")
            text = "[{0}] {1}/{2} {3}".format(bar, len(names), total, match.group(1))
        elif line.startswith("Installing collected packages"):
            text = say("unpacking", total)
        else:
            return
        sys.stdout.write("\r" + text[:78].ljust(78))
        sys.stdout.flush()

    pip = ("-m", "pip", "install", "--disable-pip-version-check", "--no-deps", "--require-hashes")
    if sys.stdout.isatty():
        set_up("no_install", *(pip + ("-r", name)), show_progress=show_progress)
        sys.stdout.write("\r" + " " * 78 + "\r")
    else:
        set_up("no_install", *(pip + ("-r", name)))


def set_up(failed, *arguments, **options):
    """Run a step of the set-up; stop with what it printed and the sentence *failed* if it fails."""
    program = options.get("program") or python()
    show_progress = options.get("show_progress") or (lambda line: None)
    process = subprocess.Popen(
        (program,) + arguments,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
    )
    assert process.stdout is not None
    lines = []
    try:
        for line in process.stdout:
            lines.append(line)
            show_progress(line)
        process.wait()
    except KeyboardInterrupt:
        process.wait()  # it was interrupted as well
        print("\n" + say("interrupted"))
        sys.exit(130)
    if process.returncode:
        print("\n" + "".join(lines[-20:]))
        sys.exit(say(failed))


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
    name, options_of_command = (arguments or ["help"])[0], arguments[1:]
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
    install(name if name in ENVIRONMENTS else "test")
    if name == "serve":
        call(python(), "-m", "site_builder", "serve", *options_of_command)
    elif name == "site":
        call(python(), "-m", "site_builder", "build", *options_of_command)
    elif name == "check":
        check(*options_of_command)
    elif name == "changes":
        call(python(), "-m", "site_builder.formats.feed", *options_of_command)
    elif name == "leave":
        script("leave", *options_of_command)
    elif name == "bench":
        call(python(), os.path.join("benchmarks", "index"), *options_of_command)
    elif name == "numbers":
        call(python(), "-m", "site_builder.browser")
        call(python(), os.path.join("benchmarks", "measure.py"), *options_of_command)
    elif name in ("test", "refresh"):
        script("system_packages")
        # One more than there are cores: a page that waits for a download leaves its core idle.
        workers = str((os.cpu_count() or 1) + 1)
        parallel = ["--numprocesses", workers, "--dist", "loadscope", "--no-loadscope-reorder"]
        parallel += ["--durations", "10"]
        options = ["--update-examples"] if name == "refresh" else parallel
        call(python(), "-m", "pytest", *(options + options_of_command))
    elif name == "twins":
        script("translation_hashes", *options_of_command)
    elif name == "sources":
        script("sources", *options_of_command)
    elif name == "lock":
        program = ("pyproject.toml", "--group")
        together = ("--constraints", lock("test"))
        # What the pages show is locked for its readers: with their Python, and how they do it anew.
        shown = os.path.join("examples", "trusted", "publish.txt")
        anew = (
            "printf '%s\\n' build setuptools twine | uv pip compile --universal"
            " --python-version 3.10 --generate-hashes --no-annotate --output-file publish.txt -"
        )
        for target, chosen, oldest, command in (
            (lock("test"), program + ("test",), "3.11", "make lock"),
            (lock("site"), ("--group", "site") + together, "3.11", "make lock"),
            (lock("serve"), ("--group", "serve") + together, "3.11", "make lock"),
            (lock("leave"), program + ("leave", "--group", "site"), "3.11", "make lock"),
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
                + tuple(options_of_command),
            )
    return 0


if sys.version_info < NEEDED:
    sys.exit(say("too_old", *(NEEDED + tuple(sys.version_info[:2]))))

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
