"""Removing and revoking the records that depend on an end: in batches, however many there are.

Codes go before grants, so that the grant of a code redeemed meanwhile is found. An interrupted
sweep keeps its progress, and starting it again is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from oauthprov import logs
from oauthprov.protocol.clients import subjects
from oauthprov.protocol.clients.cache import Clients
from oauthprov.protocol.logout import backchannel
from oauthprov.protocol.token.ended import dies_with_session, session_key
from oauthprov.records import (
    SWEEP_LEASE,
    AuthorizationCode,
    Client,
    EndedSession,
    Grant,
    LogoutDelivery,
    Record,
    Session,
    Sweep,
)
from oauthprov.settings import OPENID, Settings
from oauthprov.storage.interface import (
    COMMIT_LIMIT,
    Add,
    Change,
    Conflict,
    Page,
    Remove,
    Replace,
    Revoke,
    Storage,
    StorageError,
    StorageFull,
    Stored,
    batches,
)

SCAN_LIMIT = 500
"""Records that one read brings where all accounts are looked through."""

log = logs.logger(__name__)

R = TypeVar("R", bound=Record)
T = TypeVar("T")


@dataclass(slots=True)
class Swept:
    """The progress of a sweep: ``notified`` counts the logout token deliveries that it queued."""

    done: bool = False
    notified: int = 0
    _known: set[str] = field(default_factory=set)


class Sweeps:
    """Runs sweeps, one batch after the other."""

    def __init__(
        self, settings: Settings, storage: Storage, clients: Clients, clock: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._clients = clients
        self._clock = clock

    def run(self, sweep: Sweep, batches: int | None = None) -> Swept:
        """Run ``sweep``, and remove it when it is done. Raises StorageError.

        If ``batches`` is given, it stops after so many batches.
        """
        swept = Swept()
        for number, changes in enumerate(self._batches(sweep, swept)):
            if number == batches:
                return swept
            self._commit(changes)
            sweep = self._kept(sweep)
        self._commit([Remove(Sweep, sweep.key)])
        swept.done = True
        return swept

    def _kept(self, sweep: Sweep) -> Sweep:
        """Extend the lease of the sweep once half of it is over; no other process takes over."""
        now = self._clock()
        if sweep.due_at - now > SWEEP_LEASE // 2:
            return sweep
        mine = replace(sweep, due_at=now + SWEEP_LEASE)
        stored = self._storage.get(Sweep, sweep.key)
        if stored is not None:
            with suppress(Conflict):  # another process runs it, too
                self._commit([Replace(mine, expecting=stored)])
        return mine

    def _batches(self, sweep: Sweep, swept: Swept) -> Iterator[Sequence[Change]]:
        """Yield the changes of each batch; a batch may have none."""
        # Sessions of an earlier epoch are dead already. They go last: until then they show which
        # clients to notify.
        ended, removed = self._ended_sessions(sweep), self._removed_client(sweep)
        if sweep.epoch is None:
            yield from self._without_sessions(sweep)
        for codes in self._pages(AuthorizationCode, sweep):
            yield from _parts(self._removed(sweep, codes))
        for grants in self._pages(Grant, sweep):
            covered = [one for one in grants if _covers(sweep, one.record)]
            for some in _parts(covered):
                over = _of_sessions(some, ended) if removed is None else self._live(some)
                if deliveries := self._deliveries(over, removed, swept):
                    self._queue(deliveries)
                yield self._revoked(sweep, some)
        if sweep.epoch is not None:
            yield from self._without_sessions(sweep)

    def _without_sessions(self, sweep: Sweep) -> Iterator[list[Change]]:
        for sessions in batches(list(self._sessions(sweep))):
            yield [Remove(Session, session.record.key) for session in sessions]

    def _ended_sessions(self, sweep: Sweep) -> set[str]:
        """Return the session keys of the grants whose clients must be notified."""
        if sweep.epoch is None:
            return set(sweep.session_keys)
        now, names = self._clock(), set[str]()
        for stored in self._sessions(sweep):
            session = stored.record
            if session.sid is not None and stored.state(now) == "live":
                names |= {session.key, session_key(session.account_id, session.sid)}
        return names

    def _sessions(self, sweep: Sweep) -> Iterator[Stored[Session]]:
        """Yield the sessions that end, and those that continue the ``sid`` of one."""
        for page in self._pages(Session, sweep) if sweep.client_id is None else ():
            yield from (one for one in page if _ends(sweep, one.record))

    def _pages(self, kind: type[R], sweep: Sweep) -> Iterator[Sequence[Stored[R]]]:
        """Yield the records of a kind: the account's, or all if the sweep has no account."""
        index = {"account_id": sweep.account_id} if sweep.account_id else {}
        limit = COMMIT_LIMIT if index else SCAN_LIMIT
        find = partial(self._storage.find, kind, limit=limit, **index)
        page: Page[R] = find()
        yield page.items
        while page.next is not None:
            page = find(after=page.next)
            yield page.items

    def _removed(self, sweep: Sweep, codes: Sequence[Stored[AuthorizationCode]]) -> list[Change]:
        # A redeemed code stays: its grant may live on, and a replay of the code must revoke that.
        now = self._clock()
        return [
            Remove(AuthorizationCode, code.record.key)
            for code in codes
            if _covers(sweep, code.record) and code.state(now) != "claimed"
        ]

    def _revoked(self, sweep: Sweep, grants: Sequence[Stored[Grant]]) -> list[Change]:
        now, everything = self._clock(), sweep.everything or sweep.client_id is not None
        return [
            Revoke(grant.record.grant_id)
            for grant in grants
            if grant.state(now) == "live"
            and (everything or dies_with_session(self._settings, grant.record.scopes))
        ]

    def _live(self, grants: Sequence[Stored[Grant]]) -> list[Stored[Grant]]:
        """Return the grants whose sessions, as far as is known, hadn't ended before; one read."""
        now = self._clock()
        live = [one for one in grants if one.state(now) != "revoked"]
        keys = sorted({str(one.record.session_key) for one in live})
        found = self._storage.get_many([(EndedSession, key) for key in keys])
        over = {key for key, mark in zip(keys, found, strict=True) if mark is not None}
        return [one for one in live if one.record.session_key not in over]

    def _deliveries(
        self, grants: Sequence[Stored[Grant]], removed: Client | None, swept: Swept
    ) -> list[LogoutDelivery]:
        """Return the deliveries to the clients of ``grants``, one for each client and session."""
        made = []
        for stored in grants:
            grant = stored.record
            if grant.sid is None or OPENID not in grant.scopes:
                continue
            client = removed or self._clients.get(grant.client_id)
            if client is None or client.backchannel_logout_uri is None:
                continue
            subject = subjects.subject(self._settings, client, grant.account_id)
            delivery = backchannel.delivery(self._clock(), grant, grant.sid, subject)
            if delivery.key not in swept._known:
                swept._known.add(delivery.key)
                made.append(delivery)
        swept.notified += len(made)
        return made

    def _removed_client(self, sweep: Sweep) -> Client | None:
        """Return the client whose removal the sweep is for, None for any other sweep."""
        if sweep.account_id or sweep.client_id is None:
            return None
        stored = self._storage.get(Client, sweep.client_id)
        return stored.record if stored else None

    def _queue(self, deliveries: list[LogoutDelivery]) -> None:
        try:
            self._commit([Add(delivery) for delivery in deliveries])
            return
        except (Conflict, StorageError):
            pass  # One is queued already, or one cluster node is full: others may have room.
        untold = sum(not self._is_queued(delivery) for delivery in deliveries)
        if untold:
            # Revoking the tokens matters more than the notification.
            log.warning("the storage is full, so %d clients get no logout token", untold)

    def _is_queued(self, delivery: LogoutDelivery) -> bool:
        """Queue a delivery; False if storage is full. One that is queued already will do."""
        try:
            with suppress(Conflict):
                self._commit([Add(delivery)])
        except StorageFull:
            return False
        return True

    def _commit(self, changes: Sequence[Change]) -> None:
        if changes:
            self._storage.commit(*changes, now=self._clock())


def _parts(items: Sequence[T]) -> list[Sequence[T]]:
    """Return ``items`` in groups of a commit; an empty group stands for a page without any."""
    return list(batches(items)) or [()]


def _of_sessions(grants: Sequence[Stored[Grant]], ended: set[str]) -> list[Stored[Grant]]:
    """Return the grants of the sessions that end now."""
    return [one for one in grants if one.record.session_key in ended]


def _ends(sweep: Sweep, session: Session) -> bool:
    if sweep.epoch is not None:
        return session.epoch < sweep.epoch
    names: set[str] = {session.key}
    if session.sid is not None:
        names.add(session_key(session.account_id, session.sid))
    return not names.isdisjoint(sweep.session_keys)


def _covers(sweep: Sweep, record: AuthorizationCode | Grant) -> bool:
    if sweep.client_id is not None:
        return record.client_id == sweep.client_id
    if sweep.epoch is not None:
        return record.account_epoch < sweep.epoch
    return record.session_key is not None and record.session_key in sweep.session_keys
