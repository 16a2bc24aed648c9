"""What stands at the upload addresses for whoever does not upload: as in warehouse/forklift."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from helpers.index import upload_client
from trove_classifiers import sorted_classifiers

from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store

UPLOADS = [index.upload for index in INDEXES.values()]
PAGE = {"Accept": "text/html"}


@pytest.fixture
def application(tmp_path: Path) -> Application:
    """An index that holds nothing."""
    return Application(Store(tmp_path, Translator("en")), None, Translator("en"))


@pytest.mark.parametrize("url", [*UPLOADS, "https://upload.pypi.org/"])
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_browser_sees_what_the_address_is_for(application, url, language):
    reply = upload_client.call(
        application, "GET", url, headers=PAGE | {"Accept-Language": language}
    )
    page = BeautifulSoup(reply.body, "html.parser")
    assert page.html is not None
    assert page.h1 is not None
    assert (reply.status, page.html["lang"]) == ("200 OK", language)
    assert page.h1.get_text() == "API endpoint"
    assert load("index/labels")["upload_text"][language] in page.get_text()
    head = upload_client.call(application, "HEAD", url, headers=PAGE)
    assert (head.status, head.body) == ("200 OK", b"")
    assert upload_client.call(application, "OPTIONS", url).status == "200 OK"


@pytest.mark.parametrize("url", UPLOADS)
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "POST"])
def test_other_methods_are_refused_with_those_that_are_not(application, url, method):
    """A POST without :action falls through to the page as well."""
    form = {"Content-Type": f"multipart/form-data; boundary={upload_client.BOUNDARY}"}
    body = upload_client.form({"name": "demo"}, None, b"")
    reply = upload_client.call(application, method, url, body, form | {"Accept": "*/*"})
    assert (reply.status, reply.headers["Allow"]) == (
        "405 Method Not Allowed",
        "GET, HEAD, OPTIONS",
    )
    assert f"The method {method} is not allowed for this resource.".encode() in reply.body


@pytest.mark.parametrize("url", UPLOADS)
@pytest.mark.parametrize("rest", ["", "/?:action=file_upload", "/?:action=submit"])
def test_what_takes_uploads_only_says_so(application, url, rest):
    reply = upload_client.call(
        application, "GET", url.rstrip("/") + rest, headers={"Accept": "*/*"}
    )
    assert (reply.status, reply.headers["Allow"]) == ("405 Method Not Allowed", "POST")
    assert b"The method GET is not allowed for this resource." in reply.body


def test_the_action_may_stand_in_the_address(application):
    """Warehouse looks there first, and then into the form."""
    for action, status in (("file_upload", 403), ("submit", 410), ("nothing", 405)):
        url = f"{UPLOADS[0]}?:action={action}"
        body = upload_client.form({":action": "doc_upload"}, None, b"")
        form = {"Content-Type": f"multipart/form-data; boundary={upload_client.BOUNDARY}"}
        assert upload_client.call(application, "POST", url, body, form).code == status, action


@pytest.mark.parametrize("method", ["GET", "POST", "PUT"])
def test_pypi_itself_has_no_upload_address(application, method):
    reply = upload_client.call(application, method, "https://pypi.org/legacy/", headers=PAGE)
    assert reply.status == "404 Not Found"


def test_the_list_of_classifiers_is_pypis(application):
    reply = upload_client.call(application, "GET", "https://pypi.org/pypi?:action=list_classifiers")
    assert reply.headers["Content-Type"] == "text/plain; charset=UTF-8"
    assert reply.body.decode().split("\n") == sorted_classifiers
