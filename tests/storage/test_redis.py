"""The storage contract on one Redis server."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
import redis

from oauthprov.storage.interface import Storage
from oauthprov.storage.redis import open
from oauthprov.storage.testing import NewerCode, StorageSuite
from tests.servers.run import free_port
from tests.storage.redis_backend import NewerRedis, dump


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
