"""The series of a metric in one process: its numbers, by the values of its labels."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator

from oauthprov.metrics.catalog import Metric

Labels = tuple[str, ...]
Totals = tuple[float, ...]
"""The numbers of one series: of a counter or gauge its value; of a histogram the sum, and then how
many durations are in each bucket alone."""


class Series:
    """The series of one metric, by the values of its labels. Callers hold a lock."""

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self._width = len(metric.bounds) + 2 if metric.kind == "histogram" else 1
        self._numbers: dict[Labels, list[float]] = {}

    def add(self, labels: Labels, amount: float = 1) -> None:
        """Add to a counter or gauge."""
        self._of(labels)[0] += amount

    def observe(self, labels: Labels, durations: list[float]) -> None:
        """Count durations, in seconds, in a histogram."""
        durations.sort()
        numbers = self._of(labels)
        numbers[0] += sum(durations)
        below = 0
        for place, bound in enumerate(self.metric.bounds, 1):
            until = bisect_right(durations, bound, below)
            numbers[place] += until - below
            below = until
        numbers[-1] += len(durations) - below

    def _of(self, labels: Labels) -> list[float]:
        found = self._numbers.get(labels)
        if found is None:
            found = self._numbers[labels] = [0] * self._width
        return found

    def clear(self) -> None:
        """Set everything to 0."""
        for numbers in self._numbers.values():
            numbers[:] = [0] * self._width

    def totals(self) -> Iterator[tuple[Labels, Totals]]:
        """Yield the labels and the numbers of each series."""
        for labels, numbers in self._numbers.items():
            yield labels, tuple(numbers)
