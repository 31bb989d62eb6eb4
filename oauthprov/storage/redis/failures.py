"""Turns failures of Redis and of its connections into StorageError."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from redis.exceptions import RedisClusterException, RedisError

from oauthprov.storage.interface import StorageError

P = ParamSpec("P")
T = TypeVar("T")


def failing_as_storage_error(method: Callable[P, T]) -> Callable[P, T]:
    """Turn the errors of redis-py and of the socket into StorageError.

    The message has only the type of the error: its text may quote a command, and so a digest.
    """

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(*args, **kwargs)
        except (RedisError, RedisClusterException, OSError) as error:
            raise StorageError(f"Redis failed: {type(error).__name__}", error) from error

    return guarded
