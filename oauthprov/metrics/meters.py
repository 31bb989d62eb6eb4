"""What an app counts: requests, events, calls of the storage, work that is being done."""

from __future__ import annotations

import os
import threading
import weakref
from collections import Counter, deque
from collections.abc import Callable, Collection
from typing import Protocol, TypeVar

from oauthprov.events import KINDS, Event, SignInFailed
from oauthprov.metrics import catalog
from oauthprov.metrics.labels import (
    ERRORS,
    METHODS,
    OTHER,
    SIGN_INS,
    closed,
    status_class,
)
from oauthprov.metrics.series import Labels, Series, Totals

WAITING = 500
"""Requests with the same labels that are noted before everything noted is counted."""
_LIMIT = 100_000
"""What is noted of one kind, at most."""

_EVENTS = frozenset(kind.name for kind in KINDS)
_ERRORS_FROM = 300
"""The lowest status of a response that may carry an error."""


T = TypeVar("T")
Request = tuple[str, str, int, str, str]
"""Endpoint, method, status, error and grant type."""


class Writer(Protocol):
    """Writes counts to where other processes read them."""

    awake: bool

    def wake(self) -> None:
        """Begin to write; ``awake`` is true until nothing more is to be written."""


class Meters:
    """The counts of one app in this process. Every method is safe to call from any thread.

    A request only notes what happens, which costs a few appends of numbers. What was noted is
    counted when the totals are read, or when there is much of it. ``writer`` is woken by new
    requests. A forked process begins to count anew. ``grant_types`` are those of the token
    endpoint.
    """

    def __init__(self, grant_types: Collection[str] = ()) -> None:
        self._grant_types = grant_types
        self.series = {
            metric.name: Series(metric) for metric in catalog.CATALOG if not metric.computed
        }
        self.writer: Writer | None = None
        self._known: dict[Request, deque[float]] = {}
        self._requests: dict[Labels, deque[float]] = {}
        self._trips: dict[Labels, deque[float]] = {}
        self._events: deque[str] = deque(maxlen=_LIMIT)
        self._failures: deque[str] = deque(maxlen=_LIMIT)
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
        request = endpoint, method, status, error, grant_type
        noted = self._known.get(request)
        if noted is None:
            noted = self._noted_of(request)
        noted.append(seconds)
        if len(noted) >= WAITING:
            with self._lock:
                self._fold()
        writer = self.writer
        if writer is not None and not writer.awake:
            writer.wake()

    def _noted_of(self, request: Request) -> deque[float]:
        """Return where the durations of such requests are noted."""
        endpoint, method, status, error, grant_type = request
        grant_type = closed(grant_type, self._grant_types)
        labels = _labels(endpoint, method, status, error, grant_type)
        with self._lock:
            noted = self._requests.setdefault(labels, deque(maxlen=_LIMIT))
            if OTHER not in labels[1:]:  # words of ours alone, which are few
                self._known[request] = noted
        return noted

    def event(self, event: Event) -> None:
        """Note an event."""
        self._events.append(event.name)
        if isinstance(event, SignInFailed):
            self._failures.append(event.how)

    def trips(self, verb: str) -> Callable[[float], None]:
        """Return what notes the seconds of a call of the storage."""
        with self._lock:
            return self._trips.setdefault((verb,), deque(maxlen=_LIMIT)).append

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
        for labels, noted in self._requests.items():
            if noted:
                taken = _taken(noted)
                requests.add(labels, len(taken))
                durations.observe(labels[:1], taken)
        calls = self._of(catalog.STORAGE_DURATION)
        for labels, noted in self._trips.items():
            if noted:
                calls.observe(labels, _taken(noted))
        events, failures = self._of(catalog.EVENTS), self._of(catalog.SIGN_IN_FAILURES)
        for name, many in Counter(_taken(self._events)).items():
            events.add((name if name in _EVENTS else OTHER,), many)
        for how, many in Counter(_taken(self._failures)).items():
            failures.add((closed(how, SIGN_INS),), many)

    def forked(self) -> None:
        """Begin to count anew: another process counts what was before."""
        self._lock = threading.Lock()
        for noted in (*self._requests.values(), *self._trips.values()):
            noted.clear()
        self._events.clear()
        self._failures.clear()
        for series in self.series.values():
            series.clear()

    def _of(self, metric: catalog.Metric) -> Series:
        return self.series[metric.name]


def _taken(noted: deque[T]) -> list[T]:
    """Take out what was noted until now; nobody else does so, others may add."""
    return [noted.popleft() for _ in range(len(noted))]


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
