"""``pypi-practice token``, ``account`` and ``leak``: what they print, refuse and leave behind."""

from __future__ import annotations

import base64
import doctest
import functools
import io
import json
import os
import pty
import re
import select
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pypitoken
import pytest
from helpers.index import upload_client
from pymacaroons import MACAROON_V1, MACAROON_V2, Macaroon, Verifier
from pypitoken import restrictions

from pypi_practice.cli import account, leak
from pypi_practice.cli.main import main
from pypi_practice.cli.token.output import KEYS, plain
from pypi_practice.core import timestamps
from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store
from pypi_practice.tokens import macaroons

KEY = os.urandom(32)
USER, PROJECT = str(uuid.uuid4()), str(uuid.uuid4())
REAL = {key: INDEXES[key].web.removeprefix("https://") for key in INDEXES}


@dataclass(frozen=True)
class Done:
    """What a command did: its exit code, and what it wrote."""

    code: int
    out: str
    err: str


Run = Callable[..., Done]


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the practice index, for the commands as well."""
    monkeypatch.setenv("PYPI_PRACTICE_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LANGUAGE", "en")
    monkeypatch.delenv("PYPI_PRACTICE", raising=False)
    return tmp_path / "data"


@pytest.fixture
def run(data, capsys, monkeypatch) -> Run:
    """Run a command with *sent* on its standard input."""

    def call(*argv: str, sent: str | bytes = b"") -> Done:
        sent = sent.encode() if isinstance(sent, str) else sent
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sent), encoding="utf-8"))
        capsys.readouterr()
        try:
            code = main(list(argv))
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        written = capsys.readouterr()
        return Done(code, written.out, written.err)

    return call


@pytest.fixture
def application(data) -> Application:
    """The practice index over the same data."""
    return Application(Store(data, Translator("en")), None, Translator("en"))


def new(run: Run, index: str = "testpypi", *options: str) -> str:
    result = run("token", "new", "--index", index, *options)
    assert result.code == 0, result.err
    return result.out.strip()


def raw_token(location: str, *caveats: Sequence[object], identifier: str | None = None) -> str:
    """Return a token as *location* would make it; its key is no index's."""
    macaroon = Macaroon(
        location=location,
        identifier=identifier or str(uuid.uuid4()),
        key=KEY,
        version=MACAROON_V2,
    )
    for caveat in caveats:
        macaroon.add_first_party_caveat(macaroons.serialize(caveat))
    return macaroons.PREFIX + macaroon.serialize()


def own(key: str, language: str = "en", **values: object) -> str:
    return Translator(language, "commands/tokens")(key, **values)


def says(reply: upload_client.Reply, key: str, index: str = "testpypi", **values: object) -> bool:
    message = load("index/uploads")[key]
    text = message["text"].format(help=INDEXES[index].help, **values)
    assert reply.status == f"{message['status']} {text}"
    return True


# new, list and revoke


def test_new_prints_json_with_the_token_once(run):
    result = run("token", "new", "--index", "pypi", "--name", "travis", "--json")
    value = json.loads(result.out)
    assert tuple(value) == KEYS["new"]
    assert (value["index"], value["name"], value["project"]) == ("pypi", "travis", None)
    assert pypitoken.Token.load(value["token"]).identifier == value["id"]


def test_list_prints_json_without_any_secret(run, application):
    assert json.loads(run("token", "list", "--json").out) == []
    token = new(run, "testpypi", "--name", "laptop")
    key = application.store.tokens(INDEXES["testpypi"])[0].key
    upload_client.upload(application, token)
    narrow = new(run, "testpypi", "--name", "ci", "--project", "Demo")
    for language in LANGUAGES:
        result = run("token", "list", "--json", "--lang", language)
        first, second = json.loads(result.out)
        assert tuple(first) == KEYS["list"]
        assert (first["name"], first["project"]) == ("laptop", None)
        assert (second["name"], second["project"], second["last_used"]) == ("ci", "demo", None)
        assert timestamps.parse(first["created"]) <= timestamps.parse(first["last_used"])
        for secret in (token, narrow, token[-20:], key.hex(), base64.b64encode(key).decode()):
            assert secret not in result.out + run("token", "list", "--lang", language).out


