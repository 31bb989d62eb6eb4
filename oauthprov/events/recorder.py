"""Stores the events that no commit takes along, such as refusals, from a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from oauthprov import logs
from oauthprov.background import Worker
from oauthprov.events.entry import DAY, entry_of
from oauthprov.events.event import Event
from oauthprov.records import Record
from oauthprov.storage.interface import Add, Conflict, Storage, StorageError

if TYPE_CHECKING:
    from oauthprov.events.scope import Scope

WAITING_LIMIT = 1000
"""Entries of a kind that wait, at most: a flood of bad requests doesn't fill the memory."""
PER_SECOND = 5
"""Entries of a kind stored each second, on average, at most: a flood doesn't load the storage."""
PER_DAY = 20_000
"""Entries of a kind stored each day, on average, at most: a long flood doesn't fill the storage.

In 30 days these are half a gigabyte of Redis' memory. A process that answers ten requests a second
stores all of its refusals while these are less than one in forty.
"""
LOSSES_EVERY = 60
"""Seconds between two lines about lost entries, at least: an outage fills no log with them."""
_BATCH = 50

log = logs.logger(__name__)


class _Bucket:
    """Room for ``size`` entries, which fills up again within ``seconds``."""

    __slots__ = ("_counted_at", "_left", "_seconds", "_size")

    def __init__(self, size: int, seconds: float, now: int) -> None:
        self._size = size
        self._seconds = seconds
        self._left = float(size)
        self._counted_at = now

    def has_room(self, now: int) -> bool:
        """Return whether there is room for an entry now."""
        passed = max(0, now - self._counted_at)
        self._left = min(self._size, self._left + passed * self._size / self._seconds)
        self._counted_at = now
        return self._left >= 1

    def take(self) -> None:
        """Use the room for an entry up."""
        self._left -= 1


class _Room:
    """How many entries of one kind of event, by one kind of sender, may be stored now.

    Each has room of its own, in memory too: no flood of bad requests hides failed sign-ins, and
    none of strangers hides what a known user or an admin does.
    """

    __slots__ = ("_buckets", "waiting")

    def __init__(self, now: int) -> None:
        self.waiting = 0
        self._buckets = (
            _Bucket(WAITING_LIMIT, WAITING_LIMIT / PER_SECOND, now),
            _Bucket(PER_DAY, DAY, now),
        )

    def take(self, now: int) -> bool:
        """Take room for an entry, which waits from now on, if there is some."""
        room = [bucket.has_room(now) for bucket in self._buckets]
        if self.waiting >= WAITING_LIMIT or not all(room):
            return False
        for bucket in self._buckets:
            bucket.take()
        self.waiting += 1
        return True


class _Losses:
    """How many entries aren't stored since the last line of the log about them."""

    __slots__ = ("_number", "_said_at")

    def __init__(self) -> None:
        self._number = 0
        self._said_at: int | None = None

    def add(self, number: int) -> None:
        """Count entries that aren't stored."""
        self._number += number

    def are_due(self, now: int) -> bool:
        """Return whether a line is to be written: there are some, and the last line is old."""
        said_at = self._said_at
        return self._number > 0 and (said_at is None or not 0 <= now - said_at < LOSSES_EVERY)

    def take(self, now: int) -> int:
        """Return the number for a line, 0 if none is due; count anew after it."""
        if not self.are_due(now):
            return 0
        number, self._number, self._said_at = self._number, 0, now
        return number


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
        self._waiting: deque[tuple[Record, _Room | None]] = deque()
        self._rooms: dict[tuple[str, str], _Room] = {}
        self._left_out = _Losses()
        self._lost = _Losses()
        self._why: Exception | None = None
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
                self._waiting.extend((change.record, None) for change in entries)
            self._worker.wake()

    def put(self, scope: Scope, event: Event) -> None:
        """Store an event soon, or count it if there are too many."""
        if event.is_routine and not self._routine:
            return
        entry = entry_of(event, next(scope.numbers), self._keep)
        with self._lock:
            now = self._clock()
            key = event.name, _sender(scope)
            room = self._rooms.get(key)
            if room is None:
                room = self._rooms[key] = _Room(now)
            if room.take(now):
                self._waiting.append((entry, room))
            else:
                self._left_out.add(1)
                if not self._left_out.are_due(now):
                    return
        self._worker.wake()

    def work(self) -> None:
        """Store what waits; what the storage doesn't take is lost, and logged."""
        while batch := self._next():
            try:
                self._storage.commit(*map(Add, batch), now=self._clock())
            except (StorageError, Conflict) as error:
                self._lost.add(len(batch))
                self._why = error
                self._say()
        self._say()

    def _say(self) -> None:
        """Log how many entries aren't stored, each kind of loss once a minute at most."""
        now = self._clock()
        if lost := self._lost.take(now):
            log.warning("%d entries of the audit are lost: %s", lost, self._why)
        with self._lock:
            left_out = self._left_out.take(now)
        if left_out:
            log.warning("%d events aren't in the audit: too many came", left_out)

    def _next(self) -> list[Record]:
        with self._lock:
            taken = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
            for _, room in taken:
                if room is not None:
                    room.waiting -= 1
        return [record for record, _ in taken]

    def join(self, seconds: float) -> None:
        """Wait until what waits is stored, at most ``seconds``."""
        self._worker.join(seconds)


def _sender(scope: Scope) -> str:
    """Return who caused an event: somebody who acts for others, a known user, or a stranger."""
    if scope.actor is not None:
        return "actor"
    return "user" if scope.is_known else "stranger"
