"""Which fault strikes which engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.cluster import RedisCluster
from tests.faults.deployment import Deployment
from tests.faults.faults import (
    Failover,
    Fault,
    FewMariaDBConnections,
    FewPostgreSQLConnections,
    FewRedisConnections,
    FullRedis,
    KilledBackend,
    KilledStore,
    KilledWorker,
    NoFault,
    NoFileGrows,
    StoppedStore,
    StoppedWorker,
)
from tests.faults.stores import MariaDB, PostgreSQL, Redis, SQLite, Store


@dataclass(frozen=True)
class Scenario:
    """A fault of one engine. ``during`` is how long it lasts in the long form, in seconds."""

    fault: Callable[[Deployment], Fault]
    during: float = 1.0


STOPPED = 12.0
"""Longer than any answer may take: who waits for the store to go on is found out."""

ENGINES: dict[str, tuple[Callable[[Path], Store], Sequence[Scenario]]] = {
    "sqlite": (
        SQLite,
        (
            Scenario(lambda _: NoFault()),
            Scenario(KilledWorker),
            Scenario(StoppedWorker, 4.0),
            Scenario(NoFileGrows, 2.0),
        ),
    ),
    "redis": (
        Redis,
        (
            Scenario(lambda on: KilledStore(on.store)),
            Scenario(lambda on: StoppedStore(on.store), STOPPED),
            Scenario(lambda on: FullRedis(on.store, on), 2.0),
            Scenario(lambda on: FewRedisConnections(on.store), 3.0),
            Scenario(KilledWorker),
            Scenario(StoppedWorker, 4.0),
        ),
    ),
    "redis cluster": (RedisCluster, (Scenario(lambda on: Failover(on.store), 2.0),)),
    "postgresql": (
        PostgreSQL,
        (
            Scenario(lambda on: KilledBackend(on.store)),
            Scenario(lambda on: KilledStore(on.store)),
            Scenario(lambda on: StoppedStore(on.store), STOPPED),
            Scenario(lambda on: FewPostgreSQLConnections(on.store), 3.0),
            Scenario(KilledWorker),
            Scenario(StoppedWorker, 4.0),
        ),
    ),
    "mariadb": (
        MariaDB,
        (
            Scenario(lambda on: KilledStore(on.store)),
            Scenario(lambda on: StoppedStore(on.store), STOPPED),
            Scenario(lambda on: FewMariaDBConnections(on.store), 3.0),
            Scenario(KilledWorker),
            Scenario(StoppedWorker, 4.0),
        ),
    ),
}
