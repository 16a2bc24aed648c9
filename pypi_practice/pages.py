"""What the practice index shows: the simple index for installers, and a page for each project.

Formats: PEP 503 and 691 with the fields of PEP 700, the JSON of /pypi/NAME/json.
"""

from __future__ import annotations

import datetime
import html
import json
from typing import Any

from packaging.version import Version

from pypi_practice.answers import Answer
from pypi_practice.facts import Index
from pypi_practice.store import Project, Store, StoredFile
from pypi_practice.words import Words

JSON_TYPE = "application/vnd.pypi.simple.v1+json"
HTML_TYPE = "application/vnd.pypi.simple.v1+html"


def simple_type(accept: str) -> str:
    """Return the content type for an installer that sends *accept*."""
    best, best_quality = "text/html", 0.0
    for item in accept.split(","):
        name, *parameters = (part.strip() for part in item.split(";"))
        quality = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    quality = float(parameter[2:])
                except ValueError:
                    quality = 0.0
        if name in (JSON_TYPE, HTML_TYPE, "text/html") and quality > best_quality:
            best, best_quality = name, quality
    return best


def _time(seconds: float) -> str:
    moment = datetime.datetime.fromtimestamp(seconds, datetime.UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")


def simple_root(index: Index, store: Store, accept: str) -> Answer:
    """Return the list of all projects."""
    kind, projects = simple_type(accept), store.projects(index)
    if kind == JSON_TYPE:
        body: dict[str, Any] = {
            "meta": {"api-version": "1.1"},
            "projects": [{"name": project.name} for project in projects],
        }
        return Answer(200, json.dumps(body).encode(), kind)
    links = "\n".join(
        f'    <a href="/simple/{project.normalized}/">{html.escape(project.name)}</a>'
        for project in projects
    )
    return _simple_page("Simple index", links, kind)


def simple_project(project: Project, store: Store, accept: str) -> Answer:
    """Return the files of one project, for installers."""
    kind, files = simple_type(accept), store.files(project)
    if kind == JSON_TYPE:
        body = {
            "meta": {"api-version": "1.1"},
            "name": project.normalized,
            "versions": versions(files),
            "files": [
                {
                    "filename": file.filename,
                    "url": f"/files/{file.filename}",
                    "hashes": {"sha256": file.sha256},
                    "requires-python": file.requires_python,
                    "size": file.size,
                    "upload-time": _time(file.uploaded),
                    "yanked": False,
                }
                for file in files
            ],
        }
        return Answer(200, json.dumps(body).encode(), kind)
    links = "\n".join(
        f'    <a href="/files/{html.escape(file.filename)}#sha256={file.sha256}"'
        + (
            f' data-requires-python="{html.escape(file.requires_python)}"'
            if file.requires_python
            else ""
        )
        + f">{html.escape(file.filename)}</a><br/>"
        for file in files
    )
    return _simple_page(f"Links for {project.normalized}", links, kind)


def _simple_page(title: str, links: str, kind: str) -> Answer:
    title = html.escape(title)
    page = (
        '<!DOCTYPE html>\n<html>\n  <head>\n    <meta name="pypi:repository-version" content="1.1">'
        f"\n    <title>{title}</title>\n  </head>\n  <body>\n    <h1>{title}</h1>\n{links}\n"
        "  </body>\n</html>\n"
    )
    return Answer(200, page.encode(), f"{kind}; charset=UTF-8" if kind == "text/html" else kind)


def versions(files: list[StoredFile]) -> list[str]:
    """Return the versions of *files*, lowest first."""
    return sorted({file.version for file in files}, key=Version)


def project_json(
    index: Index, project: Project, store: Store, version: str | None
) -> Answer | None:
    """Return what /pypi/NAME/json tells; None if there is no such version."""
    files = store.files(project)
    all_versions = versions(files)
    if not all_versions or (version is not None and version not in all_versions):
        return None
    shown = version or all_versions[-1]
    info = {
        **(store.release_metadata(project, shown) or {}),
        "name": project.name,
        "version": shown,
        "release_url": f"{index.web}/project/{project.normalized}/{shown}/",
    }
    releases = {
        number: [
            {
                "filename": file.filename,
                "packagetype": file.filetype,
                "size": file.size,
                "digests": {"sha256": file.sha256, "blake2b_256": file.blake2},
                "requires_python": file.requires_python,
                "upload_time_iso_8601": _time(file.uploaded),
                "url": f"{index.web}/files/{file.filename}",
                "yanked": False,
            }
            for file in files
            if file.version == number
        ]
        for number in all_versions
    }
    body = {"info": info, "releases": releases, "urls": releases[shown]}
    return Answer(200, json.dumps(body).encode(), "application/json")


def project_page(
    index: Index, project: Project, store: Store, version: str | None, words: Words
) -> Answer | None:
    """Return the page of a release for people; None if there is no such version."""
    files = store.files(project)
    all_versions = versions(files)
    if not all_versions or (version is not None and version not in all_versions):
        return None
    shown = version or all_versions[-1]
    metadata = store.release_metadata(project, shown) or {}
    rows = "\n".join(
        f'<li><a href="/files/{html.escape(file.filename)}">{html.escape(file.filename)}</a>'
        f" <small>{file.size} B, SHA-256 <code>{file.sha256}</code></small></li>"
        for file in files
        if file.version == shown
    )
    history = "\n".join(
        f'<li><a href="/project/{project.normalized}/{number}/">{number}</a></li>'
        for number in reversed(all_versions)
    )
    option = f"--index-url {index.simple} --no-deps " if index.key != "pypi" else ""
    page = f"""<!DOCTYPE html>
<html lang="{words.language}">
<head><meta charset="utf-8"><title>{html.escape(project.name)} {shown} · {index.name}</title>
<meta name="viewport" content="width=device-width">
<style>body {{ font: 1rem/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto;
padding: 0 1rem }} code, pre {{ overflow-wrap: anywhere; white-space: pre-wrap }}
.notice {{ border-left: .3rem solid #a15c00; padding-left: .8rem }}</style></head>
<body>
<p class="notice">{html.escape(words("page_notice", index=index.name))}</p>
<h1>{html.escape(project.name)} {shown}</h1>
<p>{html.escape(metadata.get("summary", ""))}</p>
<pre><code>python -m pip install {option}{project.normalized}=={shown}</code></pre>
<h2>{html.escape(words("page_files"))}</h2><ul>{rows}</ul>
<h2>{html.escape(words("page_history"))}</h2><ul>{history}</ul>
</body></html>
"""
    return Answer(200, page.encode())
