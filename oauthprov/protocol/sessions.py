"""Sessions: one account signed in in one browser; only the server ends them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from oauthprov.credentials import digest, mint, mint_id
from oauthprov.events import Event, SignedIn, on_commit
from oauthprov.protocol.request import context
from oauthprov.protocol.token.ended import session_key
from oauthprov.records import Account, Digest, EndedSession, Session
from oauthprov.settings import Settings
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Conflict,
    Remove,
    Replace,
    Storage,
    Stored,
)

_STEP = 300
_TEXT_LIMIT = 200
_ENDED_AT_ONCE = 10
"""Sessions that one sign-in ends, at most: each takes several storage trips."""


class UnknownSession(LookupError):
    """The account has no such session, or it has ended."""


class Sessions:
    """The sessions of the built-in accounts. ``end`` ends the session of a key.

    A secret is ``<account id>.<256 bits>``: since it names the account, one trip reads both
    session and account. Storage holds the digest of the whole secret.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        clock: Callable[[], int],
        end: Callable[[Digest], None] | None = None,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._clock = clock
        self._end = end or self._remove

    def start(
        self,
        account: Account,
        amr: tuple[str, ...],
        address: str,
        user_agent: str,
        *,
        replacing: str | None,
        auth_time: int | None = None,
    ) -> str:
        """Start a session and return its secret; ``replacing`` ends in the same commit.

        ``account`` is the record from when the user authenticated: if all its sessions were ended
        since, this session is invalid from the start. The id is always new, so an id planted
        before the sign-in is worthless. ``replacing`` is the secret of a session of the same
        account; if that is live, the new session continues its ``sid``. Another account's session
        is left alone. ``auth_time`` is when the user authenticated, in epoch seconds; None means
        now.
        """
        now = self._clock()
        secret = f"{account.account_id}.{mint()[0]}"
        session = Session(
            key=digest(secret),
            account_id=account.account_id,
            created_at=now,
            last_seen_at=now,
            auth_time=now if auth_time is None else auth_time,
            expires_at=self._expiry(now, now),
            amr=amr,
            address=_printable(address),
            user_agent=_printable(user_agent),
            sid=mint_id(),
            epoch=account.epoch,
        )
        before = self._storage.get(Session, digest(replacing)) if replacing else None
        event = SignedIn(account_id=account.account_id, amr=amr) if auth_time is None else None
        if before is None or not self._goes_on(session, before.record, now, event):
            self._store(event, Add(session), now=now)
        self._end_oldest(session)
        return secret

    def _store(self, event: Event | None, *changes: Change, now: int) -> None:
        if event is not None:
            on_commit(event)
        self._storage.commit(*changes, now=now)

    def _goes_on(self, session: Session, before: Session, now: int, event: Event | None) -> bool:
        """Start ``session`` in place of ``before``; False if that is over or another account's."""
        if before.account_id != session.account_id or before.epoch != session.epoch:
            return False
        sid = before.sid or session.sid
        session = replace(session, sid=sid)
        try:
            # A claim, since a session that is being ended at this moment must stay ended.
            self._store(event, Claim(Session, before.key), Add(session), now=now)
        except Conflict:
            return False
        if sid is None or not self._is_marked(session.account_id, sid, now):
            return True
        # On a cluster a session is marked before it is removed. A marked sid gets no grants.
        self._remove(session.key)
        return False

    def _is_marked(self, account_id: str, sid: str, now: int) -> bool:
        mark = self._storage.get(EndedSession, session_key(account_id, sid))
        return mark is not None and mark.state(now) == "live"

    def _end_oldest(self, session: Session) -> None:
        """End the sessions beyond ``oauthprov.session.limit``, the longest unused first.

        More than a few exist only if the limit was higher before, or absent: the rest is ended
        later.
        """
        others = [one for one in self.of(session.account_id) if one.key != session.key]
        for one in others[self._settings.session_limit - 1 :][-_ENDED_AT_ONCE:]:
            self._end(one.key)

    def load(self, *secrets: str) -> dict[str, tuple[Session, Account]]:
        """Return the live sessions of ``secrets`` with their accounts, in the given order.

        One read for all, which fetches too what the protocol request expects, if one is running;
        one write for each session last seen five minutes ago or more.
        """
        named = {secret: account for secret in secrets if (account := account_of(secret))}
        if not named:
            return {}
        pairs: list[Any] = [(Session, digest(secret)) for secret in named]
        pairs += [(Account, account) for account in named.values()]
        found: Any = context.get_many(self._storage, pairs)
        now, live = self._clock(), {}
        for secret, session, account in zip(
            named, found[: len(named)], found[len(named) :], strict=True
        ):
            if _is_live(session, account, now):
                self._touch(session, now)
                live[secret] = session.record, account.record
        return live

    def end(self, secret: str) -> None:
        """End the session of ``secret``, if there is one."""
        self._end(digest(secret))

    def end_one(self, account_id: str, key: str) -> None:
        """End the session with this key. Raises UnknownSession if the account has none."""
        stored = self._storage.get(Session, key)
        if stored is None or stored.record.account_id != account_id:
            raise UnknownSession
        self._end(stored.record.key)

    def end_others(self, account_id: str, key: Digest) -> None:
        """End every session of the account but the one with this key."""
        for session in self.of(account_id):
            if session.key != key:
                self._end(session.key)

    def ends_at(self, session: Session) -> int:
        """Return when a session ends at the latest, in epoch seconds."""
        return session.created_at + self._settings.session_lifetime

    def of(self, account_id: str) -> list[Session]:
        """Return the live sessions of an account, the last seen first."""
        now, account = self._clock(), self._storage.get(Account, account_id)
        found = self._storage.walk(Session, account_id=account_id)
        live = [stored.record for stored in found if _is_live(stored, account, now)]
        return sorted(live, key=lambda session: session.last_seen_at, reverse=True)

    def page(
        self, account: Account, after: str | None, limit: int
    ) -> tuple[list[Session], str | None]:
        """Return live sessions of an account, in the order of their keys, and the next cursor.

        A page may hold fewer than ``limit``. Raises ValueError for an invalid ``after``.
        """
        found = self._storage.find(
            Session, account_id=account.account_id, after=after, limit=limit
        )
        now = self._clock()
        live = [one.record for one in found.items if _is_valid(one, account, now)]
        return live, found.next

    def _remove(self, key: Digest) -> None:
        self._storage.commit(Remove(Session, key), now=self._clock())

    def _expiry(self, created_at: int, seen_at: int) -> int:
        return min(
            seen_at + self._settings.session_idle, created_at + self._settings.session_lifetime
        )

    def _touch(self, stored: Stored[Session], now: int) -> None:
        session = stored.record
        if now - session.last_seen_at < min(_STEP, self._settings.session_idle // 4):
            return
        seen = replace(session, last_seen_at=now, expires_at=self._expiry(session.created_at, now))
        try:
            self._storage.commit(Replace(seen, expecting=stored), now=now)
        except Conflict:
            return  # Another request of this browser or a sign-out was faster: its change stays.


def account_of(secret: str) -> str | None:
    """Return the account id in a session secret, None if it isn't a valid secret."""
    account_id, dot, _ = secret.partition(".")
    given = dot and account_id and account_id.isascii() and len(account_id) <= _TEXT_LIMIT
    return account_id if given else None


def new_browser_id() -> str:
    """Return a new id for a browser: 256 bits that only its cookie holds."""
    return mint()[0]


def browser_key(browser_id: str) -> Digest:
    """Return the key that binds an Interaction to a browser."""
    return digest(browser_id)


def _is_live(session: Stored[Session] | None, account: Stored[Account] | None, now: int) -> bool:
    return session is not None and account is not None and _is_valid(session, account.record, now)


def _is_valid(session: Stored[Session], account: Account, now: int) -> bool:
    ours = (session.record.account_id, session.record.epoch)
    theirs = (account.account_id, account.epoch)
    return session.state(now) == "live" and ours == theirs and account.disabled_at is None


def _printable(text: str) -> str:
    return "".join(c for c in text if " " <= c <= "~")[:_TEXT_LIMIT]
