"""Ending sessions, consents and all that an account began: marked at once, then swept.

What ends is marked by one small commit, whatever hangs on it: from then on no session of it is
good, no code of it is redeemed, and no grant of it refreshed. That commit also queues a
:class:`~oauthprov.records.Sweep`. The first batches of it are done before the answer, the rest by
a thread; what a process leaves undone, another takes over.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace

from oauthprov import logs
from oauthprov.accounts import SignedIn
from oauthprov.credentials import mint_id
from oauthprov.protocol.clients.removal import removal
from oauthprov.protocol.logout.sweeps import Sweeps
from oauthprov.protocol.token.ended import session_key
from oauthprov.records import (
    SWEEP_LEASE,
    SWEEP_QUEUE,
    Client,
    Consent,
    Digest,
    EndedSession,
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
    Storage,
    StorageError,
    StorageFull,
    Stored,
    persistently,
)

AT_ONCE = 3
"""Batches that are swept before the answer: all, but for accounts with hundreds of grants."""
MARK_LIFETIME = 86_400
"""Seconds that an EndedSession stays: longer than any code, and than a sweep may take."""
PERIOD = 10
"""Seconds after which a process looks for sweeps that another left: with their lease, under 30."""

log = logs.logger(__name__)


class Endings:
    """What ends things. ``wake`` begins the thread that calls :meth:`work`.

    ``notify`` begins the one that delivers logout tokens. Methods raise StorageError when nothing
    has ended; what is left to sweep afterwards is never an error.
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

    def end_session(self, key: Digest) -> None:
        """End a session of ours, tell its clients, and end the grants that end with it."""
        stored = self._storage.get(Session, key)
        if stored is None:
            return
        session, ended = stored.record, Remove(Session, key)
        if session.sid is None or not self._settings.openid:
            self._storage.commit(ended, now=self._clock())
            return
        self._end(session.account_id, session.sid, ended, former=(key,))

    def end_host_session(self, person: SignedIn) -> None:
        """Do the same for a session of a host's own, which the host itself ends."""
        if self._settings.openid and person.sid is not None:
            self._end(person.account_id, person.sid)

    def withdraw(self, account_id: str, client_id: str) -> None:
        """Take a consent back; the codes and grants of the client for the account end."""

        def withdraw() -> Sweep:
            now = self._clock()
            stored = self._storage.get(Consent, consent_key(account_id, client_id))
            sweep = Sweep.begin(account_id, mint_id(), now, client_id=client_id)
            self._begin(sweep, _withdrawn(account_id, client_id, stored, now))
            return sweep

        self.finish(persistently(withdraw))

    def end_client(self, stored: Stored[Client], batches: int | None = AT_ONCE) -> None:
        """Remove a client: those who signed in to it are signed out there, its grants end.

        ``batches`` are swept now, None: all of it. Raises Conflict when the client has changed.
        """
        sweep, changes = removal(stored, self._clock())
        self._begin(sweep, *changes)
        self.finish(sweep, batches)

    def finish(self, sweep: Sweep, batches: int | None = AT_ONCE) -> None:
        """Sweep what has just ended: the first batches now, the rest beside the requests."""
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
        """Go on with every sweep that is due; return the seconds until the next one is.

        None when there is none. Raises StorageError.
        """
        while (sweep := self._next_begun()) is not None:
            try:
                self._run(sweep)
            except StorageError:
                self._keep(sweep)  # it may be in no queue, where storage was full
                raise
        now, due = self._clock(), list[int]()
        for stored in self._storage.walk(Sweep, queue=SWEEP_QUEUE):
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
        self, account_id: str, sid: str, *ended: Change, former: tuple[str, ...] = ()
    ) -> None:
        now, name = self._clock(), session_key(account_id, sid)
        sweep = Sweep.begin(account_id, mint_id(), now, session_keys=(name, *former))
        mark = Add(EndedSession(name, now + MARK_LIFETIME))
        try:
            self._begin(sweep, mark, *ended)
        except Conflict:  # it bears the mark already
            self._begin(sweep, *ended)
        self.finish(sweep)

    def _begin(self, sweep: Sweep, *changes: Change) -> None:
        """Queue the sweep and mark what ends; the queue first, for a sweep too many is harmless.

        Where storage has no room, what ends by a change of what is there ends all the same.
        """
        try:
            self._storage.commit(Add(sweep), *changes, now=sweep.created_at)
        except StorageFull:
            log.warning("storage is full: what is left of an ending isn't queued")
            ends = [change for change in changes if not isinstance(change, Add)]
            if ends:
                self._storage.commit(*ends, now=sweep.created_at)


def _withdrawn(
    account_id: str, client_id: str, stored: Stored[Consent] | None, now: int
) -> Add | Replace:
    if stored is None:
        # There was no need to ask, for a client of the operator's own, say. The mark counts.
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
