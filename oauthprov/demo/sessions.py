"""The demo's sessions, one per browser, on the server; the cookie is only a random key."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock, RLock

from pyramid.interfaces import ICSRFStoragePolicy
from pyramid.request import Request
from pyramid.response import Response
from zope.interface import implementer

from oauthprov.demo.authorization import PendingAuthorization
from oauthprov.demo.errors import NotConnected
from oauthprov.demo.notices import Notice
from oauthprov.demo.openid.logout_token import LogoutToken
from oauthprov.demo.openid.signed_in import SignedIn
from oauthprov.demo.tokens import Tokens

COOKIE = "demo_sid"
SESSION_LIMIT = 1000
PENDING_LIMIT = 5


@dataclass(slots=True)
class BrowserSession:
    """The session of one browser: its user, tokens, pending requests and next notice.

    Hold ``lock`` while using the tokens, since a refresh token works only once.
    """

    key: str = field(repr=False)
    csrf_token: str = field(repr=False, default_factory=lambda: secrets.token_urlsafe(32))
    tokens: Tokens | None = None
    signed_in: SignedIn | None = None
    notice: Notice | None = None
    lock: RLock = field(repr=False, default_factory=RLock)
    _logout_state: str | None = field(repr=False, default=None)
    _pending: OrderedDict[str, PendingAuthorization] = field(
        repr=False, default_factory=OrderedDict
    )

    def held_tokens(self) -> Tokens:
        """Return the tokens. Raises ``NotConnected`` if there are none."""
        if self.tokens is None:
            raise NotConnected
        return self.tokens

    def await_response(self, pending: PendingAuthorization) -> None:
        """Store ``pending``; if there are more than a few, the oldest are dropped."""
        with self.lock:
            self._pending[pending.state] = pending
            while len(self._pending) > PENDING_LIMIT:
                self._pending.popitem(last=False)

    def take_pending(self, state: str | None) -> PendingAuthorization | None:
        """Return and remove the request with this ``state``: it is valid for one response."""
        with self.lock:
            return self._pending.pop(state, None) if state else None

    def await_logout(self) -> str:
        """Return a new ``state`` for a logout that returns here."""
        with self.lock:
            self._logout_state = secrets.token_urlsafe(32)
            return self._logout_state

    def take_logout(self, state: str | None) -> bool:
        """Remove the pending logout with this ``state``; return whether there was one."""
        with self.lock:
            expected = self._logout_state
            if state is None or expected is None:
                return False
            if not hmac.compare_digest(state.encode(), expected.encode()):
                return False
            self._logout_state = None
            return True

    def ends(self, logout: LogoutToken) -> bool:
        """Return whether ``logout`` is for the sign-in of this session."""
        person = self.signed_in
        return person is not None and person.ends(logout)

    def forget_person(self) -> None:
        """Remove the signed-in user, and the tokens that they granted to the demo."""
        with self.lock:
            self.signed_in = self.tokens = None

    def take_notice(self) -> Notice | None:
        """Return and remove the notice."""
        with self.lock:
            notice, self.notice = self.notice, None
            return notice


class SessionStore:
    """The sessions of all browsers, in memory: the thousand most recently used."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: OrderedDict[str, BrowserSession] = OrderedDict()

    def __len__(self) -> int:
        return len(self._sessions)

    def get(self, key: str | None) -> BrowserSession | None:
        """Return the session with the cookie value ``key``, or None."""
        with self._lock:
            session = self._sessions.get(key) if key else None
            if session is not None:
                self._sessions.move_to_end(session.key)
            return session

    def create(self) -> BrowserSession:
        """Return a new session."""
        session = BrowserSession(key=secrets.token_urlsafe(32))
        with self._lock:
            self._keep(session)
        return session

    def renew(self, session: BrowserSession) -> None:
        """Give ``session`` a new key and CSRF token, against session fixation."""
        with self._lock:
            self._sessions.pop(session.key, None)
            session.key = secrets.token_urlsafe(32)
            session.csrf_token = secrets.token_urlsafe(32)
            self._keep(session)

    def end(self, logout: LogoutToken) -> int:
        """End the sessions that ``logout`` is for; return their number.

        With a ``sid``, only sign-ins of that provider session end; without one, all of the user's.
        """
        with self._lock:
            ended = [s for s in self._sessions.values() if s.ends(logout)]
            for session in ended:
                del self._sessions[session.key]
        for session in ended:
            session.forget_person()
        return len(ended)

    def _keep(self, session: BrowserSession) -> None:
        self._sessions[session.key] = session
        while len(self._sessions) > SESSION_LIMIT:
            self._sessions.popitem(last=False)


def session_of(request: Request) -> BrowserSession | None:
    """Return the session of the browser that sent ``request``, or None."""
    found: BrowserSession | None = request.session_store.get(request.cookies.get(COOKIE))
    return found


def set_cookie(response: Response, session: BrowserSession, base_url: str) -> None:
    """Set a session cookie with the key of ``session``."""
    secure = base_url.startswith("https:")
    response.set_cookie(COOKIE, session.key, httponly=True, samesite="Lax", secure=secure)


@implementer(ICSRFStoragePolicy)
class CSRFTokens:
    """Pyramid's CSRF check with our sessions; a browser without a session can't post."""

    def new_csrf_token(self, request: Request) -> str:
        """Return the session's token; it changes only with the session's key."""
        return self.get_csrf_token(request)

    def get_csrf_token(self, request: Request) -> str:
        """Return the session's token, empty without a session."""
        session = request.browser_session
        return session.csrf_token if session else ""

    def check_csrf_token(self, request: Request, supplied_token: object) -> bool:
        """Return whether ``supplied_token`` is the session's token."""
        expected = self.get_csrf_token(request)
        supplied = str(supplied_token).encode("utf-8", "replace")
        return bool(expected) and hmac.compare_digest(expected.encode(), supplied)
