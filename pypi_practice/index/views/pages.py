"""The pages for people: the index, a project, a release, a user. Their words are in data/.

Every value goes through Jinja2's escaping; the only HTML that is passed on is a README that
readme_renderer has cleaned. No page carries a script or asks another host.
"""

from __future__ import annotations

import functools
import importlib.resources
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from markupsafe import Markup

from pypi_practice.core.data import load
from pypi_practice.core.i18n import LANGUAGES
from pypi_practice.core.indexes import Index
from pypi_practice.index.request import LANGUAGE_COOKIE, Request
from pypi_practice.index.responses import Response
from pypi_practice.index.sessions import FIELD, Sessions
from pypi_practice.index.storage import queries
from pypi_practice.index.storage.records import LEARNER, Project
from pypi_practice.index.storage.store import Store
from pypi_practice.index.views import readme

if TYPE_CHECKING:
    from jinja2 import Environment

LISTED = 100  # projects on one page
HISTORY = 200  # releases in a history
YEAR = 365 * 24 * 3600  # seconds
SECURITY = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none';"
        " frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # "no-referrer" would make browsers send "Origin: null" with our own forms.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
    ("Vary", "Accept-Language, Cookie"),
)


@functools.cache
def templates() -> Environment:
    """Return the templates; Jinja2 is loaded with the first page that somebody looks at."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        loader=PackageLoader("pypi_practice.index.views"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["part"] = lambda text: quote(str(text), safe="")
    templates.filters["moment"] = _time_element
    templates.filters["safe_link"] = safe_link
    templates.filters["code"] = lambda text: Markup("<code>{}</code>").format(text)
    return templates


def _time_element(seconds: float) -> Markup:
    utc_time = time.gmtime(seconds)
    machine = time.strftime("%Y-%m-%dT%H:%M:%SZ", utc_time)
    return Markup('<time datetime="{}">{}</time>').format(
        machine, time.strftime("%Y-%m-%d %H:%M UTC", utc_time)
    )


def safe_link(url: str) -> str | None:
    """Return *url* if a link may lead there: to the web or to a mailbox; else None."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if parts.scheme in ("http", "https") and parts.netloc:
        return url.strip()
    return url.strip() if parts.scheme == "mailto" and parts.path else None


def stylesheet() -> Response:
    """Return the style of all pages."""
    file = importlib.resources.files("pypi_practice.index.views").joinpath("static", "style.css")
    headers = [("X-Content-Type-Options", "nosniff"), ("Cache-Control", "max-age=60")]
    return Response(200, file.read_bytes(), "text/css; charset=UTF-8", headers=headers)


def redirect(request: Request, path: str, status: int = 303) -> Response:
    """Send the browser to *path* of the same index; *path* begins with one slash."""
    location = request.base + quote(path, safe="/!~*'()")
    return Response(status, headers=[("Location", location), ("Cache-Control", "no-store")])


def switch_language(request: Request) -> Response | None:
    """Answer ``?lang=es``: remember the language and go on without it; None if it is not asked."""
    chosen = request.args.get("lang")
    if chosen not in LANGUAGES:
        return None
    arguments = {name: value for name, value in request.args.items() if name != "lang"}
    response = redirect(request, request.path)
    if arguments:
        response.headers["Location"] += f"?{urlencode(arguments)}"
    response.set_cookie(LANGUAGE_COOKIE, chosen, max_age=YEAR, samesite="Lax", httponly=True)
    return response


