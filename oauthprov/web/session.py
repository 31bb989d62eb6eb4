"""Who uses this browser: its cookies, who is signed in, and the token of its forms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from oauthprov.accounts import PASSWORD_ACR, SignedIn
from oauthprov.protocol.sessions import account_of, browser_key, new_browser_id
from oauthprov.records import Account, Digest, Session
from oauthprov.web import cookies, csrf
from oauthprov.web.reify import reify

if TYPE_CHECKING:
    from oauthprov.web.request import Request

LIMIT = 5
"""How many accounts may be signed in in one browser."""

SESSION_COOKIE = "oauthprov_sid"
BROWSER_COOKIE = "oauthprov_bid"

_SEPARATOR = "~"
_NOBODY = ""
_BROWSER_ID = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class BrowserSession:
    """The browser behind a request. Nothing is stored for a visitor who isn't signed in.

    Its cookie holds the secrets of up to five sessions of as many accounts, the one used last
    first. The first is the active one. It is empty when the active account was signed out: no
    other one takes its place before it is chosen.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._sessions = request.oauthprov.site.sessions

    @reify
    def _secrets(self) -> tuple[str, ...]:
        cookie = cookies.read(self._request, SESSION_COOKIE) or _NOBODY
        active, *others = cookie.split(_SEPARATOR)[: LIMIT + 1]
        known = dict.fromkeys(other for other in others if other not in (_NOBODY, active))
        return (active, *known)[: LIMIT + (active == _NOBODY)]

    @reify
    def _browser_id(self) -> str:
        cookie = cookies.read(self._request, BROWSER_COOKIE)
        if cookie is not None and _BROWSER_ID.match(cookie):
            return cookie
        made = new_browser_id()
        cookies.write(self._request, BROWSER_COOKIE, made)
        return made

    @property
    def browser(self) -> Digest:
        """What interactions of this browser are bound to; sets its cookie when it has none."""
        return browser_key(self._browser_id)

    @property
    def binding(self) -> str:
        """What CSRF tokens are bound to: the active session's secret, else the browser's.

        A host's people have no session of ours, so their account is named beside it: a question
        that was put to one of them isn't answered by the next who signs in.
        """
        secret = self._secrets[0] or self._browser_id
        person: SignedIn | None = self._request.oauthprov.person
        if person is None or person.session_key is not None:
            return secret
        return f"{secret} {person.account_id}"

    @property
    def csrf_token(self) -> str:
        """The token that every form of this browser carries."""
        return csrf.token(self._request)

    @reify
    def signed_in(self) -> SignedIn | None:
        """Whose account is the active one; one read."""
        active = self._secrets[0]
        known = self._everybody if "_everybody" in self.__dict__ else self._load(active)
        return known.get(active)

    @reify
    def others(self) -> tuple[SignedIn, ...]:
        """Who else is signed in in this browser, who was active last first; one read for all."""
        return tuple(self._load(*self._secrets[1:]).values())

    @property
    def everybody(self) -> tuple[SignedIn, ...]:
        """Every account that is signed in in this browser, the active one first; one read."""
        return tuple(self._everybody.values())

    @reify
    def _everybody(self) -> dict[str, SignedIn]:
        return self._load(*self._secrets)

    def _load(self, *secrets: str) -> dict[str, SignedIn]:
        found = self._sessions.load(*secrets)
        return {secret: self._signed_in(*both) for secret, both in found.items()}

    def find(self, key: str) -> SignedIn | None:
        """Return who is signed in in this browser by the session of that key."""
        return next((one for one in self.everybody if one.session_key == key), None)

    def sign_in(self, account: Account, amr: tuple[str, ...] = ("pwd",)) -> None:
        """Begin a session under a new id and make it the active one.

        It takes the place of those of the same account in this browser. Others stay; of more than
        five the one that was used longest ago ends.
        """
        own = [s for s in self._secrets if account_of(s) == account.account_id]
        others = [*self._load(*(s for s in self._secrets if s not in own))]
        made = self._sessions.start(
            account,
            amr,
            address=self._request.remote_addr or "",
            user_agent=self._request.environ.get("HTTP_USER_AGENT", ""),
            replacing=own[0] if own else None,
        )
        for secret in (*own[1:], *others[LIMIT - 1 :]):
            self._sessions.end(secret)
        self._keep(made, *others[: LIMIT - 1])

    def activate(self, person: SignedIn) -> None:
        """Make an account the active one, of those that are signed in in this browser."""
        chosen = [secret for secret, one in self._everybody.items() if one == person]
        self._keep(*chosen, *(secret for secret in self._everybody if secret not in chosen))

    def end(self, person: SignedIn) -> None:
        """Sign one account out, in storage too. After the active one nobody is active."""
        left = [secret for secret, one in self._everybody.items() if one != person]
        for secret in self._everybody:
            if secret not in left:
                self._sessions.end(secret)
        stays = self._secrets[0] in left
        self._keep(*left) if stays else self._keep(_NOBODY, *left)

    def sign_out(self) -> None:
        """End every session of this browser, in storage too."""
        for secret in filter(None, self._secrets):
            self._sessions.end(secret)
        self._keep(_NOBODY)

    def _keep(self, *secrets: str) -> None:
        self._secrets = secrets
        for name in ("signed_in", "others", "_everybody"):
            self.__dict__.pop(name, None)
        cookies.write(self._request, SESSION_COOKIE, _SEPARATOR.join(secrets) or None)

    def _signed_in(self, session: Session, account: Account) -> SignedIn:
        return SignedIn(
            account_id=account.account_id,
            name=account.name,
            auth_time=session.auth_time,
            amr=session.amr,
            session_key=session.key,
            developer=account.developer,
            acr=PASSWORD_ACR,
            sid=session.sid,
            session_ends_at=self._sessions.ends_at(session),
            epoch=session.epoch,
        )
