"""The sessions of a user, and signing out in other browsers."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pyramid.config import Configurator
from pyramid.response import Response

from oauthprov.accounts import SignedIn
from oauthprov.messages import N_
from oauthprov.protocol.sessions import Sessions, UnknownSession
from oauthprov.web.http.problems import Rejected
from oauthprov.web.i18n import _
from oauthprov.web.request import Request
from oauthprov.web.responder import done, see
from oauthprov.web.signed_in import signed_in

_BROWSERS = (
    ("Edge", r"\bEdgA?/"),
    ("Opera", r"\bOPR/"),
    ("Firefox", r"\b(Firefox|FxiOS)/"),
    ("Chrome", r"\b(HeadlessChrome|Chrome|Chromium|CriOS)/"),
    ("Safari", r"\bSafari/"),
)
_SYSTEMS = (
    ("Android", r"\bAndroid\b"),
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b"),
    ("Linux", r"\bLinux\b"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A session as the account page lists it."""

    key: str
    browser: str
    address: str
    created_at: int
    last_seen_at: int
    current: bool


def lines(sessions: Sessions, person: SignedIn) -> list[Line]:
    """Return the sessions of a user, the current one first."""
    found = [
        Line(
            session.key,
            browser_in_words(session.user_agent),
            session.address or _("unknown address"),
            session.created_at,
            session.last_seen_at,
            session.key == person.session_key,
        )
        for session in sessions.of(person.account_id)
    ]
    return sorted(found, key=lambda line: not line.current)


def browser_in_words(user_agent: str) -> str:
    """Return a browser's name for people, such as ``Firefox on Linux``."""
    browser = _first(_BROWSERS, user_agent)
    system = _first(_SYSTEMS, user_agent)
    if browser is not None and system is not None:
        return _("${browser} on ${system}", mapping={"browser": browser, "system": system})
    return browser or system or _("Unknown browser")


@signed_in("account")
def end_one(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Sign the account out in one other browser."""
    tools = request.oauthprov
    key = tools.form("session").get("session", "")
    try:
        tools.site.sessions.end_one(person.account_id, key)
    except UnknownSession:
        raise Rejected("not_found", N_("That browser is no longer signed in."), 404) from None
    return see(request, tools.url("account", done(request, "ended")))


@signed_in("account")
def end_others(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Sign the account out in every other browser."""
    tools = request.oauthprov
    tools.form()
    if person.session_key is not None:
        tools.site.sessions.end_others(person.account_id, person.session_key)
    return see(request, tools.url("account", done(request, "others")))


@signed_in("account")
def end_all(request: Request, person: SignedIn) -> Response | dict[str, object]:
    """Sign the account out in every browser; other accounts in this one stay signed in."""
    tools = request.oauthprov
    tools.form()
    ended = tools.people.end_sessions(person.account_id)
    try:
        tools.session.end(person)
    finally:
        tools.provider.endings.finish(ended.sweep)
    return see(request, tools.url("home"))


def _first(names: tuple[tuple[str, str], ...], text: str) -> str | None:
    return next((name for name, pattern in names if re.search(pattern, text)), None)


def includeme(config: Configurator) -> None:
    """Add ``/account/sessions/end``, ``end-others`` and ``end-all``."""
    config.add_oauth_page("end_session", "/account/sessions/end", post=end_one)
    config.add_oauth_page("end_others", "/account/sessions/end-others", post=end_others)
    config.add_oauth_page("end_sessions", "/account/sessions/end-all", post=end_all)
