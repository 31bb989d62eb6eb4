"""Ending sessions, consents and everything of an account: marked at once, then swept.

One small commit marks what ends, however much depends on it: from then on its sessions are
invalid, its codes can't be redeemed, and its grants can't be refreshed. The same commit queues a
:class:`~oauthprov.records.Sweep`. The first batches of a sweep run before the response, the rest
in a thread; another process takes over what a process leaves undone.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from oauthprov import logs
from oauthprov.accounts import BuiltInAccounts, SignedIn
from oauthprov.credentials import mint_id
from oauthprov.events import ConsentWithdrawn, Event, SessionEnded, on_commit
from oauthprov.protocol.clients.removal import may_have_grants, removal
from oauthprov.protocol.clients.telling import removed
from oauthprov.protocol.logout.sweeps import Sweeps
from oauthprov.protocol.token.ended import session_key
from oauthprov.records import (
    SWEEP_LEASE,
    SWEEP_QUEUE,
    Account,
    Client,
    Consent,
    Digest,
    EndedSession,
    Grant,
    Session,
    Sweep,
    consent_key,
)
from oauthprov.settings import Settings
from oauthprov.storage.interface import (
    Add,
    Change,
    Conflict,
    Remove,
    Replace,
    Revoke,
    Storage,
    StorageError,
    StorageFull,
    Stored,
    batches,
    persistently,
)

AT_ONCE = 3
"""Batches swept before the response: all, except for accounts with hundreds of grants."""
MARK_LIFETIME = 86_400
"""Seconds that an EndedSession is kept: longer than any code lives or a sweep may take."""
PERIOD = 10
"""Seconds between two looks for sweeps that another process left; with their lease, under 30."""

log = logs.logger(__name__)


class Endings:
    """Ends sessions, consents and clients. ``wake`` starts the thread that calls :meth:`work`.

    ``notify`` starts the thread that delivers logout tokens. Methods raise StorageError only when
    nothing has ended; a sweep that fails afterwards is never an error.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        sweeps: Sweeps,
        clock: Callable[[], int],
        *,
        wake: Callable[[], None],
        notify: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._sweeps = sweeps
        self._clock = clock
        self._wake = wake
        self._notify = notify
        self._lock = threading.Lock()
        self._begun: deque[Sweep] = deque()

    def end_session(self, key: Digest, batches: int | None = AT_ONCE) -> None:
        """End a session of ours, notify its clients, and end the grants that end with it.

        ``batches`` are swept now, all if None.
        """
        stored = self._storage.get(Session, key)
        if stored is None:
            return
        session, ended = stored.record, Remove(Session, key)
        event = SessionEnded(account_id=session.account_id)
        if session.sid is None or not self._settings.openid:
            on_commit(event)
            self._storage.commit(ended, now=self._clock())
            return
        self._end(event, session.sid, ended, former=(key,), batches=batches)

    def end_host_session(self, person: SignedIn) -> None:
        """Do the same for a session of a host, which the host itself ends."""
        if self._settings.openid and person.sid is not None:
            self._end(SessionEnded(account_id=person.account_id), person.sid)

    def withdraw(self, account_id: str, client_id: str) -> None:
        """Withdraw a consent; the client's codes and grants for the account end."""

        def withdraw() -> Sweep:
            now = self._clock()
            stored = self._storage.get(Consent, consent_key(account_id, client_id))
            sweep = Sweep.begin(account_id, mint_id(), now, client_id=client_id)
            event = ConsentWithdrawn(account_id=account_id, client_id=client_id)
            self._begin(event, sweep, _withdrawn(account_id, client_id, stored, now))
            return sweep

        self.finish(persistently(withdraw))

    def end_client(
        self,
        stored: Stored[Client],
        batches: int | None = AT_ONCE,
        evict: Callable[[str], None] = lambda client_id: None,
    ) -> None:
        """Remove a client: its grants end, and it is notified as if its users had signed out.

        ``batches`` are swept now, all if None; ``evict`` drops it from a cache before. Raises
        Conflict when the client has changed.
        """
        sweep, changes = removal(stored, self._clock())
        event = removed(stored.record)
        if may_have_grants(stored.record):
            self._begin(event, sweep, *changes)
        else:
            on_commit(event)
            self._storage.commit(*changes, now=self._clock())
        evict(stored.record.client_id)
        if may_have_grants(stored.record):
            self.finish(sweep, batches)

    def finish(self, sweep: Sweep, batches: int | None = AT_ONCE) -> None:
        """Sweep what has just ended: the first batches now, the rest in the background."""
        try:
            swept = self._sweeps.run(sweep, batches)
        except StorageError as error:
            log.warning("the sweep %s goes on later: %s", sweep.key, error)
        else:
            if swept.notified:
                self._notify()
            if swept.done:
                return
        self._keep(sweep)
        self._wake()

    def work(self) -> float | None:
        """Continue every sweep that is due; return the seconds until the next one is.

        Returns None when there is none. Raises StorageError.
        """
        while (sweep := self._next_begun()) is not None:
            try:
                self._run(sweep)
            except StorageError:
                self._keep(sweep)  # it isn't in the queue if storage was full
                raise
        now, due = self._clock(), list[int]()
        queued = self._storage.walk(Sweep, queue=SWEEP_QUEUE)
        # The sweep of a removed client looks through all accounts: nobody waits behind it.
        for stored in sorted(queued, key=lambda one: not one.record.account_id):
            if stored.record.due_at > now:
                due.append(stored.record.due_at)
            elif self._take_over(stored, now):
                self._run(stored.record)
        return float(min(due) - now) if due else None

    def _next_begun(self) -> Sweep | None:
        with self._lock:
            return self._begun.popleft() if self._begun else None

    def _keep(self, sweep: Sweep) -> None:
        with self._lock:
            self._begun.append(sweep)

    def _run(self, sweep: Sweep) -> None:
        if self._sweeps.run(sweep).notified:
            self._notify()

    def _take_over(self, stored: Stored[Sweep], now: int) -> bool:
        mine = replace(stored.record, due_at=now + SWEEP_LEASE)
        try:
            self._storage.commit(Replace(mine, expecting=stored), now=now)
        except Conflict:
            return False  # another process was faster
        return True

    def _end(
        self,
        event: SessionEnded,
        sid: str,
        *ended: Change,
        former: tuple[str, ...] = (),
        batches: int | None = AT_ONCE,
    ) -> None:
        account_id = event.account_id or ""
        now, name = self._clock(), session_key(account_id, sid)
        sweep = Sweep.begin(account_id, mint_id(), now, session_keys=(name, *former))
        mark = Add(EndedSession(name, now + MARK_LIFETIME))
        try:
            self._begin(event, sweep, mark, *ended)
        except Conflict:  # it is marked already
            self._begin(event, sweep, *ended)
        self.finish(sweep, batches)

    def _begin(self, event: Event, sweep: Sweep, *changes: Change) -> None:
        """Queue the sweep and mark what ends; the queue comes first: an extra sweep is harmless.

        If storage is full, the changes that need no new record are committed all the same.
        """
        on_commit(event)
        try:
            self._storage.commit(Add(sweep), *changes, now=sweep.created_at)
        except StorageFull:
            log.warning("the storage is full, so the rest of a sign-out or removal isn't queued")
            ends = [change for change in changes if not isinstance(change, Add)]
            if ends:
                on_commit(event)
                self._storage.commit(*ends, now=sweep.created_at)


