"""Each message of the catalogue that is marked as run or rehearsed, printed again and found again.

What pip, build, setuptools, twine, uv, git and bash say, they say here, in a terminal of 60
columns; what Travis CI and dpl say, the rehearsal says.
"""

from __future__ import annotations

import ast
import http
import http.server
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from helpers import markup
from helpers.docs.blocks import ROOT, all_blocks
from helpers.index import upload_cases
from helpers.index.upload_client import core_metadata, upload, wheel
from helpers.index.web_client import Visitor, new_application, publish
from helpers.travis.rehearsals import play
from pymacaroons import MACAROON_V2, Macaroon

from pypi_practice.cli.main import main
from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.explain import last_failure, matcher
from pypi_practice.explain.catalog import by_id, catalogue
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store
from pypi_practice.shell.session import practice
from pypi_practice.tokens import macaroons
from pypi_practice.travis.plan.deploy_decision import PULL_REQUEST
from pypi_practice.travis.plan.plan_types import Event
from pypi_practice.travis.run.job.script import NO_SCRIPT

pytestmark = pytest.mark.long

BY_ID = by_id()
WORKERS = 3
PATIENCE = 120  # seconds for one program on a busy computer
PYTHON = sys.executable
BARE = (PYTHON, "-I", "-S")  # a Python in which nothing is installed
TWINE = (PYTHON, "-m", "twine", "upload", "--disable-progress-bar")
UPLOAD = (*TWINE, "--non-interactive", "--repository", "testpypi")
TO = ("--username", "__token__", "--repository-url")
UV = (PYTHON, "-m", "uv", "--no-config", "publish", "--publish-url", INDEXES["testpypi"].upload)
BUILD = (PYTHON, "-m", "build", "--no-isolation", "--wheel")
SETUP = (PYTHON, "setup.py")
FILE = "demo-9.0-py3-none-any.whl"
HEAD = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
PROJECT = f'{HEAD}[project]\nname = "demo"\nversion = "1.0"\n'
GIT = ("git", "-c", "user.name=Y", "-c", "user.email=y@example.com")
STASH = (
    "git init -q . && echo a > a && git add a && {git} commit -qm a && mkdir dist"
    " && echo b > dist/b && {git} stash -q --all && mkdir dist && echo c > dist/b; git stash pop"
).format(git=" ".join(GIT))


def project(project_folder: Path, text: str = PROJECT, *more: str) -> None:
    """Make a project with this pyproject.toml, a setup.py, and the folders *more*."""
    (project_folder / "pyproject.toml").write_text(text, encoding="utf-8")
    (project_folder / "setup.py").write_text(
        "from setuptools import setup\n\nsetup()\n", encoding="utf-8"
    )
    for name in more or ("src/demo",):
        (project_folder / name).mkdir(parents=True)
        (project_folder / name / "__init__.py").touch()


def with_project(text: str = "", *more: str, head: str = PROJECT) -> Callable[[Path], None]:
    """Return what makes a project whose pyproject.toml ends in *text*."""
    return lambda project_folder: project(project_folder, head + text, *more)


def without_setup(project_folder: Path) -> None:
    project(project_folder)
    (project_folder / "setup.py").unlink()


def file(content: bytes = b"", name: str = FILE) -> Callable[[Path], None]:
    """Return what makes one file."""

    def make(project_folder: Path) -> None:
        (project_folder / name).write_bytes(content or wheel(version="9.0"))

    return make


def described(fields: str) -> Callable[[Path], None]:
    """Return what makes a wheel with these lines in its METADATA."""
    return file(wheel(version="9.0", metadata=core_metadata("demo", "9.0", fields)))


def pypirc(text: bytes) -> Callable[[Path], None]:
    """Return what makes a wheel, and this ~/.pypirc."""

    def make(project_folder: Path) -> None:
        file()(project_folder)
        (project_folder / ".pypirc").write_bytes(text)

    return make


