"""Which page an address means. The paths are PyPI's own: warehouse/routes.py of pypi/warehouse."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import quote

from packaging.utils import canonicalize_name
from trove_classifiers import sorted_classifiers

from pypi_practice.core.indexes import Index
from pypi_practice.index.request import Request
from pypi_practice.index.responses import Response
from pypi_practice.index.sessions import Sessions
from pypi_practice.index.storage.store import Project, Store
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
        # Each address, what answers it, and whether it takes forms. A group that is called "name"
        # is a project: the page gets the project itself.
        table: list[tuple[str, Page, bool]] = [
            (r"/", page.home, False),
            (r"/user/(?P<user>[^/]+)/", page.user, False),
            (r"/project/(?P<name>[^/]+)/(?:(?P<version>[^/]+)/)?", page.project, False),
            (r"/manage/account/", account.overview, False),
            (r"/manage/account/token/", self._token, True),
            (r"/manage/account/token/(?P<token>[0-9a-f-]{36})/remove/", account.remove, True),
            (r"/manage/projects/", manage.projects, False),
            (r"/manage/project/(?P<name>[^/]+)/releases/", manage.releases, False),
            (r"/manage/project/(?P<name>[^/]+)/settings/", manage.settings, False),
            (r"/manage/project/(?P<name>[^/]+)/delete_project/", manage.delete_project, True),
            (
                r"/manage/project/(?P<name>[^/]+)/release/(?P<version>[^/]+)/",
                manage.release,
                False,
            ),
            (
                r"/manage/project/(?P<name>[^/]+)/release/(?P<version>[^/]+)/(?P<what>[a-z]+)/",
                manage.change_release,
                True,
            ),
            (
                r"/manage/project/(?P<name>[^/]+)/release/(?P<version>[^/]+)"
                r"/file/(?P<filename>[^/]+)/delete/",
                manage.delete_file,
                True,
            ),
        ]
        self.table = [(re.compile(pattern), page, forms) for pattern, page, forms in table]
        self.account = account

    def _token(self, request: Request, index: Index) -> Response:
        if request.method == "POST":
            return self.account.create(request, index)
        return self.account.form(request, index)

    def answer(self, request: Request, index: Index) -> Response:
        """Return the page that *request* asks for, or one that says what is wrong."""
        path = request.path
        if is_tricky(path):
            return self.pages.missing(request, index)
        if path == "/static/style.css":
            return pages.stylesheet()
        if path == "/pypi" and request.query.get(":action") == "list_classifiers":
            # Flit checks classifiers against this list. Source: warehouse/legacy/api/pypi.py.
            return Response(
                200, "\n".join(sorted_classifiers).encode(), "text/plain; charset=UTF-8"
            )
        if request.method in ("GET", "HEAD") and (switched := pages.switch_language(request)):
            return switched
        if match := re.fullmatch(r"/pypi/([^/]+)(?:/([^/]+))?/json/?", path):
            return self._json(request, index, match[1], match[2])
        for pattern, page, forms in self.table:
            if match := pattern.fullmatch(path):
                return self._page(request, index, page, forms, match.groupdict())
            if not path.endswith("/") and pattern.fullmatch(f"{path}/"):
                return pages.redirect(request, f"{path}/", 301)
        return self.pages.missing(request, index)

    def _page(
        self, request: Request, index: Index, page: Page, forms: bool, found: dict[str, str]
    ) -> Response:
        if request.method not in ("GET", "HEAD", *(["POST"] if forms else [])):
            answer = self.pages.problem(request, index, 405, "wrong_method", method=request.method)
            allowed = "GET, HEAD, POST" if forms else "GET, HEAD"
            return Response(405, answer.body, headers=[*answer.headers, ("Allow", allowed)])
        if request.method == "POST" and not self.pages.sessions.may_change(request):
            return self.pages.problem(request, index, 403, "forged")
        values: list[str | Project | None] = []
        for name, value in found.items():
            if name != "name":
                values.append(value)
                continue
            project = self.project(index, value)
            if project is None:
                return self.pages.missing(request, index)
            if value != project.normalized and request.method != "POST":
                path = request.path.replace(f"/{value}/", f"/{project.normalized}/", 1)
                return pages.redirect(request, path, 301)
            values.append(project)
        return page(request, index, *values) or self.pages.missing(request, index)

    def _json(self, request: Request, index: Index, name: str, version: str | None) -> Response:
        project = self.project(index, name)
        if project is None or request.method not in ("GET", "HEAD"):
            return self._json_missing()
        if name != project.normalized:
            rest = f"/{quote(version)}/json" if version else "/json"
            return pages.redirect(request, f"/pypi/{project.normalized}{rest}", 301)
        found = json_api.project(request, index, project, self.store, version)
        return found or self._json_missing()

    def _json_missing(self) -> Response:
        # As on PyPI: programs look at the status, and some read this message.
        return Response(404, b'{"message": "Not Found"}', "application/json")

    def project(self, index: Index, name: str) -> Project | None:
        """Return the project that *name* means in any spelling, or None."""
        if not validation.NAME.match(name):
            return None
        return self.store.project(index, canonicalize_name(name))
