"""Who sends a form: protection against requests that another site makes in the learner's name."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
from collections import OrderedDict

from pypi_practice.index.request import Request

COOKIE = "practice_session"
FIELD = "csrf_token"
SESSION = re.compile(r"[A-Za-z0-9_-]{43}")  # what token_urlsafe makes of 32 bytes
NOTICES_LIMIT = 1000  # sessions whose notices wait to be shown


class Sessions:
    """The sessions of one running index: forms made before a restart are no longer taken."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)
        self._notices: OrderedDict[str, list[str]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, request: Request) -> str:
        """Return the session of *request*, a new one if the browser has none."""
        return self._sent(request) or secrets.token_urlsafe(32)

    def _sent(self, request: Request) -> str | None:
        """Return the session that the browser sent, None if it is none of ours."""
        sent = request.cookies.get(COOKIE, "")
        return sent if SESSION.fullmatch(sent) else None

    def token(self, session: str) -> str:
        """Return what a form of *session* must send along; no other site can know it."""
        return hmac.new(self._secret, session.encode(), hashlib.sha256).hexdigest()

    def cookie(self, request: Request, session: str) -> tuple[str, str]:
        """Return the header that gives the browser its session, for this site's own pages only."""
        secure = "; Secure" if request.is_secure else ""
        return ("Set-Cookie", f"{COOKIE}={session}; Path=/; HttpOnly; SameSite=Strict{secure}")

    def may_change(self, request: Request) -> bool:
        """Tell whether *request* is a form that one of our own pages sent."""
        sent = request.fields.get(FIELD, "")
        session = self._sent(request)
        return (
            session is not None
            and request.comes_from_here()
            and hmac.compare_digest(sent.encode(), self.token(session).encode())
        )

    def add_notice(self, session: str, notice: str) -> None:
        """Keep *notice* for the next page of *session*."""
        with self._lock:
            self._notices.setdefault(session, []).append(notice)
            while len(self._notices) > NOTICES_LIMIT:
                self._notices.popitem(last=False)

    def take_notices(self, session: str) -> list[str]:
        """Return what the next page of *session* shall say, once."""
        with self._lock:
            return self._notices.pop(session, [])