def test_a_refused_upload_is_no_use(run, application):
    token = new(run)
    upload_client.upload(application, token, name="json", filename="json-1.0-py3-none-any.whl")
    upload_client.upload(application, token, sha256_digest="0" * 64)
    assert json.loads(run("token", "list", "--json").out)[0]["last_used"] is None
    upload_client.upload(application, token)
    assert json.loads(run("token", "list", "--json").out)[0]["last_used"] is not None


def test_revoke_prints_json(run):
    new(run, "testpypi", "--name", "laptop")
    value = json.loads(run("token", "revoke", "laptop", "--json").out)
    assert tuple(value) == KEYS["revoke"]
    assert value["name"] == "laptop"
    assert json.loads(run("token", "list", "--json").out) == []


@pytest.mark.parametrize(
    ("name", "key"),
    [("", "name_missing"), ("x" * 101, "name_long"), ("a\nb", "name_control")],
)
def test_a_bad_name_is_refused(run, name, key):
    for language in LANGUAGES:
        result = run("token", "new", "--index", "pypi", "--name", name, "--lang", language)
        assert (result.code, result.out) == (2, "")
        assert own(key, language) in result.err
    assert new(run, "pypi", "--name", "x" * 100)


def test_a_project_of_somebody_else_gets_no_token(run, application):
    upload_client.upload(application, new(run))
    with application.store.transaction() as connection:
        connection.execute("INSERT INTO users (id, \"index\", name) VALUES ('x', 'testpypi', 'x')")
        connection.execute("UPDATE projects SET owner = 'x'")
    result = run("token", "new", "--index", "testpypi", "--project", "demo")
    assert result.code == 2
    assert own("unknown_project", name="demo", index="TestPyPI") in result.err


def test_the_keys_are_readable_for_their_owner_alone(run, data, application):
    upload_client.upload(application, new(run))
    files = list(data.glob("index.sqlite3*"))
    assert len(files) > 1  # the journal is there, too
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    (data / "index.sqlite3").chmod(0o644)
    Store(data, Translator("en"))
    assert stat.S_IMODE((data / "index.sqlite3").stat().st_mode) == 0o600


# show


def shown(run: Run, raw: str, *options: str) -> dict[str, Any]:
    result = run("token", "show", "--json", *options, sent=raw)
    assert (result.code, result.err) == (0, "")
    value = json.loads(result.out)
    assert tuple(value) == KEYS["show"]
    assert value["signature"] == "unchecked"
    return value


@pytest.mark.parametrize("index", INDEXES)
def test_show_explains_an_account_token(run, index):
    raw = new(run, index)
    for language in LANGUAGES:
        result = run("token", "show", "--lang", language, sent=f" {raw}\r\n")
        assert result.code == 0
        for key in ("can_everything", "can_only", "show_signature"):
            assert own(key, language) in result.out
        assert own("show_practice", language, name=INDEXES[index].name) in result.out
        assert raw[-30:] not in result.out
    value = shown(run, raw)
    assert (value["index"], value["practice"], value["obstacle"]) == (index, True, None)
    assert value["projects"] is value["project_ids"] is value["expires"] is None
    assert len(value["users"]) == 1


def test_show_explains_a_project_token(run, application):
    upload_client.upload(application, new(run))
    raw = new(run, "testpypi", "--project", "demo")
    project = application.store.project(INDEXES["testpypi"], "demo")
    value = shown(run, raw)
    assert (value["projects"], value["project_ids"]) == (["demo"], [project.id])
    out = run("token", "show", sent=raw).out
    assert own("limit_projects", names="demo") in out
    assert own("limit_project_ids", names=project.id) in out
    assert own("can_projects", names="demo") in out


@pytest.mark.parametrize("index", INDEXES)
def test_show_reads_a_real_token_and_keeps_nothing_of_it(run, data, index):
    raw = raw_token(REAL[index], [3, USER])
    for language in LANGUAGES:
        result = run("token", "show", "--lang", language, sent=raw)
        assert own("show_real", language, name=INDEXES[index].name) in result.out
        assert raw[-40:] not in result.out + result.err
    value = shown(run, raw)
    assert (value["index"], value["practice"]) == (index, False)
    assert not data.exists()  # nothing was even opened


