"""Purging from the server processes: one step at a time, in the background of requests."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress

from oauthprov import logs
from oauthprov.accounts import removal
from oauthprov.background import Worker
from oauthprov.chance import randint
from oauthprov.credentials import digest
from oauthprov.events import Stream, worker, working
from oauthprov.protocol.clients.removal import drop_orphaned_consents
from oauthprov.protocol.token.last_use import remove_unused
from oauthprov.records import ReplayMark
from oauthprov.settings import Settings
from oauthprov.storage.interface import Add, Conflict, Replace, Storage, StorageError, StorageFull

PERIOD = 60
"""Seconds between two passes over what has expired."""

HOUR = 3600
"""Seconds between two looks for deleted accounts whose grace is over."""

DAY = 86_400
"""Seconds between two walks over all clients and consents."""

PAUSE = 0.25
"""Seconds between two steps, at least."""

SHARE = 5
"""After each step comes a pause, so that a pass works for at most a fifth of its time."""

REST = 20
"""After a pass comes a rest of so many times its work, so that a large storage costs little."""

log = logs.logger(__name__)


class Purging:
    """One process's part of the purge. No two processes run the same pass.

    The first pass is due at a random time in a process's first minute, each further one about a
    minute after the last, or later after a long pass. ``chance`` returns a number between two, so
    that processes that start together don't purge together; ``stopwatch`` returns seconds that
    only increase.
    """

    def __init__(
        self,
        settings: Settings,
        storage: Storage,
        clock: Callable[[], int],
        chance: Callable[[int, int], int] = randint,
        stopwatch: Callable[[], float] = time.monotonic,
        events: Stream | None = None,
    ) -> None:
        self._settings = settings
        self._storage = storage
        self._clock = clock
        self._events = events or Stream(clock)
        self._chance = chance
        self._stopwatch = stopwatch
        self._due_at: int | None = None
        self._steps: Iterator[int] | None = None
        self._worked = 0.0
        self._failing = False
        self.removing = removal.ignore
        self.worker = Worker("purge", self.work, clock)

    def look(self) -> None:
        """Start a pass if one is due; called for each request, at almost no cost."""
        now = self._clock()
        if self._due_at is None or self._due_at - now > DAY:
            self._due_at = now + self._chance(0, PERIOD)
        if now >= self._due_at:
            self._due_at = now + PERIOD + self._chance(0, PERIOD // 10)
            self.worker.wake()

    def work(self) -> float | None:
        """Take one step; return the seconds to wait before the next, None after the last."""
        began = self._stopwatch()
        if self._steps is None:
            self._steps, self._worked = self._pass(), 0.0
        try:
            with working(self._events, worker("purge")):
                over = next(self._steps, None) is None
        except StorageError as error:
            self._steps = None
            if not self._failing:
                log.warning(
                    "the storage can't be purged; the next attempt follows later: %s", error
                )
            self._failing = True
            return None
        except BaseException:
            self._steps = None
            raise
        self._failing = False
        took = self._stopwatch() - began
        self._worked += took
        if over:
            self._steps = None
            return None
        return max(PAUSE, took * (SHARE - 1))

    def _pass(self) -> Iterator[int]:
        now = self._clock()
        try:
            ours = self._is_ours("purge", PERIOD, now)
        except StorageFull:
            ours = True  # storage has no room to record turns: any process may purge
        if ours:
            yield from self._storage.purge_pass(now=now)
            self._rest()
        with suppress(StorageFull):  # the rest isn't purged until turns can be recorded
            if self._is_ours("removal of accounts", HOUR, now):
                yield from removal.remove_due(self._storage, now, self.removing)
            if self._is_ours("purge of clients", DAY, now):
                yield from remove_unused(self._storage, self._settings, now)
                yield from drop_orphaned_consents(self._storage, now)

    def _rest(self) -> None:
        """Keep the turn after a long pass, for as long as no purge is needed."""
        now, rest = self._clock(), int(self._worked * REST)
        if rest <= PERIOD:
            return
        turn = ReplayMark(digest("purge"), now + rest)
        stored = self._storage.get(ReplayMark, turn.key)
        held = stored is not None and stored.state(now) == "live"
        with suppress(Conflict, StorageFull):  # another process may have the next turn already
            change = Replace(turn, expecting=stored) if stored and held else Add(turn)
            self._storage.commit(change, now=now)

    def _is_ours(self, what: str, seconds: int, now: int) -> bool:
        """Take the turn for ``seconds``; False if another process has it."""
        try:
            self._storage.commit(Add(ReplayMark(digest(what), now + seconds)), now=now)
        except Conflict:
            return False
        return True
