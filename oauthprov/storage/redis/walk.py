"""Walks over kinds that expire, which have no roster: by SCAN, in the order of keys.

A roster would cost memory for every token and, on a cluster, one more round trip, and would still
list records that Redis has dropped. Hence a walk scans all names, keeps the next hundred thousand
keys in order, and takes its pages from this window. A window belongs to one walk, since another
walk must see records added later.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

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
    """The windows of the current walks; a walk that goes on without its window scans again."""

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
                self._drop(walk)
                return
            after = window.keys[-1]
            del window  # else it is held while the next one is made

    def _drop(self, walk: str) -> None:
        with self._lock:
            self._windows.pop(walk, None)

    def _window(self, walk: str, kind: str, after: str | None) -> Window:
        with self._lock:
            window = self._windows.get(walk)
            if window is not None and not window.covers(after):
                window = None
                del self._windows[walk]
        if window is None:
            window = self._scan(kind, after)
        with self._lock:
            self._windows[walk] = window
            self._windows.move_to_end(walk)
            while len(self._windows) > WALKS:
                self._windows.popitem(last=False)
        return window

    def _scan(self, kind: str, after: str | None) -> Window:
        first: list[str] = []
        end: str | None = None
        for key in self._following(kind, after):
            if end is None or key < end:
                first.append(key)
            if len(first) > self._size + self._size // 8:
                first, end = self._cut(first, end)
        first, end = self._cut(first, end)
        return Window(after, first, end is None)

    def _cut(self, keys: list[str], end: str | None) -> tuple[list[str], str | None]:
        """Return as many of the keys as a window has, in order, and the first that isn't in it."""
        keys.sort()
        ordered = [key for key, _ in groupby(keys)]  # SCAN may return a name twice
        if len(ordered) > self._size:
            end = ordered[self._size]
            del ordered[self._size :]
        return ordered, end

    def _following(self, kind: str, after: str | None) -> Iterator[str]:
        for names in scan(self._route, self._keys.records(kind)):
            for name in names:
                match self._keys.parse(name):
                    case RecordName(found, key) if found == kind and (
                        after is None or key > after
                    ):
                        yield key
