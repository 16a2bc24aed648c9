"""Every answer of data/uploads.yml, word for word, in the status line and in the body."""

from __future__ import annotations

import html
import json
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import client
import pytest
from client import Reply

from pypi_practice import answers, tokens
from pypi_practice.facts import INDEXES, load
from pypi_practice.index import Application
from pypi_practice.limits import PYPI, Limits
from pypi_practice.store import Store
from pypi_practice.words import Words

INDEX = INDEXES["testpypi"]
MESSAGES = load("uploads")
WHEEL = "demo-1.0-py3-none-any.whl"
SDIST = {"filetype": "sdist", "pyversion": "source"}
FACTS = 49  # rows of the table of messages
BROKEN_RST = "Title\n=====\n\n.. nothing::\n"


class World:
    """A practice index, a token of its learner, and an upload that would be taken as it is."""

    def __init__(self, directory: Path, limits: Limits = PYPI) -> None:
        self.store = Store(directory, Words("en"))
        self.application = Application(self.store, None, Words("en"), limits)
        self.token = self.new_token()

    def new_token(self, project: str | None = None) -> str:
        target = self.store.project(INDEX, project) if project else None
        return self.store.new_token(self.store.user(INDEX), uuid.uuid4().hex, target)[1]

    def send(
        self, content: bytes | None = None, filename: str | None = WHEEL, **more: Any
    ) -> Reply:
        token = more.pop("token", self.token)
        return client.upload(self.application, token, content, filename, **more)

    def narrowed(self, caveat: bytes | list[Any]) -> str:
        """Return the token with one more caveat."""
        macaroon = tokens.read(self.token)
        assert macaroon is not None
        macaroon.add_first_party_caveat(
            caveat.decode() if isinstance(caveat, bytes) else tokens.serialize(caveat)
        )
        return tokens.PREFIX + macaroon.serialize()

    def write(self, statement: str, *values: object) -> None:
        """Change the database under the index."""
        with self.store.transaction() as connection:
            connection.execute(statement, values)

    def after(self, *first: dict[str, Any], **then: Any) -> Reply:
        """Send the uploads *first*, which must be taken, and then the one that is looked at."""
        for one in first:
            assert self.send(**one).code == 200
        return self.send(**then)


def post(world: World, url: str, *, tuple_of: str = "") -> Reply:
    """Post a good upload to *url*; the field *tuple_of* comes with a file name."""
    content = client.wheel()
    body = client.form(client.fields(content), WHEEL, content)
    if tuple_of:
        old = f'name="{tuple_of}"'.encode()
        body = body.replace(old, old + b'; filename="x.txt"')
    headers = {
        "Content-Type": f"multipart/form-data; boundary={client.BOUNDARY}",
        "Authorization": client.basic("__token__", world.token),
        "Accept": "*/*",
    }
    return client.call(world.application, "POST", url, body, headers)


def changed(token: str) -> str:
    """Return *token* with another letter in its signature."""
    place = len(token) - 20
    return token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]


def conflict(world: World) -> Reply:
    """Let somebody else create the project while an upload is being looked at."""
    add = world.store.add_file

    def add_late(*arguments: Any, **more: Any) -> None:
        world.write('INSERT INTO users (id, "index", name) VALUES (?, ?, ?)', "x", INDEX.key, "x")
        world.write(
            "INSERT INTO projects VALUES (?, ?, ?, ?, ?)", "p", INDEX.key, "demo", "demo", "x"
        )
        add(*arguments, **more)

    world.store.add_file = add_late  # type: ignore[method-assign]
    return world.send()


def deleted(world: World) -> Reply:
    assert world.send().code == 200
    world.write("DELETE FROM files")
    return world.send(client.wheel(more={"new.py": ""}))


def old(world: World) -> Reply:
    assert world.send().code == 200
    world.write("UPDATE releases SET created = ?", time.time() - 15 * 24 * 3600)
    return world.send(client.sdist(), "demo-1.0.tar.gz", **SDIST)


def scoped(world: World) -> Reply:
    assert world.send().code == 200
    more = {"name": "other", "filename": "other-1.0-py3-none-any.whl"}
    return world.send(token=world.new_token("demo"), **more)


def unready(column: str) -> Callable[[World], Reply]:
    def send(world: World) -> Reply:
        world.write(f"UPDATE users SET {column} = 0")
        return world.send()

    return send


