"""Answers in the form of PyPI's: the message in the reason phrase and again in the body."""

from __future__ import annotations

import functools
import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import werkzeug
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from pypi_practice.core.data import load
from pypi_practice.core.indexes import Index

# What Pyramid says above the message. Source: pyramid/httpexceptions.py.
EXPLANATIONS = {
    400: "The server could not comply with the request since it is either malformed or otherwise"
    " incorrect.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    409: "There was a conflict when trying to complete your request.",
    410: "This resource is no longer available.  No forwarding address is given.",
    429: "The action could not be performed because there were too many requests by the client.",
}
REASON_LIMIT = 4000  # characters of a status line, of which clients read only so many
CONTROL = re.compile(r"[\x00-\x1f\x7f]")
OFFERS = ("text/html", "application/json")
HTML, TEXT, JSON = "text/html; charset=UTF-8", "text/plain; charset=UTF-8", "application/json"
CHUNK = 64 * 1024  # bytes
StartResponse = Callable[..., Any]
Headers = Iterable[tuple[str, str]]


class Response(werkzeug.Response):
    """A response: *status* is a code with its usual phrase, or a whole status line."""

    def __init__(
        self,
        status: int | str,
        body: bytes | Iterable[bytes] = b"",
        content_type: str = HTML,
        headers: Headers = (),
    ) -> None:
        if isinstance(status, int):
            status = f"{status} {HTTPStatus(status).phrase}"
        # A list, as Werkzeug calls *headers* that it may keep.
        super().__init__(body, status, list(headers), content_type=content_type)


def header_value(text: str) -> str:
    """Return *text* as it fits into a header: Latin-1 without control characters."""
    return CONTROL.sub("", text).encode("iso-8859-1", "replace").decode("iso-8859-1")


def status_line(status: int, reason: str) -> str:
    """Return *reason* as it fits into a status line: one line of Latin-1.

    What does not fit becomes "?", as on PyPI.
    """
    line = " ".join(reason.split()).encode("iso-8859-1", "replace").decode("iso-8859-1")
    line = "".join("?" if unicodedata.category(letter) == "Cc" else letter for letter in line)
    return f"{status} {line[:REASON_LIMIT]}"


@functools.lru_cache(maxsize=256)  # programs send the same few headers again and again
def preferred(accept: str, offers: tuple[str, ...] = OFFERS) -> str | None:
    """Return which of *offers* the Accept header *accept* likes best, of equal ones the first.

    None if it accepts none of them. As in RFC 9110, the range that names a type most closely
    decides about it, which Werkzeug's own ``best_match`` leaves out.

    >>> preferred("application/json;q=0.9, text/plain;q=0.8, text/html;q=0.7")
    'application/json'
    """
    ranges = parse_accept_header(accept, MIMEAccept)
    best = max(offers, key=ranges.quality)
    return best if ranges.quality(best) > 0 else None


def _page(
    status: int,
    reason: str,
    accept: str,
    body: Callable[[Callable[[str], str], str], str],
    headers: Headers,
) -> Response:
    """Return an answer as Pyramid writes it: HTML, JSON or plain text, by the Accept header.

    *body* makes the text from a function that escapes and from a line break.
    """
    line = status_line(status, reason)
    kind = preferred(accept)
    if kind == JSON:
        content = {"message": body(str, "\n"), "code": line, "title": HTTPStatus(status).phrase}
        return Response(line, json.dumps(content).encode(), JSON, headers)
    if kind is None:
        text = f"{line}\n\n{body(str, chr(10))}"
        return Response(line, text.encode(), TEXT, headers)
    # Pyramid leaves the status as it is, quotes and all; here it cannot become markup.
    title = html.escape(line, quote=False)
    page = (
        f"<html>\n <head>\n  <title>{title}</title>\n </head>\n <body>\n"
        f"  <h1>{title}</h1>\n  {body(_escape, '<br/>')}\n </body>\n</html>"
    )
    return Response(line, page.encode(), headers=headers)


def _escape(text: str) -> str:
    return html.escape(text).encode("ascii", "xmlcharrefreplace").decode()


def error(
    status: int,
    message: str,
    accept: str,
    headers: Headers = (),
    *,
    detail: str | None = None,
    explanation: str | None = None,
) -> Response:
    """Return an error as Pyramid writes it: *message* in the status line and again in the body.

    *detail* is for a body that says something else, *explanation* for another sentence above it.
    """
    above = EXPLANATIONS.get(status, "") if explanation is None else explanation
    below = message if detail is None else detail

    def body(escape: Callable[[str], str], line: str) -> str:
        return f"{escape(above)}{line}{line}\n{escape(below)}\n\n"

    return _page(status, message, accept, body, headers)


def upload_accepted(accept: str) -> Response:
    """Return PyPI's answer to an upload that it has taken in."""
    return error(200, "OK", accept, detail="")


def upload_error(key: str, index: Index, accept: str, **values: object) -> Response:
    """Return the answer *key* of data/index/uploads.yml, filled with *values*."""
    message = load("index/uploads")[key]
    status = message["status"]
    text = message["text"].format(help=index.help, **values)
    if key == "slash":
        path = urlsplit(index.upload).path

        def moved(escape: Callable[[str], str], _: str) -> str:
            location_text = (
                f"The resource has been moved to {path}; you should be redirected automatically."
            )
            return f"{escape(location_text)}\n{escape(text)}\n"

        return _page(status, text, accept, moved, [("Location", index.upload)])
    if key == "method":

        def refused(escape: Callable[[str], str], line: str) -> str:
            method = escape(str(values["method"]))
            return f"The method {method} is not allowed for this resource. {line}{line}\n"

        return _page(status, text, accept, refused, [])
    # The refusal of a password has its words in the status line only.
    return error(status, text, accept, detail="" if key == "password" else None)
