"""A Redis Cluster of three primaries, each with a replica that takes over from it."""

from __future__ import annotations

from pathlib import Path

import redis
from redis.crc import key_slot

from tests.faults.stores import Redis, Store
from tests.servers.cluster import NODES, SLOTS, join
from tests.servers.run import free_port, until

NODE_TIMEOUT = 1500
"""Milliseconds after which a primary that answers nobody counts as failed."""


class RedisCluster(Store):
    """Six servers. Replication is asynchronous: a replica lags behind its primary by a moment."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.nodes = [self._node(number) for number in range(2 * NODES)]
        self.url = f"redis+cluster://127.0.0.1:{self.nodes[0].port}"

    @property
    def primaries(self) -> list[Redis]:
        return self.nodes[:NODES]

    def start(self) -> None:
        for node in self.nodes:
            node.start()
        clients = [node.admin() for node in self.nodes]
        try:
            join(clients[:NODES])
            self._replicate(clients)
        finally:
            for client in clients:
                client.close()

    def end(self) -> None:
        for node in self.nodes:
            node.end()

    def slots_of(self, number: int) -> range:
        """The slots that a primary holds as long as none has failed."""
        return range(SLOTS * number // NODES, SLOTS * (number + 1) // NODES)

    def expect_taken_over(self, number: int) -> None:
        """Raise unless the replica of a primary is a primary now, by its own word."""
        with self.nodes[NODES + number].admin() as client:
            if client.info("replication")["role"] != "master":
                raise RuntimeError("the replica hasn't taken over yet")

    def _node(self, number: int) -> Redis:
        bus = ["--cluster-port", str(free_port())]
        timeout = ["--cluster-node-timeout", str(NODE_TIMEOUT)]
        coverage = ["--cluster-require-full-coverage", "no"]
        home = self.home / f"node{number}"
        return Redis(home, "--cluster-enabled", "yes", *bus, *timeout, *coverage)

    def _replicate(self, clients: list[redis.Redis]) -> None:
        primaries, replicas = clients[:NODES], clients[NODES:]
        first = self.nodes[0]
        with first.admin() as known:
            bus = known.config_get("cluster-port")["cluster-port"]
        ids = [primary.execute_command("CLUSTER MYID") for primary in primaries]
        for replica, name in zip(replicas, ids, strict=True):
            replica.execute_command("CLUSTER MEET", "127.0.0.1", first.port, bus)
            until(lambda replica=replica, name=name: _follow(replica, name))
        for replica in replicas:
            until(lambda replica=replica: _expect_in_step(replica))
        for client in clients:
            until(lambda client=client: _expect_all_known(client))


def slot_of(grant_id: str) -> int:
    """The hash slot of everything that belongs to one grant."""
    return key_slot(grant_id.encode())


def _follow(replica: redis.Redis, primary: str) -> None:
    replica.execute_command("CLUSTER REPLICATE", primary)


def _expect_in_step(replica: redis.Redis) -> None:
    state = replica.info("replication")
    if state["role"] != "slave" or state.get("master_link_status") != "up":
        raise RuntimeError(f"the replica isn't in step: {state}")


def _expect_all_known(client: redis.Redis) -> None:
    info = client.cluster("INFO")
    if info["cluster_state"] != "ok" or int(info["cluster_known_nodes"]) != 2 * NODES:
        raise RuntimeError(f"the cluster isn't well: {info}")
