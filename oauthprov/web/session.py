"""Who uses this browser: its cookies, who is signed in, and the token of its forms."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from oauthprov.accounts import PASSWORD_ACR, SignedIn
from oauthprov.protocol.sessions import browser_key, new_browser_id
from oauthprov.records import Account, Digest
from oauthprov.web import cookies, csrf

_LIMIT = 5
_SEPARATOR = "~"
_BROWSER_ID = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class BrowserSession:
    """The browser behind a request. Nothing is stored for a visitor who isn't signed in."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._sessions = request.oauthprov.site.sessions

    @cached_property
    def _secrets(self) -> tuple[str, ...]:
        cookie = cookies.read(self._request, cookies.SESSION) or ""
        return tuple(filter(None, cookie.split(_SEPARATOR)))[:_LIMIT]

    @cached_property
    def _browser_id(self) -> str:
        cookie = cookies.read(self._request, cookies.BROWSER)
        if cookie is not None and _BROWSER_ID.match(cookie):
            return cookie
        made = new_browser_id()
        self._set(cookies.BROWSER, made)
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
        secret = self._secrets[0] if self._secrets else self._browser_id
        person: SignedIn | None = self._request.oauthprov.person
        if person is None or person.session_key is not None:
            return secret
        return f"{secret} {person.account_id}"

    @property
    def csrf_token(self) -> str:
        """The token that every form of this browser carries."""
        return csrf.token(self._request)

    @cached_property
    def signed_in(self) -> SignedIn | None:
        """Who is signed in here with a built-in account; one read."""
        if not self._secrets:
            return None
        found = self._sessions.load(self._secrets[0])
        if found is None:
            return None
        session, account = found
        return SignedIn(
            account_id=account.account_id,
            name=account.name,
            auth_time=session.auth_time,
            amr=session.amr,
            session_key=session.key,
            developer=account.developer,
            acr=PASSWORD_ACR,
            sid=session.sid,
        )

    def sign_in(self, account: Account, amr: tuple[str, ...] = ("pwd",)) -> None:
        """Begin a session under a new id in place of the active one."""
        active = self._secrets[0] if self._secrets else None
        made = self._sessions.start(
            account.account_id,
            amr,
            address=self._request.remote_addr or "",
            user_agent=self._request.environ.get("HTTP_USER_AGENT", ""),
            replacing=active,
        )
        self._replace((made, *self._secrets[1:])[:_LIMIT])

    def sign_out(self) -> None:
        """End every session of this browser, in storage too."""
        for secret in self._secrets:
            self._sessions.end(secret)
        self._replace(())

    def _replace(self, secrets: tuple[str, ...]) -> None:
        self._secrets = secrets
        self.__dict__.pop("signed_in", None)
        self._set(cookies.SESSION, _SEPARATOR.join(secrets) or None)

    def _set(self, name: str, value: str | None) -> None:
        self._request.add_response_callback(
            lambda request, response: cookies.write(request, response, name, value)
        )
