"""``/pypi/NAME/json`` and ``/pypi/NAME/VERSION/json``: what PyPI tells programs of a project.

Source: warehouse/legacy/api/json.py of pypi/warehouse at commit 6b62157. MD5 digests and
downloads are not kept here.
"""

from __future__ import annotations

import json
from typing import Any

from pypi_practice.core.indexes import Index
from pypi_practice.index.request import Request
from pypi_practice.index.responses import Response
from pypi_practice.index.storage import queries
from pypi_practice.index.storage.records import LEARNER, Project
from pypi_practice.index.storage.store import Store
from pypi_practice.index.views import simple

PLAIN = (
    "author",
    "author_email",
    "description",
    "description_content_type",
    "download_url",
    "dynamic",
    "home_page",
    "license",
    "license_expression",
    "license_files",
    "maintainer",
    "maintainer_email",
    "provides_extra",
    "requires_dist",
    "requires_python",
    "summary",
)


def project(
    request: Request, index: Index, listed: Project, store: Store, version: str | None
) -> Response | None:
    """Return what is known of the latest release, or of *version*; None if there is none."""
    releases = queries.releases(store, listed)
    shown_release = queries.latest(releases)
    if version is not None:
        shown_release = queries.release(store, listed, version)
    if shown_release is None:
        return None
    files = queries.files(store, listed, None if version is None else shown_release.version)
    address = f"{request.own_origin}{request.base}"
    by_version: dict[str, list[dict[str, Any]]] = {
        release.version: [] for release in reversed(releases)
    }
    for file in files:
        by_version[file.version].append(_file(file, address))
    serial = queries.serial(store, index, listed)
    metadata = queries.metadata(store, shown_release)
    page = f"{address}/project/{listed.normalized}/"
    body: dict[str, Any] = {
        "info": {
            "name": listed.name,
            "version": shown_release.version,
            **{name: metadata.get(name) for name in PLAIN},
            "classifiers": metadata.get("classifiers", []),
            "keywords": ",".join(metadata.get("keywords", [])) or None,
            "platform": ",".join(metadata.get("platforms", [])) or None,
            "downloads": {"last_day": -1, "last_week": -1, "last_month": -1},
            "package_url": page,
            "project_url": page,
            "project_urls": metadata.get("project_urls") or None,
            "release_url": f"{page}{shown_release.version}/",
            "bugtrack_url": None,
            "docs_url": None,
            "yanked": shown_release.yanked is not None,
            "yanked_reason": shown_release.yanked or None,
        },
        "last_serial": serial,
        "ownership": {"roles": [{"role": "Owner", "user": LEARNER}], "organization": None},
        "urls": by_version[shown_release.version],
        "vulnerabilities": [],
    }
    if version is None:
        body["releases"] = by_version
    return simple.respond(request, json.dumps(body).encode(), "application/json", serial)


def _file(file: queries.ListedFile, address: str) -> dict[str, Any]:
    uploaded = simple.iso_time(file.uploaded)
    return {
        "filename": file.filename,
        "packagetype": file.filetype,
        "python_version": file.python_version,
        "comment_text": None,
        "has_sig": False,
        "digests": {"sha256": file.sha256, "blake2b_256": file.blake2},
        "core-metadata": {"sha256": file.metadata} if file.metadata else False,
        "size": file.size,
        "downloads": -1,
        "upload_time": uploaded[:19],
        "upload_time_iso_8601": uploaded,
        "url": f"{address}/files/{file.filename}",
        "requires_python": file.requires_python or None,
        "yanked": file.yanked is not None,
        "yanked_reason": file.yanked or None,
    }
