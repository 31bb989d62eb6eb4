"""What fails. Each fault begins, lasts for a while and ends; the provider isn't restarted."""

from __future__ import annotations

import resource
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress

import pymysql

from tests.faults.cluster import RedisCluster, slot_of
from tests.faults.deployment import Deployment
from tests.faults.disk import Disk
from tests.faults.processes import signalled
from tests.faults.stores import ROLE, MariaDB, PostgreSQL, Redis, Server
from tests.faults.wire import Wire
from tests.servers.run import until


class Fault(ABC):
    """One fault, at a deployment.

    ``killed`` and ``stopped`` are the ports of workers that it kills or stops. ``waits`` tells
    whether every client can have an answer while it lasts. ``since`` is when what fails may be
    expected back, None for the end of the fault. ``findings`` is what it found wrong itself.
    """

    name = ""
    waits = True

    def __init__(self) -> None:
        self.killed: list[int] = []
        self.stopped: list[int] = []
        self.findings: list[str] = []
        self.since: float | None = None

    @abstractmethod
    def begin(self) -> None:
        """Strike."""

    @abstractmethod
    def end(self) -> None:
        """Undo it, however far ``begin`` came."""

    def excuses(self, grant_id: str | None, touched: Sequence[float]) -> bool:
        """Whether what was answered at these moments may be lost by design.

        It is what lies with that grant, or, for None, what lies anywhere.
        """
        return False

    def explains(self, at: float) -> bool:
        """Whether an oddity that a client met at that moment is by design."""
        return False


class NoFault(Fault):
    """Nothing fails: a trial must then find nothing, whatever the clients do at once."""

    name = "none"

    def begin(self) -> None:
        return

    def end(self) -> None:
        return


class KilledStore(Fault):
    """The main process of the store is killed, and started again."""

    name = "store kill -9"

    def __init__(self, store: Server) -> None:
        super().__init__()
        self._store = store

    def begin(self) -> None:
        self._store.kill()

    def end(self) -> None:
        if not self._store.process.runs:
            self._store.start()


class StoppedStore(Fault):
    """The store keeps its connections and answers nothing."""

    name = "store SIGSTOP"

    def __init__(self, store: Server) -> None:
        super().__init__()
        self._store = store

    def begin(self) -> None:
        self._store.process.stop()

    def end(self) -> None:
        self._store.process.resume()


class KilledBackend(Fault):
    """The process behind one connection is killed; PostgreSQL then ends all and recovers."""

    name = "backend kill -9"

    def __init__(self, store: PostgreSQL) -> None:
        super().__init__()
        self._store = store

    def begin(self) -> None:
        signalled(self._store.backends()[0], signal.SIGKILL)

    def end(self) -> None:
        until(self._ready)

    def _ready(self) -> None:
        with self._store.admin():
            pass


class KilledWorker(Fault):
    """One worker of the provider is killed beside another, and started again."""

    name = "worker kill -9"

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._worker = deployment.workers[-1]
        self.killed = [self._worker.port]

    def begin(self) -> None:
        self._worker.process.kill()

    def end(self) -> None:
        if not self._worker.process.runs:
            self._worker.start()


class StoppedWorker(Fault):
    """One worker stands still beside another, with whatever locks it holds in the store."""

    name = "worker SIGSTOP"
    waits = False

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._worker = deployment.workers[-1]
        self.stopped = [self._worker.port]

    def begin(self) -> None:
        self._worker.process.stop()

    def end(self) -> None:
        self._worker.process.resume()


class FullDisk(Fault):
    """The disk of the store fills up; a store that gave up on it is started again."""

    name = "disk full"

    def __init__(self, disk: Disk, store: Server | None) -> None:
        super().__init__()
        self._disk = disk
        self._store = store

    def begin(self) -> None:
        self._disk.fill()

    def end(self) -> None:
        self._disk.free()
        if self._store is None:
            return
        time.sleep(1.0)  # it may be about to give up
        if not self._store.process.runs:
            self._store.start()


class NoFileGrows(Fault):
    """No worker can write to a file: what a full disk is to SQLite, without a disk of its own."""

    name = "file size limit"

    def __init__(self, deployment: Deployment) -> None:
        super().__init__()
        self._pids = [worker.process.pid for worker in deployment.workers]

    def begin(self) -> None:
        self._limit(1)

    def end(self) -> None:
        self._limit(resource.RLIM_INFINITY)

    def _limit(self, size: int) -> None:
        for pid in self._pids:
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, most))


