"""An upload, or another request, for each answer of data/index/uploads.yml."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from helpers.index import upload_client
from helpers.index.upload_client import Reply
from pypi_practice.core.data import load
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import INDEXES
from pypi_practice.core.limits import PYPI, Limits
from pypi_practice.index.app import Application
from pypi_practice.index.storage.store import Store
from pypi_practice.tokens import macaroons

INDEX = INDEXES["testpypi"]


MESSAGES = load("index/uploads")


WHEEL = "demo-1.0-py3-none-any.whl"


BROKEN_RST = "Title\n=====\n\n.. nothing::\n"
SDIST = {"filetype": "sdist", "pyversion": "source"}


class UploadSetup:
    """A practice index, a token of its learner, and an upload that would be taken as it is."""

    def __init__(self, directory: Path, limits: Limits = PYPI) -> None:
        self.store = Store(directory, Translator("en"))
        self.application = Application(self.store, None, Translator("en"), limits)
        self.token = self.new_token()

    def new_token(self, project: str | None = None) -> str:
        target = self.store.project(INDEX, project) if project else None
        return self.store.new_token(self.store.user(INDEX), uuid.uuid4().hex, target)[1]

    def send(
        self, content: bytes | None = None, filename: str | None = WHEEL, **more: Any
    ) -> Reply:
        token = more.pop("token", self.token)
        return upload_client.upload(self.application, token, content, filename, **more)

    def narrowed(self, caveat: bytes | list[Any]) -> str:
        """Return the token with one more caveat."""
        macaroon = macaroons.read(self.token)
        assert macaroon is not None
        macaroon.add_first_party_caveat(
            caveat.decode() if isinstance(caveat, bytes) else macaroons.serialize(caveat)
        )
        return f"{macaroons.PREFIX}{macaroon.serialize()}"

    def write(self, statement: str, *values: object) -> None:
        """Change the database under the index."""
        with self.store.transaction() as connection:
            connection.execute(statement, values)

    def after(self, *first: dict[str, Any], **then: Any) -> Reply:
        """Send the uploads *first*, which must be taken, and then the one that is looked at."""
        for fields in first:
            assert self.send(**fields).code == 200
        return self.send(**then)


def post(setup: UploadSetup, url: str, *, tuple_of: str = "") -> Reply:
    """Post a good upload to *url*; the field *tuple_of* comes with a file name."""
    content = upload_client.wheel()
    body = upload_client.form(upload_client.fields(content), WHEEL, content)
    if tuple_of:
        old = f'name="{tuple_of}"'.encode()
        body = body.replace(old, old + b'; filename="x.txt"')
    headers = {
        "Content-Type": f"multipart/form-data; boundary={upload_client.BOUNDARY}",
        "Authorization": upload_client.basic("__token__", setup.token),
        "Accept": "*/*",
    }
    return upload_client.call(setup.application, "POST", url, body, headers)


def changed(token: str) -> str:
    """Return *token* with another letter in its signature."""
    position = len(token) - 20
    return token[:position] + ("A" if token[position] != "A" else "B") + token[position + 1 :]


def conflict(setup: UploadSetup) -> Reply:
    """Let somebody else create the project while an upload is being looked at."""
    add = setup.store.add_file

    def add_late(*arguments: Any, **more: Any) -> None:
        setup.write('INSERT INTO users (id, "index", name) VALUES (?, ?, ?)', "x", INDEX.key, "x")
        setup.write(
            "INSERT INTO projects VALUES (?, ?, ?, ?, ?)", "p", INDEX.key, "demo", "demo", "x"
        )
        add(*arguments, **more)

    setup.store.add_file = add_late  # type: ignore[method-assign]
    return setup.send()


def deleted(setup: UploadSetup) -> Reply:
    assert setup.send().code == 200
    setup.write("DELETE FROM files")
    return setup.send(upload_client.wheel(more={"new.py": ""}))


def old(setup: UploadSetup) -> Reply:
    assert setup.send().code == 200
    setup.write("UPDATE releases SET created = ?", time.time() - 15 * 24 * 3600)
    return setup.send(upload_client.sdist(), "demo-1.0.tar.gz", **SDIST)


def scoped(setup: UploadSetup) -> Reply:
    assert setup.send().code == 200
    filename = "other-1.0-py3-none-any.whl"
    return setup.send(token=setup.new_token("demo"), name="other", filename=filename)


def unready(column: str) -> Callable[[UploadSetup], Reply]:
    def send(setup: UploadSetup) -> Reply:
        setup.write(f"UPDATE users SET {column} = 0")
        return setup.send()

    return send


@dataclass(frozen=True)
class Case:
    """An upload, and what fills in the message that answers it."""

    key: str
    send: Callable[[UploadSetup], Reply]
    values: dict[str, object]
    limits: Limits = PYPI


def case(
    key: str, send: Callable[[UploadSetup], Reply], limits: Limits = PYPI, **values: object
) -> Case:
    return Case(key, send, values, limits)


def sent(key: str, changes: dict[str, Any], **values: object) -> Case:
    """Return the case of an upload that differs from a good one by *changes*."""
    return Case(key, lambda setup: setup.send(**changes), values)


def blake2(content: bytes) -> str:
    import hashlib

    return hashlib.blake2b(content, digest_size=32).hexdigest()


OTHER = upload_client.wheel(more={"other.py": ""})


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
    case("nowhere", lambda setup: post(setup, "https://pypi.org/legacy/")),
    sent("method", {":action": None}),
    case("slash", lambda setup: post(setup, "https://test.pypi.org/legacy")),
    sent("submit", {":action": "submit"}),
    sent("submit", {":action": "submit_pkg_info"}),
    sent("doc_upload", {":action": "doc_upload"}),
    case("tuple", lambda setup: post(setup, INDEX.upload, tuple_of="name"), field="name"),
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
    sent(
        "digest_form",
        {"sha256_digest": "abc"},
        field="sha256_digest",
        reason="Use a valid, hex-encoded, SHA256 message digest.",
    ),
    sent(
        "digest_form",
        {"blake2_256_digest": "abc", "filetype": "x"},
        field="blake2_256_digest",
        reason="Use a valid, hex-encoded, BLAKE2 message digest.",
    ),
    sent(
        "pyversion",
        {"pyversion": None},
        reason="Python version is required for binary distribution uploads.",
    ),
    sent("pyversion", {"filetype": "sdist"}, reason="Use 'source' as Python version for an sdist."),
    sent("no_digest", {"sha256_digest": None}),
    sent("metadata_version", {"metadata_version": "9.9"}, version="9.9"),
    sent("version", {"version": "one"}, version="one"),
    sent("version", {"version": "1" * 5000}, version="1" * 5000),
    sent("local_version", {"version": "1.0+g123"}, version="1.0+g123"),
    sent(
        "classifier",
        {"classifiers": ["Private :: Do Not Upload", NEW]},
        classifier="Private :: Do Not Upload",
    ),
    sent(
        "classifier_deprecated",
        {"classifiers": OLD},
        classifier=OLD,
        advice="use one of ['Natural Language :: Ukrainian'] instead",
    ),
    sent(
        "direct_dependency",
        {"requires_dist": "other @ https://example.org/other.whl"},
        requirement="other @ https://example.org/other.whl",
    ),
    sent("license_both", {"license": "MIT", "license_expression": "MIT"}),
    sent("summary_long", {"summary": "a" * 513}, limit=512),
    sent(
        "email_address",
        {"author_email": "Ana <ana@example>"},
        address="ana@example",
        reason="The part after the @-sign is not valid. It should have a period.",
    ),
    sent("url", {"home_page": "example.org"}, url="example.org"),
    sent("url", {"project_urls": "Home, ftp://example.org"}, url="ftp://example.org"),
    sent("project_url", {"project_urls": "https://example.org"}, reason="Must have a URL"),
    sent("project_url", {"project_urls": ", https://example.org"}, reason="Must have a label"),
    sent(
        "project_url",
        {"project_urls": f"{'a' * 33}, https://example.org"},
        reason=f"'{'a' * 33}' must be 32 characters or less",
    ),
    sent("dynamic", {"dynamic": "dynamic"}, field="dynamic"),
    sent("metadata", {"dynamic": "nothing"}, reason="'nothing' is not a valid dynamic field."),
    sent("field_repeated", {"summary": ["one", "two"]}, field="summary"),
    sent(
        "field_repeated",
        {"project_urls": ["A, https://a.org", "A, https://b.org"]},
        field="project_urls",
    ),
    sent(
        "metadata", {"requires_python": "three"}, reason="'three' is invalid for 'requires-python'."
    ),
    sent("metadata", {"requires_dist": "a; " + "(" * 5000}, reason="A field has invalid data."),
    sent("no_file", {"filename": None}),
    case("email", unready("email_verified"), user="learner"),
    case("two_factor", unready("two_factor"), user="learner"),
    case(
        "too_many",
        lambda setup: setup.after({}, name="other", filename="other-1.0-py3-none-any.whl"),
        Limits(new_projects=1),
    ),
    sent("name_stdlib", {"name": "Json"}, name="Json"),
    sent("name_stdlib", {"name": "distutils"}, name="distutils"),
    case("name_conflict", conflict, name="demo"),
    sent("name_prohibited", {"name": "Requirements.TXT"}, name="Requirements.TXT"),
    sent("name_similar", {"name": "a1ready-taken"}, name="a1ready-taken"),
    case("name_similar", lambda setup: setup.after({}, name="dem-0"), name="dem-0"),
    case("token_scope", scoped, reason=", ".join([PROJECT_REASON] * 4)),
    case(
        "token_expired",
        lambda setup: setup.send(token=setup.narrowed([0, 10, 0])),
        reason="token is expired",
    ),
    case(
        "token_signature",
        lambda setup: setup.send(token=changed(setup.token)),
        reason="signatures do not match",
    ),
    case(
        "token_unknown",
        lambda setup: setup.send(token=setup.narrowed(b"{")),
        reason="unknown error",
    ),
    case(
        "token",
        lambda setup: setup.send(token=setup.narrowed([9])),
        reason="caveat has unknown tag: 9",
    ),
    sent("not_owner", {"name": "Already_Taken"}, user="learner", project="already-taken"),
    sent(
        "description",
        {"description": BROKEN_RST, "description_content_type": "text/x-rst"},
        content_type="text/x-rst",
    ),
    sent("description_default", {"description": BROKEN_RST}),
    sent("filename_characters", {"filename": "demo\x7f.whl"}),
    sent("filename_path", {"filename": "a/demo.whl"}),
    sent(
        "extension_wrong",
        {"filename": "demo-1.0.tar.gz"},
        extension=".tar.gz",
        filetype="bdist_wheel",
    ),
    sent("extension", {"filename": "demo-1.0.egg"}),
    sent("image", {"content_type": "image/png"}),
    case("too_large", lambda setup: setup.send(), Limits(file=10), project="demo", limit=0),
    case(
        "project_too_large",
        lambda setup: setup.after(
            {},
            version="2.0",
            content=upload_client.wheel(version="2.0"),
            filename="demo-2.0-py3-none-any.whl",
        ),
        Limits(project=len(upload_client.wheel()) + 10),
        project="demo",
        limit=0,
    ),
    sent("digest", {"sha256_digest": "0" * 64}),
    sent("digest", {"sha256_digest": None, "md5_digest": "no"}),
    case("same", lambda setup: setup.after({})),
    case(
        "exists", lambda setup: setup.after({}, content=OTHER), filename=WHEEL, blake2=blake2(OTHER)
    ),
    case(
        "exists",
        lambda setup: setup.after({}, filename="demo-2.0-py3-none-any.whl"),
        filename="demo-2.0-py3-none-any.whl",
        blake2=blake2(upload_client.wheel()),
    ),
    case("used", deleted),
    case("closed", old),
    case(
        "second_sdist",
        lambda setup: setup.after(
            {"content": upload_client.sdist(), "filename": "demo-1.0.tar.gz", **SDIST},
            content=upload_client.sdist(version="1.0.0"),
            filename="demo-1.0.0.tar.gz",
            version="1.0.0",
            **SDIST,
        ),
    ),
    sent("archive", {"content": b"not a wheel"}, reason="File is not a zipfile"),
    sent(
        "archive",
        {"content": b"x", "filename": "demo-1.0.tar.gz", **SDIST},
        reason="File is not a tarfile",
    ),
    sent(
        "archive",
        {"content": upload_client.wheel(leave_out=["WHEEL"])},
        reason="WHEEL not found at demo-1.0.dist-info/WHEEL",
    ),
    sent(
        "archive",
        {"content": upload_client.wheel() + b"x"},
        reason=ZIP_NOT_ACCEPTED.format("Trailing data"),
    ),
    sent(
        "archive",
        {"content": upload_client.wheel(more={"a.py": "__pyarmor_enter__"})},
        reason=PYARMOR,
    ),
    sent(
        "sdist_filename",
        {"content": upload_client.sdist(), "filename": "demo.tar.gz", **SDIST},
        filename="demo.tar.gz",
    ),
    sent(
        "sdist_start",
        {"content": upload_client.sdist(), "filename": "other-1.0.tar.gz", **SDIST},
        project="demo",
        start="demo",
    ),
    sent(
        "sdist_normal",
        {"content": upload_client.sdist(), "filename": "Demo-1.0.tar.gz", **SDIST},
        filename="Demo-1.0.tar.gz",
        expected="demo-1.0.tar.gz",
    ),
    sent(
        "sdist_normal",
        {
            "content": upload_client.sdist(),
            "filename": "demo-1.0-1.tar.gz",
            "version": "1.0-1",
            **SDIST,
        },
        filename="demo-1.0-1.tar.gz",
        expected="demo-1.0.post1.tar.gz",
    ),
    sent(
        "wheel_filename",
        {"filename": "demo-1.0-py3-none.whl"},
        reason="Invalid wheel filename (wrong number of parts): 'demo-1.0-py3-none'",
    ),
    sent(
        "platform",
        {"filename": "demo-1.0-py3-none-linux_x86_64.whl"},
        filename="demo-1.0-py3-none-linux_x86_64.whl",
        platform="linux_x86_64",
    ),
    sent(
        "wheel_start",
        {"content": upload_client.wheel("other"), "filename": "other-1.0-py3-none-any.whl"},
        project="demo",
        start="demo",
    ),
    sent(
        "wheel_name",
        {"content": upload_client.wheel("Demo"), "filename": "Demo-1.0-py3-none-any.whl"},
        filename="Demo-1.0-py3-none-any.whl",
        start="demo",
        found="Demo",
    ),
    sent("wheel_version", {"version": "2.0"}, expected="2.0", version="1.0"),
    sent(
        "license_file",
        {"license_files": "x", "license_file": "LICENSE"},
        name="LICENSE",
        filename=WHEEL,
        path="demo-1.0.dist-info/licenses/LICENSE",
    ),
    sent(
        "license_file",
        {
            "content": upload_client.sdist(),
            "filename": "demo-1.0.tar.gz",
            "license_file": "LICENSE",
            **SDIST,
        },
        name="LICENSE",
        filename="demo-1.0.tar.gz",
        path="demo-1.0/LICENSE",
    ),
    sent(
        "wheel_file",
        {"content": upload_client.wheel(leave_out=["RECORD"])},
        filename=WHEEL,
        kind="RECORD",
        path="demo-1.0.dist-info/RECORD",
    ),
    sent(
        "wheel_file",
        {"content": upload_client.wheel(leave_out=["METADATA"])},
        filename=WHEEL,
        kind="METADATA",
        path="demo-1.0.dist-info/METADATA",
    ),
    sent(
        "entry_points",
        {
            "content": upload_client.wheel(
                more={"{info}/entry_points.txt": "[console_scripts]\n../run = demo:main\n"}
            )
        },
        filename=WHEEL,
    ),
    sent("filename_long", {"filename": LONG}, filename=LONG),
    sent("attestations", {"attestations": ""}),
]


def text(case: Case) -> str:
    """Return the message of *case*, filled in."""
    return str(MESSAGES[case.key]["text"]).format(help=INDEX.help, **case.values)
