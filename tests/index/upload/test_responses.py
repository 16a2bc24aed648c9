"""Every answer of data/index/uploads.yml, word for word, in the status line and in the body."""

from __future__ import annotations

import html
import json
from pathlib import Path

import pytest
from helpers.index import upload_client
from helpers.index.upload_cases import (
    BROKEN_RST,
    CASES,
    INDEX,
    MESSAGES,
    WHEEL,
    Case,
    UploadSetup,
    text,
)

from pypi_practice.core.data import load
from pypi_practice.index import responses
from pypi_practice.index.views import simple

FACTS = 49  # rows of the table of messages


@pytest.fixture
def setup(tmp_path: Path, request: pytest.FixtureRequest) -> UploadSetup:
    """An index of its own for each case."""
    return UploadSetup(tmp_path / "data", request.param.limits)


def check_answer(case: Case, setup: UploadSetup) -> None:
    """Check that the reply to *case* is its message, and that nothing half done is left."""
    reply = case.send(setup)
    listed = {
        file.filename
        for project in setup.store.projects(INDEX)
        for file in setup.store.files(project)
    }
    message = text(case)
    assert reply.status == responses.status_line(MESSAGES[case.key]["status"], message)
    if case.key not in ("password", "same", "method", "nowhere", "slash"):
        assert html.escape(message).encode("ascii", "xmlcharrefreplace") in reply.body
    # The file that the case "used" has deleted from the records is still on disk.
    orphans = {WHEEL} if case.key == "used" else set()
    assert upload_client.on_disk(setup.store).keys() == listed | orphans
    assert list(setup.store.temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("setup", "case"),
    [(case, case) for case in CASES],
    indirect=["setup"],
    ids=[f"{number}-{case.key}" for number, case in enumerate(CASES)],
)
def test_pypi_answers_with_its_own_words(case, setup):
    check_answer(case, setup)


def test_every_answer_has_a_case_and_its_words_in_both_languages():
    assert {case.key for case in CASES} == set(MESSAGES)
    for key, message in MESSAGES.items():
        assert set(message) == {"status", "fact", "text", "cause", "fix"}, key
        for part in ("cause", "fix"):
            assert set(message[part]) == {"en", "es"}, key
            assert all(words.endswith(".") and words for words in message[part].values()), key
            assert message[part]["en"] != message[part]["es"], key


def test_every_row_of_the_facts_is_answered_or_cannot_be():
    answered = {message["fact"] for message in MESSAGES.values()} - {None}
    never = {message["fact"] for message in load("index/unreachable_answers")}
    assert answered | never == set(range(1, FACTS + 1))
    assert not answered & never


PAGE = """<html>
 <head>
  <title>{status}</title>
 </head>
 <body>
  <h1>{status}</h1>
  {body}
 </body>
</html>"""


@pytest.mark.parametrize("setup", [CASES[0]], indirect=True)
class TestBodies:
    """The body is what Pyramid makes of the message, in the format that the client asks for."""

    message = "The name 'json' isn't allowed (conflict with Python Standard Library module name)."

    def test_html(self, setup):
        reply = setup.send(name="json", accept="text/html")
        status = reply.status
        escaped = html.escape(status.removeprefix("400 "))
        explanation = responses.EXPLANATIONS[400]
        assert reply.headers["Content-Type"] == "text/html; charset=UTF-8"
        body = f"{explanation}<br/><br/>\n{escaped}\n\n"
        assert reply.body.decode() == PAGE.format(status=status, body=body)

    def test_json(self, setup):
        accept = "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7"  # what uv sends
        reply = setup.send(name="json", accept=accept)
        message = reply.status.removeprefix("400 ")
        assert reply.headers["Content-Type"] == "application/json"
        assert json.loads(reply.body) == {
            "message": f"{responses.EXPLANATIONS[400]}\n\n\n{message}\n\n",
            "code": reply.status,
            "title": "Bad Request",
        }

    def test_plain_text(self, setup):
        reply = setup.send(name="json", accept="image/png")
        assert reply.headers["Content-Type"] == "text/plain; charset=UTF-8"
        assert reply.body.decode().startswith(
            f"{reply.status}\n\n{responses.EXPLANATIONS[400]}\n\n\n"
        )

    def test_success(self, setup):
        reply = setup.send()
        assert reply.body.decode() == PAGE.format(status="200 OK", body="<br/><br/>\n\n\n")

    def test_a_refused_password_has_its_words_in_the_status_only(self, setup):
        reply = setup.send(user="ana", accept="application/json")
        body = json.loads(reply.body)
        assert body["message"] == f"{responses.EXPLANATIONS[403]}\n\n\n\n\n"
        assert body["code"] == reply.status

    def test_markup_in_a_message_stays_text(self, setup):
        assert b"<script>" not in setup.send(name="<script>", accept="text/html").body

    def test_what_is_not_latin_becomes_a_question_mark(self, setup):
        reply = setup.send(name="ñ日", accept="text/html")
        assert reply.status.startswith("400 'ñ?' is an invalid value")
        assert b"&#26085;" in reply.body


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("*/*", "text/html"),
        ("", None),
        ("application/json", "application/json"),
        ("application/*, text/html;q=0.1", "application/json"),
        ("text/html;q=0, */*", "application/json"),
        ("text/plain", None),
        ("text/html;q=x, application/json;q=0.2", "application/json"),
    ],
)
def test_the_accept_header_chooses(accept, wanted):
    assert responses.preferred(accept) == wanted


