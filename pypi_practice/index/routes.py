"""Which page an address means. The paths are PyPI's own: warehouse/routes.py of pypi/warehouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from packaging.utils import canonicalize_name
from trove_classifiers import sorted_classifiers
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import Map, RequestRedirect, Rule

from pypi_practice.core.indexes import Index
from pypi_practice.index.request import Request
from pypi_practice.index.responses import JSON, TEXT, Response
from pypi_practice.index.sessions import Sessions
from pypi_practice.index.storage.records import Project
from pypi_practice.index.storage.store import Store
from pypi_practice.index.upload import validation
from pypi_practice.index.views import json_api, pages
from pypi_practice.index.views.account import AccountPages
from pypi_practice.index.views.manage import ManagePages
from pypi_practice.index.views.pages import Pages

Page = Callable[..., Response | None]
CONTROL = re.compile(r"[\x00-\x1f\x7f\\]")


def is_tricky(path: str) -> bool:
    """Tell whether *path* is one that no page of ours has: ``..``, ``//``, NUL, a backslash."""
    return (
        bool(CONTROL.search(path))
        or "//" in path
        or any(part in (".", "..") for part in path.split("/"))
        or "%" in path
    )


class Routes:
    """The pages for people and the JSON of ``/pypi``, over one store."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.pages = Pages(store, Sessions())
        account, manage, page = AccountPages(self.pages), ManagePages(self.pages), self.pages
        # Each address, what answers it, and whether it takes forms. The page gets the project
        # itself, and everything else as it was written.
        table: list[tuple[str, Page, bool]] = [
            ("/", page.home, False),
            ("/user/<name>/", page.user, False),
            ("/project/<project>/", page.project, False),
            ("/project/<project>/<version>/", page.project, False),
            ("/manage/account/", account.overview, False),
            ("/manage/account/token/", self._token, True),
            ("/manage/account/token/<identifier>/remove/", account.remove, True),
            ("/manage/projects/", manage.projects, False),
            ("/manage/project/<project>/releases/", manage.releases, False),
            ("/manage/project/<project>/settings/", manage.settings, False),
            ("/manage/project/<project>/delete_project/", manage.delete_project, True),
            ("/manage/project/<project>/release/<version>/", manage.release, False),
            ("/manage/project/<project>/release/<version>/<action>/", manage.change_release, True),
            (
                "/manage/project/<project>/release/<version>/file/<filename>/delete/",
                manage.delete_file,
                True,
            ),
        ]
        self.addresses = Map(
            [
                Rule(path, endpoint=page, methods=("GET", "POST") if forms else ("GET",))
                for path, page, forms in table
            ]
        ).bind("")
        self.account = account

    def _token(self, request: Request, index: Index) -> Response:
        if request.method == "POST":
            return self.account.create(request, index)
        return self.account.form(request, index)

    def respond(self, request: Request, index: Index) -> Response:
        """Return the page that *request* asks for, or one that says what is wrong."""
        path = request.path
        if is_tricky(path):
            return self.pages.missing(request, index)
        if path == "/static/style.css":
            return pages.stylesheet()
        if path == "/pypi" and request.args.get(":action") == "list_classifiers":
            # Flit checks classifiers against this list. Source: warehouse/legacy/api/pypi.py.
            return Response(200, "\n".join(sorted_classifiers).encode(), TEXT)
        if request.method in ("GET", "HEAD") and (switched := pages.switch_language(request)):
            return switched
        if match := re.fullmatch(r"/pypi/([^/]+)(?:/([^/]+))?/json/?", path):
            return self._json(request, index, match[1], match[2])
        try:
            page, values = self.addresses.match(path, request.method)
        except RequestRedirect:  # only the last slash is missing
            return pages.redirect(request, f"{path}/", 301)
        except MethodNotAllowed as error:
            problem = self.pages.problem(request, index, 405, "wrong_method", method=request.method)
            problem.headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
            return problem
        except NotFound:
            return self.pages.missing(request, index)
        return self._page(request, index, page, dict(values))

    def _page(self, request: Request, index: Index, page: Page, values: dict[str, Any]) -> Response:
        if request.method == "POST" and not self.pages.sessions.may_change(request):
            return self.pages.problem(request, index, 403, "forged")
        if name := values.get("project"):
            values["project"] = project = self.project(index, name)
            if project is None:
                return self.pages.missing(request, index)
            if name != project.normalized and request.method != "POST":
                path = request.path.replace(f"/{name}/", f"/{project.normalized}/", 1)
                return pages.redirect(request, path, 301)
        return page(request, index, **values) or self.pages.missing(request, index)

    def _json(self, request: Request, index: Index, name: str, version: str | None) -> Response:
        project = self.project(index, name)
        if project is None or request.method not in ("GET", "HEAD"):
            return self._json_missing()
        if name != project.normalized:
            suffix = f"/{quote(version)}/json" if version else "/json"
            return pages.redirect(request, f"/pypi/{project.normalized}{suffix}", 301)
        response = json_api.project(request, index, project, self.store, version)
        return response or self._json_missing()

    def _json_missing(self) -> Response:
        # As on PyPI: programs look at the status, and some read this message.
        return Response(404, b'{"message": "Not Found"}', JSON)

    def project(self, index: Index, name: str) -> Project | None:
        """Return the project that *name* means in any spelling, or None."""
        if not validation.NAME.match(name):
            return None
        return self.store.project(index, canonicalize_name(name))
