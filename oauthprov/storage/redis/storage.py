"""The storage contract on Redis, on one server or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from redis.exceptions import RedisClusterException, RedisError
from redis.exceptions import TimeoutError as RedisTimeout

from oauthprov.records import Grant, Record, slot
from oauthprov.storage.interface import (
    Change,
    Conflict,
    Health,
    Page,
    Purged,
    State,
    Storage,
    StorageError,
    Stored,
)
from oauthprov.storage.outage import LATE, Unanswered
from oauthprov.storage.redis.commit import Commit, Refusal
from oauthprov.storage.redis.describe import facts, health
from oauthprov.storage.redis.find import Finder
from oauthprov.storage.redis.keys import Keys
from oauthprov.storage.redis.purge import Purge
from oauthprov.storage.redis.read import Reader
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.upgrade import is_outdated, upgrade

R = TypeVar("R", bound=Record)
P = ParamSpec("P")
T = TypeVar("T")


def failing_as_storage_error(method: Callable[P, T]) -> Callable[P, T]:
    """Turn the errors of redis-py and of the socket into StorageError, a timeout into Unanswered.

    The message has only the type of the error: its text may quote a command, and so a digest.
    """

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except (RedisTimeout, TimeoutError) as error:
            raise Unanswered(LATE, error) from error
        except (RedisError, RedisClusterException, OSError) as error:
            raise StorageError(f"Redis failed: {type(error).__name__}", error) from error

    return guarded


class RedisStorage(Storage):
    """Records as strings in Redis; all names begin with ``prefix``."""

    def __init__(self, route: Route, prefix: str) -> None:
        keys = self._keys = Keys(prefix)
        self._route = route
        self._reader = Reader(route, keys)
        self._finder = Finder(route, keys, self._reader)
        self._committer = Commit(keys, route)
        self._purge = Purge(route, keys)

    @failing_as_storage_error
    def get(self, kind: type[R], key: str) -> Stored[R] | None:
        return self._reader.get(kind, key)

    @failing_as_storage_error
    def get_many(
        self, pairs: Sequence[tuple[type[Record], str]]
    ) -> Sequence[Stored[Record] | None]:
        return self._reader.get_many(pairs)

    @failing_as_storage_error
    def _find(
        self, kind: type[R], index: Mapping[str, str], after: str | None, limit: int
    ) -> Page[R]:
        return self._finder.page(kind, after, limit, index)

    @failing_as_storage_error
    def _commit(self, changes: Sequence[Change], now: int) -> None:
        if refusal := self._committer.run(changes, now):
            raise self._conflict(refusal)

    @failing_as_storage_error
    def _load(self, copies: Sequence[Stored[Record]], now: int) -> None:
        self._committer.load(copies, now)

    @failing_as_storage_error
    def purge(self, *, now: int, limit: int = 500, after: str | None = None) -> Purged:
        return self._purge.step(now, limit, after)

    @failing_as_storage_error
    def ping(self) -> None:
        for server in self._route.servers():
            server.call(b"PING", again=True)

    @failing_as_storage_error
    def health(self) -> Health:
        return replace(health(self._route), outdated=is_outdated(self._route, self._keys))

    @failing_as_storage_error
    def upgrade(self) -> None:
        """Bring records that an earlier version stored to this one; Redis has no schema."""
        upgrade(self, self._route, self._keys)

    @failing_as_storage_error
    def describe(self) -> Mapping[str, str]:
        return facts(self._route)

    def close(self) -> None:
        self._route.close()

    def _conflict(self, refusal: Refusal) -> Conflict:
        kind, key = refusal.change.target
        stored = self._reader.decoded(kind, key, refusal.found, refusal.grant)
        if (
            stored is not None
            and stored.grant is None
            and getattr(stored.record, "grant_id", None)
        ):
            # The script reads the grant only for a Claim.
            stored = replace(stored, grant=self._reader.get(Grant, slot(key)))
        return Conflict(refusal.change, cast("State", refusal.state.decode()), stored)
