"""A fork is right or refused with a sentence; what is right can be published and installed."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from helpers.docs.blocks import ROOT

from pypi_practice import practice_index
from pypi_practice.cli.fork import VERSION
from pypi_practice.cli.main import main
from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.doctor import lookup, report
from pypi_practice.doctor.project import Project
from pypi_practice.fork import copy
from pypi_practice.index import upstream
from pypi_practice.testing import PracticeIndex

EN = Translator("en", "commands/fork")
OLD = re.compile(r"random[-_.]names?|your[- ]name|you@example", re.IGNORECASE)
SCRIPTED = ("--author", "Ana Ruiz", "--email", "ana@example.com", "--user", "ana-ruiz", "--yes")
# Name, more options, and what becomes of it: package and command.
RIGHT = {
    "Foo.Bar": ((), "foo_bar", "foo-bar"),
    "a": ((), "a", "a"),
    "x_y-z": ((), "x_y_z", "x-y-z"),
    "7zip-helper": (("--package", "sevenzip"), "sevenzip", "7zip-helper"),
    "UPPER.lower__9": (("--command", "up"), "upper_lower_9", "up"),
    "requests": (("--mine",), "requests", "requests"),
    "l" * 60: ((), "l" * 60, "l" * 60),
}
# Name, more options, and the sentences in English and Spanish.
WRONG = {
    "ñandú": ((), "PyPI takes no project called ñandú", "PyPI no acepta ningún proyecto"),
    "-x": ((), "PyPI takes no project called -x", "PyPI no acepta ningún proyecto llamado -x"),
    "": (
        (),
        "This cannot be empty: Name of the project (--name)",
        "Esto no puede quedar vacío: Nombre del proyecto (--name)",
    ),
    "none": (
        ("--package", ""),
        "This cannot be empty: What Python imports (--package)",
        "Esto no puede quedar vacío: Lo que importa Python (--package)",
    ),
    "json": ((), "a module of Python's standard library", "un módulo de la biblioteca estándar"),
    "XML.Dom": ((), "a module of Python's standard library", "un módulo de la biblioteca estándar"),
    "Requirements.TXT": ((), "PyPI has prohibited the name", "PyPI ha prohibido el nombre"),
    "requests": ((), "There is a project requests on PyPI", "Ya hay un proyecto requests en PyPI"),
    "Random_Names": ((), "the name of the demo package itself", "del propio paquete de ejemplo"),
    "7zip": ((), "Python cannot import 7zip", "Python no puede importar 7zip"),
    "class": ((), "Python cannot import class", "Python no puede importar class"),
    "n" * 250: ((), "is too long", "es demasiado largo"),
    "one": (("--package", "os"), "a module of Python itself", "un módulo del propio Python"),
    "two": (("--command", "a b"), "A command cannot be called", "Un comando no se puede llamar"),
    "three": (("--email", "nobody"), "is not an e-mail address", "no es una dirección de correo"),
    "four": (("--repository", "ftp://x"), "is not the address", "no es la dirección"),
    "five": (("--user", "a b"), "is not the name of an account", "no es el nombre de una cuenta"),
    "six": (("--author", "a\nb"), "must be a name", "tiene que ser un nombre"),
    "seven": (("--author", "A\x1b[31m"), "must be a name", "tiene que ser un nombre"),
    "eight\x1b[31m": ((), r"no project called eight\x1b[31m", r"proyecto llamado eight\x1b[31m"),
    "con": ((), "con is a device to Windows", "con es un dispositivo para Windows"),
    "nine": (("--package", "nul"), "nul is a device to Windows", "nul es un dispositivo"),
    "ten": (("--command", "AUX"), "A command cannot be called", "Un comando no se puede llamar"),
}


def statuses(name: str, indexes: object) -> dict[str, lookup.ProjectStatus]:
    """Answer in the place of the indexes: PyPI has requests, and TestPyPI says nothing."""
    return {
        "pypi": lookup.ProjectStatus(name == "requests"),
        "testpypi": lookup.ProjectStatus(None),
    }


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "ask_all", statuses)


def make(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = main(["fork", *map(str, arguments)])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def tree(place: Path) -> dict[str, bytes]:
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def index() -> Iterator[PracticeIndex]:
    """One practice index for all forks."""
    with practice_index() as running:
        yield running


@pytest.mark.long
@pytest.mark.parametrize("name", RIGHT)
def test_a_right_name_is_built_tested_published_and_installed(name, index, tmp_path, capsys):
    """To TestPyPI and PyPI with twine; one of them goes through Travis CI's rehearsal below."""
    more, package, command = RIGHT[name]
    place = tmp_path / "fork"
    code, out, _ = make(capsys, place, "--name", name, *more, *SCRIPTED, "--lang", "en")
    assert code == 0
    assert "Its tests pass: Ran 8 tests" in out
    assert ".travis.yml: nothing to mend." in out
    project = Project(place, online=False, isolated=False)
    try:
        lines = report.run_checks(project, Translator("en", "commands/doctor"))
        assert [line.check.name for line in lines if line.result == "fail"] == []
        assert {line.check.name for line in lines if line.result == "advice"} == {
            "demo-description"
        }
        assert project.sdist is not None
        assert project.wheel is not None
        files = [str(project.sdist.path), str(project.wheel.path)]
        for key, where in (("testpypi", ["--repository", "testpypi"]), ("pypi", [])):
            environ = {**index.environ, "TWINE_PASSWORD": index.token(key)}
            twine = [sys.executable, "-m", "twine", "upload", "--non-interactive", *where, *files]
            subprocess.run(twine, env=environ, check=True, capture_output=True)
            assert {Path(file).name for file in files} <= {
                file.filename for file in index.files(key)
            }
    finally:
        project.close()
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target)]
    environ = {**index.environ, "PIP_CONFIG_FILE": os.devnull}  # from the index, from nowhere else
    subprocess.run([*pip, name], env=environ, check=True, capture_output=True)
    runs = subprocess.run(
        [str(target / "bin" / command), "-o", "3"],
        env={"PYTHONPATH": str(target), "PATH": os.defpath},
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(runs.stdout.split()) == 3
    assert (target / package / "py.typed").is_file()
    left = [
        where
        for where, text in tree(place).items()
        if ".git/" not in where and OLD.search(f"{where}\n{text.decode()}")
    ]
    assert left == []
    assert f"(c) {time.strftime('%Y')} Ana Ruiz" in (place / "LICENSE").read_text("utf-8")


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_name_is_refused_with_a_sentence(name, tmp_path, capsys):
    more, *sentences = WRONG[name]
    for language, sentence in zip(("en", "es"), sentences, strict=True):
        place = tmp_path / language
        arguments = [place, f"--name={name}", *SCRIPTED, *more, "--lang", language]
        code, out, error = make(capsys, *arguments)
        assert code == 2
        assert sentence in error
        assert out.count("\n") <= 2  # what was looked up, and no more
        assert list(tmp_path.iterdir()) == []


def test_the_practice_index_keeps_some_names_for_somebody_else(monkeypatch):
    assert copy.project_name("already-taken", EN) == "already-taken"
    monkeypatch.setenv("PYPI_PRACTICE", "http://127.0.0.1:1")
    for name in ("already-taken", "A1ready.Taken"):
        with pytest.raises(PracticeError, match="looks too much like"):
            copy.project_name(name, EN)


def git(place: Path, *arguments: str) -> None:
    name = ["-c", "user.name=A", "-c", "user.email=a@example.com"]
    subprocess.run(["git", *name, *arguments], cwd=place, check=True, capture_output=True)


@pytest.mark.long
def test_a_fork_goes_through_the_rehearsal_of_travis(tmp_path, capsys, monkeypatch):
    """From a clean clone, in environments that the rehearsal makes: a tag, staging, a wrong tag.

    The test jobs run once, for the tag; after that only the jobs that publish are left.
    """
    place = tmp_path / "shelf"
    make(capsys, place, "--name", "tidy.shelf_1", *SCRIPTED)
    git(place, "tag", "v0.1.0")
    file = place / ".travis.yml"
    jobs = re.sub(r"    - stage: test\n(?:      .*\n)+", "", file.read_text("utf-8"))
    file.write_text(jobs, encoding="utf-8")
    git(place, "commit", "-qam", "Only publish")
    git(place, "branch", "staging")
    git(place, "tag", "v0.2.0")
    monkeypatch.setenv("PYPI_PRACTICE_UPSTREAM", upstream.find())
    with practice_index(upstream=True) as index:
        tokens = {"TEST_PYPI_TOKEN": index.token("testpypi"), "PYPI_TOKEN": index.token("pypi")}
        command = [sys.executable, "-m", "pypi_practice", "travis", "run", str(place)]
        command += ["--var", "TEST_PYPI_TOKEN@staging", "--var", "PYPI_TOKEN"]

        def rehearse(*event: str) -> tuple[int, str]:
            result = subprocess.run(
                [*command, *event],
                env={**index.environ, **tokens},
                capture_output=True,
                text=True,
                check=False,
            )
            return result.returncode, result.stdout

        def published(key: str) -> list[str]:
            return [file.filename for file in index.files(key)]

        endings = ("-py3-none-any.whl", ".tar.gz")
        code, output = rehearse("--tag", "v0.1.0")
        assert code == 0, output[-4000:]
        assert published("pypi") == [f"tidy_shelf_1-0.1.0{ending}" for ending in endings]
        code, output = rehearse("--branch", "staging")
        assert code == 0, output[-4000:]
        assert published("testpypi") == [f"tidy_shelf_1-0.1.0.dev1{ending}" for ending in endings]
        code, output = rehearse("--tag", "v0.2.0")
        assert code == 1
        assert "The tag v0.2.0 is not the version in pyproject.toml." in output
        assert "Successfully built" not in output
        assert published("pypi") == [f"tidy_shelf_1-0.1.0{ending}" for ending in endings]


@pytest.mark.long
def test_a_clean_clone_passes_its_tests_where_nothing_of_ours_is(tmp_path, capsys):
    place, clone = tmp_path / "a", tmp_path / "elsewhere" / "clone"
    make(capsys, place, "--name", "x_y-z", *SCRIPTED)
    clone.parent.mkdir()
    subprocess.run(["git", "clone", "--quiet", str(place), str(clone)], check=True)
    bare = tmp_path / "bare"
    base = getattr(sys, "_base_executable", sys.executable)
    subprocess.run([base, "-m", "venv", "--without-pip", str(bare)], check=True)
    python = str(bare / "bin" / "python")
    environ = {"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": str(clone / "src")}
    nothing = [python, "-c", "import pypi_practice"]
    without = subprocess.run(nothing, cwd=clone, env=environ, capture_output=True, check=False)
    assert b"ModuleNotFoundError" in without.stderr
    result = subprocess.run(
        [python, "-m", "unittest", "discover", "-s", "tests"],
        cwd=clone,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "Ran 8 tests" in result.stderr


@pytest.mark.long
@pytest.mark.parametrize("name", ["s", "a-very-long-name-that-fills-a-line-of-code-all-by-itself"])
def test_a_fork_keeps_the_promises_of_the_demo_package(name, tmp_path, capsys):
    """Its README names them; the formatter must not want other lines because a name is long."""
    place = tmp_path / "a"
    make(capsys, place, "--name", name, *SCRIPTED)
    environ = {**os.environ, "PYTHONPATH": str(place / "src")}
    for command in (
        "ruff check --no-cache",
        "ruff format --check --no-cache",
        "mypy --cache-dir=/dev/null",
        "coverage run -m unittest discover -s tests",
        "coverage report",
    ):
        result = subprocess.run(
            [sys.executable, "-m", *command.split()],
            cwd=place,
            env=environ,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"{command}: {result.stdout}{result.stderr}"
    assert "100%" in result.stdout


def test_the_second_time_nothing_is_changed(tmp_path, capsys):
    place = tmp_path / "a"
    make(capsys, place, "--name", "tidy-shelf", *SCRIPTED)
    before = tree(place)
    for arguments in ((), ("--name", "another", *SCRIPTED)):
        code, out, _ = make(capsys, place, *arguments, "--lang", "es")
        assert code == 0
        assert out == f"{place} ya es tu copia tidy-shelf. No se ha cambiado nada.\n"
    assert tree(place) == before


def test_what_is_there_already_is_not_touched(tmp_path, capsys):
    full = tmp_path / "full"
    full.mkdir()
    (full / "mine.txt").write_text("mine")
    code, _, error = make(capsys, full, "--name", "tidy-shelf", *SCRIPTED, "--lang", "en")
    assert code == 2
    assert "is not empty" in error
    assert tree(full) == {"mine.txt": b"mine"}
    code, _, error = make(capsys, full / "mine.txt", "--name", "t", *SCRIPTED, "--lang", "es")
    assert code == 2
    assert "es un archivo" in error
    empty = tmp_path / "empty"
    empty.mkdir()
    assert make(capsys, empty, "--name", "tidy-shelf", *SCRIPTED)[0] == 0
    assert (empty / "pyproject.toml").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "full"]


# Folder, and the sentences in English and Spanish.
PATHS = {
    "n" * 300: ("is too long: a file system takes 255 bytes", "es demasiado largo"),
    "ñ" * 128: ("is too long: a file system takes 255 bytes", "es demasiado largo"),
    "/".join(["n" * 200] * 30): ("the path is too long", "la ruta es demasiado larga"),
    "a\x1b[31m": (r"a\x1b[31m has characters that are not shown", "caracteres que no se ven"),
    "a\nb": (r"a\nb has characters that are not shown", "caracteres que no se ven"),
    "a\u202eb": ("has characters that are not shown", "caracteres que no se ven"),
    "\udcff": (r"\udcff has characters that are not shown", "caracteres que no se ven"),
    "NUL": ("is a device to Windows", "es un dispositivo para Windows"),
    "below/com1.txt": ("is a device to Windows", "es un dispositivo para Windows"),
    "nowhere": ("is a link that leads nowhere", "es un enlace que no lleva a ningún sitio"),
    "loop": ("is a link that leads nowhere", "es un enlace que no lleva a ningún sitio"),
    "file": ("is a file", "es un archivo"),
    "file/below": ("a part of the path is a file", "una parte de la ruta es un archivo"),
    "pipe": ("is a file", "es un archivo"),
    "full": ("is not empty", "no está vacía"),
    "to-full": ("is not empty", "no está vacía"),
    "/proc/fork": ("cannot be written", "no se puede escribir"),
    "/dev/null": ("is a file", "es un archivo"),
}


@pytest.mark.parametrize("name", PATHS)
def test_where_no_fork_can_be_gets_a_sentence(name, tmp_path, capsys):
    (tmp_path / "nowhere").symlink_to("missing")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").touch()
    (tmp_path / "to-full").symlink_to("full")
    before = sorted(tmp_path.rglob("*"))
    for language, sentence in zip(("en", "es"), PATHS[name], strict=True):
        arguments = [tmp_path / name, "--name", "tidy", *SCRIPTED, "--lang", language]
        code, out, error = make(capsys, *arguments)
        assert code == 2
        assert sentence in error
        assert error.count("\n") == 1
        assert error.isprintable() or error[:-1].isprintable()
        assert out.count("\n") <= 2  # what was looked up, and no more
    assert sorted(tmp_path.rglob("*")) == before


def test_a_repository_that_cannot_be_read_is_not_called_foreign(tmp_path, capsys):
    (tmp_path / ".git").write_text("damaged")
    code, out, err = make(capsys, tmp_path, "--lang", "en")
    assert (code, out) == (2, "")
    assert "nobody knows whether it is your fork" in err


def test_a_folder_that_may_not_be_written_gets_a_sentence(tmp_path, capsys, monkeypatch):
    def refuse(*_: object, **__: object) -> None:  # as for everybody but root, who writes all
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(tempfile, "TemporaryDirectory", refuse)
    for language, sentence in (("en", "you may not write"), ("es", "no tienes permiso")):
        code, _, error = make(capsys, tmp_path / "a", "--name", "t", *SCRIPTED, "--lang", language)
        assert code == 2
        assert sentence in error
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_an_empty_folder_stays_a_link(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    assert make(capsys, tmp_path / "link", "--name", "tidy", *SCRIPTED)[0] == 0
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "empty" / "pyproject.toml").is_file()


def test_the_first_commit_starts_no_program_of_the_user(tmp_path, capsys, monkeypatch):
    """Not even a filter or a monitor that is set for all repositories, nor a template's hook."""
    marker, trap, home = tmp_path / "started", tmp_path / "trap", tmp_path / "home"
    trap.write_text(f'#!/bin/sh\ntouch "{marker}"\ncat\n')
    trap.chmod(0o755)
    (home / "template" / "hooks").mkdir(parents=True)
    for name in ("post-commit", "pre-commit", "post-index-change", "reference-transaction"):
        (home / "template" / "hooks" / name).symlink_to(trap)
    (home / ".gitconfig").write_text(
        f"[core]\nfsmonitor = {trap}\nhooksPath = {home}/template/hooks\n"
        f"[init]\ntemplateDir = {home}/template\n[commit]\ngpgSign = true\n"
        f"[gpg]\nprogram = {trap}\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(home / "template"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert make(capsys, tmp_path / "a", "--name", "tidy", *SCRIPTED)[0] == 0
    assert not marker.exists()


def test_a_disk_that_is_full_leaves_nothing(tmp_path, capsys, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(copy, "_commit", full)
    code, _, error = make(capsys, tmp_path / "a", "--name", "tidy", *SCRIPTED, "--lang", "en")
    assert code == 2
    assert "No space left on device" in error
    assert list(tmp_path.iterdir()) == []


def test_it_asks_and_offers_what_git_knows(tmp_path, capsys, monkeypatch):
    answers = iter(["json", "Tidy.Shelf", "", "", "Ana Ruiz", "nobody", "ana@example.com", "", ""])
    asked = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return next(answers)

    monkeypatch.setattr("builtins.input", answer)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text("[github]\n\tuser = ana-r\n")
    monkeypatch.setenv("HOME", str(home))
    code, out, error = make(capsys, tmp_path / "a", "--lang", "es")
    assert code == 0
    assert "biblioteca estándar" in error
    assert Translator("es", "commands/fork")("email_invalid", email="nobody") in error
    assert "@-sign" not in error
    assert "Lo que importa Python [tidy_shelf]: " in asked
    assert "Tu nombre en GitHub [ana-r]: " in asked
    assert "Dirección del repositorio [https://github.com/ana-r/Tidy.Shelf]: " in asked
    assert "comando tidy-shelf" in out


def test_a_name_that_exists_is_asked_about(tmp_path, capsys, monkeypatch):
    answers = iter(["requests", "n", "requests", "s"])
    monkeypatch.setattr("builtins.input", lambda prompt: next(answers))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    more = ["--package", "req", "--command", "req", *SCRIPTED[:-1], "--repository", "a/b"]
    code, out, _ = make(capsys, tmp_path / "a", *more, "--lang", "es")
    assert code == 0
    assert "y dices que es tuyo" in out


def test_nobody_is_there_to_ask(tmp_path, capsys, monkeypatch):
    def nobody(prompt: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", nobody)
    code, _, error = make(capsys, tmp_path / "a", "--lang", "en")
    assert code == 2
    assert "--name" in error
    code, _, error = make(capsys, tmp_path / "a", "--yes", "--lang", "es")
    assert code == 2
    assert "preguntar: Nombre del proyecto. Dala como opción: --name" in error


@pytest.mark.parametrize("language", LANGUAGES)
def test_without_a_terminal_nothing_is_asked(language, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("tidy\n"))
    arguments = [tmp_path / "a", "--offline", "--lang", language]
    code, out, error = make(capsys, *arguments)
    words = Translator(language, "commands/fork")
    assert code == 2
    assert out == words("offline", name="tidy", indexes="TestPyPI, PyPI") + "\n"
    sentence = words("no_answer", field=words("ask_package"), option="--package")
    assert error == f"pypi-practice: {sentence}\n"


def test_the_tag_of_the_plan_is_that_of_the_next_step(tmp_path, capsys):
    _, out, _ = make(capsys, tmp_path / "a", "--name", "tidy", *SCRIPTED, "--lang", "en")
    assert set(re.findall(r"\bv\d+\.\d+\.\d+", out)) == {f"v{VERSION}"}
    project = tomllib.loads((tmp_path / "a" / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == VERSION


def test_the_next_steps_lead_to_pages_of_the_guide(tmp_path, capsys):
    for language in ("en", "es"):
        for ci in load("commands/fork")["ci"]:
            arguments = [tmp_path / f"{ci}-{language}", "--name", "tidy", *SCRIPTED, "--ci", ci]
            _, out, _ = make(capsys, *arguments, "--lang", language)
            sentence = load("commands/fork")["read"][language].format(page="")
            links = re.findall(rf"{re.escape(sentence)}(\S+)", out)
            assert len(links) == 3
            for link in links:
                path, _, anchor = link.partition("#")
                page = ROOT / "docs" / language / f"{path.rstrip('/')}.md"
                text = page.read_text(encoding="utf-8")
                assert not anchor or f"{{ #{anchor} }}" in text, link


@pytest.mark.parametrize(
    ("ci", "file", "own"),
    [
        ("github", ".github/workflows/release.yml", "https://github.com/ana-ruiz/tidy/actions"),
        ("gitlab", ".gitlab-ci.yml", "https://gitlab.com/ana-ruiz/tidy/-/pipelines"),
    ],
)
def test_one_switch_changes_what_publishes(ci, file, own, tmp_path, capsys):
    where = ["--repository", f"https://{ci}.com/ana-ruiz/tidy.git"]
    code, _, _ = make(capsys, tmp_path / "a", "--name", "tidy", *SCRIPTED, *where, "--ci", ci)
    assert code == 0
    contents = tree(tmp_path / "a")
    assert ".travis.yml" not in contents
    text = contents[file].decode()
    assert yaml.safe_load(text)
    installs = re.findall(r"pip install (?!dist/)(.*)", text)
    assert installs
    assert set(installs) == {"--require-hashes -r publish.txt"}
    for name in ("build", "setuptools", "twine"):
        assert re.search(rf"^{name}==.*\n +--hash=sha256:", contents["publish.txt"].decode(), re.M)
    readme = contents["README.md"].decode()
    assert own in readme
    assert "Travis" not in readme
    assert "TEST_PYPI_TOKEN" not in readme
    settings = contents["pyproject.toml"].decode()
    below = "/-/blob" if ci == "gitlab" else "/blob"
    assert f'"https://{ci}.com/ana-ruiz/tidy{below}/main/CHANGELOG.md"' in settings


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("ana/shelf", "https://github.com/ana/shelf"),
        ("https://github.com/ana/shelf.git", "https://github.com/ana/shelf"),
        ("http://github.com/ana/shelf/", "https://github.com/ana/shelf"),
        ("git@github.com:ana/shelf.git", "https://github.com/ana/shelf"),
        ("ssh://git@gitlab.com/group/sub/shelf", "https://gitlab.com/group/sub/shelf"),
    ],
)
def test_a_repository_is_understood_in_any_form(given, address):
    assert copy.repository_address(given, EN) == address


def test_an_author_may_have_quotes(tmp_path, capsys):
    author = 'Ana "La\\Nana" Ruiz'
    arguments = ["--name", "tidy", "--author", author, "--email", "a@example.com", "--yes"]
    assert make(capsys, tmp_path / "a", *arguments)[0] == 0
    assert Project(tmp_path / "a").table["authors"][0]["name"] == author
    assert author in (tmp_path / "a" / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.long
def test_an_installed_program_carries_the_template(tmp_path):
    """Its wheel, unpacked elsewhere: no repository beside it."""
    source = tmp_path / "source"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(source)], check=True)
    for name in _changed():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*command, "-w", str(tmp_path), str(source)], check=True, capture_output=True)
    installed = tmp_path / "installed"
    [wheel] = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(installed)
    carried = {name for name in tree(installed / "pypi_practice" / "template")}
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT / "demo-package",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert carried == {name for name in listed if (ROOT / "demo-package" / name).is_file()}
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    run = [sys.executable, "-P", "-m", "pypi_practice", "fork", str(tmp_path / "made")]
    for ci in ("travis", "github"):
        run[-1] = str(tmp_path / ci)
        options = ["--name", "tidy-shelf", *SCRIPTED, "--offline", "--ci", ci]
        result = subprocess.run(
            [*run, *options], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stderr
    where = [sys.executable, "-P", "-c", "import pypi_practice; print(pypi_practice.__file__)"]
    result = subprocess.run(
        where, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True
    )
    assert str(installed) in result.stdout


def _changed() -> list[str]:
    """Return the files that differ from the last commit, so that the test sees what is here."""
    listed = subprocess.run(
        ["git", "ls-files", "--modified", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [name for name in listed if (ROOT / name).is_file()]