@dataclass(frozen=True)
class Case:
    """An upload, and what fills in the message that answers it."""

    key: str
    send: Callable[[World], Reply]
    values: dict[str, object]
    limits: Limits = PYPI


def case(key: str, send: Callable[[World], Reply], limits: Limits = PYPI, **values: object) -> Case:
    return Case(key, send, values, limits)


def sent(key: str, changes: dict[str, Any], **values: object) -> Case:
    """Return the case of an upload that differs from a good one by *changes*."""
    return Case(key, lambda world: world.send(**changes), values)


def blake2(content: bytes) -> str:
    import hashlib  # noqa: PLC0415 - only here

    return hashlib.blake2b(content, digest_size=32).hexdigest()


OTHER = client.wheel(more={"other.py": ""})
LONG = f"demo-1.0-1{'a' * 230}-py3-none-any.whl"
ZIP_NOT_ACCEPTED = (
    "ZIP archive not accepted: {}. See https://docs.pypi.org/archives for more information"
)
PROJECT_REASON = "project-scoped token is not valid for project: 'other'"
PYARMOR = (
    "PyArmor-encrypted content is not allowed."
    " See https://pypi.org/policy/acceptable-use-policy/ for more information."
)
NEW = "Development Status :: 1 - Planning"
OLD = "Natural Language :: Ukranian"