def installed(*requirements: str, then: Callable[[Path], None]) -> Callable[[Path], None]:
    """Return what installs *requirements* into the folder ``old``, and then does *then*."""

    def make(project_folder: Path) -> None:
        then(project_folder)
        subprocess.run(
            [
                PYTHON,
                "-m",
                "pip",
                "install",
                "--quiet",
                "--no-deps",
                "--target",
                project_folder / "old",
                *requirements,
            ],
            check=True,
            capture_output=True,
            timeout=PATIENCE,
        )

    return make


def hashed(project_folder: Path) -> None:
    file()(project_folder)
    (project_folder / "list.txt").write_text(
        f"demo==9.0 --hash=sha256:{'a' * 64}\n", encoding="utf-8"
    )


def scm(project_folder: Path) -> None:
    project(
        project_folder,
        f'{HEAD}[project]\nname = "demo"\ndynamic = ["version"]\n[tool.setuptools_scm]\n',
    )


def scm_in_git(project_folder: Path) -> None:
    scm(project_folder)
    for command in (("init", "-q"), ("add", "pyproject.toml"), ("commit", "-qm", "Start")):
        subprocess.run([*GIT, *command], cwd=project_folder, check=True, capture_output=True)


def guarded(project_folder: Path) -> None:
    """Make a Python of the system's kind: marked as managed from outside, and no virtual one."""
    library = project_folder / "library"
    library.mkdir()
    text = "[externally-managed]\nError=The system keeps this Python for itself.\n"
    (library / "EXTERNALLY-MANAGED").write_text(text, encoding="utf-8")
    (project_folder / "managed.py").write_text(
        "import sys, sysconfig\n"
        "import pip._internal.utils.misc as misc\n"
        "misc.running_under_virtualenv = lambda: False\n"
        f"misc.sysconfig.get_path = lambda name: {str(library)!r}\n"
        "from pip._internal.cli.main import main\n"
        "sys.exit(main(['install', 'demo']))\n",
        encoding="utf-8",
    )


@dataclass(frozen=True)
class Run:
    """A program that prints a message: its command, what it finds, what is in its environment."""

    command: tuple[str, ...]
    before: Callable[[Path], None] = lambda project_folder: None
    environ: dict[str, str] = field(default_factory=dict)
    typed: str = ""


