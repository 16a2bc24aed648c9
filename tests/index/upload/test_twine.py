"""What twine prints for each answer: the real twine, the real practice shell, PyPI's words.

The answers that twine never sees, because it refuses such a package itself or never sends such a
form, are in test_answers.py with all the others.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from helpers.index import upload_client
from helpers.index.upload_client import core_metadata, sdist, wheel

from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.explain import matcher
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store
from pypi_practice.shell.session import practice
from pypi_practice.tokens import macaroons

EN = Translator("en")
INDEX = INDEXES["testpypi"]
MESSAGES = load("index/uploads")
WORKERS = 3
PATIENCE = 120  # seconds for one upload on a busy computer
BROKEN_RST = "\nTitle\n=====\n\n.. nothing::\n"


class Reader:
    """A learner in a practice shell, with a project ``demo`` that has some history."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self.store = Store(base / "data", EN)
        self.token = self.new_token()
        application = Application(self.store, None, EN)

        def upload(content: bytes, filename: str, **changes: str) -> None:
            assert (
                upload_client.upload(application, self.token, content, filename, **changes).code
                == 200
            )

        upload(wheel(), "demo-1.0-py3-none-any.whl")
        upload(wheel(version="2.0"), "demo-2.0-py3-none-any.whl", version="2.0")
        upload(wheel(version="3.0"), "demo-3.0-py3-none-any.whl", version="3.0")
        source = {"filetype": "sdist", "pyversion": "source"}
        upload(sdist(version="4.0"), "demo-4.0.tar.gz", version="4.0", **source)
        with self.store.transaction() as connection:
            connection.execute("DELETE FROM files WHERE filename LIKE 'demo-2.0%'")
            connection.execute(
                "UPDATE releases SET created = ? WHERE version = '3.0'", (time.time() - 15 * 86400,)
            )

    def new_token(self, project: str | None = None, user: str | None = None, **state: int) -> str:
        """Make a token, of the learner or of another *user* whose columns are *state*."""
        if user is not None:
            values = {"email_verified": 1, "two_factor": 1} | state
            with self.store.transaction() as connection:
                connection.execute(
                    "INSERT INTO users VALUES (?, ?, ?, ?, ?)",
                    (uuid.uuid4().hex, INDEX.key, user, *values.values()),
                )
        owner = self.store.user(INDEX, user) if user else self.store.user(INDEX)
        target = self.store.project(INDEX, project) if project else None
        return self.store.new_token(owner, uuid.uuid4().hex, target)[1]

    def narrowed(self, caveat: list[Any]) -> str:
        macaroon = macaroons.read(self.token)
        assert macaroon is not None
        macaroon.add_first_party_caveat(macaroons.serialize(caveat))
        return macaroons.PREFIX + macaroon.serialize()

    def changed(self) -> str:
        place = len(self.token) - 20
        other = "A" if self.token[place] != "A" else "B"
        return self.token[:place] + other + self.token[place + 1 :]


@dataclass(frozen=True)
class Case:
    """A file, how twine is called with it, and what it prints."""

    key: str
    content: bytes = b""
    filename: str = "demo-9.0-py3-none-any.whl"
    values: dict[str, object] = field(default_factory=dict)
    token: Callable[[Reader], str] = lambda reader: reader.token
    options: tuple[str, ...] = ("--repository", "testpypi")
    command: str = "upload"
    before: str = ""  # what else it prints


def about(key: str, more: str, **values: object) -> Case:
    """Return the case of a wheel whose METADATA has the fields *more*."""
    content = wheel(version="9.0", metadata=core_metadata("demo", "9.0", more))
    return Case(key, content, values=values)


def named(key: str, name: str, **values: object) -> Case:
    """Return the case of a wheel of another project."""
    written = name.replace("-", "_").replace(".", "_").lower()
    content = wheel(written, "9.0", metadata=core_metadata(name, "9.0"))
    return Case(key, content, f"{written}-9.0-py3-none-any.whl", {"name": name, **values})


GOOD = wheel(version="9.0")
OTHER = wheel(more={"x.py": ""})
OTHER_HASH = hashlib.blake2b(OTHER, digest_size=32).hexdigest()
SCOPE = ", ".join(["project-scoped token is not valid for project: 'other'"] * 4)
SECOND = sdist(version="4.0.0")

