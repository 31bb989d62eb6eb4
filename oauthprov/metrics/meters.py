"""What an app counts: requests, events, calls of the storage, work that is being done."""

from __future__ import annotations

import os
import weakref
from collections.abc import Callable

from oauthprov.events import KINDS, Event, SignInFailed
from oauthprov.metrics import catalog
from oauthprov.metrics.cells import Cell, Durations, Series
from oauthprov.metrics.labels import (
    ERRORS,
    GRANT_TYPES,
    METHODS,
    OTHER,
    SIGN_INS,
    closed,
    status_class,
)

_EVENTS = frozenset(kind.name for kind in KINDS)
_ERRORS_FROM = 300


class Meters:
    """The counts of one app in this process. Every method is safe to call from any thread.

    ``changed`` is called after each request. A process that is forked begins to count anew.
    """

    def __init__(self) -> None:
        self.series = {
            metric.name: Series(metric) for metric in catalog.CATALOG if not metric.computed
        }
        self.changed: Callable[[], object] = _nothing
        self._requests: dict[tuple[str, str, int, str, str], Cell] = {}
        self._durations: dict[str, Durations] = {}
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
        """Count a request. ``endpoint`` is the name of a route; the rest may be anything."""
        key = (endpoint, closed(method, METHODS), status, closed(error, ERRORS), grant_type)
        cell = self._requests.get(key)
        if cell is None:
            cell = self._cell_of(*key)
        cell.add()
        durations = self._durations.get(endpoint)
        if durations is None:
            durations = self._of(catalog.REQUEST_DURATION).durations(endpoint)
            self._durations[endpoint] = durations
        durations.add(seconds)
        self.changed()

    def _cell_of(
        self, endpoint: str, method: str, status: int, error: str, grant_type: str
    ) -> Cell:
        known = closed(grant_type, GRANT_TYPES)
        said = error if status >= _ERRORS_FROM else ""
        labels = (endpoint, method, status_class(status), said, known)
        cell = self._of(catalog.REQUESTS).cell(*labels)
        if known == grant_type:  # anything may have been sent: only known values are kept
            self._requests[endpoint, method, status, error, grant_type] = cell
        return cell

    def event(self, event: Event) -> None:
        """Count an event."""
        name = event.name if event.name in _EVENTS else OTHER
        self._of(catalog.EVENTS).cell(name).add()
        if isinstance(event, SignInFailed):
            self._of(catalog.SIGN_IN_FAILURES).cell(closed(event.how, SIGN_INS)).add()

    def gauge(self, metric: catalog.Metric) -> Callable[[int], None]:
        """Return what adds to a gauge, or takes away from it."""
        return self._of(metric).cell().add

    def storage(self, verb: str) -> tuple[Durations, Cell]:
        """Return the durations of a verb of the storage, and the count of its failures."""
        durations = self._of(catalog.STORAGE_DURATION).durations(verb)
        return durations, self._of(catalog.STORAGE_FAILURES).cell(verb)

    def clear(self) -> None:
        """Begin to count anew in a process that was forked."""
        for series in self.series.values():
            series.clear()

    def _of(self, metric: catalog.Metric) -> Series:
        return self.series[metric.name]


def _nothing() -> None:
    """Do nothing."""


_made: weakref.WeakSet[Meters] = weakref.WeakSet()


def _forked() -> None:
    # What the server did before it forked would be counted by each of its workers.
    for meters in list(_made):
        meters.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
