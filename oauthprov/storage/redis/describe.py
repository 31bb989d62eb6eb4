"""Facts on a Redis for the operator, above all whether it may lose data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from redis.exceptions import ResponseError

from oauthprov.storage.interface import Health
from oauthprov.storage.redis.connections import Connections
from oauthprov.storage.redis.route import Route

UNKNOWN = "unknown"
FACTS = (
    "engine",
    "version",
    "append-only file",
    "appendfsync",
    "maxmemory",
    "maxmemory-policy",
)
NARROW = 256 * 1024
"""Free bytes below which a server counts as full, since buffers make its use fluctuate."""

NO_AOF = "the append-only file is off: a restart of Redis forgets used codes and revocations"
NO_FSYNC = "appendfsync is no: a crash of the machine forgets the last used codes and revocations"
EVICTS = "maxmemory-policy isn't noeviction: a full Redis drops tokens and revocations"


def facts(route: Route) -> dict[str, str]:
    """Return the facts of all servers, joined if they differ, and ``warning`` if there is one."""
    servers = [_server(connections, _info(connections)) for connections in route.servers()]
    joined = {name: _joined(server[name] for server in servers) for name in FACTS}
    found = {"mode": route.mode, "servers": str(len(servers)), **joined}
    if warnings := _warnings(servers):
        found["warning"] = "; ".join(warnings)
    return found


def health(route: Route) -> Health:
    """Check every server; return whether one is full, and warnings of settings that lose records.

    A fact that this user has no permission to read counts as no problem.
    """
    servers = []
    full = False
    for connections in route.servers():
        connections.call(b"PING", again=True)
        info = _info(connections)
        servers.append(_server(connections, info))
        full = full or _is_full(info)
    return Health(full, tuple(_warnings(servers)))


def _server(connections: Connections, info: Mapping[str, str]) -> dict[str, str]:
    valkey = info.get("valkey_version")
    return {
        "engine": "Valkey" if valkey else "Redis",
        "version": valkey or info.get("redis_version", UNKNOWN),
        "append-only file": {"0": "off", "1": "on"}.get(info.get("aof_enabled", ""), UNKNOWN),
        "appendfsync": _setting(connections, "appendfsync"),
        "maxmemory": info.get("maxmemory", UNKNOWN),
        "maxmemory-policy": info.get("maxmemory_policy", UNKNOWN),
    }


def _evicts(server: Mapping[str, str]) -> bool:
    return server["maxmemory-policy"] not in ("noeviction", UNKNOWN) and server["maxmemory"] != "0"


def _is_full(info: Mapping[str, str]) -> bool:
    """Return whether the server refuses writes for lack of memory; one that evicts doesn't."""
    if info.get("maxmemory_policy") != "noeviction":
        return False
    limit = _number(info, "maxmemory")
    # Redis doesn't count buffers for replicas and for the append-only file.
    used = _number(info, "used_memory") - _number(info, "mem_not_counted_for_evict")
    return 0 < limit < used + NARROW


def _number(info: Mapping[str, str], name: str) -> int:
    found = info.get(name, "")
    return int(found) if found.isdigit() else 0


def _warnings(servers: list[dict[str, str]]) -> list[str]:
    warnings = []
    if any(server["append-only file"] == "off" for server in servers):
        warnings.append(NO_AOF)
    elif any(server["appendfsync"] == "no" for server in servers):
        warnings.append(NO_FSYNC)
    if any(_evicts(server) for server in servers):
        warnings.append(EVICTS)
    return warnings


def _info(connections: Connections) -> dict[str, str]:
    """Return the server's INFO, empty if this user has no permission."""
    try:
        lines = connections.call(b"INFO", again=True).decode().splitlines()
    except ResponseError:
        return {}
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _setting(connections: Connections, name: str) -> str:
    try:
        reply = connections.call(b"CONFIG", b"GET", name.encode(), again=True)
    except ResponseError:
        # Hosted services refuse CONFIG.
        return UNKNOWN
    return reply[1].decode() if reply else UNKNOWN


def _joined(values: Iterable[str]) -> str:
    return ", ".join(sorted(set(values)))
