"""The web pages: what they show and change, in both languages, and what cannot get in."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from helpers import markup
from helpers.index import upload_client
from helpers.index.web_client import BASE, HOST, Visitor, new_application, publish, real_wheel
from helpers.markup import attribute, element

from pypi_practice import testing
from pypi_practice.core.data import load
from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import LANGUAGES, Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.app import Application
from pypi_practice.index.browser_app import Web, WebServer
from pypi_practice.index.routes import is_tricky
from pypi_practice.index.storage import queries
from pypi_practice.index.storage.store import Store
from pypi_practice.index.upstream import Upstream
from pypi_practice.index.views import readme
from pypi_practice.index.views.pages import safe_link
from pypi_practice.index.views.simple import JSON_TYPE, Cache

TEST = INDEXES["testpypi"]
REAL = "https://test.pypi.org"
PAGES = [
    "/",
    "/project/demo/",
    "/project/demo/1.0/",
    "/user/learner/",
    "/manage/account/",
    "/manage/account/token/",
    "/manage/projects/",
    "/manage/project/demo/releases/",
    "/manage/project/demo/settings/",
    "/manage/project/demo/release/1.0/",
    "/manage/project/demo/release/1.0/yank/",
    "/manage/project/demo/release/1.0/delete/",
    "/manage/project/demo/delete_project/",
    "/nothing/",
    "/manage/project/demo/release/1.0/file/demo-1.0-py3-none-any.whl/delete/",
]


def yank(store: Store, version: str, reason: str = "") -> None:
    """Yank a release of demo on TestPyPI."""
    project = store.project(TEST, "demo")
    assert project is not None
    release = queries.release(store, project, version)
    assert release is not None
    queries.yank(store, project, release, reason)


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """A practice index of its own."""
    return new_application(tmp_path)


@pytest.fixture
def visitor(application: Application) -> Visitor:
    """A browser that looks at TestPyPI, where demo 1.0 has been uploaded."""
    publish(
        application,
        summary="A <b>demo</b>",
        description="# Hello",
        keywords="one,two",
        description_content_type="text/markdown",
        requires_python=">=3.9",
    )
    return Visitor(application)


def sentence(key: str, language: str = "en", /, **values: object) -> str:
    """Return a sentence of the pages."""
    return Translator(language, "index/web_pages")(key, **values)


def text(reply: upload_client.Reply) -> str:
    """Return what a reader sees of a page."""
    return " ".join(BeautifulSoup(reply.body, "html.parser").get_text(" ").split())


def simple(
    application: Application, name: str = "demo", accept: str = JSON_TYPE
) -> upload_client.Reply:
    """Return the simple page of a project on TestPyPI."""
    url = f"{REAL}/simple/{name}/"
    return upload_client.call(application, "GET", url, headers={"Accept": accept})


# What every page has


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("path", PAGES)
def test_every_page_says_what_it_is_and_is_closed_to_others(visitor, path, language):
    reply = visitor.get(path, Accept_Language=language)
    page = BeautifulSoup(reply.body, "html.parser")
    assert reply.code == (404 if path == "/nothing/" else 200)
    assert attribute(element(page, "html"), "lang") == language
    assert sentence("notice", language, index="TestPyPI") in markup.text(page, ".notice")
    assert not page.select("script, [onclick], [style], iframe")
    assert len(page.select("main > h1")) == 1
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script-src" not in policy
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Cache-Control"] == "no-store"
    session = next(line for line in reply.cookies if line.startswith("practice_session="))
    assert "HttpOnly" in session
    assert "SameSite=Strict" in session
    for link in page.select("[href]"):
        assert re.match(r"/|\?|#|data:,$", attribute(link, "href")), link


def test_every_field_has_a_label(visitor):
    for path in PAGES:
        page = BeautifulSoup(visitor.get(path).body, "html.parser")
        for field in page.select("input[type=text], select"):
            assert page.select_one(f"label[for={field['id']}]"), path
        for box in page.select("input[type=checkbox]"):
            label = box.find_parent("label")
            assert label is not None, path
            assert label.get_text(strip=True), path


def test_the_same_pages_are_at_the_real_addresses(application, visitor):
    reply = upload_client.call(application, "GET", f"{REAL}/project/demo/")
    assert reply.code == 200
    assert b'href="/manage/account/"' in reply.body
    assert any("; Secure" in line for line in reply.cookies)
    assert b'href="/testpypi/manage/account/"' in visitor.get("/project/demo/").body


def test_the_language_can_be_chosen_and_is_kept(visitor):
    assert text(visitor.get("/manage/account/", Accept_Language="fr")).count("API tokens")
    switched = visitor.get("/manage/account/token/?lang=es&selected_project=demo")
    assert switched.code == 303
    assert switched.headers["Location"] == "/testpypi/manage/account/token/?selected_project=demo"
    page = BeautifulSoup(visitor.get("/manage/account/").body, "html.parser")
    assert attribute(element(page, "html"), "lang") == "es"
    assert load("index/labels")["add_token"]["es"] in page.get_text()
    assert "lang=en" in attribute(element(page, "a.language"), "href")
    # PyPI has no Spanish for this button, so it is marked as English.
    form = BeautifulSoup(visitor.get("/manage/account/token/").body, "html.parser")
    assert markup.text(form, "button span[lang=en]") == "Create token"


# The project and the user


def test_a_project_page_shows_its_release(application, visitor):
    publish(application, "2.0rc1", description="# Later")
    page = BeautifulSoup(visitor.get("/project/demo/").body, "html.parser")
    assert markup.text(page, "h1") == "demo 1.0"
    assert markup.text(page, ".summary") == "A <b>demo</b>"
    assert markup.text(page, ".rendered h1") == "Hello"
    assert markup.text(page, "pre.command") == (
        "python -m pip install --index-url https://test.pypi.org/simple/ --no-deps demo==1.0"
    )
    assert [link.get_text() for link in page.select(".file a")] == ["demo-1.0-py3-none-any.whl"]
    assert [link.get_text() for link in page.select(".history a")] == ["2.0rc1", "1.0"]
    assert visitor.get("/project/Demo/1.0/").headers["Location"] == "/testpypi/project/demo/1.0/"
    assert visitor.get("/project/demo").code == 301
    assert visitor.get("/project/demo/1/").code == 200
    assert visitor.get("/project/demo/9.9/").code == 404
    assert visitor.get("/project/other/").code == 404
    assert "demo" in text(visitor.get("/user/learner/"))
    assert visitor.get("/user/somebody/").code == 404


def test_nothing_of_a_stranger_gets_out_of_its_place(application, visitor):
    evil = '"><script>alert(1)</script>'
    publish(
        application,
        "2.0",
        summary=evil,
        description=f"{evil} [x](javascript:alert(1))",
        description_content_type="text/markdown",
        author=evil,
        keywords=evil,
    )
    page = visitor.get("/project/demo/")
    soup = BeautifulSoup(page.body, "html.parser")
    assert not soup.select("script")
    assert not [link for link in soup.select("[href]") if "javascript" in link["href"]]
    visitor.submit("/manage/account/token/", {"description": evil, "token_scope": "scope:user"})
    assert not BeautifulSoup(visitor.get("/manage/account/").body, "html.parser").select("script")
    missing = visitor.get("/project/%3Cscript%3E/")
    assert missing.code == 404
    assert b"<script>" not in missing.body


def test_only_web_and_mail_links_are_links():
    assert safe_link("https://example.org/") == "https://example.org/"
    assert safe_link("mailto:ana@example.org")
    for bad in (
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.org",
        "http:///",
        "https://[",
    ):
        assert safe_link(bad) is None, bad


def test_a_readme_is_rendered_without_script_or_images():
    html, replaced = readme.render(
        "![a > b](https://example.org/i.png) <img src=x>", "text/markdown", "es"
    )
    assert "<img" not in html
    assert replaced
    assert "Imagen: a &gt; b" in html
    title, _ = readme.render("Title\n=====\n\n.. raw:: html\n\n   <script>x</script>", None, "en")
    assert "<script" not in title
    plain, _ = readme.render("<i>plain</i>", "text/plain; charset=UTF-8", "en")
    assert plain == "<pre>&lt;i&gt;plain&lt;/i&gt;</pre>"


# Tokens


def test_a_token_is_made_shown_once_and_removed(application, visitor):
    fields = {"description": "mine", "token_scope": "scope:project:demo"}
    reply = visitor.submit("/manage/account/token/", fields)
    token = markup.text(BeautifulSoup(reply.body, "html.parser"), "#token")
    assert reply.headers["Cache-Control"] == "no-store"
    assert (
        upload_client.upload(
            application,
            token,
            upload_client.sdist(),
            "demo-1.0.tar.gz",
            filetype="sdist",
            pyversion="source",
        ).code
        == 200
    )
    listed = visitor.get("/manage/account/")
    assert token.encode() not in listed.body
    assert "mine" in text(listed)
    [link] = [
        attribute(link, "href")
        for link in BeautifulSoup(listed.body, "html.parser").select("td a")
        if attribute(link, "href").endswith("/remove/") and "mine" in link.get_text()
    ]
    path = link.removeprefix("/testpypi")
    assert "mine" in text(visitor.get(path))
    gone = visitor.submit(path, {})
    assert gone.code == 303
    assert sentence("token_deleted", name="mine") in text(visitor.get("/manage/account/"))
    assert sentence("token_deleted", name="mine") not in text(visitor.get("/manage/account/"))
    assert upload_client.upload(application, token).code == 403
    assert visitor.get(path).code == 404


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("fields", "key", "values"),
    [
        ({"description": " ", "token_scope": "scope:user"}, "token_name_missing", {}),
        ({"description": "x" * 101, "token_scope": "scope:user"}, "token_name_long", {}),
        ({"description": "demo 1.0 testpypi", "token_scope": "scope:user"}, "token_name_used", {}),
        ({"description": "x"}, "token_scope_missing", {}),
        ({"description": "x", "token_scope": "all"}, "token_scope_unknown", {"scope": "all"}),
        (
            {"description": "x", "token_scope": "scope:project:no"},
            "token_project_unknown",
            {"name": "no"},
        ),
    ],
)
def test_a_wrong_token_form_is_explained(application, visitor, fields, key, values, language):
    visitor.cookies["language"] = language
    before = len(application.store.tokens(TEST))
    reply = visitor.submit("/manage/account/token/", fields)
    page = BeautifulSoup(reply.body, "html.parser")
    assert reply.code == 400
    assert markup.text(page, "[role=alert]") == sentence(key, language, **values)
    assert attribute(element(page, "#description"), "value") == fields["description"]
    assert len(application.store.tokens(TEST)) == before


def test_a_token_of_the_other_index_is_not_removed_from_here(application, visitor):
    pypi = INDEXES["pypi"]
    identifier, _ = application.store.new_token(application.store.user(pypi), "there", None)
    assert visitor.get(f"/manage/account/token/{identifier}/remove/").code == 404


# Requests from elsewhere


@pytest.mark.parametrize(
    "changes",
    [
        {"headers": {"Origin": "http://evil.example"}},
        {"headers": {"Origin": "null"}},
        {"headers": {"Origin": "http://127.0.0.1:9999"}},
        {"headers": {"Sec-Fetch-Site": "cross-site"}},
        {"headers": {"Sec-Fetch-Site": "same-site"}},
        {"fields": {"csrf_token": "0" * 64}},
        {"fields": {"csrf_token": "é"}},
        {"headers": {"Content-Type": "text/plain"}},
        {"headers": {"Cookie": ""}},
        {"headers": {"Cookie": "practice_session=" + "A" * 43}},
    ],
    ids=str,
)
def test_a_form_from_elsewhere_changes_nothing(application, visitor, changes):
    fields = {"description": "forged", "token_scope": "scope:user", **changes.get("fields", {})}
    reply = visitor.submit("/manage/account/token/", fields, changes.get("headers"))
    assert reply.code == 403
    assert sentence("forged") in text(reply)
    assert "forged" not in [token.description for token in application.store.tokens(TEST)]


def test_a_form_without_origin_or_referer_is_refused(visitor):
    page = visitor.get("/manage/project/demo/delete_project/").body
    csrf_token = re.search(rb'value="([0-9a-f]{64})"', page)
    assert csrf_token
    body = b"confirm=demo&csrf_token=" + csrf_token[1]
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    path = "/manage/project/demo/delete_project/"
    assert visitor.send("POST", path, body, kind).code == 403
    referer = {**kind, "Referer": f"{BASE}{path}"}
    assert visitor.send("POST", path, body, referer).code == 303


@pytest.mark.parametrize(
    ("host", "known"),
    [
        (HOST, True),
        ("localhost:8070", True),
        ("[::1]:8070", True),
        ("evil.example:8070", False),
        ("127.0.0.1.evil.example", False),
        ("192.0.2.1:8070", False),
        ("", False),
        ("pypi.org", False),
    ],
)
def test_only_this_computer_s_names_are_answered(application, host, known):
    web = Web(application)
    reply = upload_client.call(
        web, "GET", f"http://{HOST}/testpypi/manage/account/", headers={"Host": host}
    )
    assert (reply.code == 200) is known
    assert (b"API tokens" in reply.body) is known


def test_opened_to_the_network_only_numbers_and_its_own_name_are_answered(application):
    web = Web(application, "0.0.0.0")
    assert web.knows("192.0.2.1")
    assert not web.knows("evil.example")
    assert Web(application, "box.example").knows("box.example")


@pytest.mark.parametrize(
    "path",
    [
        "/files/../index.sqlite3",
        "/files/..%2findex.sqlite3",
        "/files/%2e%2e/index.sqlite3",
        "/files/..%5cindex.sqlite3",
        "/files/demo%00.whl",
        "/files/.metadata",
        "/files/%2e%2e",
        "//evil.example/",
        "//evil.example/?lang=es",
        "/simple/%0d%0aSet-Cookie:%20x/",
        "/simple/..%2f/",
        "/project/demo%0d%0aX:%20y/",
        "/project/../",
        "/static/../pages.py",
        "/pypi/..%2fx/json",
        "/manage/project/demo/release/../yank/",
        "/files/%252e%252e/x",
    ],
)
def test_a_tricky_path_leads_nowhere(application, visitor, path):
    for reply in (visitor.get(path), upload_client.call(application, "GET", f"{REAL}{path}")):
        assert reply.code == 404, path
        assert "Location" not in reply.headers
        assert not reply.body.startswith(b"SQLite")


def test_tricky_paths_are_known():
    assert all(is_tricky(path) for path in ("/a/../b", "/a//b", "/a\x00", "/a\\b", "/./", "/%2e"))
    assert not is_tricky("/project/demo/1.0.post1/")


def test_methods_are_limited(visitor):
    for path in ("/project/demo/", "/simple/", "/simple/demo/", "/files/x", "/"):
        for method in ("POST", "PUT", "DELETE"):
            reply = visitor.send(method, path)
            assert (reply.code, reply.headers["Allow"]) == (405, "GET, HEAD"), path
    assert visitor.send("PUT", "/manage/account/token/").headers["Allow"] == "GET, HEAD, POST"
    head = visitor.send("HEAD", "/project/demo/")
    assert (head.code, head.body) == (200, b"")
    assert visitor.send("HEAD", "/files/demo-1.0-py3-none-any.whl").body == b""
    assert sentence("no_upload_here", url=TEST.upload) in text(visitor.send("POST", "/legacy/"))


def test_the_start_page_lists_both_indexes(application):
    reply = upload_client.call(
        Web(application), "GET", f"http://{HOST}/", headers={"Accept": "*/*"}
    )
    links = BeautifulSoup(reply.body, "html.parser").select("main h2 a")
    assert [link["href"] for link in links] == ["/testpypi/", "/pypi/"]
    assert upload_client.call(Web(application), "GET", f"http://{HOST}/testpypi").code == 301
    assert upload_client.call(Web(application), "GET", f"http://{HOST}/nothing").code == 404


# Yanking and deleting


def test_a_release_is_yanked_and_taken_back(application, visitor):
    publish(application, "2.0")
    path = "/manage/project/demo/release/2.0"
    assert visitor.submit(f"{path}/yank/", {"confirm": "2.1"}).code == 400
    assert json.loads(simple(application).body)["files"][1]["yanked"] is False
    result = visitor.submit(f"{path}/yank/", {"confirm": "2.0", "yanked_reason": 'bad "one" <b>'})
    assert result.headers["Location"] == "/testpypi/manage/project/demo/releases/"
    assert sentence("yanked_done", version="2.0") in text(
        visitor.get("/manage/project/demo/releases/")
    )
    yanked = [file["yanked"] for file in json.loads(simple(application).body)["files"]]
    assert yanked == [False, 'bad "one" <b>']
    page = simple(application, accept="text/html").body.decode()
    assert page.count("data-yanked=") == 1
    assert 'data-yanked="bad &quot;one&quot; &lt;b&gt;"' in page
    assert "demo 1.0" in text(visitor.get("/project/demo/"))
    assert 'bad "one" <b>' in text(visitor.get("/project/demo/2.0/"))
    info = json.loads(visitor.get("/pypi/demo/2.0/json").body)["info"]
    assert (info["yanked"], info["yanked_reason"]) == (True, 'bad "one" <b>')
    assert visitor.get(f"{path}/yank/").code == 404
    assert visitor.submit(f"{path}/unyank/", {"confirm": "2.0"}).code == 303
    assert "data-yanked" not in simple(application, accept="text/html").body.decode()


def test_a_release_yanked_without_a_reason_is_yanked(application, visitor):
    visitor.submit("/manage/project/demo/release/1.0/yank/", {"confirm": "1.0"})
    assert json.loads(simple(application).body)["files"][0]["yanked"] is True
    assert b'data-yanked=""' in simple(application, accept="text/html").body


def test_a_deleted_file_is_gone_and_its_name_stays_used(application, visitor, tmp_path):
    name = "demo-1.0-py3-none-any.whl"
    path = f"/manage/project/demo/release/1.0/file/{name}/delete/"
    assert visitor.submit(path, {"confirm": "dem"}).code == 400
    assert visitor.get(f"/files/{name}").code == 200
    assert visitor.submit(path, {"confirm": "demo"}).code == 303
    assert visitor.get(f"/files/{name}").code == 404
    assert not list((tmp_path / "data" / "files").rglob("*.whl"))
    assert json.loads(simple(application).body)["versions"] == []
    assert sentence("no_files") in text(visitor.get("/project/demo/1.0/"))
    token = application.store.new_token(application.store.user(TEST), "again", None)[1]
    reply = upload_client.upload(application, token, real_wheel("demo", "1.0", "six"), name)
    assert "previously used by a file that has since been deleted" in reply.status


def test_a_deleted_release_is_gone(application, visitor):
    publish(application, "2.0")
    visitor.submit("/manage/project/demo/release/2.0/yank/", {"confirm": "2.0"})
    path = "/manage/project/demo/release/2.0/delete/"
    assert visitor.submit(path, {"confirm": "2.0"}).code == 303
    assert json.loads(simple(application).body)["versions"] == ["1.0"]
    assert visitor.get("/project/demo/2.0/").code == 404
    assert visitor.get(path).code == 404


def test_a_deleted_project_frees_its_name_and_not_its_files_names(application, visitor):
    assert visitor.submit("/manage/project/demo/delete_project/", {"confirm": "demo"}).code == 303
    assert sentence("project_deleted", name="demo") in text(visitor.get("/manage/projects/"))
    assert visitor.get("/project/demo/").code == 404
    assert simple(application).code == 404
    publish(application, "1.1")
    assert json.loads(simple(application).body)["versions"] == ["1.1"]
    project = application.store.project(TEST, "demo")
    assert application.store.conflicts(project, "1", "demo-1.0-py3-none-any.whl", "").used


# Programs


def test_the_simple_index_has_what_the_peps_ask_for(application, visitor):
    publish(application, "1.10")
    publish(application, "1.9")
    reply = simple(application)
    page = json.loads(reply.body)
    assert page["versions"] == ["1.0", "1.9", "1.10"]
    assert page["meta"]["api-version"] == "1.4"
    assert reply.headers["X-PyPI-Last-Serial"] == str(page["meta"]["_last-serial"])
    file = page["files"][0]
    assert file["size"] == len(real_wheel())
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", file["upload-time"])
    assert (file["requires-python"], page["project-status"]) == (">=3.9", {"status": "active"})
    html = simple(application, accept="text/html").body.decode()
    assert 'data-requires-python="&gt;=3.9"' in html
    root = upload_client.call(application, "GET", f"{REAL}/simple/", headers={"Accept": JSON_TYPE})
    assert json.loads(root.body)["projects"][0]["name"] == "demo"
    assert visitor.get("/simple").headers["Location"] == "/testpypi/simple/"
    assert 'href="/testpypi/files/' in visitor.get("/simple/demo/").body.decode()


def test_a_program_that_has_the_page_is_told_so(application, visitor):
    url = f"{REAL}/simple/demo/"
    tag = simple(application).headers["ETag"]
    asked = {"Accept": JSON_TYPE, "If-None-Match": tag}
    assert upload_client.call(application, "GET", url, headers=asked).code == 304
    publish(application, "2.0")
    assert upload_client.call(application, "GET", url, headers=asked).code == 200


def test_a_kept_page_is_never_old(application, visitor, tmp_path):
    other = new_application(tmp_path)  # another process with the same data
    for instance in (application, other):
        assert json.loads(simple(instance).body)["versions"] == ["1.0"]
    publish(other, "2.0")
    assert json.loads(simple(application).body)["versions"] == ["1.0", "2.0"]
    yank(other.store, "2.0")
    assert json.loads(simple(application).body)["files"][1]["yanked"] is True
    assert b"/testpypi/files/" in visitor.get("/simple/demo/").body
    assert b'"/files/' in simple(application, accept="text/html").body


def test_kept_pages_take_a_limited_room():
    cache = Cache(limit=10)
    for number in range(5):
        cache.keep((str(number),), 1, b"1234")
    assert [cache.get((str(number),), 1) for number in range(5)] == [None] * 3 + [b"1234"] * 2
    assert cache.get(("4",), 2) is None
    cache.keep(("big",), 1, b"x" * 11)
    assert cache.get(("big",), 1) is None


def test_the_metadata_of_a_wheel_is_served_beside_it(application, visitor):
    digest = json.loads(simple(application).body)["files"][0]["core-metadata"]["sha256"]
    reply = visitor.get("/files/demo-1.0-py3-none-any.whl.metadata")
    assert reply.body.startswith(b"Metadata-Version: 2.1\nName: demo\n")
    assert queries.files(application.store, application.store.project(TEST, "demo"))[0].metadata
    assert hashlib.sha256(reply.body).hexdigest() == digest
    html = simple(application, accept="text/html").body.decode()
    assert f'data-core-metadata="sha256={digest}"' in html
    assert visitor.get("/files/other-1.0-py3-none-any.whl.metadata").code == 404


def test_the_json_of_a_project(application, visitor):
    publish(application, "2.0", classifiers="Programming Language :: Python :: 3")
    page = json.loads(visitor.get("/pypi/demo/json").body)
    assert (page["info"]["version"], sorted(page["releases"])) == ("2.0", ["1.0", "2.0"])
    assert page["info"]["classifiers"] == ["Programming Language :: Python :: 3"]
    assert page["urls"][0]["url"] == f"{BASE}/files/demo-2.0-py3-none-any.whl"
    old = json.loads(visitor.get("/pypi/demo/1.0/json").body)
    assert old["info"]["keywords"] == "one,two"
    assert "releases" not in old
    assert visitor.get("/pypi/Demo/json").headers["Location"] == "/testpypi/pypi/demo/json"
    assert visitor.get("/pypi/other/json").code == 404


def pip(index: testing.PracticeIndex, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run pip download in the practice shell."""
    command = [sys.executable, "-m", "pip", "download", "--no-cache-dir", "-d", str(place)]
    return subprocess.run(
        [*command, "--disable-pip-version-check", "--no-build-isolation", *words],
        env=index.environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_pip_passes_a_yanked_release_by_and_mixes_nothing(practice_index, tmp_path):
    application = Application(practice_index._store, None, Translator("en"))
    publish(application, "1.0")
    publish(application, "2.0", requires="absent-dependency")
    where, store = TEST, application.store
    yank(store, "2.0", "broken on Mondays")
    simple_url = ["--index-url", where.simple]
    free = pip(practice_index, tmp_path / "free", *simple_url, "demo")
    assert free.returncode == 0, free.stderr
    assert [path.name for path in (tmp_path / "free").iterdir()] == ["demo-1.0-py3-none-any.whl"]
    pinned = pip(practice_index, tmp_path / "pin", *simple_url, "--no-deps", "demo==2.0")
    assert (pinned.returncode, "broken on Mondays" in pinned.stderr) == (0, True), pinned.stderr
    # Neither the other index nor the internet is asked for what this one lacks.
    assert pip(practice_index, tmp_path / "no", *simple_url, "demo==2.0").returncode == 1
    assert pip(practice_index, tmp_path / "other", "--no-deps", "demo").returncode == 1


def test_an_index_that_cannot_be_reached_is_not_tried_for_each_package(monkeypatch):
    tried = []

    def fail(_, request, **__):
        tried.append(request.full_url)
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(urllib.request.OpenerDirector, "open", fail)
    upstream = Upstream(lambda: INDEXES["pypi"].simple, Translator("en"))
    answers = [upstream.project(f"package-{number}", "") for number in range(5)]
    assert [answer.status_code for answer in answers] == [504] * 5
    assert "package-4" in answers[4].status
    assert len(tried) == 1


# The command


def test_the_command_serves_the_pages_until_it_is_stopped(tmp_path):
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pypi_practice",
            "web",
            "--data",
            str(tmp_path / "data"),
            "--lang",
            "es",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        line = process.stdout.readline()
        address = re.search(r"http://127\.0\.0\.1:\d+/", line)
        assert address
        url = address[0]
        assert line == f"{sentence('serving', 'es', url=url)}\n"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert sentence("start_title", "es") in answer.read().decode()
        process.terminate()
        assert process.wait(10) == 130
        assert process.stderr.read() == ""


def test_opening_it_to_the_network_is_said(tmp_path):
    with subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pypi_practice",
            "web",
            "--data",
            str(tmp_path / "data"),
            "--lang",
            "en",
            "--host",
            "0.0.0.0",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        assert process.stderr.readline() == f"{sentence('opened', host='0.0.0.0')}\n"
        process.terminate()
        process.wait(10)


def test_a_port_in_use_or_a_host_of_another_is_explained(application):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PracticeError, match=f"Port {port} cannot be used"):
            WebServer(application, port)
    with pytest.raises(PracticeError, match=r"address 192\.0\.2\.1 cannot be used"):
        WebServer(application, 0, "192.0.2.1")