TOKEN = {"TWINE_PASSWORD": "{token}"}
OLD = {"PYTHONPATH": "old"}
RUNS: dict[str, tuple[Run, ...]] = {
    "deploy-condition": (
        Run(("bash", "-c", 'eval "[[ (a = tag IS present) ]]"')),
        Run(("bash", "-c", 'eval "[[ a b ]]"')),
    ),
    "shallow-version": (
        Run(
            (*SETUP, "--version"),
            installed("setuptools-scm", "vcs-versioning", then=scm_in_git),
            OLD,
        ),
    ),
    "scm-version": (
        Run((*SETUP, "--version"), installed("setuptools-scm", "vcs-versioning", then=scm), OLD),
    ),
    "stash-restore": (Run(("bash", "-c", STASH)),),
    "no-setup-py": (Run((*SETUP, "sdist"), without_setup),),
    "no-setuptools": (Run((PYTHON, "-S", "setup.py", "sdist"), with_project()),),
    "no-bdist-wheel": (
        Run(
            (PYTHON, "-S", "setup.py", "bdist_wheel"),
            installed("setuptools==70.0.0", then=with_project()),
            OLD,
        ),
    ),
    "license-definition": (
        Run(
            (PYTHON, "-S", "setup.py", "sdist"),
            installed("setuptools==70.0.0", then=with_project('license = "MIT"\n')),
            OLD,
        ),
    ),
    "no-setup-upload": tuple(
        Run((*SETUP, name), with_project()) for name in ("upload", "register", "upload_docs")
    ),
    "setup-deprecated": (Run((*SETUP, "bdist_wheel"), with_project()),),
    "license-classifier": (
        Run(
            (*SETUP, "--version"),
            with_project(
                'license = "MIT"\nclassifiers = ["License :: OSI Approved :: MIT License"]\n'
            ),
        ),
    ),
    "license-table": (Run((*SETUP, "--version"), with_project('license = {text = "MIT"}\n')),),
    "flat-layout": (Run((*SETUP, "sdist"), with_project("", "demo", "other")),),
    "package-folder": (
        Run((*SETUP, "bdist_wheel"), with_project('[tool.setuptools]\npackages = ["nothing"]\n')),
    ),
    "no-version": (Run((*SETUP, "sdist"), with_project(head=f'{HEAD}[project]\nname = "demo"\n')),),
    "version-pep440": (
        Run(
            (*SETUP, "sdist"),
            with_project(head=f'{HEAD}[project]\nname = "demo"\nversion = "banana"\n'),
        ),
    ),
    "name-identifier": (
        Run(
            (*SETUP, "sdist"),
            with_project(head=f'{HEAD}[project]\nname = "my demo"\nversion = "1"\n'),
        ),
    ),
    "pyproject-invalid": (Run((*SETUP, "sdist"), with_project("dependencies = 3\n")),),
    "pyproject-toml": (
        Run(BUILD, with_project("x = [\n")),
        Run((*SETUP, "sdist"), with_project("x = [\n")),
    ),
    "no-readme": (Run((*SETUP, "--version"), with_project('readme = "README.md"\n')),),
    "not-a-project": (Run(BUILD), Run((PYTHON, "-m", "pip", "install", "."))),
    "backend-missing": (
        Run(BUILD, with_project(head=PROJECT.replace("setuptools.build_meta", "no_such_back_end"))),
    ),
    "unmet-dependencies": (
        Run(BUILD, with_project(head=PROJECT.replace('["setuptools"]', '["no-such-project"]'))),
    ),
    "backend-exited": (Run(BUILD, with_project("dependencies = 3\n")),),
    "no-build": (Run((*BARE, "-m", "build")),),
    "no-twine": (Run((*BARE, "-m", "twine", "upload", "dist/*")),),
    "twine-not-found": (
        Run(
            (shutil.which("sh") or "sh", "-c", "twine upload dist/*"), environ={"PATH": "/nowhere"}
        ),
        Run(
            (shutil.which("bash") or "bash", "-c", "twine upload dist/*"),
            environ={"PATH": "/nowhere"},
        ),
    ),
    "requires-python": (
        Run(
            (
                PYTHON,
                "-m",
                "pip",
                "install",
                "--no-index",
                "--no-deps",
                "--no-build-isolation",
                ".",
            ),
            with_project('requires-python = ">=3.99"\n'),
        ),
    ),
    "hash-mismatch": (
        Run(
            (
                PYTHON,
                "-m",
                "pip",
                "install",
                "--no-index",
                "--no-deps",
                "--find-links",
                ".",
                "--target",
                "x",
                "-r",
                "list.txt",
            ),
            hashed,
        ),
    ),
    "externally-managed": (Run((PYTHON, "managed.py"), guarded),),
    "no-files": (Run((*UPLOAD, "dist/*"), environ=TOKEN), Run((*UV, "dist/*"))),
    "no-token": (Run((*UV, FILE), file()),),
    "not-trusted": (Run((*UV, FILE), file()),),
    "no-username-found": (
        Run(
            (*TWINE, "--non-interactive", FILE),
            file(),
            {"TWINE_REPOSITORY_URL": "https://example.org/legacy/"},
        ),
        Run((*UV, "--password", "x", FILE), file()),
    ),
    "end-of-file": (
        Run((*TWINE, "--repository-url", "https://example.org/legacy/", FILE), file()),
        Run((*TWINE, "--repository", "testpypi", FILE), file()),
    ),
    "empty-value": (
        Run((*TWINE, "--repository-url", "https://example.org/legacy/", FILE), file(), typed="\n"),
        Run(
            (*TWINE, "--repository-url", "https://example.org/legacy/", FILE),
            file(),
            typed="\x16\n",
        ),
    ),
    "wrong-address": (Run((*TWINE, *TO, "https://test.pypi.org/", FILE), file(), TOKEN),),
    "old-address": (Run((*TWINE, *TO, "https://pypi.python.org/pypi", FILE), file(), TOKEN),),
    "no-scheme": (Run((*TWINE, *TO, "test.pypi.org/legacy/", FILE), file(), TOKEN),),
    "skip-unsupported": (
        Run((*TWINE, "--skip-existing", *TO, "https://example.org/legacy/", FILE), file(), TOKEN),
    ),
    "malformed": (
        Run((*UPLOAD, FILE), pypirc(b"[pypi]\nusername = a\n[pypi]\nusername = b\n"), TOKEN),
    ),
    "unreadable": (Run((*UPLOAD, FILE), pypirc(b"[pypi]\n\xff\xfe = b\n"), TOKEN),),
    "unknown-format": (Run((*UPLOAD, "x.txt"), file(b"x", "x.txt"), TOKEN),),
    "missing-fields": (
        Run(
            (PYTHON, "-m", "twine", "check", FILE),
            installed(
                "twine==4.0.2",
                "pkginfo==1.9.6",
                "importlib-metadata==7.1.0",
                "zipp",
                then=file(
                    wheel(
                        version="9.0", metadata="Metadata-Version: 2.4\nName: demo\nVersion: 9.0\n"
                    )
                ),
            ),
            OLD,
        ),
    ),
    "invalid-metadata": (Run((*UPLOAD, FILE), described("Requires-Distt: x\n"), TOKEN),),
    "description-markup": (
        Run(
            (PYTHON, "-m", "twine", "check", FILE),
            described("Description-Content-Type: text/x-rst\n\nTitle\n=====\n\n.. nothing::\n"),
        ),
    ),
    "description-missing": (Run((PYTHON, "-m", "twine", "check", "--strict", FILE), file()),),
    "already-skipped": (
        Run(
            (*UPLOAD, "--skip-existing", "demo-1.0-py3-none-any.whl"),
            file(wheel(more={"x.py": ""}), "demo-1.0-py3-none-any.whl"),
            TOKEN,
        ),
    ),
    "server-error": (
        Run((*TWINE, *TO, "{broken}", FILE), file(), {**TOKEN, "NO_PROXY": "127.0.0.1"}),
    ),
    "certificate": (
        Run((*UPLOAD, FILE), file(), {**TOKEN, "REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": ""}),
    ),
    "no-proxy": (
        Run(
            (*UPLOAD, FILE),
            file(),
            {**TOKEN, "HTTPS_PROXY": "http://127.0.0.1:9", "https_proxy": "http://127.0.0.1:9"},
        ),
    ),
    "no-host": (
        Run(
            (*TWINE, *TO, "https://no-such-host.invalid/legacy/", FILE),
            file(),
            {**TOKEN, "HTTPS_PROXY": "", "https_proxy": ""},
        ),
    ),
}
NAMES = [f"{key}-{number}" for key, runs in RUNS.items() for number in range(len(runs))]


