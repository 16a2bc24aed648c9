"""What stands at the upload addresses for whoever does not upload: as in warehouse/forklift."""

from __future__ import annotations

from pathlib import Path

import client
import pytest
from bs4 import BeautifulSoup
from trove_classifiers import sorted_classifiers

from pypi_practice.facts import INDEXES, load
from pypi_practice.index import Application
from pypi_practice.store import Store
from pypi_practice.words import Words

UPLOADS = [index.upload for index in INDEXES.values()]
PAGE = {"Accept": "text/html"}


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """An index that holds nothing."""
    return Application(Store(tmp_path, Words("en")), None, Words("en"))


@pytest.mark.parametrize("url", [*UPLOADS, "https://upload.pypi.org/"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_browser_sees_what_the_address_is_for(application, url, language):
    reply = client.call(application, "GET", url, headers=PAGE | {"Accept-Language": language})
    page = BeautifulSoup(reply.body, "html.parser")
    assert (reply.status, page.html["lang"]) == ("200 OK", language)
    assert page.h1.get_text() == "API endpoint"
    assert load("labels")["upload_text"][language] in page.get_text()
    head = client.call(application, "HEAD", url, headers=PAGE)
    assert (head.status, head.body) == ("200 OK", b"")
    assert client.call(application, "OPTIONS", url).status == "200 OK"


@pytest.mark.parametrize("url", UPLOADS)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_other_methods_are_refused_with_those_that_are_not(application, url, method):
    """A POST without :action falls through to the page as well."""
    form = {"Content-Type": f"multipart/form-data; boundary={client.BOUNDARY}"}
    body = client.form({"name": "demo"}, None, b"")
    reply = client.call(application, method, url, body, form | {"Accept": "*/*"})
    assert (reply.status, reply.headers["Allow"]) == (
        "405 Method Not Allowed",
        "GET, HEAD, OPTIONS",
    )
    assert f"The method {method} is not allowed for this resource.".encode() in reply.body


@pytest.mark.parametrize("url", UPLOADS)
@pytest.mark.parametrize("rest", ["", "/?:action=file_upload", "/?:action=submit"])
def test_what_takes_uploads_only_says_so(application, url, rest):
    reply = client.call(application, "GET", url.rstrip("/") + rest, headers={"Accept": "*/*"})
    assert (reply.status, reply.headers["Allow"]) == ("405 Method Not Allowed", "POST")
    assert b"The method GET is not allowed for this resource." in reply.body


def test_the_action_may_stand_in_the_address(application):
    """Warehouse looks there first, and then into the form."""
    for action, status in (("file_upload", 403), ("submit", 410), ("nothing", 405)):
        url = f"{UPLOADS[0]}?:action={action}"
        body = client.form({":action": "doc_upload"}, None, b"")
        form = {"Content-Type": f"multipart/form-data; boundary={client.BOUNDARY}"}
        assert client.call(application, "POST", url, body, form).code == status, action


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_pypi_itself_has_no_upload_address(application, method):
    reply = client.call(application, method, "https://pypi.org/legacy/", headers=PAGE)
    assert reply.status == "404 Not Found"


def test_the_list_of_classifiers_is_pypis(application):
    reply = client.call(application, "GET", "https://pypi.org/pypi?:action=list_classifiers")
    assert reply.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert reply.body.decode().split("\n") == sorted_classifiers