CASES = [
    Case("password", GOOD, options=("-r", "testpypi", "-u", "your-name"), before="403 Forbidden"),
    Case("no_identity", GOOD, token=lambda reader: "pypi-nothing", before="403 Forbidden"),
    Case(
        "token_scope",
        wheel("other"),
        "other-1.0-py3-none-any.whl",
        {"reason": SCOPE},
        lambda reader: reader.new_token("demo"),
        before="403 Forbidden",
    ),
    Case(
        "token_expired",
        GOOD,
        values={"reason": "token is expired"},
        token=lambda reader: reader.narrowed([0, 10, 0]),
    ),
    Case(
        "token_signature",
        GOOD,
        values={"reason": "signatures do not match"},
        token=lambda reader: reader.changed(),
    ),
    Case(
        "token",
        GOOD,
        values={"reason": "caveat has unknown tag: 9"},
        token=lambda reader: reader.narrowed([9]),
    ),
    Case(
        "email",
        wheel("mine"),
        "mine-1.0-py3-none-any.whl",
        {"user": "ana"},
        lambda reader: reader.new_token(user="ana", email_verified=0),
    ),
    Case(
        "two_factor",
        wheel("mine"),
        "mine-1.0-py3-none-any.whl",
        {"user": "eva"},
        lambda reader: reader.new_token(user="eva", two_factor=0),
    ),
    Case(
        "not_owner",
        GOOD,
        values={"user": "luis", "project": "demo"},
        token=lambda reader: reader.new_token(user="luis"),
    ),
    named("not_owner", "already-taken", user="learner", project="already-taken"),
    named("name_stdlib", "json"),
    named("name_prohibited", "prohibited-name"),
    named("name_similar", "dem0"),
    Case(
        "local_version",
        wheel(version="9.0+g1"),
        "demo-9.0+g1-py3-none-any.whl",
        {"version": "9.0+g1"},
    ),
    about("classifier", "Classifier: Framework :: Mine\n", classifier="Framework :: Mine"),
    about(
        "classifier_deprecated",
        "Classifier: Natural Language :: Ukranian\n",
        classifier="Natural Language :: Ukranian",
        advice="use one of ['Natural Language :: Ukrainian'] instead",
    ),
    about(
        "direct_dependency",
        "Requires-Dist: x @ https://example.org/x.whl\n",
        requirement="x @ https://example.org/x.whl",
    ),
    about("license_both", "License: MIT\nLicense-Expression: MIT\n"),
    about("summary_long", f"Summary: {'a' * 513}\n", limit=512),
    about(
        "email_address",
        "Author-email: ana@example\n",
        address="ana@example",
        reason="The part after the @-sign is not valid. It should have a period.",
    ),
    about("url", "Project-URL: Home, example.org\n", url="example.org"),
    about("dynamic", "Dynamic: dynamic\n", field="dynamic"),
    about(
        "description",
        f"Description-Content-Type: text/x-rst\n{BROKEN_RST}",
        content_type="text/x-rst",
    ),
    about("description_default", BROKEN_RST),
    Case("same", wheel(), "demo-1.0-py3-none-any.whl"),
    Case(
        "exists",
        OTHER,
        "demo-1.0-py3-none-any.whl",
        {"filename": "demo-1.0-py3-none-any.whl", "blake2": OTHER_HASH},
        before="400 Bad Request",
    ),
    Case("used", wheel(version="2.0", more={"x.py": ""}), "demo-2.0-py3-none-any.whl"),
    Case("closed", sdist(version="3.0"), "demo-3.0.tar.gz"),
    Case("second_sdist", SECOND, "demo-4.0.0.tar.gz"),
    Case(
        "archive",
        GOOD + b"x",
        values={
            "reason": "ZIP archive not accepted: Trailing data."
            " See https://docs.pypi.org/archives for more information"
        },
    ),
    Case(
        "sdist_start",
        sdist(version="9.0"),
        "other-9.0.tar.gz",
        {"project": "demo", "start": "demo"},
    ),
    Case(
        "sdist_normal",
        sdist(version="9.0"),
        "Demo-9.0.tar.gz",
        {"filename": "Demo-9.0.tar.gz", "expected": "demo-9.0.tar.gz"},
    ),
    Case(
        "platform",
        GOOD,
        "demo-9.0-cp311-cp311-linux_x86_64.whl",
        {"filename": "demo-9.0-cp311-cp311-linux_x86_64.whl", "platform": "linux_x86_64"},
    ),
    Case(
        "wheel_name",
        wheel("Demo", "9.0"),
        "Demo-9.0-py3-none-any.whl",
        {"filename": "Demo-9.0-py3-none-any.whl", "start": "demo", "found": "Demo"},
    ),
    Case(
        "wheel_version",
        wheel(version="9.0", metadata=core_metadata("demo", "9.1")),
        values={"expected": "9.1", "version": "9.0"},
    ),
    about(
        "license_file",
        "License-File: LICENSE\n",
        name="LICENSE",
        filename="demo-9.0-py3-none-any.whl",
        path="demo-9.0.dist-info/licenses/LICENSE",
    ),
    Case(
        "wheel_file",
        wheel(version="9.0", leave_out=["RECORD"]),
        values={
            "filename": "demo-9.0-py3-none-any.whl",
            "kind": "RECORD",
            "path": "demo-9.0.dist-info/RECORD",
        },
    ),
    Case(
        "entry_points",
        wheel(
            version="9.0",
            more={"{info}/entry_points.txt": "[console_scripts]\n../run = demo:main\n"},
        ),
        values={"filename": "demo-9.0-py3-none-any.whl"},
    ),
    Case("attestations", GOOD, options=("-r", "testpypi", "--attestations")),
    Case("submit", GOOD, command="register", before="410 Gone"),
]
NAMES = [f"{number}-{case.key}" for number, case in enumerate(CASES)]


