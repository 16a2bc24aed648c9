"""Answers in the form of PyPI's: the message in the reason phrase and again in the body."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from pypi_practice.facts import Index, load

# What Pyramid says above the message. Source: pyramid/httpexceptions.py.
EXPLANATIONS = {
    400: "The server could not comply with the request since it is either malformed or otherwise"
    " incorrect.",
    403: "Access was denied to this resource.",
    404: "The resource could not be found.",
    405: "The method is not allowed for this resource.",
}

StartResponse = Callable[[str, list[tuple[str, str]]], object]


@dataclass
class Answer:
    """A response: ``reason`` goes into the status line, ``body`` is bytes or chunks of them."""

    status: int
    body: bytes | Iterable[bytes] = b""
    content_type: str = "text/html; charset=UTF-8"
    reason: str = ""
    headers: Sequence[tuple[str, str]] = field(default_factory=list)

    def send(self, start_response: StartResponse) -> Iterable[bytes]:
        """Send the answer through WSGI."""
        reason = self.reason or HTTPStatus(self.status).phrase
        # A header holds one line of Latin-1; what does not fit becomes "?", as on PyPI.
        line = " ".join(reason.split()).encode("iso-8859-1", "replace").decode("iso-8859-1")
        headers = [("Content-Type", self.content_type), *self.headers]
        if isinstance(self.body, bytes):
            headers.append(("Content-Length", str(len(self.body))))
        start_response(f"{self.status} {line}", headers)
        return [self.body] if isinstance(self.body, bytes) else self.body


def error(
    status: int, message: str, accept: str, headers: Sequence[tuple[str, str]] = ()
) -> Answer:
    """Return an error as Pyramid writes it: JSON for who asks for it, else HTML."""
    explanation, phrase = EXPLANATIONS.get(status, ""), HTTPStatus(status).phrase
    full = f"{status} {message}"
    if "application/json" in accept and "text/html" not in accept:
        body = {"message": f"{explanation}\n\n\n{message}\n\n", "code": full, "title": phrase}
        return Answer(
            status, json.dumps(body).encode(), "application/json", reason=message, headers=headers
        )
    page = (
        f"<html>\n <head>\n  <title>{html.escape(full)}</title>\n </head>\n <body>\n"
        f"  <h1>{html.escape(full)}</h1>\n  {explanation}<br/><br/>\n{html.escape(message)}\n\n\n"
        " </body>\n</html>"
    )
    return Answer(status, page.encode(), reason=message, headers=headers)


def upload_error(key: str, index: Index, accept: str, **values: object) -> Answer:
    """Return the answer *key* of data/uploads.yml, filled with *values*."""
    message = load("uploads")[key]
    headers = [("Location", index.upload)] if message["status"] == 308 else []
    return error(
        message["status"], message["text"].format(help=index.help, **values), accept, headers
    )
