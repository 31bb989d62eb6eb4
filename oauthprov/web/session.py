"""The session of a browser: its cookies, its signed-in accounts, and its CSRF token."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from oauthprov.accounts import SignedIn
from oauthprov.factors import PASSWORD, Step
from oauthprov.protocol.sessions import account_of, browser_key, new_browser_id
from oauthprov.records import Account, Digest, Session
from oauthprov.web import cookies, csrf, device_cookie
from oauthprov.web.reify import reify

if TYPE_CHECKING:
    from oauthprov.web.request import Request
    from oauthprov.web.site import Site

LIMIT = 5
"""The most accounts that may be signed in in one browser."""

SESSION_COOKIE = "oauthprov_sid"
BROWSER_COOKIE = "oauthprov_bid"
FACTOR_COOKIE = "oauthprov_factor"
"""Holds the secret of a sign-in that waits for its second step."""

_SEPARATOR = "~"
_NOBODY = ""
_BROWSER_ID = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class Browser:
    """The browser that sent a request, and who is signed in there, by the cookies that it sent.

    One cookie holds the secrets of up to five sessions of different accounts, the most recently
    used first. The first one is the active session. It is empty after the active account was
    signed out, until the user chooses another account. Nothing here sets a cookie.
    """

    def __init__(self, site: Site, environ: Mapping[str, Any]) -> None:
        self._site = site
        self._environ = environ
        self._sessions = site.sessions

    @reify
    def _secrets(self) -> tuple[str, ...]:
        cookie = cookies.read(self._site, self._environ, SESSION_COOKIE) or _NOBODY
        active, *others = cookie.split(_SEPARATOR)[: LIMIT + 1]
        known = dict.fromkeys(other for other in others if other not in (_NOBODY, active))
        return (active, *known)[: LIMIT + (active == _NOBODY)]

    @reify
    def _sent_id(self) -> str | None:
        cookie = cookies.read(self._site, self._environ, BROWSER_COOKIE)
        return cookie if cookie is not None and _BROWSER_ID.match(cookie) else None

    @property
    def known_as(self) -> Digest | None:
        """The key that interactions of this browser are bound to, None if it has none yet."""
        return None if self._sent_id is None else browser_key(self._sent_id)

    @property
    def account_id(self) -> str | None:
        """The account that the active session's secret names; only a read proves the session."""
        return account_of(self._secrets[0])

    @reify
    def signed_in(self) -> SignedIn | None:
        """The user of the active session; one read."""
        active = self._secrets[0]
        known = self._everybody if "_everybody" in self.__dict__ else self._load(active)
        return known.get(active)

    @reify
    def others(self) -> tuple[SignedIn, ...]:
        """The other signed-in users, the most recently active first; one read for all."""
        return tuple(self._load(*self._secrets[1:]).values())

    @property
    def everybody(self) -> tuple[SignedIn, ...]:
        """All users signed in in this browser, the active one first; one read."""
        return tuple(self._everybody.values())

    @reify
    def _everybody(self) -> dict[str, SignedIn]:
        return self._load(*self._secrets)

    @reify
    def leaving(self) -> Account | None:
        """The account of the active session if its user has deleted it; one read.

        Such a session signs nobody in: it proves only who may take the deletion back.
        """
        if self.signed_in is not None:
            return None
        found = self._sessions.load(self._secrets[0]).values()
        return next((account for _, account in found if account.closed), None)

    def _load(self, *secrets: str) -> dict[str, SignedIn]:
        found = self._sessions.load(*secrets).items()
        return {secret: self._signed_in(*both) for secret, both in found if not both[1].closed}

    def find(self, key: str) -> SignedIn | None:
        """Return the user of the session with that key, if it is in this browser."""
        return next((one for one in self.everybody if one.session_key == key), None)

    def _signed_in(self, session: Session, account: Account) -> SignedIn:
        factors = self._site.factors
        assert factors is not None  # noqa: S101 - a host's users have no session of ours
        meets = factors.levels.met_by(session.amr)
        reach = factors.second_step.reach(account, session.amr)
        return SignedIn(
            account_id=account.account_id,
            name=account.name,
            auth_time=session.auth_time,
            amr=session.amr,
            session_key=session.key,
            developer=account.developer,
            admin=account.admin,
            acr=meets[0],
            sid=session.sid,
            session_ends_at=self._sessions.ends_at(session),
            epoch=session.epoch,
            meets=meets,
            could_meet=factors.levels.met_by(reach),
        )