NOW = int(time.time())
YEAR = datetime.now(UTC).year + 2
JANUARY = int(datetime(YEAR, 1, 31, 17, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("caveats", "obstacle", "key"),
    [
        ([[0, NOW - 1, 0]], "expired", "can_expired"),
        ([[0, 2**70, NOW + 50_000]], "not_yet", "can_not_yet"),
        ([[0, NOW + 9000, 0], [0, 2**40, NOW + 10_000]], "no_time", "can_no_time"),
        ([[1, ["a", "b"]], [1, ["c"]]], "no_project", "can_no_project"),
        ([[2, []]], "no_project", "can_no_project"),
        ([[9, 1]], "unreadable", "can_unreadable"),
        ([[1, ["a", "b"]], [1, ["b", "c"]]], None, "can_projects"),
        ([[2, [PROJECT]]], None, "can_project_ids"),
        ([[4, "publisher"], [2, [PROJECT]], [0, NOW + 9000, NOW]], None, "can_publisher"),
        ([{"version": 1, "permissions": "user"}], None, "can_everything"),
        ([{"version": 1, "permissions": {"projects": ["b"]}}], None, "can_projects"),
        ([{"exp": NOW - 1, "nbf": 0}], "expired", "can_expired"),
        ([{"project_ids": [PROJECT]}], None, "can_project_ids"),
        ([], None, "can_everything"),
    ],
)
def test_show_says_what_a_token_can_do(run, caveats, obstacle, key):
    raw = raw_token(REAL["pypi"], *caveats)
    assert shown(run, raw)["obstacle"] == obstacle
    for language in LANGUAGES:
        result = run("token", "show", "--lang", language, sent=raw)
        assert result.code == 0
        sentence = own(key, language, until="{", start="{", names="b")
        assert sentence.split("{")[0] in result.out


def test_show_names_what_pypi_cannot_read(run):
    value = shown(run, raw_token(REAL["pypi"], [9], "x", [1]))
    assert [limit["problem"] for limit in value["limits"]] == [
        "caveat has unknown tag: 9",
        "caveat must be an array",
        "Not enough values",
    ]
    assert {limit["caveat"] for limit in value["limits"]} == {None}


def test_show_obeys_nothing_that_stands_in_a_token(run):
    raw = raw_token("evil\x1b[2J", [1, ["\x1b]0;x\x07", "é\u202e\ud800"]], [3, "a\nb"])
    result = run("token", "show", sent=raw)
    assert result.code == 0
    assert result.out.isascii()
    assert not re.search(r"[^\n -~]", result.out)
    assert shown(run, raw)["index"] is None


def test_show_of_an_identifier_that_no_index_gives(run):
    raw = raw_token(REAL["pypi"], identifier="somebody")
    assert shown(run, raw)["obstacle"] == "no_id"
    assert own("can_no_id") in run("token", "show", sent=raw).out


def changed(raw: str, place: int) -> str:
    return raw[:place] + ("A" if raw[place] != "A" else "B") + raw[place + 1 :]


def test_show_of_a_changed_signature_explains_the_rest(run, application):
    raw = new(run)
    wrong = changed(raw, len(raw) - 20)
    out = run("token", "show", sent=wrong).out
    assert out == run("token", "show", sent=raw).out
    assert own("show_signature") in out
    assert says(upload_client.upload(application, wrong), "token", reason="signatures do not match")


def test_show_takes_every_changed_letter_without_a_traceback(run):
    raw = new(run)
    for place in range(len("pypi-"), len(raw)):
        result = run("token", "show", sent=changed(raw, place))
        assert result.code in (0, 2)
        assert bool(result.out) == (result.code == 0)
        assert raw[-20:] not in result.out + result.err


@pytest.mark.parametrize("location", [INDEXES["testpypi"].practice_location, REAL["testpypi"]])
def test_every_cut_of_a_token_is_told(run, location):
    raw = raw_token(location, [3, USER])
    kind = "the_real" if location == REAL["testpypi"] else "the_practice"
    for language in LANGUAGES:
        where = own(kind, language, name="TestPyPI")
        damaged = own("input_damaged", language, index=where)
        for length in (60, len(raw) // 2, len(raw) - 30, len(raw) - 1):
            for command in (["show"], ["narrow", "--hours", "1"]):
                result = run("token", *command, "--lang", language, sent=raw[:length])
                assert (result.code, result.out) == (2, "")
                assert damaged in result.err
    assert (
        own("input_damaged", index=own("an_unknown"))
        in run("token", "show", sent=raw_token("elsewhere.example", [3, USER])[:-9]).err
    )


def test_a_short_or_long_signature_is_told(run):
    raw = raw_token(REAL["pypi"], [3, USER])
    whole = base64.urlsafe_b64decode(raw[5:] + "=" * (-len(raw[5:]) % 4))
    short = whole[:-33] + bytes([31]) + whole[-32:-1]
    for body in (short, whole + b"more"):
        wrong = macaroons.PREFIX + base64.urlsafe_b64encode(body).decode()
        assert shown(run, wrong)["whole"] is False
        assert own("show_short") in run("token", "show", sent=wrong).out
        result = run("token", "narrow", "--hours", "1", sent=wrong)
        assert (result.code, result.out) == (2, "")
        assert own("show_short") in result.err


# What is no token

BAD = {
    "empty": (b"", "input_empty"),
    "space": (b" \r\n\t", "input_empty"),
    "bom": (b"\xef\xbb\xbf\n", "input_empty"),
    "word": (b"hunter2", "input_no_token"),
    "prefix": (b"pypi-", "input_cut"),
    "short": (b"pypi-AAAA", "input_cut"),
    "cut": (raw_token("x.invalid")[:12], "input_cut"),
    "hex": (b"pypi-" + b"Zm" * 90, "input_no_token"),
    "letters": ("pypi-" + "é" * 40, "input_no_token"),
    "two": (f"{raw_token('x.invalid')}\n{raw_token('y.invalid')}", "input_several"),
    "joined": (raw_token("x.invalid") + raw_token("y.invalid"), "input_several"),
    "quoted": (f'"{raw_token("x.invalid")}"', "input_around"),
    "named": (f"TWINE_PASSWORD={raw_token('x.invalid')}", "input_around"),
    "broken": (raw_token("x.invalid")[:50] + "\n" + raw_token("x.invalid")[50:], "input_around"),
    "huge": (b"pypi-" + b"A" * 100_000, "input_large"),
    "binary": (bytes(range(256)) * 4, "input_binary"),
    "utf-16": (raw_token("x.invalid").encode("utf-16"), "input_binary"),
    "nul": (b"pypi-\0\0", "input_binary"),
}


@pytest.mark.parametrize("command", [["show"], ["show", "--json"], ["narrow", "--hours", "1"]])
@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_token_is_refused_and_never_repeated(run, command, bad):
    sent, key = BAD[bad]
    for language in LANGUAGES:
        result = run("token", *command, "--lang", language, sent=sent)
        assert (result.code, result.out) == (2, "")
        name = "token show" if command[0] == "show" else "token narrow ..."
        limit = 64 * 1024
        assert result.err == f"pypi-practice: {own(key, language, command=name, limit=limit)}\n"


def test_version_1_is_no_token_of_pypi(run, application):
    macaroon = Macaroon(location=REAL["pypi"], identifier=USER, key=KEY, version=MACAROON_V1)
    result = run("token", "show", sent=macaroons.PREFIX + macaroon.serialize())
    assert (result.code, result.out) == (2, "")
    assert own("input_no_token") in result.err


@pytest.mark.parametrize(
    "argv",
    [
        ["token", "show", "{}"],
        ["token", "narrow", "--hours", "1", "{}"],
        ["token", "narrow", "--project", "{}"],
        ["token", "revoke", "'{}'"],
        ["leak", "--url", "https://example.com/{}"],
    ],
)
def test_a_token_in_the_arguments_is_refused_and_not_repeated(run, argv):
    raw = raw_token(REAL["pypi"], [3, USER])
    for language in LANGUAGES:
        result = run(*(part.format(raw) for part in argv), "--lang", language)
        assert result.code == 2
        assert result.err == f"pypi-practice: {own('in_arguments', language)}\n"


def test_a_typed_token_stays_hidden(run):
    raw = new(run)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(sys.executable, [sys.executable, "-m", "pypi_practice", "token", "show"])
    seen, typed = b"", False
    try:
        while select.select([terminal], [], [], 60)[0] and (chunk := os.read(terminal, 1000)):
            seen += chunk
            if not typed and own("ask_token").strip().encode() in seen:
                os.write(terminal, raw.encode() + b"\n")
                typed = True
    except OSError:  # how the end of the program looks on Linux
        pass
    os.close(terminal)  # whoever still waits for input is hung up on
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert own("can_everything").encode() in seen
    assert raw[:30].encode() not in seen


# narrow


def narrow(run: Run, raw: str, *options: str) -> str:
    result = run("token", "narrow", *options, sent=raw)
    assert result.code == 0, result.err
    assert result.out.strip() not in result.err
    assert result.out.count("\n") == 1
    return result.out.strip()


def test_a_narrowed_token_is_read_and_accepted_by_other_code():
    raw = raw_token(REAL["pypi"], [3, USER])
    now = int(time.time())
    child = macaroons.narrow(raw, [[0, now + 60, 0], [1, ["a", "b-c"]]])
    token = pypitoken.Token.load(child)
    assert token.identifier == pypitoken.Token.load(raw).identifier
    assert token.restrictions == [
        restrictions.UserIDRestriction(user_id=USER),
        restrictions.DateRestriction(not_before=0, not_after=now + 60),
        restrictions.ProjectNamesRestriction(project_names=["a", "b-c"]),
    ]
    token.check(key=KEY, project_name="b-c", user_id=USER)
    with pytest.raises(pypitoken.ValidationError):
        token.check(key=KEY, project_name="other", user_id=USER)
    verifier = Verifier()
    verifier.satisfy_general(lambda predicate: True)
    assert verifier.verify(Macaroon.deserialize(child.removeprefix("pypi-")), KEY)


@pytest.mark.parametrize("location", [*REAL.values(), "testpypi.practice.invalid", "own.example"])
def test_narrow_works_offline_on_any_token(run, data, location):
    child = narrow(
        run, raw_token(location, [3, USER]), "--project", "New.Project", "--hours", "0.5"
    )
    token = pypitoken.Token.load(child)
    token.check(key=KEY, project_name="new-project", user_id=USER)
    with pytest.raises(pypitoken.ValidationError):
        token.check(key=KEY, project_name="new-project", user_id=USER, now=int(time.time()) + 1801)
    assert not data.exists()


def test_narrow_prints_json(run):
    options = ["--project", "B_c", "--project", "a", "--project", "b.C"]
    options += ["--until", f"{YEAR}-01-31T18:00+01:00", "--json"]
    result = run("token", "narrow", *options, sent=raw_token(REAL["pypi"]))
    value = json.loads(result.out)
    assert tuple(value) == KEYS["narrow"]
    assert value["added"] == [[0, JANUARY, 0], [1, ["a", "b-c"]]]
    assert (value["projects"], value["expires"]) == (["a", "b-c"], f"{YEAR}-01-31T17:00:00Z")
    assert (value["index"], value["practice"]) == ("pypi", False)
    assert shown(run, value["token"])["projects"] == ["a", "b-c"]


def test_a_time_without_a_zone_is_local(run, monkeypatch):
    try:
        with monkeypatch.context() as zone:
            zone.setenv("TZ", "Etc/GMT-3")
            time.tzset()
            child = narrow(run, raw_token(REAL["pypi"]), "--until", f"{YEAR}-01-31 20:00")
    finally:
        time.tzset()
    assert pypitoken.Token.load(child).restrictions[0].not_after == JANUARY


@pytest.mark.parametrize("language", LANGUAGES)
def test_narrow_tells_the_limits_beside_the_token(run, language):
    result = run(
        "token",
        "narrow",
        "--project",
        "demo",
        "--hours",
        "1",
        "--lang",
        language,
        sent=raw_token(REAL["pypi"]),
    )
    assert own("narrowed_projects", language, names="demo") in result.err
    assert own("narrowed_until", language, until="{").split("{")[0] in result.err
    assert own("narrowed_parent", language) in result.err


def test_narrow_of_a_narrowed_token_only_narrows(run, application):
    first = narrow(run, new(run), "--project", "a", "--project", "b", "--hours", "2")
    second = narrow(run, first, "--project", "b", "--project", "c", "--hours", "1000")
    value = shown(run, second)
    assert value["projects"] == ["b"]
    assert value["expires"] == shown(run, first)["expires"]
    for name, code in (("b", 200), ("c", 403), ("a", 403)):
        content, filename = upload_client.wheel(name), f"{name}-1.0-py3-none-any.whl"
        reply = upload_client.upload(application, second, content, filename, name=name)
        assert reply.code == code


@pytest.mark.parametrize(
    ("parent", "options", "key"),
    [
        ([[1, ["demo"]]], ["--project", "other"], "narrow_useless"),
        ([[0, 2**40, NOW + 9000]], ["--hours", "1"], "narrow_useless"),
        ([[0, NOW - 5, 0]], ["--hours", "1"], "narrow_expired"),
        ([], [], "narrow_nothing"),
        *(
            ([], ["--project", name], "narrow_name")
            for name in ("", "-demo", "demo_", "a b", "é", "demo\n", "../x")
        ),
        *(
            ([], ["--hours", hours], "narrow_hours")
            for hours in ("0", "-1", "nan", "inf", "1e9", "0.001", "an hour", "", "1,5")
        ),
        *(
            ([], ["--until", until], "narrow_until")
            for until in ("", "tomorrow", "2030-13-01", "9999999999-01-01", "2030-01-31T25:00")
        ),
        *(
            ([], ["--until", until], "narrow_past")
            for until in ("2001-01-01", "9999-06-01T23:59:59", "0999-01-01", "2500-01-01")
        ),
    ],
)
def test_what_narrow_cannot_make_is_refused(run, parent, options, key):
    value = plain(options[-1]) if options else ""
    for language in LANGUAGES:
        equal = [f"{options[0]}={options[1]}"] if options else []
        result = run(
            "token", "narrow", *equal, "--lang", language, sent=raw_token(REAL["pypi"], *parent)
        )
        assert (result.code, result.out) == (2, "")
        sentence = own(key, language, name=value, value=value, until="{")
        assert sentence.split("{")[0] in result.err


def test_hours_and_until_exclude_each_other(run):
    result = run("token", "narrow", "--hours", "1", "--until", "2030-01-01", "--lang", "es")
    assert result.code == 2
    assert "no se puede usar junto con" in result.err


def test_a_narrowed_token_ends_with_pypis_text(run, application, monkeypatch):
    token = narrow(run, new(run), "--hours", "1")
    assert upload_client.upload(application, token).code == 200
    later = time.time() + 3601
    monkeypatch.setattr(time, "time", lambda: later)
    reply = upload_client.upload(
        application,
        token,
        upload_client.wheel(version="2.0"),
        "demo-2.0-py3-none-any.whl",
        version="2.0",
    )
    assert says(reply, "token", reason="token is expired")


def test_a_token_for_a_project_that_does_not_exist_yet_begins_it(run, application):
    token = narrow(run, new(run), "--project", "Demo")
    other = upload_client.upload(application, token, name="o", filename="o-1.0-py3-none-any.whl")
    assert says(other, "token", reason="project-scoped token is not valid for project: 'o'")
    assert upload_client.upload(application, token).code == 200


def test_revoking_the_parent_kills_the_child(run, application):
    parent = new(run, "testpypi", "--name", "laptop")
    child = narrow(run, parent, "--project", "demo")
    grandchild = narrow(run, child, "--hours", "1")
    assert upload_client.upload(application, grandchild).code == 200
    run("token", "revoke", "laptop")
    for raw in (parent, child, grandchild):
        assert says(upload_client.upload(application, raw), "no_identity")


def test_a_token_of_one_index_is_unknown_to_the_other(run, application):
    for index, other in (("pypi", "testpypi"), ("testpypi", "pypi")):
        token = narrow(run, new(run, index), "--project", "demo")
        assert says(upload_client.upload(application, token, index=other), "no_identity", other)
        assert upload_client.upload(application, token, index=index).code == 200
    ids = {application.store.user(index).id for index in INDEXES.values()}
    assert len(ids) == 2


# account


def test_account_shows_and_changes_the_states_of_one_index(run):
    result = run("account", "--index", "pypi", "--json")
    good = {"index": "pypi", "user": "learner", "email": "verified", "two_factor": "on"}
    assert json.loads(result.out) == good
    assert tuple(good) == account.KEYS
    run("account", "--index", "pypi", "--email", "unverified")
    result = run("account", "--index", "pypi", "--two-factor", "off", "--json")
    assert json.loads(result.out) == good | {"email": "unverified", "two_factor": "off"}
    assert json.loads(run("account", "--index", "testpypi", "--json").out)["email"] == "verified"
    run("account", "--index", "pypi", "--email", "verified", "--two-factor", "on")
    assert json.loads(run("account", "--index", "pypi", "--json").out) == good


@pytest.mark.parametrize(
    ("options", "key"),
    [
        (["--email", "unverified"], "email"),
        (["--two-factor", "off"], "two_factor"),
        (["--email", "unverified", "--two-factor", "off"], "email"),
    ],
)
@pytest.mark.parametrize("has_project", [False, True], ids=["new project", "own project"])
def test_in_these_states_uploads_are_refused_in_pypis_words(
    run, application, options, key, has_project
):
    token = new(run)
    if has_project:
        assert upload_client.upload(application, token).code == 200
    for language in LANGUAGES:
        result = run("account", "--index", "testpypi", *options, "--lang", language)
        text = load("index/uploads")[key]["text"].format(
            user="learner", help=INDEXES["testpypi"].help
        )
        assert own("account_refused", language) in result.out
        assert f"403 {text}" in result.out
    send = functools.partial(
        upload_client.upload,
        application,
        token,
        content=upload_client.sdist(),
        filename="demo-1.0.tar.gz",
        filetype="sdist",
        pyversion="source",
    )
    assert says(send(), key, user="learner")
    result = run("account", "--index", "testpypi", "--email", "verified", "--two-factor", "on")
    assert own("account_refused") not in result.out
    assert send().code == 200


def test_a_wrong_project_is_told_before_the_state_of_the_account(run, application):
    token = new(run)
    upload_client.upload(application, token)
    run("account", "--index", "testpypi", "--email", "unverified")
    child = narrow(run, token, "--project", "other")
    reason = "project-scoped token is not valid for project: 'demo'"
    assert says(upload_client.upload(application, child), "token", reason=reason)


@pytest.mark.parametrize(
    ("options", "key"),
    [(["--email", "unverified"], "new_email"), (["--two-factor", "off"], "new_two_factor")],
)
def test_in_these_states_no_token_is_made(run, options, key):
    run("account", "--index", "pypi", *options)
    for language in LANGUAGES:
        result = run("token", "new", "--index", "pypi", "--lang", language)
        assert (result.code, result.out) == (2, "")
        assert own(key, language, index="pypi", name="PyPI") in result.err
    assert new(run, "testpypi")


# leak


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_leaked_token_is_deleted_and_refused_from_then_on(run, application, language):
    token = new(run, "testpypi", "--name", "laptop")
    child = narrow(run, token, "--project", "demo")
    assert upload_client.upload(application, child).code == 200
    log = f'$ env\nTWINE_PASSWORD={child}\ntoken: "{token}"\n'.encode() + bytes(range(256))
    result = run("leak", "--lang", language, sent=log)
    assert (result.code, result.err) == (0, "")
    subject = load("index/mails")["subject"].format(site="TestPyPI")
    assert subject.startswith("[TestPyPI] Your API credentials from TestPyPI were found")
    assert subject in result.out
    assert 'associated with your account "learner"' in result.out
    assert "Token name: laptop" in result.out
    assert "Token scope: entire account" in result.out
    assert own("leak_unknown", language, count=1) in result.out
    message = load("index/uploads")["no_identity"]["text"].format(help=INDEXES["testpypi"].help)
    assert f"403 {message}" in result.out
    assert "pypi-Ag" not in result.out
    for raw in (child, token):
        assert says(upload_client.upload(application, raw), "no_identity")
    again = run("leak", "--lang", language, sent=log)
    assert again.code == 1
    assert own("leak_unknown", language, count=2) in again.out


def test_the_signature_of_a_leaked_token_does_not_matter(run, application):
    token = new(run)
    assert run("leak", sent=changed(token, len(token) - 20)).code == 0
    assert says(upload_client.upload(application, token), "no_identity")


def test_leak_prints_json(run, application):
    upload_client.upload(application, new(run))
    token = new(run, "testpypi", "--name", "ci", "--project", "demo")
    url = "https://example.com/log?a=1"
    real = raw_token(REAL["pypi"], [3, USER])
    result = run("leak", "--json", "--origin", "Deps.dev", "--url", url, sent=f"{token} {real}")
    value = json.loads(result.out)
    assert tuple(value) == leak.KEYS
    (revocation,) = value["revoked"]
    assert (revocation["name"], revocation["project"]) == ("ci", "demo")
    assert url in revocation["mail"]["body"]
    assert "Our partner Deps.dev" in revocation["mail"]["body"]
    assert "Token scope: Project demo" in revocation["event"]
    assert revocation["answer"].startswith("403 Invalid or non-existent")
    assert (value["unknown"], value["real"]) == (0, 1)
    assert "pypi-Ag" not in result.out
    left = json.loads(run("token", "list", "--json").out)
    assert [token["name"] for token in left] == ["practice-1"]


def test_a_real_token_is_told_to_nobody(run, data):
    raw = raw_token(REAL["pypi"], [3, USER])
    for language in LANGUAGES:
        result = run("leak", "--lang", language, sent=raw)
        assert result.code == 1
        assert own("leak_real", language, count=1, addresses="{").split("{")[0] in result.out
        assert raw[-30:] not in result.out + result.err
    for file in data.rglob("*"):
        assert not file.is_file() or raw.encode() not in file.read_bytes()


@pytest.mark.parametrize(
    ("sent", "options", "key"),
    [
        (b"", [], "input_empty"),
        (b" \n", [], "input_empty"),
        (b"nothing here, pypi-practice either", [], "leak_no_token"),
        (b"pypi-" + b"A" * 84, [], "leak_no_token"),
        (bytes(range(256)), [], "leak_no_token"),
        (b"x" * (16 * 1024 * 1024 + 1), [], "text_large"),
        (b"x", ["--url", "not a page"], "leak_url"),
        (b"x", ["--url", "https://example.com/\x1b[2J"], "leak_url"),
        (b"x", ["--url", "https://example.com/" + "x" * 2000], "leak_url"),
    ],
)
def test_bad_input_of_the_drill_is_refused(run, sent, options, key):
    limit = 16 * 1024 * 1024
    for language in LANGUAGES:
        result = run("leak", *options, "--lang", language, sent=sent)
        assert (result.code, result.out) == (2, "")
        value = plain(options[1]) if options else ""
        assert own(key, language, command="leak", limit=limit, value=value) in result.err


# Everything


def test_tokens_are_in_no_log_and_not_on_disk(run, application, data, caplog):
    caplog.set_level("DEBUG")
    token = new(run)
    child = narrow(run, token, "--hours", "1")
    run("token", "show", sent=child)
    upload_client.upload(application, child)
    upload_client.upload(application, child, sha256_digest="0" * 64)
    run("leak", sent=token)
    for raw in (token, child):
        assert raw not in caplog.text
        for file in data.rglob("*"):
            assert not file.is_file() or raw.encode() not in file.read_bytes()


@pytest.mark.parametrize("name", KEYS)
def test_only_what_touches_data_takes_a_folder_for_it(run, name):
    assert ("--data" in run("token", name, "--help").out) == (name not in ("show", "narrow"))


@pytest.mark.parametrize("module", [timestamps, leak])
def test_the_examples_of_the_docstrings_hold(module):
    result = doctest.testmod(module)
    assert result.attempted
    assert not result.failed


def test_the_commands_work_from_a_shell(run):
    token = new(run)
    environ = dict(os.environ)
    line = f'"{sys.executable}" -m pypi_practice'
    result = subprocess.run(
        f'printf %s "$T" | {line} token narrow --project demo 2>/dev/null | {line} token show',
        shell=True,
        env=environ | {"T": token},
        capture_output=True,
        text=True,
        check=True,
    )
    assert own("can_projects", names="demo") in result.stdout
