"""The metadata of an upload: read from the form, checked by packaging, then by PyPI's own rules.

Source: parse_form_metadata and _validate_metadata in warehouse/forklift/metadata.py, and what
warehouse/forklift/legacy.py makes of their errors, at commit 6b62157.
"""

from __future__ import annotations

import email.utils
import functools
import re
import typing
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import rfc3986
import rfc3986.exceptions
import rfc3986.validators
from packaging.metadata import InvalidMetadata, Metadata, RawMetadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version
from trove_classifiers import all_classifiers, deprecated_classifiers

from pypi_practice.core.limits import FIELD_COUNT
from pypi_practice.index.upload.rejection import TooMuch, UploadRejected
from pypi_practice.processes import worker

if typing.TYPE_CHECKING:  # the form knows the store, which a worker does without
    from pypi_practice.index.upload.form import Form

# Whose errors PyPI shows before all others.
FIRST_FIELDS = ("metadata-version", "name", "version")
SUPPORTED = ("1.0", "1.1", "1.2", "2.1", "2.2", "2.3", "2.4", "2.5")
SUMMARY_LIMIT = 512  # characters
LABEL_LIMIT = 32  # characters
# One that PyPI knows has some 50; the parser of packaging takes time in the square of its length.
CONTENT_TYPE_LIMIT = 1024  # characters
# What is read without another process: that takes longer than so few fields do.
FEW_FIELDS, FEW_CHARACTERS = 150, 16 * 1024
SECONDS = 10.0  # of computing, many times what the limits of a form allow
CACHED = 1024  # answers about addresses: a project has the same ones in each of its files
CLASSIFIERS = frozenset(all_classifiers)
# The names of form fields that differ from those of packaging.metadata.
FORM_FIELDS = {
    "platform": "platforms",
    "supported_platform": "supported_platforms",
    "license_file": "license_files",
    "import_name": "import_names",
    "import_namespace": "import_namespaces",
}
RAW_FIELDS = typing.get_type_hints(RawMetadata)
# Source: DYNAMIC_FIELDS in warehouse/forklift/metadata.py.
DYNAMIC = frozenset(
    (
        "platform",
        "supported-platform",
        "summary",
        "description",
        "description-content-type",
        "keywords",
        "home-page",
        "download-url",
        "author",
        "author-email",
        "maintainer",
        "maintainer-email",
        "license",
        "license-expression",
        "license-file",
        "classifier",
        "requires-dist",
        "requires-python",
        "requires-external",
        "project-url",
        "provides-extra",
        "provides-dist",
        "obsoletes-dist",
        "requires",
        "provides",
        "obsoletes",
        "import-name",
        "import-namespace",
    )
)


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the field, by its name in METADATA, and the message about it."""

    field: str
    key: str
    values: dict[str, object]


def read(form: Form) -> tuple[Metadata, dict[str, Any]]:
    """Return the metadata in *form*, checked and as it was sent; raises Refused and TooMuch."""
    size = sum(len(value) for key, value in form.fields if key != "description")
    if len(form.fields) <= FEW_FIELDS and size <= FEW_CHARACTERS:
        return read_fields(form.fields)
    try:
        return worker.run(read_fields, form.fields, seconds=SECONDS)
    except (worker.GaveUp, MemoryError) as error:
        raise TooMuch("form_effort", {}) from error


def read_fields(fields: list[tuple[str, str]]) -> tuple[Metadata, dict[str, Any]]:
    """Do the work of ``read``, here and now."""
    raw = _raw(fields)
    if len(raw.get("description_content_type", "")) > CONTENT_TYPE_LIMIT:
        raise TooMuch("form_effort", {})
    try:
        metadata = Metadata.from_raw(typing.cast(RawMetadata, raw))
        problems = list(_own_rules(metadata))
    except ExceptionGroup as group:
        raise _worst([_problem(error) for error in group.exceptions]) from None
    except Exception as error:
        # The libraries meet what they were not made for: a number of 5000 digits, a marker or an
        # e-mail address in as many parentheses. PyPI would answer 500, which helps nobody.
        raise _unreadable(raw) from error
    if problems:
        raise _worst(problems)
    return metadata, raw


def _raw(fields: list[tuple[str, str]]) -> dict[str, Any]:
    grouped: defaultdict[str, list[str]] = defaultdict(list)
    for key, value in fields:
        grouped[key].append(value)
    raw: dict[str, Any] = {}
    repeated: list[str] = []
    for key, values in grouped.items():
        name = FORM_FIELDS.get(key, key)
        kind = RAW_FIELDS.get(name)
        if kind is None or key in FORM_FIELDS.values() or values == [""]:
            continue
        if name == "project_urls":
            urls = [_label_and_url(value) for value in values]
            raw[name] = dict(urls)
            if len(raw[name]) < len(urls):
                repeated.append(key)
        elif name == "keywords" and len(values) == 1:
            if values[0].count(",") >= FIELD_COUNT:
                raise TooMuch("form_fields", {"limit": FIELD_COUNT})
            raw[name] = [word.strip() for word in values[0].split(",")]
        elif kind is str and len(values) == 1:
            raw[name] = values[0]
        elif kind is not str and name != "keywords":
            raw[name] = values
        else:
            repeated.append(key)
    if repeated:
        raise UploadRejected("field_repeated", field=min(repeated))
    return raw


def _label_and_url(value: str) -> tuple[str, str]:
    label, _, url = value.partition(",")
    return label.strip(), url.strip()


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def _problem(error: Exception) -> Problem:
    """Return what packaging says, under the key of its message."""
    field = error.field if isinstance(error, InvalidMetadata) else ""
    text = str(error)
    if match := re.fullmatch(r"(.+) is not a valid metadata version", text, re.DOTALL):
        return Problem(field, "metadata_version", {"version": _Written(match[1])})
    if match := re.fullmatch(r"(.+) is invalid for 'version'", text, re.DOTALL):
        return Problem(field, "version", {"version": _Written(match[1])})
    return Problem(field, "metadata", {"reason": _sentence(text)})


class _Written(str):
    """A value that packaging has quoted already."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _unreadable(raw: dict[str, Any]) -> UploadRejected:
    version = raw.get("version", "")
    try:
        Version(version)
    except Exception:  # whatever it was, it was the version
        return UploadRejected("version", version=version)
    return UploadRejected("metadata", reason="A field has invalid data.")