class BrowserSession(Browser):
    """The browser that sent a request, with the changes of its cookies and sessions.

    Nothing is stored for a browser without a sign-in.
    """

    def __init__(self, request: Request) -> None:
        super().__init__(request.oauthprov.site, request.environ)
        self._request = request

    @reify
    def _browser_id(self) -> str:
        if self._sent_id is not None:
            return self._sent_id
        made = new_browser_id()
        cookies.write(self._request, BROWSER_COOKIE, made)
        return made

    @property
    def browser(self) -> Digest:
        """The key that interactions of this browser are bound to; sets a cookie if needed."""
        return browser_key(self._browser_id)

    @property
    def binding(self) -> str:
        """The value that CSRF tokens are bound to: the secret of the active session or browser.

        A host's users have no session of ours, so the value includes their account: a form shown
        to one user can't be sent by the next user who signs in.
        """
        secret = self._secrets[0] or self._browser_id
        person: SignedIn | None = self._request.oauthprov.person
        if person is None or person.session_key is not None:
            return secret
        return f"{secret} {person.account_id}"

    @property
    def csrf_token(self) -> str:
        """The CSRF token for the forms of this browser."""
        return csrf.token(self._request)

    @property
    def waiting(self) -> str | None:
        """The secret of the sign-in that waits for its second step in this browser, if any."""
        return cookies.read(self._site, self._environ, FACTOR_COOKIE)

    def authenticated(self, account: Account, amr: tuple[str, ...] = PASSWORD) -> Step | None:
        """Sign in by methods that were just proven, or begin the second step.

        Return None after :meth:`sign_in`, else the name of the page where the sign-in goes on.
        """
        factors = self._request.oauthprov.factors
        step = factors.second_step.lacking(account, amr)
        if step is None:
            self.sign_in(account, amr)
        else:
            secret = factors.second_step.begin(account, amr)
            cookies.write(self._request, FACTOR_COOKIE, secret)
        return step

    def stop_waiting(self) -> None:
        """Delete the cookie of a sign-in that waits for its second step."""
        if self.waiting is not None:
            cookies.write(self._request, FACTOR_COOKIE, None)

    def sign_in(
        self, account: Account, amr: tuple[str, ...], auth_time: int | None = None
    ) -> None:
        """Begin a session with a new secret and make it the active one.

        Pages that have only verified a password call :meth:`authenticated` instead. ``auth_time``
        is given for a user who has authenticated before and not now.

        It replaces the sessions of the same account in this browser. Sessions of other accounts
        stay; if there are more than five, the least recently used one ends. The browser is then
        recognised for this account (:mod:`oauthprov.web.device_cookie`).
        """
        own = [s for s in self._secrets if account_of(s) == account.account_id]
        others = [*self._load(*(s for s in self._secrets if s not in own))]
        made = self._sessions.start(
            account,
            amr,
            address=self._request.remote_addr or "",
            user_agent=self._request.environ.get("HTTP_USER_AGENT", ""),
            replacing=own[0] if own else None,
            auth_time=auth_time,
        )
        for secret in (*own[1:], *others[LIMIT - 1 :]):
            self._sessions.end(secret)
        self._keep(made, *others[: LIMIT - 1])
        self.stop_waiting()
        self.__dict__["leaving"] = account if account.closed else None
        device_cookie.remember(self._request, account)

    def activate(self, person: SignedIn) -> None:
        """Make the session of ``person``, signed in in this browser, the active one."""
        chosen = [secret for secret, one in self._everybody.items() if one == person]
        self._keep(*chosen, *(secret for secret in self._everybody if secret not in chosen))

    def end(self, person: SignedIn) -> None:
        """End the session of ``person``, in storage too; if it was active, none is then."""
        left = [secret for secret, one in self._everybody.items() if one != person]
        for secret in self._everybody:
            if secret not in left:
                self._sessions.end(secret)
        stays = self._secrets[0] in left
        self._keep(*left) if stays else self._keep(_NOBODY, *left)

    def leave(self) -> None:
        """End the active session, in storage too; none is active then."""
        active, *others = self._secrets
        self._sessions.end(active)
        self._keep(_NOBODY, *others)

    def sign_out(self) -> None:
        """End every session of this browser, in storage too."""
        for secret in filter(None, self._secrets):
            self._sessions.end(secret)
        self._keep(_NOBODY)

    def _keep(self, *secrets: str) -> None:
        self._secrets = secrets
        for name in ("signed_in", "others", "_everybody", "leaving"):
            self.__dict__.pop(name, None)
        cookies.write(self._request, SESSION_COOKIE, _SEPARATOR.join(secrets) or None)
