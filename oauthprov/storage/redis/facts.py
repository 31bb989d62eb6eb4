"""What an operator should know of a Redis: above all, whether it keeps what it was told."""

from __future__ import annotations

from collections.abc import Iterable

from redis.exceptions import ResponseError

from oauthprov.storage.redis.connections import Connections
from oauthprov.storage.redis.route import Route

UNKNOWN = "unknown"
NO_AOF = "the append-only file is off: a restart forgets used codes and revocations"
NO_FSYNC = "appendfsync is no: a crash of the machine forgets used codes and revocations"
EVICTS = "maxmemory-policy isn't noeviction: a full Redis drops tokens and revocations"


def facts(route: Route) -> dict[str, str]:
    """Facts of every server, joined where they differ; ``warning`` when there is one."""
    servers = [_server(connections) for connections in route.servers()]
    joined = {
        name: _joined(server[name] for server in servers)
        for name in ("engine", "version", "append-only file", "appendfsync", "maxmemory-policy")
    }
    found = {"mode": route.mode, "servers": str(len(servers)), **joined}
    if warnings := _warnings(servers):
        found["warning"] = "; ".join(warnings)
    return found


def _server(connections: Connections) -> dict[str, str]:
    info = _info(connections)
    valkey = info.get("valkey_version")
    return {
        "engine": "Valkey" if valkey else "Redis",
        "version": valkey or info.get("redis_version", UNKNOWN),
        "append-only file": {"0": "off", "1": "on"}.get(info.get("aof_enabled", ""), UNKNOWN),
        "appendfsync": _setting(connections, "appendfsync"),
        "maxmemory-policy": info.get("maxmemory_policy", UNKNOWN),
    }


def _warnings(servers: list[dict[str, str]]) -> list[str]:
    warnings = []
    if any(server["append-only file"] == "off" for server in servers):
        warnings.append(NO_AOF)
    elif any(server["appendfsync"] == "no" for server in servers):
        warnings.append(NO_FSYNC)
    if any(server["maxmemory-policy"] not in ("noeviction", UNKNOWN) for server in servers):
        warnings.append(EVICTS)
    return warnings


def _info(connections: Connections) -> dict[str, str]:
    lines = connections.call(b"INFO", again=True).decode().splitlines()
    return dict(line.split(":", 1) for line in lines if ":" in line)


def _setting(connections: Connections, name: str) -> str:
    try:
        reply = connections.call(b"CONFIG", b"GET", name, again=True)
    except ResponseError:
        # Hosted services refuse CONFIG.
        return UNKNOWN
    return reply[1].decode() if reply else UNKNOWN


def _joined(values: Iterable[str]) -> str:
    return ", ".join(sorted(set(values)))
