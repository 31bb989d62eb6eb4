"""The storage contract on Redis, on one server or on a cluster."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import ParamSpec, TypeVar, cast

from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    InvalidResponse,
    MaxConnectionsError,
    NoPermissionError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
)
from redis.exceptions import TimeoutError as RedisTimeout

from oauthprov.records import Grant, Record, slot
from oauthprov.storage import unreachable
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
from oauthprov.storage.outage import Unanswered
from oauthprov.storage.redis.commit import Commit, Refusal
from oauthprov.storage.redis.describe import facts, health
from oauthprov.storage.redis.find import Finder
from oauthprov.storage.redis.keys import Keys
from oauthprov.storage.redis.purge import Purge
from oauthprov.storage.redis.read import Reader
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.upgrade import is_outdated, upgrade
from oauthprov.storage.unreachable import LATE, chain, of_the_system

R = TypeVar("R", bound=Record)
P = ParamSpec("P")
T = TypeVar("T")


REASONS: tuple[tuple[type[Exception], str], ...] = (
    # The first that fits; redis-py's AuthenticationError is one of its ConnectionErrors.
    (AuthenticationError, unreachable.PASSWORD),
    (NoPermissionError, unreachable.NO_RIGHT),
    (ReadOnlyError, unreachable.READ_ONLY),
    (BusyLoadingError, unreachable.STARTING),
    (MaxConnectionsError, unreachable.CROWDED),
    (InvalidResponse, "answers, but isn't a Redis server"),
)
"""What redis-py's errors mean, for the operator."""

TEXTS = {
    "unauthenticated": unreachable.PASSWORD,  # a longer command than it takes before the login
    "DB index is out of range": unreachable.NO_DATABASE,
    "Cluster mode is not enabled": "is no cluster: its URL begins with redis:// or rediss://",
    "max number of clients reached": unreachable.CROWDED,
    "without any password configured": "has no password, but the storage URL has one",
    "closed the connection": unreachable.CLOSED,
}
"""The same for texts of Redis and redis-py, which quote no command."""


def reason(error: BaseException) -> str | None:
    """Return what a failure means, for the operator, None if that isn't known."""
    for cause in chain(error):
        for text, words in TEXTS.items():
            if text in str(cause):
                return words
        for kind, words in REASONS:
            if isinstance(cause, kind):
                return words
    return of_the_system(error)


def failing_as_storage_error(method: Callable[P, T]) -> Callable[P, T]:
    """Turn the errors of redis-py and of the socket into StorageError, a timeout into Unanswered.

    The message says why, without the error's text, which may quote a command, and so a digest.
    """

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except (RedisTimeout, TimeoutError) as error:
            raise Unanswered(f"{_place(args)} {LATE}", error) from error
        except (RedisError, RedisClusterException, OSError) as error:
            why = reason(error)
            words = why or f"failed: {type(error).__name__}"
            explained = why is not None
            raise StorageError(f"{_place(args)} {words}", error, explained=explained) from error

    return guarded


def _place(args: tuple[object, ...]) -> str:
    return args[0].place if args and isinstance(args[0], RedisStorage) else "Redis"


class RedisStorage(Storage):
    """Records as strings in Redis; all names begin with ``prefix``.

    ``place`` says in messages which Redis it is.
    """

    def __init__(self, route: Route, prefix: str, place: str = "Redis") -> None:
        self.place = place
        keys = self._keys = Keys(prefix)
        self._route = route
        self.atomic = route.one_slot
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