CASES = [
    case("nowhere", lambda world: post(world, "https://pypi.org/legacy/")),
    sent("method", {":action": None}),
    case("slash", lambda world: post(world, "https://test.pypi.org/legacy")),
    sent("submit", {":action": "submit"}),
    sent("submit", {":action": "submit_pkg_info"}),
    sent("doc_upload", {":action": "doc_upload"}),
    case("tuple", lambda world: post(world, INDEX.upload, tuple_of="name"), field="name"),
    sent("password", {"user": "your-name"}),
    sent("password", {"user": "@token"}),
    sent("no_identity", {"token": None}),
    sent("no_identity", {"token": "pypi-AAAA"}),
    sent("protocol", {"protocol_version": "2"}),
    sent("name_missing", {"name": None}),
    sent("name_missing", {"name": "UNKNOWN"}),
    sent("name_invalid", {"name": "-demo"}, name="-demo"),
    sent("name_invalid", {"name": "demo "}, name="demo "),
    sent("name_invalid", {"name": f"{'é' * 61}"}, name=f"{'é' * 30}...{'é' * 30}"),
    sent("filetype", {"filetype": "bdist_egg"}, reason="Use a known file type."),
    sent("filetype", {"filetype": None}, reason="This field is required."),
    sent("digest_form", {"sha256_digest": "abc"}, field="sha256_digest",
         reason="Use a valid, hex-encoded, SHA256 message digest."),
    sent("digest_form", {"blake2_256_digest": "abc", "filetype": "x"}, field="blake2_256_digest",
         reason="Use a valid, hex-encoded, BLAKE2 message digest."),
    sent("pyversion", {"pyversion": None},
         reason="Python version is required for binary distribution uploads."),
    sent("pyversion", {"filetype": "sdist"},
         reason="Use 'source' as Python version for an sdist."),
    sent("no_digest", {"sha256_digest": None}),
    sent("metadata_version", {"metadata_version": "9.9"}, version="9.9"),
    sent("version", {"version": "one"}, version="one"),
    sent("version", {"version": "1" * 5000}, version="1" * 5000),
    sent("local_version", {"version": "1.0+g123"}, version="1.0+g123"),
    sent("classifier", {"classifiers": ["Private :: Do Not Upload", NEW]},
         classifier="Private :: Do Not Upload"),
    sent("classifier_deprecated", {"classifiers": OLD}, classifier=OLD,
         advice="use one of ['Natural Language :: Ukrainian'] instead"),
    sent("direct_dependency", {"requires_dist": "other @ https://example.org/other.whl"},
         requirement="other @ https://example.org/other.whl"),
    sent("license_both", {"license": "MIT", "license_expression": "MIT"}),
    sent("summary_long", {"summary": "a" * 513}, limit=512),
    sent("email_address", {"author_email": "Ana <ana@example>"}, address="ana@example",
         reason="The part after the @-sign is not valid. It should have a period."),
    sent("url", {"home_page": "example.org"}, url="example.org"),
    sent("url", {"project_urls": "Home, ftp://example.org"}, url="ftp://example.org"),
    sent("project_url", {"project_urls": "https://example.org"}, reason="Must have a URL"),
    sent("project_url", {"project_urls": ", https://example.org"}, reason="Must have a label"),
    sent("project_url", {"project_urls": f"{'a' * 33}, https://example.org"},
         reason=f"'{'a' * 33}' must be 32 characters or less"),
    sent("dynamic", {"dynamic": "dynamic"}, field="dynamic"),
    sent("metadata", {"dynamic": "nothing"}, reason="'nothing' is not a valid dynamic field."),
    sent("field_repeated", {"summary": ["one", "two"]}, field="summary"),
    sent("field_repeated", {"project_urls": ["A, https://a.org", "A, https://b.org"]},
         field="project_urls"),
    sent("metadata", {"requires_python": "three"},
         reason="'three' is invalid for 'requires-python'."),
    sent("metadata", {"requires_dist": "a; " + "(" * 5000}, reason="A field has invalid data."),
    sent("no_file", {"filename": None}),
    case("email", unready("email_verified"), user="learner"),
    case("two_factor", unready("two_factor"), user="learner"),
    case("too_many", lambda world: world.after(
        {}, name="other", filename="other-1.0-py3-none-any.whl"), Limits(new_projects=1)),
    sent("name_stdlib", {"name": "Json"}, name="Json"),
    sent("name_stdlib", {"name": "distutils"}, name="distutils"),
    case("name_conflict", conflict, name="demo"),
    sent("name_prohibited", {"name": "Requirements.TXT"}, name="Requirements.TXT"),
    sent("name_similar", {"name": "a1ready-taken"}, name="a1ready-taken"),
    case("name_similar", lambda world: world.after({}, name="dem-0"), name="dem-0"),
    case("token_scope", scoped, reason=", ".join([PROJECT_REASON] * 4)),
    case("token_expired", lambda world: world.send(token=world.narrowed([0, 10, 0])),
         reason="token is expired"),
    case("token_signature", lambda world: world.send(token=changed(world.token)),
         reason="signatures do not match"),
    case("token_unknown", lambda world: world.send(token=world.narrowed(b"{")),
         reason="unknown error"),
    case("token", lambda world: world.send(token=world.narrowed([9])),
         reason="caveat has unknown tag: 9"),
    sent("not_owner", {"name": "Already_Taken"}, user="learner", project="already-taken"),
    sent("description", {"description": BROKEN_RST, "description_content_type": "text/x-rst"},
         content_type="text/x-rst"),
    sent("description_default", {"description": BROKEN_RST}),
    sent("filename_characters", {"filename": "demo\x7f.whl"}),
    sent("filename_path", {"filename": "a/demo.whl"}),
    sent("extension_wrong", {"filename": "demo-1.0.tar.gz"}, extension=".tar.gz",
         filetype="bdist_wheel"),
    sent("extension", {"filename": "demo-1.0.egg"}),
    sent("image", {"content_type": "image/png"}),
    case("too_large", lambda world: world.send(), Limits(file=10), project="demo", limit=0),
    case("project_too_large", lambda world: world.after(
        {}, version="2.0", content=client.wheel(version="2.0"),
        filename="demo-2.0-py3-none-any.whl"),
        Limits(project=len(client.wheel()) + 10), project="demo", limit=0),
    sent("digest", {"sha256_digest": "0" * 64}),
    sent("digest", {"sha256_digest": None, "md5_digest": "no"}),
    case("same", lambda world: world.after({})),
    case("exists", lambda world: world.after({}, content=OTHER), filename=WHEEL,
         blake2=blake2(OTHER)),
    case("exists", lambda world: world.after({}, filename="demo-2.0-py3-none-any.whl"),
         filename="demo-2.0-py3-none-any.whl", blake2=blake2(client.wheel())),
    case("used", deleted),
    case("closed", old),
    case("second_sdist", lambda world: world.after(
        {"content": client.sdist(), "filename": "demo-1.0.tar.gz", **SDIST},
        content=client.sdist(version="1.0.0"), filename="demo-1.0.0.tar.gz", version="1.0.0",
        **SDIST)),
    sent("archive", {"content": b"not a wheel"}, reason="File is not a zipfile"),
    sent("archive", {"content": b"x", "filename": "demo-1.0.tar.gz", **SDIST},
         reason="File is not a tarfile"),
    sent("archive", {"content": client.wheel(leave_out=["WHEEL"])},
         reason="WHEEL not found at demo-1.0.dist-info/WHEEL"),
    sent("archive", {"content": client.wheel() + b"x"},
         reason=ZIP_NOT_ACCEPTED.format("Trailing data")),
    sent("archive", {"content": client.wheel(more={"a.py": "__pyarmor_enter__"})}, reason=PYARMOR),
    sent("sdist_filename", {"content": client.sdist(), "filename": "demo.tar.gz", **SDIST},
         filename="demo.tar.gz"),
    sent("sdist_start", {"content": client.sdist(), "filename": "other-1.0.tar.gz", **SDIST},
         project="demo", start="demo"),
    sent("sdist_normal", {"content": client.sdist(), "filename": "Demo-1.0.tar.gz", **SDIST},
         filename="Demo-1.0.tar.gz", expected="demo-1.0.tar.gz"),
    sent("sdist_normal", {"content": client.sdist(), "filename": "demo-1.0-1.tar.gz",
                          "version": "1.0-1", **SDIST},
         filename="demo-1.0-1.tar.gz", expected="demo-1.0.post1.tar.gz"),
    sent("wheel_filename", {"filename": "demo-1.0-py3-none.whl"},
         reason="Invalid wheel filename (wrong number of parts): 'demo-1.0-py3-none'"),
    sent("platform", {"filename": "demo-1.0-py3-none-linux_x86_64.whl"},
         filename="demo-1.0-py3-none-linux_x86_64.whl", platform="linux_x86_64"),
    sent("wheel_start", {"content": client.wheel("other"),
                         "filename": "other-1.0-py3-none-any.whl"}, project="demo", start="demo"),
    sent("wheel_name", {"content": client.wheel("Demo"), "filename": "Demo-1.0-py3-none-any.whl"},
         filename="Demo-1.0-py3-none-any.whl", start="demo", found="Demo"),
    sent("wheel_version", {"version": "2.0"}, expected="2.0", version="1.0"),
    sent("license_file", {"license_files": "x", "license_file": "LICENSE"}, name="LICENSE",
         filename=WHEEL, path="demo-1.0.dist-info/licenses/LICENSE"),
    sent("license_file", {"content": client.sdist(), "filename": "demo-1.0.tar.gz",
                          "license_file": "LICENSE", **SDIST},
         name="LICENSE", filename="demo-1.0.tar.gz", path="demo-1.0/LICENSE"),
    sent("wheel_file", {"content": client.wheel(leave_out=["RECORD"])}, filename=WHEEL,
         kind="RECORD", path="demo-1.0.dist-info/RECORD"),
    sent("wheel_file", {"content": client.wheel(leave_out=["METADATA"])}, filename=WHEEL,
         kind="METADATA", path="demo-1.0.dist-info/METADATA"),
    sent("entry_points", {"content": client.wheel(more={
        "{info}/entry_points.txt": "[console_scripts]\n../run = demo:main\n"})}, filename=WHEEL),
    sent("filename_long", {"filename": LONG}, filename=LONG),
    sent("attestations", {"attestations": ""}),
]  # fmt: skip