def _worst(problems: list[Problem]) -> UploadRejected:
    """Return the problem that PyPI shows: of the first fields, then of the others by name."""
    order = {name: position for position, name in enumerate(FIRST_FIELDS)}
    first = min(problems, key=lambda problem: (order.get(problem.field, len(order)), problem.field))
    return UploadRejected(first.key, **first.values)


def _own_rules(metadata: Metadata) -> Iterator[Problem]:
    version = metadata.metadata_version
    if version not in SUPPORTED:
        yield Problem("metadata-version", "metadata_version", {"version": version})
    if metadata.version.local:
        yield Problem("version", "local_version", {"version": metadata.version})
    if len(metadata.summary or "") > SUMMARY_LIMIT:
        yield Problem("summary", "summary_long", {"limit": SUMMARY_LIMIT})
    yield from _addresses(metadata)
    yield from _classifiers(set(metadata.classifiers or []))
    yield from _urls(metadata)
    yield from _distributions(metadata)
    for field in metadata.dynamic or []:
        if field not in DYNAMIC:
            yield Problem("dynamic", "dynamic", {"field": field})
    if metadata.license and metadata.license_expression:
        yield Problem("license", "license_both", {})


@functools.lru_cache(maxsize=CACHED)
def _address_fault(address: str) -> str | None:
    """Return what is wrong with an e-mail address, or None."""
    import email_validator

    try:
        email_validator.validate_email(address, check_deliverability=False)
    except (email_validator.EmailNotValidError, UnicodeError) as error:
        return _sentence(str(error))
    return None


def _addresses(metadata: Metadata) -> Iterator[Problem]:
    for field in ("author_email", "maintainer_email"):
        _, address = email.utils.parseaddr(getattr(metadata, field) or "")
        if not address:
            continue
        if (reason := _address_fault(address)) is not None:
            name = field.replace("_", "-")
            yield Problem(name, "email_address", {"address": address, "reason": reason})


def _classifiers(classifiers: set[str]) -> Iterator[Problem]:
    for classifier in sorted(classifiers - CLASSIFIERS):
        yield Problem("classifier", "classifier", {"classifier": classifier})
    for classifier in sorted(classifiers & deprecated_classifiers.keys()):
        instead = deprecated_classifiers[classifier]
        if instead:
            advice = f"use one of {instead} instead"
            values: dict[str, object] = {"classifier": classifier, "advice": advice}
            yield Problem("classifier", "classifier_deprecated", values)
        else:
            reason = f"The classifier {classifier!r} has been deprecated."
            yield Problem("classifier", "metadata", {"reason": reason})


@functools.lru_cache(maxsize=CACHED)
def _is_url(url: str) -> bool:
    validator = rfc3986.validators.Validator().allow_schemes("http", "https")
    validator.require_presence_of("scheme")
    validator.check_validity_of("scheme", "host", "port", "path", "query")
    try:
        validator.validate(rfc3986.uri_reference(url).normalize())
    except (rfc3986.exceptions.RFC3986Exception, ValueError):
        return False
    return True


def _urls(metadata: Metadata) -> Iterator[Problem]:
    for field, url in (("home-page", metadata.home_page), ("download-url", metadata.download_url)):
        if url is not None and not _is_url(url):
            yield Problem(field, "url", {"url": url})
    for label, url in (metadata.project_urls or {}).items():
        if not label:
            yield Problem("project-url", "project_url", {"reason": "Must have a label"})
        elif len(label) > LABEL_LIMIT:
            reason = f"{label!r} must be {LABEL_LIMIT} characters or less"
            yield Problem("project-url", "project_url", {"reason": reason})
        elif not url:
            yield Problem("project-url", "project_url", {"reason": "Must have a URL"})
        elif not _is_url(url):
            yield Problem("project-url", "url", {"url": url})


def _distributions(metadata: Metadata) -> Iterator[Problem]:
    for field in ("provides_dist", "obsoletes_dist"):
        name = field.replace("_", "-")
        for text in getattr(metadata, field) or []:
            try:
                requirement = Requirement(text)
            except (InvalidRequirement, RecursionError, ValueError) as error:
                reason = _sentence(f"{text!r} is invalid: {error}")
                yield Problem(name, "metadata", {"reason": reason})
            else:
                if requirement.url is not None:
                    yield Problem(name, "direct_dependency", {"requirement": repr(text)})
    for requirement in metadata.requires_dist or []:
        if requirement.url is not None:
            yield Problem("requires-dist", "direct_dependency", {"requirement": requirement})
