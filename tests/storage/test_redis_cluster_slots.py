"""What a cluster does with commands: one for each slot, and after them when a slot moves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import redis

from oauthprov.records import AccessToken, AuthorizationCode, Consent, Grant
from oauthprov.storage.interface import Add, Claim, Conflict, Revoke, Storage
from oauthprov.storage.redis import open
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.expecting import read
from oauthprov.storage.testing.samples import NOW
from tests.servers import empty
from tests.storage.redis_backend import KEYS, name_of

PRIMARIES = redis.RedisCluster.PRIMARIES


@pytest.fixture
def client(redis_cluster_url: str) -> Iterator[redis.RedisCluster]:
    empty(redis_cluster_url)
    url = redis_cluster_url.replace("redis+cluster", "redis", 1)
    with redis.RedisCluster.from_url(url) as client:
        yield client


@pytest.fixture
def storage(redis_cluster_url: str, client: redis.RedisCluster) -> Iterator[Storage]:
    storage = open(redis_cluster_url, {})
    # Each node knows the script, and its connection is open.
    storage.commit(*(Add(samples.account()) for _ in range(40)), now=NOW)
    yield storage
    storage.close()


def calls(client: redis.RedisCluster, command: str) -> int:
    """How often all nodes together were sent a command."""
    nodes = client.info("commandstats", target_nodes=PRIMARIES).values()
    return sum(node.get(f"cmdstat_{command}", {}).get("calls", 0) for node in nodes)


def test_each_slot_costs_one_command(storage: Storage, client: redis.RedisCluster) -> None:
    grant = samples.grant()
    code, token = samples.code(grant.grant_id), samples.access(grant.grant_id)
    storage.commit(Add(code), now=NOW)
    client.config_resetstat(target_nodes=PRIMARIES)
    storage.commit(Claim(AuthorizationCode, code.key), Add(token), now=NOW)
    assert (calls(client, "evalsha"), calls(client, "eval")) == (1, 0)
    assert read(storage, token).grant is None
    assert calls(client, "mget") == 1
    # The index of the account lies elsewhere.
    storage.commit(Add(grant), Add(samples.access(grant.grant_id)), now=NOW)
    assert calls(client, "evalsha") == 3


def test_an_index_in_the_slot_of_its_record_costs_no_command(
    storage: Storage, client: redis.RedisCluster
) -> None:
    consent = samples.fill(Consent, "alice.app")
    client.config_resetstat(target_nodes=PRIMARIES)
    storage.commit(Add(consent), now=NOW)
    # One for the roster of consents.
    assert calls(client, "evalsha") == 2


def test_an_index_entry_is_written_before_its_record(
    storage: Storage, client: redis.RedisCluster
) -> None:
    grant = samples.grant("grant")
    taken = samples.access("grant")
    storage.commit(Add(taken), now=NOW)
    with pytest.raises(Conflict):
        storage.commit(Add(grant), Add(taken), now=NOW)
    assert client.zrange(KEYS.index("grant", "account_id", "alice"), 0, -1) == [b"grant"]
    assert storage.find(Grant, account_id="alice").items == ()


class Move:
    """The slot of one grant, on its way to another node."""

    def __init__(self, client: redis.RedisCluster, name: bytes) -> None:
        self.client, self.slot = client, client.keyslot(name)
        self.old = client.get_node_from_key(name)
        self.new = next(node for node in client.get_primaries() if node != self.old)
        self.ids = {node: client.cluster_myid(target_node=node) for node in client.get_primaries()}

    def set_slot(self, node: redis.cluster.ClusterNode, *state: object) -> None:
        self.client.execute_command("CLUSTER SETSLOT", self.slot, *state, target_nodes=node)

    def begin(self) -> None:
        self.set_slot(self.new, "IMPORTING", self.ids[self.old])
        self.set_slot(self.old, "MIGRATING", self.ids[self.new])

    def carry(self, *names: bytes) -> None:
        command = ("MIGRATE", self.new.host, self.new.port, "", 0, 5000, "KEYS", *names)
        self.old.redis_connection.execute_command(*command)

    def end(self) -> None:
        for node in (self.new, self.old, *self.ids):
            self.set_slot(node, "NODE", self.ids[self.new])


def test_reads_and_commits_work_while_a_slot_moves(
    storage: Storage, client: redis.RedisCluster
) -> None:
    grant, token = samples.grant("moving"), samples.access("moving")
    storage.commit(Add(grant), Add(token), now=NOW)
    move = Move(client, name_of(grant))
    move.begin()
    # The old node answers for keys it still has, the new node for the others.
    assert read(storage, token).grant is not None
    late = samples.refresh("moving")
    storage.commit(Add(late), now=NOW)
    assert move.new.redis_connection.cluster("COUNTKEYSINSLOT", move.slot) == 1
    move.carry(name_of(grant), name_of(token))
    assert read(storage, token).grant is not None
    storage.commit(Claim(AccessToken, token.key), now=NOW)
    move.end()
    assert read(storage, token).claimed_at == NOW
    storage.commit(Revoke("moving"), now=NOW)
    assert read(storage, late).state(NOW) == "revoked"
