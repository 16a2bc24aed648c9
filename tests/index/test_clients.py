"""Each publishing client with each place in which it looks for a token: real programs, PyPI's own
addresses, and then pip and uv, which install what was published."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import trustme
from helpers.index import environments, upload_client
from helpers.index.web_client import real_wheel

from pypi_practice import practice_index
from pypi_practice.core.indexes import INDEXES
from pypi_practice.testing import PracticeIndex

pytestmark = pytest.mark.long

URL = INDEXES["testpypi"].upload
PATIENCE = 120  # seconds for one program on a busy computer
TWINE = ["twine", "upload", "--non-interactive", "--disable-progress-bar"]
UV = ["uv", "publish", "--trusted-publishing", "never", "--publish-url", URL]
PYPROJECT = """
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"
[project]
name = "{name}"
version = "1.0"
description = "A project"
requires-python = ">=3.11"
"""


@dataclass
class Reader:
    """A user of all clients, with a home of their own and a keyring in a file."""

    base: Path
    index: PracticeIndex
    programs: Path

    def environ(self, home: Path) -> dict[str, str]:
        """Return the environment of a terminal in which *home* is the reader's home."""
        return self.index.environ | {
            "HOME": str(home),
            "PATH": os.pathsep.join([str(self.programs), self.index.environ["PATH"]]),
            "VIRTUAL_ENV": str(self.programs.parent),  # or PDM makes one for each project
            "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
            "PDM_CHECK_UPDATE": "0",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }

    def project(self, name: str) -> Path:
        """Make a project that is built already, in a home of its own; return its folder."""
        place = self.base / name / "project"
        (place / "dist").mkdir(parents=True)
        (place / "pyproject.toml").write_text(PYPROJECT.format(name=name), encoding="utf-8")
        module = name.replace("-", "_")
        (place / f"{module}.py").write_text('"""A module."""\n', encoding="utf-8")
        metadata = upload_client.core_metadata(name)
        for file, content in (
            (
                f"{module}-1.0-py3-none-any.whl",
                upload_client.wheel(module, "1.0", metadata=metadata),
            ),
            (f"{module}-1.0.tar.gz", upload_client.sdist(module, "1.0", metadata=metadata)),
        ):
            (place / "dist" / file).write_bytes(content)
        return place

    def run(
        self, place: Path, *command: str, typed: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run *command* in *place*, with more variables, and *typed* as what is typed."""
        program = {
            "twine7": [sys.executable, "-m", "twine"],
            "uv": [sys.executable, "-m", "uv"],
        }.get(command[0], [str(self.programs / command[0])])
        arguments = [
            name
            for argument in command[1:]
            for name in (
                [str(file) for file in place.glob(argument)] if "*" in argument else [argument]
            )
        ]
        return subprocess.run(
            [*program, *arguments],
            cwd=place,
            env=self.environ(place.parent) | more,
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """The reader, in a practice index that needs no internet."""
    programs = environments.programs(environments.install("clients"))
    with practice_index() as index:
        yield Reader(tmp_path_factory.mktemp("reader"), index, programs)


Prepare = Callable[[Reader, Path, str], dict[str, str]]


def variables(**names: str) -> Prepare:
    """Return what hands the token over in the environment, where *names* say TOKEN."""
    return lambda reader, place, token: {
        name: token if value == "TOKEN" else value for name, value in names.items()
    }


def pypirc(reader: Reader, place: Path, token: str) -> dict[str, str]:
    """Write the token into ~/.pypirc."""
    text = f"[distutils]\nindex-servers = testpypi\n[testpypi]\nrepository = {URL}\n"
    text += f"username = __token__\npassword = {token}\n"
    (place.parent / ".pypirc").write_text(text, encoding="utf-8")
    return {}


def keyring(**more: str) -> Prepare:
    """Return what puts the token into the keyring, as the tutorial does."""

    def prepare(reader: Reader, place: Path, token: str) -> dict[str, str]:
        result = reader.run(place, "keyring", "set", URL, "__token__", typed=f"{token}\n")
        assert result.returncode == 0, result.stdout
        return more

    return prepare


def settings(*commands: str) -> Prepare:
    """Return what writes the token into the client's own file, by its own *commands*."""

    def prepare(reader: Reader, place: Path, token: str) -> dict[str, str]:
        for command in commands:
            words = [token if word == "TOKEN" else word for word in command.split()]
            result = reader.run(place, *words)
            assert result.returncode == 0, result.stdout
        return {}

    return prepare


TEST = ("--repository", "testpypi")
FLIT = {"FLIT_INDEX_URL": URL, "FLIT_USERNAME": "__token__"}
POETRY = ["poetry", "publish", "--no-interaction", *TEST]
PDM = ["pdm", "publish", "--no-build", *TEST]
CASES: dict[str, tuple[list[str], Prepare]] = {
    "twine-env": (["twine7", *TWINE[1:], *TEST, "dist/*"], variables(TWINE_PASSWORD="TOKEN")),
    "twine-file": (["twine7", *TWINE[1:], *TEST, "dist/*"], pypirc),
    "twine-keyring": (["twine7", *TWINE[1:], *TEST, "dist/*"], keyring()),
    "twine6-env": ([*TWINE, *TEST, "dist/*"], variables(TWINE_PASSWORD="TOKEN")),
    "twine6-file": ([*TWINE, *TEST, "dist/*"], pypirc),
    "twine6-keyring": ([*TWINE, *TEST, "dist/*"], keyring()),
    "uv-env": (UV, variables(UV_PUBLISH_TOKEN="TOKEN")),
    "uv-keyring": ([*UV, "--keyring-provider", "subprocess", "--username", "__token__"], keyring()),
    "poetry-env": (
        POETRY,
        variables(POETRY_REPOSITORIES_TESTPYPI_URL=URL, POETRY_PYPI_TOKEN_TESTPYPI="TOKEN"),
    ),
    # The file, for Poetry does not take the keyring that is no system's.
    "poetry-file": (
        POETRY,
        settings(
            f"poetry config repositories.testpypi {URL}", "poetry config pypi-token.testpypi TOKEN"
        ),
    ),
    "pdm-env": (PDM, variables(PDM_PUBLISH_PASSWORD="TOKEN")),
    "pdm-file": (
        PDM,
        settings(
            f"pdm config repository.testpypi.url {URL}",
            "pdm config repository.testpypi.username __token__",
            "pdm config repository.testpypi.password TOKEN",
        ),
    ),
    "pdm-keyring": (PDM, keyring(PDM_PUBLISH_USERNAME="__token__")),
    "flit-env": (["flit", "publish"], variables(**FLIT, FLIT_PASSWORD="TOKEN")),
    "flit-file": (["flit", "publish", *TEST], pypirc),
    "flit-keyring": (["flit", "publish"], keyring(**FLIT)),
}


@pytest.mark.parametrize("name", CASES)
def test_a_client_finds_the_token_and_publishes(reader, name):
    command, prepare = CASES[name]
    place = reader.project(name)
    more = prepare(reader, place, reader.index.token())
    result = reader.run(place, *command, **more)
    assert result.returncode == 0, result.stdout
    module = name.replace("-", "_")
    published = {file.filename for file in reader.index.files()}
    assert {f"{module}-1.0-py3-none-any.whl", f"{module}-1.0.tar.gz"} <= published
    for file in (place / "dist").iterdir():
        if file.name in published:  # uv leaves a .gitignore there
            assert reader.index.content(file.name) == file.read_bytes()


def test_poetry_keeps_the_token_in_its_own_file(reader):
    place = reader.base / "poetry-file"
    kept = [file.read_text(encoding="utf-8") for file in place.rglob("auth.toml")]
    assert len(kept) == 1, kept
    assert "pypi-" in kept[0]


def test_twine_6_and_7_are_what_they_are_called(reader):
    for program, version in (("twine7", "7."), ("twine", "6.2.")):
        assert reader.run(reader.base, program, "--version").stdout.startswith(
            f"twine version {version}"
        )


REFUSED = {
    "twine": (TWINE, {"TWINE_PASSWORD": "pypi-no"}, "Invalid or non-existent authentication"),
    "twine7": (
        ["twine7", *TWINE[1:]],
        {"TWINE_PASSWORD": "pypi-no"},
        "Invalid or non-existent authentication",
    ),
    "uv": (UV, {"UV_PUBLISH_TOKEN": "pypi-no"}, "Invalid or non-existent authentication"),
    "flit": (
        ["flit", "publish"],
        {**FLIT, "FLIT_PASSWORD": "pypi-no"},
        "Invalid or non-existent authentication",
    ),
    "poetry": (
        POETRY,
        {"POETRY_REPOSITORIES_TESTPYPI_URL": URL, "POETRY_PYPI_TOKEN_TESTPYPI": "pypi-no"},
        "HTTP Error 403: Invalid or non-existent authentication",
    ),
    "pdm": (PDM, {"PDM_PUBLISH_PASSWORD": "pypi-no"}, "403 Forbidden"),  # and no reason
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_client_shows_why_it_was_refused(reader, name):
    command, more, sentence = REFUSED[name]
    place = reader.project(f"refused-{name}")
    files = [*TEST, "dist/*"] if name.startswith("twine") else []
    result = reader.run(place, *command, *files, **more)
    assert result.returncode != 0
    assert sentence in " ".join(result.stdout.split()), result.stdout


def test_an_address_without_uploads_is_not_found(reader):
    place = reader.project("nowhere")
    command = [*UV[:-1], "https://pypi.org/legacy/"]
    result = reader.run(place, *command, UV_PUBLISH_TOKEN=reader.index.token("pypi"))
    assert result.returncode != 0
    assert "404 Not Found" in " ".join(result.stdout.split()), result.stdout


# Hatch takes no notice of a proxy, so the practice shell cannot lead it.


@contextmanager
def listening(tls: ssl.SSLContext | None = None) -> Iterator[tuple[str, list[str]]]:
    """Stand for an index: gives its address, and each upload's Authorization."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            heard.append(self.headers["Authorization"])
            self.send_response(200)
            self.end_headers()

        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http{'s' if tls else ''}://127.0.0.1:{server.server_port}/", heard
        server.shutdown()


@contextmanager
def proxy() -> Iterator[tuple[str, list[bytes]]]:
    """Stand for a proxy: gives its address, and what was asked of it."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        asked.append(connection.recv(4096))

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", asked


@pytest.mark.parametrize("where", ["env", "file", "keyring"])
def test_hatch_finds_the_token(reader, where):
    place, more = reader.project(f"hatch-{where}"), {}
    with listening() as (url, heard):
        if where == "env":
            more = {"HATCH_INDEX_AUTH": "pypi-a"}
        elif where == "file":
            text = f"[own]\nrepository = {url}\nusername = __token__\npassword = pypi-a\n"
            (place.parent / ".pypirc").write_text(text, encoding="utf-8")
            more = {"HATCH_INDEX_USER": "", "HATCH_INDEX_AUTH": ""}
        else:
            reader.run(place, "keyring", "set", url, "__token__", typed="pypi-a\n")
            more = {"HATCH_INDEX_AUTH": ""}
        result = reader.run(place, "hatch", "publish", "--no-prompt", "--repo", url, **more)
    assert result.returncode == 0, result.stdout
    assert heard == [upload_client.basic("__token__", "pypi-a")] * 2


def test_hatch_takes_no_notice_of_a_proxy(reader):
    place = reader.project("hatch-proxy")
    with listening() as (url, heard), proxy() as (address, asked):
        proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY"), address)
        free = {"NO_PROXY": "", "no_proxy": "", **proxies}
        assert reader.run(place, "hatch", "publish", "-n", "--repo", url, **free).returncode == 0
        assert (len(heard), asked) == (2, [])
        twine = [*TWINE, "--repository-url", url, "dist/*.whl"]
        reader.run(place, *twine, TWINE_PASSWORD="a", TWINE_USERNAME="a", **free)
        assert (len(heard), asked[0].split()[:2]) == (2, [b"POST", url.encode()])


@pytest.mark.parametrize("language", ["en", "es"])
def test_hatch_is_told_so_in_the_practice_shell(reader, language, tmp_path):
    """Without a token from anywhere: a ~/.pypirc of the real PyPI is not read."""
    place = reader.project(f"hatch-told-{language}")
    real = "[main]\nusername = __token__\npassword = secret-of-mine\n"
    (place.parent / ".pypirc").write_text(real, encoding="utf-8")
    with practice_index(environ={**os.environ, "LANGUAGE": language}) as index:
        own = Reader(tmp_path, index, reader.programs)
        result = own.run(place, "hatch", "publish", "--no-prompt")
    assert result.returncode != 0
    sentences = {
        "en": "takes no notice of the practice shell's proxy",
        "es": "no hace caso del proxy",
    }
    assert sentences[language] in " ".join(result.stdout.split()), result.stdout
    assert "secret-of-mine" not in result.stdout


def test_hatch_sends_nothing_to_an_index_that_the_computer_trusts(reader, tmp_path):
    """As the real one is, which it would reach with --repo main or test."""
    place = reader.project("hatch-real")
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "trusted.pem"))
    trusting = {"SSL_CERT_FILE": str(tmp_path / "trusted.pem")}
    with listening(tls) as (url, heard):
        publish = ("hatch", "publish", "--no-prompt", "--repo", url)
        inside = reader.run(place, *publish, **trusting)
        assert inside.returncode != 0
        assert "CERTIFICATE_VERIFY_FAILED" in inside.stdout
        assert heard == []
        outside = reader.run(place, *publish, HATCH_INDEX_CA_CERT="", **trusting)
        assert (outside.returncode, len(heard)) == (0, 2), outside.stdout


# Installing


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("program", ["pip", "uv"])
def test_what_was_published_installs(reader, index, program, tmp_path):
    version = {"pip": "1.0", "uv": "2.0"}[program]
    wheel = tmp_path / f"demo-{version}-py3-none-any.whl"
    wheel.write_bytes(real_wheel(version=version))
    token = reader.index.token(index)
    result = reader.run(tmp_path, "twine7", "upload", "-r", index, str(wheel), TWINE_PASSWORD=token)
    assert result.returncode == 0, result.stdout
    [file] = [file for file in reader.index.files(index) if file.filename == wheel.name]
    needed = tmp_path / "needed.txt"
    needed.write_text(f"demo=={version} --hash=sha256:{file.sha256}\n", encoding="utf-8")
    url, target = INDEXES[index].simple, str(tmp_path / "target")
    more = ["--no-deps", "--require-hashes", "--target", target, "-r", str(needed)]
    if program == "pip":
        command = [sys.executable, "-m", "pip", "install", "--index-url", url, *more]
    else:
        command = [sys.executable, "-m", "uv", "pip", "install", "--default-index", url, *more]
    environ = reader.environ(tmp_path) | {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    result = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert (Path(target) / f"demo-{version}.dist-info").is_dir()
