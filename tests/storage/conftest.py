"""Storage on an empty Redis; modules of other engines have a ``storage`` of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from oauthprov.storage.interface import Storage
from oauthprov.storage.redis import open
from tests.servers import empty


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of redis-py, on an empty database."""
    empty(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def storage(redis_url: str, client: redis.Redis) -> Iterator[Storage]:
    """The storage there."""
    storage = open(redis_url, {})
    yield storage
    storage.close()
