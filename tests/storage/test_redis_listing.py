"""Indexes, rosters and walks on Redis."""

from __future__ import annotations

import pytest
import redis

from oauthprov.records import AccessToken, Account, InitialAccessToken
from oauthprov.storage.interface import Add, Storage, batches
from oauthprov.storage.redis import open
from oauthprov.storage.redis.address import parse
from oauthprov.storage.redis.connections import Connections
from oauthprov.storage.redis.keys import SHARDS
from oauthprov.storage.redis.route import Single
from oauthprov.storage.redis.walk import Walks
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.samples import NOW
from tests.storage.redis_backend import KEYS


def walk(storage: Storage, limit: int) -> list[str]:
    """The keys of all access tokens, page by page."""
    keys: list[str] = []
    page = storage.find(AccessToken, limit=limit)
    while page.next is not None:
        keys += [stored.record.key for stored in page.items]
        page = storage.find(AccessToken, limit=limit, after=page.next)
    return keys + [stored.record.key for stored in page.items]


def test_tokens_have_no_index(storage: Storage, client: redis.Redis) -> None:
    storage.commit(Add(samples.machine_token()), Add(samples.refresh("slot")), now=NOW)
    assert {client.type(name) for name in client.scan_iter()} == {b"string"}


def test_a_walk_finds_every_token_of_one_kind(storage: Storage, client: redis.Redis) -> None:
    tokens = [samples.machine_token() for _ in range(250)]
    for batch in batches(map(Add, [*tokens, samples.refresh("slot")])):
        storage.commit(*batch, now=NOW)
    client.set("oauthprov:{slot}:access_tokens:other", "another kind")
    assert walk(storage, 7) == sorted(token.key for token in tokens)


def test_another_process_can_continue_a_walk(storage: Storage, redis_url: str) -> None:
    tokens = sorted(samples.machine_token().key for _ in range(5))
    for key in tokens:
        storage.commit(Add(samples.fill(AccessToken, key)), now=NOW)
    page = storage.find(AccessToken, limit=3)
    other = open(redis_url, {})
    rest = other.find(AccessToken, limit=3, after=page.next)
    assert [stored.record.key for stored in (*page.items, *rest.items)] == tokens
    other.close()


def test_a_new_walk_sees_what_was_added_since(storage: Storage) -> None:
    first, second, third = ("a.1", "b.1", "c.1")
    for key in (first, third):
        storage.commit(Add(samples.fill(AccessToken, key)), now=NOW)
    storage.find(AccessToken, limit=1)
    storage.commit(Add(samples.fill(AccessToken, second)), now=NOW)
    assert walk(storage, 1) == [first, second, third]


def test_a_list_of_a_kind_with_few_records_looks_at_no_other_name(
    storage: Storage, client: redis.Redis
) -> None:
    for batch in batches(Add(samples.machine_token()) for _ in range(300)):
        storage.commit(*batch, now=NOW)
    tokens = sorted(samples.unique() for _ in range(3))
    for key in tokens:
        storage.commit(Add(samples.fill(InitialAccessToken, key)), now=NOW)
    client.config_resetstat()
    found = [stored.record.token_id for stored in storage.walk(InitialAccessToken)]
    commands = client.info("commandstats")
    assert (found, "cmdstat_scan" in commands) == (tokens, False)


def test_an_expired_record_of_such_a_kind_leaves_the_list(
    storage: Storage, client: redis.Redis
) -> None:
    token = samples.fill(InitialAccessToken, "gone")
    storage.commit(Add(token), now=NOW)
    client.delete(KEYS.record("initial_access_token", "gone"))
    assert list(storage.walk(InitialAccessToken)) == []
    assert sum(storage.purge_pass(now=NOW)) == 1
    assert list(client.scan_iter()) == []


def test_the_upgrade_lists_what_was_stored_before_there_was_a_list(
    storage: Storage, client: redis.Redis
) -> None:
    tokens = [samples.fill(InitialAccessToken, f"t{number}") for number in range(150)]
    for batch in batches(map(Add, tokens)):
        storage.commit(*batch, now=NOW)
    client.delete(*client.scan_iter(_type="zset"))
    client.set(KEYS.revision(), "1")
    assert list(storage.walk(InitialAccessToken)) == []
    storage.upgrade()
    assert sorted(one.record.token_id for one in storage.walk(InitialAccessToken)) == sorted(
        token.token_id for token in tokens
    )
    assert client.get(KEYS.revision()) == b"3"


@pytest.mark.parametrize("window", [1, 2, 9, 10, 11, 1000])
def test_a_walk_through_many_windows_finds_every_token_once(
    redis_url: str, storage: Storage, window: int
) -> None:
    tokens = [samples.machine_token() for _ in range(10)]
    storage.commit(*map(Add, tokens), now=NOW)
    keys = sorted(token.key for token in tokens)
    route = Single(Connections(parse(redis_url, {})))
    walks = Walks(route, KEYS, window)
    for after in (None, *keys):
        left = keys if after is None else keys[keys.index(after) + 1 :]
        found = [key for batch in walks.keys("walk", "access_token", after, 3) for key in batch]
        assert found == left
    route.close()


def test_an_index_of_all_records_is_split_by_first_letter(
    storage: Storage, client: redis.Redis
) -> None:
    accounts = [samples.fill(Account, key) for key in ("a1", "a2", "b1", "~")]
    storage.commit(*map(Add, accounts), now=NOW)
    shards = [KEYS.shard("account", shard) for shard in SHARDS]
    sizes = {name: size for name in shards if (size := client.zcard(name))}
    assert list(sizes.values()) == [2, 1, 1]
    found = storage.find(Account).items
    assert [stored.record.account_id for stored in found] == ["a1", "a2", "b1", "~"]