class Pages:
    """Renders pages over one store."""

    def __init__(self, store: Store, sessions: Sessions) -> None:
        self.store = store
        self.sessions = sessions

    def render(
        self,
        request: Request,
        index: Index | None,
        template: str,
        status: int = 200,
        **values: Any,
    ) -> Response:
        """Return *template* filled with *values*, in the language of *request*."""
        language = request.language
        session = self.sessions.of(request)
        arguments = {name: value for name, value in request.args.items() if name != "lang"}
        other = next(code for code in LANGUAGES if code != language)
        path = f"{request.base}{quote(request.path)}"
        page = templates().get_template(f"{template}.html")
        body = page.render(
            base=request.base,
            csrf_field=FIELD,
            csrf_token=self.sessions.token(session),
            index=index,
            label=functools.partial(label, language),
            language=language,
            learner=LEARNER,
            notices=self.sessions.take_notices(session),
            other=other,
            other_url=f"{path}?{urlencode({**arguments, 'lang': other})}",
            say=functools.partial(sentence, language),
            **values,
        )
        headers = [*SECURITY, ("Content-Language", language)]
        headers.append(self.sessions.cookie(request, session))
        return Response(status, body.encode(), headers=headers)

    def problem(
        self, request: Request, index: Index | None, status: int, key: str, /, **values: object
    ) -> Response:
        """Return a page that says what is wrong: the sentence *key* of data/index/web_pages.yml."""
        return self.render(
            request, index, "problem", status, code=status, key=key, sentence_values=values
        )

    def missing(self, request: Request, index: Index) -> Response:
        """Return the page for an address at which nothing is."""
        return self.problem(
            request, index, 404, "missing_page", index=index.name, path=request.path[:200]
        )

    def home(self, request: Request, index: Index) -> Response:
        """Return the first page of *index*: what it holds."""
        return self.render(request, index, "home", **self.listing(request, index))

    def user(self, request: Request, index: Index, name: str) -> Response | None:
        """Return the page of a user; None if there is no such user."""
        try:
            user = self.store.user(index, name)
        except KeyError:
            return None
        return self.render(request, index, "user", user=user, **self.listing(request, index))

    def listing(self, request: Request, index: Index) -> dict[str, Any]:
        """Return a page of projects, and where the next begins."""
        after = request.args.get("after", "")
        listed = queries.projects(self.store, index, LISTED + 1, after)
        more = listed[LISTED - 1].normalized if len(listed) > LISTED else None
        return {
            "projects": listed[:LISTED],
            "count": queries.count_projects(self.store, index),
            "more": more,
        }

    def project(
        self, request: Request, index: Index, project: Project, version: str | None = None
    ) -> Response | None:
        """Return the page of the latest release, or of *version*; None if there is none."""
        releases = queries.releases(self.store, project)
        latest = queries.latest(releases)
        shown_release = queries.release(self.store, project, version) if version else latest
        if shown_release is None or latest is None:
            return None
        metadata = queries.metadata(self.store, shown_release)
        text = metadata.get("description") or ""
        description, without_images = (None, False)
        if text.strip():
            description, without_images = readme.render(
                text, metadata.get("description_content_type"), request.language
            )
        links = dict(metadata.get("project_urls") or {})
        if metadata.get("home_page"):
            links.setdefault("Homepage", metadata["home_page"])
        return self.render(
            request,
            index,
            "project",
            project=project,
            release=shown_release,
            latest=latest,
            newer=latest
            if queries.order(latest.version) > queries.order(shown_release.version)
            else None,
            releases=releases[:HISTORY],
            older=max(0, len(releases) - HISTORY),
            files=queries.files(self.store, project, shown_release.version),
            metadata=metadata,
            links=links,
            description=description,
            without_images=without_images,
            pre_releases={
                release.version
                for release in releases[:HISTORY]
                if queries.order(release.version).is_prerelease
            },
        )


def sentence(language: str, key: str, /, **values: object) -> Markup:
    """Return the sentence *key* of web_pages.yml; values that are no Markup are escaped."""
    return Markup("{}").format(load("index/web_pages")[key][language]).format(**values)


def label(language: str, key: str, /, **values: object) -> Markup:
    """Return PyPI's own label *key*, marked as English where PyPI has no Spanish for it."""
    texts = load("index/labels")[key]
    text = texts[language]
    template = Markup("{}").format(text or texts["en"])
    if values:
        template = template.format(**values)
    return template if text else Markup('<span lang="en">{}</span>').format(template)
