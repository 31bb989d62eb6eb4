"""A storage that counts the calls to the real one."""

from __future__ import annotations

import threading
from collections.abc import Callable

from oauthprov.storage.interface import Storage


class Counting(Storage):
    """Counts reads and writes; a ``commit`` is one write.

    Those of the thread that stores events without a commit aren't counted: no request waits.

    What is in ``meanwhile`` runs before the next commits, one each: what another process does
    between a request's read and its write.
    """

    def __init__(self, inner: Storage) -> None:
        self.inner = inner
        self.atomic = inner.atomic
        self.reads = self.writes = 0
        self.meanwhile: list[Callable[[], object]] = []
        self.sizes: list[int] = []

    def get_many(self, pairs):
        self.reads += 1
        return self.inner.get_many(pairs)

    def _find(self, kind, index, after, limit):
        self.reads += 1
        return self.inner.find(kind, after=after, limit=limit, **index)

    def _commit(self, changes, now):
        if threading.current_thread().name == "oauthprov-audit":
            self.inner.commit(*changes, now=now)
            return
        if self.meanwhile:
            self.meanwhile.pop(0)()
        self.writes += 1
        self.sizes.append(len(changes))
        self.inner.commit(*changes, now=now)

    def _load(self, copies, now):
        self.writes += 1
        self.inner.load(*copies, now=now)

    def purge(self, *, now, limit=500, after=None):
        return self.inner.purge(now=now, limit=limit, after=after)

    def ping(self):
        self.inner.ping()

    def health(self):
        return self.inner.health()

    def upgrade(self):
        self.inner.upgrade()

    def describe(self):
        return self.inner.describe()

    def close(self):
        self.inner.close()

    def trips(self, work: Callable[[], object]) -> tuple[int, int]:
        """Return the reads and writes that ``work()`` makes."""
        before = self.reads, self.writes
        work()
        return self.reads - before[0], self.writes - before[1]
