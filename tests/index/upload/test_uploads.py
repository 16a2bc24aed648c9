"""What the practice index answers to an upload: PyPI's status and PyPI's words."""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path

import pytest
from helpers.index import upload_client
from helpers.index.upload_client import upload
from pymacaroons import MACAROON_V2, Macaroon

from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store
from pypi_practice.tokens import macaroons


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """A practice index of its own, which asks nobody else."""
    words = Translator("en")
    return Application(Store(tmp_path / "data", words), None, words)


def new_token(application: Application, index: str = "testpypi", project: str | None = None) -> str:
    """Make a token for the whole account, or for one project."""
    store, where = application.store, INDEXES[index]
    target = store.project(where, project) if project else None
    return store.new_token(store.user(where), uuid.uuid4().hex, target)[1]


@pytest.fixture
def token(application: Application) -> str:
    """A token of TestPyPI for the entire account."""
    return new_token(application)


def says(reply: upload_client.Reply, key: str, index: str = "testpypi", **values: object) -> bool:
    """Check that the answer is *key* of uploads.yml, in the reason phrase and in the body."""
    message = load("index/uploads")[key]
    text = message["text"].format(help=INDEXES[index].help, **values)
    assert reply.status == f"{message['status']} {text}"
    return True


def test_a_good_upload_is_listed_and_served_with_its_bytes(application, token):
    content = upload_client.wheel()
    assert upload(application, token, content).status == "200 OK"
    page = upload_client.call(application, "GET", "https://test.pypi.org/simple/demo/")
    assert b"demo-1.0-py3-none-any.whl#sha256=" in page.body
    file = upload_client.call(
        application, "GET", "https://test.pypi.org/files/demo-1.0-py3-none-any.whl"
    )
    assert file.body == content


def test_the_two_indexes_are_separate(application, token):
    upload(application, token)
    assert upload_client.call(application, "GET", "https://pypi.org/simple/demo/").code == 404
    assert says(upload(application, token, index="pypi"), "no_identity", "pypi")


@pytest.mark.parametrize(
    "raw",
    [None, "", "pypi-", "pypi-AAAA", "a-password", "pypi-" + "é" * 40],
    ids=["none", "empty", "prefix", "short", "password", "unicode"],
)
def test_what_is_no_token_is_refused(application, raw):
    assert says(upload(application, raw), "no_identity")


def test_a_token_without_its_prefix_is_refused(application, token):
    assert says(upload(application, token.removeprefix("pypi-")), "no_identity")


def test_spaces_around_a_token_do_not_matter(application, token):
    assert upload(application, f" {token}\n").code == 200


def test_any_other_user_name_is_refused(application, token):
    assert says(upload(application, token, user="your-name"), "password")


def test_a_changed_letter_breaks_the_signature(application, token):
    middle = len(token) - 20
    changed = token[:middle] + ("A" if token[middle] != "A" else "B") + token[middle + 1 :]
    assert says(upload(application, changed), "token", reason="signatures do not match")


def test_a_project_token_is_for_that_project_only(application, token):
    upload(application, token)
    narrow = new_token(application, project="demo")
    good = upload(
        application,
        narrow,
        upload_client.sdist(),
        "demo-1.0.tar.gz",
        filetype="sdist",
        pyversion="source",
    )
    assert good.code == 200
    # Four times: name and id, embedded in the token and stored beside it, as PyPI does.
    reason = ", ".join(["project-scoped token is not valid for project: 'other'"] * 4)
    other = upload(application, narrow, name="other", filename="other-1.0-py3-none-any.whl")
    assert says(other, "token", reason=reason)
    assert application.store.project(INDEXES["testpypi"], "other") is None


def test_a_narrowed_token_expires(application, token):
    macaroon = macaroons.read(token)
    assert macaroon is not None
    macaroon.add_first_party_caveat(macaroons.serialize([0, int(time.time()) - 1, 0]))
    old = macaroons.PREFIX + macaroon.serialize()
    assert says(upload(application, old), "token", reason="token is expired")