def text(one: Case) -> str:
    """Return the message of *one*, filled in."""
    return MESSAGES[one.key]["text"].format(help=INDEX.help, **one.values)


@pytest.fixture
def world(tmp_path: Path, request: pytest.FixtureRequest) -> World:
    """A world of its own for each case."""
    return World(tmp_path / "data", request.param.limits)


def answered(one: Case, world: World) -> None:
    """Check that the reply to *one* is its message, and that nothing half done is left."""
    reply = one.send(world)
    listed = {
        file.filename
        for project in world.store.projects(INDEX)
        for file in world.store.files(project)
    }
    message = text(one)
    assert reply.status == answers.status_line(MESSAGES[one.key]["status"], message)
    if one.key not in ("password", "same", "method", "nowhere", "slash"):
        assert html.escape(message).encode("ascii", "xmlcharrefreplace") in reply.body
    # The file that the case "used" has deleted from the records is still on disk.
    orphans = {WHEEL} if one.key == "used" else set()
    assert client.on_disk(world.store).keys() == listed | orphans
    assert list(world.store.temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("world", "one"),
    [(one, one) for one in CASES],
    indirect=["world"],
    ids=[f"{number}-{one.key}" for number, one in enumerate(CASES)],
)
def test_pypi_answers_with_its_own_words(one, world):
    answered(one, world)


