"""Walks over kinds that expire, which have no roster: by SCAN, in the order of keys.

A roster would cost memory for every token and, on a cluster, one more round trip, and would still
list records that Redis has dropped. Hence a walk scans all names, keeps the next hundred thousand
keys in order, and takes its pages from this window. A window belongs to one walk, since another
walk must see records added later.
"""

from __future__ import annotations

import heapq
import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from oauthprov.storage.redis.keys import Keys, RecordName
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.scan import scan

WINDOW = 100_000
WALKS = 4


@dataclass(frozen=True, slots=True)
class Window:
    """The keys after ``after``, in order; ``last`` if no more keys follow."""

    after: str | None
    keys: list[str]
    last: bool

    def covers(self, after: str | None) -> bool:
        """Return whether the window has the keys after ``after``."""
        if self.after is not None and (after is None or after < self.after):
            return False
        return self.last or (after or "") < self.keys[-1]


class Walks:
    """The windows of the current walks; a walk whose window was dropped scans again."""

    def __init__(self, route: Route, keys: Keys, window: int = WINDOW) -> None:
        self._route = route
        self._keys = keys
        self._size = window
        self._lock = threading.Lock()
        self._windows: OrderedDict[str, Window] = OrderedDict()

    def keys(self, walk: str, kind: str, after: str | None, size: int) -> Iterator[list[str]]:
        """Yield the keys of ``kind`` after ``after``, ``size`` at a time."""
        while True:
            window = self._window(walk, kind, after)
            start = 0 if after is None else bisect_right(window.keys, after)
            for first in range(start, len(window.keys), size):
                yield window.keys[first : first + size]
            if window.last:
                return
            after = window.keys[-1]

    def _window(self, walk: str, kind: str, after: str | None) -> Window:
        with self._lock:
            window = self._windows.get(walk)
        if window is None or not window.covers(after):
            window = self._scan(kind, after)
        with self._lock:
            self._windows[walk] = window
            self._windows.move_to_end(walk)
            while len(self._windows) > WALKS:
                self._windows.popitem(last=False)
        return window

    def _scan(self, kind: str, after: str | None) -> Window:
        found = heapq.nsmallest(self._size, self._following(kind, after))
        # SCAN may return a name twice.
        return Window(after, list(dict.fromkeys(found)), len(found) < self._size)

    def _following(self, kind: str, after: str | None) -> Iterator[str]:
        for names in scan(self._route, self._keys.records(kind)):
            for name in names:
                match self._keys.parse(name):
                    case RecordName(found, key) if found == kind and (
                        after is None or key > after
                    ):
                        yield key
