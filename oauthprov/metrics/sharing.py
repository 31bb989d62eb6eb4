"""Adding the counts of several processes, by the files of prometheus_client's multiprocess mode.

The environment variable PROMETHEUS_MULTIPROC_DIR names their directory. Each process writes what
it has counted about a second later at most, in a thread that runs while there is something to
write.
"""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client.metrics_core import Metric as Family
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.utils import floatToGoString
from prometheus_client.values import ValueClass

from oauthprov.background import Worker
from oauthprov.metrics.catalog import CATALOG, Metric
from oauthprov.metrics.meters import Meters
from oauthprov.metrics.series import Labels, Totals

DIRECTORY = "PROMETHEUS_MULTIPROC_DIR"
Key = tuple[str, Labels]
"""A series: the name of its metric and the values of its labels."""
EVERY = 1.0
"""Seconds between two writes while requests come in."""

_NAMES = frozenset(metric.name.removesuffix("_total") for metric in CATALOG)


def directory() -> Path | None:
    """Return the directory of the processes' files, None if there is only one process."""
    # prometheus_client has decided by the same variable when it was imported.
    named = os.environ.get(DIRECTORY)
    return Path(named) if named and getattr(ValueClass, "_multiprocess", False) else None


class Shared:
    """Writes what the apps of this process have counted, and reads what all processes have."""

    def __init__(self, folder: Path, clock: Callable[[], int]) -> None:
        self._folder = folder
        self._clock = clock
        self._values: dict[Key, list[ValueClass]] = {}
        self._written: weakref.WeakKeyDictionary[Meters, dict[Key, Totals]]
        self._written = weakref.WeakKeyDictionary()
        self.forked()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.forked)

    def forked(self) -> None:
        """Begin in a new process: it has written nothing, and has no thread."""
        self._lock = threading.Lock()
        for meters in list(self._written):
            self._written[meters] = {}
        self.awake = False
        self._worker = Worker("metrics", self._work, self._clock)

    def join(self, meters: Meters) -> None:
        """Write what ``meters`` count from now on."""
        with self._lock:
            self._written[meters] = {}
        meters.writer = self

    def collect(self) -> Iterator[Family]:
        """Yield our metrics, added over all processes; what dead ones were doing is dropped."""
        self.write()
        _forget_dead(self._folder)
        for family in MultiProcessCollector(None, str(self._folder)).collect():
            if family.name in _NAMES:
                yield family

    def write(self) -> bool:
        """Write what has changed since the last time; return whether anything had."""
        changed = False
        with self._lock:
            for meters, written in self._written.items():
                for metric, series in meters.totals():
                    for labels, totals in series:
                        key = metric.name, labels
                        before = written.get(key)
                        if before != totals:
                            self._add(metric, labels, before or (0.0,) * len(totals), totals)
                            written[key] = totals
                            changed = True
        return changed

    def _add(self, metric: Metric, labels: Labels, before: Totals, totals: Totals) -> None:
        key = metric.name, labels
        values = self._values.get(key)
        if values is None:
            values = self._values[key] = _values_of(metric, labels)
        for value, was, total in zip(values, before, totals, strict=True):
            if total != was:
                value.inc(total - was)

    def wake(self) -> None:
        """Begin to write, in a thread that goes on for as long as there is something new."""
        self.awake = True
        self._worker.wake()

    def _work(self) -> float | None:
        if self.write():
            return EVERY
        self.awake = False
        # A request that came before this line has found it awake.
        if self.write():
            self.awake = True
            return EVERY
        return None


def _values_of(metric: Metric, labels: Labels) -> list[ValueClass]:
    """Return prometheus_client's values of a series, in the order of its totals."""
    name, kind, names = metric.name, metric.kind, metric.labels
    if kind != "histogram":
        family = name.removesuffix("_total")
        mode = {"multiprocess_mode": "livesum"} if kind == "gauge" else {}
        return [ValueClass(kind, family, name, names, labels, metric.meaning, **mode)]
    made = [ValueClass(kind, name, f"{name}_sum", names, labels, metric.meaning)]
    for bound in (*metric.bounds, float("inf")):
        le = (*labels, floatToGoString(bound))
        of_bucket = (f"{name}_bucket", (*names, "le"), le, metric.meaning)
        made.append(ValueClass(kind, name, *of_bucket))
    return made


def _forget_dead(folder: Path) -> None:
    """Remove the files that say what processes were doing that have ended.

    What they have counted stays: a counter never falls.
    """
    for path in folder.glob("gauge_live*.db"):
        pid = path.stem.rpartition("_")[2]
        if pid.isdecimal() and not _runs(int(pid)):
            path.unlink(missing_ok=True)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # somebody else's
        return True
    return True


_shared: dict[Path, Shared] = {}


def shared(clock: Callable[[], int]) -> Shared | None:
    """Return what the apps of this process share, None if there is only one process."""
    folder = directory()
    if folder is None:
        return None
    found = _shared.get(folder)
    if found is None:
        found = _shared[folder] = Shared(folder, clock)
    return found
