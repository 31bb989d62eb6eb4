"""The route to the nodes of a Redis Cluster.

redis-py keeps the map of slots to nodes and refreshes it; the commands use connections of ours,
with a third of the CPU time of RedisCluster.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from redis.cluster import ClusterNode, NodesManager
from redis.crc import key_slot
from redis.exceptions import (
    AskError,
    ClusterDownError,
    MovedError,
    RedisClusterException,
    RedisError,
    SlotNotCoveredError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as LostConnection
from redis.exceptions import TimeoutError as LateReply

from oauthprov.deadline import within
from oauthprov.storage.interface import StorageError
from oauthprov.storage.outage import Unanswered, Watch, apart
from oauthprov.storage.redis.address import Address
from oauthprov.storage.redis.connections import Connections
from oauthprov.storage.redis.route import Route
from oauthprov.storage.redis.wire import Command

ATTEMPTS = 5
PAUSE = 0.05
REFRESH = 1.0
"""Seconds between refreshes of the map while a node doesn't answer, and for a node's reply."""

NO_REPLY = (LostConnection, LateReply, Unanswered)

REDIRECTED = (AskError, TryAgainError, ClusterDownError)
"""Errors of a node that didn't run the command. In redis-py a MovedError is an AskError."""


class Cluster(Route):
    """Sends each command to the primary of its slot, and follows slots that move."""

    mode = "cluster"
    one_slot = False

    def __init__(self, address: Address) -> None:
        self._address = address
        self._lock = threading.Lock()
        self._learning = threading.Lock()
        self._watch = Watch(address.timeout, name=address.place)
        self._nodes_manager: NodesManager | None = None
        self._nodes: dict[str, Connections] = {}
        self._ways: dict[int, Connections] = {}
        self._stale = False
        self._refreshed = 0.0

    def slot(self, key: bytes) -> int:
        return key_slot(key)

    def read(self, slot: int, *command: bytes) -> Any:
        with within(self._address.timeout) as limit:
            try:
                return self._send(slot, command, limit.ends, again=True)
            except LostConnection:
                # Meanwhile a replica may have taken over.
                return self._send(slot, command, limit.ends, again=True)

    def values(self, names: Sequence[bytes]) -> Sequence[bytes | None]:
        shares: dict[int, list[bytes]] = {}
        for name in names:
            shares.setdefault(key_slot(name), []).append(name)
        commands = [(slot, (b"MGET", *share)) for slot, share in shares.items()]
        found: dict[bytes, bytes | None] = {}
        for share, values in zip(shares.values(), self.send_all(commands), strict=True):
            found.update(zip(share, values, strict=True))
        return [found[name] for name in names]

    def send_all(self, commands: Sequence[tuple[int, Command]]) -> list[Any]:
        with within(self._address.timeout):
            return self._send_all(commands)

    def write(self, slot: int, *command: bytes) -> Any:
        with within(self._address.timeout) as limit:
            return self._send(slot, command, limit.ends, again=False)

    def servers(self) -> Sequence[Connections]:
        primaries = self._topology().get_nodes_by_server_type("primary")
        return [self._connections(node) for node in primaries]

    def close(self) -> None:
        with self._lock:
            for connections in self._nodes.values():
                connections.close()
            if self._nodes_manager is not None:
                _disconnect(self._nodes_manager)

    def _send_all(self, commands: Sequence[tuple[int, Command]]) -> list[Any]:
        replies: list[Any] = [None] * len(commands)
        shares: dict[Connections, list[int]] = {}
        for number, (slot, _) in enumerate(commands):
            shares.setdefault(self._primary(slot), []).append(number)
        for connections, numbers in shares.items():
            share = self._calls(connections, [commands[number][1] for number in numbers])
            for number, reply in zip(numbers, share, strict=True):
                if isinstance(reply, REDIRECTED):
                    slot, command = commands[number]
                    reply = self.read(slot, *command)
                elif isinstance(reply, RedisError):
                    raise reply
                replies[number] = reply
        return replies

    def _send(self, slot: int, command: Command, ends: float, *, again: bool) -> Any:
        for attempt in range(ATTEMPTS):
            try:
                return self._primary(slot).call(*command, again=again)
            except MovedError as moved:
                self._topology().move_slot(moved)
                self._ways.pop(slot, None)
            except AskError as asked:
                return self._ask(asked, command, again=again)
            except (TryAgainError, ClusterDownError):
                if attempt == ATTEMPTS - 1:
                    raise
                pause = PAUSE * (attempt + 1)
                if time.monotonic() + pause > ends:
                    raise
                time.sleep(pause)
                self._stale = True
            except NO_REPLY:
                self._stale = True
                raise
        raise ClusterDownError("the slot keeps moving between nodes")

    def _calls(self, connections: Connections, commands: Sequence[Command]) -> list[Any]:
        try:
            return connections.calls(commands, again=True)
        except NO_REPLY:
            self._stale = True
            raise

    def _ask(self, asked: AskError, command: Command, *, again: bool) -> Any:
        """Send a command to the node that is taking over the slot."""
        manager = self._topology()
        node = manager.get_node(asked.host, asked.port) or ClusterNode(asked.host, asked.port)
        _, reply = self._connections(node).calls([(b"ASKING",), command], again=again)
        if isinstance(reply, RedisError):
            raise reply
        return reply

    def _primary(self, slot: int) -> Connections:
        found = self._ways.get(slot)
        if found is None or self._stale:
            try:
                node = self._topology().get_node_from_slot(slot)
            except SlotNotCoveredError:
                self._stale = True
                raise
            found = self._ways[slot] = self._connections(node)
        return found

    def _connections(self, node: ClusterNode) -> Connections:
        with self._lock:
            found = self._nodes.get(node.name)
            if found is None:
                found = Connections(self._address, host=node.host, port=node.port)
                self._nodes[node.name] = found
            return found

    def _topology(self) -> NodesManager:
        """Return redis-py's map of the cluster, refreshed after a node was lost."""
        manager = self._nodes_manager
        if manager is None:
            with self._watch.call() as call:
                while not self._learning.acquire(timeout=call.slice):
                    call.nothing_came()
                try:
                    manager = self._nodes_manager or apart(self._discover, lambda _: None)
                finally:
                    self._learning.release()
        elif self._stale and self._learning.acquire(blocking=False):
            try:
                self._refresh(manager)
            finally:
                self._learning.release()
        return manager

    def _refresh(self, manager: NodesManager) -> None:
        if time.monotonic() - self._refreshed < REFRESH:
            return
        self._refreshed = time.monotonic()

        def learn() -> None:
            manager.initialize()
            self._ways.clear()
            self._stale = False

        # Without a new map, the old one still works for the nodes that answer.
        with (
            suppress(RedisError, RedisClusterException, OSError, StorageError),
            self._watch.call(),
        ):
            apart(learn, lambda _: None, 2 * REFRESH)

    def _discover(self) -> NodesManager:
        """Get a map from the first node of the URL that answers; a late map is kept for later.

        RedisCluster would then query the first primary for its commands, and never open while that
        node doesn't answer.
        """
        arguments = {**self._address.connection, "ssl": self._address.tls}
        # A node that doesn't answer must leave time to ask another one.
        arguments["socket_timeout"] = min(self._address.timeout, REFRESH)
        arguments["socket_connect_timeout"] = min(self._address.connect_timeout, REFRESH)
        for name in ("host", "port", "retry"):
            del arguments[name]
        nodes = [ClusterNode(host, port) for host, port in self._address.nodes]
        # Without full coverage, the slots that have a node still work.
        try:
            found = NodesManager(startup_nodes=nodes, require_full_coverage=False, **arguments)
        except RedisClusterException as failed:
            if isinstance(failed.__cause__, LateReply):
                raise Unanswered("no node of the cluster answered in time", failed) from failed
            raise
        self._nodes_manager = found
        return found


def _disconnect(manager: NodesManager) -> None:
    for node in manager.nodes_cache.values():
        if node.redis_connection is not None:
            node.redis_connection.connection_pool.disconnect()
