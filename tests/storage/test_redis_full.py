"""A Redis at its ``maxmemory``: revocations work, additions are refused.

The server is one of its own, since these tests fill it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import redis

from oauthprov.records import AccessToken, Account, AuthorizationCode, Grant, RefreshToken
from oauthprov.storage.interface import (
    Add,
    Change,
    Claim,
    Conflict,
    Remove,
    Replace,
    Revoke,
    Storage,
    StorageError,
    StorageFull,
)
from oauthprov.storage.redis import open
from oauthprov.storage.redis.purge import GRACE
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.expecting import gone, read
from oauthprov.storage.testing.purging import purge_all, purge_once
from oauthprov.storage.testing.samples import LIFE, NOW
from tests.conftest import RUN
from tests.servers import empty
from tests.servers.redis import apart
from tests.storage.redis_backend import KEYS, dump, name_of

INDEX = KEYS.index("grant", "account_id", "alice")


@pytest.fixture(scope="module")
def url(pytestconfig: pytest.Config) -> str:
    return apart(pytestconfig.stash[RUN], "full", "--maxmemory-policy", "noeviction")


@pytest.fixture
def client(url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(url) as client:
        client.config_set("maxmemory", "0")
        client.flushall()
        yield client
        client.config_set("maxmemory", "0")


@pytest.fixture
def storage(url: str, client: redis.Redis) -> Iterator[Storage]:
    storage = open(url, {})
    yield storage
    storage.close()


@pytest.fixture
def fill(client: redis.Redis) -> Callable[[], None]:
    """Give the server less memory than it uses already, from now on."""

    def lower() -> None:
        client.config_set("maxmemory", "1")

    return lower


GRANT = samples.grant("slot")
TOKEN = samples.refresh("slot")
CODE = samples.code("slot")
ACCOUNT = samples.account("alice")
BASE = (GRANT, TOKEN, CODE, ACCOUNT)


def test_a_full_server_commits_what_ends_something(
    storage: Storage, fill: Callable[[], None]
) -> None:
    storage.commit(*map(Add, BASE), now=NOW)
    stored = read(storage, ACCOUNT)
    fill()
    disabled = replace(ACCOUNT, disabled_at=NOW)
    storage.commit(Claim(RefreshToken, TOKEN.key), now=NOW)
    storage.commit(Revoke("slot"), Claim(AuthorizationCode, CODE.key), now=NOW)
    storage.commit(Replace(disabled, expecting=stored), now=NOW)
    assert read(storage, TOKEN).claimed_at == NOW
    assert read(storage, CODE).claimed_at == NOW
    assert read(storage, GRANT).revoked_at == NOW
    assert read(storage, disabled).record == disabled
    stored = read(storage, disabled)
    storage.commit(Replace(ACCOUNT, expecting=stored), Remove(Grant, "slot"), now=NOW)
    assert read(storage, ACCOUNT).record == ACCOUNT
    assert gone(storage, GRANT)


def test_a_refused_commit_names_its_reason(storage: Storage, fill: Callable[[], None]) -> None:
    storage.commit(*map(Add, BASE), now=NOW)
    storage.commit(Claim(RefreshToken, TOKEN.key), now=NOW)
    fill()
    with pytest.raises(Conflict) as caught:
        storage.commit(Claim(RefreshToken, TOKEN.key), now=NOW)
    assert caught.value.state == "claimed"


@pytest.mark.parametrize(
    "changes",
    [
        (Add(samples.access("slot")),),
        (Remove(Account, "alice"), Add(samples.account("bob"))),
        (Claim(RefreshToken, TOKEN.key), Add(samples.refresh("slot"))),
        (Revoke("slot"), Add(samples.grant("other"))),
        (Remove(Account, "alice"), Add(samples.client("app", owner="alice"))),
    ],
    ids=lambda changes: " ".join(type(change).__name__ for change in changes),
)
def test_a_commit_that_adds_is_refused_whole(
    storage: Storage,
    client: redis.Redis,
    fill: Callable[[], None],
    changes: tuple[Change, ...],
) -> None:
    storage.commit(*map(Add, BASE), now=NOW)
    before = sorted(dump(client).splitlines())
    fill()
    with pytest.raises(StorageFull):
        storage.commit(*changes, now=NOW)
    assert sorted(dump(client).splitlines()) == before


def test_a_replacement_that_grows_much_is_refused(
    storage: Storage, client: redis.Redis, fill: Callable[[], None]
) -> None:
    storage.commit(*map(Add, BASE), now=NOW)
    stored = read(storage, ACCOUNT)
    before = sorted(dump(client).splitlines())
    fill()
    grown = replace(ACCOUNT, claims="c" * 200)
    with pytest.raises(StorageFull):
        storage.commit(Replace(grown, expecting=stored), Revoke("slot"), now=NOW)
    assert sorted(dump(client).splitlines()) == before


def test_ending_something_writes_nothing_but_the_end(
    storage: Storage, client: redis.Redis, fill: Callable[[], None]
) -> None:
    storage.commit(*map(Add, BASE), now=NOW)
    before = {name: client.ttl(name) for name in client.scan_iter()}
    fill()
    storage.commit(Revoke("slot"), Claim(RefreshToken, TOKEN.key), now=NOW)
    after = {name: client.ttl(name) for name in client.scan_iter()}
    assert after.keys() == before.keys()
    assert all(before[name] - 5 <= after[name] <= before[name] for name in before)


def test_purge_drops_entries_on_a_full_server(
    storage: Storage, client: redis.Redis, fill: Callable[[], None]
) -> None:
    storage.commit(*(Add(samples.grant()) for _ in range(5)), Add(samples.grant("left")), now=NOW)
    for member in client.zrange(INDEX, 0, -1):
        if member != b"left":
            storage.commit(Remove(Grant, member.decode()), now=NOW)
    fill()
    for now in (NOW, NOW + GRACE):
        purge_all(storage, now=now)
    assert client.zrange(INDEX, 0, -1) == [b"left"]


def add_until_refused(storage: Storage) -> Iterator[AccessToken]:
    for _ in range(10_000):
        token = samples.access("slot", expires_at=NOW + LIFE)
        try:
            storage.commit(Add(token), now=NOW)
        except StorageFull:
            return
        yield token
    pytest.fail("the server takes whatever comes")


def test_a_server_filled_by_traffic_still_revokes(storage: Storage, client: redis.Redis) -> None:
    storage.commit(*map(Add, BASE), now=NOW)
    used = client.info("memory")["used_memory"]
    client.config_set("maxmemory", used + 1_500_000)
    added = list(add_until_refused(storage))
    assert storage.health().full
    storage.commit(Revoke("slot"), now=NOW)
    assert {read(storage, token).state(NOW) for token in added[-20:]} == {"revoked"}
    for token in added:
        storage.commit(Remove(type(token), token.key), now=NOW)
    assert not storage.health().full
    storage.commit(Add(samples.grant("new")), now=NOW)


def test_a_cluster_with_one_full_node_still_revokes(redis_cluster_url: str) -> None:
    empty(redis_cluster_url)
    storage = open(redis_cluster_url, {})
    plain = redis_cluster_url.replace("redis+cluster", "redis", 1)
    with redis.RedisCluster.from_url(plain) as client:
        node = client.get_node_from_key(name_of(GRANT))
        elsewhere = (samples.machine_token() for _ in range(100))
        token = next(one for one in elsewhere if client.get_node_from_key(name_of(one)) != node)
        full = client.get_node_from_key(name_of(token))
        storage.commit(*map(Add, BASE), now=NOW)
        client.config_set("maxmemory", "1", target_nodes=[full])
        try:
            assert storage.health().full
            with pytest.raises(StorageFull):
                storage.commit(Add(token), Revoke("slot"), now=NOW)
            assert read(storage, GRANT).revoked_at is None
            # What comes first is written, so this isn't the error that says that nothing is.
            with pytest.raises(StorageError) as caught:
                storage.commit(Revoke("slot"), Add(token), now=NOW)
            assert type(caught.value) is StorageError
            assert read(storage, GRANT).revoked_at == NOW
            # There is no room for marks: lost entries wait, and the pass goes on.
            client.zadd(INDEX, {"lost": 0})
            client.config_set("maxmemory", "1", target_nodes=client.get_primaries())
            assert purge_once(storage, now=NOW) == 0
            assert client.zrange(INDEX, 0, -1) == [b"lost", b"slot"]
        finally:
            client.config_set("maxmemory", "0", target_nodes=client.get_primaries())
    storage.close()
