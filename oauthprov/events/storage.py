"""A storage whose commits publish the events that wait for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from oauthprov import logs
from oauthprov.events.event import current
from oauthprov.records import Record
from oauthprov.storage.interface import (
    COMMIT_LIMIT,
    Add,
    Change,
    Conflict,
    Health,
    Page,
    Purged,
    Storage,
    StorageError,
    StorageFull,
    Stored,
)

R = TypeVar("R", bound=Record)

log = logs.logger(__name__)


class PublishingStorage(Storage):
    """The storage ``inner``; a commit stores the waiting events too, and then publishes them.

    Their entries are the last changes of the commit: it costs no trip more. On a Redis Cluster
    each has a slot of its own, and is stored after the commit: no node that the audit needs can
    fail what happens on the others.
    """

    def __init__(self, inner: Storage) -> None:
        self._inner = inner
        self.atomic = inner.atomic
        # The verbs of every request, without a call in between.
        self.get = inner.get  # type: ignore[method-assign]
        self.get_many = inner.get_many  # type: ignore[method-assign]

    def get_many(
        self, pairs: Sequence[tuple[type[Record], str]]
    ) -> Sequence[Stored[Record] | None]:
        return self._inner.get_many(pairs)

    def _find(
        self, kind: type[R], index: Mapping[str, str], after: str | None, limit: int
    ) -> Page[R]:
        return self._inner.find(kind, after=after, limit=limit, **index)

    def _commit(self, changes: Sequence[Change], now: int) -> None:
        scope = current.get()
        if scope is None or not scope.waiting:
            self._inner._commit(changes, now)
            return
        events, scope.waiting = scope.waiting, []
        stream = scope.stream
        recorder = stream.recorder
        entries = [] if recorder is None else recorder.entries(scope, events)
        left = self._store(changes, entries, now)
        if recorder is not None:
            recorder.add(left)
        for event in events:
            stream.tell(event)

    def _store(self, changes: Sequence[Change], entries: list[Add], now: int) -> Sequence[Add]:
        """Commit changes with their entries; return those entries that aren't stored yet."""
        if not self.atomic:
            self._inner._commit(changes, now)
            return [entry for entry in entries if not self._stored_apart(entry, now)]
        room = COMMIT_LIMIT - len(changes)
        try:
            self._inner._commit((*changes, *entries[:room]), now)
        except StorageFull:
            if not entries or any(isinstance(change, Add) for change in changes):
                raise
            # What only ends or changes something works on a full storage, too.
            self._inner._commit(changes, now)
            log.warning("%d entries of the audit are lost: the storage is full", len(entries))
        return entries[room:]

    def _stored_apart(self, entry: Add, now: int) -> bool:
        try:
            self._inner._commit((entry,), now)
        except (StorageError, Conflict):  # what it tells of has happened all the same
            return False
        return True

    def _load(self, copies: Sequence[Stored[Record]], now: int) -> None:
        self._inner.load(*copies, now=now)

    def purge(self, *, now: int, limit: int = 500, after: str | None = None) -> Purged:
        return self._inner.purge(now=now, limit=limit, after=after)

    def ping(self) -> None:
        self._inner.ping()

    def health(self) -> Health:
        return self._inner.health()

    def upgrade(self) -> None:
        self._inner.upgrade()

    def describe(self) -> Mapping[str, str]:
        return self._inner.describe()

    def close(self) -> None:
        self._inner.close()
