"""The counts of one process. Counting one takes well below a microsecond."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Iterator

from oauthprov.metrics.catalog import Metric

Labels = tuple[str, ...]


class Cell:
    """The value of one series: what was counted, or the current value of a gauge."""

    __slots__ = ("_lock", "value")

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin with 0 in a process that was forked: no other thread may use it meanwhile."""
        self._lock = threading.Lock()
        self.value = 0

    def add(self, amount: int = 1) -> None:
        """Add to the value; safe to call from any thread."""
        with self._lock:
            self.value += amount

    def totals(self) -> tuple[float, ...]:
        """Return the value."""
        return (self.value,)


class Durations:
    """The durations of one series: their number by bucket, the last one unbounded, and the sum."""

    __slots__ = ("_bounds", "_counts", "_lock", "_sum")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self._bounds = bounds
        self.clear()

    def clear(self) -> None:
        """Begin without any, like :meth:`Cell.clear`."""
        self._lock = threading.Lock()
        self._counts = [0] * (len(self._bounds) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """Count a duration; safe to call from any thread."""
        bucket = bisect_left(self._bounds, seconds)
        with self._lock:
            self._counts[bucket] += 1
            self._sum += seconds

    def totals(self) -> tuple[float, ...]:
        """Return the sum, then the number of each bucket alone."""
        with self._lock:
            return (self._sum, *self._counts)


class Series:
    """The cells of one metric, by the values of its labels."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self._lock = threading.Lock()
        self._cells: dict[Labels, Cell] = {}
        self._durations: dict[Labels, Durations] = {}

    def cell(self, *labels: str) -> Cell:
        """Return the cell of a counter or gauge."""
        found = self._cells.get(labels)
        if found is None:
            with self._lock:
                found = self._cells.setdefault(labels, Cell())
        return found

    def durations(self, *labels: str) -> Durations:
        """Return the durations of a histogram."""
        found = self._durations.get(labels)
        if found is None:
            with self._lock:
                found = self._durations.setdefault(labels, Durations(self.metric.bounds))
        return found

    def clear(self) -> None:
        """Clear each cell, like :meth:`Cell.clear`."""
        self._lock = threading.Lock()
        cells: list[Cell | Durations] = [*self._cells.values(), *self._durations.values()]
        for cell in cells:
            cell.clear()

    def totals(self) -> Iterator[tuple[Labels, tuple[float, ...]]]:
        """Yield the labels and the totals of each cell."""
        with self._lock:
            cells: list[tuple[Labels, Cell | Durations]] = [
                *self._cells.items(),
                *self._durations.items(),
            ]
        for labels, cell in cells:
            yield labels, cell.totals()
