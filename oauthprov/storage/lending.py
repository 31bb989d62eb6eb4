"""Lends connections: each to one borrower at a time, and never more than a limit."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from oauthprov.storage.outage import Call

T = TypeVar("T")


class Lender(Generic[T]):
    """Lends up to ``limit`` things that ``make`` makes; the one returned last is lent first.

    A semaphore would cost ten times as much. ``idle`` are the things that nobody has borrowed.
    """

    def __init__(self, make: Callable[[], T], limit: int) -> None:
        self._make = make
        self._limit = limit
        self._made = 0
        self._waiting = 0
        self._returned = threading.Condition()
        self.idle: deque[T] = deque()

    def take(self, call: Call) -> T:
        """Return a thing, or wait for one. Raises Unanswered if that takes too long."""
        try:
            return self.idle.pop()
        except IndexError:
            with self._returned:
                if self._made < self._limit:
                    self._made += 1
                    return self._make()
                self._waiting += 1
                try:
                    return self._wait(call)
                finally:
                    self._waiting -= 1

    def give_back(self, thing: T) -> None:
        """Take a thing back; a waiting thread gets it."""
        self.idle.append(thing)
        if self._waiting:
            with self._returned:
                self._returned.notify()

    def each_idle(self, work: Callable[[T], object]) -> None:
        """Call ``work`` with every thing that is idle now; meanwhile it can't be borrowed."""
        for _ in range(len(self.idle)):
            try:
                thing = self.idle.popleft()
            except IndexError:
                return
            work(thing)
            self.give_back(thing)

    def _wait(self, call: Call) -> T:
        while True:
            try:
                return self.idle.pop()
            except IndexError:
                if not self._returned.wait(call.slice):
                    call.nothing_came()
