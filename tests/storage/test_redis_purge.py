"""Purging indexes and rosters on Redis: entries without a record are dropped."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from oauthprov.records import Account, Grant
from oauthprov.storage.interface import Add, Remove, Storage
from oauthprov.storage.redis import open, purge
from oauthprov.storage.redis.purge import GRACE
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.purging import purge_once
from oauthprov.storage.testing.samples import LIFE, NOW
from tests.servers import empty
from tests.storage.redis_backend import KEYS, Client, name_of

INDEX = KEYS.index("grant", "account_id", "alice")


@pytest.fixture
def cluster_client(redis_cluster_url: str) -> Iterator[redis.RedisCluster]:
    empty(redis_cluster_url)
    url = redis_cluster_url.replace("redis+cluster", "redis", 1)
    with redis.RedisCluster.from_url(url) as client:
        yield client


@pytest.fixture
def cluster(redis_cluster_url: str, cluster_client: redis.RedisCluster) -> Iterator[Storage]:
    storage = open(redis_cluster_url, {})
    yield storage
    storage.close()


def lose(client: Client, account_id: str, number: int) -> list[Grant]:
    """Enter grants into an index whose records are gone, as Redis lets them expire."""
    grants = [samples.grant(account_id=account_id) for _ in range(number)]
    index = KEYS.index("grant", "account_id", account_id)
    client.zadd(index, {grant.grant_id: 0 for grant in grants})
    return grants


def test_one_pass_drops_the_index_entries_of_missing_records(
    storage: Storage, client: redis.Redis
) -> None:
    storage.commit(*(Add(samples.grant()) for _ in range(3)), Add(samples.grant("left")), now=NOW)
    storage.commit(Add(samples.account("one")), Add(samples.account("two")), now=NOW)
    for stored in storage.find(Grant, account_id="alice").items[:3]:
        client.delete(name_of(stored.record))
    client.zadd(INDEX, {"left": 0})
    client.delete(name_of(samples.account("one")))
    left = client.zcard(INDEX) - 3
    assert purge_once(storage, now=NOW) == 4
    assert client.zcard(INDEX) == left
    assert client.keys("*by-key") == [KEYS.shard("account", "74")]
    assert purge_once(storage, now=NOW) == 0


@pytest.mark.parametrize("limit", [1, 7, 100, 500])
def test_a_pass_visits_every_entry_of_many_indexes(
    storage: Storage, client: redis.Redis, limit: int
) -> None:
    kept = [samples.grant(account_id=name) for name in ("alice", "bob")]
    storage.commit(*map(Add, kept), now=NOW)
    lost = 3 * 250 + 40
    for name in ("alice", "bob", "third"):
        lose(client, name, 250)
    for number in range(40):
        lose(client, f"single{number}", 1)
    with_steps = list(storage.purge_pass(now=NOW, limit=limit))
    assert sum(with_steps) == lost
    assert max(with_steps) <= limit
    listed = [client.zrange(name, 0, -1) for name in client.scan_iter(_type="zset")]
    assert sorted(listed) == sorted([[grant.grant_id.encode()] for grant in kept])


def test_a_step_is_bounded_though_it_finds_nothing(
    storage: Storage, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purge, "LOOKS", 150)
    monkeypatch.setattr(purge, "PAGE", 100)
    grants = [samples.grant() for _ in range(500)]
    for first in range(0, 500, 100):
        storage.commit(*map(Add, grants[first : first + 100]), now=NOW)
    lose(client, "bob", 200)
    steps = list(storage.purge_pass(now=NOW))
    assert len(steps) > 5
    assert sum(steps) == 200
    assert client.zcard(INDEX) == 500


def test_another_process_can_continue_a_pass(
    storage: Storage, client: redis.Redis, redis_url: str
) -> None:
    lose(client, "alice", 10)
    first = storage.purge(now=NOW, limit=4)
    other = open(redis_url, {})
    rest = other.purge(now=NOW, limit=100, after=first.next)
    other.close()
    assert (first.count, rest.count, rest.next) == (4, 6, None)


def test_foreign_keys_stay(storage: Storage, client: redis.Redis) -> None:
    client.set("oauthprov:{a}:newer_kind:b", "what only newer code knows")
    client.set("other:{a}:grant", "of another program")
    client.zadd("other:{a}:grant.account_id", {"an entry": 0})
    client.zadd("oauthprov:{a}:grant.account_id.marked", {"an entry": 0})
    assert purge_once(storage, now=NOW + 100 * LIFE) == 0
    assert len(client.keys()) == 4


class TestCluster:
    """An entry comes before its record there, so it is marked first."""

    def test_an_entry_without_a_record_is_dropped_after_a_while(
        self, cluster: Storage, cluster_client: redis.RedisCluster
    ) -> None:
        cluster.commit(Add(samples.grant("left")), now=NOW)
        cluster.commit(Add(samples.account("one")), Add(samples.account("two")), now=NOW)
        cluster.commit(Remove(Account, "one"), now=NOW)
        lose(cluster_client, "alice", 300)
        assert purge_once(cluster, now=NOW) == 0
        assert purge_once(cluster, now=NOW + GRACE - 1, limit=100) == 0
        assert cluster_client.zcard(INDEX) == 301
        assert purge_once(cluster, now=NOW + GRACE, limit=100) == 301
        assert cluster_client.zrange(INDEX, 0, -1) == [b"left"]
        names = list(cluster_client.scan_iter("*by-key"))
        assert names == [KEYS.shard("account", "74")]
        assert list(cluster_client.scan_iter("*.marked")) == []

    def test_an_entry_whose_record_comes_late_stays(
        self, cluster: Storage, cluster_client: redis.RedisCluster
    ) -> None:
        grant = samples.grant("late", expires_at=NOW + 9 * LIFE)
        cluster_client.zadd(INDEX, {"late": 0})
        purge_once(cluster, now=NOW)
        cluster.commit(Add(grant), now=NOW + GRACE)
        purge_once(cluster, now=NOW + GRACE)
        found = cluster.find(Grant, account_id="alice").items
        assert [stored.record for stored in found] == [grant]
        cluster_client.delete(name_of(grant))
        purge_once(cluster, now=NOW + 2 * GRACE)
        assert cluster_client.zcard(INDEX) == 1

    def test_adding_a_key_again_removes_its_mark(
        self, cluster: Storage, cluster_client: redis.RedisCluster
    ) -> None:
        cluster_client.zadd(INDEX, {"late": 0})
        purge_once(cluster, now=NOW)
        marks = KEYS.marks(INDEX)
        assert cluster_client.zcard(marks) == 1
        cluster.commit(Add(samples.grant("late")), now=NOW)
        assert cluster_client.zcard(marks) == 0
