"""Stores the events that no commit takes along, such as refusals, from a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from oauthprov import logs
from oauthprov.background import Worker
from oauthprov.events.entry import entry_of
from oauthprov.events.event import Event
from oauthprov.records import Record
from oauthprov.storage.interface import Add, Conflict, Storage, StorageError

if TYPE_CHECKING:
    from oauthprov.events.scope import Scope

WAITING_LIMIT = 1000
"""Entries of a kind that wait, at most: whoever sends bad requests can't fill the memory."""
PER_SECOND = 5
"""Entries of a kind that are stored each second, on average, at most: nor the storage."""
LOSSES_EVERY = 60
"""Seconds between two lines about lost entries, at least: an outage fills no log with them."""
_BATCH = 50

log = logs.logger(__name__)


class _Room:
    """How many entries of one kind of event may be stored now.

    Each kind has room of its own: no flood of bad requests hides failed sign-ins.
    """

    __slots__ = ("_counted_at", "_left")

    def __init__(self, now: int) -> None:
        self._left = float(WAITING_LIMIT)
        self._counted_at = now

    def take(self, now: int) -> bool:
        """Take room for an entry, if there is some."""
        passed = max(0, now - self._counted_at)
        self._left = min(WAITING_LIMIT, self._left + passed * PER_SECOND)
        self._counted_at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Recorder:
    """Keeps the audit for ``keep`` days.

    Routine events are left out unless ``routine``. Events without a commit wait in memory and are
    stored in batches: no request waits for that. Beyond the limits above they are counted and not
    stored.
    """

    def __init__(
        self, storage: Storage, clock: Callable[[], int], keep: int, *, routine: bool = True
    ) -> None:
        self._keep = keep
        self._routine = routine
        self._storage = storage
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: deque[Record] = deque()
        self._rooms: dict[str, _Room] = {}
        self._left_out = 0
        self._lost = 0
        self._why: Exception | None = None
        self._said_at: int | None = None
        self._worker = Worker("audit", self.work, clock)

    def entries(self, scope: Scope, events: Sequence[Event]) -> list[Add]:
        """Return what a commit adds for the events that it makes happen."""
        added = []
        for event in events:
            if self._routine or not event.is_routine:
                added.append(Add(entry_of(event, next(scope.numbers), self._keep)))
        return added

    def add(self, entries: Sequence[Add]) -> None:
        """Store soon what a commit had no room for, without a limit."""
        if entries:
            with self._lock:
                self._waiting.extend(change.record for change in entries)
            self._worker.wake()

    def put(self, scope: Scope, event: Event) -> None:
        """Store an event soon, or count it if there are too many."""
        if event.is_routine and not self._routine:
            return
        entry = entry_of(event, next(scope.numbers), self._keep)
        with self._lock:
            now = self._clock()
            room = self._rooms.get(event.name)
            if room is None:
                room = self._rooms[event.name] = _Room(now)
            limit = WAITING_LIMIT * len(self._rooms)
            if len(self._waiting) >= limit or not room.take(now):
                self._left_out += 1
                return
            self._waiting.append(entry)
        self._worker.wake()

    def work(self) -> None:
        """Store what waits; what the storage doesn't take is lost, and logged."""
        while batch := self._next():
            try:
                self._storage.commit(*map(Add, batch), now=self._clock())
            except (StorageError, Conflict) as error:
                self._lost += len(batch)
                self._why = error
                self._say()
        self._say()
        with self._lock:
            left_out, self._left_out = self._left_out, 0
        if left_out:
            log.warning("%d events aren't in the audit: too many came at once", left_out)

    def _say(self) -> None:
        """Log how many entries are lost, if there are any and the last such line is old."""
        now, said_at = self._clock(), self._said_at
        if self._lost and (said_at is None or not 0 <= now - said_at < LOSSES_EVERY):
            log.warning("%d entries of the audit are lost: %s", self._lost, self._why)
            self._lost, self._said_at = 0, now

    def _next(self) -> list[Record]:
        with self._lock:
            return [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]

    def join(self, seconds: float) -> None:
        """Wait until what waits is stored, at most ``seconds``."""
        self._worker.join(seconds)