def run(reader: Reader, inner: dict[str, str], name: str, case: Case) -> tuple[int, str]:
    """Call twine for *case*; return its exit code and what it printed, on one line."""
    place = reader.base / name
    place.mkdir()
    file = place / case.filename
    file.write_bytes(case.content)
    files = [file.name]
    if "--attestations" in case.options:
        (place / f"{file.name}.publish.attestation").write_text(json.dumps({}))
        files.append(f"{file.name}.publish.attestation")
    environ = inner | {
        "HOME": str(place),
        "TWINE_PASSWORD": case.token(reader),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "COLUMNS": "9000",  # so that no line is broken
        "NO_COLOR": "1",
    }
    progress = [] if case.command == "register" else ["--non-interactive", "--disable-progress-bar"]
    result = subprocess.run(
        [sys.executable, "-m", "twine", case.command, *progress, *case.options, *files],
        cwd=place,
        env=environ,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return result.returncode, " ".join((result.stdout + result.stderr).split())


@pytest.fixture(scope="module")
def printed(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[dict[str, Future[tuple[int, str]]]]:
    """What twine printed for each of the cases that are asked for: one practice shell, a few at a
    time."""
    wanted = {
        item.callspec.params["name"]
        for item in request.session.items
        if getattr(item, "module", None) is request.module and hasattr(item, "callspec")
    }
    reader = Reader(tmp_path_factory.mktemp("reader"))
    outer = {key: value for key, value in os.environ.items() if not key.startswith("PYPI_PRACTICE")}
    with (
        practice(reader.base / "data", words=EN, environ=outer) as inner,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        yield {
            name: pool.submit(run, reader, inner, name, case)
            for name, case in zip(NAMES, CASES, strict=True)
            if name in wanted
        }


@pytest.mark.parametrize("name", NAMES)
def test_twine_prints_pypis_words(printed, name):
    case = CASES[NAMES.index(name)]
    message = MESSAGES[case.key]
    code, output = printed[name].result()
    if message["status"] == 200:
        assert code == 0, output
        assert "ERROR" not in output
        return
    assert code == 1, output
    assert f"HTTPError: {message['status']} " in output
    assert message["text"].format(help=INDEX.help, **case.values) in output
    assert case.before in output
    best = matcher.find(output)[0].entry
    assert case.key.replace("_", "-") in (best.id, *best.also_known_as)


def test_twine_sees_most_of_the_answers():
    assert len({case.key for case in CASES}) >= 35