def test_every_answer_has_a_case_and_its_words_in_both_languages():
    assert {one.key for one in CASES} == set(MESSAGES)
    for key, message in MESSAGES.items():
        assert set(message) == {"status", "fact", "text", "cause", "fix"}, key
        for part in ("cause", "fix"):
            assert set(message[part]) == {"en", "es"}, key
            assert all(words.endswith(".") and words for words in message[part].values()), key
            assert message[part]["en"] != message[part]["es"], key


def test_every_row_of_the_facts_is_answered_or_cannot_be():
    answered = {message["fact"] for message in MESSAGES.values()} - {None}
    never = {message["fact"] for message in load("never")}
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


@pytest.mark.parametrize("world", [CASES[0]], indirect=True)
class TestBodies:
    """The body is what Pyramid makes of the message, in the format that the client asks for."""

    message = "The name 'json' isn't allowed (conflict with Python Standard Library module name)."

    def test_html(self, world):
        reply = world.send(name="json", accept="text/html")
        status = reply.status
        escaped = html.escape(status.removeprefix("400 "))
        explanation = answers.EXPLANATIONS[400]
        assert reply.headers["Content-Type"] == "text/html; charset=UTF-8"
        body = f"{explanation}<br/><br/>\n{escaped}\n\n"
        assert reply.body.decode() == PAGE.format(status=status, body=body)

    def test_json(self, world):
        accept = "application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7"  # what uv sends
        reply = world.send(name="json", accept=accept)
        message = reply.status.removeprefix("400 ")
        assert reply.headers["Content-Type"] == "application/json"
        assert json.loads(reply.body) == {
            "message": f"{answers.EXPLANATIONS[400]}\n\n\n{message}\n\n",
            "code": reply.status,
            "title": "Bad Request",
        }

    def test_plain_text(self, world):
        reply = world.send(name="json", accept="image/png")
        assert reply.headers["Content-Type"] == "text/plain; charset=UTF-8"
        assert reply.body.decode().startswith(
            f"{reply.status}\n\n{answers.EXPLANATIONS[400]}\n\n\n"
        )

    def test_success(self, world):
        reply = world.send()
        assert reply.body.decode() == PAGE.format(status="200 OK", body="<br/><br/>\n\n\n")

    def test_a_refused_password_has_its_words_in_the_status_only(self, world):
        reply = world.send(user="ana", accept="application/json")
        body = json.loads(reply.body)
        assert body["message"] == f"{answers.EXPLANATIONS[403]}\n\n\n\n\n"
        assert body["code"] == reply.status

    def test_markup_in_a_message_stays_text(self, world):
        assert b"<script>" not in world.send(name="<script>", accept="text/html").body

    def test_what_is_not_latin_becomes_a_question_mark(self, world):
        reply = world.send(name="ñ日", accept="text/html")
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
    assert answers.preferred(accept) == wanted


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
    ("license_file", {"content": client.wheel(leave_out=["RECORD"]), "license_file": "LICENSE"}),
    ("wheel_file", {"content": client.wheel(leave_out=["RECORD"]), "attestations": "[]"}),
]


@pytest.mark.parametrize("world", [CASES[0]], indirect=True)
@pytest.mark.parametrize(("key", "changes"), ORDER, ids=[key for key, _ in ORDER])
def test_of_two_mistakes_the_first_is_named(world, key, changes):
    reply = world.send(**changes)
    start = MESSAGES[key]["text"].split("{")[0]
    assert reply.status.startswith(f"{MESSAGES[key]['status']} {start}")
    assert reply.code != 200


@pytest.mark.parametrize("world", [CASES[0]], indirect=True)
def test_a_refused_upload_leaves_no_trace_of_the_token(world):
    """As on PyPI, where the whole request is undone."""
    world.send(sha256_digest="0" * 64)
    assert world.store.tokens(INDEX)[0].last_used is None
    world.send()
    assert world.store.tokens(INDEX)[0].last_used is not None
