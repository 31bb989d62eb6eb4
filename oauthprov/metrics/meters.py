"""What an app counts: requests, events, calls of the storage, work that is being done."""

from __future__ import annotations

import os
import threading
import weakref
from collections import deque
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Protocol

from oauthprov.events import KINDS, Event, SignInFailed
from oauthprov.metrics import catalog
from oauthprov.metrics.cells import Labels, Series, Totals
from oauthprov.metrics.labels import (
    ERRORS,
    METHODS,
    OTHER,
    SIGN_INS,
    closed,
    status_class,
)

WAITING = 500
"""Requests after which what they have left behind is counted."""
_LIMIT = 100_000

_EVENTS = frozenset(kind.name for kind in KINDS)
_ERRORS_FROM = 300


class Writer(Protocol):
    """Writes counts to where other processes read them."""

    awake: bool

    def wake(self) -> None:
        """Begin to write; ``awake`` is true until nothing more is to be written."""


class Meters:
    """The counts of one app in this process. Every method is safe to call from any thread.

    What happens is only noted, in ``trips``, ``events`` and by :meth:`request`, and counted when
    somebody wants to know, or there is much of it: so a request costs a few appends. ``trips`` has
    the verb of each call of the storage and its seconds. ``writer`` is told of new requests. A
    process that is forked begins to count anew. ``grant_types`` are those of the token endpoint.
    """

    def __init__(self, grant_types: Collection[str] = ()) -> None:
        self._grant_types = grant_types
        self.series = {
            metric.name: Series(metric) for metric in catalog.CATALOG if not metric.computed
        }
        self.writer: Writer | None = None
        self.trips: deque[tuple[str, float]] = deque(maxlen=_LIMIT)
        self.events: deque[Event] = deque(maxlen=_LIMIT)
        self._requests: deque[tuple[str, str, int, str, str, float]] = deque(maxlen=_LIMIT)
        self._lock = threading.Lock()
        _made.add(self)

    def request(
        self,
        endpoint: str,
        method: str,
        status: int,
        error: str,
        grant_type: str,
        seconds: float,
    ) -> None:
        """Note a request. ``endpoint`` is the name of a route; the rest may be anything."""
        requests = self._requests
        requests.append((endpoint, method, status, error, grant_type, seconds))
        if len(requests) >= WAITING:
            with self._lock:
                self._fold()
        writer = self.writer
        if writer is not None and not writer.awake:
            writer.wake()

    def gauge(self, metric: catalog.Metric) -> Callable[[int], None]:
        """Return what adds to a gauge, or takes away from it."""
        series = self._of(metric)

        def add(amount: int) -> None:
            with self._lock:
                series.add((), amount)

        add(0)
        return add

    def failed(self, verb: str, many: int = 1) -> None:
        """Count calls of the storage that failed."""
        with self._lock:
            self._of(catalog.STORAGE_FAILURES).add((verb,), many)

    def totals(self) -> list[tuple[catalog.Metric, list[tuple[Labels, Totals]]]]:
        """Return everything that was counted until now."""
        with self._lock:
            self._fold()
            return [(series.metric, list(series.totals())) for series in self.series.values()]

    def _fold(self) -> None:
        """Count what was noted."""
        requests, durations = self._of(catalog.REQUESTS), self._of(catalog.REQUEST_DURATION)
        calls = self._of(catalog.STORAGE_DURATION)
        events, failures = self._of(catalog.EVENTS), self._of(catalog.SIGN_IN_FAILURES)
        with suppress(IndexError):
            while True:
                endpoint, method, status, error, grant_type, seconds = self._requests.popleft()
                grant_type = closed(grant_type, self._grant_types)
                requests.add(_labels(endpoint, method, status, error, grant_type))
                durations.observe((endpoint,), seconds)
        with suppress(IndexError):
            while True:
                verb, seconds = self.trips.popleft()
                calls.observe((verb,), seconds)
        with suppress(IndexError):
            while True:
                event = self.events.popleft()
                events.add((event.name if event.name in _EVENTS else OTHER,))
                if isinstance(event, SignInFailed):
                    failures.add((closed(event.how, SIGN_INS),))

    def forked(self) -> None:
        """Begin to count anew: another process counts what was before."""
        self._lock = threading.Lock()
        for noted in (self._requests, self.trips, self.events):
            noted.clear()
        for series in self.series.values():
            series.clear()

    def _of(self, metric: catalog.Metric) -> Series:
        return self.series[metric.name]


def _labels(endpoint: str, method: str, status: int, error: str, grant_type: str) -> Labels:
    return (
        endpoint,
        closed(method, METHODS),
        status_class(status),
        closed(error, ERRORS) if status >= _ERRORS_FROM else "",
        grant_type,
    )


_made: weakref.WeakSet[Meters] = weakref.WeakSet()


def _forked() -> None:
    for meters in list(_made):
        meters.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