ORDER = [
    ("protocol", {"protocol_version": "2", "name": None}),
    ("name_missing", {"name": None, "filetype": "x", "version": "x"}),
    ("filetype", {"filetype": "x", "sha256_digest": "x"}),
    ("no_digest", {"sha256_digest": None, "version": "one"}),
    ("version", {"version": "one", "classifiers": "x"}),
    ("classifier", {"classifiers": "x", "summary": "a" * 600}),
    ("summary_long", {"summary": "a" * 600, "filename": None}),
    ("no_file", {"filename": None, "name": "json"}),
    ("name_stdlib", {"name": "json", "filename": "a/b"}),
    ("not_owner", {"name": "already-taken", "description": BROKEN_RST}),
    ("description_default", {"description": BROKEN_RST, "filename": "a/b"}),
    ("filename_path", {"filename": "a/b", "sha256_digest": "0" * 64}),
    ("digest", {"sha256_digest": "0" * 64, "content": b"x"}),
    ("archive", {"content": b"x", "filename": "other-1.0-py3-none-any.whl"}),
    ("platform", {"filename": "demo-1.0-py3-none-x.whl", "license_file": "LICENSE"}),
    (
        "license_file",
        {"content": upload_client.wheel(leave_out=["RECORD"]), "license_file": "LICENSE"},
    ),
    ("wheel_file", {"content": upload_client.wheel(leave_out=["RECORD"]), "attestations": "[]"}),
]


@pytest.mark.parametrize("setup", [CASES[0]], indirect=True)
@pytest.mark.parametrize(("key", "changes"), ORDER, ids=[key for key, _ in ORDER])
def test_of_two_mistakes_the_first_is_named(setup, key, changes):
    reply = setup.send(**changes)
    start = MESSAGES[key]["text"].split("{")[0]
    assert reply.status.startswith(f"{MESSAGES[key]['status']} {start}")
    assert reply.code != 200


@pytest.mark.parametrize("setup", [CASES[0]], indirect=True)
def test_a_refused_upload_leaves_no_trace_of_the_token(setup):
    """As on PyPI, where the whole request is undone."""
    setup.send(sha256_digest="0" * 64)
    assert setup.store.tokens(INDEX)[0].last_used is None
    setup.send()
    assert setup.store.tokens(INDEX)[0].last_used is not None


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", "text/html"),
        ("*/*", "text/html"),
        ("application/vnd.pypi.simple.v1+json", "application/vnd.pypi.simple.v1+json"),
        (  # what pip sends
            "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1,"
            " text/html; q=0.01",
            "application/vnd.pypi.simple.v1+json",
        ),
        ("application/vnd.pypi.simple.v1+html, text/html;q=0.5", simple.HTML_TYPE),
        ("image/png", "text/html"),
    ],
)
def test_an_installer_gets_what_it_likes_best(accept, wanted):
    assert simple.simple_type(accept) == wanted
