"""The text that Prometheus reads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from oauthprov.metrics.catalog import CATALOG, Metric
from oauthprov.metrics.meters import Meters
from oauthprov.metrics.series import Labels, Totals
from oauthprov.metrics.sharing import shared

Computed = Iterable[tuple[Metric, Labels, float]]
"""The values that are found out at a scrape: metric, labels, value."""


class Exposition:
    """Writes the metrics of an app, or those of all processes if they share a directory.

    ``computed`` returns the values of the computed metrics. ``clock`` returns epoch seconds.
    """

    def __init__(
        self, meters: Meters, computed: Callable[[], Computed], clock: Callable[[], int]
    ) -> None:
        self._meters = meters
        self._computed = computed
        self._shared = shared(clock)
        if self._shared is not None:
            self._shared.join(meters)

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return the metrics and their media type; ``accept`` is the Accept header."""
        encode, media_type = choose_encoder(accept)
        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Families(self._families()))
        text: bytes = encode(registry)
        return text, media_type

    def _families(self) -> list[Family]:
        counted = self._own() if self._shared is None else self._shared.collect()
        found = {family.name: family for family in counted}
        for metric, labels, value in self._computed():
            family = found.get(metric.name)
            if family is None:
                family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
                found[metric.name] = family
            family.add_metric(labels, value)  # type: ignore[attr-defined]
        names = [metric.name.removesuffix("_total") for metric in CATALOG]
        return [found[name] for name in names if name in found]

    def _own(self) -> Iterator[Family]:
        for metric, series in self._meters.totals():
            yield _family_of(metric, series)


class _Families(Collector):
    """Passes families to prometheus_client's encoders."""

    def __init__(self, families: list[Family]) -> None:
        self._families = families

    def collect(self) -> Iterable[Family]:
        return self._families


def _family_of(metric: Metric, series: list[tuple[Labels, Totals]]) -> Family:
    if metric.kind == "histogram":
        histogram = HistogramMetricFamily(metric.name, metric.meaning, labels=metric.labels)
        for labels, (total, *counts) in series:
            histogram.add_metric(labels, _buckets(metric.bounds, counts), total)
        return histogram
    made = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = made(metric.name, metric.meaning, labels=metric.labels)
    for labels, (value,) in series:
        family.add_metric(labels, value)
    return family


def _buckets(bounds: tuple[float, ...], counts: list[float]) -> list[tuple[str, float]]:
    """Return the upper bound of each bucket and how many durations are at most that long."""
    made, so_far = [], 0.0
    for bound, count in zip((*bounds, float("inf")), counts, strict=True):
        so_far += count
        made.append((floatToGoString(bound), so_far))
    return made
