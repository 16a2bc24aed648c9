"""A leaked token is found in every form that it takes, and what could not be read is never good."""

from __future__ import annotations

import base64
import gzip
import os
import time
import tracemalloc
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.hostile.repositories import Maker, git

from pypi_practice.core.i18n import LANGUAGES
from pypi_practice.core.indexes import INDEXES
from pypi_practice.doctor import history, lookup
from pypi_practice.doctor.checks.check import CheckResult
from pypi_practice.doctor.checks.registry import in_order
from pypi_practice.doctor.leaks import KEPT, Scanner, has_token
from pypi_practice.doctor.project import Project
from pypi_practice.git.safe_reader import Repository

# Put together here, so that no file of this repository holds what looks like a token.
TOKENS = ["pypi-" + "AgEIcHlwaS5vcmc" + 90 * "x", "pypi-" + "AgENdGVzdC5weXBpLm9yZw" + 90 * "_"]
TOKEN = TOKENS[0]
FORMS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda token: f"password = {token}\n".encode(),
    "utf-16": lambda token: f"password = {token}\n".encode("utf-16"),
    "utf-16-be": lambda token: f"pass = {token}\n".encode("utf-16-be"),
    "utf-32": lambda token: f"password = {token}\n".encode("utf-32"),
    "base64": lambda token: base64.b64encode(f"__token__:{token}".encode()),
    "base64, one further": lambda token: base64.b64encode(f"a__token__:{token}".encode()),
    "base64, two further": lambda token: base64.b64encode(f"ab__token__:{token}".encode()),
    "base64 in lines": lambda token: base64.encodebytes(f"user {token} more".encode()),
    "base64 for addresses": lambda token: base64.urlsafe_b64encode(f"??>{token}".encode()),
    "indented base64": lambda token: base64.encodebytes(token.encode()).replace(b"\n", b"\r\n    "),
    "in a binary file": lambda token: os.urandom(999) + token.encode() + os.urandom(999),
}