def test_a_revoked_token_is_unknown(application, token):
    macaroon = macaroons.read(token)
    assert macaroon is not None
    application.store.remove_token(macaroons.identifier(macaroon) or "")
    assert says(upload(application, token), "no_identity")


@pytest.mark.parametrize("location", load("index/addresses")["real_locations"])
def test_a_real_token_is_refused_and_kept_nowhere(application, location, tmp_path, caplog):
    macaroon = Macaroon(
        location=location, identifier=str(uuid.uuid4()), key=b"k" * 32, version=MACAROON_V2
    )
    real = macaroons.PREFIX + macaroon.serialize()
    for raw in (real, real[:-10], f"  {real}"):
        reply = upload(application, raw)
        assert reply.code == 403
        assert "real PyPI" in reply.status
        assert real not in reply.status + reply.body.decode()
    assert real not in caplog.text
    assert all(
        real.encode() not in file.read_bytes()
        for file in (tmp_path / "data").rglob("*")
        if file.is_file()
    )


def test_the_same_bytes_again_are_accepted(application, token):
    content = upload_client.wheel()
    assert [upload(application, token, content).code for _ in range(2)] == [200, 200]


def test_the_same_name_with_other_bytes_is_refused(application, token):
    upload(application, token, upload_client.wheel())
    other = upload_client.wheel() + b"\0"
    reply = upload(application, token, other)
    assert reply.status.startswith("400 File already exists ('demo-1.0-py3-none-any.whl'")
    assert "file-name-reuse" in reply.status


def test_a_wrong_digest_is_refused_and_nothing_is_kept(application, token, tmp_path):
    assert says(upload(application, token, sha256_digest="0" * 64), "digest")
    assert upload_client.on_disk(application.store) == {}
    assert not list((tmp_path / "data" / "unfinished").iterdir())


@pytest.mark.parametrize(
    ("changes", "key", "values"),
    [
        ({"protocol_version": "9"}, "protocol", {}),
        ({"name": None}, "name_missing", {}),
        ({"name": "UNKNOWN"}, "name_missing", {}),
        ({"name": "-demo"}, "name_invalid", {"name": "-demo"}),
        ({"filetype": "bdist_egg"}, "filetype", {"reason": "Use a known file type."}),
        ({"sha256_digest": None}, "no_digest", {}),
        ({"version": "1.0+local"}, "local_version", {"version": "1.0+local"}),
        ({"name": "json"}, "name_stdlib", {"name": "json"}),
        ({"filename": "a/b.whl"}, "filename_path", {}),
        ({"filename": "demo.exe"}, "extension", {}),
        ({"filename": None}, "no_file", {}),
        ({"attestations": "[]"}, "attestations", {}),
        (
            {"filename": "demo-2.0-py3-none-any.whl"},
            "archive",
            {"reason": "WHEEL not found at demo-2.0.dist-info/WHEEL"},
        ),
    ],
)
def test_each_rule_has_its_words(application, token, changes, key, values):
    assert says(upload(application, token, **changes), key, **values)


def test_a_version_must_be_one(application, token):
    reply = upload(application, token, version="not a version")
    assert reply.status.startswith("400 'not a version' is invalid for 'version'.")


def test_look_alike_names_are_refused(application, token):
    upload(application, token)
    reply = upload(application, token, name="d-e-m-0", filename="d_e_m_0-1.0-py3-none-any.whl")
    assert says(reply, "name_similar", name="d-e-m-0")


def test_what_is_no_archive_is_refused(application, token):
    reply = upload(application, token, b"not a wheel")
    assert says(reply, "archive", reason="File is not a zipfile")


def test_a_wheel_needs_its_record(application, token):
    reply = upload(application, token, upload_client.wheel(leave_out=["RECORD"]))
    values = {"filename": "demo-1.0-py3-none-any.whl", "kind": "RECORD"}
    assert says(reply, "wheel_file", path="demo-1.0.dist-info/RECORD", **values)


