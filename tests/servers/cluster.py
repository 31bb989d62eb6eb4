"""A Redis Cluster of three nodes, one for each worker: a cluster has no databases."""

from __future__ import annotations

import os
from pathlib import Path

import redis

from tests.servers.programs import worker
from tests.servers.redis import serve_redis
from tests.servers.run import Run, free_port, until

SLOTS = 16384
NODES = 3


def url(run: Run) -> str:
    """Return the URL of one node of this worker's cluster."""
    given = os.environ.get("OAUTHPROV_TEST_CLUSTER_URL")
    if given and worker() == 0:
        return given
    ports = [int(run.once(f"cluster{worker()}-{n}", start)) for n in range(NODES)]
    clients = [redis.Redis("127.0.0.1", port, decode_responses=True) for port in ports]
    try:
        if clients[0].cluster("INFO")["cluster_state"] != "ok":
            join(clients)
    finally:
        for client in clients:
            client.close()
    return f"redis+cluster://127.0.0.1:{ports[0]}"


def start(home: Path) -> str:
    port = free_port()
    # By default the bus is at the port plus 10000, which may be beyond the last port.
    serve_redis(home, port, "--cluster-enabled", "yes", "--cluster-port", str(free_port()))
    return str(port)


def join(clients: list[redis.Redis]) -> None:
    """Share the slots out and introduce the nodes to one another, until each finds all well."""
    first = clients[0]
    for number, client in enumerate(clients):
        low, high = SLOTS * number // NODES, SLOTS * (number + 1) // NODES - 1
        client.execute_command("CLUSTER SET-CONFIG-EPOCH", number + 1)
        client.execute_command("CLUSTER ADDSLOTSRANGE", low, high)
        settings = client.config_get("port", "cluster-port")
        if client is not first:
            first.execute_command(
                "CLUSTER MEET", "127.0.0.1", settings["port"], settings["cluster-port"]
            )
    for client in clients:
        until(lambda client=client: expect_well(client))


def expect_well(client: redis.Redis) -> None:
    info = client.cluster("INFO")
    if info["cluster_state"] != "ok" or int(info["cluster_known_nodes"]) != NODES:
        raise RuntimeError(f"the cluster isn't well: {info}")