@pytest.mark.parametrize("token", TOKENS, ids=["pypi", "testpypi"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_found_wherever_it_is_cut(form, token):
    data = FORMS[form](token)
    assert has_token(data)
    for size in (1, 7, 100):
        scanner = Scanner()
        for at in range(0, len(data), size):
            scanner.feed(data[at : at + size])
        assert scanner.has_token, size
    assert not has_token(FORMS[form](token[:30]))


@pytest.mark.long
def test_the_work_is_linear_and_the_memory_bounded():
    """Of what begins like a token all the time, and of what is one long word."""

    def scan(piece: bytes, size: int) -> float:
        data = (piece * (1_000_000 // len(piece) + 1))[:1_000_000]
        scanner = Scanner()
        start = time.thread_time()
        for _ in range(size // len(data)):
            scanner.feed(data)
        return time.thread_time() - start

    for piece in (TOKEN[:20].encode(), b"x", b"pypi-AgE", b"cHlwaS1BZ0V", b"\0"):
        small, large = (
            min(scan(piece, size) for _ in range(3)) for size in (16_000_000, 64_000_000)
        )
        assert large < 4 * 2.5 * small, piece
    tracemalloc.start()
    scanner = Scanner()
    for _ in range(20):
        scanner.feed(bytes(1_000_000) + b"y" * 1_000_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20_000_000
    assert len(scanner._end) <= KEPT


def look(name: str, folder: Path) -> CheckResult:
    project = Project(folder, online=False, build=False)
    try:
        return in_order()[name].run(project)
    finally:
        project.close()


def in_a_file(maker: Maker, name: str, data: bytes) -> None:
    path = maker.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    maker.commit()
    path.unlink()
    maker.commit()


def large_file(maker: Maker) -> None:
    in_a_file(maker, "dump.sql", os.urandom(5_000_000) + TOKEN.encode())


def utf_16(maker: Maker) -> None:
    in_a_file(maker, "notes.txt", TOKEN.encode("utf-16"))


def name_of_a_file(maker: Maker) -> None:
    in_a_file(maker, f"src/{TOKEN}.txt", b"")


def name_of_a_copy(maker: Maker) -> None:
    """Git lists an object once, by one of its names."""
    in_a_file(maker, f"z/{TOKEN}.txt", b"")


def name_of_a_folder(maker: Maker) -> None:
    in_a_file(maker, f"src/{TOKEN}/a.txt", b"")


def branch(maker: Maker) -> None:
    git(maker.folder, "branch", TOKEN)


def message_of_a_tag(maker: Maker) -> None:
    git(maker.folder, "tag", "-a", "v1", "-m", f"Use {TOKEN}")


def note(maker: Maker) -> None:
    git(maker.folder, "notes", "add", "-m", f"Use {TOKEN}")


def author(maker: Maker) -> None:
    git(maker.folder, "commit", "-q", "--allow-empty", "-m", "x", f"--author={TOKEN} <a@b.c>")


def stash(maker: Maker) -> None:
    maker.write("README.md", TOKEN)
    git(maker.folder, "stash")


def older_stash(maker: Maker) -> None:
    stash(maker)
    maker.write("README.md", "other")
    git(maker.folder, "stash")


def amended(maker: Maker) -> None:
    maker.write("README.md", TOKEN)
    maker.commit()
    maker.write("README.md", "clean")
    git(maker.folder, "commit", "-q", "-a", "--amend", "-m", "x")


def amended_and_forgotten(maker: Maker) -> None:
    amended(maker)
    git(maker.folder, "reflog", "expire", "--expire=now", "--all")


def staged_and_taken_back(maker: Maker) -> None:
    maker.write("README.md", TOKEN)
    git(maker.folder, "add", ".")
    git(maker.folder, "checkout", "-q", "HEAD", "README.md")


def replaced(maker: Maker) -> None:
    maker.write("README.md", TOKEN)
    maker.commit()
    blob = git(maker.folder, "rev-parse", "HEAD:README.md")
    git(maker.folder, "replace", blob, git(maker.folder, "rev-parse", "HEAD~1:README.md"))
    maker.write("README.md", "clean")
    maker.commit()


def packed(maker: Maker) -> None:
    utf_16(maker)
    git(maker.folder, "gc", "-q")


LEAKS = (
    large_file,
    utf_16,
    name_of_a_file,
    name_of_a_copy,
    name_of_a_folder,
    branch,
    message_of_a_tag,
    note,
    author,
    stash,
    older_stash,
    amended,
    amended_and_forgotten,
    staged_and_taken_back,
    replaced,
    packed,
)


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak.__name__)
def test_a_leak_in_the_repository_is_found(leak, tmp_path):
    maker = Maker(tmp_path)
    assert look("secret-tokens", maker.folder).result == "pass"
    leak(maker)
    outcome = look("secret-tokens", maker.folder)
    assert (outcome.result, outcome.key) == ("fail", "found"), outcome


@pytest.mark.parametrize("name", ["README.md", "new.txt", f"{TOKEN}.txt", "src/deep/new.bin"])
def test_a_leak_that_is_not_committed_is_found(name, tmp_path):
    maker = Maker(tmp_path)
    maker.write(name, "" if TOKEN in name else TOKEN)
    outcome = look("secret-tokens", maker.folder)
    assert (outcome.result, outcome.key) == ("fail", "loose")
    assert Path(name).name in outcome.values["places"]
    assert TOKEN not in in_order()["secret-tokens"].say(outcome, "en")
    maker.write(".gitignore", "*.txt\nnew*\n")
    if name != "README.md":  # git takes it no more
        assert look("secret-tokens", maker.folder).result == "pass"


def shallow(maker: Maker, copy: Path) -> None:
    git(maker.base, "clone", "-q", "--depth=1", maker.folder.as_uri(), str(copy))


def partial(maker: Maker, copy: Path) -> None:
    git(maker.folder, "config", "uploadpack.allowFilter", "true")
    git(maker.base, "clone", "-q", "--filter=blob:none", maker.folder.as_uri(), str(copy))


def treeless(maker: Maker, copy: Path) -> None:
    git(maker.folder, "config", "uploadpack.allowFilter", "true")
    git(maker.base, "clone", "-q", "--filter=tree:0", maker.folder.as_uri(), str(copy))


def gone(revision: str, data: bytes | None = None) -> Callable[[Maker, Path], None]:
    def make(maker: Maker, copy: Path) -> None:
        maker.folder.rename(copy)
        maker.folder = copy
        path = maker.object(revision)
        path.unlink()
        if data is not None:
            path.write_bytes(data)

    return make


UNREADABLE = {
    "shallow": shallow,
    "partial": partial,
    "treeless": treeless,
    "missing file": gone("HEAD~1:notes.txt"),
    "missing folder": gone("HEAD~1^{tree}"),
    "missing commit": gone("HEAD~1"),
    "damaged file": gone("HEAD~1:notes.txt", b"x"),
    "cut file": gone("HEAD~1:notes.txt", b"x\x9c"),
    "empty file": gone("HEAD~1:notes.txt", b""),
    "damaged folder": gone("HEAD~1^{tree}", b"x"),
    "damaged commit": gone("HEAD~1", b"x"),
}


@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_told_and_never_good(kind, tmp_path):
    maker = Maker(tmp_path)
    in_a_file(maker, "notes.txt", TOKEN.encode())
    copy = tmp_path / "copy"
    UNREADABLE[kind](maker, copy)
    outcome = look("secret-tokens", copy)
    assert outcome.result == "fail", outcome
    if outcome.key != "found":  # a treeless clone has the file's commit, and so on
        assert outcome.key == "unread"
        for language in LANGUAGES:
            assert outcome.values["reasons"][language]
    if "file" not in kind and kind != "partial":  # then the names are known
        assert look("secret-files", copy).key == "unread"


def test_a_damaged_object_hides_no_other(tmp_path):
    """Forty damaged ones, and one token among as many good ones."""
    maker = Maker(tmp_path)
    for number in range(15):
        maker.write(f"bad{number}", str(number))
        maker.write(f"good{number}", f"{number} {TOKEN if number == 14 else ''}")
    maker.commit()
    for number in range(15):
        maker.damage(f"HEAD:bad{number}")
    searched = history.secrets(Repository(maker.folder))
    assert [secret.path for secret in searched.tokens] == ["good14"]
    assert searched.unread["damaged"]["count"] == 15


@pytest.mark.parametrize("limit", ["OBJECT_LIMIT", "READ_LIMIT", "TIME_LIMIT"])
def test_what_is_beyond_a_limit_is_told(limit, tmp_path, monkeypatch):
    maker = Maker(tmp_path)
    monkeypatch.setattr(history, limit, 0)
    outcome = look("secret-tokens", maker.folder)
    assert (outcome.result, outcome.key) == ("fail", "unread")


def test_a_repository_that_git_cannot_read_is_told(tmp_path):
    maker = Maker(tmp_path)
    (maker.folder / ".git" / "config").write_text("[")
    for name in ("secret-tokens", "secret-files", "committed", "demo-names", "travis-publishes"):
        outcome = look(name, maker.folder)
        assert (outcome.result, outcome.key) == ("skip", "git_unreadable"), name
        for language in LANGUAGES:
            assert "bad config" in in_order()[name].say(outcome, language)


def test_a_file_that_cannot_be_read_is_told(tmp_path, monkeypatch):
    maker = Maker(tmp_path)
    monkeypatch.setattr("pypi_practice.doctor.project.FILE_LIMIT", 0)
    assert look("demo-names", maker.folder).key == "unread_files"
    assert look("demo-people", maker.folder).key == "unread_files"


@pytest.mark.parametrize(
    "body",
    [b"[]", b"[" * 100_000, b'{"versions": "1.0"}', b"{", b"\xff", b'{"versions": []}' + b" " * 99],
)
def test_an_answer_that_is_none_is_no_answer(body, monkeypatch):
    class Response:
        def __init__(self) -> None:
            self.left = body

        def __enter__(self) -> Response:
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def read1(self, size: int) -> bytes:
            data, self.left = self.left[:size], self.left[size:]
            return data

    monkeypatch.setattr(urllib.request, "urlopen", lambda *_, **__: Response())
    monkeypatch.setattr(
        lookup, "RESPONSE_LIMIT", len(b'{"versions": []}') + 50_000 * (len(body) < 100)
    )
    if len(body) > 100 and body.startswith(b"{"):
        monkeypatch.setattr(lookup, "RESPONSE_LIMIT", 50)
    assert lookup.ask("x", INDEXES["pypi"]).exists is None


def test_what_is_compressed_is_not_looked_into():
    """The page says so."""
    assert not has_token(gzip.compress(TOKEN.encode()))


@pytest.mark.parametrize("name", [".pypirc", "deep/down/.env", "id_rsa"])
def test_a_file_for_secrets_is_found_even_if_its_content_is_that_of_another(name, tmp_path):
    maker = Maker(tmp_path)
    in_a_file(maker, name, b"")  # as empty as src/tidy_shelf/__init__.py
    outcome = look("secret-files", maker.folder)
    assert (outcome.result, outcome.key) == ("fail", "found")
    assert Path(name).name in outcome.values["places"]