def test_the_shell_tells_where_its_pages_are(practice_index):
    result = subprocess.run(
        [sys.executable, "-m", "pypi_practice", "web", "--lang", "en"],
        env=practice_index.environ,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert result.stdout == f"{sentence('serving_already', url=practice_index.web)}\n"
    with urllib.request.urlopen(practice_index.web, timeout=10) as answer:
        assert answer.status == 200


def test_a_long_form_is_refused_and_read_to_its_end(application):
    server = WebServer(application)
    try:
        with socket.create_connection(("127.0.0.1", server.port), 10) as connection:
            head = (
                f"POST /testpypi/manage/account/token/ HTTP/1.1\r\nHost: 127.0.0.1:{server.port}"
                "\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                "Content-Length: 2000000\r\n\r\n"
            )
            connection.sendall(head.encode())
            assert b" 413 " in connection.recv(4096)
    finally:
        server.stop()
    assert application.store.tokens(TEST) == []


def test_times_are_those_of_the_upload(application, visitor):
    page = BeautifulSoup(visitor.get("/project/demo/").body, "html.parser")
    today = {
        time.strftime("%Y-%m-%d", time.gmtime(moment)) for moment in (time.time(), time.time() - 60)
    }
    assert attribute(element(page, "time"), "datetime")[:10] in today
