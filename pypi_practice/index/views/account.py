"""The account pages: a learner makes a token, sees it once, and removes it.

Source: warehouse/manage/views/__init__.py and warehouse/manage/forms.py of pypi/warehouse at
commit 6b62157. There is one user and no password, which the pages say; forms are protected
against other sites all the same.
"""

from __future__ import annotations

from pypi_practice.core.errors import PracticeError
from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import Index
from pypi_practice.index.request import Request
from pypi_practice.index.responses import Response
from pypi_practice.index.storage import queries
from pypi_practice.index.storage.records import Project
from pypi_practice.index.views.pages import LISTED, Pages, redirect

NAME_LIMIT = 100  # characters
ACCOUNT = "/manage/account/"


class Refusal(Exception):
    """A field of the form is wrong: ``field`` and the sentence for the learner."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class AccountPages:
    """The tokens of the learner."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.store = pages.store

    def overview(self, request: Request, index: Index) -> Response:
        """Return the list of tokens."""
        tokens = self.store.tokens(index)
        return self.pages.render(request, index, "account", tokens=tokens)

    def form(self, request: Request, index: Index, refusal: Refusal | None = None) -> Response:
        """Return the form for a new token, with what was typed if it was refused."""
        projects = queries.projects(self.store, index, LISTED + 1)
        scope = request.fields.get("token_scope", "")
        if selected := request.args.get("selected_project"):
            project = self.store.project(index, selected)
            if project is not None and not scope:
                scope = f"scope:project:{project.normalized}"
            if project is not None and project not in projects:
                projects = [project, *projects]
        return self.pages.render(
            request,
            index,
            "token_new",
            200 if refusal is None else 400,
            projects=projects[:LISTED],
            listed=LISTED if len(projects) > LISTED else None,
            name=request.fields.get("description", ""),
            scope=scope,
            refusal=refusal,
            limit=NAME_LIMIT,
        )

    def create(self, request: Request, index: Index) -> Response:
        """Make the token of the form, and show it this once."""
        try:
            name, project = self._read(request, index)
            try:
                user = self.store.user(index)
                identifier, token = self.store.new_token(user, name, project)
            except PracticeError as error:
                words = Translator(request.language, "index/web_pages")
                raise Refusal("description", words("token_name_used")) from error
        except Refusal as refusal:
            return self.form(request, index, refusal)
        return self.pages.render(
            request,
            index,
            "token_made",
            name=name,
            project=project,
            identifier=identifier,
            token=token,
        )

    def _read(self, request: Request, index: Index) -> tuple[str, Project | None]:
        words = Translator(request.language, "index/web_pages")
        name = " ".join(request.fields.get("description", "").split())
        scope = request.fields.get("token_scope", "")
        if not name:
            raise Refusal("description", words("token_name_missing"))
        if len(name) > NAME_LIMIT:
            raise Refusal("description", words("token_name_long"))
        if scope in ("", "scope:unspecified"):
            raise Refusal("token_scope", words("token_scope_missing"))
        if scope == "scope:user":
            return name, None
        kind, _, project_name = scope.removeprefix("scope:").partition(":")
        if not scope.startswith("scope:") or kind != "project":
            raise Refusal("token_scope", words("token_scope_unknown", scope=scope[:100]))
        project = self.store.project(index, project_name)
        if project is None:
            raise Refusal("token_scope", words("token_project_unknown", name=project_name[:100]))
        return name, project

    def remove(self, request: Request, index: Index, identifier: str) -> Response | None:
        """Ask before a token is removed, and remove it; None if there is none."""
        token = self.store.token(identifier)
        if token is None or token.user.index != index.key:
            return None
        if request.method != "POST":
            return self.pages.render(request, index, "token_remove", token=token)
        self.store.remove_token(token.id)
        words = Translator(request.language, "index/web_pages")
        session = self.pages.sessions.of(request)
        self.pages.sessions.add_notice(session, words("token_deleted", name=token.description))
        return redirect(request, ACCOUNT)
