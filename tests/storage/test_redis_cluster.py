"""The storage contract on a Redis Cluster of three nodes."""

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
from tests.storage.redis_backend import NewerRedis, dump, enter_anew


@pytest.fixture
def client(redis_cluster_url: str) -> Iterator[redis.RedisCluster]:
    """A client of redis-py, on an empty cluster."""
    empty(redis_cluster_url)
    url = redis_cluster_url.replace("redis+cluster", "redis", 1)
    with redis.RedisCluster.from_url(url) as client:
        yield client


@pytest.fixture
def storage(redis_cluster_url: str, client: redis.RedisCluster) -> Iterator[Storage]:
    storage = open(redis_cluster_url, {})
    yield storage
    storage.close()


class TestRedisCluster(StorageSuite):
    """The public suite."""

    purges = False

    @pytest.fixture
    def storage(self, storage: Storage) -> Storage:
        return storage

    @pytest.fixture
    def reopen(self, redis_cluster_url: str) -> Callable[[], Storage]:
        return partial(open, redis_cluster_url, {})

    @pytest.fixture
    def broken(self) -> Storage:
        return open(f"redis+cluster://127.0.0.1:{free_port()}", {})

    @pytest.fixture
    def dump(self, client: redis.RedisCluster) -> Callable[[], bytes]:
        return partial(dump, client)

    @pytest.fixture
    def newer_code(self, client: redis.RedisCluster) -> NewerCode:
        return NewerRedis(client)


def test_consents_of_an_earlier_version_are_entered_in_the_index_by_client(
    storage: Storage, client: redis.RedisCluster
) -> None:
    enter_anew(storage, client)