def withdraw_all(storage: Storage, account_id: str, now: int) -> None:
    """Withdraw every consent of an account that was closed, and revoke what is left of its grants.

    A first-party client has no consent, and the sweep of the closing may not have come to its
    grants.
    """

    def withdraw(client_id: str) -> None:
        key = consent_key(account_id, client_id)
        stored = storage.get(Consent, key)
        if stored is not None and stored.record.withdrawn_at is None:
            storage.commit(_withdrawn(account_id, client_id, stored, now), now=now)

    for stored in storage.walk(Consent, account_id=account_id):
        persistently(partial(withdraw, stored.record.client_id))
    for page in storage.pages(Grant, account_id=account_id):
        for batch in batches([Revoke(one.record.grant_id) for one in page]):
            storage.commit(*batch, now=now)


def keep_account(
    storage: Storage, accounts: BuiltInAccounts, account: Account, now: int
) -> Account:
    """Keep an account that its user has deleted, without the access that apps had; return it.

    While it is closed no grant can begin, so that every app asks again. Raises LookupError if it
    isn't deleted, or can't be kept any more.
    """
    if not accounts.can_be_kept(account):
        raise LookupError(account.account_id)  # the consents of an account in use must stay
    withdraw_all(storage, account.account_id, now)
    return accounts.take_back(account.account_id)


def _withdrawn(
    account_id: str, client_id: str, stored: Stored[Consent] | None, now: int
) -> Add | Replace:
    if stored is None:
        # A first-party client needed no consent; the record is stored for its mark.
        withdrawn = Consent(
            key=consent_key(account_id, client_id),
            account_id=account_id,
            client_id=client_id,
            scopes=(),
            resources=(),
            created_at=now,
            updated_at=now,
            epoch=1,
            withdrawn_at=now,
        )
        return Add(withdrawn)
    before = stored.record
    withdrawn = replace(
        before, scopes=(), resources=(), epoch=before.epoch + 1, withdrawn_at=now, updated_at=now
    )
    return Replace(withdrawn, expecting=stored)
