"""The storage contract on one Redis server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import pytest
import redis

from oauthprov.storage.interface import Storage
from oauthprov.storage.redis import open
from oauthprov.storage.testing import NewerCode, StorageSuite
from tests.servers import empty
from tests.servers.run import free_port
from tests.storage.redis_backend import NewerRedis, dump


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of redis-py, on an empty database."""
    empty(redis_url)
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def storage(redis_url: str, client: redis.Redis) -> Iterator[Storage]:
    storage = open(redis_url, {})
    yield storage
    storage.close()


class TestRedis(StorageSuite):
    """The public suite."""

    purges = False

    @pytest.fixture
    def storage(self, storage: Storage) -> Storage:
        return storage

    @pytest.fixture
    def reopen(self, redis_url: str) -> Callable[[], Storage]:
        return partial(open, redis_url, {})

    @pytest.fixture
    def broken(self) -> Storage:
        return open(f"redis://127.0.0.1:{free_port()}", {})

    @pytest.fixture
    def dump(self, client: redis.Redis) -> Callable[[], bytes]:
        return partial(dump, client)

    @pytest.fixture
    def newer_code(self, client: redis.Redis) -> NewerCode:
        return NewerRedis(client)