def test_an_sdist_has_its_normal_name(application, token):
    reply = upload(
        application,
        token,
        upload_client.sdist("my-demo"),
        "my-demo-1.0.tar.gz",
        name="my-demo",
        filetype="sdist",
        pyversion="source",
    )
    expected = {"filename": "my-demo-1.0.tar.gz", "expected": "my_demo-1.0.tar.gz"}
    assert says(reply, "sdist_normal", **expected)


def test_a_second_sdist_is_refused(application, token):
    sent = {"filetype": "sdist", "pyversion": "source"}
    upload(application, token, upload_client.sdist(), "demo-1.0.tar.gz", **sent)
    reply = upload(
        application,
        token,
        upload_client.sdist(version="1.0.0"),
        "demo-1.0.0.tar.gz",
        version="1.0.0",
        **sent,
    )
    assert says(reply, "second_sdist")


def test_the_slash_at_the_end_matters(application, token):
    reply = upload_client.call(application, "POST", "https://test.pypi.org/legacy")
    assert says(reply, "slash")
    assert reply.headers["Location"] == "https://test.pypi.org/legacy/"


def test_a_cut_body_stores_nothing(application, token, tmp_path):
    content = upload_client.wheel()
    body = upload_client.form(upload_client.fields(content), "demo-1.0-py3-none-any.whl", content)
    for length in (len(body) // 2, len(body) - 5):
        reply = upload_client.call(
            application,
            "POST",
            INDEXES["testpypi"].upload,
            body[:length],
            {
                "Content-Type": f"multipart/form-data; boundary={upload_client.BOUNDARY}",
                "Authorization": upload_client.basic("__token__", token),
            },
        )
        assert reply.code == 400
    assert not list((tmp_path / "data" / "unfinished").iterdir())
    assert upload_client.call(application, "GET", "https://test.pypi.org/simple/demo/").code == 404


def test_errors_are_json_for_who_asks(application):
    reply = upload(application, None, accept="application/json")
    body = json.loads(reply.body)
    assert body["title"] == "Forbidden"
    assert body["code"] == reply.status
    assert "Invalid or non-existent authentication" in body["message"]


def test_the_simple_index_speaks_json_and_html(application, token):
    upload(application, token, requires_python=">=3.11")
    wanted = "application/vnd.pypi.simple.v1+json"
    url = "https://test.pypi.org/simple/demo/"
    reply = upload_client.call(application, "GET", url, headers={"Accept": wanted})
    page = json.loads(reply.body)
    assert reply.headers["Content-Type"] == wanted
    assert page["versions"] == ["1.0"]
    assert page["files"][0]["requires-python"] == ">=3.11"
    assert upload_client.call(application, "GET", "https://test.pypi.org/simple/Demo").code == 301


def test_a_name_of_markup_cannot_enter_a_page(application, token):
    upload(application, token, summary="<script>alert(1)</script>")
    page = upload_client.call(application, "GET", "https://test.pypi.org/project/demo/")
    assert page.code == 200
    assert b"<script>" not in page.body


def test_a_restart_keeps_everything(application, token, tmp_path):
    upload(application, token)
    again = Application(Store(tmp_path / "data", Translator("en")), None, Translator("en"))
    assert (
        upload(
            again,
            token,
            upload_client.sdist(),
            "demo-1.0.tar.gz",
            filetype="sdist",
            pyversion="source",
        ).code
        == 200
    )
    page = upload_client.call(again, "GET", "https://test.pypi.org/simple/demo/")
    assert page.body.count(b"#sha256=") == 2


def test_the_first_uploads_of_one_project_may_come_at_once(application, token, monkeypatch):
    """Another upload makes the project right after this one has looked for it."""
    ask, asked = application.store.project, []

    def too_early(index, name):
        asked.append(name)
        return None if len(asked) == 1 else ask(index, name)

    assert upload(application, token).code == 200
    monkeypatch.setattr(application.store, "project", too_early)
    assert (
        upload(
            application,
            token,
            version="1.1",
            content=upload_client.wheel(version="1.1"),
            filename="demo-1.1-py3-none-any.whl",
        ).code
        == 200
    )
    assert len(asked) > 1
