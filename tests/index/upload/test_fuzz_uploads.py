"""Uploads that nobody would think of: never an error of ours, never half a file.

The number of examples is bounded, so that the whole file takes seconds. With FUZZ_EXAMPLES=3500 the
seven tests of broken uploads send 24,500 of them, which takes some minutes.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.index import upload_client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from packaging.utils import (
    InvalidName,
    InvalidWheelFilename,
    canonicalize_name,
    canonicalize_version,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from pypi_practice.core import project_names
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.core.limits import DESCRIPTION_SIZE, FIELD_COUNT, FIELDS_SIZE, Limits
from pypi_practice.index.app import Application
from pypi_practice.index.storage.records import Project, TokenRecord, User
from pypi_practice.index.storage.schema import LOOK
from pypi_practice.index.storage.store import Store
from pypi_practice.index.upload import archives, filenames, form, platforms, validation
from pypi_practice.index.upload.rejection import UploadRejected
from pypi_practice.index.upload.state import Upload

INDEX = INDEXES["testpypi"]
WHEEL = "demo-1.0-py3-none-any.whl"
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "150"))  # more, and others, for who looks for more
bounded = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=EXAMPLES == 150,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Target:
    """A practice index that many uploads hit."""

    def __init__(self, directory: Path) -> None:
        self.store = Store(directory, Translator("en"))
        limits = Limits(new_projects=10**9)
        self.application = Application(self.store, None, Translator("en"), limits)
        self.token = self.store.new_token(self.store.user(INDEX), uuid.uuid4().hex, None)[1]

    def check(self, reply: upload_client.Reply) -> None:
        """Check that the answer is one, and that only whole files are listed."""
        assert reply.code < 500, reply.status
        assert "\n" not in reply.status
        assert not list(self.store.temporary.iterdir())
        listed = {
            file.filename: file.sha256
            for project in self.store.projects(INDEX)
            for file in self.store.files(project)
        }
        assert upload_client.on_disk(self.store) == listed


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """One index for all examples."""
    with tempfile.TemporaryDirectory() as directory:
        yield Target(Path(directory) / "data")


def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """Return *data* with some bytes changed, taken out, put in, or the end cut off."""
    result = bytearray(data)
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(0, len(result) - 1)))
        match draw(st.sampled_from(["change", "take", "put", "cut", "double"])):
            case "change":
                result[place : place + 1] = draw(st.binary(min_size=1, max_size=1))
            case "take":
                del result[place : place + draw(st.integers(1, 40))]
            case "put":
                result[place:place] = draw(
                    st.sampled_from([b"\r\n", b"\0", b'"', b"--", b";", b"=", b"\xff", b"\r\n\r\n"])
                )
            case "cut":
                del result[place:]
            case "double":
                result[place:place] = result[place : place + 200]
    return bytes(result)


mutations = st.composite(mutated)
BODY = upload_client.form(upload_client.fields(upload_client.wheel()), WHEEL, upload_client.wheel())


def post(target: Target, body: bytes, **headers: str) -> upload_client.Reply:
    usual = {
        "Content-Type": f"multipart/form-data; boundary={upload_client.BOUNDARY}",
        "Authorization": upload_client.basic("__token__", target.token),
        "Accept": "*/*",
    }
    return upload_client.call(target.application, "POST", INDEX.upload, body, usual | headers)


@bounded
@given(body=mutations(BODY))
def test_broken_bodies(target, body):
    target.check(post(target, body))


latin = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=60)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "Content-Type": latin
        | st.sampled_from(
            [
                "",
                "multipart/form-data",
                "multipart/form-data; boundary=",
                "text/plain",
                'multipart/form-data; boundary="',
                "multipart/form-data; boundary=é",
            ]
        ),
        "Content-Length": st.sampled_from(["", "-1", "x", "0", "5", "1e3", "９", "9" * 8]) | latin,
        "Authorization": latin
        | st.sampled_from(["Basic", "Basic é", "Bearer ", "Token x", "Basic Og==", "basic Og"]),
        "Accept": latin | st.sampled_from(["*/*;q=x", ",,", ";q=1", "a/b;q=-1", "text/html;q=nan"]),
        "Host": latin | st.sampled_from(["", ":", "[", "test.pypi.org:x", "." * 70]),
    },
)


@bounded
@given(headers=HEADERS)
def test_broken_headers(target, headers):
    target.check(post(target, BODY, **headers))


words = st.text(max_size=40) | st.text(st.characters(max_codepoint=127), max_size=40)
FIELD_NAMES = [
    ":action",
    "protocol_version",
    "metadata_version",
    "name",
    "version",
    "filetype",
    "pyversion",
    "sha256_digest",
    "blake2_256_digest",
    "md5_digest",
    "summary",
    "description",
    "description_content_type",
    "keywords",
    "home_page",
    "download_url",
    "project_urls",
    "author",
    "author_email",
    "maintainer_email",
    "license",
    "license_expression",
    "license_file",
    "classifiers",
    "requires_dist",
    "provides_dist",
    "obsoletes_dist",
    "requires_python",
    "requires_external",
    "provides_extra",
    "dynamic",
    "import_name",
    "platform",
    "attestations",
]
ODD = [
    "",
    " ",
    "UNKNOWN",
    "\0",
    "\x7f",
    "a" * 5000,
    "1" * 5000,
    "(" * 3000,
    "a; " + "(" * 3000,
    "a @ b",
    "1.0+x",
    "../x",
    "http://[",
    "http://a:b",
    "a@b",
    "é@é",
    '"',
    "%s",
    "{x}",
    "\ud7ff",
    "text/markdown; variant=x",
    "text/x-rst; charset=x",
    "MIT AND (",
    "2.6",
    "dynamic",
    "x\ny",
]


@bounded
@given(
    changes=st.dictionaries(
        st.sampled_from(FIELD_NAMES),
        st.none() | words | st.sampled_from(ODD) | st.lists(words, min_size=2, max_size=3),
        max_size=4,
    )
)
@example(changes={"author_email": "(" * 3000})
@example(changes={"description": ".. include:: /etc/passwd"})
@example(changes={"description": "x" * 100_000, "description_content_type": "text/markdown"})
def test_broken_fields(target, changes):
    reply = upload_client.upload(target.application, target.token, **changes)
    target.check(reply)


@bounded
@given(
    filename=words | st.sampled_from([*ODD, "a.whl", "demo-1.0.whl", "-.whl", ".tar.gz", "x.zip"]),
    filetype=st.sampled_from(["sdist", "bdist_wheel"]),
)
def test_broken_filenames(target, filename, filetype):
    version = "source" if filetype == "sdist" else "py3"
    reply = upload_client.upload(
        target.application, target.token, filename=filename, filetype=filetype, pyversion=version
    )
    target.check(reply)


ARCHIVES = st.one_of(
    mutations(
        upload_client.wheel(more={"{info}/entry_points.txt": "[console_scripts]\nrun = a:b\n"})
    ),
    st.binary(max_size=60),
)


@bounded
@given(content=ARCHIVES)
def test_broken_wheels(target, content):
    target.check(upload_client.upload(target.application, target.token, content))


@bounded
@given(content=mutations(upload_client.sdist()) | st.binary(max_size=60))
def test_broken_sdists(target, content):
    sent = {"filetype": "sdist", "pyversion": "source"}
    target.check(
        upload_client.upload(target.application, target.token, content, "demo-1.0.tar.gz", **sent)
    )


@bounded
@given(raw=st.binary(max_size=80) | st.text(max_size=80).map(lambda text: text.encode()))
def test_broken_tokens(target, raw):
    import base64

    token = "pypi-" + base64.urlsafe_b64encode(raw).decode().rstrip("=")
    target.check(upload_client.upload(target.application, token))


def test_too_many_fields_and_too_long_ones_stop_the_parser(target):
    for changes, reason in (
        ({f"field{number}": "x" for number in range(FIELD_COUNT + 1)}, "entries"),
        ({"description": "x" * (DESCRIPTION_SIZE + 1)}, "README"),
        ({"license": "x" * (FIELDS_SIZE + 1)}, "metadata are larger"),
        ({"keywords": ["x" * (FIELDS_SIZE - 1)] * 5}, "metadata are larger"),
        ({"description": ["x" * (DESCRIPTION_SIZE - 1)] * 2}, "README"),
    ):
        target.check(reply := upload_client.upload(target.application, target.token, **changes))
        assert (reply.code, reason in reply.status) == (400, True)
        assert "PyPI might take it" in reply.status


# What packaging says about a name, a version or a file name is what the index says.


def checked(rule: Any, filename: str = WHEEL, **changes: Any) -> str | None:
    """Return the key with which *rule* refuses an upload, None if it lets it pass."""
    sent = upload_client.fields(b"", **changes)
    incoming = form.Form(fields=list(sent.items()), filename=filename)  # type: ignore[arg-type]
    user = User("u", INDEX.key, "learner", True, True)
    token = TokenRecord("t", user, "t", b"", [], None, 0, None)
    upload = Upload(None, INDEX, incoming, "", token)  # type: ignore[arg-type]
    try:
        validation.form_fields(upload)
        validation.metadata(upload)
        name = upload.meta.name
        upload.project = Project("p", INDEX.key, name, canonicalize_name(name), "u")
        rule(upload)
    except UploadRejected as refused:
        return refused.key
    return None


def passes(upload: Upload) -> None:
    """Stand for a rule that lets everything pass."""


name_like = st.text(st.sampled_from("abzAZ019._-é \n"), min_size=1, max_size=8) | st.text(
    min_size=1, max_size=8
)


@bounded
@given(name=name_like)
@example(name="a\n")
@example(name="ſ")
def test_names_are_those_of_packaging(name):
    try:
        canonicalize_name(name, validate=True)
        expected = None
    except InvalidName:
        expected = "name_invalid"
    if name.strip() != "UNKNOWN":
        assert checked(passes, name=name) == expected


@bounded
@given(
    name=st.from_regex(project_names.NAME, fullmatch=True).filter(str.isascii), swap=st.booleans()
)
def test_a_name_looks_like_itself_however_it_is_normalised(name, swap):
    assert project_names.look(name) == project_names.look(canonicalize_name(name))
    other = name.translate(str.maketrans("oOlLiI", "001111")) if swap else name.swapcase()
    assert project_names.look(other) == project_names.look(name)


@bounded
@given(name=st.from_regex(project_names.NAME, fullmatch=True).filter(str.isascii))
@example(name="".join(map(chr, range(1, 128))))
def test_the_database_sees_the_same_look(target, name):
    """It finds look-alikes by its own expression; a difference would let one through."""
    [row] = target.store.rows(f"SELECT {LOOK} AS look FROM (SELECT ? AS name)", name)
    assert row["look"] == project_names.look(name)


version_like = st.from_regex(
    r"v?([0-9]!)?[0-9]{1,2}(\.[0-9]{1,2}){0,2}([-_.]?(a|b|rc|alpha|post|dev|r)[-_.]?[0-9]?)?"
    r"(\+[a-z0-9.]{1,3})?",
    fullmatch=True,
)


released = st.from_regex(
    r"v?([0-9]!)?[0-9]{1,2}(\.[0-9]{1,2}){0,2}([-_.]?(a|b|rc|alpha|post|dev|r)[-_.]?[0-9]?)?",
    fullmatch=True,
).filter(str.isascii)


@bounded
@given(version=version_like | st.text(min_size=1, max_size=10))
def test_versions_are_those_of_packaging(version):
    try:
        parsed = Version(version)
        expected = "local_version" if parsed.local else None
    except InvalidVersion:
        expected = "version"
    assert checked(passes, version=version) == expected


@bounded
@given(
    name=st.sampled_from(["demo", "Demo", "my-demo", "my_demo", "my.demo", "other"]),
    version=released,
    written=st.sampled_from(["demo", "my_demo", "my-demo", "Demo"]),
    ending=st.sampled_from([".tar.gz", ".zip"]),
)
def test_an_sdist_passes_only_under_its_normal_name(name, version, written, ending):
    normal = canonicalize_name(name).replace("-", "_")
    for as_written in (version, str(Version(version)), canonicalize_version(version)):
        filename = f"{written}-{as_written}{ending}"
        key = checked(
            filenames.normal_filename,
            filename,
            name=name,
            version=version,
            filetype="sdist",
            pyversion="source",
        )
        assert (key is None) == (filename == f"{normal}-{Version(version)}.tar.gz")


@bounded
@given(
    name=st.sampled_from(["demo", "Demo", "my_demo", "my-demo"]),
    version=released,
    tags=st.sampled_from(
        ["py3-none-any", "1-py3-none-any", "x-py3-none-any", "py3-none-linux_x86_64", "py3-none"]
    ),
)
def test_a_wheel_passes_only_if_packaging_finds_its_own_name_and_version(name, version, tags):
    filename = f"{name}-{version}-{tags}.whl"
    try:
        found_name, parsed, _, found_tags = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        good = False
    else:
        good = (
            found_name == canonicalize_name("my-demo")
            and parsed == Version(version)
            and filename.startswith("my_demo-")
            and all(platforms.is_allowed(tag.platform) for tag in found_tags)
        )
    key = checked(filenames.normal_filename, filename, name="my-demo", version=version)
    assert (key is None) == good


def test_the_fuzzing_reaches_what_it_is_for(target):
    """A good upload is still taken after all of that, so the examples met a working index."""
    reply = upload_client.upload(
        target.application,
        target.token,
        upload_client.wheel("last"),
        "last-1.0-py3-none-any.whl",
        name="last",
    )
    assert reply.code == 200
    target.check(reply)
    assert archives.dist_info(WHEEL) == "demo-1.0.dist-info"
