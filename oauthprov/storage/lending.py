"""Lends connections: each to one borrower at a time, and never more than a limit."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from oauthprov.storage.outage import Call

T = TypeVar("T")

OVERTAKEN = 0.05
"""Seconds for which a waiting thread may be overtaken by others."""


class _Place(Generic[T]):
    """The place of a thread in the queue, and what it gets; ``bell`` wakes it once it is rung."""

    __slots__ = ("bell", "rung", "since", "things")

    def __init__(self) -> None:
        self.since = time.monotonic()
        self.things: list[T] = []
        self.rung = False
        self.bell = threading.Lock()
        self.bell.acquire()

    def ring(self) -> None:
        if not self.rung:
            self.rung = True
            self.bell.release()


class Lender(Generic[T]):
    """Lends up to ``limit`` things that ``make`` makes; the one returned last is lent first.

    A thread that returns a thing may take it again before a waiting thread has woken up, which
    saves the change of threads. But one that has waited for ``overtaken`` seconds is handed the
    next thing. ``idle`` are the things that nobody has borrowed.

    A semaphore would cost ten times as much.
    """

    def __init__(self, make: Callable[[], T], limit: int, overtaken: float = OVERTAKEN) -> None:
        self._make = make
        self._limit = limit
        self._overtaken = overtaken
        self._made = 0
        self._lock = threading.Lock()
        self._queue: deque[_Place[T]] = deque()
        self.idle: deque[T] = deque()

    @property
    def waiting(self) -> int:
        """How many threads wait."""
        return len(self._queue)

    def take(self, call: Call) -> T:
        """Return a thing, or wait for one. Raises Unanswered if that takes too long."""
        try:
            return self.idle.pop()
        except IndexError:
            with self._lock:
                if self._made < self._limit:
                    self._made += 1
                    return self._make()
                place: _Place[T] = _Place()
                self._queue.append(place)
            return self._wait(place, call)

    def give_back(self, thing: T) -> None:
        """Take a thing back; wake a waiting thread."""
        if self._queue and self._hand_over(thing):
            return
        self.idle.append(thing)
        if self._queue:
            with self._lock:
                for place in self._queue:
                    if not place.rung:
                        place.ring()
                        return

    def each_idle(self, work: Callable[[T], object]) -> None:
        """Call ``work`` with every thing that is idle now; meanwhile it can't be borrowed."""
        for _ in range(len(self.idle)):
            try:
                thing = self.idle.popleft()
            except IndexError:
                return
            work(thing)
            self.give_back(thing)

    def _hand_over(self, thing: T) -> bool:
        """Hand a thing to the thread that has waited for longest, if it was for too long."""
        with self._lock:
            if not self._queue:
                return False
            first = self._queue[0]
            if time.monotonic() - first.since < self._overtaken:
                return False
            self._queue.popleft()
            first.things.append(thing)
            first.ring()
            return True

    def _wait(self, place: _Place[T], call: Call) -> T:
        try:
            while not place.things:
                try:
                    place.things.append(self.idle.pop())
                except IndexError:
                    if not place.bell.acquire(timeout=call.slice):
                        call.nothing_came()
                    # Before the next look at what is idle: what comes after it rings again.
                    place.rung = False
        except BaseException:
            self._leave(place, keep=0)
            raise
        self._leave(place, keep=1)
        return place.things[0]

    def _leave(self, place: _Place[T], keep: int) -> None:
        """Leave the queue, and give back what was handed over in the last moment."""
        with self._lock:
            if place in self._queue:
                self._queue.remove(place)
        for thing in place.things[keep:]:
            self.give_back(thing)
