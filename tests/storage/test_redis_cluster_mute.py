"""A Redis Cluster of its own, one node of which is stopped: the others answer, in time."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from oauthprov import deadline
from oauthprov.records import Account
from oauthprov.storage.interface import Add, Storage, StorageError
from oauthprov.storage.outage import Unanswered
from oauthprov.storage.redis import open
from oauthprov.storage.testing import samples
from oauthprov.storage.testing.samples import NOW
from tests.conftest import RUN
from tests.servers import cluster
from tests.servers.programs import worker
from tests.servers.run import until
from tests.storage.redis_backend import name_of


@pytest.fixture(scope="module")
def nodes(pytestconfig: pytest.Config) -> Iterator[list[redis.Redis]]:
    run = pytestconfig.stash[RUN]
    ports = [
        int(run.once(f"cluster-mute{worker()}-{n}", cluster.start)) for n in range(cluster.NODES)
    ]
    clients = [redis.Redis("127.0.0.1", port, decode_responses=True) for port in ports]
    # A node that is stopped for a moment is not lost yet.
    for client in clients:
        client.config_set("cluster-node-timeout", 600_000)
    cluster.join(clients)
    yield clients
    for client in clients:
        client.close()


def port_of(node: redis.Redis) -> int:
    return int(node.connection_pool.connection_kwargs["port"])


@pytest.fixture
def open_(nodes: list[redis.Redis]) -> Iterator[Callable[..., Storage]]:
    """Open the cluster by the address of all its nodes, with a deadline in seconds."""
    hosts = ",".join(f"127.0.0.1:{port_of(node)}" for node in nodes)
    opened = []

    def open_(timeout: int = 2) -> Storage:
        opened.append(open(f"redis+cluster://{hosts}", {"read_timeout": str(timeout)}))
        return opened[-1]

    yield open_
    for storage in opened:
        storage.close()


@pytest.fixture
def stopped(nodes: list[redis.Redis]) -> Iterator[Callable[..., None]]:
    """Stop the first node, or as many as given; they go on at the end."""
    processes = [int(node.info()["process_id"]) for node in nodes]

    def stop(number: int = 1) -> None:
        for process in processes[:number]:
            os.kill(process, signal.SIGSTOP)

    yield stop
    for node, process in zip(nodes, processes, strict=True):
        os.kill(process, signal.SIGCONT)
        until(lambda node=node: expect_pong(node))


def expect_pong(node: redis.Redis) -> None:
    assert node.ping()


def accounts(nodes: list[redis.Redis]) -> list[Account]:
    """One account for each node, in their order."""
    found: dict[int, Account] = {}
    client = redis.RedisCluster("127.0.0.1", port_of(nodes[0]))
    while len(found) < len(nodes):
        account = samples.account(samples.unique())
        at = client.get_node_from_key(name_of(account))
        found.setdefault(at.port, account)
    client.close()
    return [found[port_of(node)] for node in nodes]


def test_the_other_nodes_answer_while_one_is_mute(
    nodes: list[redis.Redis], open_: Callable[..., Storage], stopped: Callable[..., None]
) -> None:
    storage = open_()
    lost, *kept = accounts(nodes)
    for account in (lost, *kept):
        storage.commit(Add(account), now=NOW)
    stopped()
    for _ in range(2):
        with pytest.raises(StorageError):
            storage.get(Account, lost.account_id)
        for account in kept:
            assert storage.get(Account, account.account_id) is not None


def test_a_cluster_is_found_though_its_first_node_is_mute(
    nodes: list[redis.Redis], open_: Callable[..., Storage], stopped: Callable[..., None]
) -> None:
    _, *kept = accounts(nodes)
    setting_up = open_()
    for account in kept:
        setting_up.commit(Add(account), now=NOW)
    stopped()
    storage = open_()
    until(lambda: storage.get(Account, kept[0].account_id))
    for account in kept:
        assert storage.get(Account, account.account_id) is not None


def test_a_cluster_whose_every_node_is_mute_is_unanswered(
    nodes: list[redis.Redis], open_: Callable[..., Storage], stopped: Callable[..., None]
) -> None:
    """Each node gets its request in time, even if none answers."""
    stopped(len(nodes))
    storage = open_(60)
    with pytest.raises(Unanswered):
        storage.get(Account, "alice")


def test_a_request_has_one_deadline_for_all_nodes(
    nodes: list[redis.Redis], open_: Callable[..., Storage], stopped: Callable[..., None]
) -> None:
    storage = open_()
    lost, *_ = accounts(nodes)
    storage.commit(Add(lost), now=NOW)
    stopped()

    def ask() -> str:
        token = deadline.begin()
        try:
            with pytest.raises(StorageError):
                storage.get(Account, lost.account_id)
            with pytest.raises(StorageError) as second:
                storage.get(Account, lost.account_id)
            return str(second.value)
        finally:
            deadline.end(token)

    with ThreadPoolExecutor(1) as thread:
        assert "deadline has passed" in thread.submit(ask).result()
