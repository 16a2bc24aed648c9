"""PyPI's rules for the project of an upload, and for who may upload to it.

validation.py puts them in PyPI's order.
"""

from __future__ import annotations

import dataclasses
import functools
import uuid

from packaging.utils import canonicalize_name

from pypi_practice.core import project_names
from pypi_practice.core.data import load
from pypi_practice.core.indexes import Index
from pypi_practice.index.storage.records import Project
from pypi_practice.index.upload.rejection import UploadRejected
from pypi_practice.index.upload.state import Upload
from pypi_practice.tokens import macaroons

# Which message a refusal of a token belongs to, by the start of PyPI's reason.
TOKEN_REASONS = {
    "project-scoped token is not valid": "token_scope",
    "token is expired": "token_expired",
    "signatures do not match": "token_signature",
    "unknown error": "token_unknown",
}


def _user_can_upload(upload: Upload) -> None:
    if not upload.token.user.email_verified:
        raise UploadRejected("email", user=upload.token.user.name)
    if not upload.token.user.two_factor:
        raise UploadRejected("two_factor", user=upload.token.user.name)


@functools.cache
def _reserved_projects(index: Index) -> dict[str, Project]:
    """Return the projects of another user, by normalised name.

    They live in data/index/reserved_names.yml and not in the store: they have no
    release and no page, and every learner finds the same ones from the start.
    """
    reserved = load("index/reserved_names")["taken"]
    owner = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{reserved['user']}.{index.practice_location}"))
    return {
        canonicalize_name(name): Project(
            id=str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{index.practice_location}")),
            index=index.key,
            name=name,
            normalized=canonicalize_name(name),
            owner=owner,
        )
        for name in reserved["projects"]
    }


def project(upload: Upload) -> None:
    name, user = upload.form.get("name"), upload.token.user
    reserved = _reserved_projects(upload.index)
    normalized = canonicalize_name(name)
    upload.project = upload.store.project(upload.index, name) or reserved.get(normalized)
    if upload.project is not None:
        return
    _user_can_upload(upload)
    if upload.new_projects is not None and upload.new_projects.full(user.id, normalized):
        raise UploadRejected("too_many")
    check_new_name(upload, name)
    if upload.new_projects is not None:
        if not upload.new_projects.begin(user.id, normalized):
            raise UploadRejected("too_many")
        upload.begun = normalized
    # Not stored yet: a refusal further on must leave no empty project behind.
    upload.project = Project(
        id=str(uuid.uuid4()),
        index=upload.index.key,
        name=name,
        normalized=normalized,
        owner=user.id,
    )


def check_new_name(upload: Upload, name: str) -> None:
    """Raise UploadRejected if no new project can be called so.

    A project of just this name is no hindrance: another upload may have made it a moment ago.
    """
    others = upload.store.look_alikes(upload.index, name, project_names.look(name))
    others += [other.name for other in _reserved_projects(upload.index).values()]
    if key := project_names.fault(name, others):
        raise UploadRejected(key, name=name)


def permission(upload: Upload) -> None:
    target, user = upload.target, upload.token.user
    reason = macaroons.refusal(
        upload.macaroon,
        upload.token.key,
        upload.token.caveats,
        macaroons.Request(
            user_id=user.id,
            project_id=target.id,
            project_name=target.name,
            normalized_name=target.normalized,
        ),
    )
    if reason is not None:
        keys = (key for start, key in TOKEN_REASONS.items() if reason.startswith(start))
        raise UploadRejected(next(keys, "token"), reason=reason)
    if target.owner != user.id:
        raise UploadRejected("not_owner", user=user.name, project=target.name)
    _user_can_upload(upload)


def display_name(upload: Upload) -> None:
    """Spell the project as this upload does, from here on and in the messages."""
    upload.project = dataclasses.replace(upload.target, name=upload.meta.name)
