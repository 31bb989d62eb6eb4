"""A storage whose calls are timed and counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter
from typing import ParamSpec, TypeVar

from oauthprov.metrics.meters import Meters
from oauthprov.records import Record
from oauthprov.storage.interface import (
    Change,
    Health,
    Page,
    Purged,
    Storage,
    StorageError,
    Stored,
)

R = TypeVar("R", bound=Record)
P = ParamSpec("P")
T = TypeVar("T")

VERBS = ("get", "get_many", "find", "commit", "purge", "ping")
"""The verbs that are told apart; ``ping`` includes ``health``."""


class MeteredStorage(Storage):
    """The storage ``inner``, whose calls are counted by verb."""

    def __init__(self, inner: Storage, meters: Meters) -> None:
        self._inner = inner
        self.atomic = inner.atomic
        # The verbs of every request, without a call in between.
        self.get = _timed(inner.get, "get", meters)  # type: ignore[method-assign]
        self.get_many = _timed(inner.get_many, "get_many", meters)  # type: ignore[method-assign]
        self._commit = _timed(inner._commit, "commit", meters)  # type: ignore[method-assign]
        self._timed_find = _timed(inner._find, "find", meters)
        self._timed_purge = _timed(inner.purge, "purge", meters)
        self._timed_ping = _timed(inner.ping, "ping", meters)
        self._timed_health = _timed(inner.health, "ping", meters)

    def get_many(
        self, pairs: Sequence[tuple[type[Record], str]]
    ) -> Sequence[Stored[Record] | None]:
        return self._inner.get_many(pairs)

    def _find(
        self, kind: type[R], index: Mapping[str, str], after: str | None, limit: int
    ) -> Page[R]:
        return self._timed_find(kind, index, after, limit)

    def _commit(self, changes: Sequence[Change], now: int) -> None:
        self._inner._commit(changes, now)

    def _load(self, copies: Sequence[Stored[Record]], now: int) -> None:
        self._inner._load(copies, now)

    def purge(self, *, now: int, limit: int = 500, after: str | None = None) -> Purged:
        return self._timed_purge(now=now, limit=limit, after=after)

    def ping(self) -> None:
        self._timed_ping()

    def health(self) -> Health:
        return self._timed_health()

    def upgrade(self) -> None:
        self._inner.upgrade()

    def describe(self) -> Mapping[str, str]:
        return self._inner.describe()

    def close(self) -> None:
        self._inner.close()


def _timed(work: Callable[P, T], verb: str, meters: Meters) -> Callable[P, T]:
    note = meters.trips(verb)
    meters.failed(verb, 0)  # a series that begins with its first failure shows no increase

    def timed(*args: P.args, **named: P.kwargs) -> T:
        begun = perf_counter()
        try:
            return work(*args, **named)
        except StorageError:
            meters.failed(verb)
            raise
        finally:
            note(perf_counter() - begun)

    return timed