class FullRedis(Fault):
    """A Redis has no memory left and evicts nothing: it takes only commands that need none.

    What frees memory or ends something must work all the while, and ``/readyz`` must tell.
    """

    name = "memory full"

    def __init__(self, store: Redis, deployment: Deployment) -> None:
        super().__init__()
        self._admin = store.admin()
        self._wire = Wire(deployment, 0, [])
        self._machine = deployment.machine

    def begin(self) -> None:
        form = {"grant_type": "client_credentials", "scope": "profile:read"}
        token = self._wire.post("/oauth/token", form, self._machine).json["access_token"]
        self._admin.config_set("maxmemory-policy", "noeviction")
        self._admin.config_set("maxmemory", 1)
        if self._wire.get("/readyz").status != 503:
            self.findings.append("/readyz doesn't tell that Redis is full")
        if self._wire.post("/oauth/revoke", {"token": token}, self._machine).status != 200:
            self.findings.append("a full Redis can't revoke")

    def end(self) -> None:
        self._admin.config_set("maxmemory", 0)
        self._admin.close()
        self._wire.close()


class FewRedisConnections(Fault):
    """Redis takes three clients beside the operator's, and has just lost all the others."""

    name = "few connections"

    def __init__(self, store: Redis) -> None:
        super().__init__()
        self._admin = store.admin()

    def begin(self) -> None:
        self._admin.config_set("maxclients", 4)
        self._admin.execute_command("CLIENT KILL TYPE normal SKIPME yes")

    def end(self) -> None:
        self._admin.config_set("maxclients", 1000)
        self._admin.close()


class FewPostgreSQLConnections(Fault):
    """PostgreSQL is started again with seven connections for the provider, then with enough."""

    name = "few connections"

    def __init__(self, store: PostgreSQL) -> None:
        super().__init__()
        self._store = store

    def begin(self) -> None:
        self._store.restart(connections=10)

    def end(self) -> None:
        self._store.restart(connections=100)


class FewMariaDBConnections(Fault):
    """MariaDB takes ten connections, and has just lost all but the operator's."""

    name = "few connections"

    def __init__(self, store: MariaDB) -> None:
        super().__init__()
        self._admin = store.admin()

    def begin(self) -> None:
        with self._admin.cursor() as cursor:
            cursor.execute("SET GLOBAL max_connections = 10")
            cursor.execute("SELECT id, db FROM information_schema.processlist")
            for pid, database in cursor.fetchall():
                if database == ROLE:
                    with suppress(pymysql.MySQLError):  # it may have ended meanwhile
                        cursor.execute(f"KILL {pid}")

    def end(self) -> None:
        with self._admin.cursor() as cursor:
            cursor.execute("SET GLOBAL max_connections = 151")
        self._admin.close()


class Failover(Fault):
    """A primary of a Redis Cluster is killed; its replica takes over; it comes back as a replica.

    Replication is asynchronous, so what the primary answered in its last second may be lost, for
    whatever lies in its slots. What was answered earlier, and all that lies in other slots, is
    judged as ever, but for a sign-out of that second, whose mark may have lain there.
    """

    name = "failover"
    LAST = 1.0
    """Seconds before the kill from which an answer may be lost."""

    def __init__(self, store: RedisCluster) -> None:
        super().__init__()
        self._store = store
        self._over = 0.0

    def begin(self) -> None:
        self.since = time.monotonic()
        self._store.nodes[0].kill()

    def end(self) -> None:
        until(lambda: self._store.expect_taken_over(0))
        self._over = time.monotonic()
        if not self._store.nodes[0].process.runs:
            self._store.nodes[0].start()

    def excuses(self, grant_id: str | None, touched: Sequence[float]) -> bool:
        lost = grant_id is None or slot_of(grant_id) in self._store.slots_of(0)
        return lost and any(self._last(at) for at in touched)

    def explains(self, at: float) -> bool:
        # A sign-in or a stored request of the last second is missed only afterwards.
        return self.since is not None and self.since - self.LAST < at < self._over + 3.0

    def _last(self, at: float) -> bool:
        return self.since is not None and self.since - self.LAST < at < self.since + 0.5