class _Broken(http.server.BaseHTTPRequestHandler):
    """An index that has a problem of its own."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


def run(project_folder: Path, inner: dict[str, str], token: str, broken: str, case: Run) -> str:
    """Run the program; return all that it printed."""
    project_folder.mkdir()
    case.before(project_folder)
    environ = inner | {
        "HOME": str(project_folder),
        "COLUMNS": "60",
        "NO_COLOR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "GIT_CONFIG_GLOBAL": os.devnull,
    }
    values = {"token": token, "broken": broken}
    environ |= {key: text.format(**values) for key, text in case.environ.items()}
    command = [part.replace("{broken}", broken) for part in case.command]
    result = subprocess.run(
        command,
        cwd=project_folder,
        env=environ,
        input=case.typed,
        text=True,
        timeout=PATIENCE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        errors="replace",
        check=False,
        start_new_session=True,  # without a terminal, of which getpass would ask
    )
    return result.stdout


@pytest.fixture(scope="module")
def printed(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, Future[str]]]:
    """What the programs printed: one practice shell, a few at a time, only those asked for."""
    wanted = {
        item.callspec.params["name"]
        for item in request.session.items
        if isinstance(item, pytest.Function)
        and item.module is request.module
        and "name" in getattr(getattr(item, "callspec", None), "params", {})
    }
    base = tmp_path_factory.mktemp("runs")
    store = Store(base / "data", Translator("en"))
    user = store.user(INDEXES["testpypi"])
    token = store.new_token(user, "runs", None)[1]
    upload(Application(store, None, Translator("en")), token, wheel(), "demo-1.0-py3-none-any.whl")
    outer = {key: value for key, value in os.environ.items() if not key.startswith("PYPI_PRACTICE")}
    with (
        practice(base / "data", words=Translator("en"), environ=outer) as inner,
        http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Broken) as server,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()
        broken = f"http://127.0.0.1:{server.server_port}/"
        yield {
            name: pool.submit(run, base / name, inner, token, broken, case)
            for key, runs in RUNS.items()
            for name, case in zip(
                (f"{key}-{number}" for number in range(len(runs))), runs, strict=True
            )
            if name in wanted
        }
        server.shutdown()


def finds(key: str, text: str) -> None:
    """Assert that the entry is found in *text*: first of all, if it names a cause."""
    entries = [match.entry for match in matcher.find(text)]
    assert key in [entry.id for entry in entries], f"{key} is not found in:\n{text}"
    if BY_ID[key].level == "cause":
        assert entries[0].id == key, f"{[entry.id for entry in entries]} are found in:\n{text}"


@pytest.mark.parametrize("name", NAMES)
def test_a_program_prints_the_message(name, printed):
    finds(name.rpartition("-")[0], printed[name].result())


# What Travis CI and dpl say

MAIN, TAG = Event("main"), Event("main", tag="v1.0.0")
FORK = Event("main", pull_request=True, from_fork=True)
QUIET = "install: skip\nscript: skip\n"
SCRIPT = f"{QUIET}deploy:\n  provider: script\n  script: echo\n  on: "
# The rehearsal's pip, twine and git are replaced: nothing is installed and nothing put away.
PYPI = (
    QUIET + "before_deploy: '{before}'\ndeploy:\n  provider: pypi\n  username: __token__\n"
    "  password: $TEST_PYPI_TOKEN\n  cleanup: {cleanup}\n  on: main\n"
)
NOTHING = "pip() {{ :; }}; python() {{ :; }}; git() {{ :; }}; twine() {{ {twine}; }}"
FAILS = PYPI.format(before=NOTHING.format(twine="test $1 = check"), cleanup="true")
REHEARSALS: dict[str, tuple[str, Event]] = {
    "skip-pull-request": (f"{SCRIPT}main\n", Event("main", pull_request=True)),
    "skip-branch": (f"{SCRIPT}{{}}\n", MAIN),
    "skip-tag": (f"{SCRIPT}{{tags: true}}\n", MAIN),
    "skip-condition": (f"{SCRIPT}{{branch: main, condition: $A = b}}\n", MAIN),
    "skip-runtime": (f"{SCRIPT}{{branch: main, python: 3.9}}\n", MAIN),
    "skip-repository": (f"{SCRIPT}{{branch: main, repo: o/r}}\n", MAIN),
    "secrets-removed": (f"{SCRIPT}main\n", FORK),
    "no-script": ("install: skip\n", MAIN),
    "no-requirements": ("script: skip\n", MAIN),
    "command-failed": ("install: (exit 3)\nscript: skip\n", MAIN),
    "command-exited": ("install: skip\nscript: (exit 4)\n", MAIN),
    "build-exited": ("install: skip\nscript: (exit 4)\n", MAIN),
    "dpl-authenticated": (FAILS, MAIN),
    "setup-failed": (PYPI.format(before="pip() {{ :; }}".format(), cleanup="false"), MAIN),
    "check-failed": (PYPI.format(before=NOTHING.format(twine="false"), cleanup="false"), MAIN),
    "stash-all": (FAILS, MAIN),
    "upload-failed": (FAILS, MAIN),
    "deploy-failed": (FAILS, MAIN),
    "no-password": (f"{QUIET}deploy: {{provider: pypi, username: a, on: main}}\n", MAIN),
    "no-username": (f"{QUIET}deploy: {{provider: pypi, password: a, on: main}}\n", MAIN),
    "no-deploy-script": (f"{QUIET}deploy: {{provider: script, on: main}}\n", MAIN),
    "script-failed": (f"{QUIET}deploy: {{provider: script, script: (exit 4), on: main}}\n", MAIN),
}


@pytest.mark.parametrize("key", REHEARSALS)
def test_the_rehearsal_prints_the_message(key, tmp_path):
    text, event = REHEARSALS[key]
    finds(key, play(tmp_path, text, event)[1])


def sentences_of_the_rehearsal() -> set[str]:
    """Return every line that the rehearsal's script prints in the name of Travis CI or of dpl.

    Not those that only announce: a command, a part of the log, a variable.
    """
    folder = ROOT / "pypi_practice" / "travis"
    files = (folder / "run" / "job" / "script.py", folder / "plan" / "dpl.py")
    sources = [file.read_text(encoding="utf-8") for file in files]
    source = "\n".join(sources)
    constants = {
        node.value
        for source in sources
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    whole = "\n".join(constants) + f"\n{source}"
    # The second argument of dpl_shell is what dpl says when the first one fails.
    quoted = r"(?:say|die|dpl_shell [\"'].*?[\"']) \\?[\"']([A-Za-z].*?)\\?[\"'](?:\n|;|\)|,| \||$)"
    sentences = {
        sentence.replace('\\"', '"').strip("\"'") for sentence in re.findall(quoted, whole, re.M)
    }
    return {sentence for sentence in sentences if not sentence.startswith(ANNOUNCES)} | {
        NO_SCRIPT,
        PULL_REQUEST,
    }


# Titles of the parts of a log, and commands that are shown before they are run.
ANNOUNCES = ("Setting ", "Install deployment", "Prepare ", "Validate ", "Run deployment", "git ")


def test_whatever_the_rehearsal_says_for_travis_ci_or_dpl_is_in_the_catalogue():
    sentences = sentences_of_the_rehearsal()
    assert len(sentences) > 10
    known = {entry.id for entry in catalogue() if entry.group in ("travis", "dpl")}
    unknown = set()
    for sentence in sentences:
        line = re.sub(r"\$\{?[A-Za-z1-9]\w*[^ .\"]*", "7", sentence.replace("{name}", "password"))
        if sentence == PULL_REQUEST:
            line = f"Skipping a deployment with the pypi provider because {sentence}"
        if not known & {match.entry.id for match in matcher.find(f"{line}.")}:
            unknown.add(line)
    assert unknown == set()


# What Travis CI's validator says

RULES = [entry for entry in catalogue() if entry.rule]


@pytest.mark.parametrize("entry", RULES, ids=lambda entry: entry.id)
def test_the_validator_says_the_message(entry, capsys):
    """Each rule has a file that breaks it."""
    main(["travis", "check", str(ROOT / "examples" / "travis_rules" / entry.rule / "bad.yml")])
    lines = [line for line in capsys.readouterr().out.splitlines() if f"[{entry.rule}] " in line]
    assert lines
    assert entry.id == matcher.find(lines[0].partition("] ")[2])[0].entry.id


def test_every_message_of_the_validator_is_in_the_catalogue():
    rules = load("travis/rules")
    shared = [name for entry in RULES for name in entry.also_known_as]
    shown = {rules[name]["code"] for name in [*shared, *(entry.rule for entry in RULES)]}
    assert shown == set(load("travis/validator"))


# Messages whose proof is a file, a page or an answer

BY_FILE = [entry for entry in catalogue() if entry.proof and "/" in entry.proof]


@pytest.mark.parametrize("entry", BY_FILE, ids=lambda entry: entry.id)
def test_the_captured_output_has_the_message(entry, capsys):
    path = ROOT / entry.proof
    if path.suffix == ".yml":
        main(["travis", "check", str(path)])
        text = capsys.readouterr().out
    else:
        assert path in {block.file for block in all_blocks()}, "no page proves this output"
        text = path.read_text(encoding="utf-8")
    assert entry.id in [match.entry.id for match in matcher.find(text)], text


FORMS = {
    "token-name-missing": {"description": " ", "token_scope": "scope:user"},
    "token-name-long": {"description": "x" * 101, "token_scope": "scope:user"},
    "token-name-used": {"description": "mine", "token_scope": "scope:user"},
    "token-scope-missing": {"description": "x"},
    "token-scope-unknown": {"description": "x", "token_scope": "all"},
    "token-project-unknown": {"description": "x", "token_scope": "scope:project:no"},
    "confirm-missing": {},
    "confirm-wrong": {"confirm": "no"},
}


@pytest.fixture(scope="module")
def visitor(tmp_path_factory) -> Visitor:
    """A browser that looks at a practice index with one project and one token."""
    application = new_application(tmp_path_factory.mktemp("forms"))
    publish(application)
    application.store.new_token(application.store.user(INDEXES["testpypi"]), "mine", None)
    return Visitor(application)


@pytest.mark.parametrize("key", FORMS)
def test_the_form_shows_the_message(key, visitor):
    deletes = key.startswith("confirm")
    path = "/manage/project/demo/delete_project/" if deletes else "/manage/account/token/"
    page = BeautifulSoup(visitor.submit(path, FORMS[key]).body, "html.parser")
    finds(key, markup.text(page, "[role=alert]"))


@pytest.mark.parametrize("case", upload_cases.CASES, ids=lambda case: case.key)
def test_an_answer_of_the_index_is_found_first(case):
    """That it is answered so, test_responses.py proves."""
    message = load("index/uploads")[case.key]
    if message["status"] == 200:
        return
    values = {key: str(value)[:100] for key, value in case.values.items()}
    text = message["text"].format(help=INDEXES["testpypi"].help, **values)
    phrase = http.HTTPStatus(message["status"]).phrase
    matches = matcher.find(
        f"ERROR    HTTPError: {message['status']} {phrase} from https://test.pypi.org/legacy/\n"
        f"         {text}"
    )
    assert case.key.replace("_", "-") in (matches[0].entry.id, *matches[0].entry.also_known_as)


# What the practice index says in its own words

OWN_ANSWERS = ("index/app.py", "index/upstream.py", "network/proxy.py")


def test_every_answer_of_the_practice_index_is_in_the_catalogue():
    sources = [(ROOT / "pypi_practice" / name).read_text(encoding="utf-8") for name in OWN_ANSWERS]
    keys = set(re.findall(r'\bwords\(\s*"(\w+)"', "\n".join(sources)))
    assert len(keys) > 10
    in_catalogue = {entry.key for entry in catalogue() if entry.group == "practice"}
    # Without its port, the practice shell does not begin; hatch is sent to a page of the browser.
    assert in_catalogue == keys - {"port_in_use"} | {"no_proxy"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("location", load("index/addresses")["real_locations"])
def test_the_refusal_of_a_real_token_is_explained(location, language, tmp_path, capsys):
    application = Application(Store(tmp_path, Translator("en")), None, Translator(language))
    macaroon = Macaroon(location=location, identifier="0", key=b"k", version=MACAROON_V2)
    reply = upload(application, macaroons.PREFIX + macaroon.serialize())
    last_failure.write(tmp_path, [f"{last_failure.REFUSED}{reply.status}"])
    application.store.close()
    assert main(["explain", "--last", "--data", str(tmp_path), "--lang", language]) == 0
    output = " ".join(capsys.readouterr().out.split())
    entry = BY_ID["practice-real-token"]
    assert output.startswith(entry.title(language))
    assert entry.fix[language] in output


# The catalogue as a whole


def test_what_is_marked_as_reproduced_has_a_proof_here():
    proofs = {
        "run": set(RUNS),
        "rehearsal": set(REHEARSALS),
        "forms": set(FORMS),
        "rules": {entry.id for entry in RULES},
        "answers": {
            entry.id
            for entry in catalogue()
            if entry.key in {case.key for case in upload_cases.CASES}
        },
    }
    for entry in catalogue():
        if entry.proof is None:
            assert (entry.read is None) is (entry.why is not None), entry.id
        elif "/" not in entry.proof and entry.proof != "practice":
            assert entry.id in proofs[entry.proof], entry.id
    assert {key for key, entry in BY_ID.items() if entry.proof == "run"} == set(RUNS) - {
        "no-token",
        "not-trusted",  # whose captured output is on a page too
    }


def test_the_catalogue_is_large_and_most_of_it_is_reproduced():
    assert len(catalogue()) >= 80
    assert sum(entry.reproduced for entry in catalogue()) >= 55
    by_real_programs = {entry.id for entry in catalogue() if entry.proof == "run"}
    assert len(by_real_programs) >= 45
