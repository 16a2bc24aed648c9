"""The pages on which a learner yanks and deletes, with PyPI's questions before it is done.

Source: ManageProjectRelease in warehouse/manage/views/__init__.py of pypi/warehouse at commit
6b62157.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pypi_practice.core.i18n import Translator
from pypi_practice.core.indexes import Index
from pypi_practice.index.request import Request
from pypi_practice.index.responses import Response
from pypi_practice.index.storage import queries
from pypi_practice.index.storage.records import Project
from pypi_practice.index.views.pages import HISTORY, Pages, redirect

REASON_LIMIT = 1000  # characters


@dataclass(frozen=True)
class Question:
    """What is asked before something is changed, and what is said when it is done.

    ``title`` and ``field`` are labels of PyPI, ``text``, ``understood`` and ``done`` sentences of
    data/index/web_pages.yml, filled with ``values``; ``expected`` must be typed.
    """

    title: str
    text: str
    field: str
    expected: str
    back: str
    done_key: str
    values: dict[str, object]
    understood: Sequence[str] = ()
    with_reason: bool = False


class ManagePages:
    """The pages below ``/manage/project`` and ``/manage/projects``."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.store = pages.store

    def projects(self, request: Request, index: Index) -> Response:
        """Return the learner's projects."""
        listing = self.pages.listing(request, index)
        return self.pages.render(request, index, "manage_projects", **listing)

    def releases(self, request: Request, index: Index, project: Project) -> Response:
        """Return the releases of a project, with what can be done to them."""
        releases = queries.releases(self.store, project)
        return self.pages.render(
            request,
            index,
            "manage_releases",
            project=project,
            releases=releases[:HISTORY],
            older=max(0, len(releases) - HISTORY),
        )

    def release(
        self, request: Request, index: Index, project: Project, version: str
    ) -> Response | None:
        """Return a release with its files; None if there is none."""
        shown_release = queries.release(self.store, project, version)
        if shown_release is None:
            return None
        files = queries.files(self.store, project, shown_release.version)
        return self.pages.render(
            request, index, "manage_release", project=project, release=shown_release, files=files
        )

    def settings(self, request: Request, index: Index, project: Project) -> Response:
        """Return the settings of a project: its tokens, and how it is deleted."""
        return self.pages.render(request, index, "settings", project=project)

    def change_release(
        self, request: Request, index: Index, project: Project, version: str, action: str
    ) -> Response | None:
        """Ask, and then yank, un-yank or delete a release; None if that cannot be done to it."""
        release = queries.release(self.store, project, version)
        if release is None or action not in ("yank", "unyank", "delete"):
            return None
        if action != "delete" and (release.yanked is not None) == (action == "yank"):
            return None
        values: dict[str, object] = {
            "version": release.version,
            "count": release.files,
            "requirement": f"{project.name}=={release.version}",
        }
        back = f"/manage/project/{project.normalized}/releases/"
        store = self.store
        if action == "yank":
            reason = " ".join(request.fields.get("yanked_reason", "").split())[:REASON_LIMIT]
            question = Question(
                "yank_release",
                "yank_text",
                "version",
                release.version,
                back,
                "yanked_done",
                values,
                with_reason=True,
            )
            change = lambda: queries.yank(store, project, release, reason)  # noqa: E731
        elif action == "unyank":
            question = Question(
                "unyank_release",
                "unyank_text",
                "version",
                release.version,
                back,
                "unyanked_done",
                values,
            )
            change = lambda: queries.unyank(store, project, release)  # noqa: E731
        else:
            question = Question(
                "delete_release",
                "delete_release_text",
                "version",
                release.version,
                back,
                "release_deleted",
                values,
                (
                    "understand_release_files",
                    "understand_release_install",
                    "understand_name",
                    "understand_undo",
                    "understand_admins",
                ),
            )
            change = lambda: queries.delete_release(store, index, project, release)  # noqa: E731
        return self._confirm(request, index, project, question, change)

    def delete_file(
        self, request: Request, index: Index, project: Project, version: str, filename: str
    ) -> Response | None:
        """Ask, and then delete a file; None if the release has no such file."""
        files = queries.files(self.store, project, version)
        file = next((stored for stored in files if stored.filename == filename), None)
        if file is None:
            return None
        question = Question(
            "delete_file",
            "delete_file_text",
            "project_name",
            project.name,
            f"/manage/project/{project.normalized}/release/{file.version}/",
            "file_deleted",
            {"filename": file.filename},
            (
                "understand_file_install",
                "understand_name",
                "understand_undo",
                "understand_admins",
            ),
        )
        change = lambda: queries.delete_file(self.store, index, project, file.filename)  # noqa: E731
        return self._confirm(request, index, project, question, change)

    def delete_project(self, request: Request, index: Index, project: Project) -> Response:
        """Ask, and then delete a project."""
        values = {"name": project.name, "count": len(queries.releases(self.store, project))}
        question = Question(
            "delete_project",
            "delete_project_text",
            "project_name",
            project.name,
            "/manage/projects/",
            "project_deleted",
            values,
            (
                "understand_project_install",
                "understand_name",
                "understand_free",
                "understand_undo",
                "understand_admins",
            ),
        )
        change = lambda: queries.delete_project(self.store, index, project)  # noqa: E731
        return self._confirm(request, index, project, question, change)

    def _confirm(
        self,
        request: Request,
        index: Index,
        project: Project,
        question: Question,
        change: Callable[[], None],
    ) -> Response:
        words = Translator(request.language, "index/web_pages")
        error = None
        if request.method == "POST":
            answer = request.fields.get("confirm", "").strip()
            if answer == question.expected:
                change()
                session = self.pages.sessions.of(request)
                self.pages.sessions.add_notice(session, words(question.done_key, **question.values))
                return redirect(request, question.back)
            error = words("confirm_missing")
            if answer:
                error = words("confirm_wrong", given=answer[:100], expected=question.expected)
        return self.pages.render(
            request,
            index,
            "confirm",
            200 if error is None else 400,
            project=project,
            question=question,
            wrong=error,
        )
